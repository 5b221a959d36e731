"""The evidence as Markdown: methods by evidence, findings by method, and what the words owe to the pictures."""

from captioner.markdown import grid
from explain.summary import COMPARED


def table(result):
    """The result of `explain.evaluation.evaluate_explanations` as Markdown."""
    methods = result["methods"]
    some = next(iter(methods.values()))
    masks = some["pointing"]["better"]["value"] is not None
    sides = any(row[f"{what}_reference"]["value"] is not None for row in methods.values() for what in ("side", "zone"))
    lines = [f"# {result['checkpoint']}: explanations on {result['studies']} studies ({result['data']})", ""]
    lines += [f"{result['words']} finding words of the reference impressions, read to the model word by word"
              + (f"; {result['unknown_words']} more are not in its vocabulary" if result["unknown_words"] else "")
              + ". In brackets: 95% percentile intervals of 1000 bootstrap samples of studies.", ""]
    lines += _by_method(result, masks) + ["", *beside_attention(result), ""]
    if sides:
        lines += _by_side(result) + [""]
    lines += _randomised(result)
    lines += _pictures(result) + [""]
    if masks:
        lines += _findings(result) + [""]
    lines += _notes(result, masks)
    return "\n".join(lines) + "\n"


def _by_method(result, masks):
    head = ["method", "words (studies)"]
    if masks:
        head += ["pointing, better view", "frontal", "lateral", "chosen view", "better view, no margin",
                 "overlap, better view", "frontal", "lateral"]
    head += ["deletion", "minus random", "minus centre", "insertion", "minus random", "minus centre", "grounded words",
             "seconds a word"]
    rows = []
    for name, row in result["methods"].items():
        cells = [f"**{result['titles'][name]}**", f"{row['deletion']['words']} ({row['deletion']['studies']})"]
        cells += _places(row) if masks else []
        cells += [cell(row["deletion"], bare=True), cell(row["deletion_minus_random"]),
                  cell(row["deletion_minus_centre"]), cell(row["insertion"], bare=True),
                  cell(row["insertion_minus_random"]), cell(row["insertion_minus_centre"]), cell(row["grounded"]),
                  f"{result['seconds_a_word'][name]:.2f}"]
        rows.append(cells)
    for name, row in result["baselines"].items():
        cells = [name, f"{row['deletion']['words']} ({row['deletion']['studies']})"]
        cells += _places(row) if masks else []
        rows.append([*cells, cell(row["deletion"], bare=True), "", "", cell(row["insertion"], bare=True), *[""] * 4])
    return ["## Methods by evidence", "", *grid(head, rows)]


def _places(row):
    return [*(cell(row["pointing"][view]) for view in ("better", "frontal", "lateral", "chosen")),
            cell(row["pointing_strict"]["better"]),
            *(cell(row["overlap"][view]) for view in ("better", "frontal", "lateral"))]


def _by_side(result):
    rows = []
    for name, row in result["methods"].items():
        for source in ("reference", "generated"):
            side, zone = row[f"side_{source}"], row[f"zone_{source}"]
            if side["words"] or zone["words"]:
                rows.append([f"**{result['titles'][name]}**", source, f"{side['words']}, {zone['words']}", cell(side),
                             cell(row[f"side_{source}_average"]), cell(zone), cell(row[f"zone_{source}_average"])])
    head = ["method", "words of", "with a side, with a third", "on the named side", "average position",
            "in the named third", "average position"]
    return ["## Side and third on the frontal view, as the index names them", "", *grid(head, rows), "",
            "Chance is 1/2 for the side and 1/3 for the third. Average position: the mean of the method's maps of all "
            "other studies."]


def _randomised(result):
    rows = []
    for name, row in result["methods"].items():
        own = row.get("randomisation")
        if own:
            passes = {True: "passes", False: "**fails**", None: "-"}[own["passes"]]
            line = "-" if own["line"] is None else f"{own['line']:.2f}"
            rows.append([f"**{result['titles'][name]}**", f"{own['last']['words']} ({own['last']['studies']})",
                         *(cell(each, digits=2) for each in own["stages"].values()), line, passes])
            stages = list(own["stages"])
    if not rows:
        return []
    return ["## Similarity to the trained network's maps while weights become random, from the top down", "",
            *grid(["method", "words (studies)", *stages, "line", ""], rows), "",
            "Spearman's rank correlation. Line: the mean similarity of 50 random pairs of the trained network's maps "
            "of different studies; a method passes when the wholly random network's maps (last column before the "
            "line) are below it.", ""]


