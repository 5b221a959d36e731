"""The whole evaluation on a random network: its files, and numbers that follow from each other."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from captioner import Study, View
from captioner.errors import BadInput
from captioner.phantom import Wanted, render
from explain.benchmark import cases
from explain.benchmark import tables as evaluation_table
from explain.benchmark.aggregate import judge_randomisation
from explain.benchmark.cases import Case, collection_cases, finding_words, phantom_case, phantom_cases
from explain.benchmark.evaluate import evaluate_explanations, quick
from explain.benchmark.measure import Budget, FindingBenchmark, WordBenchmark
from explain.methods.base import method

CONFIG = {"preparation": {"name": "area", "size": 64, "channels": 1}}
LEAST = Budget(steps=2, orders=1, areas=19)


def coarse(name):
    """A method as it is, but for occlusion, whose patches are large here."""
    return method(name, **({"patch": 0.5} if name == "occlusion" else {}))


@pytest.fixture(scope="module")
def evaluated(told_checkpoint, loaded, tmp_path_factory):
    """Two phantoms, all that is measured of words and of findings: the result and the folder of its files."""
    out = tmp_path_factory.mktemp("evaluated")
    made = [render(seed, 64, [Wanted("effusion", side="left")]) for seed in (200_001, 200_003)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("captioner.checkpoint.store.load", loaded)
        patch.setattr("explain.benchmark.evaluate.phantom_cases", lambda count: map(phantom_case, made[:count]))
        patch.setattr("explain.benchmark.evaluate.method", coarse)
        patch.setattr("explain.benchmark.evaluate.CURVE", 1)  # studies on which weights become random group by group
        patch.setattr("explain.benchmark.evaluate.DRAWS", 2)
        methods = ("attention", "grad-cam", "occlusion")
        yield evaluate_explanations("phantoms", told_checkpoint, out, 2, methods, 1, "val", LEAST, say=list), out


def test_all_files_and_rows_are_written(evaluated):
    result, out = evaluated
    assert sorted(path.name for path in out.iterdir()) == [
        "evidence.json",
        "evidence.md",
        "findings.png",
        "methods.png",
        "randomisation.png",
        "words.jsonl",
    ]
    kept = json.loads((out / "evidence.json").read_text())
    assert kept["methods"].keys() == {"attention", "grad-cam", "occlusion"} and kept["studies"] == 2
    rows = kept["methods"]
    assert rows["attention"]["pointing"]["better"]["studies"] == 2 and rows["occlusion"]["deletion"]["studies"] == 1
    assert rows["attention"]["pointing_strict"]["better"]["value"] <= rows["attention"]["pointing"]["better"]["value"]
    assert rows["attention"]["side_reference"]["words"] == 2
    assert rows["attention"]["randomisation"]["stages"]["output"]["value"] == pytest.approx(1)
    assert 0 < kept["baselines"]["random"]["pointing"]["better"]["value"] < 1
    lines = [json.loads(line) for line in (out / "words.jsonl").read_text().splitlines()]
    assert sum(line["kind"] == "word" for line in lines) == kept["words"] == 2
    own = [line for line in lines if line["kind"] == "reference" and line["method"] == "attention"]
    assert np.mean([line["deletion"] for line in own]) == pytest.approx(rows["attention"]["deletion"]["value"])
    text = (out / "evidence.md").read_text()
    assert text == evaluation_table.table(result)
    assert "**Occlusion of patches** | 1 (1)" in text and "| effusion | 2 |" in text
    assert "nan" not in text.lower().split()


def test_finding_maps_stand_beside_word_maps(evaluated):
    result, out = evaluated
    own = result["finding_maps"]
    assert own["methods"].keys() == {"attention", "grad-cam", "occlusion"}
    for name, row in own["methods"].items():
        measured = 1 if name == "occlusion" else 2
        assert row["pointing"]["better"]["words"] == row["side_reference"]["words"] == measured
        assert row["deletion_minus_random"]["value"] is not None
        # Words have layers of their own: what they hold does not move a finding's map.
        stages = row["randomisation"]["stages"]
        assert stages["output"]["value"] == pytest.approx(1) and list(stages.values())[-1]["value"] < 1
    text = (out / "evidence.md").read_text()
    assert "## Finding maps beside word maps" in text and "**Pooling weights** | findings | 2 (2)" in text
    lines = [json.loads(line) for line in (out / "words.jsonl").read_text().splitlines()]
    found = [line for line in lines if line["kind"] == "finding" and line["method"] == "attention"]
    assert [line["finding"] for line in found] == ["effusion", "effusion"]


def test_a_stopped_evaluation_judges_what_it_has(read_once, tiny_checkpoint, monkeypatch):
    def stopped(count):
        for seed in (200_001, 200_003):
            yield phantom_case(render(seed, 64, [Wanted("effusion", side="left")]))
        raise KeyboardInterrupt

    said = []
    monkeypatch.setattr("explain.benchmark.evaluate.phantom_cases", stopped)
    result = evaluate_explanations("phantoms", tiny_checkpoint, None, 9, ("attention",), budget=LEAST, say=said.append)
    assert result["studies"] == 2 and "stopped: the 2 studies" in said[-2]


def test_what_was_measured_is_written_before_weights_become_random(read_once, told_checkpoint, tmp_path, monkeypatch):
    def stopped(*asked):
        raise KeyboardInterrupt

    made = render(200_001, 64, [Wanted("effusion", side="left")])
    monkeypatch.setattr("explain.benchmark.evaluate.phantom_cases", lambda count: [phantom_case(made)])
    monkeypatch.setattr("explain.benchmark.evaluate._randomised", stopped)
    result = evaluate_explanations("phantoms", told_checkpoint, tmp_path, 1, ("grad-cam",), budget=LEAST, say=list)
    assert json.loads((tmp_path / "evidence.json").read_text())["words"] == result["words"] == 1
    assert "randomisation" not in result["methods"]["grad-cam"] and result["methods"].keys() == {"grad-cam"}
    # The weights that the head pools with are always on trial.
    assert result["finding_maps"]["methods"].keys() == {"attention", "grad-cam"}


def test_the_collection_needs_no_masks(read_once, tiny_checkpoint, tmp_path, collection):
    result = evaluate_explanations(collection, tiny_checkpoint, tmp_path, 3, ("attention",), budget=LEAST, say=list)
    assert result["studies"] == 2 and result["methods"]["attention"]["pointing"]["better"]["value"] is None
    text = (tmp_path / "evidence.md").read_text()
    assert "pointing" not in text and "named side" in text
    assert not (tmp_path / "findings.png").exists()


@pytest.fixture
def collection(tmp_path):
    """A collection of invented reports with phantoms for pictures, all of them in the validation split."""
    import csv

    import cv2

    from captioner.reports.collection import split_of

    folder = tmp_path / "collection"
    folder.mkdir()
    uids = [uid for uid in map(str, range(1, 200)) if split_of(uid) == "val"][:3]
    sides = [(f"Pleural Effusion/{side}", f"{side} effusion.") for side in ("left", "right")]
    with open(folder / "indiana_reports.csv", "w", newline="") as file:
        rows = [
            [uid, mesh, mesh.split("/")[0], "", words]
            for uid, (mesh, words) in zip(uids, [*sides, ("normal", "Normal.")])
        ]
        csv.writer(file).writerows([["uid", "MeSH", "Problems", "findings", "impression"], *rows])
    with open(folder / "indiana_projections.csv", "w", newline="") as file:
        csv.writer(file).writerows(
            [["uid", "filename", "projection"], *([uid, f"{uid}_IM-1.dcm.png", "Frontal"] for uid in uids)]
        )
    for seed, uid in enumerate(uids):
        cv2.imwrite(str(folder / f"{uid}_IM-1.png"), render(seed, 64).frontal)
    return folder


def test_cases_of_the_collection_state_a_finding(collection):
    found = list(collection_cases(collection, "val", 9))
    assert {case.caption for case in found} == {"left effusion .", "right effusion ."}
    assert all(case.study.lateral is None and not case.masks for case in found)
    assert len(list(collection_cases(collection, "val", 1))) == 1
    with pytest.raises(BadInput, match="test"):
        list(collection_cases(collection, "test", 1))


def test_phantom_cases_are_unseen_and_have_findings(monkeypatch):
    monkeypatch.setattr(cases, "PHANTOM_SIZE", 64)
    (case,) = phantom_cases(1)
    assert int(case.name.split()[1]) >= 200_000 and case.words and case.masks.keys() == case.words.keys()
    tokens = case.caption.split()
    assert all(mask.shape == (2, 64, 64) for mask in case.masks.values()) and max(case.words) < len(tokens)


def test_finding_words():
    assert finding_words("no effusion . left nodule .") == {4: "nodule or mass"}


def test_words_that_the_vocabulary_lacks_are_not_measured(tiny, study):
    case = Case("x", study, "mass and effusion .", (), {0: "nodule or mass", 2: "effusion"})
    assert WordBenchmark(tiny, case, LEAST).positions == [2]


def test_a_map_that_is_the_mask_gets_all(tiny):
    mask = np.zeros((2, 64, 64), bool)
    mask[:, 40:60, 4:24] = True  # the lower part of the patient's right
    rng = np.random.default_rng(0)
    views = Study(*(View(name, rng.integers(0, 255, (64, 64), np.uint8)) for name in ("frontal", "lateral")))
    case = Case("x", views, "effusion .", ("Pleural Effusion/base/right",), {0: "effusion"}, {0: mask})

    class Oracle(type(method("attention"))):
        name = "oracle"
        grid = False

        def _maps(self, model, question, report):
            return mask[None].astype(np.float32), {}

    trial = WordBenchmark(tiny, case, LEAST)
    (record,) = trial.maps(Oracle().explain(tiny, *trial.question()))
    assert record["overlap"] == dict(frontal=1, lateral=1, better=1)
    assert set(record["pointing_strict"].values()) == {True}
    assert (record["side"], record["zone"], record["named_side"]) == (True, True, "right")
    (word,) = WordBenchmark(tiny, case, LEAST).words()
    assert word["random"]["pointing_strict"]["frontal"] == pytest.approx(400 / 4096)
    assert word["centre"]["pointing_strict"]["frontal"] is False


def test_findings_are_measured_where_words_are():
    mask = np.zeros((2, 64, 64), bool)
    mask[:, 40:60, 4:24] = True
    rng = np.random.default_rng(0)
    views = Study(*(View(name, rng.integers(0, 255, (64, 64), np.uint8)) for name in ("frontal", "lateral")))
    words = {1: "effusion", 3: "effusion", 6: "device"}
    masks = {1: mask, 3: mask[:, ::-1]}
    case = Case(
        "x", views, "small effusion . effusion . no pacemaker .", ("Pleural Effusion/base/right",), words, masks
    )
    trial = FindingBenchmark(SimpleNamespace(config=CONFIG), case, LEAST)
    (item,) = trial.items  # what is denied is no finding
    assert (item.finding, item.text, item.position) == ("effusion", "effusion", 1)
    np.testing.assert_array_equal(item.masks, mask | mask[:, ::-1])
    assert (item.place.side, item.place.zone) == ("right", "lower")


def test_randomisation_is_judged_study_by_study():
    maps = [np.array([[[1, 2, 3, 4]]])] * 6
    own = {
        "maps": maps,
        "views": [[True]] * 6,
        "studies": range(6),
        "stages": {"output": [1, 1], "encoder": [0.2, 0.4]},
    }
    judged = judge_randomisation({**own, "after": [0.2, 0.3, 0.4, 0.2, 0.3, 0.4]})
    assert judged["verdict"] == "depends" and judged["others"]["value"] == pytest.approx(1)
    assert judged["similarity"]["value"] == pytest.approx(0.3) and judged["studies"] == 6
    assert judged["stages"]["encoder"]["value"] == pytest.approx(0.3) and judged["stages"]["encoder"]["words"] == 2
    assert judge_randomisation({**own, "after": [0.99] * 6})["verdict"] == "does not depend"
    assert judge_randomisation({**own, "after": [0.2] * 6, "studies": [0] * 6})["verdict"] == "cannot tell"


@pytest.mark.parametrize(("methods", "told"), [(("x-ray",), "no method x-ray"), ((), "no method to judge")])
def test_methods_that_there_are_not_are_refused(tiny_checkpoint, methods, told):
    with pytest.raises(BadInput, match=told):
        evaluate_explanations("phantoms", tiny_checkpoint, None, 1, methods)


def test_nothing_to_say_is_said(read_once, tiny_checkpoint, monkeypatch):
    made = render(200_001, 64, [Wanted("nodule", side="left", zone="upper")])
    monkeypatch.setattr("explain.benchmark.evaluate.phantom_cases", lambda count: [phantom_case(made)])
    with pytest.raises(BadInput, match="vocabulary of tiny has no word"):
        evaluate_explanations("phantoms", tiny_checkpoint, None, 1, ("attention",), budget=LEAST, say=lambda line: None)


def test_quick_methods_are_the_ones_that_are_not_slow():
    assert quick() == ("attention", "grad-cam", "feature-occlusion")
