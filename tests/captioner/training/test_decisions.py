"""Thresholds, calibration and places, on cases worked out by hand and against a search of everything."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.reports.collection import Report
from captioner.reports.finding_labels import UNKNOWN, FindingLabels
from captioner.reports.findings import FINDINGS
from captioner.training.decisions import (
    MIN_RATE,
    NEARLY_SURE,
    POWERS,
    QUIET,
    RAISES,
    SCALES,
    place_threshold,
    platt,
    raised,
    rules_from,
    rules_of,
    thresholds,
    worth,
)
from captioner.training.examples import Example


def test_worth_by_hand():
    truth = np.array([[True, False], [True, False], [False, False], [False, False]])
    stated = np.array([[True, False], [False, False], [False, True], [False, False]])
    f1, sensitivity, specificity = 2 / 3, 0.5, 0.5  # the second finding is never there: its F1 counts nothing
    assert worth(truth, stated) == pytest.approx(f1 + (sensitivity + specificity) / 2 + QUIET * specificity)
    nothing = np.zeros((3, 2), bool)
    assert worth(nothing, nothing) == pytest.approx((0.5 + 1) / 2 + QUIET)  # nothing to find: half of that


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_thresholds_follow_the_base_rates_and_none_of_their_kind_is_better(seed):
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.0, 0.3, 3)
    probabilities = rng.uniform(size=(40, 3)) ** 2
    truth = rng.uniform(size=(40, 3)) < probabilities
    cuts = thresholds(truth, probabilities, rates)
    rates = np.maximum(rates, MIN_RATE)
    kinds = [np.minimum(scale * rates**power, NEARLY_SURE) for scale in SCALES for power in POWERS]
    assert any(np.allclose(cuts, kind) for kind in kinds)
    best = max(worth(truth, probabilities >= kind) for kind in kinds)
    assert worth(truth, probabilities >= cuts) == pytest.approx(best)


def f1(truth, stated):
    return 2 * (truth & stated).sum() / max(truth.sum() + stated.sum(), 1)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_phantoms_raise_a_line_only_where_the_studies_lose_nothing_and_to_the_best_of_what_is_left(seed):
    rng = np.random.default_rng(seed)
    (there, likely), (planted, seen) = ((rng.uniform(size=(30, 2)) < 0.2, rng.uniform(size=(30, 2))) for _ in range(2))
    cuts = rng.uniform(0.05, 0.4, 2)
    lines = raised(cuts, (there, likely), (planted, seen))
    for number, (cut, line) in enumerate(zip(cuts, lines)):
        scores = {
            times: (f1(planted[:, number], seen[:, number] >= cut * times), -times)
            for times in RAISES
            if f1(there[:, number], likely[:, number] >= cut * times) >= f1(there[:, number], likely[:, number] >= cut)
        }
        assert line == pytest.approx(cut * max(scores, key=scores.get))


def test_a_finding_that_phantoms_do_not_have_keeps_its_line_where_none_is_made_up():
    there, likely = np.array([[True], [False]]), np.array([[0.3], [0.1]])
    assert raised(np.array([0.2]), (there, likely), (np.array([[False]]), np.array([[0.1]]))) == [0.2]


def test_the_last_examples_are_the_phantoms_that_raise_the_lines():
    reports = {
        split: [Report(str(place), text, "", (), (), (), ()) for place, text in enumerate(texts)]
        for split, texts in {"train": ["effusion .", "clear .", "clear ."], "val": ["effusion .", "clear ."]}.items()
    }
    number = FINDINGS.index("effusion")
    presence = np.full((len(FINDINGS)), -9.0, np.float32)
    unknown = FindingLabels(np.zeros(len(FINDINGS), np.float32), np.full((len(FINDINGS), 4), UNKNOWN, np.float32))
    planted = dataclasses.replace(unknown, presence=np.eye(len(FINDINGS), dtype=np.float32)[number])

    def example(labels):
        return Example("x", (), (), "", np.zeros(1, np.float32), {}, labels)

    examples = [example(unknown), example(unknown), example(planted), example(unknown)]
    logits = np.stack([presence] * 5)  # with one row of padding
    logits[:, number] = [6.0, -9.0, 5.0, -2.0, 9.0]
    outputs = {"presence": logits, "places": np.zeros((5, len(FINDINGS), 4), np.float32)}
    with_phantoms, _ = rules_from(examples, outputs, reports, phantoms=2)
    without, _ = rules_from(examples[:2], outputs, reports)
    assert without["thresholds"][number] < -2.0 < with_phantoms["thresholds"][number] < 5.0
    for rules in (with_phantoms, without):
        del rules["thresholds"][number]
    assert with_phantoms == without


def test_the_rules_state_by_calibrated_probability():
    rng = np.random.default_rng(5)
    logits = rng.normal(-1, 2, (400, 2))
    stated = rng.uniform(size=logits.shape) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    rates = stated.mean(axis=0)
    unknown = FindingLabels(np.zeros(2, np.float32), np.full((2, 4), UNKNOWN, np.float32))
    rules, kept = rules_of([unknown] * len(logits), logits, np.zeros((*logits.shape, 4)), stated, rates)
    slopes, offsets = np.array(kept["calibration"]).T
    chances = 1 / (1 + np.exp(-(slopes * logits + offsets)))
    expected = chances >= thresholds(stated, chances, rates)
    assert ((logits >= rules["thresholds"]) == expected).mean() > 0.99  # but for the rounding of what is kept


def test_platt_finds_the_curve_that_made_the_data_and_keeps_the_order():
    rng = np.random.default_rng(1)
    logits = rng.normal(scale=2, size=20000)
    truth = rng.uniform(size=20000) < 1 / (1 + np.exp(-(0.6 * logits - 1.5)))
    slope, offset = platt(truth, logits)
    assert (slope, offset) == pytest.approx((0.6, -1.5), abs=0.06)
    assert platt(rng.uniform(size=300) < 1 / (1 + np.exp(2 * logits[:300])), logits[:300])[0] > 0


def test_platt_of_hardly_any_positives_stays_near_the_logits_but_finds_their_rate():
    logits, truth = np.linspace(-1, 1, 400), np.zeros(400, bool)
    truth[399] = True
    slope, offset = platt(truth, logits)
    assert 0.5 < slope < 2.5
    assert (1 / (1 + np.exp(-(slope * logits + offset)))).mean() == pytest.approx(1 / 400, abs=0.004)


def pairs(cases):
    """`(truth, logits)` of (number of pairs, whether the first place is the right one, logit of the first place)."""
    rows = [([first, not first], [logit, -logit]) for count, first, logit in cases for _ in range(count)]
    truth, logits = (np.array(part, float) for part in zip(*rows))
    return truth, logits


def test_a_place_is_told_from_where_on_enough_are_right():
    truth, logits = pairs([(30, True, 2.0), (4, True, 0.9), (6, False, 0.9), (5, False, 0.4)])
    # From 0.5 on, 34 of 40 are right, which is just enough; with those at 0.4, 34 of 45.
    assert place_threshold(truth, logits) == 0.5
    truth, logits = pairs([(30, True, 2.0), (3, True, 0.9), (7, False, 0.9)])
    assert place_threshold(truth, logits) == 1.0


def test_a_place_that_is_never_told_rightly_enough_is_told_where_it_is_rightest():
    assert place_threshold(*pairs([(10, True, 2.5), (4, False, 2.5), (20, False, 1.0)])) == 1.25
    assert place_threshold(*pairs([(9, True, 2.5)])) == 0.0  # too few to say anything
    assert place_threshold(np.zeros((0, 2)), np.zeros((0, 2))) == 0.0
