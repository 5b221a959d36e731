"""Maps against boxes: cases by hand, baselines that are known, and the whole evaluation of a map that is known."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.reports.nih import Box, LabelledPicture, split_of_patient
from explain.benchmark.box_cases import SENTENCES, SIZE, BoxCase, box_cases, box_mask, usual_places
from explain.benchmark.boxes import baseline_records, evaluate_boxes, finding_map, record, summarise, taught
from explain.benchmark.boxes_table import page
from explain.heatmap import WHOLE
from explain.methods.base import Explanation
from tests.explain.benchmark.test_evaluate import coarse

LOWER_RIGHT = Box("effusion", 0.5, 0.5, 1.0, 1.0)


def patients(split, count):
    return [name for name in map(str, range(1000)) if split_of_patient(name) == split][:count]


def case(box=LOWER_RIGHT, patient="1", picture="p"):
    return BoxCase(picture, patient, None, box.label, box_mask(box))


def picture(patient, *boxes, name=None):
    return LabelledPicture(name or f"{patient}_0", patient, None, frozenset(), boxes, None)


def test_a_box_as_a_mask():
    mask = box_mask(Box("mass", 0.25, 0.5, 0.75, 1.0))
    assert mask.shape == (SIZE, SIZE) and mask.sum() == SIZE // 2 * SIZE // 2
    assert mask[SIZE // 2 :, SIZE // 4 : 3 * SIZE // 4].all()
    assert box_mask(Box("nodule", 1.0, 1.0, 1.0005, 1.0005)).sum() == 1


def test_boxes_of_one_finding_are_one_case_and_splits_are_by_patient():
    (val,), (test,) = patients("val", 1), patients("test", 1)
    other = Box("effusion", 0.0, 0.5, 0.5, 1.0)
    found = box_cases(
        (picture(val, LOWER_RIGHT, other, Box("mass", 0, 0, 0.1, 0.1)), picture(test, LOWER_RIGHT)), "val"
    )
    assert [(one.patient, one.finding) for one in found] == [(val, "effusion"), (val, "mass")]
    assert found[0].mask.mean() == 0.5
    with pytest.raises(BadInput, match="train"):
        box_cases((picture(val, LOWER_RIGHT),), "train")


def test_the_word_on_trial_is_the_findings():
    words = {finding: SENTENCES[finding].split()[case(Box(finding, 0, 0, 1, 1)).position] for finding in SENTENCES}
    assert words["effusion"] == "effusion" and words["infiltration"] == "infiltrate" and "." not in words.values()


def test_a_map_on_the_box_and_one_beside_it():
    on = record(case(), case().mask.astype(np.float32))
    assert on["pointing"] and on["pointing_margin"] and on["overlap"] == 1 and on["inside"] == 1
    beside = record(case(), np.array([[1.0, 0], [0, -3]]))
    assert (
        not beside["pointing"] and not beside["pointing_margin"] and beside["overlap"] == 0 and beside["inside"] < 0.1
    )


def test_what_never_saw_the_picture():
    usual = usual_places([case(), case(), case(Box("effusion", 0.0, 0.0, 0.5, 0.5))])
    found = baseline_records([case(), case(Box("mass", 0.0, 0.0, 0.5, 0.5))], usual)
    assert [one["pointing"] for one in found["chance"]] == [0.25, 0.25]
    assert found["chance"][0]["pointing_margin"] > 0.25 and found["chance"][0]["inside"] == 0.25
    # Two of three effusions lie there; of masses training has none, and a flat map points nowhere.
    assert [one["pointing"] for one in found["usual"]] == [True, False]
    assert found["middle"][0]["inside"] == pytest.approx(0.25, abs=0.01)


def test_findings_count_alike_and_differences_are_paired():
    cases = [case(patient=str(number), picture=f"e{number}") for number in range(9)]
    cases.append(case(Box("mass", 0.0, 0.0, 0.5, 0.5), "9", "m"))
    usual = usual_places(cases)
    records = [record(one, np.array([[0, 0], [0, 1.0]])) for one in cases]  # right for effusions, wrong for the mass
    run = {"checkpoint": "c", "unknown": [], "taught": ["masks of phantoms"], "methods": {"attention": records}}
    result = summarise(cases, [run], usual)
    row = result["rows"][-1]
    assert row["pointing"]["all"]["value"] == 0.9 and row["pointing"]["macro"]["value"] == 0.5
    assert row["pointing"]["minus_usual"]["value"] == -0.5 and result["findings"] == {"effusion": 9, "mass": 1}
    text = page({**result, "split": "val"})
    assert "**Attention**, c | 0.50" in text and "masks of phantoms" in text and "nan" not in text.lower().split()


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({}, []),
        ({"recipe": {"grounding_weight": 0.0, "phantoms": 500}}, []),
        ({"recipe": {}, "before": {"recipe": {"grounding_weight": 12.0, "phantoms": 500}}}, ["masks", "sides"]),
        ({"recipe": {"maps_weight": 1.0, "box_weight": 1.0}}, ["sides", "boxes"]),
        ({"recipe": {"maps_weight": 0.0, "box_weight": 1.0, "phantoms": 500}}, []),
    ],
)
def test_what_a_checkpoint_was_taught_is_read_from_its_recipe(training, told):
    found = taught({"training": training})
    assert len(found) == len(told) and all(word in sentence for word, sentence in zip(told, found))


def test_the_finding_heads_map_is_asked_by_the_findings_name():
    class Found:
        def __init__(self, name, value):
            self.name, self.map = name, np.full((2, 3, 3), value, np.float32)

    class Model:
        has_findings = True

        def findings(self, study):
            return [Found("atelectasis", 1), Found("airspace opacity", 2)]

    class WithoutHead:
        has_findings = False

    assert finding_map(Model(), None, case(Box("infiltration", 0, 0, 1, 1)))[0, 0] == 2
    assert finding_map(Model(), None, case()) is None and finding_map(WithoutHead(), None, case()) is None


@pytest.fixture
def boxed(tmp_path):
    """A folder of invented pictures, one bright square each, in both splits."""
    folder, lines = tmp_path / "boxed", ["image,view,position,patient,age,sex,labels,side,boxes,device_by_eye"]
    (folder / "images").mkdir(parents=True)
    for number, patient in enumerate([*patients("train", 2), *patients("val", 3)]):
        pixels = np.random.default_rng(number).integers(0, 60, (80, 80), np.uint8)
        pixels[40:70, 10:30] = 230
        cv2.imwrite(str(folder / "images" / f"{number}.png"), pixels)
        lines.append(f'{number}.png,Frontal,PA,{patient},50,F,effusion,right,"0.1,0.5,0.4,0.9 effusion",no')
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_the_whole_evaluation_on_a_checkpoint(read_once, boxed, tiny_checkpoint, tmp_path):
    out, said = tmp_path / "out", []
    result = evaluate_boxes(boxed, [tiny_checkpoint], out, ("attention", "grad-cam"), "val", say=said.append)
    assert [(row["method"], row["cases"]) for row in result["rows"][3:]] == [("attention", 3), ("grad-cam", 3)]
    assert result["rows"][2]["pointing"]["all"]["value"] == 1 and said == ["tiny: 3 of 3 boxed findings"]
    assert json.loads((out / "boxes.json").read_text()) == json.loads(json.dumps(result))
    assert (out / "boxes.md").read_text() == page(result)
    with pytest.raises(BadInput, match="no method x-ray"):
        evaluate_boxes(boxed, [tiny_checkpoint], methods=("x-ray",))


def test_a_finding_heads_maps_stand_beside_the_words(read_once, boxed, told_checkpoint, monkeypatch):
    monkeypatch.setattr("explain.benchmark.boxes.method", coarse)
    result = evaluate_boxes(boxed, [told_checkpoint], methods=("grad-cam", "occlusion"), count=1, say=lambda line: None)
    titles = {row["method"]: row["title"] for row in result["rows"][3:]}
    assert titles == {
        "grad-cam": "Grad-CAM",
        "occlusion": "Occlusion of patches",
        "finding-map": "Finding map",
        "finding-map grad-cam": "Grad-CAM of the finding",
    }


def test_a_map_that_finds_the_bright_square_points_into_every_box(boxed, tiny, monkeypatch):
    """The known place: a method whose map is the picture itself."""
    monkeypatch.setattr("captioner.checkpoint.store.load", lambda checkpoint: tiny)

    class Brightness:
        title = "Brightness"

        def explain(self, model, study, tokens, positions):
            maps = study[0][None, ..., 0]  # (1, 2, size, size)
            return Explanation("grad-cam", maps, tuple(positions), (6,), (None,), False, False, WHOLE)

    monkeypatch.setattr("explain.benchmark.boxes.method", lambda name: Brightness())
    row = evaluate_boxes(boxed, methods=("grad-cam",), say=lambda line: None)["rows"][-1]
    assert row["pointing"]["macro"]["value"] == 1 and row["overlap"]["macro"]["value"] > 0.4
    assert row["pointing"]["minus_usual"]["value"] == 0


def test_a_vocabulary_without_the_words_is_told(read_once, boxed, tiny_checkpoint):
    table = boxed / "labels.csv"
    table.write_text(table.read_text().replace("0.9 effusion", "0.9 mass"))
    with pytest.raises(BadInput, match="tiny has no word"):
        evaluate_boxes(boxed, [tiny_checkpoint], methods=("attention",), say=lambda line: None)


@pytest.mark.parametrize("folder", sorted((Path(__file__).parents[3] / "weights").glob("*/config.json")), ids=str)
def test_what_the_shipped_checkpoints_were_taught_is_known(folder):
    found = taught(json.loads(folder.read_text(encoding="utf-8")))
    assert len(found) == 3 and all(any(word in each for each in found) for word in ("masks", "sides", "boxes"))
