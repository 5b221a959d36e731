"""The word on trial: what is measured, and what the page says of it."""

import json
import re
from dataclasses import asdict, replace
from html import unescape

import numpy as np
import pytest

import captioner
from captioner.checkpoint.store import named_weights
from captioner.language import speaking
from captioner.numbers import percent
from explain import trial as word_trial
from explain.metrics import deletion_insertion, weight_dependence
from explain.metrics.area_occlusion import AreaOcclusion
from explain.metrics.deletion_insertion import Comparison, Curves
from explain.metrics.picture_share import PictureShare
from explain.metrics.word_evidence import NOT_RIGHT
from explain.trial import Trials
from panels.server.model_pool import ModelPool
from panels.trust import figures as trust_figures
from panels.trust import panel as trust
from panels.trust import places, random_weights
from panels.viewer import method

SEEN = PictureShare(0.9, 0.1, 0.2, 0.8, 0.4)
GUESSED = PictureShare(0.9, 0.85, 0.88, 0.9, 0.9)
ON_IT = AreaOcclusion(0.9, 0.2, np.full(99, 0.85), 0.1)
NOT_ON_IT = AreaOcclusion(0.9, 0.86, np.linspace(0.5, 0.9, 99), 0.1)


def _curves(deletion, insertion):
    return Curves(np.linspace(0, 1, len(deletion)), np.array(deletion), np.array(insertion))


@pytest.fixture(scope="module")
def compared():
    return Comparison(
        _curves([0.9, 0.1, 0], [0, 0.8, 0.9]),
        (_curves([0.9, 0.6, 0], [0, 0.3, 0.9]),) * 19,
        _curves([0.9, 0.4, 0], [0, 0.5, 0.9]),
    )


def test_the_sentence_on_top_says_guessed_seen_or_elsewhere():
    for found, kind, words in (
        ((SEEN, ON_IT), "grounded", "rests on the marked area"),
        ((SEEN, NOT_ON_IT), "elsewhere", "hardly on the marked area"),
        ((GUESSED, ON_IT), "guessed", "guessed from language"),
    ):
        said = trust_figures.verdict("<b>", found)
        assert trust_figures.mark(found) == kind and f'data-kind="{kind}"' in said
        assert words in said and "<b>”" not in said and "&lt;b&gt;" in said


def test_every_number_of_the_figures_is_text_too(compared):
    said = trust_figures.curves(compared)
    areas = [float(each) for each in re.findall(r"<td>([\d.]+)</td>", said)]
    expected = [
        (each.deletion_area, each.insertion_area) for each in (compared.method, compared.random[0], compared.centre)
    ]
    assert areas == pytest.approx([pair[0] for pair in expected] + [pair[1] for pair in expected], abs=0.006)
    assert said.count('role="img"') == 2 and said.count("faster than chance") == 2 and "no faster" not in said
    hidden = trust_figures.hiding("<i>", (SEEN, ON_IT))
    assert "p = 0.010" in hidden and "0 leave it as low" in hidden and "<i>" not in hidden
    assert "90%" in trust_figures.shares("x", (SEEN, ON_IT)) and "40%" in trust_figures.shares("x", (SEEN, ON_IT))


@pytest.mark.parametrize("code", ["en", "de"])
def test_numbers_that_are_read_have_the_marks_of_the_language_and_those_that_draw_have_not(compared, code):
    with speaking(code):
        shown = trust_figures.curves(compared) + trust_figures.hiding("x", (SEEN, ON_IT))
        shown += trust_figures.verdict("x", (SEEN, ON_IT)) + trust_figures.shares("x", (SEEN, ON_IT))
        shown += trust_figures.pointing(
            "effusion", {"frontal": True, "lateral": None}, {"frontal": 0.04}, {"frontal": 0.5}
        )
    read = re.findall(r">([^<>]+)<|aria-label=\"([^\"]+)\"", shown)
    numbers = re.findall(r"\d[.,]\d+|\d.?%", " ".join(one or other for one, other in read))
    assert {sign for number in numbers for sign in number if not sign.isdigit()} == (
        {".", "%"} if code == "en" else {",", "\u00a0", "%"}
    )
    assert re.search(r'points="[\d.]+,[\d.]+ ', shown) and re.search(r"width:\d+\.\d%", shown)


def test_lines_stay_in_their_picture():
    for area in (
        ON_IT,
        NOT_ON_IT,
        AreaOcclusion(0.0, 0.0, np.zeros(99), 0.1),
        AreaOcclusion(1.0, 1.0, np.ones(9), 0.1),
    ):
        places = [float(each) for each in re.findall(r'x1="([\d.e-]+)"', trust_figures.hiding("x", (SEEN, area)))]
        assert places and min(places) >= 9.9 and max(places) <= 310.1


