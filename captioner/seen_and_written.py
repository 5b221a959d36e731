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
from captioner.sentence import Sentence

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
    sentence: Sentence


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
    sentence: Sentence
    words: str = ""

    @property
    def title(self) -> Sentence:
        """The claim in the terms of the head: "no effusion, right"; of what is missing, the finding as it is seen."""
        if self.claim is None:
            return _named(self.finding.name, self.finding.side)
        named = _named(self.claim.finding, self.claim.side)
        return Sentence("no {finding}", finding=named) if self.claim.denied else named


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
        raise BadInput(Sentence("A draft may have {longest} characters at the most.", longest=LONGEST_DRAFT))
    words = read_pasted(draft).split()
    if all(word == "." for word in words):
        raise BadInput(Sentence("Type or paste a draft of an impression first."))
    found, known = claims(draft), {finding.name: finding for finding in findings}
    trials = [
        replace(_trial(known[claim.finding], claim), words=" ".join(words[claim.start : claim.end]))
        for claim in found
        if claim.finding in known
    ]
    # What is stated is not missing; nor is what is denied and seen, of which the denial is told already.
    spoken_of = {claim.finding for claim in found if not claim.denied}
    spoken_of |= {each.finding.name for each in trials if each.verdict is Verdict.NOT_SUPPORTED}
    for finding in findings:
        if finding.name not in spoken_of and _seen(finding) and not _near(finding):
            sentence = Sentence(
                "The draft does not state {finding}; the head gives it {share}.",
                finding=_named(finding.name, finding.side),
                share=_share(finding),
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
    if other_side:
        agreement = Agreement.UNSEEN
        sentence = Sentence("The impression says {there}; the head sees it on the other side ({side}, {share}).")
        if "bilateral" in (side, seen_side):
            sentence = Sentence("The impression says {there}; the head sees {here}, {share}.")
    elif _near(finding):
        agreement = Agreement.UNSURE
        sentence = Sentence(
            "The head is unsure of {here}, {share} with a threshold of {threshold}; the impression {says}."
        )
    elif seen and stated:
        agreement = Agreement.BOTH
        sentence = Sentence("The head sees {here}, {share}, and the impression says so.")
    elif seen and denied:
        agreement = Agreement.UNWRITTEN
        sentence = Sentence("The head sees {here}, {share}; the impression denies it.")
    elif seen:
        agreement = Agreement.UNWRITTEN
        sentence = Sentence("The head sees {here}, {share}; the impression does not say it.")
    elif stated:
        agreement = Agreement.UNSEEN
        sentence = Sentence("The impression says {there}; the head gives it {share}.")
    else:
        agreement = Agreement.NEITHER
        sentence = Sentence("The head gives {finding} {share}, and the impression does not say it.")
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
        sentence.filled(
            finding=Sentence(finding.name),
            here=_named(finding.name, seen_side),
            there=_named(finding.name, side),
            side=Sentence(seen_side or ""),
            says=Sentence("says it") if stated else Sentence("denies it") if denied else Sentence("does not say it"),
            share=_share(finding),
            threshold=percent(finding.threshold),
        ),
    )


def _trial(finding: Finding, claim: Claim) -> Trial:
    seen = _seen(finding)
    here = not (seen and claim.side) or _same_side(finding.side, claim.side)
    if claim.denied and not here:
        # A denial of the other side: "no right effusion" beside one on the left.
        verdict, sentence = Verdict.SUPPORTED, Sentence("No {claim}: the head sees it {where}, {share}.")
    elif _near(finding):
        verdict, sentence = Verdict.UNSURE, Sentence("The head is unsure of {finding}, {share}.")
    elif claim.limited and seen:
        verdict = Verdict.UNSURE
        sentence = Sentence("The draft denies a kind of {claim} only; the head gives it {share}.")
    elif claim.denied and seen:
        verdict = Verdict.NOT_SUPPORTED
        if finding.side:
            sentence = Sentence("The draft denies {claim}; the head sees it {where}, {share}.")
        else:
            sentence = Sentence("The draft denies {claim}; the head sees it, {share}.")
    elif claim.denied:
        verdict, sentence = Verdict.SUPPORTED, Sentence("The draft denies {claim}; the head gives it {share}.")
    elif not here:
        verdict, sentence = (
            Verdict.NOT_SUPPORTED,
            Sentence("The draft says {claim}; the head sees it {where}, {share}."),
        )
    else:
        verdict = Verdict.SUPPORTED if seen else Verdict.NOT_SUPPORTED
        sentence = Sentence("The draft says {claim}; the head gives it {share}.")
    filled = sentence.filled(
        finding=Sentence(finding.name),
        claim=_named(claim.finding, claim.side),
        where=_where(finding.side),
        share=_share(finding),
    )
    return Trial(finding, claim, verdict, filled)


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


def _named(finding: str, side: str | None) -> Sentence:
    if not side:
        return Sentence(finding)
    where = Sentence("both sides") if side == "bilateral" else Sentence(side)
    return Sentence("{finding}, {side}", finding=Sentence(finding), side=where)


def _where(side: str | None) -> Sentence:
    if side == "bilateral":
        return Sentence("on both sides")
    return Sentence("on the left") if side == "left" else Sentence("on the right")


def _share(finding: Finding) -> str:
    return percent(finding.probability)
