"""What an impression claims: which finding, on which side, stated or denied; and how two impressions' claims compare.

The one judge of sides and denials: the page, the endpoints and the evaluation all ask it.

Conventions:

- Findings and negation are those of `captioner.reports.findings`; what is merely asked after ("to exclude a nodule") is
  no claim.
- Which of them a word of side belongs to says `captioner.reports.sides`.
- A comma ends a denial where another statement opens with it, see `captioner.reports.commas`. Captions are cleaned and
  have none; texts as they were typed do.
- A denial of one kind only ("no new opacity", "no large effusion") denies nothing else that is stated.
- Findings of the middle (heart, hernia) and of both lungs (edema, emphysema) have no side.
"""

from dataclasses import dataclass
from typing import Any

from captioner.reports.commas import opening_commas
from captioner.reports.findings import FINDINGS, SIDED, Mention, all_mentions, characters
from captioner.reports.negation import asked_after
from captioner.reports.pasted_text import read_pasted
from captioner.reports.sides import Side, sides_of

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
    tokens: list[str] = []
    commas: set[int] = set()  # places of words that stand after a comma
    for token in read_pasted(text, commas=True).split():
        if token == ",":
            commas.add(len(tokens))
        else:
            tokens.append(token)
    found: list[Claim] = []
    first = 0
    for last in [place for place, token in enumerate(tokens) if token == "."] + [len(tokens)]:
        parted = {place - first for place in commas if first < place < last}
        found += [_moved(claim, first) for claim in _claims_of_sentence(tokens[first:last], parted)]
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


def _claims_of_sentence(tokens: list[str], commas: set[int]) -> list[Claim]:
    sentence = " ".join(tokens)
    named = {place for mention, _ in all_mentions(sentence) for place in range(mention.start, mention.end)}
    opened = opening_commas(tokens, commas, named) if commas else set()
    asked = asked_after(sentence, [characters(tokens, 0, place) for place in opened])
    found = []
    for mention, is_denied in all_mentions(sentence, opened):
        start = characters(tokens, 0, mention.start)
        if not (is_denied and any(left <= start < right for left, right in asked)):
            found.append((mention, is_denied))
    sides = sides_of(tokens, commas, found)
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
