"""The quiz judged: students whose answers are known to be right or wrong, and a model that is made up."""

import json

import cv2
import numpy as np
import pytest

from captioner import BadInput
from captioner.phantom import read_cases
from explain import quiz, quiz_judgement
from explain.heatmap import WHOLE
from explain.quiz import Answer, ModelAnswer, named
from explain.quiz_judgement import Tally
from tests.stand_in import SENTENCES, StandIn, ToldStandIn, write_examples

NOWHERE = ModelAnswer("no acute disease .", None, WHOLE, "")


@pytest.fixture
def folder(tmp_path):
    """Two drawn examples; in the second an effusion is planted, on the frontal view alone."""
    return write_examples(tmp_path)


@pytest.fixture
def entries(folder):
    mask = np.zeros((300, 240), np.uint8)
    mask[150:270, 24:96] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    cv2.imwrite(str(folder / "empty.png"), mask * 0)
    found = read_cases(folder)
    found[1]["findings"] = [{"name": "effusion", "words": ["effusion"], "masks": ["mask.png", "empty.png"]}]
    return found


@pytest.fixture
def effusion(entries):
    return quiz.case_of_example(entries[1])


@pytest.fixture
def normal(entries):
    return quiz.case_of_example(entries[0])


def maps(row, column):
    """A map that is strong in one cell of the frontal view, of 10 x 10, and nowhere else."""
    found = np.zeros((2, 10, 10))
    found[0, row, column] = 1
    return found


def test_a_right_answer_is_right_in_everything(effusion):
    # The mask's middle: rows 150 to 270 of 300, columns 24 to 96 of 240.
    judged = quiz_judgement.judge(effusion, Answer({"frontal": (0.25, 0.7)}, (named("effusion", "right"),)), NOWHERE)
    student = judged.student
    assert student.right and student.verdict == "Effusion: finding and side right."
    assert (student.findings, student.sides, student.inside) == (Tally(1, 1), Tally(1, 1), Tally(1, 1))
    assert student.places["frontal"].distance == pytest.approx(0, abs=1e-6)
    assert student.said == {"frontal": "inside the outline, 0% from its centre", "lateral": "not marked"}
    assert judged.chance == {"frontal": pytest.approx(0.4 * 0.3)}


def test_wrong_side_wrong_place_and_a_finding_made_up(effusion):
    answer = Answer({"frontal": (0.75, 0.7), "lateral": (0.5, 0.5)}, (named("effusion", "left"), named("bone", "left")))
    student = quiz_judgement.judge(effusion, answer, NOWHERE).student
    assert not student.right and "side wrong" in student.verdict and "Bone: made up" in student.verdict
    assert (student.findings, student.sides, student.inside) == (Tally(1, 2), Tally(0, 1), Tally(0, 1))
    # half the width of 240 pixels, of a longer side of 300
    assert student.places["frontal"].distance == pytest.approx(120 / 300)
    assert student.said["frontal"] == "outside the outline, 40% from its centre"
    assert student.said["lateral"] == "marked; this view does not show it"


def test_the_model_is_judged_by_the_strongest_place_of_its_map_and_by_overlap(effusion):
    model = ModelAnswer("small effusion . cardiomegaly .", maps(7, 2), WHOLE, "")
    judged = quiz_judgement.judge(effusion, Answer({}, ()), model)
    assert judged.model.points.keys() == {"frontal"} and judged.model.inside == Tally(1, 1)
    assert judged.model.findings == Tally(1, 2) and judged.model.sides == Tally(0, 1)
    assert 0 < judged.overlap["frontal"] < 1 and quiz_judgement.TOLD_WHICH in judged.notes
    astray = quiz_judgement.judge(effusion, Answer({}, ()), ModelAnswer("", maps(0, 9), WHOLE, ""))
    assert astray.model.inside == Tally(0, 1) and astray.overlap == {"frontal": 0.0}
    # a map that is the outline itself overlaps it wholly
    drawn = np.stack([effusion.masks["frontal"], np.zeros((300, 240))]).astype(float)
    assert quiz_judgement.judge(effusion, Answer({}, ()), ModelAnswer("", drawn, WHOLE, "")).overlap == {"frontal": 1.0}


