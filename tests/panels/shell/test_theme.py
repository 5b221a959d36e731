"""The style sheets follow the text size that a visitor's browser is set to."""

import re
from pathlib import Path

import pytest

import panels
from panels.shell import theme

SHEETS = sorted(Path(panels.__file__).parent.glob("*/*.css"))
FONT = re.compile(r"\b(?:font|font-size)\s*:[^;}]*")


def _in_pixels(css):
    return [rule for rule in FONT.findall(css) if re.search(r"\d px|\dpx", rule)]


def test_a_text_size_in_pixels_would_be_found():
    assert _in_pixels("a { font: 600 14px/1.2 serif; } b { font-size: 2rem }") == ["font: 600 14px/1.2 serif"]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_no_text_size_stands_in_pixels(sheet):
    assert _in_pixels(sheet.read_text(encoding="utf-8")) == []


def test_gradios_own_text_sizes_are_relative_too():
    made = theme.theme()
    sizes = {name: value for name, value in vars(made).items() if re.fullmatch(r"text_(xxs|xs|sm|md|lg|xl|xxl)", name)}
    assert len(sizes) == 7 and all(value.endswith("rem") for value in sizes.values())
