"""The card of a checkpoint, which the Hub shows: a header for its search, and the sections that readers look for.

Sections after Mitchell et al., "Model Cards for Model Reporting", FAT* 2019 (arXiv 1810.03993). The words of a card are
written by hand; its header is made anew by `python -m captioner card` from the configuration and from the card's own
table of scores, so that the two cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from captioner.checkpoint.validate import CARD, OLD_CARD, card_file, check_replaceable, read_card, read_config
from captioner.checkpoint.whole_folder import recovered, write_file, written_whole
from captioner.errors import BadInput
from captioner.evaluation.markdown_tables import marks

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

SECTIONS = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Training data",
    "Evaluation data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
)
TO_WRITE = "(To be written: "  # what only who trained it can say; a card that still has it is not published
TEMPLATE = Path(__file__).with_name("template.md")
# Not "keras": the Hub would offer a line of Python that cannot read such a folder.
LIBRARY, PIPELINE = "chest-xray-impressions", "image-to-text"
TAGS = ("chest-x-ray", "radiology", "image-captioning", "explainability", "not-for-clinical-use")
SCORES = "scores"  # the name of the table in the card, as `captioner evaluate --into` writes it
# column of that table -> the Hub's name of the metric, and what it is
METRICS = {
    "macro F1": ("f1", "macro F1 of 13 findings"),
    "balanced accuracy": ("balanced_accuracy", "balanced accuracy of normal and abnormal"),
    "CIDEr-D": ("cider", "CIDEr-D"),
    "ROUGE-L": ("rouge", "ROUGE-L"),
}
CONSTANT = "constant"  # the row of what knows nothing of the picture


@dataclass(frozen=True)
class Collection:
    """A collection that weights may have learned from.

    Attributes:
        dataset: its name in headers.
        title: its name for readers.
        text: where it comes from, its paper and its terms, as sentences.
    """

    dataset: str
    title: str
    text: str


COLLECTIONS = {
    "iu": Collection(
        "indiana-university-chest-x-rays",
        "Indiana University chest X-rays",
        "The Indiana University chest X-ray collection (Open-i, U.S. National Library of Medicine; Demner-Fushman et\n"
        'al., "Preparing a collection of radiology examinations for distribution and retrieval", JAMIA 2016), licence\n'
        "[CC BY-NC-ND 4.0](https://creativecommons.org/licenses/by-nc-nd/4.0/): no commercial use.",
    ),
    "nih": Collection(
        "nih-chestx-ray14",
        "NIH ChestX-ray14",
        'NIH ChestX-ray14 (NIH Clinical Center; Wang et al., "ChestX-ray8", CVPR 2017,\n'
        "<https://nihcc.app.box.com/v/ChestXray-NIHCC>): any use, when the link is given, the paper is cited and the\n"
        "NIH Clinical Center is acknowledged.",
    ),
}
LICENCES = {
    ("iu",): {"license": "cc-by-nc-nd-4.0"},
    ("iu", "nih"): {
        "license": "other",
        "license_name": "cc-by-nc-nd-4.0-and-nih-chestx-ray14",
        "license_link": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    },
}


def write_card(folder: str | Path, collections: Sequence[str] | None = None) -> Path:
    """Give a checkpoint folder its card, or renew the header of the one that it has; returns its path.

    Args:
        folder: of the checkpoint.
        collections: what the weights learned from, of COLLECTIONS; what the card's header says when None, or else the
            configuration, or else "iu".

    Raises:
        BadInput: no checkpoint, or a card that cannot be read.
    """
    folder = recovered(Path(folder).resolve())
    config = read_config(folder)
    file = card_file(folder)
    text = read_card(folder)
    if file is not None and not text:
        raise BadInput(f"{folder.name}/{file.name} is not text in UTF-8.")
    before, body = parted(text)
    known = collections or _collections_of(before) or _dict(config.get("training")).get("collections") or ("iu",)
    learned = tuple(name for name in COLLECTIONS if name in known)
    if learned not in LICENCES:
        raise BadInput(f"No licence is known for weights that learned from {known!r:.80}.")
    body = body if body.strip() else _template(config, learned)
    contents = {CARD: (header(folder.name, config, learned, body) + body).encode()}
    check_replaceable(folder)
    contents |= {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in (CARD, OLD_CARD)}
    with written_whole(folder) as fresh:
        for name, data in contents.items():
            write_file(fresh / name, data)
    return folder / CARD


def parted(text: str) -> tuple[str, str]:
    """The YAML between the two `---` that a card may open with, and what comes after them."""
    found = re.match(r"---\n(.*?\n)---\n", text.replace("\r\n", "\n"), re.DOTALL)
    return (found[1], text.replace("\r\n", "\n")[found.end() :]) if found else ("", text)


def header(folder: str, config: dict[str, Any], collections: Sequence[str], body: str) -> str:
    """The header of a card, `---` lines included.

    Args:
        folder: the checkpoint folder's name, by which the table of scores calls its row.
        config: the content of its config.json.
        collections: of COLLECTIONS.
        body: the card, whose table of scores becomes the `model-index`.
    """
    from huggingface_hub import ModelCardData

    results = model_index(folder, body)
    data = ModelCardData(
        language="en",
        library_name=LIBRARY,
        pipeline_tag=PIPELINE,
        tags=list(TAGS),
        datasets=[COLLECTIONS[name].dataset for name in collections],
        metrics=[metric for metric, _ in METRICS.values()],
        **cast(dict[str, Any], LICENCES[tuple(collections)]),
        **({"model_name": config["name"], "eval_results": results} if results else {}),
    )
    return f"---\n{data.to_yaml()}\n---\n"


def model_index(folder: str, body: str) -> list[EvalResult]:
    """The scores of a card's table for the Hub; beside each what a constant impression scores in the same table.

    Args:
        folder: the checkpoint folder's name.
        body: the card. Its table has a row called `folder, greedy`, or `greedy` where it is of one checkpoint; greedy
            search is the default. The studies are named by a line "N studies of the SPLIT split".
    """
    from huggingface_hub import EvalResult

    first, last = marks(SCORES)
    table = body.partition(first)[2].partition(last)[0].strip().partition("\n\n")[0]  # others may follow
    rows = [[cell.strip(" *") for cell in line.strip(" |").split(" | ")] for line in table.splitlines() if "|" in line]
    named = {cells[0]: cells for cells in rows}
    own = named.get(f"{folder}, greedy") or named.get("greedy")
    columns = next((line.strip("| ").split(" | ") for line in table.splitlines() if "|" in line), [])
    if own is None:
        return []
    studies = re.search(r"(\d+) studies of the (train|val|test) split", body)
    results = []
    for place, column in enumerate(columns, 1):
        if column not in METRICS or own[place].startswith("-"):  # a dash: not defined
            continue
        metric, name = METRICS[column]
        nothing = f" (always the same sentence: {_value(named[CONSTANT][place])})" if CONSTANT in named else ""
        results.append(
            EvalResult(
                task_type=PIPELINE,
                task_name="impressions of two chest X-rays",
                dataset_type=COLLECTIONS["iu"].dataset,
                dataset_name=COLLECTIONS["iu"].title,
                dataset_split=studies[2] if studies else None,
                metric_type=metric,
                metric_value=float(_value(own[place])),
                metric_name=name + nothing,
            )
        )
    return results


def _value(cell: str) -> str:
    """The score of a cell, without its interval."""
    return cell.split(" ")[0]


def _collections_of(header: str) -> tuple[str, ...]:
    """The collections that a header names."""
    return tuple(key for key, known in COLLECTIONS.items() if re.search(rf"^- {known.dataset}$", header, re.MULTILINE))


def _template(config: dict[str, Any], collections: Sequence[str]) -> str:
    """The body of a new card: what the configuration knows is filled in, what it does not is marked."""
    network = _dict(config["network"])
    hours = _dict(config.get("training")).get("hours")
    rows, columns = network.get("grid", ("?", "?"))
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=config["name"],
        model=config["model"],
        encoder=_dict(network.get("encoder")).get("family", "densenet"),
        size=config["preparation"].get("size", "?"),
        rows=rows,
        columns=columns,
        words=network.get("vocabulary_size", "?"),
        collections="\n\n".join(COLLECTIONS[name].text for name in collections),
        hours="" if hours is None else f" The run that is kept took {hours} hours.",
        to_write=TO_WRITE,
        scores="\n".join(marks(SCORES)),
        subgroups="\n".join(marks("subgroups")),
    )


def _dict(value: Any) -> dict[str, Any]:
    """What a configuration holds where a dict is expected; empty where it holds something else."""
    return value if isinstance(value, dict) else {}
