"""`python -m explain` and its commands."""

import subprocess
import sys
from pathlib import Path

import pytest

from captioner.errors import BadInput
from explain.__main__ import main


def test_explain_hands_its_options_to_the_report(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr("explain.report.page.write_report", lambda *args, **more: called.append(args))
    out = tmp_path / "report.html"
    assert main(["f.png", "l.png", "--out", str(out), "--method", "grad-cam", "--decoding", "beam"]) == 0
    assert main(["f.png", "--out", str(out)]) == 0
    assert called == [
        ("f.png", "l.png", "grad-cam", out, None, "beam", 3),
        ("f.png", None, "attention", out, None, "greedy", 3),
    ]


def test_evaluation_prints_its_table(monkeypatch, tmp_path, capsys):
    called = []
    monkeypatch.setattr("explain.benchmark.evaluate.evaluate_explanations", lambda *args: called.append(args))
    monkeypatch.setattr("explain.benchmark.tables.table", lambda result: "the table")
    assert (
        main(
            [
                "evaluate",
                "--data",
                "phantoms",
                "--out",
                str(tmp_path),
                "--methods",
                "quick",
                "occlusion",
                "--count",
                "5",
            ]
        )
        == 0
    )
    names = ["attention", "grad-cam", "feature-occlusion", "occlusion"]
    assert called == [("phantoms", None, tmp_path, 5, names, 8, "val")]
    assert capsys.readouterr().out == "the table\n"


def test_phantoms_and_real_studies_in_one_command_make_one_table(monkeypatch, tmp_path):
    called, page = [], tmp_path / "README.md"
    page.write_text("<!-- methods by evidence -->\n<!-- end of methods by evidence -->\n")
    monkeypatch.setattr("explain.benchmark.evaluate.evaluate_explanations", lambda *args: called.append(args))
    monkeypatch.setattr("explain.benchmark.tables.table", lambda result: "")
    monkeypatch.setattr("explain.benchmark.methods_table.read", list)
    monkeypatch.setattr(
        "explain.benchmark.methods_table.summary", lambda folders: f"{[folder.name for folder in folders]}\n"
    )
    out = tmp_path / "out"
    assert main(["evaluate", "--data", "phantoms", "DIR", "--out", str(out), "--into", str(page)]) == 0
    assert [args[0] for args in called] == ["phantoms", "DIR"]
    assert [args[2] for args in called] == [out / "phantoms", out / "collection-1"]
    assert "['phantoms', 'collection-1']" in page.read_text()
    page.write_text("no marks")
    for wrong in (["--data", "DIR", "DIR"], ["--data", "DIR", "--into", str(page)]):
        assert main(["evaluate", "--out", str(out), *wrong]) == 2
    assert len(called) == 2


def test_boxes_are_evaluated_for_several_checkpoints_and_put_into_a_page(monkeypatch, tmp_path, capsys):
    called, page = [], tmp_path / "evidence.md"
    page.write_text("<!-- maps against boxes -->\n<!-- end of maps against boxes -->\n")
    monkeypatch.setattr("explain.benchmark.boxes.evaluate_boxes", lambda *args: called.append(args))
    monkeypatch.setattr("explain.benchmark.boxes_table.summary", lambda result: "the numbers\n")
    more = ["--checkpoint", "a", "b", "--methods", "attention", "--split", "test", "--into", str(page)]
    assert main(["evaluate", "--boxes", "DIR", "--out", str(tmp_path / "out"), *more]) == 0
    assert called == [(Path("DIR"), [Path("a"), Path("b")], tmp_path / "out", ["attention"], "test", None)]
    assert "the numbers" in page.read_text() and "the numbers" in capsys.readouterr().out
    for wrong in ([], ["--data", "phantoms", "--checkpoint", "a", "b"]):
        assert main(["evaluate", "--out", str(tmp_path / "out"), *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_bad_input_is_one_line(monkeypatch, tmp_path, capsys):
    def refuse(*args, **more):
        raise BadInput("frontal.png is empty.")

    monkeypatch.setattr("explain.report.page.write_report", refuse)
    assert main(["frontal.png", "--out", str(tmp_path / "x.html")]) == 2
    assert capsys.readouterr().err == "frontal.png is empty.\n"
    file = tmp_path / "file"
    file.write_text("")
    assert main(["evaluate", "--data", "phantoms", "--out", str(file)]) == 2
    assert "not a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--count", "0"], ["--count", "-1"], ["--methods", "x-ray"], ["--slow-count", "a"]]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "--data", "phantoms", "--out", "x", *arguments])
    assert stop.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1


def test_the_command_line_starts_without_tensorflow():
    program = (
        "import sys, explain.__main__ as line; line._explain_parser(), line._evaluate_parser(); "
        "sys.exit('tensorflow' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
