"""The command line of this half: `python -m captioner explain`, `evaluate-explanations`, `evidence-table`.

`captioner.__main__` owns the command line, and asks this module by name to `add` its own.
"""

import argparse
import sys
from pathlib import Path

from captioner.errors import BadInput
from captioner.quiet import import_tensorflow
from explain.method import METHODS


def add(commands):
    """Add the commands to the subparsers of `python -m captioner`; each sets `run`, a function of the options."""
    explain = commands.add_parser("explain", help="the impression of one study with its reasons: one HTML file")
    explain.add_argument("frontal", help="PNG, JPEG or DICOM")
    explain.add_argument("lateral", nargs="?", help="may be left out")
    explain.add_argument("--method", default="attention", choices=list(METHODS))
    explain.add_argument("--out", type=Path, required=True, help="the HTML file; it opens offline, by itself")
    explain.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    explain.add_argument("--decoding", default="greedy", choices=["greedy", "beam"])
    explain.add_argument("--beam-width", type=int, default=3, choices=range(1, 11), metavar="1..10")
    explain.set_defaults(run=_explain)

    judge = commands.add_parser("evaluate-explanations", help="judge the methods of explanation by evidence")
    judge.add_argument("--data", required=True, nargs="+", metavar="DIR|phantoms",
                       help="folder of the collection, 'phantoms', whose findings' places are known, or both")
    judge.add_argument("--split", default="val", choices=["train", "val", "test"], help="of the collection")
    judge.add_argument("--out", type=Path, required=True,
                       help="folder for evidence.json, evidence.md and figures; of both data, each has a folder in it")
    judge.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    judge.add_argument("--count", type=_positive, default=60, help="studies with a finding word (60)")
    judge.add_argument("--methods", nargs="+", choices=[*METHODS, "quick"], metavar="NAME",
                       help=f"quick, or any of {', '.join(METHODS)}; all when left out")
    judge.add_argument("--slow-count", type=_positive, default=8,
                       help="studies for the methods that take seconds a word (8)")
    _into(judge)
    judge.set_defaults(run=_evaluate)

    tell = commands.add_parser("evidence-table", help="methods by evidence: one table of several evaluations")
    tell.add_argument("folders", nargs="+", type=Path,
                      help="what evaluate-explanations wrote: of phantoms, of real studies")
    _into(tell)
    tell.set_defaults(run=_tell)


def _into(command):
    command.add_argument("--into", nargs="+", type=Path, default=[], metavar="FILE",
                         help="Markdown files whose table of methods by evidence, between its two marks, is replaced")


def _positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1 is needed, not {text}")
    return int(text)


def _explain(options):
    from tqdm import tqdm

    import_tensorflow()
    from explain.report import write_report

    with tqdm(desc=options.method, disable=None) as bar:  # some methods take minutes for a whole impression
        def progress(done, of):
            bar.total = of
            bar.update(done - bar.n)

        write_report(options.frontal, options.lateral, options.method, options.out, options.checkpoint,
                     options.decoding, options.beam_width, progress=progress)
    print(f"written: {options.out}", file=sys.stderr)


def _evaluate(options):
    import_tensorflow()
    from captioner import markdown
    from explain.evaluation import evaluate_explanations, quick
    from explain.evaluation_table import table
    from explain.evidence_summary import MARK

    methods = options.methods
    if methods and "quick" in methods:
        methods = [name for name in METHODS if name in quick() or name in methods]
    if options.out.exists() and not options.out.is_dir():
        raise BadInput(f"{options.out} is a file, not a folder to write to.")
    if len(set(options.data)) < len(options.data):
        raise BadInput("The same data are named twice.")
    for path in options.into:
        markdown.place(path, MARK)  # before half an hour of work
    folders = [options.out]
    if len(options.data) > 1:
        folders = [options.out / ("phantoms" if data == "phantoms" else f"collection-{place}")
                   for place, data in enumerate(options.data)]
    for data, folder in zip(options.data, folders):
        print(table(evaluate_explanations(data, options.checkpoint, folder, options.count, methods, options.slow_count,
                                          options.split)))
    if options.into:
        _put(folders, options.into)


def _tell(options):
    print(_put(options.folders, options.into), end="")


def _put(folders, into):
    """Write the one table of these evaluations into Markdown files; returns it."""
    from captioner import markdown
    from explain.evidence_summary import MARK, read, summary

    text = summary(read(folders))
    for path in into:
        markdown.put(path, MARK, text)
    return text
