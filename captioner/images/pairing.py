"""Which pictures are the two views of one study, told from how files are called and lie in folders.

Four rules, the surest first. Two names that differ by a word for the view alone (`7-frontal.png` and `7-lateral.png`,
`PA/7.dcm` and `LAT/7.dcm`) are a pair, unless the files say that they are of different studies. Two files that say that
they are of one study, where no third does, lie together, however they are called. So do two whose names differ by their
last number alone (`7_1.png`, `7_2.png`), where no third does, and two that have a folder to themselves. Of what lies
together it is not known yet which is which, or whether it is a pair at all: that has to be seen
(`captioner.images.study`).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

FRONTAL_WORDS, LATERAL_WORDS = {"frontal", "front", "pa", "ap"}, {"lateral", "lat", "ll", "rl", "side"}
LONGEST_STUDY = 120  # characters


class Rule(StrEnum):
    """By what the pictures of a group were put together."""

    NAMES = "names"
    STUDY = "study"
    NUMBERS = "numbers"
    FOLDER = "folder"
    ALONE = "alone"


@dataclass(frozen=True)
class Group:
    """One picture, or two that may be the views of one study.

    Attributes:
        study: a name for it, no other group's.
        pictures: one or two names of files.
        rule: by which they were put together.
        views: "frontal" or "lateral" of each picture as its name has it; None where the name says nothing.
    """

    study: str
    pictures: tuple[str, ...]
    rule: Rule
    views: tuple[str | None, ...]


def named_view(name: str) -> tuple[str | None, tuple[str, ...]]:
    """What view a file's name says, and its words without that one.

    The last word for a view counts, of the base name before those of its folders.

    >>> named_view("Ward/7-PA.png")
    ('frontal', ('Ward', '/', '7'))
    >>> named_view("patient.png")
    (None, ('patient',))
    """
    parts = [re.findall(r"[^\W_]+", part) for part in _stem(name).split("/")]
    view: str | None = None
    for words in reversed(parts):
        place = next(
            (n for n in reversed(range(len(words))) if words[n].lower() in FRONTAL_WORDS | LATERAL_WORDS), None
        )
        if place is not None:
            view = "frontal" if words.pop(place).lower() in FRONTAL_WORDS else "lateral"
            break
    left = [words for words in parts if words]
    return view, tuple(word for n, words in enumerate(left) for word in (["/"] if n else []) + words)


def groups(names: Sequence[str], studies: Mapping[str, str] | None = None) -> list[Group]:
    """Put pictures together.

    Args:
        names: of files, each once, folders parted by "/".
        studies: name -> what tells its study from others, of files that say it themselves
            (`captioner.images.dicom_study`).

    Returns:
        groups in the order of their first pictures; every name is in one of them.
    """
    told = {name: named_view(name) for name in names}
    left, found = dict.fromkeys(names), []

    def take(rule: Rule, alike: Sequence[str], views: set[frozenset[str | None]]) -> None:
        if len(alike) == 2 and all(name in left for name in alike) and frozenset(told[n][0] for n in alike) in views:
            found.append((rule, alike))
            for name in alike:
                del left[name]

    one_of_each = frozenset(("frontal", "lateral"))
    may_be = {one_of_each, *(frozenset((None, view)) for view in (None, *one_of_each))}
    said = studies or {}
    for alike in _by(names, lambda name: tuple(word.lower() for word in told[name][1])):
        if len({said[name] for name in alike if name in said}) < 2:
            take(Rule.NAMES, alike, {one_of_each})
    for alike in _by([name for name in names if name in said], said.__getitem__):
        take(Rule.STUDY, [name for name in alike if name in left], may_be)
    for alike in _by(names, _without_last_number):
        take(Rule.NUMBERS, alike, may_be)
    for folder in _folders(names):
        take(Rule.FOLDER, [name for name in names if name.startswith(folder)], may_be)
    found += [(Rule.ALONE, [name]) for name in left]
    place = {name: number for number, name in enumerate(names)}
    found.sort(key=lambda group: min(place[name] for name in group[1]))
    taken: set[str] = set()
    return [
        Group(_study(rule, pictures, taken), tuple(pictures), rule, tuple(told[name][0] for name in pictures))
        for rule, pictures in found
    ]


def _by(names: Iterable[str], key: Callable[[str], object]) -> list[list[str]]:
    alike: dict[object, list[str]] = {}
    for name in names:
        alike.setdefault(key(name), []).append(name)
    return list(alike.values())


def _stem(name: str) -> str:
    """A name without its ending, or endings: `a.dcm.png`."""
    folder, slash, base = name.rpartition("/")
    return folder + slash + (re.sub(r"(\.[A-Za-z][A-Za-z0-9]{1,4})+$", "", base) or base)


def _without_last_number(name: str) -> object:
    stem = _stem(name)
    match = re.fullmatch(r"(.*?)\d+(\D*)", stem, re.DOTALL)
    return (match[1], match[2]) if match else name  # what has no number is like nothing else but itself


def _folders(names: Iterable[str]) -> list[str]:
    """The folders of names, each with its slash, the deepest first; "" is where they all lie."""
    found = {""}
    for name in names:
        parts = name.split("/")[:-1]
        found |= {"/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1)}
    return sorted(found, key=lambda folder: (-folder.count("/"), folder))


def _study(rule: Rule, pictures: Sequence[str], taken: set[str]) -> str:
    """A name for a group that is not among `taken`; it is put there."""
    if rule is Rule.NAMES:
        words = named_view(pictures[0])[1]
        name = "-".join(words).replace("-/-", "/")
    elif rule is Rule.NUMBERS:
        name = re.sub(r"[\W_]*\d+\D*$", "", _stem(pictures[0])) or _stem(pictures[0])
    elif rule is Rule.STUDY:
        name = _stem(pictures[0])
    elif rule is Rule.FOLDER:
        folders = [picture.split("/")[:-1] for picture in pictures]
        shared = [one for one, other in zip(*folders) if one == other]
        name = "/".join(shared) or _stem(pictures[0])
    else:
        name = pictures[0]
    name = name[:LONGEST_STUDY] or "study"
    fresh, number = name, 1
    while fresh in taken:
        number += 1
        fresh = f"{name} ({number})"
    taken.add(fresh)
    return fresh
