"""Tables as different spreadsheets write them, all with the same content."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import BadInput
from captioner.reports.csv_table import table_rows

COLUMNS = ("study", "frontal", "lateral")
ROWS = [("Müller", "a b.png", ""), ("b", "c.png", "d.png")]


def read(data, columns=COLUMNS):
    from pathlib import Path

    return [row for _, row in table_rows(Path("t.csv"), columns, data)]


def written(delimiter, header="study,frontal,lateral", before="", after=""):
    lines = [header.replace(",", delimiter), *(delimiter.join(row) for row in ROWS)]
    return before + "\r\n".join(lines) + "\r\n" + after


@pytest.mark.parametrize(
    "text",
    [
        written(","),
        written(";"),
        written("\t"),
        written("|"),
        written(";", before="sep=;\r\n"),
        written(",", header=" Study , FRONTAL,Lateral "),
        written(",", after=",,,\r\n\r\n , ,\r\n"),
        written(",", before=",,\r\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_spreadsheet_is_read_alike(text, encoding):
    assert [tuple(row[column] for column in COLUMNS) for row in read(text.encode(encoding))] == ROWS


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('study,frontal,lateral\n\na,"b\nc",\nd,e,\n')
    assert [line for line, _ in table_rows(path, COLUMNS)] == [4, 5]


def test_short_rows_are_filled_and_what_is_beyond_the_header_is_kept_apart():
    short, long = read(b"study,frontal,lateral\na,b\nc,d,e,f,g\n")
    assert short == {"study": "a", "frontal": "b", "lateral": ""} and long[None] == ["f", "g"]


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "no column study: its header is empty"),
        (b"name;front\n1;2\n", "no column study: its header is name;front"),
        (b'study,frontal,lateral\na,"b,c\n', "cannot be read as a CSV file"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_was_looked_for(data, says):
    with pytest.raises(BadInput, match=says):
        read(data)


def test_a_table_that_is_not_there_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(BadInput, match=f"{tmp_path}/t.csv cannot be read.*No such file"):
        list(table_rows(tmp_path / "t.csv", COLUMNS))


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=12).filter(
    lambda text: text.strip()
)


@given(st.lists(st.tuples(FIELDS, FIELDS, FIELDS), max_size=5), st.sampled_from(",;\t"))
def test_what_python_writes_comes_back(rows, delimiter):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows([COLUMNS, *rows])
    assert [tuple(row.values()) for row in read(file.getvalue().encode())] == rows
