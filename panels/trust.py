"""The panel that puts the chosen word's map on trial, and says what came of it.

What is measured is measured in explain/: `report_evidence.measure`, `faithfulness.compare`, `grounding`, `randomisation`.
"""

from pathlib import Path

import cv2
import gradio as gr
import numpy as np

from captioner import BadInput
from explain import evidence, faithfulness, grounding, report_evidence
from explain.cases import finding_words
from explain.method import method
from panels import method as methods
from panels import trust_figures
from panels.progress import SLOW, answers, number

KIND, RANDOM_KIND = "evidence", "random"
STEPS, ORDERS = 10, 19  # of the curves; 19 random orders are the fewest that can give a p value of 0.05
TESTED = (4, 2)  # examples that the randomisation test runs on, for a quick method and for a slow one
TESTED_WORDS = (3, 1)  # words of each

_HERE = Path(__file__).parent


def _piece(progress, start, end):
    """`progress` of one part of the work, which takes it from the share `start` to the share `end`."""
    return lambda done, of: progress(start + (end - start) * done / max(of, 1), 1.0001)


def measure(model, session, name, word, progress):
    """What is known of a word's map, kept in the session.

    Args:
        model: Captioner of the session's caption.
        session: panels.explain.Session.
        name: of the method.
        word: the word's place.
        progress: as in explain.method.Method.explain.

    Returns:
        (dict from a place to `(PictureShare, Grounding)`, of all words for a quick method, the word's
        explain.faithfulness.Comparison, its Explanation).
    """
    slow = method(methods.check(model, name)).slow
    of_all = methods.explanation(model, session, name, word if slow else None, progress=_piece(progress, 0, 0.2))
    kept, key = session.evidence, (name, word if slow else None)
    if key not in kept:
        kept[key] = report_evidence.measure(model, session.pictures, session.caption, of_all, _piece(progress, 0.2, 0.5))
    own = methods.one(of_all, word)
    if (name, word, "curves") not in kept:
        kept[name, word, "curves"] = faithfulness.compare(
            model, session.pictures, session.caption, word, own.maps[0], own.extent, STEPS, random=ORDERS,
            progress=_piece(progress, 0.5, 1),
        )  # fmt: skip
    return kept[key], kept[name, word, "curves"], own


def planted(example, caption, word):
    """The finding of an example that a word of the caption names: (its name, bool masks `(2, H, W)`), or None."""
    stated = finding_words(caption.text).get(word)
    if not example or stated is None:
        return None
    kinds, tokens = finding_words(example["impression"]), example["impression"].split()
    for finding in example.get("findings", ()):
        if stated in {kinds.get(place) for place, token in enumerate(tokens) if token in finding["words"]}:
            folder = Path(example["frontal"]).parent
            masks = [cv2.imread(str(folder / mask), cv2.IMREAD_GRAYSCALE) for mask in finding.get("masks", ())]
            if len(masks) == 2 and all(mask is not None for mask in masks) and masks[0].shape == masks[1].shape:
                return finding["name"], np.stack(masks) > 127
    return None


def render(session, word, found, compared, own):
    """The evidence of a word as HTML; the arguments are what `measure` takes and gives."""
    text = session.caption.words[word].text
    parts = [trust_figures.shares(text, found[word]), trust_figures.hiding(text, found[word])]
    parts.append(trust_figures.curves(compared))
    mask, target = session.pictures[1], planted(session.example, session.caption, word)
    if target is not None:
        name, masks = target
        values = own.maps[0]
        parts.append(
            trust_figures.pointing(
                name, grounding.hits(values, masks, mask, own.extent), grounding.random_hits(masks, mask),
                grounding.overlaps(values, masks, mask, own.extent),
            )
        )  # fmt: skip
    attention = session.caption.words[word].attention
    if attention is not None and attention.sum() > 0:
        parts.append(trust_figures.gaze(evidence.gaze(attention, mask)))
    return trust_figures.verdict(text, found[word]) + f'<div class="cxr-trust-cards">{"".join(parts)}</div>'


