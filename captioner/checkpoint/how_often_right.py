"""How often a claim of an impression is right when the model is this sure, and how often each state between the finding
head and the words is, counted on validation studies.

Kept beside the checkpoint as `how_often_right.json`, with the checksum of the weights that it was counted with: a table
of other weights is not used.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from captioner.caption import Caption, Finding
from captioner.checkpoint.store import read_config
from captioner.checkpoint.validate import HOW_OFTEN_RIGHT as FILE
from captioner.checkpoint.validate import weights_name
from captioner.errors import BadInput
from captioner.reports.claims import Claim, claims, side_of
from captioner.seen_and_written import Agreement, Standing, standings
from captioner.sentence import Sentence

EDGES = (0.25, 0.5, 0.75)  # of the word's probability
HEADS = ("seen", "not seen", "unsure", "none")  # what the finding head says of a claim; "none" where there is no head
MIN_CASES = 10  # with fewer, nothing is said
_OF_STATE = {
    Agreement.BOTH: Sentence(
        "When head and words both state a finding, they are right in {of_ten} of 10 ({cases} findings of validation "
        "studies)."
    ),
    Agreement.NEITHER: Sentence(
        "A finding that is neither seen nor written is absent from the report, too, in {of_ten} of 10 ({cases} "
        "findings of validation studies)."
    ),
    Agreement.UNWRITTEN: Sentence(
        "A finding that is seen and not written stands in the report in {of_ten} of 10 ({cases} findings of "
        "validation studies)."
    ),
    Agreement.UNSEEN: Sentence(
        "A finding that is written and not seen stands in the report in {of_ten} of 10 ({cases} findings of "
        "validation studies)."
    ),
    Agreement.UNSURE: Sentence(
        "A finding of which the head is unsure stands in the report in {of_ten} of 10 ({cases} findings of "
        "validation studies)."
    ),
}


@dataclass(frozen=True)
class Case:
    """A claim of a validation study.

    Attributes:
        word_probability: of the likeliest-to-be-wrong word that states it, 0 to 1.
        head: one of HEADS.
        right: whether the reference states the finding, on the same side where both name one.
    """

    word_probability: float
    head: str
    right: bool


@dataclass(frozen=True)
class Record:
    """So many claims were right, of so many: "right in x of 10", with the number of cases behind it."""

    right: int
    cases: int

    @property
    def of_ten(self) -> int:
        """Of ten such claims, how many were right, rounded."""
        return round(10 * self.right / self.cases)


def cases_of(caption: Caption, findings: Sequence[Finding] | None, reference: str) -> list[Case]:
    """The claims of a caption, each with how sure the model was and whether it was right.

    Args:
        caption: of a validation study.
        findings: what the head says of it; None without a head.
        reference: the cleaned impression of the radiologist.
    """
    heads = head_says(findings, caption.text)
    wanted = claims(reference)
    return [
        Case(word_probability(caption, claim), heads.get(claim.finding, "none"), _is_right(claim, wanted))
        for claim in claims(caption.text)
        if not claim.denied
    ]


@dataclass(frozen=True)
class StateCase:
    """A finding of a validation study, between head and words.

    Attributes:
        state: one of `captioner.seen_and_written.Agreement`.
        right: see `borne_out`.
    """

    state: str
    right: bool


def states_of(findings: Sequence[Finding] | None, text: str, reference: str) -> list[StateCase]:
    """Every finding of a study between head and words, and whether the reference bears it out; none without a head.

    Args:
        findings: what the head says; None without one.
        text: the impression that the model wrote.
        reference: the cleaned impression of the radiologist.
    """
    wanted = claims(reference)
    return [
        StateCase(str(standing.agreement), borne_out(standing, wanted)) for standing in standings(findings or (), text)
    ]


def borne_out(standing: Standing, wanted: list[Claim]) -> bool:
    """Whether a reference's claims bear out a standing: they state the finding, on the same side where both name one.

    Of a finding that is neither seen nor written it is borne out that they do not state it; of one that the head is
    unsure of, whether they state it at all.
    """
    stated = any(claim.finding == standing.finding and not claim.denied for claim in wanted)
    if standing.agreement is Agreement.NEITHER:
        return not stated
    if not stated or standing.agreement is Agreement.UNSURE:
        return stated
    own = standing.seen_side if standing.agreement is Agreement.UNWRITTEN else standing.written_side
    if own is None and standing.agreement is Agreement.BOTH:
        own = standing.seen_side
    side = side_of(wanted, standing.finding)
    return own is None or side is None or own == side


def head_says(findings: Sequence[Finding] | None, text: str) -> dict[str, str]:
    """Finding -> "seen", "not seen" or "unsure", for what a text states; nothing without a head."""
    names = {Agreement.BOTH: "seen", Agreement.UNSEEN: "not seen", Agreement.UNSURE: "unsure"}
    return {
        standing.finding: names[standing.agreement]
        for standing in standings(findings or (), text)
        if standing.agreement in names and standing.words
    }


def word_probability(caption: Caption, claim: Claim) -> float:
    """The least probability of the words that state a claim, 0 to 1."""
    return float(np.exp(min(word.log_prob for word in caption.words[claim.start : claim.end])))


def table_of(cases: Iterable[Case], states: Iterable[StateCase] = ()) -> dict[str, Any]:
    """The counts that are kept: for each head and each stretch of word probability how many were right, of how many;
    and the same for each state."""
    counts = {head: [[0, 0] for _ in range(len(EDGES) + 1)] for head in HEADS}
    for case in cases:
        cell = counts[case.head][bisect_right(EDGES, case.word_probability)]
        cell[0] += int(case.right)
        cell[1] += 1
    of_states = {str(state): [0, 0] for state in Agreement}
    for case_of_state in states:
        of_states[case_of_state.state][0] += int(case_of_state.right)
        of_states[case_of_state.state][1] += 1
    return {"edges": list(EDGES), "right_of": counts, "states": of_states}


class HowOftenRight:
    """The table of one checkpoint.

    Args:
        content: as `table_of` makes it.

    Raises:
        BadInput: it is not of this form.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        try:
            self._counts = {head: np.array(content["right_of"][head], dtype=np.int64) for head in HEADS}
            self._states = {str(state): np.array(row, dtype=np.int64) for state, row in content["states"].items()}
            cells = [*self._counts.values(), *(row[None] for row in self._states.values())]
            sound = list(content["edges"]) == list(EDGES) and self._states.keys() == {str(state) for state in Agreement}
            sound &= all(counts.shape == (len(EDGES) + 1, 2) for counts in self._counts.values())
            sound &= all(
                each.shape[1:] == (2,) and (each >= 0).all() and (each[:, 0] <= each[:, 1]).all() for each in cells
            )
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise BadInput(f"{FILE} is not a table of how often claims were right.") from error
        if not sound:
            raise BadInput(f"{FILE} is not a table of how often claims were right.")

    def record(self, word_probability: float | None = None, head: str | None = None) -> Record | None:
        """How often such claims were right; None with fewer than MIN_CASES of them.

        Args:
            word_probability: of the word, as of `word_probability`; None for any.
            head: one of HEADS; None for any.
        """
        cells: Any = sum(self._counts.values()) if head is None else self._counts[head]
        if word_probability is not None:
            cells = cells[[bisect_right(EDGES, word_probability)]]
        right, cases = (int(number) for number in np.sum(cells, axis=0))
        return Record(right, cases) if cases >= MIN_CASES else None

    def state(self, *states: Agreement | str) -> Record | None:
        """How often findings in any of these states were borne out; None with fewer than MIN_CASES of them.

        Args:
            states: of `captioner.seen_and_written.Agreement`.
        """
        right, cases = (int(number) for number in np.sum([self._states[str(state)] for state in states], axis=0))
        return Record(right, cases) if cases >= MIN_CASES else None


