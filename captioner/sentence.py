"""Sentences for a reader: English, and remembering how they were made, so that a page can say them in another language.

What is worked out here and in `explain` is kept and shared (of a study, of a checkpoint), answered by the API and
written into files, all in English. So no sentence is translated where it is made: it is made as a `Sentence`, which is
its English text, and `worded` says it in the language of whoever asks, at the door of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from captioner import language


class Sentence(str):
    """An English sentence, or a part of one.

    Args:
        key: the sentence, with a name in braces for each value: "{name} is empty."
        values: by these names; those that are Sentences are translated with it. A name without a value stays in its
            braces, for `filled`.

    >>> said = Sentence("{name} is empty.", name="a.png")
    >>> said
    'a.png is empty.'
    >>> said.key, said.values
    ('{name} is empty.', {'name': 'a.png'})
    """

    key: str
    values: dict[str, Any]

    def __new__(cls, key: str, /, **values: Any) -> Sentence:
        made = super().__new__(cls, _filled(key, values))
        made.key, made.values = str.__str__(key), values
        return made

    def __str__(self) -> Sentence:
        """Itself: the message of an error that was raised with it, `str(error)`, can still be translated."""
        return self

    def __reduce__(self) -> tuple[Callable[..., Sentence], tuple[Any, ...]]:
        return of_data, (self.as_data(),)

    def filled(self, **values: Any) -> Sentence:
        """The same sentence with these values."""
        return Sentence(self.key, **{**self.values, **values})

    def said(self) -> str:
        """The sentence in the language of the present context."""
        values = {name: language.spoken(value) for name, value in self.values.items()}
        return _filled(language.wording(self.key), values)

    def as_data(self) -> dict[str, Any]:
        """As JSON can hold it; `of_data` reads it back."""
        return {"key": self.key, "values": {name: _data(value) for name, value in self.values.items()}}


class _Joined(Sentence):
    """Several sentences, one after the other."""

    parts: tuple[str, ...]
    between: str
    end: str

    def __new__(cls, between: str, parts: Iterable[str], end: str = "") -> _Joined:
        listed = tuple(parts)
        made = str.__new__(cls, between.join(listed) + end)
        made.key, made.values = str.__str__(made), {}
        made.parts, made.between, made.end = listed, between, end
        return made

    def said(self) -> str:
        return self.between.join(map(worded, self.parts)) + self.end

    def as_data(self) -> dict[str, Any]:
        return {"between": self.between, "parts": [_data(part) for part in self.parts], "end": self.end}


class Number(Sentence):
    """A number, written as in English; said with the marks of the language. `captioner.numbers` makes them.

    >>> number = Number("1,234.5")
    >>> with language.speaking("de"):
    ...     number, number.said()
    ('1,234.5', '1.234,5')
    """

    def __new__(cls, written: str) -> Number:
        made = str.__new__(cls, written)
        made.key, made.values = str.__str__(made), {}
        return made

    def said(self) -> str:
        return language.number(self.key)

    def as_data(self) -> dict[str, Any]:
        return {"number": self.key}


def joined(between: str, parts: Iterable[str], end: str = "") -> Sentence:
    """Several sentences as one, each translated by itself.

    >>> joined(" ", [Sentence("It is empty."), "As it came."])
    'It is empty. As it came.'
    """
    return _Joined(between, parts, end)


def of_data(data: dict[str, Any]) -> Sentence:
    """The Sentence of which `Sentence.as_data` made plain data."""
    if "parts" in data:
        return _Joined(data["between"], map(_of_part, data["parts"]), data["end"])
    if "number" in data:
        return Number(data["number"])
    return Sentence(data["key"], **{name: _of_part(value) for name, value in data["values"].items()})


def worded(value: Any) -> Any:
    """A value with every Sentence in it said in the language of the present context.

    Args:
        value: dicts, lists and tuples are gone through; of anything else only a Sentence is changed.

    Returns:
        the same, where it holds a Sentence anew; what was given is left alone.
    """
    if isinstance(value, Sentence):
        return value.said()
    if type(value) is dict:
        return {name: worded(each) for name, each in value.items()}
    if type(value) in (list, tuple):
        if value and isinstance(value[0], (int, float)):  # of a map, or of an outline: many, and no sentences
            return value
        return type(value)(map(worded, value))
    return value


def _filled(key: str, values: Mapping[str, Any]) -> str:
    return language.PLACEHOLDER.sub(lambda place: str(values.get(place[1], place[0])), key)


def _data(value: Any) -> Any:
    return value.as_data() if isinstance(value, Sentence) else value


def _of_part(value: Any) -> Any:
    return of_data(value) if isinstance(value, dict) else value