def _pictures(result):
    row = result["pictures"]
    head = ["shown", "black pictures", "other patients", "frontal alone", "lateral alone", "guessed from language"]
    cells = [cell(row[name]) for name in ("shown", "blank", "other", "frontal", "lateral", "guessed")]
    return ["## Mean probability of a finding word, by what the model is shown", "", *grid(head, [cells])]


def _findings(result):
    findings = {**result["findings"], **result["baseline_findings"]}
    first = result["baseline_findings"]["random"]
    lines = []
    for measure, view in (("pointing", "better"), ("pointing", "frontal"), ("pointing", "lateral"),
                          ("overlap", "better"), ("overlap", "frontal"), ("overlap", "lateral")):
        rows = [[finding, str(first[finding]["views"][measure][view]["words"]),
                 *(cell(own[finding]["views"][measure][view]) if finding in own else "-" for own in findings.values())]
                for finding in first]
        title = {"pointing": "Pointing game", "overlap": "Overlap"}[measure]
        lines += [f"## {title} on the {view} view, by finding", "",
                  *grid(["finding", "words", *(result["titles"].get(name, name) for name in findings)], rows), ""]
    return lines[:-1]


def beside_attention(result):
    """Where attention is worse or better than each other method, in words: a list of lines."""
    lines = []
    for name, measures in result["against"].items():
        told = {"worse": [], "better": []}
        for measure, score in measures.items():
            if score["low"] is not None and (score["high"] < 0 or score["low"] > 0):
                low, high = sorted((abs(score["low"]), abs(score["high"])))
                told["worse" if score["value"] < 0 else "better"].append(
                    f"{COMPARED[measure][0]} (by {abs(score['value']):.3f}, {low:.3f} to {high:.3f})")
        parts = [f"{word} in {_listed(some)}" for word, some in told.items() if some]
        counts = max((score["words"] for score in measures.values()), default=0)
        verdict = "; ".join(parts) if parts else "not clearly different in anything"
        lines.append(f"- Attention beside {result['titles'][name]}, {counts} words: {verdict}.")
    return lines


def _listed(some):
    return some[0] if len(some) == 1 else ", ".join(some[:-1]) + " and " + some[-1]


def _notes(result, masks):
    effort = result["effort"]
    notes = []
    if masks:
        notes += ["Pointing: the map's strongest place lies on the finding or within 15/256 of the side beside it; in "
                  "either view (better), or in the view with the stronger peak (chosen). Random: the probability that "
                  "an even draw hits. Overlap: intersection over union after Otsu's threshold."]
    notes += [f"Deletion and insertion: area under the word's probability in {effort['steps']} steps, by the map, "
              f"against {effort['orders']} random orders of the grid's cells, and against a Gaussian in the middle of "
              "each view (centre); deletion should be below them, insertion above. "
              f"Grounded: hiding the strongest {effort['hidden']:.0%} of the pixels takes away more than random areas "
              f"of that size do (p <= 0.05, {effort['areas']} areas). Guessed: neither black pictures nor another "
              "patient's change the probability by a quarter. Slow methods saw the first studies only, as the counts "
              "say."]
    gaze = result["methods"].get("attention")
    if gaze and gaze["bits"]["value"] is not None:
        bits, evenness, frontal = (cell(gaze[name], digits=2) for name in ("bits", "evenness", "frontal"))
        notes += [f"Attention: entropy {bits} bits, {evenness} of an even spread; share of the words in which the "
                  f"frontal view got more: {frontal}."]
    return ["\n\n".join(notes)]


def cell(score, bare=False, digits=3):
    """A dict of `explain.intervals.mean` as text, with its interval unless `bare`."""
    if score["value"] is None:
        return "-"
    if bare or score["low"] is None:
        return f"{score['value']:.{digits}f}"
    return f"{score['value']:.{digits}f} ({score['low']:.{digits}f} to {score['high']:.{digits}f})"
