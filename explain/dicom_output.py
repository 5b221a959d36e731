"""The maps of words and the impression as DICOM objects, for viewers and archives that know nothing of this project.

Of each view a series of maps, one a word. Where the picture's file has a frame of reference they are Parametric Maps
(`explain.dicom_parametric_map`), which say most exactly what a map is; else Segmentations (PS3.3 A.51) of the type
FRACTIONAL, with the rows and columns of the picture: 255 is the word's strongest place on both views. A Segmentation is
laid over its picture by every viewer that knows the kind, while a Parametric Map in a frame that was made up would be
laid over nothing; so that has to be asked for. And one Enhanced SR document (PS3.3 A.35.2) with the words and the
findings. All are marked as research, neither complete nor verified.

The objects repeat patient and study of the files that they belong to, as the standard asks: they are as private. Needs
the package highdicom (Bridge et al., J Digit Imaging 2022), the extra `dicom`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import BadInput
from captioner.images.dicom import is_dicom
from captioner.reports.claims import claims
from explain import heatmap
from explain.dicom_parametric_map import has_frame, parametric_map, with_thickness

if TYPE_CHECKING:
    from captioner.caption import Caption, Finding
    from captioner.captioner import Captioner
    from explain.methods.base import Explanation

PACKAGE = "highdicom>=0.26,<1"
KINDS = ("auto", "segmentation", "parametric")
"""What a map is written as: "auto" is a Parametric Map where the file has a frame of reference, else a Segmentation."""
RESEARCH = "For research and teaching, never for diagnosis"
SCHEME = "99CXRWORDS"  # of the codes that no public scheme has: private ones begin with 99 (PS3.16, 8)
MAKER, PRODUCT = "Chest X-ray impressions", "captioner"
REPORT = "report.dcm"
SERIES = 9000  # numbers of the new series, beyond those that a modality gives
# What a study's own archive goes by; highdicom repeats it in every object.
NEEDED = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "PatientName",
    "Rows",
    "Columns",
)
# May be empty, but has to be there (type 2).
MAY_BE_EMPTY = (
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)


@dataclass(frozen=True)
class Source:
    """The DICOM file of a view: its name ("frontal" or "lateral"), its place among the views, and its tags."""

    view: str
    number: int
    tags: Any


def sources(frontal: str | Path, lateral: str | Path | None) -> tuple[Source, ...]:
    """The files of the views, without their pixels, to write objects beside.

    Raises:
        BadInput: highdicom is not installed, no view is DICOM, or a file lacks what an object has to repeat.
    """
    if find_spec("highdicom") is None:
        raise BadInput(f'--dicom needs the package highdicom, which is not installed: pip install "{PACKAGE}"')
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    found = []
    for number, (view, path) in enumerate((("frontal", frontal), ("lateral", lateral))):
        if not path:
            continue
        name = Path(path).name
        try:
            with open(path, "rb") as file:
                if not is_dicom(file.read(4096)):
                    continue
            tags = dcmread(path, stop_before_pixels=True, force=True)
        except (OSError, InvalidDicomError, ValueError, KeyError, AttributeError, NotImplementedError) as error:
            raise BadInput(f"{name} cannot be read.") from error
        missing = [keyword for keyword in NEEDED if not tags.get(keyword)]
        if missing:
            raise BadInput(f"{name} has no {missing[0]}, which an object that belongs to it has to repeat.")
        for keyword in MAY_BE_EMPTY:
            if keyword not in tags:
                setattr(tags, keyword, "")
        found.append(Source(view, number, with_thickness(tags)))
    if not found:
        raise BadInput("--dicom needs a view that is a DICOM file: objects take patient, study and geometry from it.")
    return tuple(found)


def write_objects(
    out: Path,
    views: Sequence[Source],
    model: Captioner,
    caption: Caption,
    explanation: Explanation | None,
    findings: Sequence[Finding] | None,
    kind: str = "auto",
) -> list[Path]:
    """Write `map-VIEW-NUMBER.dcm` for every explained word and DICOM view, and `report.dcm`.

    Args:
        out: folder; made where it is not there. Files of these names are replaced.
        views: of `sources`.
        model: whose caption it is.
        caption: of the study.
        explanation: the maps of its words; None for an impression without words.
        findings: what the finding head says; None without one.
        kind: of the maps, one of KINDS.

    Returns:
        paths of the files, the report last.

    Raises:
        BadInput: `out` is a file, or a tag of a view has a value that no object may repeat.
    """
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file, not a folder to write DICOM objects to.")
    out.mkdir(parents=True, exist_ok=True)
    written = []
    try:
        for source in views:
            for position, made in _maps(source, model, caption, explanation, kind):
                written.append(out / f"map-{source.view}-{position + 1:02d}.dcm")
                _save(made, written[-1])
        written.append(out / REPORT)
        _save(_report(views, model, caption, findings), written[-1])
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        # highdicom promises no list for tags that are not as the standard has them
        reason = (str(error).splitlines() or [""])[0].rstrip(".")[:200]
        raise BadInput(f"No DICOM object can be made beside these files: {reason}.") from error
    return written


def _save(dataset: Any, path: Path) -> None:
    """As a whole or not at all."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        dataset.save_as(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _maps(
    source: Source, model: Captioner, caption: Caption, explanation: Explanation | None, kind: str
) -> Iterator[tuple[int, Any]]:
    """(position of the word, its map as an object) for each word that was explained, but for full stops."""
    if explanation is None:
        return
    import highdicom
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code
    from pydicom.uid import RLELossless

    series = highdicom.UID()
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name=f"{PRODUCT} {model.name}"[:64], family=codes.DCM.ArtificialIntelligence, version=_version(model)
    )
    shape = int(source.tags.Rows), int(source.tags.Columns)
    parametric = kind == "parametric" or (kind == "auto" and has_frame(source.tags))
    evidence = Code("word-evidence", SCHEME, "Where the network looked for a word")
    for row, position in enumerate(explanation.positions):
        if position >= len(caption.words) or caption.words[position].text == ".":
            continue
        word = caption.words[position].text
        about: dict[str, Any] = {
            "series_instance_uid": series,
            "series_number": SERIES + source.number,
            "sop_instance_uid": highdicom.UID(),
            "instance_number": position + 1,
            "manufacturer": MAKER,
            "manufacturer_model_name": PRODUCT,
            "software_versions": _version(model),
            "device_serial_number": "0",
            "content_label": "WORD_MAP",
            "content_description": f"RESEARCH: {explanation.method}, {word}"[:64],
            "series_description": f"RESEARCH: {explanation.method} of each word"[:64],
        }
        if parametric:
            values = explanation.maps[row, source.number]
            yield position, parametric_map(source.tags, values, explanation.extent, evidence, **about)
            continue
        strengths = np.maximum(np.nan_to_num(explanation.maps[row]), 0)  # (views, rows, columns)
        (scaled,) = heatmap.scale(strengths[None])
        grid = heatmap.spread(scaled[source.number], shape, explanation.extent, smooth=explanation.grid)
        described = SegmentDescription(
            segment_number=1,
            segment_label=f"{position + 1} {word}"[:64],
            segmented_property_category=codes.SCT.SpatialAndRelationalConcept,
            segmented_property_type=evidence,
            algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm,
        )
        yield (
            position,
            Segmentation(
                source_images=[source.tags],
                pixel_array=grid[None, :, :, None],  # (frames, rows, columns, segments)
                segmentation_type="FRACTIONAL",
                fractional_type="OCCUPANCY",
                max_fractional_value=255,
                segment_descriptions=[described],
                transfer_syntax_uid=RLELossless,
                omit_empty_frames=False,
                **about,
            ),
        )


