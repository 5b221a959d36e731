"""Sentences by catalogue: what is looked up, filled in and counted, and whose language it is."""

import contextvars
import json
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from captioner import language
from captioner.language import install, later, speaking, text
from captioner.numbers import decimal, percent
from captioner.sentence import Number, Sentence

SHELL = Path(__file__).resolve().parents[2] / "panels" / "shell"

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
    [(0, "0 words", "0 Wörter"), (1, "1 word", "1 Wort"), (2, "2 words", "2 Wörter"), (1.5, "1.5 words", "1,5 Wörter")],
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


@pytest.mark.parametrize(
    ("written", "german"),
    [
        ("0.50", "0,50"),
        ("\u22121.99", "\u22121,99"),
        ("1,234,567.8", "1.234.567,8"),
        ("<0.001", "<0,001"),
        (">99%", ">99\u00a0%"),
        ("12", "12"),
    ],
)
def test_a_number_has_the_marks_of_the_language(written, german):
    assert language.number(written) == written
    with speaking("de"):
        assert language.number(written) == german
    with speaking("fr"):
        assert language.number(written) == written


def test_a_number_with_a_fraction_is_said_and_other_texts_stay():
    with speaking("de"):
        assert text("{first} before {second}", first="a.png", second=0.5) == "0,5 nach a.png"
        assert text("{name} is empty.", name=Number("2.5")) == "2,5 ist leer."


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


def run(program):
    """What a program of JavaScript prints, as JSON."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    told = subprocess.run([node, "-e", program], capture_output=True, text=True, timeout=60, check=True).stdout
    return json.loads(told)


@pytest.mark.parametrize("code", sorted(language.MARKS))
def test_numbers_are_written_as_the_browser_writes_them(code):
    """JavaScript's Intl.NumberFormat has CLDR's own marks: an oracle for ours."""
    shares = [0, 0.005, 0.5, 1, 12.345, 123456.789]
    told = run(
        f"const one = new Intl.NumberFormat('{code}', {{ style: 'percent', minimumFractionDigits: 1 }});"
        f"console.log(JSON.stringify({shares}.map((share) => one.format(share))))"
    )
    with speaking(code):
        assert told == [language.number(f"{share:,.1%}") for share in shares]


@pytest.mark.parametrize("code", sorted(language.MARKS))
def test_the_page_s_scripts_write_numbers_as_captioner_numbers_does(code, tmp_path):
    for name in ("language.js", "wording.js"):
        shutil.copy(SHELL / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shares = [0, 0.001, 0.007, 0.5, 0.873, 0.996, 1]
    values = [-1234.567, -0.5, -0.001, 0, 0.126, 3, 99.99]
    program = f"""
        globalThis.window = {{ cxrText: {{ language: '{code}', catalogue: {{}} }} }};
        import('{(tmp_path / "wording.js").as_uri()}').then(({{ decimal, percent, short }}) => {{
          const decimals = [2, 1].map((digits) => {values}.map((value) => decimal(value, digits)));
          console.log(JSON.stringify([{shares}.map(percent), ...decimals, short(-0.0123)]));
        }});
    """
    with speaking(code):
        expected = [percent(share).said() for share in shares]
        decimals = [[decimal(value, digits).said() for value in values] for digits in (2, 1)]
        assert run(program) == [expected, *decimals, Number("\u22120.012").said()]


@pytest.mark.parametrize("code", sorted(language.PLURALS))
def test_counts_fall_into_the_categories_of_the_browser(code):
    """JavaScript's Intl.PluralRules has CLDR's own rules: an oracle for ours."""
    counts = [0, 1, 2, 3, 5, 11, 21, 100, 101, 1_000_000]
    told = run(
        f"const r = new Intl.PluralRules('{code}'); console.log(JSON.stringify({counts}.map((n) => r.select(n))))"
    )
    assert told == [language.PLURALS[code](count) for count in counts]
