"""The command line as a person uses it: answers, exit status, and one line for what is wrong."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from captioner.__main__ import main
from captioner.command_line import INTERRUPTED

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(3)
    for name in ("frontal", "lateral"):
        cv2.imwrite(str(folder / f"{name}.png"), cv2.resize(rng.integers(0, 255, (9, 9), np.uint8), (120, 150)))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    return folder


@pytest.fixture
def run(tiny_checkpoint, capsys, read_once):
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
    names = {"study", "text", "log_prob", "words", "notices", "findings", "claims", "mendings"}
    assert status == 0 and set(answer) == names and answer["findings"] is None
    assert answer["text"] == " ".join(word["text"] for word in answer["words"])
    assert all(set(word) == {"text", "token_id", "log_prob", "attention"} for word in answer["words"])
    assert np.shape(answer["words"][0]["attention"]) == (2, 2, 2)
    assert "lateral view is missing" in error and answer["notices"] == error.splitlines()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.png"],
        ["broken.png"],
        [],
        ["frontal.png", "--length-penalty", "9"],
        ["frontal.png", "--out", "x"],
        ["--studies", "x.csv"],
        ["--studies", "nowhere.csv", "--out", "x"],
        ["--studies", "x.csv", "--out", "x", "--mend", "frontal: invert"],
        ["frontal.png", "--mend", "frontal: tear up"],
        ["frontal.png", "--mend", "both: swap"],
    ],
)
def test_bad_input_is_status_2_and_one_line(run, pictures, arguments):
    arguments = [str(pictures / word) if word.endswith(".png") else word for word in arguments]
    status, out, error = run("predict", *arguments)
    assert (status, out) == (2, "") and error.count("\n") == 1 and "Traceback" not in error


def test_a_bad_argument_is_status_2_and_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "captioner", "predict", "x.png", "--beam-width", "77"], capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1 and "beam-width" in done.stderr


def test_predict_with_a_beam(run, pictures):
    answers = [
        json.loads(run("predict", pictures / "frontal.png", "--json", "--length-penalty", 0, *decoding)[1])
        for decoding in ([], ["--decoding", "beam", "--beam-width", 1], ["--decoding", "beam", "--beam-width", 10])
    ]
    assert answers[0] == answers[1] and answers[2]["log_prob"] >= answers[0]["log_prob"]


def test_predict_offers_what_would_mend_a_picture_and_does_it(run, tmp_path):
    examples = [EXAMPLES / f"normal-{view}.png" for view in ("frontal", "lateral")]
    negative = tmp_path / "normal-frontal.png"
    cv2.imwrite(str(negative), 255 - cv2.imread(str(examples[0]), cv2.IMREAD_GRAYSCALE))
    right, wrong = (json.loads(run("predict", path, examples[1], "--json")[1]) for path in (examples[0], negative))
    assert right["mendings"] == []
    assert wrong["mendings"] == [{"name": "frontal: invert", "offer": "Invert the frontal picture"}]
    assert run("predict", negative, examples[1])[2].endswith('Invert the frontal picture: --mend "frontal: invert"\n')
    mended = json.loads(run("predict", negative, examples[1], "--json", "--mend", "frontal: invert")[1])
    (notice,) = mended.pop("notices")
    assert notice.startswith("The frontal picture was inverted")
    assert mended == {name: value for name, value in right.items() if name != "notices"} != wrong


def test_predict_warns_of_letters_in_a_picture(run, tmp_path):
    pixels, named = cv2.imread(str(EXAMPLES / "normal-frontal.png"), cv2.IMREAD_GRAYSCALE), tmp_path / "named.png"
    cv2.imwrite(str(named), cv2.putText(pixels, "SMITH, JOHN", (20, 30), cv2.FONT_HERSHEY_DUPLEX, 0.6, 255))
    _, out, error = run("predict", named, EXAMPLES / "normal-lateral.png", "--json")
    (notice,) = json.loads(out)["notices"]
    assert notice.startswith("Letters seem to be burnt into the frontal picture") and error == f"{notice}\n"


@pytest.mark.long  # an interrupted command of test_batch_prediction.py shows no chatter either
def test_standard_error_holds_the_notices_and_nothing_else(run, tiny_checkpoint, pictures):
    views = [str(pictures / "frontal.png"), str(pictures / "lateral.png")]
    done = subprocess.run(
        [sys.executable, "-m", "captioner", "predict", *views, "--checkpoint", str(tiny_checkpoint)],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == run("predict", *views)


def test_a_write_that_fails_names_what_it_wrote(monkeypatch, tmp_path, capsys):
    from captioner import phantom

    def full(*_):
        raise OSError(28, "No space left on device")  # as a write does, without the name of a file

    monkeypatch.setattr(phantom, "write", full)
    assert main(["phantoms", "--out", str(tmp_path / "here")]) == 2
    assert capsys.readouterr().err == f"No space left on device: {tmp_path / 'here'}\n"


def test_an_output_without_room_is_status_2_and_one_line(tiny_checkpoint, tmp_path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "tiny")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "captioner", "card", "--checkpoint", str(folder)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "No space left on device: standard output\n")


@pytest.mark.parametrize("command", ["predict", "train", "evaluate", "export"])
def test_no_chatter_of_tensorflow_over_the_one_line_that_matters(tmp_path, command):
    """With a TensorFlow that does nothing but chatter, and is interrupted."""
    (tmp_path / "tensorflow").mkdir()
    chatter = "import os\nos.write(2, b'chatter\\n')\nos.write(1, b'imported\\n')\nraise KeyboardInterrupt\n"
    (tmp_path / "tensorflow" / "__init__.py").write_text(chatter)
    options = {
        "predict": [EXAMPLES / "normal-frontal.png"],
        "train": ["--data", tmp_path, "--out", tmp_path / "out"],
        "evaluate": ["--data", tmp_path, "--out", tmp_path / "out"],
        "export": ["--checkpoint", tmp_path / "nowhere", "--out", tmp_path / "out"],
    }
    done = subprocess.run(
        [sys.executable, "-m", "captioner", command, *map(str, options[command])],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "imported\n", "Interrupted.\n")
