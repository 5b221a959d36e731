"""From records of single words to one row a method, with intervals. Pure: dicts in, dicts out."""

import numpy as np

from explain.intervals import mean
from explain.randomisation import random_pairs
from captioner.index_places import ZONES
from explain.sides import average_of_others

POINTING_VIEWS = ("frontal", "lateral", "better", "chosen")
OVERLAP_VIEWS = ("frontal", "lateral", "better")


def summarise(words, methods, generated=(), randomisation=None):
    """Everything that the tables and figures show.

    Args:
        words: records of `explain.trial.Trial.words` of all studies.
        methods: dict from a method's name to the records of `Trial.maps` of the studies it was run on.
        generated: dict from a method's name to the records of `Trial.generated`.
        randomisation: result of `explain.randomisation.randomised`, or None.

    Returns:
        dict for JSON: "methods", "baselines", "pictures", "findings", "sides". Each number is a dict of
        `explain.intervals.mean`.
    """
    by_word = {(word["study"], word["position"]): word for word in words}
    generated = dict(generated)
    rows = {name: {**_row(records, by_word), **_sides(records, generated.get(name, []))}
            for name, records in methods.items()}
    for name, own in (randomisation or {}).items():
        rows[name]["randomisation"] = judge_randomisation(own)
    return {
        "methods": rows,
        "baselines": {name: _places([{"study": word["study"], **word[name]} for word in words], areas=True)
                      for name in ("random", "centre")},
        "pictures": _pictures(words),
        "findings": {name: _by_finding(records) for name, records in methods.items()},
    }


def _row(records, by_word):
    studies = [record["study"] for record in records]
    row = _places(records, areas=True)
    for area in ("deletion", "insertion"):
        for baseline in ("random", "centre"):
            # The same words on both sides, so the difference is paired.
            apart = [record[area] - by_word[record["study"], record["position"]][baseline][area] for record in records]
            row[f"{area}_minus_{baseline}"] = mean(apart, studies)
    row["grounded"] = mean([record["hidden"]["grounded"] for record in records], studies)
    row["hidden_p_median"] = float(np.median([record["hidden"]["p"] for record in records])) if records else None
    gazes = [record.get("gaze") for record in records]
    row["evenness"] = mean([gaze and gaze["evenness"] for gaze in gazes], studies)
    row["bits"] = mean([gaze and gaze["bits"] for gaze in gazes], studies)
    row["frontal"] = mean([gaze and gaze["view"] == "frontal" for gaze in gazes], studies)
    return row


def _places(records, areas=False):
    studies = [record["study"] for record in records]
    row = {}
    for name, views in (("pointing", POINTING_VIEWS), ("pointing_strict", POINTING_VIEWS), ("overlap", OVERLAP_VIEWS)):
        row[name] = {view: mean([record[name][view] if name in record else None for record in records], studies)
                     for view in views}
    if areas:
        row |= {area: mean([record[area] for record in records], studies) for area in ("deletion", "insertion")}
    return row


def _sides(records, generated):
    """Agreement on side and third, of the method and of the average position of its maps; chance is 1/2 and 1/3."""
    found = {}
    for source, some in (("reference", records), ("generated", generated)):
        some = [record for record in some if record["named_side"] or record["named_zone"]]
        studies = [record["study"] for record in some]
        average = average_of_others([record["spread"] for record in some], studies)
        found[f"side_{source}"] = mean([record["side"] for record in some], studies)
        found[f"zone_{source}"] = mean([record["zone"] for record in some], studies)
        found[f"side_{source}_average"] = mean([_average_side(*pair) for pair in zip(average, some)], studies)
        found[f"zone_{source}_average"] = mean([_average_zone(*pair) for pair in zip(average, some)], studies)
    return found


def _average_side(spread, record):
    if record["named_side"] is None or np.isnan(spread[0]):
        return None
    return bool(spread[0] > 0.5) == (record["named_side"] == "right")


def _average_zone(spread, record):
    if record["named_zone"] is None or np.isnan(spread[1]):
        return None
    return ZONES[int(spread[1:].argmax())] == record["named_zone"]


def _pictures(words):
    studies = [word["study"] for word in words]
    row = {name: mean([word["pictures"][name] for word in words], studies)
           for name in ("shown", "blank", "other", "frontal", "lateral", "moved", "guessed")}
    return row


def _by_finding(records):
    """finding -> pointing on the better view, its overlap, and how many words are grounded."""
    found = {}
    for finding in sorted({record["finding"] for record in records}):
        some = [record for record in records if record["finding"] == finding]
        studies = [record["study"] for record in some]
        found[finding] = {
            **{name: mean([record[name]["better"] if name in record else None for record in some], studies)
               for name in ("pointing", "overlap")},
            "grounded": mean([record["hidden"]["grounded"] for record in some], studies)}
    return found


def judge_randomisation(own):
    """One method's part of `explain.randomisation.randomised`, judged.

    Returns:
        dict of "stages" (name -> similarity with its interval), "last" (that of the wholly random network), "line"
        (mean similarity of random pairs of maps of different studies) and "passes": whether the last is below the line;
        None when there are no two studies.
    """
    stages = {name: mean(values, own["studies"]) for name, values in own["stages"].items()}
    pairs = random_pairs(own["maps"], own["views"], own["studies"])
    line = float(np.mean(pairs)) if pairs else None
    last = list(stages.values())[-1]
    return {"stages": stages, "last": last, "line": line, "passes": None if line is None else last["value"] < line}
