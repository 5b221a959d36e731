"""How a checkpoint does for some studies and for others: what a card has to say of subgroups (Mitchell et al. 2019).

Of impressions: with both views, with the frontal alone, with the lateral withheld from studies that have one, and by
sex where the indication names it (the collection gives neither age nor sex by itself). Of a finding head besides:
pictures of NIH ChestX-ray14 by sex, age and position (PA or AP).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from captioner.checkpoint.store import load
from captioner.errors import BadInput
from captioner.evaluation import baselines, markdown_tables
from captioner.evaluation.bootstrap import draw, interval, sampled_scores
from captioner.evaluation.calibration import area_under_roc
from captioner.evaluation.markdown_tables import grid
from captioner.images.study import Study, read_study
from captioner.reports.collection import read_collection
from captioner.reports.finding_labels import labels_of_picture
from captioner.reports.findings import FINDINGS, is_normal, label_all
from captioner.reports.nih import LabelledPicture, is_nih, read_nih, split_of_patient

if TYPE_CHECKING:
    from captioner.captioner import Captioner

MARK = "subgroups"
MIN_COUNT = 5  # positives, and negatives, for an area that counts in a mean: as in `captioner.evaluation.head_scores`
SAMPLES = 200  # of pictures: each asks for every area anew
AGES = ((0, 40, "under 40"), (40, 65, "40 to 64"), (65, 200, "65 and older"))


def subgroups(
    data: Sequence[str | Path],
    split: str,
    checkpoint: str | Path | None,
    out: str | Path,
    into: Sequence[str | Path] = (),
) -> dict[str, Any]:
    """Score a checkpoint by subgroup, with greedy search.

    Args:
        data: folder of the Indiana collection, and perhaps one of NIH ChestX-ray14.
        split: "train", "val" or "test"; of NIH's pictures by patient.
        checkpoint: folder; the default one when None.
        out: folder for subgroups.json and subgroups.md.
        into: Markdown files, cards for example, whose table of subgroups between its two marks is replaced.

    Returns:
        dict, the content of subgroups.json: `impressions` and `pictures`, each a list of a dict for every group.

    Raises:
        BadInput: the data or the checkpoint cannot be read, the split is empty, or a file of `into` has no place.
    """
    for path in into:
        markdown_tables.place(path, MARK)
    collections = [Path(folder) for folder in data if not is_nih(Path(folder))]
    pictures = [picture for folder in data if is_nih(Path(folder)) for picture in read_nih(folder)]
    if len(collections) != 1:
        raise BadInput("Subgroups need one folder of the Indiana collection, and perhaps one of NIH ChestX-ray14.")
    collection = read_collection(collections[0])
    reports = [report for report in collection.split(split) if report.frontal]
    if not reports:
        raise BadInput(f"{collections[0]} has no study with a frontal picture in the split {split}.")
    model = load(checkpoint)
    texts: list[str] = []
    withheld: list[str] = []
    for report in tqdm(reports, desc=f"{model.name}, {split}", unit="study", disable=None):
        study = read_study(report.frontal[0], report.lateral[0] if report.lateral else None)
        texts.append(model.caption(study).text)
        alone = Study(study.frontal, None, study.notices)
        withheld.append(model.caption(alone).text if report.lateral else texts[-1])
    constant = baselines.constant([report.impression for report in collection.split("train")] or [texts[0]])
    groups = {
        "all": np.ones(len(reports), bool),
        "both views": np.array([bool(report.lateral) for report in reports]),
        "frontal alone": np.array([not report.lateral for report in reports]),
        "women, by the indication": np.array([report.sex == "F" for report in reports]),
        "men, by the indication": np.array([report.sex == "M" for report in reports]),
        "sex not said": np.array([not report.sex for report in reports]),
    }
    references = [report.impression for report in reports]
    rows = impression_rows(references, texts, groups, constant)
    rows += impression_rows(references, withheld, {"both views, lateral withheld": groups["both views"]}, constant)
    result = {
        "checkpoint": model.name,
        "split": split,
        "impressions": rows,
        "pictures": _picture_rows(model, [each for each in pictures if split_of_patient(each.patient) == split]),
    }
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "subgroups.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / "subgroups.md").write_text(table(result), encoding="utf-8")
    for path in into:
        markdown_tables.put(path, MARK, table(result))
    return result


def impression_rows(
    references: Sequence[str], texts: Sequence[str], groups: Mapping[str, np.ndarray], constant: str
) -> list[dict[str, Any]]:
    """A dict for each group that has studies.

    Args:
        references: cleaned captions.
        texts: predictions, as many.
        groups: name -> bool `(studies,)`.
        constant: the impression that knows nothing of the picture.

    Returns:
        dicts of `group`, `studies`, `abnormal` (a count), `macro_f1`, `balanced_accuracy` and `rouge_l` (`{"value",
        "low", "high"}`), and `constant_rouge_l`: how well the same sentence words this group.
    """
    rows = []
    for name, chosen in groups.items():
        places = np.flatnonzero(chosen).tolist()
        if not places:
            continue
        wanted, given = [references[place] for place in places], [texts[place] for place in places]
        scores = sampled_scores(wanted, given).as_dict()["scores"]
        rows.append(
            {
                "group": name,
                "studies": len(places),
                "abnormal": int((~is_normal(label_all(wanted))).sum()),
                **{score: scores[score] for score in ("macro_f1", "balanced_accuracy", "rouge_l")},
                "constant_rouge_l": sampled_scores(wanted, [constant] * len(wanted)).as_dict()["scores"]["rouge_l"],
            }
        )
    return rows


def _picture_rows(model: Captioner, pictures: Sequence[LabelledPicture]) -> list[dict[str, Any]]:
    """A dict for each group of labelled pictures; none without a finding head."""
    if not pictures or not model.has_findings:
        return []
    probabilities = np.array(
        [
            [finding.probability for finding in model.findings(model.encode(read_study(picture.path, None)))]
            for picture in tqdm(pictures, desc=f"{model.name}, pictures", unit="picture", disable=None)
        ]
    )  # (pictures, 13)
    truths = np.stack([labels_of_picture(picture).presence for picture in pictures])
    return picture_rows(probabilities, truths, groups_of_pictures(pictures))


def groups_of_pictures(pictures: Sequence[LabelledPicture]) -> dict[str, np.ndarray]:
    """Name -> bool `(pictures,)`: all, by sex, by age and by position, as far as each is known."""
    groups = {"all": np.ones(len(pictures), bool)}
    for title, sex in (("women", "F"), ("men", "M")):
        groups[title] = np.array([picture.sex == sex for picture in pictures])
    for low, high, title in AGES:
        groups[title] = np.array([picture.age is not None and low <= picture.age < high for picture in pictures])
    for position in ("PA", "AP"):
        groups[position] = np.array([picture.position == position for picture in pictures])
    return groups


def picture_rows(
    probabilities: np.ndarray, truths: np.ndarray, groups: Mapping[str, np.ndarray], samples: int = SAMPLES
) -> list[dict[str, Any]]:
    """A dict for each group: `group`, `pictures`, `findings` (how many have 5 positives and negatives in it), `auc`.

    Args:
        probabilities: float `(pictures, 13)`.
        truths: float `(pictures, 13)`: 1, 0, or below 0 where it is not known.
        groups: name -> bool `(pictures,)`.
        samples: bootstrap samples of pictures.

    Returns:
        dicts; `auc` is the mean over those findings, with its interval, whose chance level is 0.5.
    """
    rows = []
    for name, chosen in groups.items():
        scores, known = probabilities[chosen], truths[chosen]
        findings = [
            number
            for number in range(len(FINDINGS))
            if min((known[:, number] == 1).sum(), (known[:, number] == 0).sum()) >= MIN_COUNT
        ]
        if not findings:
            continue
        drawn = [np.repeat(np.arange(len(scores)), counts) for counts in draw(len(scores), samples)]
        areas = np.array([_mean_area(scores[places], known[places], findings) for places in drawn])
        rows.append(
            {
                "group": name,
                "pictures": len(scores),
                "findings": len(findings),
                "auc": interval(_mean_area(scores, known, findings), areas),
            }
        )
    return rows


def _mean_area(scores: np.ndarray, known: np.ndarray, findings: Sequence[int]) -> float:
    areas = []
    for number in findings:
        told = known[:, number] >= 0
        areas.append(area_under_roc(scores[told, number], known[told, number] == 1))
    return float(np.nanmean(areas)) if not np.isnan(areas).all() else float("nan")


def table(result: dict[str, Any]) -> str:
    """The result of `subgroups` as Markdown."""
    lines = [f"On the split {result['split']}, greedy search, with 95% bootstrap intervals:", ""]
    head = ["studies", "number", "abnormal", "macro F1", "balanced accuracy", "ROUGE-L", "the constant's"]
    lines += grid(
        head,
        [
            [
                row["group"],
                str(row["studies"]),
                str(row["abnormal"]),
                *(_cell(row[score]) for score in ("macro_f1", "balanced_accuracy", "rouge_l", "constant_rouge_l")),
            ]
            for row in result["impressions"]
        ],
    )
    if result["pictures"]:
        lines += ["", "The finding head on pictures of NIH ChestX-ray14 (chance: 0.5):", ""]
        lines += grid(
            ["pictures", "number", "findings", "mean AUC"],
            [
                [row["group"], str(row["pictures"]), str(row["findings"]), _cell(row["auc"])]
                for row in result["pictures"]
            ],
        )
    lines += ["", "Macro F1 is over the findings that a group's own references state, so groups have unlike ones. The"]
    lines += ["intervals are not corrected for the number of groups, and of small groups they are wide."]
    return "\n".join(lines) + "\n"


def _cell(score: Mapping[str, float | None]) -> str:
    if score["value"] is None:
        return "-"
    bounds = "" if score["low"] is None else f" ({score['low']:.3f} to {score['high']:.3f})"
    return f"{score['value']:.3f}{bounds}"
