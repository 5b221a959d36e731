"""The panel that holds the predicted impression against the radiologist's: scores, and the findings of both texts."""

from html import escape

import gradio as gr

from captioner import BadInput
from captioner.findings import FINDINGS, mentions
from captioner.reports import clean

LONGEST = 2000  # characters: several times what an impression needs
MARKS = {"agreed": "Agreed", "missed": "Missed", "made_up": "Made up"}

# A new caption is there, and this panel is the one that is open: ask for its score.
_ASK = """
function ask() {
  if (!element.isConnected) return document.removeEventListener("cxr-answer", ask);
  if (element.offsetParent) trigger("wanted", {});
}
document.addEventListener("cxr-answer", ask);
"""


def score(reference, prediction):
    """One prediction against one reference.

    Args:
        reference: the radiologist's impression, as written.
        prediction: the predicted one.

    Returns:
        dict: `reference` and `prediction`, cleaned to the words that are compared; `bleu` and `seed_bleu`, four floats
        0..1 each; `rouge_l` 0..1; `findings`, `{"agreed", "missed", "made_up"}` lists of names; `mentions`,
        `{"reference", "prediction"}` lists of `{"finding", "start", "end"}`, places of words.

    Raises:
        BadInput: a text is too long, or the reference has no word in it.
    """
    if max(len(reference), len(prediction)) > LONGEST:
        raise BadInput(f"An impression may have {LONGEST} characters at the most.")
    reference, prediction = clean(reference), clean(prediction)
    if not any(word != "." for word in reference.split()):
        raise BadInput("Type or paste the radiologist's impression first.")
    from captioner import scores  # late: the page's start does not wait for what counts n-grams

    stated = {"reference": mentions(reference), "prediction": mentions(prediction)}
    wanted, given = ({mention.finding for mention in found} for found in stated.values())
    return {
        "reference": reference,
        "prediction": prediction,
        "bleu": list(scores.bleu([reference], [prediction])),
        "seed_bleu": list(scores.seed_bleu(reference, prediction)),
        "rouge_l": scores.rouge_l(reference, prediction),
        "findings": {
            "agreed": [name for name in FINDINGS if name in wanted & given],
            "missed": [name for name in FINDINGS if name in wanted - given],
            "made_up": [name for name in FINDINGS if name in given - wanted],
        },
        "mentions": {side: [mention._asdict() for mention in found] for side, found in stated.items()},
    }


def marked(text, found, findings):
    """A cleaned text as HTML, the words that state a finding marked as agreed, missed or made up.

    Args:
        text: words separated by single spaces.
        found: list of `{"finding", "start", "end"}`; spans may overlap.
        findings: as `score` gives them.
    """
    kinds = {name: kind for kind in ("agreed", "made_up", "missed") for name in findings[kind]}
    words = text.split()
    names = [tuple(m["finding"] for m in found if m["start"] <= place < m["end"]) for place in range(len(words))]
    parts, place = [], 0
    while place < len(words):
        end = place + 1
        while end < len(words) and names[end] == names[place]:
            end += 1
        shown = escape(" ".join(words[place:end]))
        if names[place]:
            kind = max((kinds[name] for name in names[place]), key=["agreed", "made_up", "missed"].index)
            said = ", ".join(f"{name}: {MARKS[kinds[name]].lower()}" for name in dict.fromkeys(names[place]))
            shown = (
                f'<mark class="cxr-{kind}" title="{escape(said)}">{shown}'
                f'<span class="cxr-unseen"> ({escape(said)})</span></mark>'
            )
        parts.append(shown)
        place = end
    return " ".join(parts)


def _table(scored):
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


def render(scored):
    """A score as HTML. Every text is escaped."""
    findings = scored["findings"]
    texts = "".join(
        f'<section class="cxr-text"><h3>{title}</h3><p class="cxr-said">'
        f"{marked(scored[side], scored['mentions'][side], findings) or '<em>no word at all</em>'}</p></section>"
        for side, title in (("reference", "The radiologist"), ("prediction", "The model"))
    )
    lists = "".join(
        f'<section class="cxr-list"><h3><mark class="cxr-{kind}">{title}</mark> {len(findings[kind])}</h3>'
        f"<p>{', '.join(map(escape, findings[kind])) or 'none'}</p></section>"
        for kind, title in MARKS.items()
    )
    neither = ""
    if not any(findings.values()):
        neither = '<p class="cxr-fine">Neither text states a finding: they agree that the chest is normal.</p>'
    return f"""<div class="cxr-score">
<div class="cxr-texts">{texts}</div>
<div class="cxr-lists">{lists}</div>{neither}
<p class="cxr-fine">Findings are found by rules, thirteen kinds of them, in the texts as the scores read them:
lower-case words and full stops. What a text denies (“no effusion”) is no finding.</p>
{_table(scored)}
<p class="cxr-fine">Word overlap, 0 to 1. Of a single impression it says little: “no effusion” and “effusion” share
most of their words. The findings above say more.</p></div>"""


def build(panel, tab):
    """Lay out the panel and wire it.

    Args:
        panel: panels.explain.Panel, whose session holds the prediction.
        tab: the gr.Tab that this panel stands in.
    """
    with gr.Row(elem_id="score-form"):
        text = gr.Textbox(
            label="The radiologist's impression", lines=2, max_lines=8, max_length=LONGEST, elem_id="reference",
            placeholder="Type or paste it here, as it was written.", scale=1,
        )  # fmt: skip
        button = gr.Button("Score", variant="primary", scale=0, min_width=110, elem_id="score-run")
    out = gr.HTML(apply_default_css=False, js_on_load=_ASK, elem_id="score")
    filled = gr.State("")

    def show(text, session):
        if session is None or session.caption is None:
            return '<p class="cxr-score cxr-fine">Choose an example, or bring your own pictures, first.</p>'
        try:
            return render(score(text or "", session.caption.text))
        except BadInput as error:
            return f'<p class="cxr-score cxr-fine" role="status">{escape(str(error))}</p>'

    def fill(text, filled, session):
        # What an example was made to show stands in for a report, until the visitor types one.
        if (text or "").strip() in ("", filled):
            text = filled = session.example["impression"] if session is not None and session.example else ""
        note = "An example fills in what it was made to show. Type over it." if filled else None
        return gr.update(value=text, info=note), filled, show(text, session)

    private = {"api_visibility": "private", "concurrency_id": "score", "concurrency_limit": 2}
    for asked in (button.click, text.submit):
        asked(show, [text, panel.session], out, show_progress="hidden", **private)
    for asked in (tab.select, out.wanted):
        asked(fill, [text, filled, panel.session], [text, filled, out], show_progress="hidden", **private)
