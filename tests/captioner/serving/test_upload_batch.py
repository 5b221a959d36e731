"""Files without a table: put together, and answered as `predict --studies` answers the same pictures."""

import csv
import io
import json
import shutil
import zipfile

import cv2
import numpy as np
import pytest

import captioner
from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.images.dicom_statement import Statement
from captioner.serving import upload_batch
from captioner.serving.upload_batch import HEADER, Answered, UploadBatch, csv_line
from tests.captioner.images.dicom_files import dicom_bytes
from tests.stand_in import draw_chest


def picture(lateral=False, seed=0):
    values = draw_chest(150, 120, lateral).astype(int) + np.random.default_rng(seed).integers(0, 40, (150, 120))
    return cv2.imencode(".png", np.clip(values, 0, 255).astype(np.uint8))[1].tobytes()


def dicom(view=None, seed=0, study=None):
    values = np.random.default_rng(seed).integers(0, 255, (90, 80), np.uint8)
    return dicom_bytes(values, ViewPosition=view or "", StudyInstanceUID=study or "")


@pytest.fixture
def zipped(tmp_path):
    def write(files, name="studies.zip"):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            for inside, data in files.items():
                archive.writestr(inside, data)
        return path

    return write


FILES = {
    "a-frontal.png": picture(seed=1),
    "a-lateral.png": picture(True, seed=1),
    "deep/b_1.dcm": dicom("LL", 2),
    "deep/b_2.dcm": dicom("PA", 3),
    "one/alone.png": picture(seed=4),
    "broken-pa.png": b"\x89PNG\r\n\x1a\nnothing more",
    "notes.txt": b"not a picture",
}


def answers(batch, model, **decoding):
    return [each for place in range(len(batch.groups)) for each in batch.answer(place, model, **decoding)]


def test_the_lines_are_those_of_predict_studies(zipped, tmp_path, tiny_checkpoint, monkeypatch):
    batch, model = UploadBatch([zipped(FILES)]), captioner.load(tiny_checkpoint)
    monkeypatch.setattr(captioner, "load", lambda _: model)  # its graphs take longer than its answers
    assert batch.left_out == (("notes.txt", "not a picture"),)
    found = answers(batch, model, decoding="greedy")
    assert [(each.row.frontal, each.row.lateral, each.paired_by) for each in found] == [
        ("a-frontal.png", "a-lateral.png", "names"),
        ("deep/b_2.dcm", "deep/b_1.dcm", "one name but for its last number, and by what the files say"),
        ("one/alone.png", "", "alone"),
        ("broken-pa.png", "", "alone"),
    ]
    # The CSV that a visitor saves is a table that the command takes, and its lines are the very same.
    data = tmp_path / "data"
    with zipfile.ZipFile(tmp_path / "studies.zip") as archive:
        archive.extractall(data)
    table = data / "impressions.csv"
    table.write_text(csv_line(HEADER) + "".join(each.as_csv() for each in found), encoding="utf-8-sig")
    out = tmp_path / "predictions.jsonl"
    command = ["predict", "--studies", str(table), "--out", str(out), "--checkpoint", str(tiny_checkpoint)]
    assert main(command) == 2  # one is broken
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        json.loads(json.dumps(each.line)) for each in found
    ]
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [row["text"] for row in rows[:3]] == [each.line["text"] for each in found[:3]]
    assert rows[3]["error"] == found[3].line["error"] and "damaged" in rows[3]["error"] and rows[3]["log_prob"] == ""
    assert float(rows[0]["log_prob"]) == pytest.approx(found[0].line["log_prob"], abs=1e-4)


class Model:
    """Says what it was given."""

    has_findings, how_often_right = False, None

    def encode(self, study):
        return study

    def caption(self, study, **_):
        return captioner.Caption(
            (captioner.Hypothesis((), 0.0, 0.0, 0.0),), "greedy", 1, 0.0, (True, bool(study.lateral))
        )


def test_two_that_lie_together_and_are_no_pair_are_two_studies(zipped, monkeypatch):
    seen = {"1.png": ("frontal", Statement()), "2.png": ("frontal", Statement())}
    monkeypatch.setattr(upload_batch, "seen_as", lambda path: seen[path.name])
    batch = UploadBatch([zipped({"s/1.png": picture(), "s/2.png": picture(seed=2)})])
    (group,) = batch.groups
    found = batch.answer(0, Model())
    assert [(each.row.study, each.row.frontal, each.row.lateral) for each in found] == [
        ("s/1.png", "s/1.png", ""),
        ("s/2.png", "s/2.png", ""),
    ]
    assert found[0].paired_by.startswith("alone: ") and group.study == "s"
    seen["1.png"] = ("lateral", Statement())
    (pair,) = batch.answer(0, Model())
    assert (pair.row.study, pair.row.frontal, pair.row.lateral) == ("s", "s/2.png", "s/1.png")
    assert pair.paired_by == "one name but for its last number, and by what they show"
    seen.update({"1.png": ("lateral", Statement(study="a")), "2.png": ("frontal", Statement(study="b"))})
    assert [each.row.frontal for each in batch.answer(0, Model())] == ["s/1.png", "s/2.png"]  # of two patients, perhaps
    assert "two studies, as the files say" in batch.answer(0, Model())[0].paired_by