def test_the_verdict_on_the_weights_is_the_one_rules():
    def judged(after, others):
        stages = {"output": {"value": 0.9}, "encoder": {"value": float(np.mean(after))}}
        return {"stages": stages, **asdict(weight_dependence.judge(after, others, range(len(after))))}

    rng = np.random.default_rng(0)
    for after, others, verdict in (
        (rng.normal(0.95, 0.01, 8), np.full(8, 0.5), "does not depend"),
        (rng.normal(0.0, 0.1, 8), np.full(8, 0.5), "depends"),
        (rng.normal(0.0, 0.1, 8), rng.normal(0.0, 0.1, 8), "cannot tell"),
    ):
        card = random_weights.randomisation(judged(after, others), 8)
        assert f'data-dependence="{verdict}"' in card
        assert ("much as they were" in card) == (verdict == "does not depend")
    assert "too few" in random_weights.randomisation(judged([0.1], [np.nan]), 1)


def test_a_word_is_measured_once_for_all_visitors_and_by_explains_own_measures(tiny, session, monkeypatch):
    said = []
    monkeypatch.setattr(trust, "TRIALS", Trials())
    trial = trust.measure(tiny, session, "grad-cam", 1, lambda *at: said.append(at) and False)
    assert sorted(trial.found) == list(range(len(session.caption.words)))
    shares = [done / of for done, of in said]
    assert shares == sorted(shares) and 0.9 < shares[-1] <= 1
    expected = deletion_insertion.compare(
        tiny, session.pictures, session.caption, 1, trial.own.maps[0], trial.own.extent, word_trial.STEPS, random=1
    )
    assert trial.compared.method.deletion == pytest.approx(expected.method.deletion, abs=1e-5)
    assert len(trial.compared.random) == word_trial.ORDERS and len(trial.areas.areas) == 99
    monkeypatch.setattr(word_trial.evidence, "measure_areas", None)
    monkeypatch.setattr(word_trial.deletion_insertion, "uninformed", None)
    other = replace(session, maps={}, token="another visitor's")
    assert trust.measure(tiny, other, "grad-cam", 1, lambda *at: False) is trial
    # Another word and another method cost their own maps alone.
    assert trust.measure(tiny, other, "grad-cam", 0, lambda *at: False).compared is not trial.compared
    page = trust.render(session, 1, trial)
    assert "The spread of this map (Grad-CAM)" in page and "Does it lie on the finding?" not in page
    assert NOT_RIGHT in page


def test_the_places_of_a_trial_are_drawn_side_by_side(tiny, session, monkeypatch):
    monkeypatch.setattr(trust, "TRIALS", Trials())
    trial = trust.measure(tiny, session, "grad-cam", 1, lambda *at: False)
    masks = np.zeros((2, 64, 64), bool)
    masks[:, 16:32, 16:32] = True
    shown = places.places(session, 1, trial, ("a <nodule>", masks))
    assert shown.count("<svg") == 6 and shown.count('class="cxr-outline"') == 6 and "a &lt;nodule&gt;" in shown
    steps = json.loads(unescape(re.search(r'data-steps="([^"]*)"', shown)[1]))
    assert [len(each) for each in steps["paths"]] == [99, 99] and len(steps["said"]) == len(steps["as_much"]) == 99
    area = trial.found[1][1]
    assert steps["as_much"] == [bool(each <= area.hidden) for each in area.random]
    probabilities = re.findall(r"<b>([^<]*)</b>", shown)
    assert probabilities == [percent(float(each)) for each in (area.before, area.hidden, area.random[0])]
    assert "planted" not in places.places(session, 1, trial, None)


def test_hidden_cells_as_a_path():
    mask = np.array([[0, 1, 1], [0, 0, 0], [1, 0, 1]], bool)
    assert places._path(mask, 30, 60) == (
        "M10.0 0.0h20.0v20.0h-20.0zM0.0 40.0h10.0v20.0h-10.0zM20.0 40.0h10.0v20.0h-10.0z"
    )


def test_the_word_itself_gives_no_evidence_of_another(tiny, session):
    other = replace(session, maps={})
    method.explanation(tiny, session, "grad-cam")
    assert session.maps and not other.maps


def test_whether_the_map_lies_on_the_finding_is_said_view_by_view():
    hit = {"frontal": True, "lateral": False}
    card = trust_figures.pointing("effusion", hit, {"frontal": 0.25, "lateral": 0.3}, {"frontal": 0.5, "lateral": 0.0})
    assert "on the finding" in card and "beside it" in card and "0.50" in card


def test_the_weights_of_the_page_stay_as_they_are(tiny_checkpoint):
    """What the randomisation test is given is a copy, with weights of its own."""
    pool = ModelPool({"tiny": tiny_checkpoint}, captioner.load)
    mine = pool.get("tiny")
    before = {name: np.array(value) for name, value in named_weights(mine.network).items()}
    copy = pool.copy("tiny")
    for variable in copy.network.weights:
        variable.assign(variable + 1)
    assert pool.get("tiny") is mine
    assert all((np.array(value) == before[name]).all() for name, value in named_weights(mine.network).items())
