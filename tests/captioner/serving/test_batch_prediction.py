"""Many studies from a table: in order, going on where it stopped, and never over anything that is not its own."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from captioner.__main__ import main
from captioner.serving import batch_prediction

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two pictures and one broken one, in the folder of the table; the program runs elsewhere."""
    data = tmp_path / "data"
    data.mkdir()
    rng = np.random.default_rng(3)
    for name in ("frontal", "lateral"):
        cv2.imwrite(str(data / f"{name}.png"), cv2.resize(rng.integers(0, 255, (9, 9), np.uint8), (120, 150)))
    (data / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return data


@pytest.fixture
def run(tiny_checkpoint, capsys):
    def run(*arguments, checkpoint=tiny_checkpoint):
        status = main(["predict", *map(str, arguments), "--checkpoint", str(checkpoint)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err.strip().splitlines()[-1:]

    return run


@pytest.fixture
def read(monkeypatch):
    """The frontal pictures that were read since the test asked, by name."""
    names, real = [], batch_prediction.read_study

    def read_study(frontal, lateral=None, **mend):
        names.append(Path(frontal).name)
        return real(frontal, lateral, **mend)

    monkeypatch.setattr(batch_prediction, "read_study", read_study)
    return names


def table(folder, *rows):
    path = folder / "studies.csv"
    path.write_text("study,frontal,lateral\n" + "".join(",".join(row) + "\n" for row in rows))
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def state(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_all_are_answered_in_order_and_the_exit_status_tells_of_a_bad_one(run, folder):
    studies = table(folder, ("a", "frontal.png", "lateral.png"), ("b", "broken.png", ""), ("c", "frontal.png", ""))
    out = folder / "out.jsonl"
    status, _, (said,) = run("--studies", studies, "--out", out)
    assert status == 2 and said.startswith("1 of the 3 studies of studies.csv could not be read; out.jsonl says why.")
    a, b, c = lines(out)
    assert [a["study"], b["study"], c["study"]] == ["a", "b", "c"]
    assert set(b) == {"study", "error"} and "broken.png" in b["error"] and a["words"] and c["words"]
    assert a["text"] == run(folder / "frontal.png", folder / "lateral.png")[1].strip()
    assert sorted(state(folder)) == sorted(
        ["broken.png", "frontal.png", "lateral.png", "out.jsonl", "out.jsonl.run.json", "studies.csv"]
    )


def test_a_table_says_what_is_to_be_mended(run, folder):
    pixels = {view: cv2.imread(str(folder / f"{view}.png"), cv2.IMREAD_GRAYSCALE) for view in ("frontal", "lateral")}
    cv2.imwrite(str(folder / "negative.png"), 255 - pixels["frontal"])
    studies = folder / "studies.csv"
    studies.write_text(
        "study,frontal,lateral, Mend\n"
        "right,frontal.png,lateral.png,\n"
        "mended,lateral.png,negative.png,both: swap ; frontal: invert\n"
        "alone,frontal.png,,both: swap\n"
    )
    assert run("--studies", studies, "--out", folder / "out.jsonl")[0] == 2
    right, mended, alone = lines(folder / "out.jsonl")
    assert {**mended, "study": "right", "notices": right["notices"]} == right
    assert [each.split(" before ")[0] for each in mended["notices"][:2]] == [
        "The two views were swapped",
        "The frontal picture was inverted",
    ]
    assert "cannot be swapped" in alone["error"]
    studies.write_text("study,frontal,lateral,mend\na,frontal.png,,\nb,frontal.png,,frontal: tear up\n")
    status, _, (said,) = run("--studies", studies, "--out", folder / "other.jsonl")
    assert status == 2 and said.startswith("studies.csv, line 3: There is no such mending")
    assert not (folder / "other.jsonl").exists()


def test_what_failed_is_tried_again_and_what_was_answered_is_not(run, folder, read):
    studies = table(folder, ("a", "frontal.png", ""), ("b", "broken.png", ""), ("c", "lateral.png", ""))
    out = folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 2
    first = lines(out)
    read.clear()
    assert run("--studies", studies, "--out", out)[0] == 2  # still broken, and still told
    assert read == ["broken.png"] and lines(out) == first
    shutil.copy(folder / "frontal.png", folder / "broken.png")
    read.clear()
    assert run("--studies", studies, "--out", out)[0] == 0
    assert read == ["broken.png"] and [line["study"] for line in lines(out)] == ["a", "b", "c"]
    assert lines(out)[1]["text"] == first[0]["text"] and lines(out)[::2] == first[::2]
    read.clear()
    assert run("--studies", studies, "--out", out)[0] == 0 and read == []


def test_a_picture_that_was_put_in_the_place_of_another_is_read_again(run, folder, read):
    studies, out = table(folder, ("a", "frontal.png", ""), ("b", "lateral.png", "")), folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 0
    time.sleep(0.05)  # a file system counts time in steps
    shutil.copy2(folder / "frontal.png", folder / "new.png")
    os.replace(folder / "new.png", folder / "lateral.png")
    read.clear()
    assert run("--studies", studies, "--out", out)[0] == 0
    assert read == ["lateral.png"] and lines(out)[0]["text"] == lines(out)[1]["text"]


@pytest.mark.parametrize("broken_off", [b"", b"{", b'{"study": "c", "te', b'{"study"' + bytes(40), bytes(9)])
def test_it_goes_on_after_a_line_that_was_broken_off(run, folder, read, broken_off):
    studies, out = table(folder, *((name, "frontal.png", "") for name in "abcdefgh")), folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 0
    whole = out.read_bytes()
    out.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]) + broken_off)
    read.clear()
    assert run("--studies", studies, "--out", out)[0] == 0
    assert len(read) == 6 and out.read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [
        "my notes\nmore of them\n",
        "my notes",
        '{"study": "a", "text": "x"}\n',  # as if predicted, but who knows with what
        '{"study": "a", "text": "x"}\nnotes',
        "\n",
    ],
)
def test_another_file_is_left_as_it_is(run, folder, content):
    studies, out = table(folder, ("a", "frontal.png", "")), folder / "out.jsonl"
    out.write_text(content)
    before = state(folder)
    status, _, (said,) = run("--studies", studies, "--out", out)
    assert status == 2 and "something else" in said and state(folder) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: whole + b"my notes\n",
        lambda whole: whole + b"my notes",
        lambda whole: b"x" + whole,
        lambda whole: whole + whole,
        lambda whole: whole.replace(b'"a"', b'"z"'),
        lambda whole: b"[]\n",
    ],
)
def test_a_file_that_was_changed_by_others_is_left_as_it_is(run, folder, change):
    studies, out = table(folder, ("a", "frontal.png", ""), ("b", "frontal.png", "")), folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 0
    out.write_bytes(change(out.read_bytes()))
    before = state(folder)
    status, _, (said,) = run("--studies", studies, "--out", out)
    assert status == 2 and "something else" in said and state(folder) == before


