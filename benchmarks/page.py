"""The page as a process: how soon it answers beside an empty Gradio page, the first impression, and its memory."""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.timing import Row, resident
from captioner.checkpoint import store

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 300  # seconds to wait for anything
START, FIRST, REST, GROWTH = 1.3, 5.0, 1.2e9, 1.05
EMPTY = (
    "import sys, gradio as gr\nwith gr.Blocks() as page: pass\npage.launch(server_port=int(sys.argv[1]), quiet=True)"
)


def rows(
    checkpoint: str | Path | None, examples: Sequence[tuple[str, str | None]], rounds: int, studies: int
) -> list[Row]:
    """Start both pages in turns, then keep one and let it caption.

    Args:
        checkpoint: folder to start with; None for the default.
        examples: list of `(frontal, lateral)` paths to upload in turn.
        rounds: starts of each.
        studies: captions asked for while the memory is watched.

    Returns:
        list of Row.
    """
    name = next(iter(store.by_name([checkpoint or store.DEFAULT])))
    own = ["dashboard.py", *(["--checkpoint", str(checkpoint)] if checkpoint else [])]
    times: dict[str, list[float]] = {"empty": [], "page": [], "first": []}
    for turn in range(rounds):
        with running(["-c", EMPTY], None) as (_, _, seconds):
            times["empty"].append(seconds)
        with running(own, "--port") as (process, address, seconds):
            begin = time.perf_counter()
            _caption(address, examples[0], name)
            times["page"].append(seconds)
            times["first"].append(time.perf_counter() - begin)
            if turn == rounds - 1:
                memory = _memory(process, address, examples, name, studies)
    median = {key: statistics.median(values) for key, values in times.items()}
    table = [
        Row("An empty Gradio page, from the command to an answer", f"{median['empty']:.1f} s"),
        Row(
            "`python dashboard.py`, from the command to an answer",
            f"{median['page']:.1f} s",
            median["page"] / median["empty"],
            START,
            "the empty page",
        ),
        Row("First impression after that", f"{median['first']:.1f} s", median["first"] / FIRST, 1, "5 s"),
    ]
    if memory:
        rest, early, late = memory
        table += [
            Row("Memory after the first impression", f"{rest / 1e6:.0f} MB", rest / REST, 1, "1.2 GB"),
            Row(
                f"Memory after {studies} studies beside that after {max(1, studies // 10)}",
                f"{late / 1e6:.0f} MB",
                late / early,
                GROWTH,
                "then",
            ),
        ]
    return table


@contextmanager
def running(program: Sequence[str], option: str | None) -> Iterator[tuple[subprocess.Popen, str, float]]:
    """A server as a process; yields `(process, address, seconds until it answered)`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *program, *([option] if option else []), str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                if httpx.get(address, timeout=LONGEST).status_code == 200:
                    break
            except httpx.ConnectError:
                time.sleep(0.02)
            if process.poll() is not None or time.perf_counter() - begin > LONGEST:
                raise RuntimeError(f"{program[0]} does not answer")
        yield process, address, time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait()


def _upload(address: str, path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        answer = httpx.post(f"{address}gradio_api/upload", files={"files": (Path(path).name, file)}, timeout=LONGEST)
    return {"path": answer.raise_for_status().json()[0], "meta": {"_type": "gradio.FileData"}}


def _caption(address: str, pair: Any, checkpoint: Any) -> dict[str, Any]:
    pictures = [_upload(address, path) for path in pair]
    call = httpx.post(
        f"{address}gradio_api/call/caption", json={"data": [*pictures, checkpoint, "greedy", 3, 0.7]}, timeout=LONGEST
    )
    told = httpx.get(
        f"{address}gradio_api/call/caption/{call.raise_for_status().json()['event_id']}", timeout=LONGEST
    ).text
    if "event: complete" not in told:
        raise RuntimeError(f"no caption: {told[:300]}")
    return json.loads(told.split("data: ")[-1].splitlines()[0])[0]


def _memory(
    process: subprocess.Popen, address: str, examples: Sequence[tuple[str, str | None]], checkpoint: str, studies: int
) -> tuple[int, int, int] | None:
    """Bytes after the first caption, after a tenth of the studies and after all; None where the system does not say."""
    rest = early = resident(process.pid)
    if rest is None or early is None:
        return None
    for number in range(1, studies + 1):
        _caption(address, examples[number % len(examples)], checkpoint)
        if number == max(1, studies // 10):
            early = resident(process.pid) or early
    return rest, early, resident(process.pid) or early
