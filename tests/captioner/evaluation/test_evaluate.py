"""The evaluation from a folder to its files, with a stand-in captioner that reads the answer off the picture."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.evaluation import baselines
from captioner.evaluation import evaluate as evaluation
from captioner.evaluation import tables as score_table
from captioner.images.study import Study, View
from captioner.reports.collection import split_of

IMPRESSIONS = ["no acute disease .", "small left effusion .", "mild cardiomegaly .", "right upper lobe nodule ."]
GREY = (40, 90, 140, 190)  # the brightness of the square in a picture tells the impression
OUTPUTS = ("scores.json", "scores.md", "predictions.jsonl", "captions.jsonl", "findings.png", "scores.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A collection of 60 invented studies; every fifth has no lateral, one has no frontal."""
    root = tmp_path_factory.mktemp("collection")
    rng = np.random.default_rng(0)
    reports, projections = [], []
    for uid in range(1, 61):
        kind = uid % len(IMPRESSIONS) if uid % 3 else 0
        for view, name in (("Frontal", f"{uid}_IM-1-1.png"), ("Lateral", f"{uid}_IM-1-2.png")):
            if (view == "Lateral" and uid % 5 == 0) or (view == "Frontal" and uid == _first("val")):
                continue
            pixels = rng.integers(0, 20, (48, 48)).astype(np.uint8)
            pixels[8 + 8 * kind : 16 + 8 * kind, 8:40] += GREY[kind]
            cv2.imwrite(str(root / name), pixels)
            projections.append({"uid": uid, "filename": name, "projection": view})
        reports.append(
            {"uid": uid, "MeSH": "normal", "Problems": "normal", "findings": "", "impression": IMPRESSIONS[kind]}
        )
    for name, rows in (("indiana_reports.csv", reports), ("indiana_projections.csv", projections)):
        with open(root / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return root


def _first(split):
    return next(uid for uid in range(1, 61) if split_of(str(uid)) == split)


class Reader:
    """Captions by where the picture is brightest; black pictures are called normal."""

    name = "stand-in"

    def encode(self, study):
        small = cv2.resize(study.frontal.pixels, (48, 48)).astype(np.float32)
        rows = small[:40].reshape(5, 8, 48).mean(axis=(1, 2))[1:]  # one number an impression
        kind = int(rows.argmax()) if small.any() else 0
        memory = np.tile(np.eye(4, dtype=np.float32)[kind], (1, 6, 1))  # two views of three positions
        return SimpleNamespace(image_features=memory, mask=np.array([[True, study.lateral is not None]]), kind=kind)

    def caption(self, study, decoding="greedy", beam_width=3, length_penalty=None):
        features = study if hasattr(study, "kind") else self.encode(study)
        text = IMPRESSIONS[features.kind] if decoding == "greedy" else f"{IMPRESSIONS[features.kind]} clear lungs ."
        penalty = 0.7 if length_penalty is None else length_penalty
        return SimpleNamespace(text=text, log_prob=-1.5, length_penalty=penalty, ended=True)


@pytest.fixture
def reader(monkeypatch):
    monkeypatch.setattr("captioner.checkpoint.store.load", lambda folder: Reader())


@pytest.fixture
def without_figures(monkeypatch):
    """For tests of the numbers: figures take a quarter of an evaluation, and are drawn in the first test."""
    drawn = SimpleNamespace(savefig=lambda path, dpi: None)
    for name in ("findings_figure", "scores_figure"):
        monkeypatch.setattr(evaluation.score_figures, name, lambda result: drawn)


def test_from_a_folder_to_its_files(folder, reader, tmp_path, capsys):
    result = evaluation.evaluate(folder, "val", decoding="greedy", out=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(OUTPUTS)
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == result
    assert capsys.readouterr().out.strip() == (tmp_path / "out" / "scores.md").read_text().strip()

    studies = [uid for uid in range(1, 61) if split_of(str(uid)) == "val"]
    assert result["studies"] == len(studies) - 1 and result["without_frontal"] == 1
    rows = result["rows"]
    assert list(rows) == [
        "greedy",
        "beam",
        "shuffled pictures",
        "blank pictures",
        "constant",
        "nearest neighbour",
        "pixel nearest neighbour",
    ]
    # It sees everything, the neighbours find studies alike, and what does not look finds nothing.
    for name in ("greedy", "nearest neighbour", "pixel nearest neighbour"):
        assert rows[name]["scores"]["macro_f1"]["value"] == rows[name]["scores"]["bleu_4"]["value"] == 1, name
    for name in ("blank pictures", "constant"):
        assert rows[name]["scores"]["macro_f1"]["value"] == 0 and rows[name]["distinct"] == 1, name
    assert rows["shuffled pictures"]["scores"]["macro_f1"]["value"] < 1
    assert rows["beam"]["scores"]["macro_f1"]["value"] == 1 > rows["beam"]["scores"]["bleu_1"]["value"]
    assert 0 < result["shuffled_loss"] <= 1
    assert result["difference"]["constant"]["macro_f1"] == {"value": 1.0, "low": 1.0, "high": 1.0}

    lines = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert [int(line["study"]) for line in lines] == studies[1:]
    assert all(line["text"] == line["reference"] == line["rows"]["greedy"] for line in lines)
    shared = [json.loads(line) for line in (tmp_path / "out" / "captions.jsonl").read_text().splitlines()]
    assert [set(line) for line in shared] == [{"study", "greedy", "beam"}] * len(lines)
    assert [line["greedy"] for line in shared] == [line["text"] for line in lines]

    own = result["claims"]["greedy"]
    assert own["sides"]["wrong"] == own["sides"]["no_side"] == own["sides"]["not_stated"] == 0 < own["sides"]["right"]
    assert own["nonsense"] == {"repeated": 0, "contradictory": 0, "empty": 0, "cut_off": 0, "texts": len(lines)}
    assert result["claims"]["constant"]["sides"]["not_stated"] == own["sides"]["right"]
    assert result["claims"]["constant"]["nonsense"]["cut_off"] is None

    for name in ("findings.png", "scores.png"):
        picture = cv2.imread(str(tmp_path / "out" / name))
        assert picture is not None and picture.std() > 5


def test_several_checkpoints_share_one_table_and_the_baselines(folder, without_figures, monkeypatch, tmp_path):
    class Blind(Reader):
        def caption(self, study, decoding="greedy", beam_width=3, length_penalty=None):
            return SimpleNamespace(text=IMPRESSIONS[3], log_prob=-2.0, length_penalty=0.7, ended=True)

    monkeypatch.setattr(
        "captioner.checkpoint.store.load", lambda folder: Blind() if folder.name == "blind" else Reader()
    )
    folders = [tmp_path / "weights" / name for name in ("seeing", "blind")]
    result = evaluation.evaluate(folder, "val", folders, out=tmp_path / "out")
    rows = result["rows"]
    assert list(rows) == [
        "seeing, greedy",
        "seeing, beam",
        "blind, greedy",
        "blind, beam",
        "shuffled pictures",
        "blank pictures",
        "constant",
        "nearest neighbour",
        "pixel nearest neighbour",
    ]
    assert result["judged"] == "seeing, greedy"
    alone = evaluation.evaluate(folder, "val", folders[0], out=tmp_path / "alone")
    for name, row in alone["rows"].items():
        assert rows[f"seeing, {name}" if name in ("greedy", "beam") else name] == row
    assert rows["blind, greedy"]["distinct"] == 1 and rows["blind, greedy"]["scores"]["macro_f1"]["value"] < 1
    lost = result["shuffled_losses"]
    assert lost == pytest.approx({"seeing, greedy": alone["shuffled_loss"], "blind, greedy": 0.0}, abs=1e-9)
    assert "seeing, greedy " in score_table.table(result) and "; blind, greedy 0%" in score_table.table(result)
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == result


def test_two_folders_of_the_same_name_are_refused(folder, reader, tmp_path):
    with pytest.raises(BadInput, match="same name"):
        evaluation.evaluate(folder, "val", [tmp_path / "a" / "x", tmp_path / "b" / "x"], out=tmp_path / "out")


def test_all_or_some_but_not_both(tmp_path, capsys):
    assert main(["evaluate", "--data", ".", "--out", str(tmp_path), "--all", "--checkpoint", "weights/default"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_each_neighbour_is_found_in_its_own_way(folder, reader, without_figures, tmp_path, monkeypatch):
    training = [uid % 4 if uid % 3 else 0 for uid in range(1, 61) if split_of(str(uid)) == "train"]
    first = {kind: training.index(kind) for kind in (1, 2)}
    for way, kind in (("features", 1), ("pixels", 2)):
        monkeypatch.setattr(
            baselines.Looks,
            f"nearest_by_{way}",
            lambda looks, others, apart, kind=kind: [first[kind]] * len(looks.masks),
        )
    evaluation.evaluate(folder, "val", out=tmp_path)
    for line in (tmp_path / "predictions.jsonl").read_text().splitlines():
        rows = json.loads(line)["rows"]
        assert rows["nearest neighbour"] == IMPRESSIONS[1] and rows["pixel nearest neighbour"] == IMPRESSIONS[2]


def test_the_beam_can_be_judged(folder, reader, without_figures, tmp_path):
    result = evaluation.evaluate(folder, "val", decoding="beam", beam_width=4, length_penalty=0.2, out=tmp_path)
    assert result["judged"] == "beam" and result["beam"] == {"width": 4, "length_penalty": 0.2}
    assert "greedy" in result["difference"] and "beam" not in result["difference"]
    line = json.loads((tmp_path / "predictions.jsonl").read_text().splitlines()[0])
    assert line["text"] == line["rows"]["beam"] != line["rows"]["greedy"]


def test_a_training_study_is_not_its_own_neighbour(folder, reader, without_figures, tmp_path, monkeypatch):
    seen = []
    nearest = evaluation.baselines.nearest

    def watched(*arguments):
        seen.append(nearest(*arguments))
        return seen[-1]

    monkeypatch.setattr(evaluation.baselines, "nearest", watched)
    evaluation.evaluate(folder, "train", out=tmp_path)
    assert len(seen) == 2 and all((places != np.arange(len(places))).all() for places in seen)


def test_neighbours_by_features_do_not_see_what_all_training_studies_share():
    """Pixels say the first, features the second, but only once the large common part is taken off."""
    grey = np.random.default_rng(1).integers(0, 255, (3, 32, 32), dtype=np.uint8)
    looks, training = baselines.Looks(), baselines.Looks()

    def add(place, pixels, vector):
        cells, mask = np.array([[vector, vector]], np.float32), np.array([[True, False]])
        features = SimpleNamespace(image_features=cells, mask=mask)
        place.add(Study(View("frontal", pixels), None, ()), features)

    add(training, grey[0], [101, 100, 100])
    add(training, grey[1], [95, 105, 100])
    add(training, grey[2], [104, 95, 100])
    add(looks, grey[0], [99, 101, 100])
    assert looks.nearest_by_pixels(training).tolist() == [0]
    assert looks.nearest_by_features(training).tolist() == [1]


def test_a_split_without_studies_is_refused_by_name(folder, reader, tmp_path):
    with pytest.raises(BadInput, match="no study with a frontal picture in the split nonesuch"):
        evaluation.evaluate(folder, "nonesuch", out=tmp_path)


def test_the_short_table_goes_between_its_marks_and_nothing_else_changes(folder, reader, without_figures, tmp_path):
    page = tmp_path / "README.md"
    page.write_text("before\n\n<!-- scores -->\nold\n<!-- end of scores -->\n\nafter\n")
    for _ in range(2):
        assert main(["evaluate", "--data", str(folder), "--out", str(tmp_path / "out"), "--into", str(page)]) == 0
    result = json.loads((tmp_path / "out" / "scores.json").read_text())
    text = score_table.short_table(result)
    assert page.read_text() == f"before\n\n<!-- scores -->\n{text}<!-- end of scores -->\n\nafter\n"
    greedy = next(line for line in text.splitlines() if line.startswith("| **greedy**"))
    scores = result["rows"]["greedy"]["scores"]
    assert f"| {scores['macro_f1']['value']:.3f} (" in greedy and greedy.endswith(
        f"| {result['rows']['greedy']['distinct']} |"
    )


def test_a_page_without_a_place_is_refused_before_any_work(folder, monkeypatch, tmp_path):
    monkeypatch.setattr("captioner.checkpoint.store.load", lambda folder: pytest.fail("no work before the door"))
    (tmp_path / "page.md").write_text("<!-- end of scores --><!-- scores -->")
    with pytest.raises(BadInput, match="no place for the table"):
        evaluation.evaluate(folder, "val", out=tmp_path / "out", into=[tmp_path / "page.md"])


def test_importing_it_loads_neither_pyplot_nor_tensorflow():
    code = (
        "import sys, captioner.evaluation.evaluate\n"
        "assert not {'matplotlib.pyplot', 'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(evaluation.__file__).parents[2])
