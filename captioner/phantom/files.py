"""Phantoms on disk: a folder per study with its masks, and the whole as a collection that `read_collection` reads."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.errors import BadInput
from captioner.phantom import gallery
from captioner.phantom.findings import Wanted
from captioner.phantom.rendering import render

if TYPE_CHECKING:
    from captioner.phantom.rendering import Phantom, PlantedFinding

VIEWS = ("frontal", "lateral")
EXAMPLES_SIZE = 512
JPEG_QUALITY = 88

# name, title, seed, findings. Seeds were chosen by eye.
EXAMPLES = (
    ("normal", "Normal chest", 11, ()),
    ("cardiomegaly", "Enlarged heart", 12, (Wanted("cardiomegaly", degree=0.7),)),
    ("left-effusion", "Left pleural effusion", 13, (Wanted("effusion", side="left", degree=0.75),)),
    (
        "right-upper-lobe-opacity",
        "Right upper lobe opacity",
        14,
        (Wanted("opacity", side="right", zone="upper", degree=0.6),),
    ),
    ("nodule", "Nodule", 15, (Wanted("nodule", side="left", zone="upper", degree=0.8),)),
    ("pneumothorax", "Right pneumothorax", 16, (Wanted("pneumothorax", side="right", degree=0.7),)),
    ("hyperinflation", "Hyperinflated lungs", 17, (Wanted("hyperinflation", degree=0.8),)),
    ("calcified-granuloma", "Calcified granuloma", 18, (Wanted("granuloma", side="right", zone="middle", degree=0.7),)),
    (
        "cardiomegaly-and-effusion",
        "Enlarged heart and right effusion",
        19,
        (Wanted("cardiomegaly", degree=0.5), Wanted("effusion", side="right", degree=0.6)),
    ),
)


def write(folder: str | Path, count: int, seed: int, size: int = 256) -> None:
    """Render phantoms `seed` to `seed + count - 1` into a folder.

    `<n>/` holds frontal.png, lateral.png, a mask for each finding and view, and phantom.json. `indiana_reports.csv`,
    `indiana_projections.csv` and `images/` make the same folder a collection in the CSV form.

    Raises:
        BadInput: a count below 1, a negative seed, or a folder that cannot be written.
    """
    if count < 1 or seed < 0:
        raise BadInput("Phantoms need a count of at least 1 and a seed of at least 0.")
    folder = Path(folder)
    reports, projections = [], []
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for number in range(1, count + 1):
            made = render(seed + number - 1, size)
            _write_study(folder / str(number), made)
            problems = [term.split("/")[0] for term in made.mesh]
            reports.append(
                [
                    number,
                    ";".join(made.mesh),
                    ";".join(problems),
                    "Xray Chest PA and Lateral",
                    "",
                    "",
                    "",
                    _written(made.impression),
                ]
            )
            for view, series, pixels in (("Frontal", 1001, made.frontal), ("Lateral", 2001, made.lateral)):
                stem = f"{number}_IM-{number:04d}-{series}"
                _write_picture(folder / "images" / f"{stem}.png", pixels)
                projections.append([number, f"{stem}.dcm.png", view])
        _write_table(
            folder / "indiana_reports.csv",
            ["uid", "MeSH", "Problems", "image", "indication", "comparison", "findings", "impression"],
            reports,
        )
        _write_table(folder / "indiana_projections.csv", ["uid", "filename", "projection"], projections)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror or error}.") from error


def write_examples(folder: str | Path) -> None:
    """Render the studies that the page offers as examples into `folder`, with `index.json`; 512 x 512 pixels.

    Raises:
        BadInput: a folder that cannot be written.
    """
    _write_cases(Path(folder), EXAMPLES, EXAMPLES_SIZE, "png")


def write_gallery(folder: str | Path) -> None:
    """Render the cases of the page's gallery (`captioner.phantom.gallery`) into `folder`, as `write_examples` does.

    The pictures are JPEG, a third of the size: there are dozens of them.

    Raises:
        BadInput: a folder that cannot be written.
    """
    _write_cases(Path(folder), gallery.cases(), gallery.SIZE, "jpg")


def read_cases(folder: str | Path) -> list[dict[str, Any]]:
    """What `write_examples` or `write_gallery` left in a folder, with absolute paths of the pictures; none without it.

    Returns:
        list of `{"name", "title", "frontal", "lateral", "impression", "findings"}`; `lateral` may be None. The masks
        of the findings lie beside the pictures.
    """
    folder = Path(folder)
    index = folder / "index.json"
    if not index.is_file():
        return []
    entries = json.loads(index.read_text(encoding="utf-8"))
    for entry in entries:
        for view in VIEWS:
            entry[view] = str((folder / entry[view]).resolve()) if entry.get(view) else None
    return entries


def _write_cases(folder: Path, cases: Iterable[tuple[str, str, int, Sequence[Wanted]]], size: int, kind: str) -> None:
    index = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, title, seed, wanted in cases:
            made = render(seed, size, wanted)
            entry: dict[str, Any] = {
                "name": name,
                "title": title,
                "frontal": f"{name}-frontal.{kind}",
                "lateral": f"{name}-lateral.{kind}",
                "impression": made.impression,
                "mesh": list(made.mesh),
                "findings": [],
                "seed": seed,
            }
            for view in VIEWS:
                _write_picture(folder / entry[view], getattr(made, view))
            for finding in made.findings:
                names = [f"{name}-{_slug(finding.name)}-mask-{view}.png" for view in VIEWS]
                for file, mask in zip(names, finding.masks):
                    _write_picture(folder / file, mask)
                entry["findings"].append({**_facts(finding), "masks": names})
            index.append(entry)
        (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror or error}.") from error


def _write_study(folder: Path, made: Phantom) -> None:
    folder.mkdir(exist_ok=True)
    facts: dict[str, Any] = {"seed": made.seed, "impression": made.impression, "mesh": list(made.mesh), "findings": []}
    for view in VIEWS:
        _write_picture(folder / f"{view}.png", getattr(made, view))
    for number, finding in enumerate(made.findings, 1):
        names = [f"mask-{number}-{_slug(finding.name)}-{view}.png" for view in VIEWS]
        for file, mask in zip(names, finding.masks):
            _write_picture(folder / file, mask)
        facts["findings"].append({**_facts(finding), "masks": names})
    (folder / "phantom.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _facts(finding: PlantedFinding) -> dict[str, Any]:
    return {"name": finding.name, "side": finding.side, "zone": finding.zone, "words": list(finding.words)}


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def _written(impression: str) -> str:
    """As a radiologist would have typed it: "clear lungs ." -> "Clear lungs."."""
    return " ".join(sentence.strip().capitalize() + "." for sentence in impression.split(".") if sentence.strip())


def _write_picture(path: Path, pixels: np.ndarray) -> None:
    """A grey PNG or JPEG, by its name; masks (bool) become black and white with one bit per pixel."""
    flags = [cv2.IMWRITE_PNG_COMPRESSION, 9] if path.suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    if pixels.dtype == bool:
        pixels, flags = pixels.astype(np.uint8) * 255, flags + [cv2.IMWRITE_PNG_BILEVEL, 1]
    done, coded = cv2.imencode(path.suffix, pixels, flags)
    if not done:
        raise OSError(f"no picture could be made for {path.name}")
    path.write_bytes(coded.tobytes())


def _write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
