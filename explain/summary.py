"""From records of single words to one row a method, with intervals. Pure: dicts in, dicts out."""

import numpy as np

from captioner.index_places import ZONES
from explain.intervals import mean
from explain.randomisation import random_pairs
from explain.sides import average_of_others

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


def summarise(words, methods, generated=(), randomisation=None, pool=None):
    """Everything that the tables and figures show.

    Args:
        words: records of `explain.trial.Trial.words` of all studies.
        methods: dict from a method's name to the records of `Trial.maps` of the studies it was run on.
        generated: dict from a method's name to the records of `Trial.generated`.
        randomisation: result of `explain.randomisation.randomised`, or None.
        pool: dict from a method's name to what `judge_randomisation` takes as `pool`.

    Returns:
        dict for JSON: "methods", "baselines", "pictures", "findings", "baseline_findings", "against" (see `against`).
        Each number is a dict of `explain.intervals.mean`.
    """
    by_word = {(word["study"], word["position"]): word for word in words}
    generated = dict(generated)
    rows = {name: {**_row(records, by_word), **_sides(records, generated.get(name, []))}
            for name, records in methods.items()}
    for name, own in (randomisation or {}).items():
        rows[name]["randomisation"] = judge_randomisation(own, (pool or {}).get(name))
    baselines = {name: [{"study": word["study"], "finding": word["finding"], **word[name]} for word in words]
                 for name in ("random", "centre")}
    return {
        "methods": rows,
        "baselines": {name: _places(records, areas=True) for name, records in baselines.items()},
        "pictures": _pictures(words),
        "findings": {name: _by_finding(records) for name, records in methods.items()},
        "baseline_findings": {name: _by_finding(records) for name, records in baselines.items()},
        "against": against(methods),
    }


def against(methods, name="attention"):
    """How much better one method is than each other, over the words that both explained.

    Returns:
        dict from another method to a dict from the measures of COMPARED to the mean difference, positive where `name`
        is better; empty when it is not among the methods.
    """
    own = {(record["study"], record["position"]): record for record in methods.get(name, ())}
    found = {}
    for other, records in methods.items():
        pairs = [(own[record["study"], record["position"]], record) for record in records
                 if (record["study"], record["position"]) in own]
        if other != name and pairs:
            found[other] = {measure: mean([_apart(take, more, *pair) for pair in pairs],
                                          [record["study"] for _, record in pairs])
                            for measure, (_, take, more) in COMPARED.items()}
    return found


def _apart(take, more, first, second):
    values = take(first), take(second)
    return None if None in values else (1 if more else -1) * (float(values[0]) - float(values[1]))


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
    """finding -> pointing and overlap on the better view and on each, and how many words are grounded."""
    found = {}
    for finding in sorted({record["finding"] for record in records}):
        some = [record for record in records if record["finding"] == finding]
        places = {name: views for name, views in _places(some).items() if name in ("pointing", "overlap")}
        found[finding] = {**{name: views["better"] for name, views in places.items()}, "views": places}
        if "hidden" in some[0]:
            found[finding]["grounded"] = mean([record["hidden"]["grounded"] for record in some],
                                              [record["study"] for record in some])
    return found


def judge_randomisation(own, pool=None):
    """One method's part of `explain.randomisation.randomised`, judged.

    Args:
        own: see there.
        pool: more of the trained network's maps for the line, a dict of "maps", "views" and "studies" as in `own`,
            whose own are taken when None: few studies make few pairs.

    Returns:
        dict of "stages" (name -> similarity with its interval), "last" (that of the wholly random network), "line"
        (mean similarity of random pairs of maps of different studies) and "passes": whether the last is below the line;
        None when there are no two studies.
    """
    stages = {name: mean(values, own["studies"]) for name, values in own["stages"].items()}
    pool = pool or own
    pairs = random_pairs(pool["maps"], pool["views"], pool["studies"])
    line = float(np.mean(pairs)) if pairs else None
    last = list(stages.values())[-1]
    return {"stages": stages, "last": last, "line": line, "passes": None if line is None else bool(last["value"] < line)}
