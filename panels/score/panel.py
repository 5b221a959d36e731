"""The panel that holds the predicted impression against the radiologist's: scores, and the findings of both texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from captioner.evaluation.impression_score import LONGEST, score
from captioner.evaluation.see_or_say import Row, see_or_say
from captioner.numbers import percent
from explain import truth
from panels.server import modules

if TYPE_CHECKING:
    from panels.viewer.panel import Panel

MARKS = {
    "agreed": "Agreed",
    "missed": "Missed",
    "made_up": "Made up",
    "side_wrong": "Finding right, side wrong",
    "side_missing": "Side left out",
    "contradictory": "Stated and denied",
}
ALWAYS = ("agreed", "missed", "made_up")  # lists that are shown even when they are empty
# Of several findings that share words the last of these colours the mark.
GRAVER = ("agreed", "side_missing", "made_up", "missed", "side_wrong", "contradictory")
_NOTHING = "<em>no word at all</em>"


def marked(text: str, found: Any, findings: Any, unknown: Iterable[int] = ()) -> str:
    """A cleaned text as HTML, the words that state a finding marked by what became of it.

    Args:
        text: words separated by single spaces.
        found: list of `{"finding", "start", "end"}`; spans may overlap.
        findings: as `captioner.evaluation.impression_score.score` gives them.
        unknown: places of words that the model's vocabulary lacks; they are marked as such.
    """
    kinds = {name: kind for kind in GRAVER for name in findings.get(kind, ())}
    words, lacking = text.split(), set(unknown)
    names = [tuple(m["finding"] for m in found if m["start"] <= place < m["end"]) for place in range(len(words))]
    parts, place = [], 0
    while place < len(words):
        end = place + 1
        while end < len(words) and names[end] == names[place] and (end in lacking) == (place in lacking):
            end += 1
        shown = escape(" ".join(words[place:end]))
        if names[place]:
            kind = max((kinds[name] for name in names[place]), key=GRAVER.index)
            said = ", ".join(f"{name}: {MARKS[kinds[name]].lower()}" for name in dict.fromkeys(names[place]))
            shown = (
                f'<mark class="cxr-{kind}" title="{escape(said)}">{shown}'
                f'<span class="cxr-unseen"> ({escape(said)})</span></mark>'
            )
        elif place in lacking:
            shown = (
                f'<span class="cxr-unknown" title="not in the model\'s vocabulary">{shown}'
                '<span class="cxr-unseen"> (not in the model\'s vocabulary)</span></span>'
            )
        parts.append(shown)
        place = end
    return " ".join(parts)


def _table(scored: dict[str, Any]) -> str:
    rows = [(f"BLEU-{order}", *pair) for order, pair in enumerate(zip(scored["bleu"], scored["seed_bleu"]), 1)]
    rows.append(("ROUGE-L", scored["rouge_l"], None))
    body = "".join(
        f'<tr><th scope="row">{name}</th><td>{value:.2f}</td><td>{"" if other is None else f"{other:.2f}"}</td></tr>'
        for name, value, other in rows
    )
    return (
        '<table class="cxr-scores"><thead><tr><td></td><th scope="col">Score</th>'
        f'<th scope="col">as the 2021 system counted</th></tr></thead><tbody>{body}</tbody></table>'
    )


def three_ways(rows: Sequence[Row]) -> str:
    """The reference, the finding head and the impression finding by finding, as HTML; nothing without a row."""
    if not rows:
        return ""
    body = "".join(
        f'<tr><th scope="row">{escape(row.finding)}</th><td>{_told(row.reference, row.reference_side)}</td>'
        f"<td>{_told(row.seen, row.seen_side)} ({percent(row.probability)})</td>"
        f"<td>{_told(row.impression, row.impression_side)}</td><td>{escape(row.sentence)}</td></tr>"
        for row in rows
    )
    return (
        '<h3 class="cxr-heading">Not seen, or not said?</h3><div class="cxr-wide" tabindex="0" role="region" '
        'aria-label="Not seen, or not said?"><table class="cxr-scores cxr-three"><thead><tr><td></td>'
        '<th scope="col">Reference</th><th scope="col">The head sees</th><th scope="col">The impression says</th>'
        f'<th scope="col">So</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _told(stated: bool, side: str | None) -> str:
    return (("both sides" if side == "bilateral" else side) or "yes") if stated else "no"


def render(
    scored: dict[str, Any],
    planted: bool = False,
    unknown: Iterable[int] = (),
    rows: Sequence[Row] = (),
    verdict: str = "",
) -> str:
    """A score as HTML. Every text is escaped.

    Args:
        scored: as `captioner.evaluation.impression_score.score` gives it.
        planted: whether the reference is what an example was made to show, and no radiologist wrote it.
        unknown: places of words of the reference that the model's vocabulary lacks.
        rows: of `captioner.evaluation.see_or_say`; none of a model without a finding head.
        verdict: of `explain.truth.verdict`, on the prediction; "" for none.
    """
    findings, lacking = scored["findings"], tuple(unknown)
    texts = "".join(
        f'<section class="cxr-text"><h3>{title}</h3><p class="cxr-said">'
        f"{marked(scored[side], scored['mentions'][side], findings, missing) or _NOTHING}</p></section>"
        for side, title, missing in (
            ("reference", "What was planted" if planted else "The radiologist", lacking),
            ("prediction", "The model", ()),
        )
    )
    lists = "".join(
        f'<section class="cxr-list"><h3><mark class="cxr-{kind}">{title}</mark> {len(findings[kind])}</h3>'
        f"<p>{', '.join(map(escape, findings[kind])) or 'none'}</p></section>"
        for kind, title in MARKS.items()
        if findings[kind] or kind in ALWAYS
    )
    outside = ""
    if lacking:
        outside = (
            '<p class="cxr-fine">Words with dots under them are not in the model\'s vocabulary: it could not have '
            "written them.</p>"
        )
    neither = ""
    if not any(findings.values()):
        neither = '<p class="cxr-fine">Neither text states a finding: they agree that the chest is normal.</p>'
    judged = f'<p class="cxr-score-verdict"><span>Verdict: </span>{escape(verdict)}</p>' if verdict else ""
    return f"""<div class="cxr-score">
{judged}<div class="cxr-texts">{texts}</div>
<div class="cxr-lists">{lists}</div>{neither}
{three_ways(rows)}
<p class="cxr-fine">Findings are found by rules, thirteen kinds of them, in the texts as the scores read them:
lower-case words and full stops. A finding agrees when the side does that the reference names. What a text denies (“no
effusion”) is no finding; a text that states and denies the same one contradicts itself.</p>{outside}
{_table(scored)}
<p class="cxr-fine">Word overlap, 0 to 1. Of a single impression it says little: “no effusion” and “effusion” share
most of their words. The findings above say more.</p></div>"""


def _unknown(pool: Any, session: Any, text: str) -> list[int]:
    if pool is None or session.key.checkpoint not in pool.names:
        return []
    vocabulary = pool.get(session.key.checkpoint).vocabulary
    return [place for place, token in enumerate(vocabulary.encode(text)) if token == vocabulary.unknown]


def _rows(pool: Any, session: Any, reference: str) -> tuple[Row, ...]:
    """What became of each finding, where the model has a finding head."""
    if pool is None or session.key.checkpoint not in pool.names:
        return ()
    model = pool.get(session.key.checkpoint)
    return see_or_say(reference, session.caption.text, model.findings(session.features)) if model.has_findings else ()


def build(panel: Panel, tab: gr.Tab, pool: Any = None) -> None:
    """Lay out the panel and wire it.

    Args:
        panel: panels.viewer.panel.Panel, whose session holds the prediction.
        tab: the gr.Tab that this panel is in.
        pool: panels.server.model_pool.ModelPool, whose vocabularies tell the words that no model could have written.
    """
    with gr.Row(elem_id="score-form"):
        text = gr.Textbox(
            label="The radiologist's impression",
            lines=2,
            max_lines=8,
            max_length=LONGEST,
            elem_id="reference",
            placeholder="Type or paste it here, as it was written.",
            scale=1,
        )
        button = gr.Button("Score", variant="primary", scale=0, min_width=110, elem_id="score-run")
    out = gr.HTML(apply_default_css=False, js_on_load=modules.start("score/score.js", ["wanted"]), elem_id="score")
    filled = gr.State("")

    def show(text: Any, session: Any) -> str:
        if session is None or session.caption is None:
            return '<p class="cxr-score cxr-fine">Choose an example, or bring your own pictures, first.</p>'
        try:
            scored = score(text or "", session.caption.text)
            planted = session.example is not None and (text or "").strip() == session.example["impression"]
            unknown, rows = _unknown(pool, session, scored["reference"]), _rows(pool, session, text or "")
            return render(scored, planted, unknown, rows, truth.verdict(text or "", session.caption.text))
        except BadInput as error:
            return f'<p class="cxr-score cxr-fine" role="status">{escape(str(error))}</p>'

    def fill(text: Any, filled: Any, session: Any) -> tuple[Any, Any, str]:
        # What an example was made to show serves as the report, until the visitor types one.
        if (text or "").strip() in ("", filled):
            text = filled = session.example["impression"] if session is not None and session.example else ""
        note = "An example fills in what it was made to show. Type over it." if filled else None
        return gr.update(value=text, info=note), filled, show(text, session)

    private = {"api_visibility": "private", "concurrency_id": "score", "concurrency_limit": 2}
    for asked in (button.click, text.submit):
        asked(show, [text, panel.session], out, show_progress="hidden", **private)
    for asked in (tab.select, out.wanted):
        asked(fill, [text, filled, panel.session], [text, filled, out], show_progress="hidden", **private)
