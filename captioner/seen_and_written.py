"""What the finding head sees beside what an impression writes: agreement, and the two ways to disagree.

Pure functions of `captioner.caption.Finding` records and a text; the page, the command line and the evaluation all ask
them. The side counts: an effusion that is seen on the left and written on the right is no agreement.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from captioner.caption import Finding
from captioner.errors import BadInput
from captioner.numbers import percent
from captioner.reports.claims import Claim, Side, claims, side_of
from captioner.reports.pasted_text import read_pasted

UNSURE = 0.5  # logits from the threshold within which the head is unsure: odds within a factor of 1.65
LONGEST_DRAFT = 2000  # characters: several times what an impression needs


class Agreement(StrEnum):
    """How a finding stands between the head and the words."""

    BOTH = "seen and written"
    UNWRITTEN = "seen, not written"
    UNSEEN = "written, not seen"
    UNSURE = "unsure"
    NEITHER = "neither seen nor written"


@dataclass(frozen=True)
class Standing:
    """One finding between the head and the words.

    Attributes:
        finding: its name.
        agreement: which of the states it is in.
        probability, threshold: the head's.
        seen_side: where the head sees it; None where it does not or is not told.
        written_side: where the impression writes it; None where it does not or names no side.
        other_side: whether it is seen and written, but on different sides; such a finding is `Agreement.UNSEEN`.
        denied: whether the impression denies it.
        words: (start, end) of the words of the impression that state it.
        sentence: the state in plain words.
    """

    finding: str
    agreement: Agreement
    probability: float
    threshold: float
    seen_side: str | None
    written_side: Side | None
    other_side: bool
    denied: bool
    words: tuple[tuple[int, int], ...]
    sentence: str


class Verdict(StrEnum):
    """What the head says of a claim of a draft."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    UNSURE = "unsure"
    MISSING = "missing"


@dataclass(frozen=True)
class Trial:
    """A claim of a draft, or what the draft lacks, on trial before the finding head.

    Attributes:
        finding: the record of the head: its probability, and its place on the pictures.
        claim: of the draft; None for what is missing in it.
        verdict: see Verdict. A denial is supported by a finding that is not seen.
        sentence: the verdict in plain words.
        words: of the draft, which make the claim; "" for what is missing.
    """

    finding: Finding
    claim: Claim | None
    verdict: Verdict
    sentence: str
    words: str = ""

    @property
    def title(self) -> str:
        """The claim in the terms of the head: "no effusion, right"; of what is missing, the finding as it is seen."""
        if self.claim is None:
            return _named(self.finding.name, self.finding.side)
        return ("no " if self.claim.denied else "") + _named(self.claim.finding, self.claim.side)


def standings(findings: Sequence[Finding], text: str) -> tuple[Standing, ...]:
    """Every finding between what the head says and what an impression writes, in the order of `findings`.

    Args:
        findings: of `Captioner.findings`.
        text: the impression, a cleaned caption.
    """
    found = claims(text)
    return tuple(_standing(finding, found) for finding in findings)


def on_trial(findings: Sequence[Finding], draft: str) -> tuple[Trial, ...]:
    """A typed impression taken apart: each of its claims, then the findings that are seen and that it does not state.

    Args:
        findings: of `Captioner.findings`.
        draft: as it was typed or pasted.

    Raises:
        BadInput: the draft has no word in it, or is longer than LONGEST_DRAFT.
    """
    if len(draft) > LONGEST_DRAFT:
        raise BadInput(f"A draft may have {LONGEST_DRAFT} characters at the most.")
    words = read_pasted(draft).split()
    if all(word == "." for word in words):
        raise BadInput("Type or paste a draft of an impression first.")
    found, known = claims(draft), {finding.name: finding for finding in findings}
    trials = [
        replace(_trial(known[claim.finding], claim), words=" ".join(words[claim.start : claim.end]))
        for claim in found
        if claim.finding in known
    ]
    stated = {claim.finding for claim in found if not claim.denied}
    for finding in findings:
        if finding.name not in stated and _seen(finding) and not _near(finding):
            sentence = (
                f"The draft does not state {_named(finding.name, finding.side)}; the head gives it {_share(finding)}."
            )
            trials.append(Trial(finding, None, Verdict.MISSING, sentence))
    return tuple(trials)


