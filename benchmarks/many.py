"""`predict --studies` over many studies: how many per second, and how many cores it keeps busy."""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.timing import Row

ROOT = Path(__file__).resolve().parent.parent


def rows(
    checkpoint: str | Path | None, examples: Sequence[tuple[str, str | None]], studies: int, cores: int
) -> list[Row]:
    """Caption `studies` studies, the examples again and again, by the command line.

    Returns:
        list of Row. The share of the cores is of the whole run, start included.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        table, out = Path(folder) / "studies.csv", Path(folder) / "out.jsonl"
        with open(table, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("study", "frontal", "lateral"))
            writer.writerows((f"s{number}", *examples[number % len(examples)]) for number in range(studies))
        command = [
            sys.executable,
            "-m",
            "captioner",
            "predict",
            "--studies",
            str(table),
            "--out",
            str(out),
            *(["--checkpoint", str(checkpoint)] if checkpoint else []),
        ]
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL, env=os.environ)
        seconds = time.perf_counter() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        written = out.read_text(encoding="utf-8").count("\n")
    if written != studies:
        raise RuntimeError(f"{written} of {studies} studies were written")
    busy = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / seconds
    # A ratio that is kept when it is small, as all in the table: idle cores beside all cores.
    return [
        Row(f"`predict --studies`, {studies} studies", f"{studies / seconds:.1f} studies/s"),
        Row("Cores busy meanwhile, start included", f"{busy:.2f} of {cores}", (cores - busy) / cores, 0.2, "idle"),
    ]
