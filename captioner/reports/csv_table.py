"""Tables as people and their spreadsheets write them: CSV files with a header."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from captioner.errors import BadInput

DELIMITERS = (",", ";", "\t", "|")  # the comma first: it is the one that a message about a missing column speaks of
MAX_SHOWN = 100  # characters of a header in a message


def table_rows(
    path: Path, columns: Sequence[str], data: bytes | None = None, optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict]]:
    """The rows of a CSV file, one after the other.

    What separates the fields (comma, semicolon, tab or bar) is told by the header; blanks around its names and their
    capitals do not count, and neither do rows in which every field is empty. The text is UTF-8, UTF-16 with its byte
    order mark, or else Windows-1252, which spreadsheets in Western Europe still write.

    Args:
        path: Path of the file.
        columns: names that its header must have.
        data: the file's bytes, where they were read already.
        optional: names that its header may have.

    Yields:
        `(line, row)`: the number of the row's last line, and a dictionary; the wanted columns are called as in
        `columns` and `optional`, others as in the file, and fields beyond the header are under None.

    Raises:
        BadInput: the file cannot be read as CSV, or lacks a column.
    """
    try:
        text = _text(path.read_bytes() if data is None else data)
        delimiter = _delimiter(text, columns)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
        header = next((fields for fields in reader if not _is_blank(fields) and not _says_delimiter(fields)), [])
        names = _names(header, [*columns, *optional])
        for column in columns:
            if column not in names:
                shown = " ".join(", ".join(header).split())[:MAX_SHOWN] or "empty"
                raise BadInput(f"{path.name} has no column {column}: its header is {shown}.")
        for fields in reader:
            if not _is_blank(fields):
                fields += [""] * (len(names) - len(fields))
                row = dict(zip(names, fields))
                yield reader.line_num, {**row, None: fields[len(names) :]} if len(fields) > len(names) else row
    except OSError as error:
        raise BadInput(f"{path} cannot be read as a CSV file: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path.name} cannot be read as a CSV file: {error}.") from error


def _text(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _names(header: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The header's names, those that are wanted spelt as in `columns`."""
    wanted = {_plain(column): column for column in columns}
    return [wanted.get(_plain(name), name) for name in header]


def _plain(name: str) -> str:
    return name.strip().casefold()


def _is_blank(fields: Sequence[str]) -> bool:
    return not any(field.strip() for field in fields)


def _says_delimiter(fields: Sequence[str]) -> bool:
    """Whether a row is the line `sep=;` that tells a spreadsheet the delimiter, which is no header."""
    return fields[0].strip().casefold().startswith("sep=")


def _delimiter(text: str, columns: Sequence[str]) -> str:
    """The delimiter under which one of the first rows has the most of `columns`."""

    def found(delimiter: str) -> int:
        try:
            rows = itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 3)
            return max((len(set(columns) & set(_names(row, columns))) for row in rows), default=0)
        except csv.Error:
            return 0

    return max(DELIMITERS, key=found)