def test_of_weights(shelf, checkpoint, name, entries, progress):
    """The randomisation test of a method on the examples: (judged, number of examples).

    The weights of a copy of the checkpoint are made random: the one that visitors use stays as it is.
    """
    from captioner import read_study
    from captioner.preparation import prepare
    from explain.randomisation import randomised
    from explain.summary import judge_randomisation

    model, made = shelf.copy(checkpoint), method(name)
    methods.check(model, name)
    questions = []
    for entry in [entry for entry in entries if entry.get("findings")] or entries:
        study = read_study(entry["frontal"], entry["lateral"])
        caption = model.caption(study)
        places = list(finding_words(caption.text)) or list(range(len(caption.words)))
        if places:
            tokens = [word.token_id for word in caption.words]
            pictures = prepare(study, model.config["preparation"])
            questions.append((pictures, tokens, places[: TESTED_WORDS[made.slow]]))
        if len(questions) == TESTED[made.slow]:
            break
    if len(questions) < 2:
        raise BadInput("Two examples are needed to test the method.")
    found = randomised(model, [made], questions, progress=progress)
    return judge_randomisation(found[name]), len(questions)


def build(shelf, panel, entries):
    """Lay out the panel and wire it.

    Args:
        shelf: panels.shelf.Shelf.
        panel: panels.explain.Panel.
        entries: the examples, as panels.examples.read gives them.
    """
    out = gr.HTML(
        value={"state": "empty"},
        html_template=(_HERE / "trust.html").read_text(encoding="utf-8"),
        js_on_load="\n".join([methods.constant(), (_HERE / "trust.js").read_text(encoding="utf-8")]),
        apply_default_css=False,
        elem_id="trust",
    )
    tested = {}  # (checkpoint, method) -> HTML: it is the same for every visitor

    def wanted(event: gr.EventData, session, request: gr.Request):
        asked = event._data

        def work(progress):
            if session is None or session.caption is None or asked.get("id") != session.token:
                raise BadInput("The page shows another impression by now.")
            word, name = methods.place(session.caption, asked.get("word")), asked.get("method")
            found, compared, own = measure(shelf.get(session.key[2]), session, name, word, progress)
            marks = {
                str(place): {"kind": trust_figures.mark(each), "short": report_evidence.entry("", each)["short"]}
                for place, each in found.items()
            }
            return {"html": render(session, word, found, compared, own), "marks": marks,
                    "random": tested.get((session.key[2], name)), "slow": method(name).slow}  # fmt: skip

        about = {"kind": KIND, "id": asked.get("id"), "method": asked.get("method")}
        yield from answers(event, request, panel.stops, KIND, work, **about)

    def test(event: gr.EventData, session, request: gr.Request):
        asked = event._data

        def work(progress):
            if session is None or session.caption is None:
                raise BadInput("Choose an example, or bring your own pictures, first.")
            name = methods.check(shelf.get(session.key[2]), asked.get("method"))
            key = session.key[2], name
            if key not in tested:
                tested[key] = trust_figures.randomisation(*test_of_weights(shelf, *key, entries, progress))
            return {"random": tested[key]}

        about = {"kind": RANDOM_KIND, "id": asked.get("id"), "method": asked.get("method")}
        yield from answers(event, request, panel.stops, RANDOM_KIND, work, **about)

    def stop(event: gr.EventData, request: gr.Request):
        if event._data.get("kind") in (KIND, RANDOM_KIND):
            panel.stops.stop(request.session_hash, event._data["kind"], number(event._data))

    private = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "multiple"}
    out.wanted(wanted, panel.session, out, **SLOW, **private)
    out.test(test, panel.session, out, **SLOW, **private)
    out.stop(stop, None, None, queue=False, **private)
