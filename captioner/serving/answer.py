"""What the command line answers about one study: the caption and, of a checkpoint with a finding head, the findings."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from captioner.caption import Caption, Finding
from captioner.checkpoint import how_often_right
from captioner.images.mending import Mending
from captioner.images.study import Study
from captioner.numbers import plain_map
from captioner.reports.claims import claims
from captioner.seen_and_written import Trial, on_trial, standings

if TYPE_CHECKING:
    from captioner.captioner import Captioner, Features
    from captioner.serving.served_model import ServedFeatures, ServedModel


def answer(
    model: "Captioner | ServedModel",
    study: "Study | Features | ServedFeatures",
    name: str | None = None,
    draft: str | None = None,
    mendings: Sequence[Mending] = (),
    maps: bool = True,
    **decoding: Any,
) -> tuple[Caption, tuple[Finding, ...] | None, dict[str, Any]]:
    """Caption a study.

    Args:
        model: the checkpoint, or what was exported of it.
        study: its two views, or Features of it.
        name: of the study.
        draft: an impression to put on trial before the finding head.
        mendings: what would put the pictures right, where Features are given; a Study knows its own.
        maps: whether the plain data hold the maps, which are nearly all of it.
        decoding: arguments of `Captioner.caption`.

    Returns:
        the caption; the findings, None without a finding head; and both as plain data: `Caption.as_dict` with
        `findings`, a list of `finding_dict` or None, `claims`, see `claim_dicts`, `mendings`, `{"name", "offer"}` of
        what would put right what the notices tell, and with a draft `trials`.

    Raises:
        BadInput: a draft for a checkpoint without a finding head.
    """
    features: Any = model.encode(study) if isinstance(study, Study) else study
    caption = model.caption(features, **decoding)
    findings = model.findings(features) if model.has_findings or draft is not None else None
    found = caption.as_dict(study=name)
    found["findings"] = None if findings is None else findings_dicts(findings, caption.text)
    found["claims"] = claim_dicts(model, caption, findings)
    offered = study.mendings if isinstance(study, Study) else mendings
    found["mendings"] = [{"name": each.name, "offer": each.offer} for each in offered]
    if draft is not None and findings is not None:
        found["trials"] = trial_dicts(on_trial(findings, draft))
    if not maps:
        for word in found["words"]:
            word["attention"] = None
        for each in (*(found["findings"] or ()), *found.get("trials", ())):
            each["map"] = None
    return caption, findings, found


def trial_dicts(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """A draft on trial as plain data.

    Returns:
        a dict for each claim of the draft, and for each finding that it lacks: `finding`; `claim`, None for what is
        missing; `title` and `words`, the claim in the head's terms and in the draft's; `verdict`; the head's
        `probability`, `threshold` and `side`; `map`, view by view, row by row, where its evidence lay; `sentence`.
    """
    return [
        {
            "finding": trial.finding.name,
            "claim": None if trial.claim is None else asdict(trial.claim),
            "title": trial.title,
            "words": trial.words,
            "verdict": str(trial.verdict),
            "probability": trial.finding.probability,
            "threshold": trial.finding.threshold,
            "side": trial.finding.side,
            "map": plain_map(trial.finding.map),
            "sentence": trial.sentence,
        }
        for trial in trials
    ]


def trials_table(trials: Sequence[Mapping[str, Any]]) -> str:
    """A draft on trial as lines of text, claim by claim: verdict, claim, the head's probability and side.

    Args:
        trials: of `trial_dicts`.
    """
    head = ("verdict", "claim", "probability", "threshold", "side")
    rows = [
        (
            each["verdict"],
            each["title"],
            f"{each['probability']:.3f}",
            f"{each['threshold']:.3f}",
            each["side"] or "-",
        )
        for each in trials
    ]
    return _columns(head, rows)


def findings_dicts(findings: Sequence[Finding], text: str) -> list[dict[str, Any]]:
    """The records of the head as plain data, each with how it stands to the words of the impression."""
    return [
        {
            "name": finding.name,
            "probability": finding.probability,
            "threshold": finding.threshold,
            "stated": finding.stated,
            "side": finding.side,
            "side_probabilities": finding.side_probabilities,
            "zone": finding.zone,
            "base_rate": finding.base_rate,
            "evidence": finding.evidence.tolist(),
            "map": plain_map(finding.map),
            "agreement": str(standing.agreement),
            "sentence": standing.sentence,
        }
        for finding, standing in zip(findings, standings(findings, text))
    ]


def claim_dicts(
    model: "Captioner | ServedModel", caption: Caption, findings: Sequence[Finding] | None
) -> list[dict[str, Any]]:
    """What the impression claims: words, side, denial; and of what it states how often such claims were right.

    Returns:
        a dict for each claim: `finding`, `side`, `denied`, `start`, `end`; and `right`, `cases`, counts on validation
        studies for claims whose words were as sure and of which the head said the same, None where too few are known.
    """
    table, heads = model.how_often_right, how_often_right.head_says(findings, caption.text)
    answers = []
    for claim in claims(caption.text):
        record = None
        if table is not None and not claim.denied:
            head = heads.get(claim.finding, "none")
            record = table.record(how_often_right.word_probability(caption, claim), head)
        answers.append(
            {
                "finding": claim.finding,
                "side": claim.side,
                "denied": claim.denied,
                "start": claim.start,
                "end": claim.end,
                "right": None if record is None else record.right,
                "cases": None if record is None else record.cases,
            }
        )
    return answers


def findings_table(findings: Sequence[Finding], text: str) -> str:
    """The findings as lines of text, the likeliest first: probability, threshold, base rate, side, and the state."""
    head = ("finding", "probability", "threshold", "base rate", "side", "head and words")
    rows = [
        (
            finding.name,
            f"{finding.probability:.3f}",
            f"{finding.threshold:.3f}",
            "-" if finding.base_rate is None else f"{finding.base_rate:.3f}",
            finding.side or "-",
            str(standing.agreement) + (", on different sides" if standing.other_side else ""),
        )
        for finding, standing in zip(findings, standings(findings, text))
    ]
    rows.sort(key=lambda row: -float(row[1]))
    return _columns(head, rows)


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (head, *rows))
