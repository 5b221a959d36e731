"""The findings beside the impression: what the finding head sees, how the words stand to it, and the decoder steered.

One answer from the server carries all that the browser needs to choose a finding (findings.js); only a switch of what
the decoder is told asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from captioner.checkpoint import how_often_right
from captioner.evaluation.see_or_say import faults
from captioner.language import later, text
from captioner.numbers import SHOWN_DECIMALS, plain_map
from captioner.reports.findings import SIDED
from captioner.seen_and_written import standings
from captioner.serving.answer import claim_dicts
from captioner.steered import ONLY, as_dict, checked, compare_with_steering, named
from explain import places
from explain.report.data import shares
from panels.findings.wish import answered, wire

if TYPE_CHECKING:
    import gradio as gr

    from captioner.caption import Caption, Finding
    from captioner.captioner import Captioner
    from explain.heatmap import Extent
    from panels.server.model_pool import ModelPool
    from panels.viewer.session import CaptionedSession, Session

BOUND = later(
    "This decoder may state only what the head tells it, so “written, not seen” cannot come up in what it writes; a "
    "draft of your own, or another checkpoint, can say what the head does not see."
)
WITHOUT = later("This checkpoint has no finding head: it writes impressions alone.")


def payload(
    model: Captioner,
    caption: Caption,
    findings: Sequence[Finding] | None,
    names: Sequence[str],
    lie: Sequence[str],
    extent: Extent,
    reference: str | None = None,
) -> dict[str, Any]:
    """What the browser shows of the findings.

    Args:
        model: Captioner.
        caption: of the study.
        findings: of `Captioner.findings`; None without a finding head.
        names, lie: name and orientation of each view that is shown.
        extent: the part of the pictures under the grid.
        reference: what is known to be there, as an impression; None where nothing is.

    Returns:
        dict: "faults", of each finding that the impression has wrong whether it was not seen or not said, a sentence
        each; "without", a sentence where there is no finding head, else None; "steerable", whether the decoder can be
        told otherwise; "only", what a switch changes; "bound", a sentence where the decoder can write nothing that the
        head does not see, else None; "entries", one a finding, the likeliest first: "name", "title",
        "probability", "threshold", "base_rate", "sided", "told" (what the decoder was told: False, True or a side),
        "state", "other_side", "sentence", "words" (places of the words that state it), "maps" (view by view, row by
        row), "share", "said", and "records", sentences on how often this was right, where it was counted.
    """
    if findings is None:
        return {"faults": [], "without": text(WITHOUT), "steerable": False, "only": ONLY, "bound": None, "entries": []}
    table = model.how_often_right
    claims = claim_dicts(model, caption, findings)
    conditions = {condition.finding: condition for condition in caption.conditions}
    entries: list[dict[str, Any]] = []
    for finding, standing in zip(findings, standings(findings, caption.text), strict=True):
        records = [
            how_often_right.claim_sentence(how_often_right.Record(claim["right"], claim["cases"]))
            for claim in claims
            if claim["finding"] == finding.name and claim["cases"] is not None
        ]
        of_state = None if table is None else how_often_right.state_sentence(table, standing.agreement)
        share, condition = shares(finding.map), conditions.get(finding.name)
        entries.append(
            {
                "name": finding.name,
                "title": named(finding.name, finding.side),
                "probability": finding.probability,
                "threshold": finding.threshold,
                "base_rate": finding.base_rate,
                "sided": finding.name in SIDED,
                "told": (condition.side or True) if condition and condition.stated else False,
                "state": str(standing.agreement),
                "other_side": standing.other_side,
                "sentence": standing.sentence,
                "words": sorted({word for start, end in standing.words for word in range(start, end)}),
                "maps": plain_map(finding.map[: len(names)], SHOWN_DECIMALS),
                "share": None if share is None else [float(part) for part in share[: len(names)]],
                "said": places.sentences(finding.map, share, names, lie, extent),
                "records": list(dict.fromkeys([*records, *([of_state] if of_state else [])])),
            }
        )
    entries.sort(key=lambda entry: -entry["probability"])
    bound = text(BOUND) if model.config["decoding"].get("says_what_it_is_told") else None
    return {
        "faults": [] if reference is None else list(faults(reference, caption.text, findings)),
        "without": None,
        "steerable": bool(caption.conditions),
        "only": ONLY,
        "bound": bound,
        "entries": entries,
    }


def steer(pool: ModelPool, session: Session | None, asked: Any) -> dict[str, Any]:
    """What the decoder of the session's checkpoint writes with these switches.

    Args:
        pool: panels.server.model_pool.ModelPool.
        session: of the visitor.
        asked: from the browser: "number" of the wish, "id" of the answer that it is about, "steer".

    Returns:
        dict: "number", "id", and `captioner.steered.as_dict` or "message", one sentence on why not.
    """

    def work(session: CaptionedSession, asked: dict[str, Any]) -> dict[str, Any]:
        switches = checked(asked.get("steer"))
        model = pool.get(session.key.checkpoint)
        return as_dict(compare_with_steering(model, session.features, session.caption, switches))

    return answered(session, asked, text("This impression is no longer on the page: ask again."), work)


def build(pool: ModelPool, view: gr.HTML, session: gr.State) -> None:
    """Wire the viewer's wishes for other impressions; it triggers `steer`.

    Args:
        pool: panels.server.model_pool.ModelPool.
        view: the word viewer.
        session: gr.State of a panels.viewer.session.Session.
    """
    wire(view.steer, session, "findings/pass_on_steered.js", lambda session, asked: steer(pool, session, asked))