def _standing(finding: Finding, found: list[Claim]) -> Standing:
    own = [claim for claim in found if claim.finding == finding.name]
    stated = tuple((claim.start, claim.end) for claim in own if not claim.denied)
    denied = any(claim.denied and not claim.limited for claim in own)
    side, seen = side_of(found, finding.name), _seen(finding)
    seen_side = finding.side if seen else None
    other_side = bool(seen and stated) and not _same_side(seen_side, side)
    here, there = _named(finding.name, seen_side), _named(finding.name, side)
    share = _share(finding)
    if other_side:
        agreement = Agreement.UNSEEN
        sentence = f"The impression says {there}; the head sees it on the other side ({seen_side}, {share})."
        if "bilateral" in (side, seen_side):
            sentence = f"The impression says {there}; the head sees {here}, {share}."
    elif _near(finding):
        agreement = Agreement.UNSURE
        says = "says it" if stated else "denies it" if denied else "does not say it"
        sentence = f"The head is unsure of {here}, {share} with a threshold of {percent(finding.threshold)}; "
        sentence += f"the impression {says}."
    elif seen and stated:
        agreement = Agreement.BOTH
        sentence = f"The head sees {here}, {share}, and the impression says so."
    elif seen:
        agreement = Agreement.UNWRITTEN
        sentence = f"The head sees {here}, {share}; the impression {'denies' if denied else 'does not say'} it."
    elif stated:
        agreement = Agreement.UNSEEN
        sentence = f"The impression says {there}; the head gives it {share}."
    else:
        agreement = Agreement.NEITHER
        sentence = f"The head gives {finding.name} {share}, and the impression does not say it."
    return Standing(
        finding.name,
        agreement,
        finding.probability,
        finding.threshold,
        seen_side,
        side,
        other_side,
        denied,
        stated,
        sentence,
    )


def _trial(finding: Finding, claim: Claim) -> Trial:
    seen, share = _seen(finding), _share(finding)
    name = _named(claim.finding, claim.side)
    here = not (seen and claim.side) or _same_side(finding.side, claim.side)
    if claim.denied and not here:
        # A denial of the other side: "no right effusion" beside one on the left.
        return Trial(finding, claim, Verdict.SUPPORTED, f"No {name}: the head sees it {_where(finding.side)}, {share}.")
    if _near(finding):
        return Trial(finding, claim, Verdict.UNSURE, f"The head is unsure of {finding.name}, {share}.")
    if claim.limited and seen:
        return Trial(
            finding, claim, Verdict.UNSURE, f"The draft denies a kind of {name} only; the head gives it {share}."
        )
    if claim.denied:
        verdict = Verdict.NOT_SUPPORTED if seen else Verdict.SUPPORTED
        return Trial(finding, claim, verdict, f"The draft denies {name}; the head gives it {share}.")
    if not here:
        sentence = f"The draft says {name}; the head sees it {_where(finding.side)}, {share}."
        return Trial(finding, claim, Verdict.NOT_SUPPORTED, sentence)
    verdict = Verdict.SUPPORTED if seen else Verdict.NOT_SUPPORTED
    return Trial(finding, claim, verdict, f"The draft says {name}; the head gives it {share}.")


def _seen(finding: Finding) -> bool:
    return finding.probability >= finding.threshold


def _near(finding: Finding) -> bool:
    """Whether a probability is so near its threshold that the head is unsure."""
    return abs(_logit(finding.probability) - _logit(finding.threshold)) < UNSURE


def _logit(probability: float) -> float:
    probability = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(probability / (1 - probability))


def _same_side(seen: str | None, written: str | None) -> bool:
    """Whether two sides agree; one that is not named agrees with any."""
    return seen is None or written is None or seen == written


def _named(finding: str, side: str | None) -> str:
    return f"{finding}, {'both sides' if side == 'bilateral' else side}" if side else finding


def _where(side: str | None) -> str:
    return "on both sides" if side == "bilateral" else f"on the {side}"


def _share(finding: Finding) -> str:
    return percent(finding.probability)
