"""The evidence as Markdown: methods by evidence, findings by method, and what the words owe to the pictures."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from captioner.checkpoint.how_often_right import MIN_CASES
from captioner.evaluation.markdown_tables import grid
from explain.benchmark.aggregate import COMPARED
from explain.metrics import weight_dependence

FEW_NOTE = f"What fewer than {MIN_CASES} words or findings say is left out."


def table(result: dict[str, Any]) -> str:
    """The result of `explain.benchmark.evaluate.evaluate_explanations` as Markdown."""
    methods = result["methods"]
    some = next(iter(methods.values()))
    masks = some["pointing"]["better"]["value"] is not None
    sides = any(row[f"{what}_reference"]["value"] is not None for row in methods.values() for what in ("side", "zone"))
    lines = [f"# {result['checkpoint']}: explanations on {result['studies']} studies ({result['data']})", ""]
    lines += [
        f"{result['words']} finding words of the reference impressions, read to the model word by word"
        + (f"; {result['unknown_words']} more are not in its vocabulary" if result["unknown_words"] else "")
        + ". In brackets: 95% percentile intervals of 1000 bootstrap samples of studies.",
        "",
    ]
    lines += _by_method(result, masks) + ["", *beside_attention(result), ""]
    if sides:
        lines += _by_side(result) + [""]
    lines += _randomised(result)
    if "finding_maps" in result:
        lines += ["## Finding maps beside word maps", "", *finding_maps(result, masks), ""]
    lines += _pictures(result) + [""]
    if masks:
        lines += _findings(result) + [""]
    lines += _notes(result, masks)
    return "\n".join(lines) + "\n"


def _by_method(result: dict[str, Any], masks: bool) -> list[str]:
    head = ["method", "words (studies)"]
    if masks:
        head += [
            "pointing, better view",
            "frontal",
            "lateral",
            "chosen view",
            "better view, no margin",
            "overlap, better view",
            "frontal",
            "lateral",
        ]
    head += [
        "deletion",
        "minus random",
        "minus centre",
        "insertion",
        "minus random",
        "minus centre",
        "grounded words",
        "seconds a word",
    ]
    rows = []
    for name, row in result["methods"].items():
        cells = [f"**{result['titles'][name]}**", f"{row['deletion']['words']} ({row['deletion']['studies']})"]
        cells += _places(row) if masks else []
        cells += [
            cell(row["deletion"], bare=True),
            cell(row["deletion_minus_random"]),
            cell(row["deletion_minus_centre"]),
            cell(row["insertion"], bare=True),
            cell(row["insertion_minus_random"]),
            cell(row["insertion_minus_centre"]),
            cell(row["grounded"]),
            f"{result['seconds_a_word'][name]:.2f}",
        ]
        rows.append(cells)
    for name, row in result["baselines"].items():
        cells = [name, f"{row['deletion']['words']} ({row['deletion']['studies']})"]
        cells += _places(row) if masks else []
        rows.append([*cells, cell(row["deletion"], bare=True), "", "", cell(row["insertion"], bare=True), *[""] * 4])
    return ["## Methods by evidence", "", *grid(head, rows)]


def _places(row: dict[str, Any]) -> list[str]:
    return [
        *(cell(row["pointing"][view]) for view in ("better", "frontal", "lateral", "chosen")),
        cell(row["pointing_strict"]["better"]),
        *(cell(row["overlap"][view]) for view in ("better", "frontal", "lateral")),
    ]


def _by_side(result: dict[str, Any]) -> list[str]:
    rows = []
    for name, row in result["methods"].items():
        for source in ("reference", "generated"):
            side, zone = row[f"side_{source}"], row[f"zone_{source}"]
            if side["words"] or zone["words"]:
                rows.append(
                    [
                        f"**{result['titles'][name]}**",
                        source,
                        f"{side['words']}, {zone['words']}",
                        told(side),
                        told(row[f"side_{source}_others"]),
                        told(zone),
                        told(row[f"zone_{source}_others"]),
                    ]
                )
    head = [
        "method",
        "words of",
        "with a side, with a third",
        "on the named side",
        "maps of other studies",
        "in the named third",
        "maps of other studies",
    ]
    return [
        "## Side and third on the frontal view, as the index names them",
        "",
        *grid(head, rows),
        "",
        "Chance is 1/2 for the side and 1/3 for the third. Maps of other studies: how often the method's maps of other "
        f"studies lie where this one's index says. {FEW_NOTE}",
    ]


def _randomised(result: dict[str, Any]) -> list[str]:
    rows = []
    for name, row in result["methods"].items():
        own = row.get("randomisation")
        if own:
            rows.append(
                [
                    f"**{result['titles'][name]}**",
                    *(cell(each, digits=2) for each in own["stages"].values()),
                    weight_dependence.short(dependence(own)),
                ]
            )
            stages = list(own["stages"])
    if not rows:
        return []
    return [
        "## Similarity to the trained network's maps while weights become random, from the top down",
        "",
        *grid(["method", *stages, "does it depend on the weights?"], rows),
        "",
        RANDOMISATION_NOTE,
        "",
    ]


RANDOMISATION_NOTE = (
    "Randomisation: the rank correlation of the maps with those of networks whose weights are all random, against that "
    "of the trained network's maps of different studies. Where the 95% interval of the difference, paired by word and "
    "drawn over studies, lies below zero, and the interval of the second above "
    f"{weight_dependence.RESEMBLES}, the method depends on the weights; where the one lies above zero and that of the "
    f"first above {weight_dependence.RESEMBLES}, it does not; else, and with fewer than {weight_dependence.FEWEST} "
    "studies, it cannot be told."
)


def dependence(own: dict[str, Any]) -> weight_dependence.Dependence:
    """The `explain.metrics.weight_dependence.Dependence` that a method's "randomisation" holds."""
    return weight_dependence.Dependence(
        **{field.name: own[field.name] for field in fields(weight_dependence.Dependence)}
    )


