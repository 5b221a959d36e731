"""Bootstrap intervals against scoring every sample's captions anew, and against a case whose spread is known."""

import json

import numpy as np
import pytest

from captioner.evaluation import scores, text_metrics
from captioner.evaluation.bootstrap import SCORES, draw, interval, sampled_scores

REFERENCES = 3 * [
    "no acute disease .",
    "small left effusion .",
    "cardiomegaly . edema .",
    "clear lungs .",
    "right nodule .",
]
PREDICTIONS = 3 * [
    "no acute disease .",
    "no effusion .",
    "mild cardiomegaly .",
    "small effusion .",
    "lungs are clear .",
]


def test_draws_are_as_many_as_the_studies_and_repeatable():
    draws = draw(20, samples=50, seed=3)
    assert draws.shape == (50, 20) and (draws.sum(axis=1) == 20).all() and (draws >= 0).all()
    assert (draws == draw(20, samples=50, seed=3)).all() and (draws != draw(20, samples=50, seed=4)).any()
    assert abs(draw(20, samples=4000).mean(axis=0) - 1).max() < 0.1


def test_every_sample_scores_as_its_captions_would():
    draws = draw(len(REFERENCES), samples=5, seed=1)
    sampled = sampled_scores(REFERENCES, PREDICTIONS, draws)
    rarity = text_metrics.rarity(REFERENCES)
    for number, counts in enumerate(draws):
        chosen = np.repeat(np.arange(len(REFERENCES)), counts)
        references, predictions = [REFERENCES[i] for i in chosen], [PREDICTIONS[i] for i in chosen]
        expected = scores.score_all(references, predictions)
        expected["cider_d"] = text_metrics.cider_d(references, predictions, rarity)
        for name in set(expected) - {"distinct"}:
            assert sampled.samples[name][number] == pytest.approx(expected[name], nan_ok=True), name


def test_the_value_is_that_of_all_studies():
    sampled = sampled_scores(REFERENCES, PREDICTIONS, draw(len(REFERENCES), samples=3))
    for name, value in scores.score_all(REFERENCES, PREDICTIONS).items():
        assert (sampled.distinct if name == "distinct" else sampled.values[name]) == pytest.approx(value), name


def test_spread_of_a_share_is_the_binomial_s():
    """ROUGE-L of 0 or 1 per study is a share: its interval is near 1.96 standard errors."""
    references, predictions = ["clear lungs"] * 400, ["clear lungs"] * 300 + ["big heart"] * 100
    entry = sampled_scores(references, predictions).as_dict()["scores"]["rouge_l"]
    error = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert entry["value"] == 0.75
    assert [entry["low"], entry["high"]] == pytest.approx([0.75 - error, 0.75 + error], abs=0.01)


def test_counts_and_json():
    result = sampled_scores(REFERENCES, PREDICTIONS).as_dict()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert set(result["scores"]) == set(SCORES) and result["studies"] == 15 and result["distinct"] == 5
    effusion = result["findings"]["effusion"]
    assert (effusion["stated"], effusion["predicted"]) == (3, 3)
    assert result["findings"]["hernia"]["f1"] == {"value": None, "low": None, "high": None}
    for entry in result["scores"].values():
        assert entry["low"] <= entry["value"] <= entry["high"]


def test_interval_leaves_undefined_samples_out():
    assert interval(0.5, np.array([np.nan, 0.0, 1.0, np.nan]), level=1.0) == {"value": 0.5, "low": 0.0, "high": 1.0}
    assert interval(np.nan, np.array([np.nan])) == {"value": None, "low": None, "high": None}


@pytest.mark.parametrize(("references", "predictions"), [([], []), (["clear ."], [])])
def test_refuses_what_is_no_evaluation(references, predictions):
    with pytest.raises(ValueError, match="do not make an evaluation"):
        sampled_scores(references, predictions)


def test_an_interval_holds_95_percent_of_the_samples():
    found = interval(500.0, np.arange(1001.0))
    assert (found["low"], found["high"]) == pytest.approx((25.0, 975.0))
