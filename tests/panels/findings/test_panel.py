"""What the browser is sent of findings, and of a decoder that is told otherwise."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from captioner.checkpoint.how_often_right import HowOftenRight, StateCase, table_of
from captioner.images.orientation import USUAL
from explain.heatmap import WHOLE
from panels.findings.draft import trial
from panels.findings.panel import payload, steer
from panels.server.model_pool import ModelPool
from panels.viewer import panel as explain
from tests.stand_in import ToldStandIn

BOTH = ("frontal", "lateral")


@pytest.fixture
def told(chests):
    """A stand-in with a finding head, on a pool of its own, and a session on bright pictures."""
    model = ToldStandIn("told")
    model.SEEN = {"dark": ToldStandIn.SEEN["bright"], "bright": ToldStandIn.SEEN["bright"]}
    pool = ModelPool({"told": "told"}, lambda folder: model)
    answer, session = explain.answer(pool, *chests, "told", "greedy", 3, 0.7, None, None)
    return pool, model, session, answer


def sent(model, session):
    findings = model.findings(session.features)
    return payload(model, session.caption, findings, BOTH, (USUAL, USUAL), WHOLE)


def test_the_likeliest_comes_first_and_each_says_how_it_stands(told):
    _, model, session, _ = told
    entries = sent(model, session)["entries"]
    json.dumps(entries, allow_nan=False)
    assert [entry["probability"] for entry in entries] == sorted(
        (entry["probability"] for entry in entries), reverse=True
    )
    first = entries[0]
    assert (first["name"], first["title"], first["told"], first["sided"]) == (
        "effusion",
        "effusion, right",
        "right",
        True,
    )
    assert np.sum(first["maps"]) == pytest.approx(1, abs=1e-3) and sum(first["share"]) == pytest.approx(1)
    assert len(first["said"]) == 2 and first["records"] == []
    assert entries[1]["told"] is True and entries[1]["sided"] is False  # the heart has no side


def test_of_a_known_study_it_is_told_what_was_not_seen_and_what_was_not_said(told):
    _, model, session, _ = told
    assert sent(model, session)["faults"] == []
    findings = model.findings(session.features)
    reference = "right effusion, cardiomegaly, hernia"
    found = payload(model, session.caption, findings, BOTH, (USUAL, USUAL), WHOLE, reference)["faults"]
    assert [told.split(" The head")[0] for told in found] == [
        "Cardiomegaly: Seen, but not said.",
        "Effusion: Seen, but not said.",
        "Hernia: Not seen, so not said.",
    ]


def test_a_decoder_that_says_only_what_it_is_told_says_which_state_it_cannot_reach(told):
    _, model, session, _ = told
    assert sent(model, session)["bound"] is None
    model.config["decoding"]["says_what_it_is_told"] = True
    assert "“written, not seen” cannot come up" in sent(model, session)["bound"]


def test_how_often_it_was_right_is_told_where_it_was_counted(told):
    _, model, session, _ = told
    model.how_often_right = HowOftenRight(
        table_of([], [StateCase("seen, not written", place < 4) for place in range(10)])
    )
    records = {entry["name"]: entry["records"] for entry in sent(model, session)["entries"]}
    assert records["cardiomegaly"] == [
        "A finding that is seen and not written stands in the report in 4 of 10 (10 findings of validation studies)."
    ]
    assert records["hernia"] == []


def test_without_a_finding_head_there_is_one_sentence(told):
    _, model, session, _ = told
    found = payload(model, session.caption, None, BOTH, (USUAL, USUAL), WHOLE)
    assert found["without"].startswith("This checkpoint has no finding head") and found["entries"] == []


def test_a_switch_tells_the_decoder_and_nobody_else(told):
    pool, model, session, _ = told
    before = session.caption.text
    answer = steer(pool, session, {"number": 3, "id": session.token, "steer": {"cardiomegaly": True}})
    assert answer["number"] == 3 and answer["after"]["text"] == f"{before} cardiomegaly ."
    assert "it now states cardiomegaly" in answer["sentence"] and session.caption.text == before


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"steer": {"effusion": "left"}}, "no longer on the page"),
        ({"id": "another", "steer": {"effusion": "left"}}, "no longer on the page"),
        ({"id": None, "steer": {"tea": True}}, "no such finding"),
        ({"id": None, "steer": {"hernia": "left"}}, "has no side"),
        ({"id": None, "steer": "effusion"}, "as an object"),
        (None, "no longer on the page"),
    ],
)
def test_what_cannot_be_switched_is_one_sentence(told, asked, says):
    pool, _, session, _ = told
    if asked and "id" in asked and asked["id"] is None:
        asked = {**asked, "id": session.token}
    assert says in steer(pool, session, asked)["message"]
    assert says == "no longer on the page" or steer(pool, replace(session, token="x"), asked)["message"]


def test_nothing_is_steered_before_there_is_an_impression(told):
    pool, *_ = told
    assert "no longer" in steer(pool, None, {"steer": {}})["message"]
    assert "no longer" in steer(pool, SimpleNamespace(caption=None), {"steer": {}})["message"]


def test_a_draft_is_taken_apart_and_each_claim_has_a_verdict(told):
    pool, _, session, _ = told
    answer = trial(pool, session, {"number": 4, "id": session.token, "draft": "Left effusion. No pneumothorax."})
    json.dumps(answer, allow_nan=False)
    assert (answer["number"], answer["id"]) == (4, session.token)
    assert [(one["finding"], one["title"], one["verdict"]) for one in answer["trials"]] == [
        ("effusion", "effusion, left", "not supported"),
        ("pneumothorax", "no pneumothorax", "supported"),
        ("cardiomegaly", "cardiomegaly", "missing"),
    ]
    assert answer["trials"][0]["sentence"] == "The draft says effusion, left; the head sees it on the right, 82%."


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"draft": ""}, "Type or paste a draft"),
        ({"draft": None}, "Type or paste a draft"),
        ({"draft": "x" * 2001}, "2000 characters"),
        ({"draft": "effusion", "id": "other"}, "no longer on the page"),
        ("nonsense", "no longer on the page"),
    ],
)
def test_a_draft_that_cannot_be_tried_is_refused_in_one_sentence(told, asked, sentence):
    pool, _, session, _ = told
    asked = {"number": 1, "id": session.token, **asked} if isinstance(asked, dict) else asked
    answer = trial(pool, session, asked)
    assert sentence in answer["message"] and "trials" not in answer
