"""What an address may ask for."""

import pytest

from panels import link

GOOD = {"decoding": "beam", "width": "5", "length_penalty": "1.2", "checkpoint": "seed"}


def test_settings_in_range_are_taken():
    found = link.read({**GOOD, "example": "quiet", "word": "3", "utm_source": "x"}, ["default", "seed"])
    assert found == {"decoding": "beam", "width": 5, "length_penalty": 1.2, "checkpoint": "seed"}
    assert isinstance(found["width"], int)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decoding", "sampling"), ("decoding", ["beam"]), ("width", "0"), ("width", "11"), ("width", "2.5"),
        ("width", "nan"), ("width", ""), ("width", None), ("width", {}), ("length_penalty", "-0.1"),
        ("length_penalty", "inf"), ("length_penalty", "2.01"), ("checkpoint", "../../etc"), ("checkpoint", []),
    ],
)  # fmt: skip
def test_anything_else_is_left_out(name, value):
    found = link.read({**GOOD, name: value}, ["default", "seed"])
    assert name not in found and len(found) == 3


@pytest.mark.parametrize("wanted", [None, {}, "decoding=beam", 3])
def test_no_parameters_ask_for_nothing(wanted):
    assert link.read(wanted, ["default"]) == {}
