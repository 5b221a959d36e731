"""The beam as HTML: its hypotheses by rank, and the tree of all that it kept and dropped. See beam.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner.language import text
from captioner.numbers import decimal
from captioner.sentence import Number
from panels.shell import template

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.decoding.beam_tree import Branch
    from captioner.vocabulary import Vocabulary


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
    total = decimal(branch.total)
    if branch.fate == "dropped":
        if branch.bar is None:
            return text("dropped after {count} words at log probability {total}", count=branch.step, total=total)
        return text(
            "dropped after {count} words at log probability {total}: whatever followed fell below {bar}, the last "
            "place in the beam",
            count=branch.step,
            total=total,
            bar=decimal(branch.bar),
        )
    assert branch.score is not None  # whatever was not dropped is ranked
    told = {"rank": branch.rank, "total": total, "score": decimal(branch.score)}
    if branch.fate == "finished":
        return text("rank {rank}, finished, log probability {total}, score {score}", **told)
    return text("rank {rank}, cut off at the length limit, log probability {total}, score {score}", **told)


def _summary(branch: Branch, others: int, vocabulary: Vocabulary) -> str:
    """How many ways leave a branch at its end besides the best one."""
    if not branch.tokens:
        return text("{count} other ways at the first word", count=others)
    return text("{count} other ways after “{word}”", count=others, word=vocabulary.word(branch.tokens[-1]))


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
        items.append(
            {
                "kind": "branched" if heirs else branch.fate,
                "best": any(leaf.rank == 1 for leaf in branch.leaves()),
                "words": [(vocabulary.word(token), token == vocabulary.end) for token in branch.tokens],
                "fate": "" if heirs else _fate(branch),
                "others": others,
                "opened": opened,
                "summary": _summary(branch, len(others), vocabulary),
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
        length_penalty=Number(f"{caption.length_penalty:g}"),
        rows=_ranking(caption),
        dropped=dropped,
        width=caption.beam_width,
        tree=_line(tree, vocabulary, len(leaves) <= 16),
    )
