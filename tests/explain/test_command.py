"""The commands of this half, as the command line of the other half offers them."""

import subprocess
import sys

import pytest

from captioner.__main__ import main
from captioner.errors import BadInput


def test_explain_hands_its_options_to_the_report(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr("explain.report.write_report", lambda *args, **more: called.append(args))
    out = tmp_path / "report.html"
    assert main(["explain", "f.png", "l.png", "--out", str(out), "--method", "grad-cam", "--decoding", "beam"]) == 0
    assert main(["explain", "f.png", "--out", str(out)]) == 0
    assert called == [("f.png", "l.png", "grad-cam", out, None, "beam", 3),
                      ("f.png", None, "attention", out, None, "greedy", 3)]


def test_evaluation_prints_its_table(monkeypatch, tmp_path, capsys):
    called = []
    monkeypatch.setattr("explain.evaluation.evaluate_explanations", lambda *args: called.append(args))
    monkeypatch.setattr("explain.evaluation_table.table", lambda result: "the table")
    assert main(["evaluate-explanations", "--data", "phantoms", "--out", str(tmp_path), "--methods", "quick",
                 "occlusion", "--count", "5"]) == 0
    names = ["attention", "grad-cam", "feature-occlusion", "occlusion"]
    assert called == [("phantoms", None, tmp_path, 5, names, 8, "val")]
    assert capsys.readouterr().out == "the table\n"


def test_phantoms_and_real_studies_in_one_command_make_one_table(monkeypatch, tmp_path):
    called, page = [], tmp_path / "README.md"
    page.write_text("<!-- methods by evidence -->\n<!-- end of methods by evidence -->\n")
    monkeypatch.setattr("explain.evaluation.evaluate_explanations", lambda *args: called.append(args))
    monkeypatch.setattr("explain.evaluation_table.table", lambda result: "")
    monkeypatch.setattr("explain.evidence_summary.read", list)
    monkeypatch.setattr("explain.evidence_summary.summary", lambda folders: f"{[folder.name for folder in folders]}\n")
    out = tmp_path / "out"
    assert main(["evaluate-explanations", "--data", "phantoms", "DIR", "--out", str(out), "--into", str(page)]) == 0
    assert [args[0] for args in called] == ["phantoms", "DIR"]
    assert [args[2] for args in called] == [out / "phantoms", out / "collection-1"]
    assert "['phantoms', 'collection-1']" in page.read_text()
    page.write_text("no marks")
    for wrong in (["--data", "DIR", "DIR"], ["--data", "DIR", "--into", str(page)]):
        assert main(["evaluate-explanations", "--out", str(out), *wrong]) == 2
    assert len(called) == 2


def test_bad_input_is_one_line(monkeypatch, tmp_path, capsys):
    def refuse(*args, **more):
        raise BadInput("frontal.png is empty.")

    monkeypatch.setattr("explain.report.write_report", refuse)
    assert main(["explain", "frontal.png", "--out", str(tmp_path / "x.html")]) == 2
    assert capsys.readouterr().err == "frontal.png is empty.\n"
    file = tmp_path / "file"
    file.write_text("")
    assert main(["evaluate-explanations", "--data", "phantoms", "--out", str(file)]) == 2
    assert "not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [
    ["--count", "0"], ["--count", "-1"], ["--methods", "x-ray"], ["--slow-count", "a"]])
def test_what_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate-explanations", "--data", "phantoms", "--out", "x", *arguments])
    assert stop.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1


def test_the_command_line_starts_without_tensorflow():
    program = ("import sys, captioner.__main__ as line; line._parser(); "
               "sys.exit('tensorflow' in sys.modules or 'matplotlib' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
