"""Greedy and beam search of one study set side by side: both impressions aligned, and the beam as a tree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from captioner.caption import Caption, Hypothesis
from captioner.decoding import beam_tree
from captioner.vocabulary import Vocabulary

if TYPE_CHECKING:  # it imports TensorFlow
    from captioner.captioner import Captioner, Features


@dataclass(frozen=True)
class Comparison:
    """Both searches of one study; `tree` is the beam's."""

    greedy: Caption
    beam: Caption
    tree: beam_tree.Branch


def compare_searches(model: "Captioner", features: "Features", width: int, length_penalty: float) -> Comparison:
    """Both searches from the same features, as a Comparison."""
    width, length_penalty = int(width), float(length_penalty)
    greedy = model.caption(features, decoding="greedy", length_penalty=length_penalty)
    beam, trace = model.search(features, decoding="beam", beam_width=width, length_penalty=length_penalty)
    return Comparison(greedy, beam, beam_tree.grow(trace, model.vocabulary, length_penalty))


def log_prob_per_word(hypothesis: Hypothesis) -> float:
    """Its log probability shared out over its words, the end of the impression counted as one where it has one."""
    count = len(hypothesis.words) + (hypothesis.end_log_prob is not None)
    return hypothesis.log_prob / count if count else 0.0


def align(first: Sequence[str], second: Sequence[str]) -> list[tuple[int | None, int | None, bool]]:
    """Two lists of words as columns `(i, j, same)`: places in either list, None for a gap.

    >>> align("no acute disease .".split(), "no disease .".split())
    [(0, 0, True), (1, None, False), (2, 1, True), (3, 2, True)]
    """
    columns: list[tuple[int | None, int | None, bool]] = []
    for name, i, i_end, j, j_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        for step in range(max(i_end - i, j_end - j)):
            left = i + step if i + step < i_end else None
            right = j + step if j + step < j_end else None
            columns.append((left, right, name == "equal"))
    return columns


def as_dict(compared: Comparison, vocabulary: Vocabulary) -> dict[str, Any]:
    """The comparison as plain data: what `/compare` answers."""

    def whole(caption: Caption) -> dict[str, Any]:
        return {**caption.as_dict(), "log_prob_per_word": log_prob_per_word(caption.hypotheses[0])}

    def dropped(branch: beam_tree.Branch, before: tuple[int, ...] = ()) -> Iterator[dict[str, Any]]:
        tokens = before + branch.tokens
        if branch.fate == "dropped":
            yield {"text": vocabulary.decode(tokens), "words": branch.step, "log_prob": branch.total, "bar": branch.bar}
        for child in branch.children:
            yield from dropped(child, tokens)

    texts = [[word.text for word in caption.words] for caption in (compared.greedy, compared.beam)]
    return {
        "greedy": whole(compared.greedy),
        "beam": whole(compared.beam),
        "alignment": [{"greedy": i, "beam": j, "same": same} for i, j, same in align(*texts)],
        "hypotheses": [
            {
                "text": found.text,
                "log_prob": found.log_prob,
                "log_prob_per_word": log_prob_per_word(found),
                "score": found.score,
            }
            for found in compared.beam.hypotheses
        ],
        "dropped": list(dropped(compared.tree)),
    }
