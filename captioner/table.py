"""Tables as people write them: CSV files with a header."""

import csv

from captioner.errors import BadInput


def table_rows(path, columns):
    """The rows of a CSV file, one after the other.

    Args:
        path: Path of the file.
        columns: names that its header must have.

    Yields:
        `(line, row)`: the number of the row's last line, and a dictionary; fields beyond the header stand under None.

    Raises:
        BadInput: the file cannot be read as CSV, or lacks a column.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            for column in columns:
                if column not in (reader.fieldnames or ()):
                    raise BadInput(f"{path.name} has no column {column}.")
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path.name} cannot be read as a CSV file: {error}.") from error
