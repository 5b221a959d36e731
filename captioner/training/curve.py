"""The picture of a training: losses and validation scores over the epochs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def draw_curve(history: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the epochs of `Training.history()` and write a PNG to `path`."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss, score = figure.subplots(1, 2)
    epochs = range(1, len(history) + 1)
    loss.plot(epochs, [entry["train_loss"] for entry in history], color="#33658a")
    loss.set(title="Training loss", xlabel="epoch", yscale="log")
    for name, label, colour in (
        ("auc", "mean AUC of findings", "#758e4f"),
        ("macro_f1", "macro F1", "#d1495b"),
        ("balanced_accuracy", "balanced accuracy", "#33658a"),
        ("cider_d", "CIDEr-D", "#edae49"),
        ("rouge_l", "ROUGE-L", "#8d6a9f"),
    ):
        points = [(epoch, entry[name]) for epoch, entry in zip(epochs, history) if name in entry]
        if points:
            score.plot(*zip(*points), label=label, color=colour)
    score.set(title="Validation scores", xlabel="epoch")
    if history:
        score.legend(fontsize=8)
    for axes in (loss, score):
        for before, after, epoch in zip(history, history[1:], epochs):
            if before["phase"] != after["phase"]:
                axes.axvline(epoch + 0.5, color="#999999", linewidth=0.8, linestyle=":")
    figure.savefig(path, dpi=120)
