"""Numbers as they are written, worked out by hand, in English and as they are said in German."""

import json

import pytest

from captioner.language import speaking
from captioner.numbers import decimal, p_value, percent
from captioner.sentence import Number, Sentence, of_data, worded

CASES = [
    (percent(0), "0%", "0\u00a0%"),
    (percent(0.004), "<1%", "<1\u00a0%"),
    (percent(0.007), "1%", "1\u00a0%"),
    (percent(0.996), ">99%", ">99\u00a0%"),
    (percent(1), "100%", "100\u00a0%"),
    (decimal(0.126), "0.13", "0,13"),
    (decimal(-0.5), "\u22120.50", "\u22120,50"),
    (decimal(-0.001), "0.00", "0,00"),
    (decimal(2.25, 1), "2.2", "2,2"),
    (p_value(0.5), "0.50", "0,50"),
    (p_value(0.049), "0.049", "0,049"),
    (p_value(0.0004), "<0.001", "<0,001"),
    (Number("1,234.5"), "1,234.5", "1.234,5"),
]


@pytest.mark.parametrize(("number", "english", "german"), CASES)
def test_a_number_is_english_and_is_said_in_the_language(number, english, german):
    with speaking("de"):
        assert (number, f"{number}", str(number)) == (english,) * 3
        assert json.loads(json.dumps(number)) == english and worded(number) == german
        assert worded(Sentence("{x} of {x}", x=number)) == f"{german} of {german}"
        assert worded(of_data(json.loads(json.dumps(number.as_data())))) == german


def test_numbers_that_are_data_stay_numbers():
    with speaking("de"):
        assert worded({"share": 0.5, "map": [[0.25]], "said": Sentence("{x}", x=0.5)}) == {
            "share": 0.5,
            "map": [[0.25]],
            "said": "0,5",
        }