def finding_maps(result: dict[str, Any], masks: bool) -> list[str]:
    """What the finding head's maps reach beside the words', method by method: a list of lines.

    Args:
        result: of `explain.benchmark.evaluate.evaluate_explanations`, with "finding_maps".
        masks: whether it is known where the findings lie.
    """
    own, rows = result["finding_maps"], []
    for name, of_findings in own["methods"].items():
        for what, row in (("findings", of_findings), ("words", result["methods"].get(name))):
            if row is not None and row["deletion"]["words"]:
                title = "Pooling weights" if name == "attention" and what == "findings" else result["titles"][name]
                rows.append([f"**{title}**", what, *_finding_row(row, masks)])
    for name, row in own["baselines"].items():
        places = [told(row[measure]["better"]) for measure in ("pointing", "overlap")] if masks else []
        rows.append(
            [name, "findings", f"{row['deletion']['words']} ({row['deletion']['studies']})", *places, *[""] * 6]
        )
    head = ["method", "of", "maps (studies)", *(["pointing, better view", "overlap, better view"] if masks else [])]
    head += ["named side", "named third", "deletion minus random", "insertion minus random", "rest on the area"]
    return [
        *grid([*head, "does it depend on the weights?"], rows),
        "",
        "Findings: the log odds of each finding that the reference states, whether the head sees it or not; words: "
        "the finding words of the same references. Deletion, insertion and resting are of the finding's or the word's "
        f"probability, so that their sizes do not compare between the two; places do. {FEW_NOTE}",
    ]


def _finding_row(row: dict[str, Any], masks: bool) -> list[str]:
    judged = row.get("randomisation")
    return [
        f"{row['deletion']['words']} ({row['deletion']['studies']})",
        *([told(row[measure]["better"]) for measure in ("pointing", "overlap")] if masks else []),
        *(
            told(row[measure])
            for measure in (
                "side_reference",
                "zone_reference",
                "deletion_minus_random",
                "insertion_minus_random",
                "grounded",
            )
        ),
        weight_dependence.short(dependence(judged)) if judged else "-",
    ]


def _pictures(result: dict[str, Any]) -> list[str]:
    row = result["pictures"]
    head = ["shown", "black pictures", "other patients", "frontal alone", "lateral alone", "guessed from language"]
    cells = [cell(row[name]) for name in ("shown", "blank", "other", "frontal", "lateral", "guessed")]
    return ["## Mean probability of a finding word, by what the model is shown", "", *grid(head, [cells])]


