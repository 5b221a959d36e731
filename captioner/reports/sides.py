"""On which side a sentence has each finding that it names.

A word of side belongs to the findings of its own part of the sentence. Parts end at commas, "and", "with", "no" and the
like; a finding without a side of its own shares the one before it ("left effusion and atelectasis") or the one that is
named after both ("atelectasis and effusion in the left base"), and so do the members of a list with "and" or "or" at
its end. What is stated and what is denied share no side: "left effusion, no pneumothorax".
"""

import re
from collections.abc import Collection, Sequence
from typing import Any, Literal

from captioner.reports.findings import Mention

Side = Literal["left", "right", "bilateral"]

LEFT_WORDS = {"left", "leftward", "lul", "lll", "lingula", "lingular"}
RIGHT_WORDS = {"right", "rightward", "rul", "rml", "rll"}
BOTH_WORDS = {"bilateral", "bilaterally", "both", "bibasilar", "bibasal", "biapical"}
BOTH_IF_ALONE = {"bases", "apices", "hila"}  # plurals: "at the bases", but not "at the right bases"
# "Left atrial lead": a part of the heart, which is no side of the chest.
_PARTS_OF_THE_HEART = re.compile(r"(?:atri|ventric|heart|coronary|anterior|circumflex)")

_PART_ENDS = re.compile(
    r"^(?:and|or|nor|no|with|without|but|versus|vs|plus|however|while|although|though|except|which|as|due|from|causing)$"
)
_SHARING = {"and", "or", "nor", "versus", "vs", "plus"}
_BESIDE = {
    *("associated", "adjacent", "overlying", "underlying", "subjacent", "compressive", "accompanying", "superimposed")
}
_MEANING = {"consistent", "compatible"}
VERBS = {"is", "are", "was", "were", "remains", "remain", "appears", "appear", "has", "have", "looks", "shows"}
_PREPOSITIONS = {"in", "at", "on", "of", "within", "over", "near", "along", "throughout", "to", "involving"}


def sides_of(tokens: list[str], commas: Collection[int], claimed: Sequence[tuple[Mention, bool]]) -> list[Side | None]:
    """The side of each mention of a sentence.

    Args:
        tokens: words of the sentence, without its commas.
        commas: places of the words that stand after a comma.
        claimed: the mentions, and whether each is denied.
    """
    found, denials = [mention for mention, _ in claimed], [is_denied for _, is_denied in claimed]
    places = _side_words(tokens)
    starts = [0] + [place for place, token in enumerate(tokens) if _PART_ENDS.match(token) or place in commas]
    parts = [range(start, end) for start, end in zip(starts, [*starts[1:], len(tokens)])]
    own: list[set[str]] = [set() for _ in found]
    after: list[set[str]] = [set() for _ in found]  # those of them that are named after the mention
    waiting: set[str] = set()  # sides of a part without a finding: "right and left effusions"
    for part, following in zip(parts, [*parts[1:], range(0)]):
        here = [number for number, mention in enumerate(found) if mention.start in part]
        named = {place: side for place, side in places.items() if place in part}
        if not here:
            before = [number for number, mention in enumerate(found) if mention.end <= part.start]
            if named and not any(tokens[place] in VERBS for place in part):
                # "Opacities in the right upper and left lower lobes"; "opacity, left base".
                leads_on = any(mention.start in following for mention in found) and _names_a_side(tokens, following)
                apart = part.start in commas and not leads_on
                if before and (apart or after[before[-1]]):
                    own[before[-1]] |= set(named.values())
                    after[before[-1]] |= set(named.values())
                else:
                    waiting |= set(named.values())
            continue
        for place, side in named.items():
            number = _owner(tokens[: part.stop], place, [found[other] for other in here])
            if number is not None:
                own[here[number]].add(side)
                if place >= found[here[number]].end:
                    after[here[number]].add(side)
        if waiting:
            own[here[0]] |= waiting
            waiting = set()
    _spread_within_parts(found, denials, parts, own)
    _share_between_parts(tokens, commas, claimed, parts, own, after)
    return [_joined(sides) for sides in own]


