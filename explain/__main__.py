"""The command line: `python -m explain FRONTAL [LATERAL]`, and `evaluate`, `table` and `gallery` in their place."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from captioner import command_line
from captioner.command_line import Parser, add_decoding_options, add_into, add_mend
from captioner.errors import BadInput
from captioner.quiet import import_tensorflow
from explain.dicom_output import KINDS
from explain.methods import METHODS

PROGRAM = "python -m explain"
GALLERY = Path(__file__).resolve().parent.parent / "examples" / "gallery"


def main(arguments: Sequence[str] | None = None) -> int:
    """Explain one study, or run the command that the first argument names; returns the exit status."""
    return command_line.run(parse, arguments)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command that the first argument names, and as `run` what does it."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # A picture called `evaluate` can be given as ./evaluate.
    commands = {"evaluate": _evaluate_parser, "table": _table_parser, "gallery": _gallery_parser}
    command = commands.get(arguments[0]) if arguments else None
    return command().parse_args(arguments[1:]) if command else _explain_parser().parse_args(arguments)


def _explain_parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description="The impression of one study with its reasons: one HTML file. Not for clinical use.",
        epilog=f"More commands: `{PROGRAM} evaluate` measures the methods of explanation, `{PROGRAM} table` makes "
        f"one table of such measurements, `{PROGRAM} gallery` asks a checkpoint about the page's cases; each has its "
        "own --help.",
    )
    parser.add_argument("frontal", help="PNG, JPEG or DICOM")
    parser.add_argument("lateral", nargs="?", help="may be left out")
    parser.add_argument("--method", default="attention", choices=list(METHODS))
    parser.add_argument("--out", type=Path, required=True, help="the HTML file; it opens offline, by itself")
    parser.add_argument(
        "--dicom",
        type=Path,
        metavar="DIR",
        help="folder for the maps and the impression as DICOM objects over views that are DICOM (extra: dicom)",
    )
    parser.add_argument(
        "--dicom-maps",
        choices=KINDS,
        default="auto",
        help="with --dicom: maps as segmentations over the pictures, or as parametric maps of the method's own "
        "numbers; auto (the default) is parametric where a file has a frame of reference, which "
        "projections mostly have not",
    )
    add_mend(parser)
    add_decoding_options(parser)
    parser.set_defaults(run=_explain)
    return parser


def _evaluate_parser() -> Parser:
    parser = Parser(prog=f"{PROGRAM} evaluate", description="Measure the methods of explanation.")
    parser.add_argument(
        "--data",
        nargs="+",
        default=[],
        metavar="DIR|phantoms",
        help="folder of the collection, 'phantoms', whose findings' places are known, or both",
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        metavar="DIR",
        help="folder of NIH ChestX-ray14 with radiologists' boxes: the maps are held against them",
    )
    parser.add_argument(
        "--split", default="val", choices=["train", "val", "test"], help="of the collection, of patients"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder for evidence.json, evidence.md and figures, or of boxes boxes.json and boxes.md; of several data, "
        "each has a folder in it",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="a checkpoint folder (weights/default when left out); with --boxes alone there may be several, of "
        "which the first is judged by every method and the others by their own maps",
    )
    parser.add_argument(
        "--count", type=_positive, help="studies with a finding word (60), or boxed findings (all when left out)"
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=[*METHODS, "quick"],
        metavar="NAME",
        help=f"quick, or any of {', '.join(METHODS)}; all when left out",
    )
    parser.add_argument(
        "--slow-count", type=_positive, default=8, help="studies for the methods that take seconds per word (8)"
    )
    _into(parser)
    parser.set_defaults(run=_evaluate)
    return parser


def _table_parser() -> Parser:
    parser = Parser(prog=f"{PROGRAM} table", description="Methods by evidence: one table of several evaluations.")
    parser.add_argument("folders", nargs="+", type=Path, help="what `evaluate` wrote: of phantoms, of real studies")
    _into(parser)
    parser.set_defaults(run=_table)
    return parser


def _gallery_parser() -> Parser:
    parser = Parser(
        prog=f"{PROGRAM} gallery",
        description="Ask a checkpoint about the cases of the page's gallery; writes told.json.",
    )
    parser.add_argument("folder", type=Path, nargs="?", default=GALLERY, help="where the cases lie (examples/gallery)")
    parser.add_argument("--checkpoint", metavar="DIR", help="a checkpoint folder (weights/default when left out)")
    parser.set_defaults(run=_gallery)
    return parser


def _into(command: argparse.ArgumentParser) -> None:
    add_into(command, "Markdown files whose table of methods by evidence, between its two marks,")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1 is needed, not {text}")
    return int(text)


def _explain(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    import_tensorflow()
    from explain.report.page import write_report

    with tqdm(desc=options.method, disable=None) as bar:  # some methods take minutes for a whole impression

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        write_report(
            options.frontal,
            options.lateral,
            options.method,
            options.out,
            options.checkpoint,
            options.decoding,
            options.beam_width,
            progress=progress,
            dicom=options.dicom,
            dicom_maps=options.dicom_maps,
            mend=options.mend,
        )
    print(f"written: {options.out}", file=sys.stderr)


def _gallery(options: argparse.Namespace) -> None:
    import_tensorflow()
    from captioner.checkpoint.store import load
    from captioner.phantom import read_cases
    from explain import case_gallery

    found = case_gallery.write(options.folder, read_cases(options.folder), load(options.checkpoint))
    print(case_gallery.summary(found))


def _evaluate(options: argparse.Namespace) -> None:
    import_tensorflow()
    from captioner.evaluation import markdown_tables
    from explain.benchmark import boxes_table
    from explain.benchmark.boxes import evaluate_boxes
    from explain.benchmark.evaluate import COUNT, evaluate_explanations, quick
    from explain.benchmark.methods_table import MARK
    from explain.benchmark.tables import table

    methods = options.methods
    if methods and "quick" in methods:
        methods = [name for name in METHODS if name in quick() or name in methods]
    if options.out.exists() and not options.out.is_dir():
        raise BadInput(f"{options.out} is a file, not a folder to write to.")
    if not options.data and not options.boxes:
        raise BadInput("Name the data to measure on: --data, --boxes, or both.")
    if len(set(options.data)) < len(options.data):
        raise BadInput("The same data are named twice.")
    checkpoints = options.checkpoint or [None]
    if options.data and len(checkpoints) > 1:
        raise BadInput("Several checkpoints can be held against boxes alone: leave out --data, or all but one.")
    for path in options.into:  # now, not after half an hour of work
        for mark in [MARK] * bool(options.data) + [boxes_table.MARK] * bool(options.boxes):
            markdown_tables.place(path, mark)
    several = len(options.data) + bool(options.boxes) > 1
    if options.boxes:
        out = options.out / "boxes" if several else options.out
        result = evaluate_boxes(options.boxes, checkpoints, out, methods, options.split, options.count)
        print(boxes_table.page(result), end="")
        for path in options.into:
            markdown_tables.put(path, boxes_table.MARK, boxes_table.summary(result))
    folders = [options.out]
    if several:
        folders = [
            options.out / ("phantoms" if data == "phantoms" else f"collection-{place}")
            for place, data in enumerate(options.data)
        ]
    for data, folder in zip(options.data, folders):
        count = options.count or COUNT
        print(
            table(
                evaluate_explanations(data, checkpoints[0], folder, count, methods, options.slow_count, options.split)
            )
        )
    if options.into and options.data:
        _put(folders, options.into)


def _table(options: argparse.Namespace) -> None:
    print(_put(options.folders, options.into), end="")


def _put(folders: Sequence[Path], into: Sequence[Path]) -> str:
    """Write the one table of these evaluations into Markdown files; returns it."""
    from captioner.evaluation import markdown_tables
    from explain.benchmark.methods_table import MARK, read, summary

    text = summary(read(folders))
    for path in into:
        markdown_tables.put(path, MARK, text)
    return text


if __name__ == "__main__":
    sys.exit(main())
