"""Score checkpoints on one split of the collection, beside what a captioner that does not look would reach.

The collection is read, predictions are made and compared (`captioner.evaluation.compare`), and JSON, a Markdown table
and figures are written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from captioner.checkpoint import how_often_right
from captioner.errors import BadInput
from captioner.evaluation import baselines, markdown_tables
from captioner.evaluation import figures as score_figures
from captioner.evaluation.claim_metrics import nonsense, side_agreement
from captioner.evaluation.compare import SEED, compare, shuffled_loss
from captioner.evaluation.head_scores import head_scores
from captioner.evaluation.phantom_scores import phantom_scores
from captioner.evaluation.studies import studies_of, with_frontal
from captioner.evaluation.tables import MARK, short_table, table
from captioner.images.study import Study, View
from captioner.reports.collection import read_collection

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.reports.collection import Report


def evaluate(
    data: str | Path,
    split: str,
    checkpoint: Any = None,
    decoding: str = "greedy",
    beam_width: int = 3,
    length_penalty: float | None = None,
    out: Any = None,
    into: Sequence[str | Path] = (),
    phantoms: int = 0,
) -> dict[str, Any]:
    """Caption every study of a split and score the captions beside the baselines, all in one table.

    The first frontal and the first lateral picture of each study are taken. Studies without a frontal picture are left
    out and counted. Rows: each checkpoint with greedy and with beam search; the first one with the pictures of another
    study and with black pictures; the commonest training impression; the impression of the nearest training study by
    the first checkpoint's features and by pixels.

    Args:
        data: folder of the collection.
        split: "train", "val" or "test".
        checkpoint: checkpoint folder, or a list of them; the default one when None. Of several, rows carry the folder's
            name.
        decoding: "greedy" or "beam": the row of the first checkpoint that is compared with the others, and how the
            rows with wrong pictures are decoded.
        beam_width, length_penalty: of the beam search.
        out: folder for scores.json, scores.md, findings.png and scores.png, for predictions.jsonl (with the references:
            not to be published) and captions.jsonl (what the checkpoints wrote, by uid, for others to score).
        into: Markdown files whose short table between its two marks is replaced, see
            `captioner.evaluation.markdown_tables`.
        phantoms: unseen phantoms that the first checkpoint is tried on besides.

    Returns:
        dict, the content of scores.json.

    Raises:
        BadInput: the collection or the checkpoint cannot be read, the split has no study, or a file of `into` has no
            place for the table.
    """
    from captioner.checkpoint.store import load

    for path in into:
        markdown_tables.place(path, MARK)

    collection = read_collection(data)
    reports, left_out = with_frontal(collection.split(split))
    training, _ = with_frontal(collection.split("train"))
    if not reports:
        raise BadInput(f"{data} has no study with a frontal picture in the split {split}.")
    if not training:
        raise BadInput(f"{data} has no training study with a frontal picture, which the baselines need.")
    folders = list(checkpoint) if isinstance(checkpoint, (list, tuple)) else [checkpoint]
    names = _row_names(folders)
    model = load(folders[0])
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    beam: dict[str, Any] = {"decoding": "beam", "beam_width": beam_width, "length_penalty": length_penalty}
    chosen = {"greedy": {"decoding": "greedy"}, "beam": beam}[decoding]

    looks = baselines.Looks()
    captions = _captions(model, reports, beam, split, looks)
    training_looks = baselines.Looks()
    for study in tqdm(studies_of(training), total=len(training), desc="look at train", unit="study", disable=None):
        training_looks.add(study, model.encode(study))

    references = [report.impression for report in reports]
    written = [report.impression for report in training]
    own = [caption.text for caption in captions[decoding]]
    # A training study is its own nearest neighbour, which would tell nothing.
    apart = np.arange(len(reports)) if split == "train" else None
    rows: dict[str, list[str]] = {}
    ended: dict[str, list[bool]] = {}
    looking = []
    for folder, name in zip(folders, names):
        other = captions if folder is folders[0] else _captions(load(folder), reports, beam, split)
        for search, found in other.items():
            rows[name + search] = [caption.text for caption in found]
            ended[name + search] = [caption.ended for caption in found]
        looking.append(name + decoding)
    written_rows = list(rows)
    rows |= {
        # A caption depends on the pictures alone, so shuffled pictures are shuffled captions.
        "shuffled pictures": [own[place] for place in baselines.derangement(len(own), SEED)],
        "blank pictures": _blank(model, looks, chosen),
        "constant": [baselines.constant(written)] * len(reports),
        "nearest neighbour": [written[place] for place in looks.nearest_by_features(training_looks, apart)],
        "pixel nearest neighbour": [written[place] for place in looks.nearest_by_pixels(training_looks, apart)],
    }
    result = {
        "checkpoint": ", ".join(name.rstrip(", ") for name in names) or model.name,
        "split": split,
        "studies": len(reports),
        "without_frontal": left_out,
        "training_studies": len(training),
        "collection": collection.summary(),
        "beam": {"width": beam_width, "length_penalty": captions["beam"][0].length_penalty},
        **compare(references, rows, looking[0]),
        "claims": {
            name: {
                "sides": side_agreement(references, texts),
                "nonsense": nonsense(texts, ended.get(name)).as_dict(),
            }
            for name, texts in rows.items()
        },
        "reference_claims": nonsense(references).as_dict(),
    }
    if looks.findings:
        result["head"] = head_scores(looks.findings, references, own)
    if phantoms:
        result["phantoms"] = phantom_scores(model, phantoms, {"greedy": {"decoding": "greedy"}, "beam": beam})
    if len(looking) > 1:
        result["shuffled_losses"] = {name: shuffled_loss(references, rows[name], SEED) for name in looking}
    _write(out, result, reports, rows, captions[decoding], written_rows)
    for path in into:
        markdown_tables.put(path, MARK, short_table(result))
    print(table(result))
    return result


def count_how_often_right(data: str | Path, checkpoint: str | Path | None = None) -> Path:
    """Count on the validation studies how often claims, and the states between head and words, are right, into the file
    that is kept beside the checkpoint.

    Args:
        data: folder of the collection.
        checkpoint: folder; the default one when None. Captions are those of the default search.

    Returns:
        Path of the file, see `captioner.checkpoint.how_often_right`.

    Raises:
        BadInput: the collection or the checkpoint cannot be read, or the split has no study with a frontal picture.
    """
    from captioner.checkpoint.store import DEFAULT, load

    reports, _ = with_frontal(read_collection(data).split("val"))
    if not reports:
        raise BadInput(f"{data} has no validation study with a frontal picture.")
    folder = Path(checkpoint) if checkpoint is not None else DEFAULT
    model = load(folder)
    cases: list[how_often_right.Case] = []
    states: list[how_often_right.StateCase] = []
    for report, study in zip(reports, tqdm(studies_of(reports), total=len(reports), unit="study", disable=None)):
        features = model.encode(study)
        findings = model.findings(features) if model.has_findings else None
        caption = model.caption(features)
        cases += how_often_right.cases_of(caption, findings, report.impression)
        states += how_often_right.states_of(findings, caption.text, report.impression)
    return how_often_right.save(folder, cases, "val", states)


def _row_names(folders: Sequence[Path]) -> list[str]:
    """What the rows of each checkpoint begin with: nothing for a single one."""
    if len(folders) == 1:
        return [""]
    names = [Path(folder).name for folder in folders]
    if len(set(names)) < len(names):
        raise BadInput("Two checkpoint folders have the same name, so that their rows could not be told apart.")
    return [f"{name}, " for name in names]


def _captions(
    model: Captioner, reports: Sequence[Report], beam: dict[str, Any], split: str, looks: baselines.Looks | None = None
) -> dict[str, list[Caption]]:
    """`greedy` and `beam` -> the captions of these studies; what the baselines need is added to `looks`."""
    captions: dict[str, list[Caption]] = {"greedy": [], "beam": []}
    for study in tqdm(
        studies_of(reports), total=len(reports), desc=f"{model.name}, {split}", unit="study", disable=None
    ):
        features = model.encode(study)
        if looks is not None:
            looks.add(study, features)
            if getattr(model, "has_findings", False):
                looks.findings.append(model.findings(features))
        captions["greedy"].append(model.caption(features, decoding="greedy"))
        captions["beam"].append(model.caption(features, **beam))
    return captions


def _blank(model: Captioner, looks: baselines.Looks, chosen: dict[str, Any]) -> list[str]:
    """The captions of black pictures, with a lateral view where the study has one."""
    black = np.zeros((baselines.THUMBNAIL, baselines.THUMBNAIL), np.uint8)
    texts = {}
    for lateral in {bool(mask[1]) for mask in looks.masks}:
        study = Study(View("frontal", black), View("lateral", black) if lateral else None, ())
        texts[lateral] = model.caption(study, **chosen).text
    return [texts[bool(mask[1])] for mask in looks.masks]


def _write(
    out: Path, result: dict[str, Any], reports: Sequence[Report], rows: Any, captions: Any, written_rows: Sequence[str]
) -> None:
    (out / "scores.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / "scores.md").write_text(table(result), encoding="utf-8")
    with open(out / "predictions.jsonl", "w", encoding="utf-8") as file:
        for place, (report, caption) in enumerate(zip(reports, captions, strict=True)):
            file.write(
                json.dumps(
                    {
                        "study": report.uid,
                        "reference": report.impression,
                        "text": caption.text,
                        "log_prob": caption.log_prob,
                        "rows": {name: texts[place] for name, texts in rows.items()},
                    }
                )
                + "\n"
            )
    with open(out / "captions.jsonl", "w", encoding="utf-8") as file:
        for place, report in enumerate(reports):
            file.write(json.dumps({"study": report.uid, **{name: rows[name][place] for name in written_rows}}) + "\n")
    score_figures.findings_figure(result).savefig(out / "findings.png", dpi=150)
    score_figures.scores_figure(result).savefig(out / "scores.png", dpi=150)
    if "head" in result:
        score_figures.reliability_figure(result["head"]).savefig(out / "reliability.png", dpi=150)