def _names_a_side(tokens: list[str], part: range) -> bool:
    """Whether a part goes on with another side: "..., left" goes on with "and right effusions"."""
    return tokens[part.start] in _SHARING and bool(_side_words([tokens[place] for place in part]))


def _side_words(tokens: list[str]) -> dict[int, Side]:
    """place -> "left", "right" or "bilateral"."""
    places: dict[int, Side] = {}
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else ""
        if token in LEFT_WORDS | RIGHT_WORDS and not _PARTS_OF_THE_HEART.match(following):
            places[place] = "left" if token in LEFT_WORDS else "right"
        elif token in BOTH_WORDS:
            places[place] = "bilateral"
    if not places:
        places = {place: "bilateral" for place, token in enumerate(tokens) if token in BOTH_IF_ALONE}
    return places


def _owner(tokens: list[str], place: int, here: list[Mention]) -> int | None:
    """Which of the mentions of a part a word of side belongs to, as a number; None where to none of them."""
    before = [number for number, mention in enumerate(here) if mention.end <= place]
    behind = [number for number, mention in enumerate(here) if mention.start > place]
    led_by = tokens[place - 1] if place else ""
    if led_by == "the" and place > 1:
        led_by = tokens[place - 2]
    if before and led_by in _PREPOSITIONS:
        return before[-1]  # "opacity in the left base"
    if behind:
        return behind[0]  # "left base opacity"
    if before and not any(token in VERBS for token in tokens[place:]):
        return before[-1]  # "opacity left base", but not "effusion right lung is clear"
    return None


def _spread_within_parts(found: Any, denials: list[bool], parts: Any, own: Any) -> None:
    """Mentions of one part without a side of their own share the part's only side: "calcified left nodule"."""
    for part in parts:
        for is_denied in (False, True):
            here = [n for n, mention in enumerate(found) if mention.start in part and denials[n] == is_denied]
            sides = set().union(*(own[number] for number in here)) if here else set()
            if len(sides) == 1:
                for number in here:
                    own[number] |= sides


def _share_between_parts(
    tokens: list[str], commas: Collection[int], claimed: Any, parts: Any, own: Any, after: Any
) -> None:
    """Mentions of neighbouring parts share a side where the parts are joined; what is denied shares with what is."""
    pairs = []
    for part, following in zip(parts, parts[1:]):
        here = [number for number, (mention, _) in enumerate(claimed) if mention.start in part]
        there = [number for number, (mention, _) in enumerate(claimed) if mention.start in following]
        if here and there and claimed[here[-1]][1] == claimed[there[0]][1]:
            joint = tokens[following.start]
            listed = joint in _SHARING or (following.start in commas and _is_a_list(tokens, commas, parts, following))
            beside = joint == "with" and (
                tokens[following.start - 1] in _MEANING or any(tokens[place] in _BESIDE for place in following)
            )
            pairs.append((here, there, listed, beside))
    for here, there, listed, beside in pairs:
        if (listed or beside) and own[here[-1]] and not any(own[number] for number in there):
            for number in there:
                own[number] |= own[here[-1]]
    for here, there, listed, _ in reversed(pairs):
        if listed and not any(own[number] for number in here):
            for number in here:
                own[number] |= after[there[-1]]
                after[number] |= after[there[-1]]  # "scarring, atelectasis and effusion in the left base"


def _is_a_list(tokens: list[str], commas: Collection[int], parts: Any, part: range) -> bool:
    """Whether the parts from this one on, at commas all of them, end with "and" or "or": "..., scarring and edema"."""
    for following in parts[parts.index(part) + 1 :]:
        if tokens[following.start] in _SHARING:
            return True
        if following.start not in commas:
            return False
    return False


def _joined(sides: set[str]) -> Side | None:
    if not sides:
        return None
    if len(sides) > 1 or "bilateral" in sides:
        return "bilateral"
    return "left" if "left" in sides else "right"