def test_links_devices_folders_and_the_table_itself_are_refused(run, folder):
    studies = table(folder, ("a", "frontal.png", ""))
    (folder / "target").write_text("my notes")
    (folder / "link").symlink_to("target")
    (folder / "nowhere").symlink_to("not-there-yet")
    (folder / "sub").mkdir()
    os.link(studies, folder / "again.csv")
    before = state(folder)
    for out in ("link", "nowhere", "sub", "/dev/null", "studies.csv", "again.csv", "frontal.png"):
        status, _, (said,) = run("--studies", studies, "--out", folder / out)
        assert status == 2 and "give " in said
    assert state(folder) == before and not (folder / "not-there-yet").exists()


def test_an_empty_table_is_not_written_over_either(run, folder):
    studies = folder / "studies.csv"
    studies.write_text("")
    assert run("--studies", studies, "--out", studies)[0] == 2 and studies.read_text() == ""


def test_a_record_that_is_none_is_left_as_it_is(run, folder):
    studies = table(folder, ("a", "frontal.png", ""))
    (folder / "out.jsonl.run.json").write_text('{"mine": 1}')
    before = state(folder)
    status, _, (said,) = run("--studies", studies, "--out", folder / "out.jsonl")
    assert status == 2 and "no record of predictions" in said and state(folder) == before


def test_an_output_that_was_removed_or_emptied_is_begun_anew(run, folder):
    studies, out = table(folder, ("a", "frontal.png", "")), folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 0
    whole = out.read_bytes()
    out.unlink()
    assert run("--studies", studies, "--out", out)[0] == 0 and out.read_bytes() == whole
    out.write_bytes(b"")
    assert run("--studies", studies, "--out", out, "--decoding", "beam")[0] == 0 and lines(out)


def test_only_the_same_checkpoint_table_and_search_go_on(run, folder, tiny_checkpoint, tmp_path):
    studies, out = table(folder, ("a", "frontal.png", ""), ("b", "frontal.png", "")), folder / "out.jsonl"
    other = shutil.copytree(tiny_checkpoint, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "decoding": {"max_words": 3, "length_penalty": 0.7}}))
    beam = ("--decoding", "beam", "--beam-width", 2)
    assert run("--studies", studies, "--out", out, *beam)[0] == 0
    before = state(folder)
    for what, options, checkpoint in (
        ("search", (), tiny_checkpoint),
        ("search", ("--decoding", "beam", "--beam-width", 3), tiny_checkpoint),
        ("search", (*beam, "--length-penalty", 0.1), tiny_checkpoint),
        ("checkpoint", beam, other),
        ("choice of maps", (*beam, "--without-maps"), tiny_checkpoint),
    ):
        status, _, (said,) = run("--studies", studies, "--out", out, *options, checkpoint=checkpoint)
        assert status == 2 and f"begun with another {what}" in said and state(folder) == before
    # What does not change the answers may differ: the penalty spelt out, the folder's name.
    moved = shutil.copytree(tiny_checkpoint, tmp_path / "moved")
    assert run("--studies", studies, "--out", out, *beam, "--length-penalty", 0.7, checkpoint=moved)[0] == 0
    table(folder, ("a", "lateral.png", ""))
    status, _, (said,) = run("--studies", studies, "--out", out, *beam)
    assert (
        status == 2 and "begun with another table" in said and (folder / "out.jsonl").read_bytes() == before[out.name]
    )


