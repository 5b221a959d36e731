"""The command line: `python -m captioner COMMAND`.

Exit status 0, or 2 with one line on standard error that says what was wrong with which file.
"""

import argparse
import sys
from collections.abc import Sequence

from captioner import command_line
from captioner.commands import data, evaluate, predict, publish, train


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    return command_line.run(parse, arguments)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of one command, and as `run` what does it."""
    parser = command_line.Parser(
        prog="python -m captioner",
        description="From two chest X-rays to the predicted impression. Not for clinical use.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for each in (predict, train, evaluate, publish, data):
        each.add(commands)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
