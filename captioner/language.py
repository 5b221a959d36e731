"""The language in which a person is spoken to: English, or that of a catalogue whose keys are the English sentences.

`text("{count} words", count=3)` is what the code says, and all there is in English. A catalogue knows the sentence in
its language, by the English one, as gettext does it (gnu.org/software/gettext/manual). This package brings no
catalogue: without the page, whatever is said is English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Entry = str | Mapping[str, str]
"""How a sentence goes in a language; where its `count` changes more than the number, one form for each of CLDR's
categories: {"one": "{count} Wort", "other": "{count} Wörter"}."""

ENGLISH = "en"
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def _one_or_other(count: object) -> str:
    return "one" if count == 1 else "other"


PLURALS: dict[str, Callable[[object], str]] = {"en": _one_or_other, "de": _one_or_other}
"""Language -> the category of a count (unicode.org/cldr, "Language Plural Rules"), for each that has a catalogue."""

MARKS: dict[str, dict[str, str]] = {"en": {}, "de": {".": ",", ",": ".", "%": "\u00a0%"}}
"""Language -> what a number has in place of English's decimal point, comma between thousands and sign for per cent
(unicode.org/cldr, "Number Elements"), for each that has a catalogue."""

_catalogues: dict[str, Mapping[str, Entry]] = {}
_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def install(language: str, catalogue: Mapping[str, Entry]) -> None:
    """Speak a language by a catalogue from now on, in place of the one it had.

    Args:
        language: its code, as "de"; one of PLURALS.
        catalogue: English sentence -> Entry. For English itself only what has plural forms need be there.

    Raises:
        KeyError: how the language counts, or how it writes numbers, is not known.
    """
    PLURALS[language], MARKS[language]
    _catalogues[language] = catalogue


def language() -> str:
    """The code of the language that is spoken here: of this thread, task or request."""
    return _language.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language within a `with`; whoever copies the context (contextvars) takes it along."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def later(sentence: str) -> str:
    """The sentence itself, unchanged: it stands in a table, and `text` is asked for it when it is shown.

    What is kept for all visitors keeps the English sentence, and so does whatever is made when a module is imported.
    The test of the catalogues finds sentences by the calls of `text` and of this.
    """
    return sentence


def wording(sentence: str, count: object = None) -> str:
    """How a sentence goes in the language that is spoken, its placeholders not filled in yet.

    Args:
        sentence: in English; one that the catalogue does not have stays as it is.
        count: what chooses among plural forms.
    """
    spoken = _language.get()
    entry = _catalogues.get(spoken, {}).get(sentence, sentence)
    return entry if isinstance(entry, str) else entry.get(PLURALS[spoken](count), entry["other"])


def fill(worded: str, values: Mapping[str, object]) -> str:
    """A wording with its placeholders, `{name}`, filled in; KeyError where a value is missing."""
    return PLACEHOLDER.sub(lambda found: str(spoken(values[found[1]])), worded)


def number(written: str) -> str:
    """A number that is written as in English, with the marks of the language that is spoken.

    >>> with speaking("de"):
    ...     number("1,234.5")
    '1.234,5'
    """
    marks = MARKS.get(_language.get(), {})
    return "".join(marks.get(sign, sign) for sign in written)


def spoken(value: object) -> object:
    """A value as it is filled in: a `captioner.sentence.Sentence`, or a number with a fraction, is said in the language
    that is spoken; anything else is itself."""
    said = getattr(value, "said", None)
    if said is not None:
        return said()
    return number(str(value)) if isinstance(value, float) else value


def text(sentence: str, /, **values: object) -> str:
    """A sentence in the language that is spoken.

    >>> text("The link asks for word {number}.", number=3)
    'The link asks for word 3.'

    Args:
        sentence: in English, with a placeholder `{name}` for each value; or a `captioner.sentence.Sentence`.
        values: what is filled in, as `spoken` gives it; `count` chooses among plural forms, too.
    """
    if hasattr(sentence, "said"):
        return str(spoken(sentence))
    return fill(wording(sentence, values.get("count")), values)
