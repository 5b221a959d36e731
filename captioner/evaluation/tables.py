"""The scores of an evaluation as Markdown: whole, with the findings, and short, for docs/results.md and a card."""

from typing import Any

from captioner.checkpoint.how_often_right import MIN_CASES
from captioner.evaluation.markdown_tables import grid
from captioner.reports.findings import FINDINGS

DERANGEMENTS = 100  # that the loss on shuffled pictures is averaged over
MARK = "scores"  # the name in the marks of the short table, see `captioner.evaluation.markdown_tables`

CHEXPERT_SCORES = ("chexpert_macro_f1", "chexpert_micro_f1", "five_macro_f1", "five_micro_f1")
TITLES = {
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "balanced_accuracy": "balanced accuracy",
    "cider_d": "CIDEr-D",
    "rouge_l": "ROUGE-L",
    **{f"bleu_{order}": f"BLEU-{order}" for order in (1, 2, 3, 4)},
    **{f"seed_bleu_{order}": f"seed's BLEU-{order}" for order in (1, 2, 3, 4)},
}


def table(result: dict[str, Any]) -> str:
    """The result of `compare` (and what `evaluate` adds to it) as Markdown: rows of scores, and the findings."""
    bootstrap, judged = result["bootstrap"], result["judged"]
    lines = []
    if "split" in result:
        left_out = f" ({result['without_frontal']} more have no frontal picture)" if result["without_frontal"] else ""
        lines += [f"# {result['checkpoint']}: scores on {result['studies']} {result['split']} studies{left_out}", ""]
    lines += [
        f"In brackets: {bootstrap['level']:.0%} percentile intervals of {bootstrap['samples']} bootstrap samples "
        "of studies.",
        "",
    ]
    lines += grid(
        ["", *TITLES.values(), "distinct"],
        [
            [
                f"**{name}**" if name == judged else name,
                *(_cell(row["scores"][score]) for score in TITLES),
                str(row["distinct"]),
            ]
            for name, row in result["rows"].items()
        ],
    )
    lines += ["", _shuffled(result)]
    lines += claims_table(result)
    if "head" in result:
        lines += head_table(result["head"])
    lines += ["", "## Findings", ""]
    own = result["rows"][judged]["findings"]
    others = [name for name in result["rows"] if name != judged]
    head = ["finding", "stated", "predicted", "precision", "recall", *(f"F1, {name}" for name in (judged, *others))]
    lines += grid(
        head,
        [
            [
                finding,
                str(own[finding]["stated"]),
                str(own[finding]["predicted"]),
                *(_cell(own[finding][score]) for score in ("precision", "recall", "f1")),
                *(_cell(result["rows"][name]["findings"][finding]["f1"], bare=True) for name in others),
            ]
            for finding in FINDINGS
        ],
    )
    lines += [
        "",
        "Findings are read from the impressions by rule (`captioner/reports/findings.py`). Macro averages are over "
        "the findings that a reference states; a dash stands for a score that is not defined. The seed's BLEU "
        "skips n-gram orders without a match and is for comparison with its published numbers only.",
    ]
    return "\n".join(lines) + "\n"


def _cell(score: dict[str, Any], bare: bool = False) -> str:
    if score["value"] is None:
        return "-"
    if bare or score["low"] is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"


def short_table(result: dict[str, Any]) -> str:
    """The result of `captioner.evaluation.evaluate.evaluate` as Markdown: one row per set of predictions."""
    rows = []
    for name, row in result["rows"].items():
        scores = row["scores"]
        bleu = " ".join(f"{scores[f'seed_bleu_{order}']['value']:.3f}".lstrip("0") for order in (1, 2, 3, 4))
        rows.append(
            [
                f"**{name}**" if name == result["judged"] else name,
                *(_cell(scores[score]) for score in ("macro_f1", "balanced_accuracy", "cider_d", "rouge_l")),
                bleu,
                str(row["distinct"]),
            ]
        )
    head = ["", "macro F1", "balanced accuracy", "CIDEr-D", "ROUGE-L", "seed's BLEU-1..4", "distinct"]
    lines = [*grid(head, rows), "", _shuffled(result), *claims_table(result)]
    if "head" in result:
        lines += head_table(result["head"])
    return "\n".join(lines) + "\n"


