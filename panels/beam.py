"""The beam as HTML: its hypotheses by rank, and the tree of all that it kept and dropped. Every text is escaped."""

from html import escape


def _signed(number):
    return f"{number:.2f}".replace("-", "\u2212")


def _count(number, one, many):
    return f"1 {one}" if number == 1 else f"{number} {many}"


def _ranking(caption):
    rows = []
    for rank, found in enumerate(caption.hypotheses, 1):
        count = len(found.words) + (found.end_log_prob is not None)
        share = found.log_prob / count if count else 0.0
        cut = "" if found.end_log_prob is not None else " <small>cut off at the length limit</small>"
        text = escape(found.text) or "<em>no word at all</em>"
        rows.append(
            f'<tr><th scope="row">{rank}</th><td class="cxr-said">{text}{cut}</td>'
            f'<td data-label="log probability">{_signed(found.log_prob)}</td>'
            f'<td data-label="a word">{_signed(share)}</td><td data-label="score">{_signed(found.score)}</td></tr>'
        )
    return (
        '<div class="cxr-scroll" tabindex="0" role="region" aria-label="Ranked hypotheses"><table class="cxr-ranking">'
        '<thead><tr><th scope="col">Rank</th><th scope="col">Hypothesis</th><th scope="col">Log probability</th>'
        '<th scope="col">a word</th><th scope="col">Score</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _words(branch, vocabulary):
    shown = ["end" if token == vocabulary.end else vocabulary.word(token) for token in branch.tokens]
    return " ".join(
        f'<i class="cxr-end">{word}</i>' if token == vocabulary.end else escape(word)
        for token, word in zip(branch.tokens, shown)
    )


def _fate(branch):
    total = f"log probability {_signed(branch.total)}"
    if branch.fate == "dropped":
        after = _count(branch.step, "word", "words")
        if branch.bar is None:
            return f"dropped after {after} at {total}"
        below = f"whatever followed fell below {_signed(branch.bar)}, the last place in the beam"
        return f"dropped after {after} at {total}: {below}"
    end = "finished" if branch.fate == "finished" else "cut off at the length limit"
    return f"rank {branch.rank}, {end}, {total}, score {_signed(branch.score)}"


def _best(branch):
    """What a branch leads to, for sorting: a ranked end first, then what lived longest, then what was likeliest."""
    ranks = [leaf.rank for leaf in branch.leaves() if leaf.rank]
    last = max(branch.leaves(), key=lambda leaf: (leaf.step, leaf.total))
    return (min(ranks, default=1000), -last.step, -last.total)


def _line(branch, vocabulary, opened):
    """One hypothesis from where it branched off to its end, as list items; what left it stands under its words."""
    items = []
    while True:
        heirs = sorted(branch.children, key=_best)
        kind = branch.fate if not heirs else "branched"
        best = " cxr-best" if any(leaf.rank == 1 for leaf in branch.leaves()) else ""
        text = f'<span class="cxr-said">{_words(branch, vocabulary)}</span>' if branch.tokens else ""
        fate = f' <span class="cxr-fate">{_fate(branch)}</span>' if not heirs else ""
        others = ""
        if len(heirs) > 1:
            lines = "".join(
                f'<li><ol class="cxr-line">{_line(other, vocabulary, False)}</ol></li>' for other in heirs[1:]
            )
            count = _count(len(heirs) - 1, "other way", "other ways")
            where = f"after “{escape(vocabulary.word(branch.tokens[-1]))}”" if branch.tokens else "at the first word"
            others = (
                f"<details{' open' if opened else ''}><summary>{count} {where}</summary>"
                f'<ul class="cxr-others">{lines}</ul></details>'
            )
        items.append(f'<li class="cxr-{kind}{best}">{text}{fate}{others}</li>')
        if not heirs:
            return "".join(items)
        branch = heirs[0]


def render(caption, tree, vocabulary):
    """Ranking and tree of a beam search.

    Args:
        caption: captioner.Caption of the search.
        tree: captioner.beam_tree.Branch, its root.
        vocabulary: captioner's Vocabulary.
    """
    leaves = tree.leaves()
    dropped = sum(leaf.fate == "dropped" for leaf in leaves)
    lost = _count(dropped, "hypothesis was", "hypotheses were")
    return f"""<section class="cxr-beam" aria-label="The beam">
<h2 class="cxr-heading">The beam, ranked</h2>
<p class="cxr-fine">The score is the log probability over the number of words to the power of
{caption.length_penalty:g}; the nearest to zero ranks first. So a longer impression is
not lost for its length alone.</p>
{_ranking(caption)}
<h2 class="cxr-heading">What the beam kept and what it dropped</h2>
<p class="cxr-fine">{lost} dropped on the way. Read the best one down the line; open a branch to see what else
was tried. At each word only the {_count(caption.beam_width, "likeliest hypothesis goes", "likeliest hypotheses go")} on.</p>
<ol class="cxr-line cxr-tree">{_line(tree, vocabulary, len(leaves) <= 16)}</ol></section>"""