def test_where_nothing_is_planted_nothing_is_to_be_marked(normal):
    judged = quiz_judgement.judge(normal, Answer({"frontal": (0.5, 0.5)}, ()), NOWHERE)
    assert judged.student.right and judged.student.findings == Tally(1, 1) and judged.student.inside == Tally(0, 0)
    assert judged.student.said["frontal"] == "marked, and nothing lies there"
    assert judged.notes == (quiz_judgement.NOTHING_PLANTED,) and judged.chance == judged.overlap == {}
    wrong = quiz_judgement.judge(normal, Answer({}, (named("effusion", "left"),)), NOWHERE).student
    assert not wrong.right and wrong.findings == Tally(0, 1) and wrong.sides == Tally(0, 0)


def test_the_place_in_a_study_of_ones_own_is_held_against_the_map_and_not_counted(folder):
    case = quiz.case_of_own(folder / "effusion-frontal.png", None, "Moderate left effusion.")
    model = ModelAnswer("small right effusion .", maps(7, 2), WHOLE, "")
    judged = quiz_judgement.judge(case, Answer({"frontal": (0.25, 0.75)}, (named("effusion", "left"),)), model)
    assert judged.student.right and judged.student.inside == judged.model.inside == Tally(0, 0)
    assert judged.student.said["frontal"].startswith("inside the model’s area, ")
    assert judged.student.places["frontal"].distance == pytest.approx(0, abs=0.03)
    assert judged.model.said["frontal"] == "the strongest place of its map"
    assert judged.notes == (quiz_judgement.PLACE_UNKNOWN,) and judged.overlap == judged.chance == {}
    without = quiz_judgement.judge(case, Answer({"frontal": (0.2, 0.7)}, ()), NOWHERE)
    assert without.student.said["frontal"] == "marked; there is no map to hold it against"


def test_a_study_of_ones_own_needs_pictures_and_a_reference_that_says_something(folder):
    frontal = folder / "effusion-frontal.png"
    for files, reference, sentence in (
        ((None, frontal), "left effusion", "frontal X-ray"),
        ((frontal, None), "", "none of the thirteen"),
        ((frontal, None), "a dragon", "none of the thirteen"),
    ):
        with pytest.raises(BadInput, match=sentence):
            quiz.case_of_own(*files, reference)
    for reference in ("No acute disease.", "no effusion", "normal chest"):
        assert quiz.case_of_own(frontal, None, reference).masks is None


def test_a_side_is_kept_where_the_finding_has_one():
    assert named("effusion", "left").side == "left" and named("cardiomegaly", "left").side is None


def test_the_map_is_the_head_s_or_that_of_the_words_or_of_the_whole_impression(effusion, normal, folder):
    told = quiz.answer_of_model(ToldStandIn("default"), effusion)
    head = next(found for found in ToldStandIn("default").findings(effusion.study) if found.name == "effusion")
    assert np.array_equal(told.maps, head.map) and "finding head’s, for effusion" in told.about

    words = StandIn("default").caption(effusion.study).words
    stated = quiz.answer_of_model(StandIn("default"), effusion)
    assert stated.impression == SENTENCES["bright"] and "“effusion”" in stated.about
    (named_by,) = [word for word in words if word.text == "effusion"]
    assert "pleural" not in stated.about and np.allclose(stated.maps, named_by.attention)

    missed = quiz.case_of_own(folder / "quiet-frontal.png", None, "pneumothorax")
    whole = quiz.answer_of_model(StandIn("default"), missed)
    assert "does not name pneumothorax" in whole.about
    assert np.allclose(whole.maps, np.mean([w.attention for w in StandIn("d").caption(missed.study).words], axis=0))

    assert quiz.answer_of_model(StandIn("default"), normal).maps is None
    blind = quiz.answer_of_model(StandIn("default", has_attention=False), effusion)
    assert blind.maps is None and blind.about == quiz.NO_MAP


def test_plain_data_is_json_and_tells_all_three(effusion):
    model = quiz.answer_of_model(ToldStandIn("default"), effusion)
    judged = quiz_judgement.judge(effusion, Answer({"frontal": (0.25, 0.7)}, ()), model)
    plain = json.loads(json.dumps(quiz_judgement.as_dict(effusion, model, judged)))
    assert plain["student"]["points"] == {"frontal": [0.25, 0.7]} and plain["student"]["findings"] == [0, 1]
    assert plain["reference"] == "right effusion ." and len(plain["planted"][0]["frontal"]) == 1
    assert np.shape(plain["maps"]) == model.maps.shape and plain["model"]["verdict"]
