"""What every command line of the project shares: one line for what went wrong, and the options of a search."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from captioner.errors import BadInput

# TensorFlow's start-up chatter would bury the one line that matters. Set before it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; the usage is for --help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def run(parse: Callable[[Sequence[str] | None], argparse.Namespace], arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and call the `run` that the chosen command set.

    Returns:
        The exit status: 0, or 2 with one line on standard error that says what was wrong with which file; 130 when it
        was interrupted from the keyboard.
    """
    options = parse(arguments)
    try:
        options.run(options)
    except BadInput as error:
        print(str(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one need not wait for the end of the work under way
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return 0
    except OSError as error:
        # A write that fails names no file: it was the one that --out names, or the output.
        return _refused(error, error.filename or getattr(options, "out", None))
    try:
        sys.stdout.flush()  # else the last of it would fail after the end, with a traceback
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        return _refused(error)
    return 0


def _refused(error: OSError, place: object = None) -> int:
    print(f"{error.strerror or error}: {place or 'standard output'}", file=sys.stderr)
    if place is None:
        _drop_output()
    return 2


def _drop_output() -> None:
    """What is still to be written goes nowhere: the reader has left, or there is no room."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def add_decoding_options(parser: argparse.ArgumentParser, many: bool = False) -> None:
    """Add `--checkpoint`, and the options of a search.

    Args:
        parser: of one command.
        many: whether `--checkpoint` may be given several times.
    """
    parser.add_argument(
        "--checkpoint",
        type=Path,
        action="append" if many else "store",
        help="a checkpoint folder or hf://OWNER/NAME (weights/default when left out)"
        + "; may be given several times" * many,
    )
    add_search_options(parser)


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add `--decoding` and `--beam-width`."""
    parser.add_argument("--decoding", default="greedy", choices=["greedy", "beam"])
    parser.add_argument("--beam-width", type=int, default=3, choices=range(1, 11), metavar="1..10")


def add_length_penalty(parser: argparse.ArgumentParser) -> None:
    """Add `--length-penalty`, which `check_length_penalty` checks."""
    parser.add_argument("--length-penalty", type=float, metavar="0..2")


def check_length_penalty(options: argparse.Namespace) -> None:
    """Refuse a length penalty that no search takes.

    Raises:
        BadInput: it does not lie between 0 and 2.
    """
    if options.length_penalty is not None and not 0 <= options.length_penalty <= 2:
        raise BadInput("--length-penalty must lie between 0 and 2.")


def add_mend(parser: argparse.ArgumentParser) -> None:
    """Add `--mend`: what is to be done to the pictures before they are read, one after the other."""
    parser.add_argument(
        "--mend",
        action="append",
        default=[],
        metavar="NAME",
        help='put a picture right first, such as "frontal: invert" or "both: swap"; may be given several times',
    )


def add_into(parser: argparse.ArgumentParser, what: str) -> None:
    """The option `--into`: Markdown files, in which `what`, in words, is replaced."""
    parser.add_argument("--into", nargs="+", type=Path, default=[], metavar="FILE", help=f"{what} is replaced")
