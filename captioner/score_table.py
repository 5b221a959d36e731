"""The scores of an evaluation as Markdown: whole, with the findings, and short, for the README and a card."""

from captioner.findings import FINDINGS
from captioner.markdown import grid

DERANGEMENTS = 100  # that the loss on shuffled pictures is averaged over
MARK = "scores"  # what stands in the marks of the short table, see `captioner.markdown`

TITLES = {
    "macro_f1": "macro F1", "micro_f1": "micro F1", "balanced_accuracy": "balanced accuracy", "cider_d": "CIDEr-D",
    "rouge_l": "ROUGE-L", **{f"bleu_{order}": f"BLEU-{order}" for order in (1, 2, 3, 4)},
    **{f"seed_bleu_{order}": f"seed's BLEU-{order}" for order in (1, 2, 3, 4)},
}


def table(result):
    """The result of `compare` (and what `evaluate` adds to it) as Markdown: rows of scores, and the findings."""
    bootstrap, judged = result["bootstrap"], result["judged"]
    lines = []
    if "split" in result:
        left_out = f" ({result['without_frontal']} more have no frontal picture)" if result["without_frontal"] else ""
        lines += [f"# {result['checkpoint']}: scores on {result['studies']} {result['split']} studies{left_out}", ""]
    lines += [f"In brackets: {bootstrap['level']:.0%} percentile intervals of {bootstrap['samples']} bootstrap samples "
              "of studies.", ""]
    lines += grid(["", *TITLES.values(), "distinct"], [
        [f"**{name}**" if name == judged else name, *(_cell(row["scores"][score]) for score in TITLES),
         str(row["distinct"])]
        for name, row in result["rows"].items()])
    lines += ["", _shuffled(result), "", "## Findings", ""]
    own = result["rows"][judged]["findings"]
    others = [name for name in result["rows"] if name != judged]
    head = ["finding", "stated", "predicted", "precision", "recall", *(f"F1, {name}" for name in (judged, *others))]
    lines += grid(head, [
        [finding, str(own[finding]["stated"]), str(own[finding]["predicted"]),
         *(_cell(own[finding][score]) for score in ("precision", "recall", "f1")),
         *(_cell(result["rows"][name]["findings"][finding]["f1"], bare=True) for name in others)]
        for finding in FINDINGS])
    lines += ["", "Findings are read from the impressions by rule (`captioner/findings.py`). Macro averages are over "
              "the findings that a reference states; a dash stands for a score that is not defined. The seed's BLEU "
              "skips n-gram orders without a match and is for comparison with its published numbers only."]
    return "\n".join(lines) + "\n"


def _cell(score, bare=False):
    if score["value"] is None:
        return "-"
    if bare or score["low"] is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"


def short_table(result):
    """The result of `captioner.evaluation.evaluate` as Markdown: the scores that were aimed at, a row for each."""
    rows = []
    for name, row in result["rows"].items():
        scores = row["scores"]
        bleu = " ".join(f"{scores[f'seed_bleu_{order}']['value']:.3f}".lstrip("0") for order in (1, 2, 3, 4))
        rows.append([f"**{name}**" if name == result["judged"] else name,
                     *(_cell(scores[score]) for score in ("macro_f1", "balanced_accuracy", "cider_d", "rouge_l")), bleu,
                     str(row["distinct"])])
    head = ["", "macro F1", "balanced accuracy", "CIDEr-D", "ROUGE-L", "seed's BLEU-1..4", "distinct"]
    return "\n".join([*grid(head, rows), "", _shuffled(result)]) + "\n"


def _shuffled(result):
    lost = result.get("shuffled_losses", {"": result["shuffled_loss"]})
    return f"Macro F1 lost when the pictures are shuffled, mean of {DERANGEMENTS} shuffles: " + "; ".join(
        f"{name} {'nothing to lose' if share is None else f'{share:.0%}'}".lstrip() for name, share in lost.items()) + "."
