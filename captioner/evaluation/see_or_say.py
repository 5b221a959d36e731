"""Did the model fail to see a finding, or to say it? Reference, impression and finding head, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from captioner.caption import Finding
from captioner.numbers import percent
from captioner.reports.claims import claims, side_of
from captioner.seen_and_written import Standing, standings
from captioner.sentence import Sentence


@dataclass(frozen=True)
class Row:
    """One finding that at least one of the three states.

    Attributes:
        finding: its name.
        reference, impression: whether that text states it.
        seen: whether the head gives it its threshold or more.
        reference_side, impression_side, seen_side: where; None where none is named, or it is not stated.
        probability: the head's, 0 to 1.
        sentence: what became of it, in plain words.
    """

    finding: str
    reference: bool
    impression: bool
    seen: bool
    reference_side: str | None
    impression_side: str | None
    seen_side: str | None
    probability: float
    sentence: Sentence


def see_or_say(reference: str, impression: str, findings: Sequence[Finding]) -> tuple[Row, ...]:
    """The findings that the reference, the impression or the head states, those of the reference first.

    Args:
        reference: as it was written or pasted.
        impression: of the model, a cleaned caption.
        findings: what its finding head says of the same study.
    """
    wanted, rows = claims(reference), []
    for standing, finding in zip(standings(findings, impression), findings, strict=True):
        stated = any(claim.finding == finding.name and not claim.denied for claim in wanted)
        written, seen = bool(standing.words), standing.probability >= standing.threshold
        if not (stated or written or seen):
            continue
        side = side_of(wanted, finding.name) if stated else None
        sentence = _wanted(standing, written, seen, side) if stated else _unwanted(written, seen)
        rows.append(
            Row(
                finding.name,
                stated,
                written,
                seen,
                side,
                standing.written_side if written else None,
                standing.seen_side,
                finding.probability,
                sentence,
            )
        )
    return tuple(sorted(rows, key=lambda row: not row.reference))


def faults(reference: str, impression: str, findings: Sequence[Finding]) -> tuple[Sentence, ...]:
    """Of each finding that an impression has wrong, whether the head failed to see it or the words to say it.

    Args:
        reference, impression, findings: as of `see_or_say`.

    Returns:
        sentences, those on findings of the reference first; none where every finding and side is right.
    """
    told = []
    for row in see_or_say(reference, impression, findings):
        right = row.impression and (row.reference_side is None or row.impression_side == row.reference_side)
        # What is seen, and neither said nor in the reference, is no fault of the impression.
        if (row.reference and not right) or (row.impression and not row.reference):
            finding = next(each for each in findings if each.name == row.finding)
            told.append(
                Sentence(
                    "{finding}: {fault} The head gives it {share} with a threshold of {threshold}.",
                    finding=Sentence(row.finding[:1].upper() + row.finding[1:]),
                    fault=row.sentence,
                    share=percent(finding.probability),
                    threshold=percent(finding.threshold),
                )
            )
    return tuple(told)


def _wanted(standing: Standing, written: bool, seen: bool, side: str | None) -> Sentence:
    """Of a finding that the reference states."""
    other_seen = seen and _apart(standing.seen_side, side)
    other_written = written and _apart(standing.written_side, side)
    if seen and written:
        if side is not None and standing.written_side is None:
            return _without_side(standing, side)
        if other_seen and other_written:
            return Sentence(
                "Seen and said, both on another side than the reference: the head looked at the wrong side."
            )
        if other_written:
            return Sentence("Seen where the reference has it, but said of another side.")
        return (
            Sentence("Seen on another side, and said of the right one.") if other_seen else Sentence("Seen and said.")
        )
    if seen:
        return Sentence("Seen, on another side, and not said.") if other_seen else Sentence("Seen, but not said.")
    if written:
        if other_written:
            return Sentence("Said without being seen, and of another side: a word from language.")
        return Sentence("Said without being seen: a word from language.")
    return Sentence("Not seen, so not said.")


def _without_side(standing: Standing, side: str) -> Sentence:
    """Of a finding that is seen and said, but not on which side."""
    if standing.seen_side is None:
        return Sentence("Seen and said, but on no side: the head does not tell one.")
    if standing.seen_side == side:
        return Sentence("Seen and said, but not on which side, although the head has it right.")
    return Sentence("Seen on another side, and said without a side.")


def _unwanted(written: bool, seen: bool) -> Sentence:
    """Of a finding that the reference does not state."""
    if written and seen:
        return Sentence("Seen and said; the reference does not state it.")
    if written:
        return Sentence("Said without being seen, a word from language; the reference does not state it.")
    return Sentence("Seen, but not said; the reference does not state it either.")


def _apart(side: str | None, other: str | None) -> bool:
    return side is not None and other is not None and side != other
