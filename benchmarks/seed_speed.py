"""An imported checkpoint against a plain loop in the seed's way: whole studies, from files to impressions."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from benchmarks.plain_loop import PlainLoop
    from captioner.captioner import Captioner

TARGETS = {"greedy": 6.0, "beam": 5.0}  # how many times as fast as the plain loop
SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "seed-checkpoint"
WEIGHTS, TOKENIZER = "Encoder_Decoder_global_attention.h5", "tokenizer.pkl"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks seed`."""
    parser.add_argument("--files", type=Path, help=f"folder with {WEIGHTS} and {TOKENIZER} (random ones when left out)")
    parser.add_argument("--frontal", type=Path, help="a picture file; with --lateral (a made-up pair when left out)")
    parser.add_argument("--lateral", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--beam-width", type=int, default=5)


def run(options: argparse.Namespace) -> list[str]:
    """Measure, and return the lines of the report.

    The ways take turns, so that whatever else the machine does hits all of them; medians are compared. Each way must
    have written the same number of words, or the comparison would be none.
    """
    cores = _limit_cores(options.cores)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        weights, tokenizer, source = _files(options.files, folder)
        pictures = (options.frontal, options.lateral) if options.frontal and options.lateral else _pictures(folder)
        plain, model = _load(weights, tokenizer, folder)
        times, counts = measure(plain, model, pictures, options.rounds, options.beam_width)
    lines = [f"{cores} cores, {options.rounds} rounds, {counts['greedy']} words a study, {source}"]
    for way, seconds in times.items():
        line = f"{way:12} median {1e3 * statistics.median(seconds):7.1f} ms, fastest {1e3 * min(seconds):7.1f} ms"
        if way != "plain":
            ratio = statistics.median(times["plain"]) / statistics.median(seconds)
            line += f", {ratio:4.1f} times as fast as the plain loop (target {TARGETS[way.split()[0]]:g})"
        lines.append(line)
    return lines


def measure(
    plain: PlainLoop, model: Captioner, pictures: Sequence[Path], rounds: int, beam_width: int
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Time the three ways in turns.

    Returns:
        `(times, counts)`: way -> list of seconds, way -> number of words.
    """
    import captioner

    beam = f"beam {beam_width}"
    ways = {
        "plain": lambda: plain.caption(*pictures)[0],
        "greedy": lambda: model.caption(captioner.read_study(*pictures)).words,
        beam: lambda: model.caption(captioner.read_study(*pictures), decoding="beam", beam_width=beam_width).words,
    }
    counts = {way: len(caption()) for way, caption in ways.items()}  # and the graphs are built
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, caption in ways.items():
            begin = time.perf_counter()
            caption()
            times[way].append(time.perf_counter() - begin)
    if len(set(counts.values())) != 1:
        raise ValueError(f"the ways wrote different numbers of words, so their times cannot be compared: {counts}")
    return times, counts


def _limit_cores(cores: int) -> int:
    """Keep to the first cores that this process may use; returns how many."""
    if hasattr(os, "sched_setaffinity"):
        chosen = sorted(os.sched_getaffinity(0))[:cores]
        os.sched_setaffinity(0, chosen)
        cores = len(chosen)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(cores)
    return cores


def _files(given: Path | None, folder: Path) -> tuple[Path, Path, str]:
    from benchmarks.seed_files import write_seed_files

    given = given or (SHARED if (SHARED / WEIGHTS).is_file() else None)
    if given is not None:
        return given / WEIGHTS, given / TOKENIZER, f"weights of {given.name}"
    return *write_seed_files(folder), "random weights"


def _pictures(folder: Path) -> list[Path]:
    """Two smooth random pictures of 1024 x 1024 pixels."""
    import cv2

    paths: list[Path] = []
    for name in ("frontal.png", "lateral.png"):
        coarse = np.random.default_rng(len(paths)).integers(0, 256, (12, 12), np.uint8)
        paths.append(folder / name)
        cv2.imwrite(str(paths[-1]), cv2.resize(coarse, (1024, 1024), interpolation=cv2.INTER_CUBIC))
    return paths


def _load(weights: Path, tokenizer: Path, folder: Path) -> tuple[PlainLoop, Captioner]:
    """The same weights twice: as a plain loop, and imported."""
    import captioner
    from benchmarks.plain_loop import PlainLoop
    from captioner.seed_import.convert import import_seed

    model = captioner.load(import_seed(weights, tokenizer, folder / "imported"))  # also refuses files that do not fit
    return PlainLoop.of_file(weights), model
