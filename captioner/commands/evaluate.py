"""What a checkpoint is worth: `evaluate`, `subgroups`, `how-often-right` and `steering`."""

import argparse
import sys
from pathlib import Path

from captioner.command_line import add_decoding_options, add_into, add_length_penalty, check_length_penalty
from captioner.errors import BadInput
from captioner.quiet import import_tensorflow


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this file to the parser's."""
    evaluate = commands.add_parser(
        "evaluate", help="score checkpoints on the collection, beside the baselines, in one table"
    )
    evaluate.add_argument("--data", type=Path, required=True)
    evaluate.add_argument("--split", default="val", choices=["train", "val", "test"])
    evaluate.add_argument("--out", type=Path, required=True)
    add_decoding_options(evaluate, many=True)
    add_length_penalty(evaluate)
    evaluate.add_argument("--all", action="store_true", help="all checkpoints in weights/, the default one first")
    add_into(evaluate, "Markdown files whose table between its two marks")
    evaluate.add_argument(
        "--phantoms", type=int, default=0, metavar="N", help="try the first checkpoint on N unseen phantoms, too"
    )
    evaluate.set_defaults(run=_evaluate)

    right = commands.add_parser(
        "how-often-right", help="count on the validation studies how often claims are right, beside the checkpoint"
    )
    right.add_argument("--data", type=Path, required=True, help="folder of the collection")
    right.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    right.set_defaults(run=_how_often_right)

    steering = commands.add_parser(
        "steering", help="switch findings on, off and to a side, and count whether the impressions follow"
    )
    steering.add_argument("--data", type=Path, required=True, help="folder of the collection")
    steering.add_argument("--split", default="val", choices=["train", "val", "test"])
    steering.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    steering.add_argument("--out", type=Path, help="a JSON file for the counts")
    steering.add_argument("--count", type=int, help="the first studies only, to try it")
    steering.set_defaults(run=_steering)

    groups = commands.add_parser("subgroups", help="score a checkpoint by view, sex, age and position, for its card")
    groups.add_argument("--data", type=Path, required=True, nargs="+", help="folders of the collections")
    groups.add_argument("--split", default="val", choices=["train", "val", "test"])
    groups.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    groups.add_argument("--out", type=Path, required=True, help="folder for subgroups.json and subgroups.md")
    add_into(groups, "cards whose table of subgroups")
    groups.set_defaults(run=_subgroups)


def _evaluate(options: argparse.Namespace) -> None:
    from captioner.evaluation.evaluate import evaluate

    if options.all and options.checkpoint:
        raise BadInput("evaluate takes either --checkpoint or --all.")
    check_length_penalty(options)
    checkpoints = options.checkpoint
    if options.all:
        from captioner.checkpoint.store import available

        checkpoints = available()
        if not checkpoints:
            raise BadInput("There is no checkpoint in weights/.")
    import_tensorflow()
    evaluate(
        options.data,
        options.split,
        checkpoints,
        options.decoding,
        options.beam_width,
        options.length_penalty,
        options.out,
        options.into,
        options.phantoms,
    )


def _how_often_right(options: argparse.Namespace) -> None:
    import_tensorflow()
    from captioner.evaluation.evaluate import count_how_often_right

    print(f"counted: {count_how_often_right(options.data, options.checkpoint)}")


def _steering(options: argparse.Namespace) -> None:
    if options.count is not None and options.count < 1:
        raise BadInput("--count must be at least 1.")
    import_tensorflow()
    from captioner.evaluation.steering import measure_steering, table

    result = measure_steering(
        options.data,
        options.split,
        options.checkpoint,
        options.out,
        options.count,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(table(result), end="")


def _subgroups(options: argparse.Namespace) -> None:
    import_tensorflow()
    from captioner.evaluation.subgroups import subgroups, table

    result = subgroups(options.data, options.split, options.checkpoint, options.out, options.into)
    print(table(result), end="")