def claim_sentence(record: Record) -> Sentence:
    """How often claims like this one were right, for the reader of the impression."""
    return Sentence(
        "When it is this sure, it is right in {of_ten} of 10 ({cases} claims of validation studies).",
        of_ten=record.of_ten,
        cases=record.cases,
    )


def state_sentence(table: HowOftenRight, agreement: Agreement) -> Sentence | None:
    """How often findings in a state were borne out on validation studies; None where too few are known."""
    record = table.state(agreement)
    if record is None:
        return None
    found: dict[str, Any] = {"of_ten": record.of_ten, "cases": record.cases}
    alone = table.state(Agreement.UNWRITTEN, Agreement.UNSEEN) if agreement is Agreement.BOTH else None
    if alone is not None:
        return Sentence(
            "When head and words both state a finding, they are right in {of_ten} of 10 ({cases} findings of "
            "validation studies), when one of them alone states it in {alone} of 10 ({alone_cases}).",
            **found,
            alone=alone.of_ten,
            alone_cases=alone.cases,
        )
    return _OF_STATE[agreement].filled(**found)


def save(folder: Path, cases: Iterable[Case], split: str, states: Iterable[StateCase] = ()) -> Path:
    """Count and write the table beside a checkpoint; returns its path.

    Raises:
        BadInput: the checkpoint cannot be read.
    """
    content = {**table_of(cases, states), "split": split, "weights": _weights(read_config(folder))}
    path = Path(folder) / FILE
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def load(folder: Path | None, config: dict[str, Any]) -> HowOftenRight | None:
    """The table beside a checkpoint; None where there is none, or one that was counted with other weights.

    Args:
        folder: of the checkpoint.
        config: the content of its config.json.

    Raises:
        BadInput: the file is damaged.
    """
    path = Path(folder) / FILE if folder is not None else None
    if path is None or not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        fits = content["weights"] == _weights(config)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{path.name} cannot be read.") from error
    return HowOftenRight(content) if fits else None


def _weights(config: dict[str, Any]) -> str:
    """The checksum of the weights that a configuration means."""
    return config["files"][weights_name(config)]


def _is_right(claim: Claim, wanted: list[Claim]) -> bool:
    """Whether the reference states a claim, on the same side where both name one."""
    if not any(other.finding == claim.finding and not other.denied for other in wanted):
        return False
    side = side_of(wanted, claim.finding)
    return None in (side, claim.side) or side == claim.side
