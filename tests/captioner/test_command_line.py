"""The command line as a person uses it: answers, exit status, and one line for what is wrong."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from captioner.__main__ import main


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(3)
    for name in ("frontal", "lateral"):
        cv2.imwrite(str(folder / f"{name}.png"), cv2.resize(rng.integers(0, 255, (9, 9), np.uint8), (120, 150)))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    return folder


@pytest.fixture
def run(tiny_checkpoint, capsys):
    def run(*arguments):
        status = main([*map(str, arguments), "--checkpoint", str(tiny_checkpoint)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_predict_prints_the_impression(run, pictures):
    status, out, _ = run("predict", pictures / "frontal.png", pictures / "lateral.png")
    assert status == 0 and out.count("\n") == 1


def test_predict_json(run, pictures):
    status, out, error = run("predict", pictures / "frontal.png", "--json")
    answer = json.loads(out)
    assert status == 0 and set(answer) == {"study", "text", "log_prob", "words"}
    assert answer["text"] == " ".join(word["text"] for word in answer["words"])
    assert all(set(word) == {"text", "token_id", "log_prob", "attention"} for word in answer["words"])
    assert np.shape(answer["words"][0]["attention"]) == (2, 2, 2)
    assert "lateral view is missing" in error


@pytest.mark.parametrize("arguments", [
    ["nowhere.png"], ["broken.png"], [], ["frontal.png", "--length-penalty", "9"], ["frontal.png", "--out", "x"],
])
def test_bad_input_is_status_2_and_one_line(run, pictures, arguments):
    arguments = [str(pictures / word) if word.endswith(".png") else word for word in arguments]
    status, out, error = run("predict", *arguments)
    assert (status, out) == (2, "") and error.count("\n") == 1 and "Traceback" not in error


def test_a_bad_argument_is_status_2_and_one_line():
    done = subprocess.run([sys.executable, "-m", "captioner", "predict", "x.png", "--beam-width", "77"], capture_output=True,
                          text=True)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1 and "beam-width" in done.stderr


def test_predict_with_a_beam(run, pictures):
    answers = [json.loads(run("predict", pictures / "frontal.png", "--json", "--length-penalty", 0, *decoding)[1])
               for decoding in ([], ["--decoding", "beam", "--beam-width", 1], ["--decoding", "beam", "--beam-width", 10])]
    assert answers[0] == answers[1] and answers[2]["log_prob"] >= answers[0]["log_prob"]


def test_standard_error_holds_the_notices_and_nothing_else(run, tiny_checkpoint, pictures):
    views = [str(pictures / "frontal.png"), str(pictures / "lateral.png")]
    done = subprocess.run([sys.executable, "-m", "captioner", "predict", *views, "--checkpoint", str(tiny_checkpoint)],
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == run("predict", *views)


def studies(folder, *rows):
    path = folder / "studies.csv"
    path.write_text("study,frontal,lateral\n" + "".join(",".join(row) + "\n" for row in rows))
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_many_studies_in_order_and_a_bad_one_does_not_stop_the_others(run, pictures, tmp_path):
    table = studies(pictures, ("a", "frontal.png", "lateral.png"), ("b", "broken.png", ""), ("c", "frontal.png", ""))
    assert run("predict", "--studies", table, "--out", tmp_path / "out.jsonl")[0] == 0
    a, b, c = lines(tmp_path / "out.jsonl")
    assert [a["study"], b["study"], c["study"]] == ["a", "b", "c"]
    assert "broken.png" in b["error"] and a["words"] and c["words"]
    _, alone, _ = run("predict", pictures / "frontal.png", pictures / "lateral.png")
    assert a["text"] == alone.strip()


def test_many_studies_go_on_where_they_stopped(run, pictures, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text('{"study": "a", "text": "kept"}\n{"study": "b", "te')
    table = studies(pictures, *((name, "frontal.png", "") for name in "abcdefgh"))
    assert run("predict", "--studies", table, "--out", out)[0] == 0
    answers = lines(out)
    assert [answer["study"] for answer in answers] == list("abcdefgh")
    assert answers[0]["text"] == "kept" and answers[1]["words"]


@pytest.mark.parametrize("content", ["", "study,frontal\nx,y\n", "study,frontal,lateral\n,x.png,\n",
                                     "study,frontal,lateral\na,x.png,\na,y.png,\n", "study,frontal,lateral\na,broken.png,\n"])
def test_a_bad_table_is_one_line(run, pictures, tmp_path, content):
    table = pictures / "bad.csv"
    table.write_text(content)
    status, _, error = run("predict", "--studies", table, "--out", tmp_path / "out.jsonl")
    assert status == 2 and error.strip().count("\n") == 0


def test_predictions_never_overwrite_another_file(run, pictures, tmp_path):
    (tmp_path / "out.jsonl").write_text("my notes\nmore of them\n")
    table = studies(pictures, ("a", "frontal.png", ""))
    status, _, _ = run("predict", "--studies", table, "--out", tmp_path / "out.jsonl")
    assert status == 2 and (tmp_path / "out.jsonl").read_text() == "my notes\nmore of them\n"


def test_a_write_that_fails_names_what_it_wrote(monkeypatch, tmp_path, capsys):
    from captioner import phantom

    def full(*_):
        raise OSError(28, "No space left on device")  # as a write does, without the name of a file

    monkeypatch.setattr(phantom, "write", full)
    assert main(["phantoms", "--out", str(tmp_path / "here")]) == 2
    assert capsys.readouterr().err == f"No space left on device: {tmp_path / 'here'}\n"


def test_an_output_without_room_is_status_2_and_one_line(tiny_checkpoint, pictures):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "captioner", "predict", str(pictures / "frontal.png"), str(pictures / "lateral.png"),
             "--checkpoint", str(tiny_checkpoint)], stdout=full, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert done.returncode == 2 and done.stderr.splitlines()[-1] == "No space left on device: standard output"
    assert "Traceback" not in done.stderr and "ignored" not in done.stderr
