"""Maps against the boxes of radiologists: every method, every checkpoint, and baselines that never saw the picture.

Each boxed finding is read to the model as a sentence of its own ("pleural effusion .", `explain.benchmark.box_cases`)
beside the frontal picture alone, and the map of its word is held against the boxes. The same is asked of maps that know
nothing of the picture: even chance, the middle, and the usual place of that finding among training patients. A map that
does not beat the usual place has shown nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import BadInput
from captioner.reports.findings import mentions
from captioner.reports.nih import read_nih
from explain.benchmark.box_cases import SENTENCES, SIZE, box_cases, usual_places
from explain.heatmap import WHOLE, Extent
from explain.methods.base import METHODS, method
from explain.methods.question import Findings
from explain.metrics import deletion_insertion, localisation
from explain.metrics.intervals import macro_mean, mean

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from captioner.images.study import Study
    from explain.benchmark.box_cases import BoxCase

RESULT = "boxes.json"
FINDING_MAP = "finding-map"  # the map of the finding head, of checkpoints whose head has maps
BASELINES = {"chance": "even chance", "middle": "the middle", "usual": "the usual place of the finding"}
MEASURES = ("pointing", "pointing_margin", "overlap", "inside")
_FRONTAL = np.array([True, False])


def evaluate_boxes(
    folder: str | Path,
    checkpoints: Sequence[str | Path | None] = (None,),
    out: Path | None = None,
    methods: Sequence[str] | None = None,
    split: str = "val",
    count: int | None = None,
    say: Callable[[str], object] | None = None,
) -> dict[str, Any]:
    """Judge the maps of one or more checkpoints against boxes.

    Args:
        folder: of the boxed collection, see `captioner.reports.nih.read_nih`.
        checkpoints: folders; None stands for the default one. The first is judged by all methods, the others by what is
            their own: attention, and the finding head's maps.
        out: folder for boxes.json and boxes.md; nothing is written when None.
        methods: names in `explain.methods.base.METHODS`; all when None. A checkpoint without attention leaves that out.
        split: of the patients; what is chosen is chosen on "val", what is reported is reported on "test".
        count: boxed findings at most, in random order; all when None.
        say: called with a line about the progress; None prints to standard error.

    Returns:
        dict, the content of boxes.json: see `summarise`.

    Raises:
        BadInput: the folder, a checkpoint or a method cannot be used, or no word of the sentences is known.
    """
    from captioner.checkpoint.store import load

    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    names = list(METHODS) if methods is None else list(methods)
    for name in names:
        if name not in METHODS:
            raise BadInput(f"There is no method {name}: the methods are {', '.join(METHODS)}.")
    pictures = read_nih(folder)
    cases = box_cases(pictures, split)
    if count is not None:
        cases = [cases[place] for place in np.random.default_rng(0).permutation(len(cases))[:count]]
    usual = usual_places(box_cases(pictures, "train"))
    runs = []
    for number, checkpoint in enumerate(checkpoints):
        model = load(checkpoint)
        words = {finding: model.vocabulary.encode(sentence)[-2] for finding, sentence in SENTENCES.items()}
        unknown = [finding for finding, token in words.items() if token == model.vocabulary.unknown]
        asked = [case for case in cases if case.finding not in unknown]
        if not asked:
            raise BadInput(f"The vocabulary of {model.name} has no word for any boxed finding.")
        own = ["attention"] if number else names
        own = [name for name in own if name != "attention" or model.has_attention]
        by_method: dict[str, list[Any]] = {}
        for done, case in enumerate(asked, 1):
            for name, found in measured(model, case, own).items():
                by_method.setdefault(name, []).append(found)
            if done % 20 == 0 or done == len(asked):
                say(f"{model.name}: {done} of {len(asked)} boxed findings")
        runs.append(
            {"checkpoint": model.name, "unknown": unknown, "taught": taught(model.config), "methods": by_method}
        )
    result = {"split": split, **summarise(cases, runs, usual)}
    if out is not None:
        from explain.benchmark.boxes_table import page

        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        (out / RESULT).write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        (out / "boxes.md").write_text(page(result), encoding="utf-8")
    return result


def measured(model: Captioner, case: BoxCase, methods: Any) -> dict[str, dict[str, Any]]:
    """What each method's map of one case's word reaches: dict from its name to a record, see `record`.

    The map of the finding head is measured too, under FINDING_MAP, where the checkpoint has one, and so are the quick
    methods' maps of the finding, under their names after FINDING_MAP.
    """
    from captioner.images.preprocessing import prepare
    from captioner.images.study import read_study

    study = read_study(case.path)
    prepared, tokens = prepare(study, model.config["preparation"]), model.vocabulary.encode(case.sentence)
    found = {}
    for name in methods:
        explanation = method(name).explain(model, prepared, tokens, [case.position])
        found[name] = record(case, explanation.maps[0, 0], explanation.extent)
    values = finding_map(model, study, case)
    if values is not None:
        extent = Extent(0.0, 0.0, *map(float, model.coverage))
        found[FINDING_MAP] = record(case, values, extent)
        asked = Findings((mentions(case.sentence)[0].finding,))
        for name in methods:
            made = method(name)
            if name != "attention" and not made.slow:
                explanation = made.explain(model, prepared, asked)
                found[f"{FINDING_MAP} {name}"] = record(case, explanation.maps[0, 0], explanation.extent)
    return found


def finding_map(model: Captioner, study: Study, case: BoxCase) -> np.ndarray | None:
    """The finding head's map of the case's finding on the frontal view, `(rows, columns)`; None where there is none."""
    if not model.has_findings:
        return None
    name = mentions(case.sentence)[0].finding
    maps = [found.map for found in model.findings(study) if found.name == name and found.map is not None]
    return np.asarray(maps[0][0], np.float32) if maps else None


def record(case: BoxCase, values: np.ndarray, extent: Extent = WHOLE) -> dict[str, Any]:
    """One map against one case.

    Args:
        case: BoxCase.
        values: `(rows, columns)` of the frontal view, of any sign.
        extent: the part of the picture that they lie over.

    Returns:
        dict: "picture", "patient", "finding", and by MEASURES "pointing" and "pointing_margin" (bool), "overlap"
        (intersection over union after Otsu's threshold) and "inside" (share of what is positive in the map), 0..1.
    """
    both, masks = np.stack([values, np.zeros_like(values)]), np.stack([case.mask, np.zeros_like(case.mask)])
    return {
        "picture": case.picture,
        "patient": case.patient,
        "finding": case.finding,
        "pointing": localisation.pointing_game(both, masks, _FRONTAL, extent, 0.0)["frontal"],
        "pointing_margin": localisation.pointing_game(both, masks, _FRONTAL, extent)["frontal"],
        "overlap": localisation.ious(both, masks, _FRONTAL, extent)["frontal"],
        "inside": localisation.mass_inside(values, case.mask, extent),
    }


def baseline_records(cases: Sequence[BoxCase], usual: dict[str, np.ndarray]) -> dict[str, list[dict[str, Any]]]:
    """What maps that never saw the pictures reach: dict from a name in BASELINES to a list of records.

    Even chance draws one place evenly, and calls the whole picture important.
    """
    middle = deletion_insertion.centre(SIZE)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in BASELINES}
    for case in cases:
        area = float(case.mask.mean())
        chance = {"pointing": area, "overlap": area, "inside": area}
        chance["pointing_margin"] = float(localisation.widened(case.mask, localisation.MARGIN).mean())
        found["chance"].append({**record(case, np.ones((2, 2), np.float32)), **chance})
        found["middle"].append(record(case, middle))
        flat = np.zeros((SIZE, SIZE), np.float32)
        found["usual"].append(record(case, usual.get(case.finding, flat)))
    return found


def summarise(cases: Sequence[BoxCase], runs: Any, usual: dict[str, np.ndarray]) -> dict[str, Any]:
    """From records to intervals. Pure.

    Args:
        cases: BoxCases that were asked about.
        runs: one dict a checkpoint: "checkpoint", "unknown", "taught", and "methods", name -> list of records.
        usual: of `usual_places`.

    Returns:
        dict: "pictures", "patients", "findings" (finding -> number of cases), "rows", a list of dicts, baselines first:
        "checkpoint" and "taught" (None for a baseline), "method", "title", and by each of MEASURES a dict "all" (mean
        over cases), "macro" (mean of the findings' means), "findings", and for what is no baseline "minus_usual", the
        paired difference of "macro" from the usual place's. Intervals are of bootstrap samples of patients.
    """
    baselines = baseline_records(cases, usual)
    beside = {(one["picture"], one["finding"]): one for one in baselines["usual"]}
    rows = [_row(None, None, name, BASELINES[name], records, None) for name, records in baselines.items()]
    for run in runs:
        for name, records in run["methods"].items():
            rows.append(_row(run["checkpoint"], run["taught"], name, _title(name), records, beside))
    counts = {finding: sum(case.finding == finding for case in cases) for finding in SENTENCES}
    return {
        "pictures": len({case.picture for case in cases}),
        "patients": len({case.patient for case in cases}),
        "findings": {finding: number for finding, number in counts.items() if number},
        "unknown": {run["checkpoint"]: run["unknown"] for run in runs},
        "rows": rows,
    }


def _title(name: str) -> str:
    """What a row is called that holds the maps of a method, or of a method of the finding."""
    if name == FINDING_MAP:
        return "Finding map"
    return f"{method(name.removeprefix(FINDING_MAP).strip()).title}{' of the finding' * name.startswith(FINDING_MAP)}"


def _row(checkpoint: Any, taught_by: Any, name: str, title: str, records: list[Any], beside: Any) -> dict[str, Any]:
    row = {"checkpoint": checkpoint, "taught": taught_by, "method": name, "title": title, "cases": len(records)}
    findings = [one["finding"] for one in records]
    patients = [one["patient"] for one in records]
    for measure in MEASURES:
        values = [float(one[measure]) for one in records]
        own = {"all": mean(values, patients), "macro": macro_mean(values, findings, patients), "findings": {}}
        for finding in dict.fromkeys(findings):
            some = [place for place, other in enumerate(findings) if other == finding]
            own["findings"][finding] = mean([values[place] for place in some], [patients[place] for place in some])
        if beside is not None:
            apart = [
                value - float(beside[one["picture"], one["finding"]][measure]) for value, one in zip(values, records)
            ]
            own["minus_usual"] = macro_mean(apart, findings, patients)
        row[measure] = own
    return row


def taught(config: dict[str, Any]) -> list[str]:
    """What a checkpoint's attention was taught about places, in words for use beside its numbers: a list.

    Args:
        config: the content of its config.json; "training" holds its recipe, and under "before" what came earlier.
    """
    found: dict[str, None] = {}
    training = config.get("training") or {}
    while training:
        recipe = training.get("recipe") or {}
        taught_where = [name for name in ("grounding_weight", "maps_weight", "places_weight") if recipe.get(name)]
        if taught_where:
            if recipe.get("phantoms"):
                found["masks of phantoms"] = None
            found["sides and heights that reports or their index name"] = None
            if recipe.get("box_weight"):
                found["radiologists' boxes of training patients"] = None
        training = training.get("before") or {}
    return list(found)
