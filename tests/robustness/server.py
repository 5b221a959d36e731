"""The real page as a process of its own, with a temporary folder that a test can look into, and its HTTP calls."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.stand_in import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
START = 240  # seconds, on a machine that does much else
API = "gradio_api"


@contextmanager
def dashboard_process(temporary, *options, before=None, prefix=(), environment=None):
    """`python dashboard.py`, its temporary files in `temporary`; yields `(process, address)` once it answers.

    Args:
        before: called in the new process before it becomes the page.
        prefix: the beginning of a command line that runs another, as another user for example.
        environment: variables that are other than here.
    """
    port = free_port()

    def begin():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as from a terminal, even where the tests run in the background
        if before is not None:
            before()

    process = subprocess.Popen(
        [*prefix, sys.executable, "dashboard.py", "--port", str(port), *map(str, options)],
        cwd=ROOT,
        preexec_fn=begin,
        env={**os.environ, "TMPDIR": str(temporary), **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + START
        while True:
            try:
                if httpx.get(address, timeout=10).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < end, "the page does not answer"
            time.sleep(0.1)
        yield process, address
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def upload(address, path, client=httpx):
    """Upload a file as the page does; returns its FileData. A client may be one that keeps its cookies."""
    with open(path, "rb") as file:
        answer = client.post(f"{address}{API}/upload", files={"files": (Path(path).name, file)}, timeout=START)
    answer.raise_for_status()
    return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}, "orig_name": Path(path).name}


def begin_caption(address, frontal, checkpoint):
    """Ask for a caption of an uploaded file; returns the event's id."""
    answer = httpx.post(
        f"{address}{API}/call/caption", timeout=START, json={"data": [frontal, None, checkpoint, "greedy", 3, 0.7]}
    )
    answer.raise_for_status()
    return answer.json()["event_id"]


def caption(address, frontal, checkpoint):
    """The answer of `/caption` for an uploaded file: the caption as a dictionary."""
    event = begin_caption(address, frontal, checkpoint)
    told = httpx.get(f"{address}{API}/call/caption/{event}", timeout=START).text
    assert "event: complete" in told, told
    return json.loads(told.split("event: complete\ndata: ")[1].splitlines()[0])[0]


def listener(address, element, event):
    """The number by which the page's queue knows what happens at an event of an element, by its `elem_id`."""
    config = httpx.get(f"{address}config", timeout=START).json()
    (number,) = (component["id"] for component in config["components"] if component["props"].get("elem_id") == element)
    return next(function["id"] for function in config["dependencies"] if [number, event] in function["targets"])


def ask(address, function, data, visitor, wish=None, client=httpx):
    """Ask a listener as the page does, through the queue; yields what is told, message by message, to the end.

    Args:
        function: its number.
        data: what its inputs hold.
        visitor: the name of the visit, which keeps what belongs to it from one question to the next.
        wish: what the event itself brings.
        client: httpx.Client that keeps its cookies; none are kept when left out.
    """
    joined = client.post(
        f"{address}{API}/queue/join",
        timeout=START,
        json={"data": data, "fn_index": function, "session_hash": visitor, "event_data": wish},
    )
    joined.raise_for_status()
    with client.stream("GET", f"{address}{API}/queue/data", params={"session_hash": visitor}, timeout=START) as stream:
        for line in stream.iter_lines():
            told = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if told:
                yield told
            if told.get("msg") == "process_completed":
                return
    raise AssertionError("the stream ended without an answer")


def at_once(address, function, data, visitor, wish=None):
    """Trigger a listener that does not wait in the queue, as the page does for "stop"."""
    answer = httpx.post(
        f"{address}{API}/run/predict",
        timeout=START,
        json={"data": data, "fn_index": function, "session_hash": visitor, "event_data": wish},
    )
    answer.raise_for_status()


def begin_session(address, frontal, checkpoint, visitor):
    """Have an uploaded picture captioned as the page does; returns the answer that its viewer shows."""
    data = [frontal, None, checkpoint, "beam", 3, 0.7, None, None]  # greedy search of random weights may end at once
    *_, told = ask(address, listener(address, "run", "click"), data, visitor)
    shown = told["output"]["data"][0]
    assert shown["state"] == "caption", shown
    return shown


@contextmanager
def page_open(address, visitor):
    """The heartbeat of a visitor's page, which a browser keeps open as long as the page is."""
    with httpx.stream("GET", f"{address}{API}/heartbeat/{visitor}", timeout=START) as beating:
        beating.raise_for_status()
        yield


def until(condition, seconds=200, between=0.02):
    """Wait until something is so; a test that waits for `seconds` in vain fails."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come about"
        time.sleep(between)


def seconds_of_processor(process):
    """Seconds of processor that a living process has used."""
    with open(f"/proc/{process}/stat", encoding="ascii") as told:
        fields = told.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def state(process):
    """`(bytes of memory, threads)` that a living process has."""
    with open(f"/proc/{process}/status", encoding="ascii") as told:
        lines = dict(line.split(":", 1) for line in told)
    return int(lines["VmRSS"].split()[0]) << 10, int(lines["Threads"])
