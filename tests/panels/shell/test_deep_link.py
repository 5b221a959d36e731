"""What an address may ask for."""

import pytest

import dashboard
from panels.server.model_pool import ModelPool
from panels.shell import deep_link

GOOD = {"decoding": "beam", "width": "5", "length_penalty": "1.2", "checkpoint": "seed"}


def test_settings_in_range_are_taken():
    found = deep_link.read({**GOOD, "example": "quiet", "word": "3", "utm_source": "x"}, ["default", "seed"])
    assert found == {"decoding": "beam", "width": 5, "length_penalty": 1.2, "checkpoint": "seed"}
    assert isinstance(found["width"], int)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decoding", "sampling"),
        ("decoding", ["beam"]),
        ("width", "0"),
        ("width", "11"),
        ("width", "2.5"),
        ("width", "nan"),
        ("width", ""),
        ("width", None),
        ("width", {}),
        ("length_penalty", "-0.1"),
        ("length_penalty", "inf"),
        ("length_penalty", "2.01"),
        ("checkpoint", "../../etc"),
        ("checkpoint", []),
    ],
)
def test_anything_else_is_left_out(name, value):
    found = deep_link.read({**GOOD, name: value}, ["default", "seed"])
    assert name not in found and len(found) == 3


@pytest.mark.parametrize("wanted", [None, {}, "decoding=beam", 3])
def test_no_parameters_ask_for_nothing(wanted):
    assert deep_link.read(wanted, ["default"]) == {}


OFFERED = (["default", "seed"], ["quiet"], 9, ["attention", "grad-cam"])


def test_a_link_that_asks_for_what_is_there_gets_no_complaint():
    fine = {
        **GOOD,
        "example": "quiet",
        "lesson": "3",
        "method": "grad-cam",
        "word": "2",
        "opacity": "40",
        "finding": "Effusion",
    }
    assert deep_link.complaints({**fine, "draw": "raw", "scale": "word", "colours": "viridis"}, *OFFERED) == []
    assert deep_link.complaints({"utm_source": "x", "__theme": "dark"}, *OFFERED) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("example", "none", "there is no example of that name"),
        ("lesson", "99", "the lesson has the steps 1 to 9"),
        ("quiz", "quiet,none", "cases of this page"),
        ("finding", "tea leaves", "the findings are cardiomegaly, effusion,"),
        ("finding", "", "the findings are"),
        ("width", "999", "a whole number from 1 to 10"),
        ("length_penalty", "-1", "a number from 0 to 2"),
        ("decoding", "sampling", "greedy or beam"),
        ("checkpoint", "gone", "default, seed"),
        ("method", "magic", "attention, grad-cam"),
        ("colours", "jet", "inferno"),
        ("scale", "all", "impression"),
        ("draw", "dots", "contour"),
        ("opacity", "101", "0 to 100"),
        ("word", "first", "counted from 1"),
    ],
)
def test_a_link_that_asks_for_what_is_not_there_is_told_so(name, value, said):
    (sentence,) = deep_link.complaints({name: value}, *OFFERED)
    assert f"{name}={value}" in sentence and said in sentence


def test_a_complaint_repeats_only_the_beginning_of_what_was_asked():
    (sentence,) = deep_link.complaints({"example": "x" * 5000}, *OFFERED)
    assert len(sentence) < 200


NAMES = [f"case-{number}" for number in range(30)]


def test_a_quiz_is_asked_for_by_names_or_by_codes_that_do_not_tell_them():
    codes = [deep_link.case_code(name) for name in NAMES]
    assert len(set(codes)) == len(codes) and all(code.isalnum() and len(code) == 6 for code in codes)
    assert deep_link.quiz(f"case-1, {codes[2]},case-1", NAMES) == codes[1:3]
    assert deep_link.quiz(",".join(codes[:20]), NAMES) == codes[:20]
    assert deep_link.complaints({"quiz": codes[0]}, ["default"], NAMES, 9) == []


@pytest.mark.parametrize("text", ["", " ", ",", "none", "case-1,", "case-1,none", None, 3, ["case-1"], ",".join(NAMES)])
def test_a_quiz_of_anything_else_is_none(text):
    assert deep_link.quiz(text, NAMES) is None


@pytest.mark.parametrize("panels", ["explain", "explain,what-if", " class , quiz "])
def test_panels_that_the_page_has_may_be_asked_for(panels):
    assert deep_link.complaints({"embed": "", "panels": panels}, *OFFERED) == []


@pytest.mark.parametrize("panels", ["", "nonsense", "explain,", "explain;trust", "Explain", "<b>,explain"])
def test_panels_that_the_page_does_not_have_get_a_sentence(panels):
    (said,) = deep_link.complaints({"embed": "", "panels": panels}, *OFFERED)
    assert said.startswith(f"The link asks for panels={panels}, and the panels are explain, trust, ")


def test_the_panels_of_the_table_are_those_of_the_page():
    page = dashboard.build(ModelPool({}, None))
    tabs = next(block for block in page.blocks.values() if block.elem_id == "panels")
    assert tuple(tab.id for tab in tabs.children) == deep_link.PANELS
