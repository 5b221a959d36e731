"""The beam as HTML: its hypotheses by rank, and the tree of all that it kept and dropped. See beam.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner.numbers import decimal
from panels.shell import template

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.decoding.beam_tree import Branch
    from captioner.vocabulary import Vocabulary


def _count(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number} {many}"


def _ranking(caption: Caption) -> list[dict[str, Any]]:
    """The rows of the table, best first."""
    rows = []
    for found in caption.hypotheses:
        count = len(found.words) + (found.end_log_prob is not None)
        rows.append(
            {
                "text": found.text,
                "cut_off": found.end_log_prob is None,
                "log_prob": found.log_prob,
                "share": found.log_prob / count if count else 0.0,
                "score": found.score,
            }
        )
    return rows


def _fate(branch: Branch) -> str:
    total = f"log probability {decimal(branch.total)}"
    if branch.fate == "dropped":
        after = _count(branch.step, "word", "words")
        if branch.bar is None:
            return f"dropped after {after} at {total}"
        below = f"whatever followed fell below {decimal(branch.bar)}, the last place in the beam"
        return f"dropped after {after} at {total}: {below}"
    end = "finished" if branch.fate == "finished" else "cut off at the length limit"
    return f"rank {branch.rank}, {end}, {total}, score {decimal(branch.score)}"


def _best(branch: Branch) -> tuple[float, ...]:
    """What a branch leads to, for sorting: a ranked end first, then what lived longest, then what was likeliest."""
    ranks = [leaf.rank for leaf in branch.leaves() if leaf.rank]
    last = max(branch.leaves(), key=lambda leaf: (leaf.step, leaf.total))
    return (min(ranks, default=1000), -last.step, -last.total)


def _line(branch: Branch, vocabulary: Vocabulary, opened: bool) -> list[dict[str, Any]]:
    """One hypothesis from where it branched off to its end, an item for each stretch of words; what left it after them
    is in `others`, a line each, unfolded where `opened`."""
    items = []
    while True:
        heirs = sorted(branch.children, key=_best)
        others = [_line(other, vocabulary, False) for other in heirs[1:]]
        where = f"after “{vocabulary.word(branch.tokens[-1])}”" if branch.tokens else "at the first word"
        items.append(
            {
                "kind": "branched" if heirs else branch.fate,
                "best": any(leaf.rank == 1 for leaf in branch.leaves()),
                "words": [(vocabulary.word(token), token == vocabulary.end) for token in branch.tokens],
                "fate": "" if heirs else _fate(branch),
                "others": others,
                "opened": opened,
                "summary": f"{_count(len(others), 'other way', 'other ways')} {where}",
            }
        )
        if not heirs:
            return items
        branch = heirs[0]


def render(caption: Caption, tree: Branch, vocabulary: Vocabulary) -> str:
    """Ranking and tree of a beam search.

    Args:
        caption: captioner.Caption of the search.
        tree: captioner.decoding.beam_tree.Branch, its root.
        vocabulary: captioner's Vocabulary.
    """
    leaves = tree.leaves()
    dropped = sum(leaf.fate == "dropped" for leaf in leaves)
    return template.render(
        "compare/beam.html",
        length_penalty=f"{caption.length_penalty:g}",
        rows=_ranking(caption),
        lost=_count(dropped, "hypothesis was", "hypotheses were"),
        going_on=_count(caption.beam_width, "likeliest hypothesis goes", "likeliest hypotheses go"),
        tree=_line(tree, vocabulary, len(leaves) <= 16),
    )
