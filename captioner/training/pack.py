"""One small file of everything that a training reads, to carry it to a machine with a GPU.

A zip of `data.json` (reports, labels, boxes and splits) and of the pictures, squashed to a square and kept as grey
WebP, with phantoms rendered beforehand. It holds the collections' pictures and reports: it is for local use, and their
licences go with it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from captioner.errors import BadInput
from captioner.images.preprocessing import squashed
from captioner.images.study import read_view
from captioner.reports.collection import Report
from captioner.reports.nih import Box, LabelledPicture
from captioner.training.examples import PHANTOM_SEED, phantom_study
from captioner.training.source import SPLITS, Source, read_source

if TYPE_CHECKING:
    from captioner.training.examples import PhantomStudy

FORMAT, CONTENT = 1, "data.json"
QUALITY = 88  # of WebP: the blocks of stronger compression would be seen at the size of a small nodule
MASK_SIZE = 64  # rows and columns of a phantom's masks: more than any grid of cells


def pack(
    data: str | Path | Sequence[str | Path], size: int, out: str | Path, phantoms: int = 500, quality: int = QUALITY
) -> str:
    """Write a pack of the training and validation splits.

    Args:
        data: folder of a collection, or several, see `captioner.training.source.read_source`.
        size: pixels of the square pictures.
        out: the file to write.
        phantoms: how many to render into it.
        quality: of WebP, 1 to 100; 75 makes the pictures a little over half as large as 88.

    Returns:
        one sentence that says what it holds.

    Raises:
        BadInput: as of `read_source`, or a size out of range.
    """
    if not 32 <= size <= 1024:
        raise BadInput(f"--size must lie between 32 and 1024, not {size}.")
    if not 1 <= quality <= 100:
        raise BadInput(f"--quality must lie between 1 and 100, not {quality}.")
    source, out = read_source(data), Path(out)
    reports = {split: [_report(report) for report in source.reports[split]] for split in SPLITS}
    pictures = {split: [_picture(picture) for picture in source.pictures[split]] for split in SPLITS}
    content = {"format": FORMAT, "size": size, "phantoms": phantoms, "reports": reports, "pictures": pictures}
    fresh = out.with_name(f".{out.name}.new")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as archive:
            for split in SPLITS:
                paths = [path for report in source.reports[split] for path in (*report.frontal, *report.lateral)]
                for path in [*paths, *(picture.path for picture in source.pictures[split])]:
                    archive.writestr(_member(path), _webp(squashed(read_view(path).pixels, size), quality))
            for seed in range(PHANTOM_SEED, PHANTOM_SEED + phantoms):
                archive.writestr(f"phantoms/{seed}.npz", _phantom_bytes(seed, size))
            archive.writestr(CONTENT, json.dumps(content))
        fresh.rename(out)
    finally:
        fresh.unlink(missing_ok=True)
    counts = [sum(map(len, kind.values())) for kind in (reports, pictures)]
    return (
        f"{out.name}: {counts[0]} studies, {counts[1]} labelled pictures and {phantoms} phantoms at {size} pixels, "
        f"{out.stat().st_size / 2**20:.0f} MiB."
    )


def read_pack(path: str | Path, limit: int | None = None) -> Source:
    """A `captioner.training.source.Source` of a file that `pack` wrote.

    Raises:
        BadInput: it is not such a file.
    """
    path = Path(path)
    try:
        archive = zipfile.ZipFile(path)
        content = json.loads(archive.read(CONTENT))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}")
        reports = {split: [_read_report(row) for row in content["reports"][split]][:limit] for split in SPLITS}
        pictures = {split: [_read_picture(row) for row in content["pictures"][split]][:limit] for split in SPLITS}
        phantoms = int(content["phantoms"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path.name} is not a file that pack wrote: {str(error)[:200]}.") from error

    def pixels(member: Path) -> np.ndarray:
        with Image.open(io.BytesIO(archive.read(str(member)))) as image:
            return np.asarray(image.convert("L"))

    def phantom(seed: int, cache: Path | None) -> PhantomStudy:
        name = f"phantoms/{seed}.npz"
        if seed - PHANTOM_SEED >= phantoms:
            return phantom_study(seed, cache)
        with np.load(io.BytesIO(archive.read(name)), allow_pickle=False) as kept:
            return kept["frontal"], kept["lateral"], json.loads(str(kept["content"])), kept["masks"]

    counts = [sum(map(len, kind.values())) for kind in (reports, pictures)]
    summary = f"{path.name}: {counts[0]} studies, {counts[1]} labelled pictures and {phantoms} phantoms."
    return Source(path.name, reports, pictures, summary, pixels, phantom)


def _member(path: Path) -> str:
    return f"pictures/{path.stem}.webp"


def _webp(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


def _phantom_bytes(seed: int, size: int) -> bytes:
    frontal, lateral, content, masks = phantom_study(seed, None)
    step = masks.shape[-1] // MASK_SIZE
    smaller = masks[..., step // 2 :: step, step // 2 :: step]
    # A lesion between the kept rows and columns must not vanish.
    smaller |= masks.reshape(*masks.shape[:2], MASK_SIZE, step, MASK_SIZE, step).any(axis=(3, 5))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        masks=smaller,
        content=json.dumps(content),
        frontal=squashed(frontal, size),
        lateral=squashed(lateral, size),
    )
    return buffer.getvalue()


def _report(report: Report) -> dict[str, Any]:
    return {
        "uid": report.uid,
        "impression": report.impression,
        "mesh": list(report.mesh),
        "frontal": [_member(path) for path in report.frontal],
        "lateral": [_member(path) for path in report.lateral],
    }


def _read_report(row: dict[str, Any]) -> Report:
    frontal, lateral = (tuple(Path(member) for member in row[view]) for view in ("frontal", "lateral"))
    return Report(row["uid"], row["impression"], "", (), tuple(row["mesh"]), frontal, lateral)


def _picture(picture: LabelledPicture) -> dict[str, Any]:
    return {
        "name": picture.name,
        "patient": picture.patient,
        "path": _member(picture.path),
        "labels": sorted(picture.labels),
        "boxes": [[box.label, box.left, box.top, box.right, box.bottom] for box in picture.boxes],
        "device": picture.device,
    }


def _read_picture(row: dict[str, Any]) -> LabelledPicture:
    boxes = tuple(Box(*box) for box in row["boxes"])
    path, labels = Path(row["path"]), frozenset(row["labels"])
    return LabelledPicture(row["name"], row["patient"], path, labels, boxes, row["device"])
