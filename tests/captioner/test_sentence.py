"""Sentences that are English, remember how they were made, and are said in another language only at the page's door."""

import copy
import json
import pickle

import pytest

from captioner import BadInput, language
from captioner.sentence import Number, Sentence, joined, of_data, worded

GERMAN = {
    "{name} is empty.": "{name} ist leer.",
    "The {name} picture is blank.": "Das {name}e Bild ist leer.",
    "lateral": "seitlich",
    "“{word}” is {count} words long.": {"one": "„{word}“ ist ein Wort.", "other": "„{word}“ sind {count} Wörter."},
}


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    monkeypatch.setattr(language, "_catalogues", {"de": GERMAN})


BLANK = Sentence("The {name} picture is blank.", name=Sentence("lateral"))
EMPTY = Sentence("{name} is empty.", name="{name}{x}.png")


def test_it_is_its_english_text_whatever_language_is_spoken():
    with language.speaking("de"):
        told = [BLANK, EMPTY, joined(" ", [BLANK, EMPTY], "!"), Sentence("{name} is empty.").filled(name="a.png")]
        assert told == [
            "The lateral picture is blank.",
            "{name}{x}.png is empty.",  # what a file is called is no placeholder
            "The lateral picture is blank. {name}{x}.png is empty.!",
            "a.png is empty.",
        ]
        assert json.loads(json.dumps({"notices": told})) == {"notices": [str(each) for each in told]}
        assert f"{BLANK}" == "The lateral picture is blank."


def test_it_is_said_in_the_language_of_whoever_asks_with_all_that_is_in_it():
    told = {"a": [BLANK, (EMPTY, 0.5, None)], "b": joined(" ", [BLANK, "as it came"], "."), "c": [[0.25, 0.5], []]}
    with language.speaking("de"):
        german = worded(told)
    assert german == {
        "a": ["Das seitliche Bild ist leer.", ("{name}{x}.png ist leer.", 0.5, None)],
        "b": "Das seitliche Bild ist leer. as it came.",
        "c": [[0.25, 0.5], []],
    }
    assert worded(told) == told and told["a"][0] is BLANK


def test_what_nobody_has_translated_stays_english_and_so_does_what_is_no_sentence():
    with language.speaking("de"):
        assert worded([Sentence("Nobody knows {x}.", x=1), "lateral"]) == ["Nobody knows 1.", "lateral"]


def test_an_error_keeps_it():
    error = BadInput(EMPTY)
    with language.speaking("de"):
        assert worded(str(error)) == "{name}{x}.png ist leer."
    assert str(error) == "{name}{x}.png is empty."


@pytest.mark.parametrize(
    "carried",
    [
        lambda sentence: pickle.loads(pickle.dumps(sentence)),
        copy.deepcopy,
        lambda sentence: of_data(json.loads(json.dumps(sentence.as_data()))),
    ],
    ids=["pickled", "copied", "as data"],
)
def test_it_can_be_carried_to_another_process(carried):
    for sentence, german in (
        (BLANK, "Das seitliche Bild ist leer."),
        (joined(" ", [BLANK, EMPTY], "!"), "Das seitliche Bild ist leer. {name}{x}.png ist leer.!"),
        (Sentence("{name} is empty.", name=Number("1.5")), "1,5 ist leer."),
    ):
        there = carried(sentence)
        with language.speaking("de"):
            assert there == sentence and worded(there) == german
