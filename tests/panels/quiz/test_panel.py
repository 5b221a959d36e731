"""The quiz on the server: what a browser may ask and answer, and what is told before the answer is there."""

import json

import pytest

from captioner import BadInput
from captioner.phantom import read_cases
from captioner.reports.findings import FINDINGS
from explain import quiz, quiz_judgement
from panels.quiz import panel, request
from panels.server.model_pool import ModelPool
from panels.shell import deep_link
from tests.stand_in import ToldStandIn, write_examples

ANSWER = {"marks": {"frontal": [0.25, 0.7], "lateral": None}, "findings": [{"name": "effusion", "side": "right"}]}


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    return read_cases(write_examples(tmp_path_factory.mktemp("examples")))


@pytest.fixture
def model():
    return ToldStandIn("default")


@pytest.fixture
def asking(model, entries):
    return panel.Quiz(ModelPool({"default": "default"}, lambda folder: model), entries)


def code(name):
    return deep_link.case_code(name)


def test_an_answer_is_judged_and_the_model_works_once_a_case(asking, model):
    asked = {"code": code("effusion"), **ANSWER}
    told = asking.judged(asked, None, None, "default")
    assert told["student"]["verdict"] == "Effusion: finding and side right." and told["title"] == "Drawn <effusion>"
    encoded = model.encoded
    again = asking.judged({**asked, "findings": [], "nothing": True}, None, None, "default")
    assert model.encoded == encoded and again["student"]["verdict"].startswith("Effusion: missed")
    assert json.dumps(told)


def test_answers_that_are_kept_are_bounded(asking, monkeypatch):
    monkeypatch.setattr(panel, "ANSWERS", 1)
    for name in ("effusion", "quiet", "effusion"):
        asking.judged({"code": code(name), **ANSWER}, None, None, "default")
        assert list(asking._answers) == [("default", code(name))]


def test_a_study_of_ones_own_is_judged_by_its_reference_and_not_kept(asking, entries):
    own = entries[1]["frontal"], entries[1]["lateral"]
    told = asking.judged({"code": None, "reference": "right effusion", **ANSWER}, *own, "default")
    assert told["student"]["right"] and told["planted"] == [] and quiz_judgement.PLACE_UNKNOWN in told["notes"]
    assert not asking._answers


@pytest.mark.parametrize("wrong", ["left-effusion", "000000", 7, [], {}, "../dashboard.py"])
def test_a_case_that_is_not_there_is_said(asking, wrong):
    with pytest.raises(BadInput, match="no case of that name"):
        asking.case({"code": wrong}, None, None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"findings": []}, "Choose what you see"),
        ({"findings": [{"name": "dragon"}]}, "A finding is one of"),
        ({"findings": [{"name": ["effusion"]}]}, "A finding is one of"),
        ({"findings": ["effusion"]}, "A finding is one of"),
        ({"findings": [{"name": "effusion", "side": "up"}]}, "side is one of"),
        ({"findings": [{"name": name} for name in FINDINGS] * 2}, "at the most"),
        ({"findings": 3}, "at the most"),
        ({"text": "a dragon", "findings": []}, "No finding is found"),
        ({"text": "x" * 2001}, "2000 characters"),
        ({"marks": {"frontal": [0.5, 1.01]}}, "two numbers from 0 to 1"),
        ({"marks": {"frontal": [0.5, float("nan")]}}, "two numbers from 0 to 1"),
        ({"marks": {"frontal": [0.5]}}, "two numbers from 0 to 1"),
        ({"marks": {"frontal": [True, 0.5]}}, "two numbers from 0 to 1"),
        ({"marks": {"frontal": "0.5,0.5"}}, "two numbers from 0 to 1"),
        ({"marks": {"oblique": [0.5, 0.5]}}, "frontal, lateral"),
        ({"marks": [0.5, 0.5]}, "frontal, lateral"),
    ],
)
def test_an_answer_that_cannot_be_used_is_one_sentence(change, sentence):
    with pytest.raises(BadInput, match=sentence):
        request.answer({**ANSWER, **change})


def test_what_is_typed_counts_with_what_is_chosen():
    found = request.answer({**ANSWER, "text": "Mild cardiomegaly, no pneumothorax."})
    assert [(claim.finding, claim.denied) for claim in found.claims] == [
        ("effusion", False),
        ("cardiomegaly", False),
        ("pneumothorax", True),
    ]
    assert found.marks == {"frontal": (0.25, 0.7)}
    assert request.answer({"nothing": True}) == quiz.Answer({}, ())
    assert request.answer({"text": "No acute disease."}).claims == ()
    with pytest.raises(BadInput, match="Choose what you see"):
        request.answer(None)
