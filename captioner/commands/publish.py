"""A checkpoint for others: `export`, `card`, `push` and `space`."""

import argparse
import sys
from pathlib import Path

from captioner.errors import BadInput
from captioner.quiet import import_tensorflow


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this file to the parser's."""
    export = commands.add_parser("export", help="a checkpoint as a TensorFlow SavedModel, for TensorFlow Serving")
    export.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    export.add_argument(
        "--out", type=Path, required=True, help="a new folder; TensorFlow Serving wants a number for its name"
    )
    export.set_defaults(run=_export)

    card = commands.add_parser("card", help="write a checkpoint's card, or renew the header of the one that it has")
    card.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    card.add_argument(
        "--collections",
        nargs="+",
        choices=["iu", "nih"],
        help="what the weights learned from, which says their licence",
    )
    card.set_defaults(run=_card)

    push = commands.add_parser("push", help="publish a checkpoint as a model repository of the Hugging Face Hub")
    push.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    push.add_argument("--to", required=True, metavar="OWNER/NAME", help="made when it is not there")
    push.add_argument("--private", action="store_true", help="make a repository that its owner alone sees")
    push.set_defaults(run=_push)

    space = commands.add_parser("space", help="fill in what the header of the Space owes to its owner")
    space.add_argument("--as", required=True, dest="space", metavar="OWNER/NAME", help="the Space")
    space.add_argument(
        "--models", nargs="+", default=[], metavar="OWNER/NAME", help="what its weights were published as"
    )
    space.add_argument("--readme", type=Path, default=Path("README.md"), help="the file (README.md when left out)")
    space.set_defaults(run=_space)


def _export(options: argparse.Namespace) -> None:
    import_tensorflow()
    from captioner.serving.saved_model import export

    export(options.checkpoint, options.out)
    print(f"SavedModel written to {options.out}")


def _card(options: argparse.Namespace) -> None:
    from captioner.checkpoint.store import DEFAULT
    from captioner.hub.card import TO_WRITE, write_card

    path = write_card(options.checkpoint or DEFAULT, options.collections)
    left = path.read_text(encoding="utf-8").count(TO_WRITE)
    print(f"written: {path}" + (f"; {left} places say {TO_WRITE.strip('( ')} what is missing there" if left else ""))


def _push(options: argparse.Namespace) -> None:
    from captioner.checkpoint.store import DEFAULT
    from captioner.hub.repository import push

    print(f"published: {push(options.checkpoint or DEFAULT, options.to, options.private)}")


def _space(options: argparse.Namespace) -> None:
    from captioner.download.archive import write_whole
    from captioner.hub.space import with_owner

    try:
        text = options.readme.read_text(encoding="utf-8")
        write_whole(options.readme, with_owner(text, options.space, options.models).encode())
    except OSError as error:
        raise BadInput(f"{options.readme} cannot be read or written: {error.strerror or error}.") from error
    print(f"written: {options.readme}", file=sys.stderr)
