"""The style sheets follow the text size that a visitor's browser is set to, and leave each other's classes alone."""

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


def _laid_out(css):
    """The classes that a sheet lays out wherever they are: rules of nothing but the class, inside a panel or not."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    selectors = [each.strip() for rule in re.findall(r"([^{}]+){", css) for each in rule.split(",")]
    return {found[1] for each in selectors if (found := re.fullmatch(r"(?:\.cxr-viewer )?\.(cxr-[\w-]+)", each))}


def test_a_class_that_is_laid_out_is_found():
    css = "/* .cxr-no { */ .cxr-a, .cxr-viewer .cxr-b { top: 0 } .cxr-c[hidden], #x .cxr-d { top: 0 }"
    css += " @media (x) { .cxr-e { top: 0 } }"
    assert _laid_out(css) == {"cxr-a", "cxr-b", "cxr-e"}


def test_a_class_is_laid_out_by_one_panel():
    """All sheets are on one page: of two panels with a class of one name, the later would lay out the other's."""
    whose = {}
    for sheet in SHEETS:
        for name in _laid_out(sheet.read_text(encoding="utf-8")):
            whose.setdefault(name, set()).add(sheet.parent.name)
    assert {name: panels for name, panels in whose.items() if len(panels) > 1} == {}
    assert len(whose) > 100


def test_gradios_own_text_sizes_are_relative_too():
    made = theme.theme()
    sizes = {name: value for name, value in vars(made).items() if re.fullmatch(r"text_(xxs|xs|sm|md|lg|xl|xxl)", name)}
    assert len(sizes) == 7 and all(value.endswith("rem") for value in sizes.values())
