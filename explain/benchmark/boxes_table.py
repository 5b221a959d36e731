"""Maps against boxes as Markdown: one row per method and checkpoint, then pointing finding by finding."""

from typing import Any

from captioner.evaluation.markdown_tables import grid
from explain.benchmark.tables import cell

MARK = "maps against boxes"  # the name in the marks of the table, see `captioner.evaluation.markdown_tables`


def page(result: dict[str, Any]) -> str:
    """The result of `explain.benchmark.boxes.evaluate_boxes` as a page of its own."""
    return f"# Maps against radiologists' boxes\n\n{summary(result)}"


def summary(result: dict[str, Any]) -> str:
    """The two tables with what a reader must know of them."""
    counts = ", ".join(f"{finding} {number}" for finding, number in result["findings"].items())
    lines = [
        f"{sum(result['findings'].values())} boxed findings ({counts}) on {result['pictures']} frontal pictures of "
        f"{result['patients']} patients, {_SPLITS[result['split']]}. The finding is read to the model as a sentence, "
        "so what is judged is the map of a word that is right. All numbers but those of single findings are means of "
        f"the {len(result['findings'])} findings' means; in brackets 95% bootstrap intervals over patients, not "
        "corrected for the number of comparisons.",
        "",
        *_measures(result),
        "",
        *_beside_usual(result),
        "",
        *_by_finding(result),
        "",
        _note(result),
    ]
    return "\n".join(lines) + "\n"


_SPLITS = {
    "train": "patients of the training split",
    "val": "patients of the validation split, on which choices may be made",
    "test": "patients of the test split, on which nothing was chosen or trained",
}


def _name(row: dict[str, Any]) -> str:
    return row["title"] if row["checkpoint"] is None else f"**{row['title']}**, {row['checkpoint']}"


def _measures(result: dict[str, Any]) -> list[str]:
    head = ["map", "pointing", "with a margin", "minus the usual place", "overlap", "map inside the box"]
    rows = []
    for row in result["rows"]:
        apart = row["pointing"].get("minus_usual")
        rows.append(
            [
                _name(row),
                cell(row["pointing"]["macro"], digits=2),
                cell(row["pointing_margin"]["macro"], digits=2),
                cell(apart, digits=2) if apart else "",
                cell(row["overlap"]["macro"], digits=2),
                cell(row["inside"]["macro"], digits=2),
            ]
        )
    return grid(head, rows)


def _by_finding(result: dict[str, Any]) -> list[str]:
    head = ["pointing, by finding", *result["findings"]]
    rows = [
        [
            _name(row),
            *(
                cell(row["pointing"]["findings"][finding], digits=2) if finding in row["pointing"]["findings"] else "-"
                for finding in result["findings"]
            ),
        ]
        for row in result["rows"]
    ]
    return grid(head, rows)


def _beside_usual(result: dict[str, Any]) -> list[str]:
    """For each map whether it points better than the usual place, in a sentence: a list of lines."""
    lines = []
    for row in result["rows"]:
        apart = row["pointing"].get("minus_usual")
        if not apart or apart["low"] is None:
            continue
        verdict = (
            "points better than the usual place"
            if apart["low"] > 0
            else "points worse than the usual place"
            if apart["high"] < 0
            else "cannot be told from the usual place by pointing"
        )
        lines.append(f"- {_name(row)} {verdict}.")
    return lines


def _note(result: dict[str, Any]) -> str:
    taught = {row["checkpoint"]: row["taught"] for row in result["rows"] if row["checkpoint"]}
    told = "; ".join(
        f"{name} by {', '.join(by)}" if by else f"{name} by nothing that names a place" for name, by in taught.items()
    )
    unknown = "".join(
        f" The vocabulary of {name} lacks {', '.join(some)}: left out."
        for name, some in result["unknown"].items()
        if some
    )
    return (
        "Pointing: the strongest place of the map lies in a box; with a margin of 15/256 of the picture's side beside "
        "it. Overlap: intersection over union of the boxes and what Otsu's threshold leaves of the map. Map inside: "
        "the share of what is positive in it. Even chance draws a place evenly, and overlaps as the whole picture "
        "does. The usual place is where training patients' boxes of that finding lie most often: it never sees the "
        "picture. One box a finding often leaves others unboxed, so a map beside the box is not always wrong. "
        f"Attention was taught about places: {told}.{unknown}"
    )
