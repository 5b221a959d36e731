"""The whole table: one study beside the machine's own limit, growth, the page's start and memory, many studies."""

import argparse
import json
import time
from pathlib import Path

from benchmarks.seed_speed import _limit_cores
from benchmarks.timing import markdown
from captioner.command_line import add_into
from captioner.errors import BadInput
from captioner.evaluation.markdown_tables import place, put

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MARK = "benchmarks"  # the name in the marks of docs/performance.md, see `captioner.evaluation.markdown_tables`
PARTS = ("study", "growth", "evidence", "page", "visitors", "many", "ray")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks all`."""
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    parser.add_argument("--rounds", type=int, help="of each measurement (default: 31, or 5 with --quick)")
    parser.add_argument(
        "--studies",
        type=int,
        help="captioned while memory is watched (500, or 10 with --quick), and by "
        "`predict --studies` and `captioner batch` (1000, or 20 with --quick)",
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="a short run: few rounds, few studies")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help="some of: " + ", ".join(PARTS)
    )
    parser.add_argument("--out", type=Path, help="folder for benchmarks.md and growth.png")
    add_into(parser, "Markdown files whose table between its two marks")


def run(options: argparse.Namespace) -> list[str]:
    """Measure, and return the lines of the report."""
    import captioner

    if options.studies is not None and options.studies < 1:
        raise BadInput("--studies must be at least 1.")
    for path in options.into:
        place(path, MARK)
    cores = _limit_cores(options.cores)
    rounds = options.rounds or (5 if options.quick else 31)
    entries = json.loads((EXAMPLES / "index.json").read_text(encoding="utf-8"))
    examples = [(EXAMPLES / entry["frontal"], EXAMPLES / entry["lateral"]) for entry in entries]
    found, curves = [], None
    if {"study", "growth"} & set(options.only):
        model, study = captioner.load(options.checkpoint), captioner.read_study(*examples[0])
        if "study" in options.only:
            from benchmarks import study_speed

            found += study_speed.rows(model, study, rounds)
        if "growth" in options.only:
            from benchmarks import growth

            curves = growth.measure(model, study, rounds)
            found += growth.rows(*curves)
    if "evidence" in options.only:
        from benchmarks import evidence_speed
        from captioner.phantom import read_cases

        with_findings = [entry for entry in read_cases(EXAMPLES) if entry.get("findings")]
        found += evidence_speed.rows(options.checkpoint, with_findings[: 2 if options.quick else None])
    if "page" in options.only:
        from benchmarks import page

        found += page.rows(
            options.checkpoint, examples, 1 if options.quick else 3, options.studies or (10 if options.quick else 500)
        )
    if "visitors" in options.only:
        from benchmarks import visitors

        sizes = (2, 2, 3) if options.quick else (16, 10, 48)
        found += visitors.rows(options.checkpoint, examples, *sizes, cores)
    studies = options.studies or (20 if options.quick else 1000)
    if "many" in options.only:
        from benchmarks import many

        found += many.rows(options.checkpoint, examples, studies, cores)
    if "ray" in options.only:
        from benchmarks import ray_scaling

        found += ray_scaling.rows(options.checkpoint, examples, studies)
    name = options.checkpoint.name if options.checkpoint else "weights/default"
    lines = [f"{name}, {cores} cores, medians of one run, {time.strftime('%Y-%m-%d')}", "", *markdown(found)]
    for path in options.into:
        put(path, MARK, "\n".join(lines) + "\n")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "benchmarks.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if curves:
            growth.draw(*curves, options.out / "growth.png")
    return lines