def _report(views: Sequence[Source], model: Captioner, caption: Caption, findings: Sequence[Finding] | None) -> Any:
    """The document: what made it, the impression, its findings, what the head says, the notices, and the pictures."""
    import highdicom
    from highdicom.sr import (
        ContainerContentItem,
        ContentSequence,
        DeviceObserverIdentifyingAttributes,
        EnhancedSR,
        ImageContentItem,
        NumContentItem,
        ObserverContext,
        TextContentItem,
    )
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    contains = highdicom.sr.RelationshipTypeValues.CONTAINS

    def text(name: Any, value: str) -> Any:
        return TextContentItem(name=name, value=value, relationship_type=contains)

    device = DeviceObserverIdentifyingAttributes(uid=highdicom.UID(), name=model.name, model_name=PRODUCT)
    items: list[Any] = list(ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device))
    items.append(
        text(codes.DCM.Comment, f"{RESEARCH}. Predicted from pictures alone by a network that is often wrong.")
    )
    items.append(text(codes.DCM.Impression, caption.text or "(no words)"))
    for claim in claims(caption.text):
        side = f", {claim.side}" if claim.side else ""
        items.append(text(codes.DCM.Finding, f"{claim.finding}{side}: {'denied' if claim.denied else 'stated'}"))
    for finding in findings or ():
        items.append(
            NumContentItem(
                name=Code("finding-probability", SCHEME, f"Probability of {finding.name}"[:64]),
                value=round(float(finding.probability), 4),
                unit=codes.UCUM.NoUnits,
                relationship_type=contains,
            )
        )
    items += [text(codes.DCM.Comment, notice) for notice in caption.notices]
    for source in views:
        items.append(
            ImageContentItem(
                name=codes.DCM.SourceImage,
                referenced_sop_class_uid=source.tags.SOPClassUID,
                referenced_sop_instance_uid=source.tags.SOPInstanceUID,
                relationship_type=contains,
            )
        )
    root = ContainerContentItem(name=Code("18748-4", "LN", "Diagnostic imaging study"))
    root.ContentSequence = ContentSequence(items)
    return EnhancedSR(
        evidence=[source.tags for source in views],
        content=root,
        series_instance_uid=highdicom.UID(),
        series_number=SERIES + 2,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer=MAKER,
        is_complete=False,
        is_final=False,
        is_verified=False,
        series_description="RESEARCH: predicted impression",
    )


def _version(model: Captioner) -> str:
    """What tells these weights from others: the first letters of their checksum."""
    files = model.config.get("files", {})
    return next((str(files[name])[:16] for name in files if "vocabulary" not in name), "unknown")
