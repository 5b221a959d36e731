"""Visitors at once: how many impressions the page writes for them, what they wait, and what each takes of memory."""

import json
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from benchmarks.page import LONGEST, _caption, _upload, running
from benchmarks.timing import Row, resident
from captioner.checkpoint import store

PAUSE = 20.0  # seconds between two impressions that a visitor asks for, who looks at the first meanwhile


def rows(
    checkpoint: str | Path | None,
    examples: Sequence[tuple[Any, Any]],
    visitors: int,
    each: int,
    sessions: int,
    cores: int,
) -> list[Row]:
    """Let many ask at once, without a pause; then open sessions, as pages do, and see what they take.

    Args:
        checkpoint: folder to start with; None for the default.
        examples: list of `(frontal, lateral)` paths to upload in turn.
        visitors: who ask at the same time.
        each: impressions that each of them asks for, one after the other.
        sessions: pages with a study whose memory is measured; the server keeps 64.
        cores: that the page has.
    """
    name = next(iter(store.by_name([checkpoint or store.DEFAULT])))
    own = ["dashboard.py", *(["--checkpoint", str(checkpoint)] if checkpoint else [])]
    with running(own, "--port") as (process, address, _):
        _caption(address, examples[0], name)
        waits, seconds = _at_once(address, examples, name, visitors, each)
        function = _listener(address, "run", "click")
        _session(address, function, examples[0], name, "first")
        before = resident(process.pid)
        for number in range(sessions):
            _session(address, function, examples[number % len(examples)], name, f"visitor{number}")
        after = resident(process.pid)
    rate = len(waits) / seconds
    table = [
        Row(f"Impressions for {visitors} visitors at once, uploads among it", f"{rate:.1f} per second"),
        Row("What each of them waits", f"{statistics.median(waits):.2f} s"),
        Row(
            f"Visitors of one core, who ask every {PAUSE:.0f} s",
            f"{served(rate, PAUSE) / cores:.0f}",
        ),
    ]
    if before is not None and after is not None:
        table.append(
            Row(f"Memory of a visitor, mean of {sessions}", f"{max(0, after - before) / sessions / 1e6:.1f} MB")
        )
    return table


def served(rate: float, pause: float) -> float:
    """How many visitors ask for `rate` answers a second when each pauses for so many seconds between them.

    By Little's law (1961), N = rate x (pause + wait); the wait is left out: it is short as long as there is no queue.
    """
    return rate * pause


def _at_once(
    address: str, examples: Sequence[tuple[Any, Any]], name: str, visitors: int, each: int
) -> tuple[list[float], float]:
    """`(seconds that each impression took, seconds of all)`."""

    def ask(number: int) -> list[float]:
        times = []
        for turn in range(each):
            begin = time.perf_counter()
            _caption(address, examples[(number + turn) % len(examples)], name)
            times.append(time.perf_counter() - begin)
        return times

    begin = time.perf_counter()
    with ThreadPoolExecutor(visitors) as threads:
        waits = [wait for times in threads.map(ask, range(visitors)) for wait in times]
    return waits, time.perf_counter() - begin


def _listener(address: str, element: str, event: str) -> int:
    """The number by which the page's queue knows what happens at an event of an element."""
    config = httpx.get(f"{address}config", timeout=LONGEST).json()
    (number,) = (each["id"] for each in config["components"] if each["props"].get("elem_id") == element)
    return next(each["id"] for each in config["dependencies"] if [number, event] in each["targets"])


def _session(address: str, function: int, pair: tuple[Any, Any], name: str, visitor: str) -> None:
    """A page that has asked for one impression: its study, features and caption stay with the server."""
    data = [*(_upload(address, path) for path in pair), name, "greedy", 3, 0.7, None, None]
    asked = {"data": data, "fn_index": function, "session_hash": visitor}
    httpx.post(f"{address}gradio_api/queue/join", json=asked, timeout=LONGEST).raise_for_status()
    told = {"session_hash": visitor}
    with httpx.stream("GET", f"{address}gradio_api/queue/data", params=told, timeout=LONGEST) as stream:
        for line in stream.iter_lines():
            message = json.loads(line[6:]) if line.startswith("data: ") else {}
            if message.get("msg") == "process_completed" and message.get("success"):
                return
    raise RuntimeError("no answer for a session")
