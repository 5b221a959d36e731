"""What an impression claims: which finding, on which side, stated or denied; and how two impressions' claims compare.

The one judge of sides and denials: the page, the endpoints and the evaluation all ask it.

Conventions:

- Findings and negation are those of `captioner.reports.findings`; what is merely asked after ("to exclude a nodule") is
  no claim.
- A word of side belongs to the findings of its own part of the sentence. Parts end at "and", "with", "but" and the
  like; a finding without a side of its own shares the one before it ("left effusion and atelectasis") or the one that
  is named after both ("atelectasis and effusion in the left base").
- A denial of one kind only ("no new opacity", "no large effusion") denies nothing else that is stated.
- Findings of the middle (heart, hernia) and of both lungs (edema, emphysema) have no side.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from captioner.reports.findings import FINDINGS, SIDED, Mention, all_mentions
from captioner.reports.negation import asked_after
from captioner.reports.pasted_text import read_pasted

Side = Literal["left", "right", "bilateral"]

LEFT_WORDS = {"left", "leftward", "lul", "lll", "lingula", "lingular"}
RIGHT_WORDS = {"right", "rightward", "rul", "rml", "rll"}
BOTH_WORDS = {"bilateral", "bilaterally", "both", "bibasilar", "bibasal", "biapical"}
BOTH_IF_ALONE = {"bases", "apices", "hila"}  # plurals: "at the bases", but not "at the right bases"
# "Left atrial lead": a part of the heart, which is no side of the chest.
_PARTS_OF_THE_HEART = re.compile(r"(?:atri|ventric|heart|coronary|anterior|circumflex)")

_PART_ENDS = re.compile(
    r"^(?:and|or|nor|with|without|but|versus|vs|plus|however|while|although|though|except|which|as|due|from|causing)$"
)
_SHARING = {"and", "or", "nor", "versus", "vs", "plus"}
_BESIDE = {
    *("associated", "adjacent", "overlying", "underlying", "subjacent", "compressive", "accompanying", "superimposed")
}
_MEANING = {"consistent", "compatible"}
_VERB = {"is", "are", "was", "were", "remains", "remain", "appears", "appear", "has", "have", "looks", "shows"}
_PREPOSITIONS = {"in", "at", "on", "of", "within", "over", "near", "along", "throughout", "to", "involving"}
_DENIAL_ENDS = {"no", "not", "without", "nor", "neither", "for", "of", "or", "and"}
_LIMITING = {
    *("acute", "active", "new", "focal", "large", "other", "additional", "further", "significant", "suspicious"),
    *("superimposed", "lobar", "overt", "dense", "sizable", "moderate", "displaced", "worsening", "increasing"),
    *("recurrent", "residual", "tension", "confluent", "frank"),
}


@dataclass(frozen=True)
class Claim:
    """A place in an impression that states or denies a finding: its words are `read_pasted(text).split()[start:end]`.

    Attributes:
        finding: one of `captioner.reports.findings.FINDINGS`.
        side: "left", "right" (the patient's), "bilateral", or None where the text names none.
        denied: whether it is denied ("no effusion"); what has resolved counts as denied.
        start, end: words of the text as `read_pasted` reads it; a cleaned caption's own words.
        limited: whether only a kind of the finding is denied: "no large effusion", "no new opacity".
    """

    finding: str
    side: Side | None
    denied: bool
    start: int
    end: int
    limited: bool = False


@dataclass(frozen=True)
class Comparison:
    """Two impressions finding by finding; each finding that either of them states is in exactly one of the lists.

    Attributes:
        agreed: stated by both, on the same side where the reference names one.
        side_wrong: stated by both, on different sides.
        side_missing: stated by both; the reference names a side and the prediction none.
        missed: stated by the reference alone.
        made_up: stated by the prediction alone.
        contradictory: stated and denied by one and the same text, reference or prediction.
        denied_alike: denied by both; these findings are in no other list.
    """

    agreed: tuple[str, ...]
    side_wrong: tuple[str, ...]
    side_missing: tuple[str, ...]
    missed: tuple[str, ...]
    made_up: tuple[str, ...]
    contradictory: tuple[str, ...]
    denied_alike: tuple[str, ...]


def claims(text: str) -> list[Claim]:
    """What a text claims, in the order of its words.

    Args:
        text: an impression, pasted as it was written, or a cleaned caption.

    >>> claims("No pneumothorax; small left effusion")
    [Claim(finding='pneumothorax', side=None, denied=True, start=1, end=2, limited=False),
     Claim(finding='effusion', side='left', denied=False, start=5, end=6, limited=False)]
    """
    tokens = read_pasted(text).split()
    found: list[Claim] = []
    first = 0
    for last in [place for place, token in enumerate(tokens) if token == "."] + [len(tokens)]:
        found += [_moved(claim, first) for claim in _claims_of_sentence(tokens[first:last])]
        first = last + 1
    return found


def contradictions(found: list[Claim]) -> tuple[str, ...]:
    """The findings, in the order of FINDINGS, that one text's claims both state and deny on the same side."""
    return tuple(
        finding
        for finding in FINDINGS
        if any(
            stated.finding == denial.finding == finding and _denies(denial, stated)
            for stated in found
            if not stated.denied
            for denial in found
            if denial.denied
        )
    )


def side_of(found: list[Claim], finding: str) -> Side | None:
    """The side on which a text's claims state a finding, all of them together; None where they name none."""
    sides = {claim.side for claim in found if claim.finding == finding and not claim.denied and claim.side}
    if not sides:
        return None
    return sides.pop() if len(sides) == 1 else "bilateral"


def compare_claims(reference: str | list[Claim], predicted: str | list[Claim]) -> Comparison:
    """How the claims of a predicted impression agree with those of the reference.

    Args:
        reference, predicted: texts, as of `claims`, or what it made of them.

    >>> compare_claims("moderate left effusion", "moderate right effusion").side_wrong
    ('effusion',)
    """
    wanted = claims(reference) if isinstance(reference, str) else reference
    given = claims(predicted) if isinstance(predicted, str) else predicted
    contradictory = {*contradictions(wanted), *contradictions(given)}
    lists: dict[str, list[str]] = {name: [] for name in Comparison.__dataclass_fields__}
    for finding in FINDINGS:
        outcome = "contradictory" if finding in contradictory else _outcome(wanted, given, finding)
        if outcome is not None:
            lists[outcome].append(finding)
    return Comparison(**{name: tuple(findings) for name, findings in lists.items()})


def _outcome(wanted: list[Claim], given: list[Claim], finding: str) -> str | None:
    in_wanted, in_given = (
        any(claim.finding == finding and not claim.denied for claim in found) for found in (wanted, given)
    )
    if not in_wanted and not in_given:
        both_deny = all(any(claim.finding == finding and claim.denied for claim in found) for found in (wanted, given))
        return "denied_alike" if both_deny else None
    if not in_given:
        return "missed"
    if not in_wanted:
        return "made_up"
    side, other = side_of(wanted, finding), side_of(given, finding)
    if side is None or side == other:
        return "agreed"
    return "side_missing" if other is None else "side_wrong"


def _denies(denial: Claim, stated: Claim) -> bool:
    """Whether a denial and a statement of the same finding can not both be true."""
    same_side = None in (denial.side, stated.side) or "bilateral" in (denial.side, stated.side)
    # "No left effusion" beside an effusion without a side may both be true, and so "no large" beside a small one.
    if denial.side is not None and stated.side is None:
        return False
    return not denial.limited and (same_side or denial.side == stated.side)


def _claims_of_sentence(tokens: list[str]) -> list[Claim]:
    sentence = " ".join(tokens)
    asked = asked_after(sentence)
    found = []
    for mention, is_denied in all_mentions(sentence):
        start = len(" ".join(tokens[: mention.start])) + (mention.start > 0)
        if not (is_denied and any(left <= start < right for left, right in asked)):
            found.append((mention, is_denied))
    sides = _sides(tokens, [mention for mention, _ in found])
    return [
        Claim(
            mention.finding,
            side if mention.finding in SIDED else None,
            is_denied,
            mention.start,
            mention.end,
            is_denied and _limited(tokens, mention, [other for other, _ in found]),
        )
        for (mention, is_denied), side in zip(found, sides)
    ]


def _moved(claim: Claim, by: int) -> Claim:
    return Claim(claim.finding, claim.side, claim.denied, claim.start + by, claim.end + by, claim.limited)


def _limited(tokens: list[str], mention: Mention, others: Any) -> bool:
    """Whether a word such as "new" or "large" is between what denies a mention and the mention."""
    ends = {place for other in others if other != mention for place in range(other.start, other.end)}
    for place in range(mention.start - 1, -1, -1):
        if place in ends or tokens[place] in _DENIAL_ENDS:
            return False
        if tokens[place] in _LIMITING:
            return True
    return False


def _sides(tokens: list[str], found: list[Mention]) -> list[Side | None]:
    """The side of each mention of a sentence."""
    places = _side_words(tokens)
    starts = [0] + [place for place, token in enumerate(tokens) if _PART_ENDS.match(token)]
    parts = [range(start, end) for start, end in zip(starts, [*starts[1:], len(tokens)])]
    own: list[set[str]] = [set() for _ in found]
    after: list[set[str]] = [set() for _ in found]  # those of them that are named after the mention
    waiting: set[str] = set()  # sides of a part without a finding: "right and left effusions"
    for part in parts:
        here = [number for number, mention in enumerate(found) if mention.start in part]
        named = {place: side for place, side in places.items() if place in part}
        if not here:
            before = [number for number, mention in enumerate(found) if mention.end <= part.start]
            if named and not any(tokens[place] in _VERB for place in part):
                if before and after[before[-1]]:
                    own[before[-1]] |= set(named.values())  # "in the right upper and left lower lobes"
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
    _spread_within_parts(found, parts, own)
    _share_between_parts(tokens, found, parts, own, after)
    return [_joined(sides) for sides in own]


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
    if before and not any(token in _VERB for token in tokens[place:]):
        return before[-1]  # "opacity left base", but not "effusion right lung is clear"
    return None


def _spread_within_parts(found: Any, parts: Any, own: Any) -> None:
    """Mentions of one part without a side of their own share the part's only side: "calcified left nodule"."""
    for part in parts:
        here = [number for number, mention in enumerate(found) if mention.start in part]
        sides = set().union(*(own[number] for number in here)) if here else set()
        if len(sides) == 1:
            for number in here:
                own[number] |= sides


def _share_between_parts(tokens: list[str], found: Any, parts: Any, own: Any, after: Any) -> None:
    for part, following in zip(parts, parts[1:]):
        joint = tokens[following.start]
        beside = joint == "with" and (
            tokens[following.start - 1] in _MEANING or any(tokens[place] in _BESIDE for place in following)
        )
        if joint not in _SHARING and not beside:
            continue
        here = [number for number, mention in enumerate(found) if mention.start in part]
        there = [number for number, mention in enumerate(found) if mention.start in following]
        if here and there and own[here[-1]] and not any(own[number] for number in there):
            for number in there:
                own[number] |= own[here[-1]]
    for part, following in reversed(list(zip(parts, parts[1:]))):
        here = [number for number, mention in enumerate(found) if mention.start in part]
        there = [number for number, mention in enumerate(found) if mention.start in following]
        if tokens[following.start] in _SHARING and here and there and not any(own[number] for number in here):
            for number in here:
                own[number] |= after[there[-1]]


def _joined(sides: set[str]) -> Side | None:
    if not sides:
        return None
    if len(sides) > 1 or "bilateral" in sides:
        return "bilateral"
    return "left" if "left" in sides else "right"
