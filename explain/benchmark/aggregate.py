"""From records of single words to one row per method, with intervals. Pure: dicts in, dicts out."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from captioner.reports.index_locations import Place
from explain.metrics import weight_dependence
from explain.metrics.intervals import mean
from explain.metrics.side_agreement import agreement_of_others

POINTING_VIEWS = ("frontal", "lateral", "better", "chosen")
OVERLAP_VIEWS = ("frontal", "lateral", "better")
# Name -> (what it is, its number in a record, whether more is better), for comparing two methods word by word.
COMPARED = {
    "pointing": ("pointing game", lambda record: record.get("pointing", {}).get("better"), True),
    "overlap": ("overlap", lambda record: record.get("overlap", {}).get("better"), True),
    "deletion": ("deletion area", lambda record: record["deletion"], False),
    "insertion": ("insertion area", lambda record: record["insertion"], True),
    "grounded": ("share of grounded words", lambda record: record["hidden"]["grounded"], True),
    "side": ("side", lambda record: record["side"], True),
    "zone": ("third", lambda record: record["zone"], True),
}


def summarise(
    words: list[Any], methods: dict[str, Any], generated: Any = (), randomisation: Any = None
) -> dict[str, Any]:
    """Everything that the tables and figures show.

    Args:
        words: records of `explain.benchmark.measure.WordBenchmark.words` of all studies.
        methods: dict from a method's name to the records of `WordBenchmark.maps` of the studies it was run on.
        generated: dict from a method's name to the records of `WordBenchmark.generated`.
        randomisation: result of `explain.metrics.sanity_checks.randomised`, or None.

    Returns:
        dict for JSON: "methods", "baselines", "pictures", "findings", "baseline_findings", "against" (see `against`).
        Each number is a dict of `explain.metrics.intervals.mean`.
    """
    by_word = {(word["study"], word["position"]): word for word in words}
    generated = dict(generated)
    rows = {
        name: {**_row(records, by_word), **_sides(records, generated.get(name, []))}
        for name, records in methods.items()
    }
    for name, own in (randomisation or {}).items():
        rows[name]["randomisation"] = judge_randomisation(own)
    baselines = {
        name: [{"study": word["study"], "finding": word["finding"], **word[name]} for word in words]
        for name in ("random", "centre")
    }
    return {
        "methods": rows,
        "baselines": {name: _places(records, areas=True) for name, records in baselines.items()},
        "pictures": _pictures(words),
        "findings": {name: _by_finding(records) for name, records in methods.items()},
        "baseline_findings": {name: _by_finding(records) for name, records in baselines.items()},
        "against": against(methods),
    }


def against(methods: dict[str, Any], name: str = "attention") -> dict[str, Any]:
    """How much better one method is than each other, over the words that both explained.

    Returns:
        dict from another method to a dict from the measures of COMPARED to the mean difference, positive where `name`
        is better; empty when it is not among the methods.
    """
    own = {(record["study"], record["position"]): record for record in methods.get(name, ())}
    found = {}
    for other, records in methods.items():
        pairs = [
            (own[record["study"], record["position"]], record)
            for record in records
            if (record["study"], record["position"]) in own
        ]
        if other != name and pairs:
            found[other] = {
                measure: mean([_apart(take, more, *pair) for pair in pairs], [record["study"] for _, record in pairs])
                for measure, (_, take, more) in COMPARED.items()
            }
    return found


def _apart(
    take: Callable[[dict[str, Any]], Any], more: bool, first: dict[str, Any], second: dict[str, Any]
) -> float | None:
    values = take(first), take(second)
    return None if None in values else (1 if more else -1) * (float(values[0]) - float(values[1]))


def _row(records: list[Any], by_word: Any) -> dict[str, Any]:
    studies = [record["study"] for record in records]
    row = _places(records, areas=True)
    for area in ("deletion", "insertion"):
        for baseline in ("random", "centre"):
            # The same words on both sides, so the difference is paired.
            apart = [record[area] - by_word[record["study"], record["position"]][baseline][area] for record in records]
            row[f"{area}_minus_{baseline}"] = mean(apart, studies)
    row["grounded"] = mean([record["hidden"]["grounded"] for record in records], studies)
    row["hidden_p_median"] = float(np.median([record["hidden"]["p"] for record in records])) if records else None
    entropies = [record.get("attention_entropy") for record in records]
    row["evenness"] = mean([entropy and entropy["evenness"] for entropy in entropies], studies)
    row["bits"] = mean([entropy and entropy["bits"] for entropy in entropies], studies)
    row["frontal"] = mean([entropy and entropy["view"] == "frontal" for entropy in entropies], studies)
    return row


def _places(records: list[Any], areas: bool = False) -> dict[str, Any]:
    studies = [record["study"] for record in records]
    row = {}
    for name, views in (("pointing", POINTING_VIEWS), ("pointing_strict", POINTING_VIEWS), ("overlap", OVERLAP_VIEWS)):
        row[name] = {
            view: mean([record[name][view] if name in record else None for record in records], studies)
            for view in views
        }
    if areas:
        row |= {area: mean([record[area] for record in records], studies) for area in ("deletion", "insertion")}
    return row


def _sides(records: list[Any], generated: Any) -> dict[str, Any]:
    """Agreement on side and third, of the method's maps and of its maps of other studies."""
    found = {}
    for source, some in (("reference", records), ("generated", generated)):
        some = [record for record in some if record["named_side"] or record["named_zone"]]
        studies = [record["study"] for record in some]
        places = [Place(record["named_side"], record["named_zone"]) for record in some]
        sides, zones = agreement_of_others([record["spread"] for record in some], places, studies)
        found[f"side_{source}"] = mean([record["side"] for record in some], studies)
        found[f"zone_{source}"] = mean([record["zone"] for record in some], studies)
        found[f"side_{source}_others"] = mean(sides, studies)
        found[f"zone_{source}_others"] = mean(zones, studies)
    return found


def _pictures(words: list[Any]) -> dict[str, Any]:
    studies = [word["study"] for word in words]
    row = {
        name: mean([word["pictures"][name] for word in words], studies)
        for name in ("shown", "blank", "other", "frontal", "lateral", "moved", "guessed")
    }
    return row


def _by_finding(records: list[Any]) -> dict[str, Any]:
    """finding -> pointing and overlap on the better view and on each, and how many words are grounded."""
    found = {}
    for finding in sorted({record["finding"] for record in records}):
        some = [record for record in records if record["finding"] == finding]
        places = {name: views for name, views in _places(some).items() if name in ("pointing", "overlap")}
        found[finding] = {**{name: views["better"] for name, views in places.items()}, "views": places}
        if "hidden" in some[0]:
            found[finding]["grounded"] = mean(
                [record["hidden"]["grounded"] for record in some], [record["study"] for record in some]
            )
    return found


def judge_randomisation(own: dict[str, Any]) -> dict[str, Any]:
    """One method's part of `explain.metrics.sanity_checks.randomised`, judged by `explain.metrics.weight_dependence`.

    Returns:
        dict of "stages" (name -> similarity with its interval), the "verdict" and the fields of
        `explain.metrics.weight_dependence.Dependence`.
    """
    others = weight_dependence.of_other_studies(own["maps"], own["views"], own["studies"])
    judged = weight_dependence.judge(own["after"], others, own["studies"])
    stages = {name: mean(values, own["studies"][: len(values)]) for name, values in own["stages"].items()}
    return {"stages": stages, "verdict": judged.verdict, **asdict(judged)}
