"""`captioner batch` on one core and on two: how many studies a second, without the start."""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.timing import Row

ROOT = Path(__file__).resolve().parent.parent
WORKERS = (1, 2)


def rows(checkpoint: str | Path | None, examples: Sequence[tuple[Any, Any]], studies: int) -> list[Row]:
    """Run few and many studies with one worker and with two; the difference is the work, whatever the start takes.

    Args:
        checkpoint: folder; None for the default.
        examples: list of `(frontal, lateral)` paths, again and again.
        studies: of the longer runs; the shorter have a quarter.
    """
    if find_spec("ray") is None:
        return [Row("`captioner batch`", "not measured: the extra `batch` is not installed")]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        export = Path(folder) / "export" / "1"
        chosen = ["--checkpoint", str(checkpoint)] if checkpoint else []
        _command("export", *chosen, "--out", str(export))
        speeds = {}
        for workers in WORKERS:
            few, many = (
                _seconds(Path(folder) / f"{workers}-{count}", export, examples, count, workers)
                for count in (max(1, studies // 4), studies)
            )
            speeds[workers] = rate(max(1, studies // 4), few, studies, many)
    one, two = (speeds[workers] for workers in WORKERS)
    return [
        Row(f"`captioner batch`, one worker, {studies} studies without the start", f"{one:.1f} studies/s"),
        Row("The same with two workers", f"{two:.1f} studies/s", two / one, None, "one worker"),
    ]


def rate(few: int, seconds_of_few: float, many: int, seconds_of_many: float) -> float:
    """Studies a second between a short run and a long one; 0 where the long one was not longer.

    >>> rate(10, 12.0, 30, 22.0)
    2.0
    """
    seconds = seconds_of_many - seconds_of_few
    return (many - few) / seconds if seconds > 0 else 0.0


def _seconds(folder: Path, export: Path, examples: Sequence[tuple[Any, Any]], count: int, workers: int) -> float:
    folder.mkdir()
    table, out = folder / "studies.csv", folder / "answers"
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("study", "frontal", "lateral"))
        writer.writerows((f"s{number}", *examples[number % len(examples)]) for number in range(count))
    begin = time.perf_counter()
    _command("batch", "--studies", str(table), "--export", str(export), "--out", str(out), "--workers", str(workers))
    seconds = time.perf_counter() - begin
    written = (out / "predictions.jsonl").read_text(encoding="utf-8").count("\n")
    if written != count:
        raise RuntimeError(f"{written} of {count} studies were written")
    return seconds


def _command(*arguments: str) -> None:
    command = [sys.executable, "-m", "captioner", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