def test_a_flat_folder_of_dicom_files_is_put_together_by_their_studies(zipped, tmp_path):
    told = {
        "I1": ("PA", "1.2.1"),
        "I2": ("LL", "1.2.2"),
        "I3": ("PA", "1.2.2"),
        "I4": ("LL", "1.2.1"),
        "I5": ("PA", ""),
    }
    files = {name: dicom(view, seed, study) for seed, (name, (view, study)) in enumerate(told.items())}
    (tmp_path / "loose").mkdir()
    loose = [tmp_path / "loose" / name for name in files]
    for path in loose:
        path.write_bytes(files[path.name])
    for given in ([zipped(files)], loose):
        found = answers(UploadBatch(given), Model())
        assert [(each.row.study, each.row.frontal, each.row.lateral) for each in found] == [
            ("I1", "I1", "I4"),
            ("I2", "I3", "I2"),
            ("I5", "I5", ""),
        ]
        assert found[0].paired_by == "the study that the files say they are of, and by what the files say"


def test_files_one_by_one_and_several_zips(zipped, tmp_path):
    loose = [tmp_path / name for name in ("x-pa.png", "x-lat.png")]
    for path in loose:
        path.write_bytes(picture("lat" in path.name))
    other = zipped({"y.png": picture(), "inner.zip": b"PK\3\4"}, "more.zip")
    batch = UploadBatch([*loose, other])
    assert [group.pictures for group in batch.groups] == [("x-pa.png", "x-lat.png"), ("more/y.png",)]
    assert batch.left_out == (("more/inner.zip", "an archive within the archive"),)
    assert [each.line["study"] for each in answers(batch, Model())] == ["x", "more/y.png"]
    (tmp_path / "again").mkdir()
    twice = shutil.copy(loose[0], tmp_path / "again")  # two uploads of one name
    assert len(UploadBatch([loose[0], tmp_path / "again" / "x-pa.png"]).groups) == 2 and twice


def test_nothing_is_left_where_it_was_unpacked(zipped, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(upload_batch.tempfile, "tempdir", str(tmp_path / "temporary"))
    answers(UploadBatch([zipped(FILES)]), Model())
    assert list((tmp_path / "temporary").iterdir()) == []


def test_more_than_is_taken_at_once_is_one_sentence(zipped, tmp_path, monkeypatch):
    path = zipped({f"{number}x{number}.png": b"\x89PNG\r\n\x1a\n" for number in range(3)})
    monkeypatch.setattr(upload_batch, "MOST_STUDIES", 2)
    with pytest.raises(BadInput, match="These are 3 studies, and at most 2"):
        UploadBatch([path])
    monkeypatch.setattr(upload_batch, "MOST_FILES", 1)
    with pytest.raises(BadInput, match="At most 1 files are taken at once"):
        UploadBatch([path, path])
    with pytest.raises(BadInput, match="There is no picture"):
        UploadBatch([zipped({"notes.txt": b"x"})])
    with pytest.raises(BadInput, match="gone.zip is no longer here"):
        UploadBatch([tmp_path / "gone.zip"])
    monkeypatch.setattr(upload_batch.zip_reader, "MOST_BYTES", 30)
    with pytest.raises(BadInput, match="more than 0 GB"):
        UploadBatch([path])


def test_the_work_of_a_batch_has_an_end(zipped, monkeypatch):
    batch = UploadBatch([zipped({"x.png": picture()})])
    monkeypatch.setattr(upload_batch, "MOST_WORK", -1.0)
    with pytest.raises(BadInput, match="give the rest by themselves"):
        batch.answer(0, Model())


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@sum", "\tx"])
def test_no_cell_is_a_formula(name):
    row = upload_batch.Row(name, f"{name}.png", "")
    cells = next(csv.reader(io.StringIO(Answered(row, "alone", {"study": name, "error": name}).as_csv())))
    assert len(cells) == len(HEADER) and not any(cell.startswith(upload_batch.FORMULA) for cell in cells)


def test_the_findings_that_the_head_states_have_side_and_probability():
    findings = [
        {"name": "effusion", "stated": True, "side": "left", "probability": 0.825},
        {"name": "hernia", "stated": False, "side": None, "probability": 0.1},
        {"name": "cardiomegaly", "stated": True, "side": None, "probability": 0.5},
    ]
    row = upload_batch.Row("x", "x.png", "")
    assert Answered(row, "alone", {"findings": findings}).stated == "effusion, left (0.82); cardiomegaly (0.50)"
    assert Answered(row, "alone", {"findings": None}).stated == Answered(row, "alone", {"error": "x"}).stated == ""
