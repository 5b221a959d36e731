"""Tables as Markdown, and their place in hand-written pages: what is between two marks is made by a command."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from captioner.errors import BadInput


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; head and rows are lists of cells."""
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]


def marks(name: str) -> tuple[str, str]:
    """The lines before and after the table of this name."""
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def place(path: str | Path, name: str) -> tuple[str, str]:
    """The text before the table of a Markdown file, its first mark with it, and after it, its last mark with it.

    Raises:
        BadInput: the file cannot be read or has no such two lines.
    """
    first, last = marks(name)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read.") from error
    start, end = text.find(first), text.find(last)
    if not 0 <= start < end:
        raise BadInput(f"{path} has no place for the table: the lines {first} and {last}.")
    return text[: start + len(first)], text[end:]


def put(path: str | Path, name: str, table: str) -> None:
    """Replace the table of this name in a Markdown file; see `place`."""
    before, after = place(path, name)
    Path(path).write_text(f"{before}\n{table}{after}", encoding="utf-8")
