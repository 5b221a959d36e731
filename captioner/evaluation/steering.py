"""Does the decoder listen? Findings are switched on, off and to a side, and the impressions that come of it compared.

A switch changes what the decoder is told of one finding (`Captioner.caption(..., steer=...)`), and nothing else. The
judge of what an impression states is `captioner.reports.claims`. Of each finding whose reference states it in at least
20 studies, over all studies with both views and with the default search:

- `off`: where the impression states the finding, and the switch is off: does it leave?
- `on`: where it does not, and the switch is on: does it enter?
- `side`: switched to the left, and to the right: is it stated on that side? Of the impressions that state it at all.
- `side_of_all`: the same, of all that were switched to a side.
- `others`: after any of these switches, does the impression state another set of other findings?

And what listening costs: the impressions of the same studies, nothing switched, of a search that is held to what the
decoder is told and of one that is not (`says_what_it_is_told` in the configuration), beside the same references. And
what it could bring: the impressions of a decoder that is told what each reference states, see
`captioner.evaluation.ceiling`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import BadInput
from captioner.evaluation import baselines
from captioner.evaluation import ceiling as upper
from captioner.evaluation.bootstrap import draw, interval, sampled_scores
from captioner.evaluation.markdown_tables import grid
from captioner.evaluation.tables import TITLES
from captioner.reports.claims import claims, side_of
from captioner.reports.findings import FINDINGS, SIDED

if TYPE_CHECKING:
    from captioner.captioner import Captioner, Features

MIN_POSITIVES = 20
# Name -> (what is hoped for, whether at least or at most that much).
TARGETS = {"off": (0.9, True), "on": (0.8, True), "side": (0.9, True), "others": (0.1, False)}
MEASURES = ("off", "on", "side", "side_of_all", "others")
COSTS = ("macro_f1", "balanced_accuracy", "cider_d")


def outcomes(before: str, after: str, finding: str, wanted: bool | str) -> dict[str, bool | None]:
    """What one switch did.

    Args:
        before: the impression without the switch.
        after: the impression with it.
        finding: what was switched.
        wanted: False, True, "left" or "right".

    Returns:
        dict from a name in MEASURES to whether it happened; None where the switch does not ask it.

    >>> outcomes("no edema .", "left effusion . no edema .", "effusion", "left")
    {'off': None, 'on': None, 'side': True, 'side_of_all': True, 'others': False}
    """
    was, now = claims(before), claims(after)
    stated_before, stated_now = ({claim.finding for claim in some if not claim.denied} for some in (was, now))
    found: dict[str, bool | None] = dict.fromkeys(MEASURES)
    if wanted is False and finding in stated_before:
        found["off"] = finding not in stated_now
    elif wanted is True and finding not in stated_before:
        found["on"] = finding in stated_now
    elif isinstance(wanted, str):
        follows = finding in stated_now and side_of(now, finding) == wanted
        found["side"] = follows if finding in stated_now else None
        found["side_of_all"] = follows
    found["others"] = stated_before - {finding} != stated_now - {finding}
    return found


def switches(finding: str, stated: bool) -> tuple[bool | str, ...]:
    """What a finding is switched to, of an impression that states it or not."""
    return (not stated, *(("left", "right") if finding in SIDED else ()))


def steering_scores(
    rows: Sequence[dict[str, list[dict[str, bool | None]]]],
    positives: dict[str, int],
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """From outcomes to shares with intervals. Pure.

    Args:
        rows: for each study a dict from a finding to the `outcomes` of its switches.
        positives: finding -> studies whose reference states it; of those that were switched.
        samples, seed: of the bootstrap samples of studies.

    Returns:
        dict for JSON: "findings", name -> "positives" and by each of MEASURES `{"value", "low", "high", "yes", "of"}`;
        "macro", by each of MEASURES `{"value", "low", "high", "findings"}`, the mean over the findings that have any;
        "met", whether the macro value reaches its target, by TARGETS (None where nothing was asked).
    """
    draws = np.concatenate([np.ones((1, len(rows)), np.int64), draw(len(rows), samples, seed)]).astype(float)
    findings: dict[str, Any] = {name: {"positives": count} for name, count in positives.items()}
    macro: dict[str, Any] = {}
    for measure in MEASURES:
        shares = []
        for name in positives:
            counts = np.zeros((len(rows), 2))  # yes, asked
            for number, row in enumerate(rows):
                answers = [one[measure] for one in row.get(name, ()) if one[measure] is not None]
                counts[number] = sum(map(bool, answers)), len(answers)
            sums = draws @ counts
            share = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(draws), np.nan), where=sums[:, 1] > 0)
            findings[name][measure] = {
                **interval(share[0], share[1:]),
                "yes": int(sums[0, 0]),
                "of": int(sums[0, 1]),
            }
            if sums[0, 1]:
                shares.append(share)
        mean = np.full(len(draws), np.nan)
        if shares:
            table = np.stack(shares)  # (findings, 1 + samples)
            counted = (~np.isnan(table)).sum(axis=0)
            mean = np.divide(np.nansum(table, axis=0), counted, out=mean, where=counted > 0)
        macro[measure] = {**interval(mean[0], mean[1:]), "findings": len(shares)}
    met = {}
    for name, (target, least) in TARGETS.items():
        value = macro[name]["value"]
        met[name] = None if value is None else bool(value >= target if least else value <= target)
    return {"findings": findings, "macro": macro, "met": met}


def steer_study(
    model: Captioner, features: Features, findings: Sequence[str], before: str
) -> dict[str, list[dict[str, bool | None]]]:
    """All switches of some findings of one study, whose impression was `before`: dict from a finding to the `outcomes`
    of its switches."""
    stated = {claim.finding for claim in claims(before) if not claim.denied}
    return {
        name: [
            outcomes(before, model.caption(features, steer={name: wanted}).text, name, wanted)
            for wanted in switches(name, name in stated)
        ]
        for name in findings
    }


def listening_cost(references: Sequence[str], held: Sequence[str], free: Sequence[str]) -> dict[str, Any]:
    """What it costs, or gains, that the search is held to what the decoder is told. Pure.

    Args:
        references: cleaned captions, one per study.
        held, free: the impressions of the same studies, of the search as it is held and as it is not.

    Returns:
        dict by each of COSTS: "held" and "free", the scores, and "difference", `{"value", "low", "high"}` of held less
        free over the same bootstrap samples of studies.
    """
    draws = draw(len(references))
    one, other = (sampled_scores(references, texts, draws) for texts in (held, free))
    return {
        name: {
            "held": float(one.values[name]),
            "free": float(other.values[name]),
            "difference": interval(one.values[name] - other.values[name], one.samples[name] - other.samples[name]),
        }
        for name in COSTS
    }


def not_held(model: Captioner) -> Captioner | None:
    """The same network with a search that is not held to what the decoder is told; None where it is not in any case."""
    from captioner.captioner import Captioner

    decoding = model.config["decoding"]
    if not decoding.get("says_what_it_is_told", False):
        return None
    config = {**model.config, "decoding": {**decoding, "says_what_it_is_told": False}}
    return Captioner(model.network, model.vocabulary, config, model.folder)


def measure_steering(
    data: str | Path,
    split: str = "val",
    checkpoint: str | Path | None = None,
    out: str | Path | None = None,
    count: int | None = None,
    least: int = MIN_POSITIVES,
    say: Callable[[str], object] = print,
) -> dict[str, Any]:
    """Switch every frequent finding of every study with both views, and count what comes of it.

    Args:
        data: folder of the collection.
        split: "train", "val" or "test"; what is chosen is chosen on "val".
        checkpoint: folder; the default one when None.
        out: JSON file for the result; nothing is written when None.
        count: the first studies only, to try it; the counts say so.
        least: studies whose reference states a finding, for it to be switched.
        say: called with lines about the progress.

    Returns:
        dict: `steering_scores`, "checkpoint", "split", "studies", "listening", the `listening_cost` (None of a
        checkpoint whose search is not held to what the decoder is told), and "ceiling".

    Raises:
        BadInput: the collection or the checkpoint cannot be read, its decoder is told nothing, or too few studies state
            any finding.
    """
    from captioner.checkpoint.store import load
    from captioner.evaluation.studies import studies_of
    from captioner.reports.collection import read_collection
    from captioner.reports.findings import label_all

    model = load(checkpoint)
    if not model.decoder.conditions_size:
        raise BadInput(f"The decoder of the checkpoint {model.name} is not told any findings: it cannot be steered.")
    collection = read_collection(data)
    reports = [report for report in collection.split(split) if report.frontal and report.lateral][:count]
    truths = label_all([report.impression for report in reports]) if reports else np.zeros((0, len(FINDINGS)), bool)
    positives = {name: int(total) for name, total in zip(FINDINGS, truths.sum(axis=0)) if total >= least}
    if not positives:
        raise BadInput(f"No finding is stated by {least} studies with both views of the split {split}.")
    free = not_held(model)
    constant = baselines.constant([report.impression for report in collection.split("train")])
    references = [report.impression for report in reports]
    rows, plain, freely, told = [], [], [], []
    for number, (study, reference) in enumerate(zip(studies_of(reports), references), 1):
        features = model.encode(study)
        before = model.caption(features).text
        plain.append(before)
        told.append(model.caption(features, steer=upper.stated_findings(reference)).text)
        rows.append(steer_study(model, features, list(positives), before))
        if free is not None:
            freely.append(free.caption(features).text)
        if number % 50 == 0 or number == len(reports):
            say(f"{number} of {len(reports)} studies steered")
    result = {
        "checkpoint": model.name,
        "split": split,
        "studies": len(rows),
        **steering_scores(rows, positives),
        "listening": listening_cost(references, plain, freely) if freely else None,
        "ceiling": upper.ceiling(references, told, plain, constant),
    }
    if out is not None:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        Path(out).write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return result


def table(result: dict[str, Any]) -> str:
    """The result of `measure_steering` as Markdown."""
    titles = {
        "off": "switched off, leaves",
        "on": "switched on, enters",
        "side": "side follows, of those stated",
        "side_of_all": "side follows, of all",
        "others": "others change",
    }
    rows = [
        [name, str(own["positives"]), *(f"{own[measure]['yes']} of {own[measure]['of']}" for measure in MEASURES)]
        for name, own in result["findings"].items()
    ]
    rows.append(["**macro**", "", *(_share(result["macro"][measure]) for measure in MEASURES)])
    hoped = [""] * len(MEASURES)
    for place, measure in enumerate(MEASURES):
        if measure in TARGETS:
            target, least = TARGETS[measure]
            hoped[place] = f"{'at least' if least else 'at most'} {target:.2f}"
    rows.append(["target", "", *hoped])
    lines = [
        f"# {result['checkpoint']}: steering {result['studies']} studies ({result['split']} split)",
        "",
        *grid(["finding", "references state it", *titles.values()], rows),
        "",
        "Default search. In brackets: 95% intervals of bootstrap samples of studies.",
    ]
    if result["listening"]:
        costs = [
            [title, f"{cost['held']:.3f}", f"{cost['free']:.3f}", _share(cost["difference"])]
            for title, cost in ((TITLES[name], result["listening"][name]) for name in COSTS)
        ]
        lines += ["", "What it costs that the search is held to what the decoder is told, nothing switched:", ""]
        lines += grid(["score", "held", "not held", "difference, paired"], costs)
    lines += [
        "",
        "What it could bring, if the decoder were told what each reference states, nothing more and no less:",
        "",
    ]
    lines += upper.table(result["ceiling"])
    return "\n".join(lines) + "\n"


def _share(score: dict[str, Any]) -> str:
    if score["value"] is None:
        return "-"
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"
