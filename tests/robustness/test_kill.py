"""kill -9 in the middle of the work: the next start is clean, and what was written before is kept.

`python -m pytest tests/robustness/test_kill.py -m "long or not long"` kills pages, predictions, exports and reports.
The ordinary suite kills a process that does what a page does at its start, and interrupts predictions in
tests/captioner/serving/test_batch_prediction.py.
"""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from captioner.__main__ import main
from explain.report import page as report
from panels.server import upload_folder
from tests.robustness.server import ROOT, START, ask, begin_caption, caption, dashboard_process, listener, upload


def servers(temporary):
    """The folders that servers have for themselves."""
    return sorted(temporary.glob(f"{upload_folder.NAME}-*/server-*"))


def half_an_upload(address):
    """Send the beginning of an upload, and nothing more; returns the open connection."""
    host, port = address.removeprefix("http://").strip("/").split(":")
    connection = socket.create_connection((host, int(port)), timeout=START)
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="half.png"\r\n\r\n' + b"\x89PNG" * 200_000
    connection.sendall(
        b"POST /gradio_api/upload HTTP/1.1\r\nHost: " + host.encode() + b"\r\nContent-Length: 9000000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + part
    )
    return connection


def wait_for(condition, seconds=START):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def clean_start(temporary, server, left):
    """Whether a server that has just come up found nothing of the one before, and keeps its own things together."""
    outside = [path for path in temporary.rglob("*") if path.is_file() and temporary / "matplotlib" not in path.parents]
    return not left.exists() and servers(temporary) == [server] and all(server in path.parents for path in outside)


def export_report(address, picture, checkpoint, visitor):
    """Have a picture captioned and its report written, as the page does; yields what is told of the report."""
    *_, told = ask(
        address, listener(address, "run", "click"), [picture, None, checkpoint, "greedy", 3, 0.7, None, None], visitor
    )
    assert told["output"]["data"][0]["state"] == "caption"
    wish = {"kind": "report", "method": "occlusion", "number": 1}
    return ask(address, listener(address, "viewer", "slow_file"), [None], visitor, wish)


@pytest.mark.long
def test_a_server_killed_in_upload_caption_and_export_leaves_nothing_to_the_next(tmp_path, tiny_checkpoint, chest):
    temporary, name = tmp_path / "temporary", tiny_checkpoint.name
    temporary.mkdir()
    with dashboard_process(temporary, "--checkpoint", tiny_checkpoint) as (process, address):
        whole = upload(address, chest)
        (left,) = servers(temporary)
        files = len(list(left.rglob("*")))
        told = export_report(address, whole, name, "first")
        while next(told)["msg"] != "process_generating":
            pass
        with half_an_upload(address):
            wait_for(lambda: len(list(left.rglob("*"))) > files)  # it is being written
            begin_caption(address, whole, name)
            process.send_signal(signal.SIGKILL)
            process.wait()
        with pytest.raises((httpx.HTTPError, AssertionError)):  # the report was not finished
            list(told)
    assert left.is_dir()  # nobody could clean up
    with dashboard_process(temporary, "--checkpoint", tiny_checkpoint) as (process, address):
        assert clean_start(temporary, *servers(temporary), left)
        assert caption(address, upload(address, chest), name)["words"]
        *_, told = export_report(address, upload(address, chest), name, "second")
        file = told["output"]["data"][0]
        assert file["state"] == "done"
        page = base64.b64decode(file["url"].partition("base64,")[2])
        assert page.startswith(b"<!DOCTYPE html>") and page.rstrip().endswith(b"</html>")
        assert clean_start(temporary, *servers(temporary), left)  # the report went to the visitor, and to no file
        process.send_signal(signal.SIGINT)
        process.wait(START)
    assert servers(temporary) == []


HOLDS = """
import sys, time
from panels.server import upload_folder
folder = upload_folder.keep_apart(sys.argv[1])
(folder / "half.part").write_bytes(b"half")
print(folder, flush=True)
time.sleep(600)
"""


def test_the_folder_of_a_killed_process_goes_at_the_next_start(tmp_path, apart):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    left = Path(process.stdout.readline().strip())
    assert upload_folder.keep_apart(tmp_path).is_dir() and (left / "half.part").is_file()  # it lives, and keeps it
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert left.is_dir()  # nobody could clean up
    assert upload_folder.keep_apart(tmp_path).is_dir() and not left.exists()


@pytest.fixture
def apart(monkeypatch):
    """Folders of servers in this process, as if each were another's; this process's own things stay where they were."""
    monkeypatch.setattr(upload_folder.tempfile, "tempdir", upload_folder.tempfile.tempdir)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    monkeypatch.setattr(upload_folder.atexit, "register", lambda *what, **how: None)
    held = []
    monkeypatch.setattr(upload_folder, "_held", held)
    yield held
    for lock in held:
        os.close(lock)


