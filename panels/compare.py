"""The panel that sets greedy and beam search side by side: both impressions aligned, and the beam as a tree."""

from dataclasses import dataclass
from difflib import SequenceMatcher

import gradio as gr

from captioner import Caption, beam_tree
from panels import viewer
from panels.beam import render
from panels.explain import MODEL


@dataclass(frozen=True)
class Comparison:
    """Both searches of one study; `tree` is the beam's, None for a captioner that leaves no trace."""

    greedy: Caption
    beam: Caption
    tree: beam_tree.Branch | None


def search(model, features, width, length_penalty):
    """Both searches from the same features, as a Comparison."""
    width, length_penalty = int(width), float(length_penalty)
    greedy = model.caption(features, decoding="greedy", length_penalty=length_penalty)
    beam = model.caption(features, decoding="beam", beam_width=width, length_penalty=length_penalty)
    steps = int(model.config["decoding"].get("max_words", 40))
    trace = model.decoder.trace(features.memory, features.mask, width, steps)
    return Comparison(greedy, beam, beam_tree.grow(trace, model.vocabulary, length_penalty))


def per_word(hypothesis):
    """Its log probability shared out over its words, the end of the impression counted as one where it has one."""
    count = len(hypothesis.words) + (hypothesis.end_log_prob is not None)
    return hypothesis.log_prob / count if count else 0.0


def align(first, second):
    """Two lists of words as columns `(i, j, same)`: places in either list, None for a gap.

    >>> align("no acute disease .".split(), "no disease .".split())
    [(0, 0, True), (1, None, False), (2, 1, True), (3, 2, True)]
    """
    columns = []
    for name, i, i_end, j, j_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        for step in range(max(i_end - i, j_end - j)):
            left = i + step if i + step < i_end else None
            right = j + step if j + step < j_end else None
            columns.append((left, right, name == "equal"))
    return columns


def payload(session, compared):
    """What the viewer shows: the words of both, greedy's first, and the columns that align them.

    Args:
        session: panels.explain.Session of the study.
        compared: Comparison.
    """
    checkpoint = session.key[2]
    first, second = (
        viewer.payload(session.study, caption, session.extent, checkpoint, session.sizes)
        for caption in (compared.greedy, compared.beam)
    )
    places = align(*([word["text"] for word in answer["words"]] for answer in (first, second)))
    offset = len(first["words"])
    rows = [
        {"name": name, "search": answer["search"], "log_prob": answer["log_prob"], "cut_off": answer["cut_off"],
         "per_word": per_word(caption.hypotheses[0])}
        for name, answer, caption in (("Greedy", first, compared.greedy), ("Beam", second, compared.beam))
    ]  # fmt: skip
    words = [{**word, "from": row["search"]} for row, answer in zip(rows, (first, second)) for word in answer["words"]]
    columns = [(left, None if right is None else right + offset, same) for left, right, same in places]
    notices = list(dict.fromkeys([*first["notices"], *second["notices"]]))
    return {**first, "words": words, "rows": rows, "columns": columns, "notices": notices}


def as_dict(compared, vocabulary):
    """The comparison as plain data: what `/compare` answers."""

    def whole(caption):
        return {**caption.as_dict(), "log_prob_per_word": per_word(caption.hypotheses[0])}

    def dropped(branch, before=()):
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
            {"text": found.text, "log_prob": found.log_prob, "log_prob_per_word": per_word(found), "score": found.score}
            for found in compared.beam.hypotheses
        ],
        "dropped": list(dropped(compared.tree)),
    }


def build(shelf, side, panel, tab):
    """Lay out the panel and wire it.

    Args:
        shelf: panels.shelf.Shelf.
        side: panels.side.Side.
        panel: panels.explain.Panel, whose session holds the study.
        tab: the gr.Tab that this panel stands in.
    """
    view = viewer.build("compare", more=("compare.js",))
    beam = gr.HTML(apply_default_css=False, js_on_load=None, elem_id="beam")

    def show(session, width, length_penalty):
        if session is None or session.caption is None:
            return viewer.EMPTY, ""
        model = shelf.get(session.key[2])
        compared = search(model, session.features, width, length_penalty)
        return payload(session, compared), render(compared.beam, compared.tree, model.vocabulary)

    inputs, outputs = [panel.session, side.width, side.length_penalty], [view, beam]
    # `wanted`: there is a new caption, and this panel is the one that is open (compare.js).
    for asked in (tab.select, view.wanted):
        asked(
            show, inputs, outputs,
            trigger_mode="always_last", show_progress="minimal", api_visibility="private", **MODEL,
        )  # fmt: skip
