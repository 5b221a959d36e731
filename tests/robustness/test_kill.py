"""kill -9 in the middle of the work: the next start is clean, and what was written before is kept.

`python -m pytest tests/robustness/test_kill.py -m "long or not long"` also kills in the middle of an export.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from panels import uploads
from tests.robustness.server import ROOT, START, begin_caption, caption, dashboard_process, upload


def servers(temporary):
    """The folders that servers have for themselves."""
    return sorted(temporary.glob(f"{uploads.NAME}-*/server-*"))


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


def test_a_server_killed_in_an_upload_and_a_caption_leaves_nothing_to_the_next(tmp_path, tiny_checkpoint, chest):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with dashboard_process(temporary, "--checkpoint", tiny_checkpoint) as (process, address):
        whole = upload(address, chest)
        (left,) = servers(temporary)
        files = len(list(left.rglob("*")))
        with half_an_upload(address):
            wait_for(lambda: len(list(left.rglob("*"))) > files)  # it is being written
            begin_caption(address, whole, tiny_checkpoint.name)
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert left.is_dir()  # nobody could clean up
    with dashboard_process(temporary, "--checkpoint", tiny_checkpoint) as (process, address):
        assert not left.exists() and len(servers(temporary)) == 1
        assert caption(address, upload(address, chest), tiny_checkpoint.name)["words"]
        outside = [path for path in temporary.rglob("*") if path.is_file() and temporary / "matplotlib" not in path.parents]
        assert all(servers(temporary)[0] in path.parents for path in outside), outside
        process.send_signal(signal.SIGINT)
        process.wait(START)
    assert servers(temporary) == []


def test_folders_of_the_living_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads.tempfile, "tempdir", uploads.tempfile.tempdir)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    monkeypatch.setattr(uploads.atexit, "register", lambda *what, **how: None)
    monkeypatch.setattr(uploads, "_held", [])
    first = uploads.keep_apart(tmp_path)
    (first / "uploads").mkdir()
    second = uploads.keep_apart(tmp_path)
    assert (first / "uploads").is_dir() and second.is_dir() and first != second
    os.close(uploads._held.pop(0))  # the first server is dead now
    third = uploads.keep_apart(tmp_path)
    assert not first.exists() and second.is_dir() and third.is_dir()
    assert os.environ["GRADIO_TEMP_DIR"] == str(third / "uploads") and uploads.tempfile.gettempdir() == str(third)
    for lock in uploads._held:
        os.close(lock)


@pytest.mark.parametrize("times", [2, pytest.param(12, marks=pytest.mark.long)])
def test_predictions_killed_again_and_again_end_as_if_never_killed(tmp_path, tiny_checkpoint, chest, times):
    count = 40 * times
    rows = "".join(f"s{number},{chest.name},\n" for number in range(count))
    (tmp_path / "studies.csv").write_text("study,frontal,lateral\n" + rows)
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "captioner", "predict", "--studies", str(tmp_path / "studies.csv"), "--out", str(out),
               "--checkpoint", str(tiny_checkpoint)]  # fmt: skip

    def written():
        return out.read_bytes().count(b"\n") if out.exists() else 0

    for kill in range(1, times + 1):
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        before = written()
        wait_for(lambda: written() > before or process.poll() is not None)
        process.kill()
        process.wait()
        with open(out, "ab") as file:
            file.write(b'{"study": "s')  # and a line broken off where the disk had it
    assert subprocess.run(command, cwd=ROOT, stderr=subprocess.DEVNULL, timeout=START).returncode == 0
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [answer["study"] for answer in answers] == [f"s{number}" for number in range(count)]
    assert len({answer["text"] for answer in answers}) == 1 and all(answer["words"] for answer in answers)


@pytest.mark.long
@pytest.mark.parametrize("after", [2, 6, 10, 14])
def test_an_export_killed_leaves_the_old_file_or_a_whole_new_one(tmp_path, tiny_checkpoint, chest, after):
    out = tmp_path / "report.html"
    out.write_text("<p>before</p></html>")
    process = subprocess.Popen(
        [sys.executable, "-m", "captioner", "explain", str(chest), "--checkpoint", str(tiny_checkpoint), "--out", str(out)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert out.read_text().rstrip().endswith("</html>")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".html") == ["report.html"]