def test_folders_of_the_living_are_left_alone(tmp_path, apart):
    first = upload_folder.keep_apart(tmp_path)
    (first / "uploads").mkdir()
    second = upload_folder.keep_apart(tmp_path)
    assert (first / "uploads").is_dir() and second.is_dir() and first != second
    os.close(apart.pop(0))  # the first server is dead now
    third = upload_folder.keep_apart(tmp_path)
    assert not first.exists() and second.is_dir() and third.is_dir()
    assert os.environ["GRADIO_TEMP_DIR"] == str(third / "uploads") and upload_folder.tempfile.gettempdir() == str(third)


@pytest.mark.long
def test_predictions_killed_again_and_again_end_as_if_never_killed(tmp_path, tiny_checkpoint, chest):
    times = 12
    count = 40 * times
    rows = "".join(f"s{number},{chest.name},\n" for number in range(count))
    (tmp_path / "studies.csv").write_text("study,frontal,lateral\n" + rows)
    out = tmp_path / "out.jsonl"
    command = [
        sys.executable,
        "-m",
        "captioner",
        "predict",
        "--studies",
        str(tmp_path / "studies.csv"),
        "--out",
        str(out),
        "--checkpoint",
        str(tiny_checkpoint),
    ]

    def written():
        return out.read_bytes().count(b"\n") if out.exists() else 0

    for _ in range(times):
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        before = written()
        wait_for(lambda before=before, process=process: written() > before or process.poll() is not None)
        process.kill()
        process.wait()
        with open(out, "ab") as file:
            file.write(b'{"study": "s')  # and a line broken off where the disk had it
    assert main(command[3:]) == 0
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [answer["study"] for answer in answers] == [f"s{number}" for number in range(count)]
    assert len({answer["text"] for answer in answers}) == 1 and all(answer["words"] for answer in answers)


def names(folder):
    """What lies in a folder that another process may make or move away just now."""
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_a_saved_model_killed_half_written_is_not_there_and_the_next_export_is_whole(tmp_path, tiny_checkpoint):
    """TensorFlow Serving looks for numbers: it finds the good one from before, and never half of a new one."""
    served = tmp_path / "cxr"
    (served / "1").mkdir(parents=True)
    (served / "1" / "saved_model.pb").write_bytes(b"the good one")
    out, part = served / "2", served / ".2.part"
    arguments = ["export", "--checkpoint", str(tiny_checkpoint), "--out", str(out)]
    for kill in range(6):
        process = subprocess.Popen(
            [sys.executable, "-m", "captioner", *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda process=process: (names(part) and "left" not in names(part)) or process.poll() is not None)
        time.sleep(0.1 * kill)
        process.kill()
        process.wait()
        whole = out.exists()  # this kill came too late
        assert not whole or (kill and (out / "assets.extra" / "signatures.json").is_file() and not part.exists())
        if whole:
            out.rename(tmp_path / f"whole-{kill}")
        else:
            (part / "left").write_text("of the dead")
    assert files(served / "1") == {Path("saved_model.pb"): b"the good one"}
    assert main(arguments) == 0
    assert sorted(path.name for path in served.iterdir()) == ["1", "2"]
    assert {"saved_model.pb", "variables", "assets.extra"} <= set(names(out)) and "left" not in names(out)


def test_a_report_killed_half_written_leaves_the_old_one(tmp_path, monkeypatch):
    class Killed(BaseException):
        """Nobody catches this, as nobody catches kill -9."""

    def half(path, content):
        with open(path, "wb") as file:
            file.write(content[: len(content) // 2])
        raise Killed

    out = tmp_path / "report.html"
    out.write_bytes(b"<p>before</p></html>")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "write_bytes", half)
        report._replace(out, b"<p>after</p></html>")
    assert out.read_bytes() == b"<p>before</p></html>"
    report._replace(out, b"<p>after</p></html>")
    assert files(tmp_path) == {Path("report.html"): b"<p>after</p></html>"}


@pytest.mark.long
@pytest.mark.parametrize("after", [2, 6, 10, 14])
def test_an_export_killed_leaves_the_old_file_or_a_whole_new_one(tmp_path, tiny_checkpoint, chest, after):
    out = tmp_path / "report.html"
    out.write_text("<p>before</p></html>")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "explain",
            str(chest),
            "--checkpoint",
            str(tiny_checkpoint),
            "--out",
            str(out),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert out.read_text().rstrip().endswith("</html>")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".html") == ["report.html"]
