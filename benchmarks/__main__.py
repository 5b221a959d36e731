"""The command line of the benchmarks: `python -m benchmarks [all] [--quick]`, `python -m benchmarks seed --help`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from benchmarks import BENCHMARKS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is first imported


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark; returns the exit status."""
    options = parse(arguments)
    from captioner.errors import BadInput

    try:
        print("\n".join(options.run(options)))
    except BadInput as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of one benchmark, all of them together when none is named, and as `run` what measures it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed, measured side by side.")
    commands = parser.add_subparsers(dest="benchmark", required=True, metavar="NAME")
    for name, path in BENCHMARKS.items():
        module = import_module(path)
        command = commands.add_parser(name, help=(module.__doc__ or "").splitlines()[0])
        module.add_options(command)
        command.set_defaults(run=module.run)
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["all", *arguments]
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
