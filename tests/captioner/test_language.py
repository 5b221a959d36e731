"""Sentences by catalogue: what is looked up, filled in and counted, and whose language it is."""

import contextvars
import json
import shutil
import subprocess
import threading

import pytest

from captioner import language
from captioner.language import install, later, speaking, text
from captioner.sentence import Sentence

CATALOGUE = {
    "Hello.": "Hallo.",
    "{name} is empty.": "{name} ist leer.",
    "{count} words": {"one": "{count} Wort", "other": "{count} Wörter"},
    "{first} before {second}": "{second} nach {first}",
    "a file": "eine Datei",
}


@pytest.fixture(autouse=True)
def catalogues(monkeypatch):
    monkeypatch.setattr(language, "_catalogues", {})
    install("de", CATALOGUE)
    install("en", {"{count} words": {"one": "{count} word", "other": "{count} words"}})


def test_without_a_language_it_is_english():
    assert text("Hello.") == "Hello." and language.language() == "en"
    with speaking("de"):
        assert text("Hello.") == "Hallo." and language.language() == "de"
    assert text("Hello.") == "Hello."


def test_what_no_catalogue_has_stays_english():
    with speaking("de"):
        assert text("Never translated, {name}.", name="x") == "Never translated, x."
    with speaking("fr"):
        assert text("Hello.") == "Hello."


def test_values_are_filled_in_by_name_and_only_once():
    with speaking("de"):
        assert text("{first} before {second}", first="{second}", second=2) == "2 nach {second}"
        assert text("{name} is empty.", name=Sentence("a file")) == "eine Datei ist leer."
    with pytest.raises(KeyError):
        text("{name} is empty.")


@pytest.mark.parametrize(
    ("count", "english", "german"),
    [(0, "0 words", "0 Wörter"), (1, "1 word", "1 Wort"), (2, "2 words", "2 Wörter"), (1.5, "1.5 words", "1.5 Wörter")],
)
def test_forms_follow_the_count(count, english, german):
    assert text("{count} words", count=count) == english
    with speaking("de"):
        assert text("{count} words", count=count) == german


def test_a_sentence_in_a_table_is_looked_up_when_it_is_shown():
    table = later("Hello.")
    assert table == "Hello."
    with speaking("de"):
        assert text(table) == "Hallo." and text(Sentence("{name} is empty.", name="x")) == "x ist leer."


def test_a_language_that_is_not_known_to_count_is_refused():
    with pytest.raises(KeyError):
        install("xx", {})


def test_a_thread_speaks_as_whoever_copied_the_context():
    said = []
    with speaking("de"):
        here = contextvars.copy_context()
    for run in (lambda: said.append(text("Hello.")), lambda: here.run(lambda: said.append(text("Hello.")))):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert said == ["Hello.", "Hallo."]


@pytest.mark.parametrize("code", sorted(language.PLURALS))
def test_counts_fall_into_the_categories_of_the_browser(code):
    """JavaScript's Intl.PluralRules has CLDR's own rules: an oracle for ours."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    counts = [0, 1, 2, 3, 5, 11, 21, 100, 101, 1_000_000]
    program = f"const r = new Intl.PluralRules('{code}'); console.log(JSON.stringify({counts}.map((n) => r.select(n))))"
    told = subprocess.run([node, "-e", program], capture_output=True, text=True, timeout=60, check=True).stdout
    assert json.loads(told) == [language.PLURALS[code](count) for count in counts]