def test_without_maps_a_line_is_the_same_but_for_them_and_older_records_go_on(run, folder):
    studies, out, short = table(folder, ("a", "frontal.png", "")), folder / "out.jsonl", folder / "short.jsonl"
    assert (
        run("--studies", studies, "--out", out)[0]
        == run("--studies", studies, "--out", short, "--without-maps")[0]
        == 0
    )
    (whole,), (line,) = lines(out), lines(short)
    assert [word["attention"] for word in line["words"]] == [None] * len(line["words"])
    assert all(word["attention"] for word in whole["words"])
    for word in whole["words"]:
        word["attention"] = None
    assert line == whole
    record = folder / "out.jsonl.run.json"
    begun = json.loads(record.read_text())
    del begun["maps"]  # as versions before wrote it
    record.write_text(json.dumps(begun))
    assert run("--studies", studies, "--out", out)[0] == 0


def test_two_runs_at_once_are_refused(run, folder):
    studies, out = table(folder, ("a", "frontal.png", "")), folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 0
    before = state(folder)
    with open(folder / "out.jsonl.run.json") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        status, _, (said,) = run("--studies", studies, "--out", out)
        assert status == 2 and said.startswith("Another run is writing out.jsonl") and state(folder) == before
    assert run("--studies", studies, "--out", out)[0] == 0


def test_standard_output_takes_the_lines_and_is_never_gone_on_with(run, folder):
    studies, out = table(folder, ("a", "frontal.png", "lateral.png"), ("b", "broken.png", "")), folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 2
    for _ in range(2):
        status, printed, (said,) = run("--studies", studies, "--out", "-")
        assert status == 2 and printed == out.read_text() and "the output says why" in said
    assert not Path("-").exists()


def test_pictures_are_found_beside_the_table_where_the_program_runs_and_at_home(run, folder, monkeypatch):
    for place in ("here", "home"):
        (folder.parent / place).mkdir()
        shutil.copy(folder / "frontal.png", folder.parent / place / f"{place}.png")
    monkeypatch.chdir(folder.parent / "here")
    monkeypatch.setenv("HOME", str(folder.parent / "home"))
    (folder / "sub").mkdir()
    shutil.copy(folder / "frontal.png", folder / "sub" / "x.png")
    names = ("frontal.png", "here.png", "~/home.png", "sub\\x.png", str(folder / "frontal.png"))
    studies = table(folder, *((str(number), name, "") for number, name in enumerate(names)))
    assert run("--studies", studies, "--out", folder / "out.jsonl")[0] == 0
    assert len({line["text"] for line in lines(folder / "out.jsonl")}) == 1


def test_a_picture_that_is_nowhere_says_where_it_was_looked_for(run, folder):
    studies, out = table(folder, ("a", "frontal.png", ""), ("b", "sub/gone.png", "")), folder / "out.jsonl"
    assert run("--studies", studies, "--out", out)[0] == 2
    error = lines(out)[1]["error"]
    assert error == f"sub/gone.png does not exist: looked for in {folder} and in {Path.cwd()}."


@pytest.mark.parametrize(
    "content",
    [
        "",
        "study,frontal\nx,y\n",
        "study,frontal,lateral\n,x.png,\n",
        "study,frontal,lateral\na,x.png,\na,y.png,\n",
        "study,frontal,lateral\na,broken.png,\n",
    ],
)
def test_a_bad_table_is_one_line(folder, tiny_checkpoint, capsys, content):
    studies = folder / "bad.csv"
    studies.write_text(content)
    out = folder / "out.jsonl"
    assert main(["predict", "--studies", str(studies), "--out", str(out), "--checkpoint", str(tiny_checkpoint)]) == 2
    assert capsys.readouterr().err.strip().count("\n") == 0


def test_an_interruption_is_one_line_and_the_next_run_goes_on(folder, tiny_checkpoint):
    studies, out = table(folder, *((f"s{number}", "frontal.png", "") for number in range(400))), folder / "out.jsonl"
    command = [sys.executable, "-m", "captioner", "predict", "--studies", str(studies), "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--checkpoint", str(tiny_checkpoint)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # As from a terminal, even where the tests run in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (out.exists() and out.stat().st_size) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130 and said == "Interrupted.\n"
    answered = lines(out)
    assert [line["study"] for line in answered] == [f"s{number}" for number in range(len(answered))]
    assert 0 < len(answered) < 400