def claims_table(result: dict[str, Any]) -> list[str]:
    """Lines of Markdown: sides, CheXpert's findings, and sentences that are nonsense, a row for each row of scores."""
    if "claims" not in result:
        return []
    rows = []
    for name, found in result["claims"].items():
        sides, faults, scores = found["sides"], found["nonsense"], result["rows"][name]["scores"]
        cut = "-" if faults["cut_off"] is None else str(faults["cut_off"])
        rows.append(
            [
                f"**{name}**" if name == result["judged"] else name,
                " / ".join(str(sides[outcome]) for outcome in ("right", "wrong", "no_side", "not_stated")),
                _cell(sides["right_share"]),
                " / ".join(str(faults[fault]) for fault in ("repeated", "contradictory", "empty")) + f" / {cut}",
                *(_cell(scores[score], bare=True) for score in CHEXPERT_SCORES),
            ]
        )
    head = [
        "",
        "side right / wrong / none / not stated",
        "right of those with a side",
        "repeated / contradictory / empty / cut off",
        "CheXpert macro F1",
        "micro F1",
        "its five: macro F1",
        "micro F1",
    ]
    faults = result["reference_claims"]
    lines = ["", *grid(head, rows), ""]
    lines.append(
        "Sides are of findings whose reference names exactly one. Of the references themselves "
        f"{faults['repeated']} repeat a sentence, {faults['contradictory']} contradict themselves and "
        f"{faults['empty']} have a sentence that states nothing."
    )
    if "phantoms" in result:
        lines += ["", *_phantom_lines(result["phantoms"])]
    return lines


def _phantom_lines(phantoms: Any) -> list[str]:
    last = phantoms["first_seed"] + phantoms["count"] - 1
    lines = []
    for name, row in phantoms["rows"].items():
        faults, sides = row["nonsense"], row["sides"]
        lines.append(
            f"On {phantoms['count']} unseen phantoms (seeds {phantoms['first_seed']} to {last}), {name}: "
            f"{row['stated']} of {row['planted']} planted findings stated, {row['made_up']} made up; "
            "side right / wrong / none / not stated "
            f"{sides['right']} / {sides['wrong']} / {sides['no_side']} / {sides['not_stated']}; "
            "repeated, contradictory, empty, cut off "
            f"{faults['repeated']}, {faults['contradictory']}, {faults['empty']}, {faults['cut_off']}."
        )
    return lines


def head_table(head: Any) -> list[str]:
    """Lines of Markdown: the finding head's ranking, calibration and F1 for each finding, and its states."""
    rows = [
        [
            finding,
            str(own["positives"]),
            "-" if own["auc"] is None else f"{own['auc']:.3f}",
            f"{own['threshold']:.3f}",
            _cell(own["f1"]),
            f"{own['ece']:.3f}",
        ]
        for finding, own in head["findings"].items()
    ]
    lines = ["", *grid(["finding head", "positives", "AUC", "threshold", "F1 at it", "ECE"], rows), ""]
    areas = ", ".join(
        f"{title} {head['auc'][group]:.3f}"
        for group, title in (("all", "all"), ("chexpert", "CheXpert's"), ("five", "its five"))
        if head["auc"][group] is not None
    )
    lines.append(f"Mean AUC over findings with at least 5 positives: {areas}. ECE over all: {_cell(head['ece'])}.")
    states = [
        [
            state,
            str(found["count"]),
            str(found["right"]),
            _cell(found["share"]) if found["count"] >= MIN_CASES else "-",
        ]
        for state, found in head["agreement"]["states"].items()
    ]
    lines += ["", *grid(["head and words", "findings", "borne out by the reference", "share"], states), ""]
    agree, disagree, apart = (head["agreement"][name] for name in ("agree", "disagree", "difference"))
    both = f"When head and words both state a finding, they are right in {agree['right']} of {agree['count']}"
    if min(agree["count"], disagree["count"]) < MIN_CASES:
        lines.append(f"{both}; one of them alone states {disagree['count']}: too few to compare. Sides count.")
    else:
        lines.append(
            f"{both} ({_cell(agree['share'])}); when one of them alone does, it is right in {disagree['right']} of "
            f"{disagree['count']} ({_cell(disagree['share'])}); difference {_cell(apart)}. Sides count."
        )
    return lines


def _shuffled(result: dict[str, Any]) -> str:
    lost = result.get("shuffled_losses", {"": result["shuffled_loss"]})
    return (
        f"Macro F1 lost when the pictures are shuffled, mean of {DERANGEMENTS} shuffles: "
        + "; ".join(
            f"{name} {'nothing to lose' if share is None else f'{share:.0%}'}".lstrip() for name, share in lost.items()
        )
        + "."
    )