def _findings(result: dict[str, Any]) -> list[str]:
    findings = {**result["findings"], **result["baseline_findings"]}
    first = result["baseline_findings"]["random"]
    lines = []
    for measure, view in (
        ("pointing", "better"),
        ("pointing", "frontal"),
        ("pointing", "lateral"),
        ("overlap", "better"),
        ("overlap", "frontal"),
        ("overlap", "lateral"),
    ):
        rows = [
            [
                finding,
                str(first[finding]["views"][measure][view]["words"]),
                *(cell(own[finding]["views"][measure][view]) if finding in own else "-" for own in findings.values()),
            ]
            for finding in first
        ]
        title = {"pointing": "Pointing game", "overlap": "Overlap"}[measure]
        lines += [
            f"## {title} on the {view} view, by finding",
            "",
            *grid(["finding", "words", *(result["titles"].get(name, name) for name in findings)], rows),
            "",
        ]
    return lines[:-1]


def beside_attention(result: dict[str, Any]) -> list[str]:
    """Where attention is worse or better than each other method, in words: a list of lines."""
    lines = []
    for name, measures in result["against"].items():
        told: dict[str, list[str]] = {"worse": [], "better": []}
        for measure, score in measures.items():
            if score["low"] is not None and (score["high"] < 0 or score["low"] > 0):
                low, high = sorted((abs(score["low"]), abs(score["high"])))
                told["worse" if score["value"] < 0 else "better"].append(
                    f"{COMPARED[measure][0]} (by {abs(score['value']):.3f}, {low:.3f} to {high:.3f})"
                )
        parts = [f"{word} in {_listed(some)}" for word, some in told.items() if some]
        counts = max((score["words"] for score in measures.values()), default=0)
        verdict = "; ".join(parts) if parts else "not clearly different in anything"
        lines.append(f"- Attention beside {result['titles'][name]}, {counts} words: {verdict}.")
    return lines


def _listed(some: Sequence[str]) -> str:
    return some[0] if len(some) == 1 else ", ".join(some[:-1]) + " and " + some[-1]


def _notes(result: dict[str, Any], masks: bool) -> list[str]:
    budget = result["budget"]
    notes = []
    if masks:
        notes += [
            "Pointing: the map's strongest place lies on the finding or within 15/256 of the side beside it; in "
            "either view (better), or in the view with the stronger peak (chosen). Random: the probability that "
            "an even draw hits. Overlap: intersection over union after Otsu's threshold."
        ]
    notes += [
        f"Deletion and insertion: area under the word's probability in {budget['steps']} steps, by the map, "
        f"against {budget['orders']} random orders of the grid's cells, and against a Gaussian in the middle of "
        "each view (centre); deletion should be below them, insertion above. "
        f"Grounded: hiding the strongest {budget['hidden']:.0%} of the pixels takes away more than random areas "
        f"of that size do (p <= 0.05, {budget['areas']} areas). Guessed: neither black pictures nor another "
        "patient's change the probability by a quarter. Slow methods saw the first studies only, as the counts "
        "say."
    ]
    entropy = result["methods"].get("attention")
    if entropy and entropy["bits"]["value"] is not None:
        bits, evenness, frontal = (cell(entropy[name], digits=2) for name in ("bits", "evenness", "frontal"))
        notes += [
            f"Attention: entropy {bits} bits, {evenness} of an even spread; share of the words in which the "
            f"frontal view got more: {frontal}."
        ]
    return ["\n\n".join(notes)]


def told(score: dict[str, Any]) -> str:
    """As `cell`, "-" for fewer than MIN_CASES words or findings: three of three are no reason to write 1.000."""
    return cell(score) if score["words"] >= MIN_CASES else "-"


def cell(score: dict[str, Any], bare: bool = False, digits: int = 3) -> str:
    """A dict of `explain.metrics.intervals.mean` as text, with its interval unless `bare`."""
    if score["value"] is None:
        return "-"
    if bare or score["low"] is None:
        return f"{score['value']:.{digits}f}"
    return f"{score['value']:.{digits}f} ({score['low']:.{digits}f} to {score['high']:.{digits}f})"
