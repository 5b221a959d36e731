"""A steered impression beside the one before: what changed, in words and in findings."""

import numpy as np
import pytest

from captioner.caption import Caption, Hypothesis, Word
from captioner.errors import BadInput
from captioner.steered import Steered, as_dict, checked, compare_with_steering, sentence


def caption(text, share=0.5):
    words = tuple(Word(word, 4, float(np.log(share))) for word in text.split())
    return Caption((Hypothesis(words, -1.0, -0.1, -1.0),), "greedy", 1, 0.7, (True, True))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("left effusion .", "no acute disease .", "it no longer states effusion, left."),
        ("no effusion .", "effusion . cardiomegaly .", "it now states cardiomegaly; it now states effusion."),
        ("left effusion .", "right effusion .", "effusion, left becomes effusion, right."),
        ("left effusion .", "bilateral effusion .", "effusion, left becomes effusion, both sides."),
        ("left effusion .", "left pleural effusion .", "The wording changes, and no finding does."),
        ("left effusion .", "left effusion .", "stays the same, word for word"),
    ],
)  # fmt: skip
def test_what_came_of_a_switch(before, after, told):
    assert told in sentence(Steered({"effusion": True}, caption(before), caption(after)))


def test_words_that_stay_know_each_other():
    found = as_dict(Steered({"effusion": "right"}, caption("left effusion .", 0.5), caption("right effusion .", 0.25)))
    assert [word["other"] for word in found["before"]["words"]] == [None, 1, 2]
    assert [word["other"] for word in found["after"]["words"]] == [None, 1, 2]
    assert found["before"]["words"][1]["probability"] == pytest.approx(0.5)
    assert found["after"]["words"][1]["probability"] == pytest.approx(0.25)
    assert "nothing else" in found["only"] and found["after"]["text"] == "right effusion ."


@pytest.mark.parametrize(
    "wrong",
    [None, [], "effusion", {"tea": True}, {"effusion": 1}, {"effusion": "up"}, {"effusion": None}, {"hernia": "left"}],
)  # fmt: skip
def test_switches_that_there_are_not_are_refused(wrong):
    with pytest.raises(BadInput):
        checked(wrong)
    assert checked({"effusion": "left", "hernia": False}) == {"effusion": "left", "hernia": False}


def test_a_real_decoder_is_told_otherwise_and_only_it(loaded, told_checkpoint, tmp_path):
    from captioner.images.study import Study, View

    model, rng = loaded(told_checkpoint), np.random.default_rng(1)
    study = Study(*(View(name, rng.integers(0, 255, (90, 70), np.uint8)) for name in ("frontal", "lateral")))
    features = model.encode(study)
    made = model.caption(features, decoding="beam", beam_width=2)
    seen = [finding.probability for finding in model.findings(features)]
    found = compare_with_steering(model, features, made, {"effusion": "left"})
    told = {condition.finding: condition for condition in found.after.conditions}
    assert (told["effusion"].stated, told["effusion"].side, told["effusion"].steered) == (True, "left", True)
    assert not any(condition.steered for name, condition in told.items() if name != "effusion")
    assert [finding.probability for finding in model.findings(features)] == seen
    assert (found.after.decoding, found.after.beam_width) == ("beam", 2)
    assert compare_with_steering(model, features, made, {}).after is made
    assert as_dict(compare_with_steering(model, features, made, {}))["sentence"].startswith("Nothing is switched")
