"""The map of a word as a DICOM Parametric Map (PS3.3 A.75): the method's own numbers, cell by cell, with their place.

A Segmentation has to have the rows and columns of its picture and values from 0 to 255; a Parametric Map keeps the
network's grid and its floating-point numbers, those that speak against a word among them. But it has to lie in a frame
of reference. A projection radiograph, a secondary capture above all, mostly has none: then one can be made, in which
the plane of the picture is told in millimetres at the detector (or in pixels, where the file names no spacing) and
nothing of the patient. It belongs to that picture alone, so that no viewer can lay it over another series by it.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from explain.heatmap import Extent

PLACED = ("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")  # the surest first (PS3.3 10.7)


def has_frame(tags: Any) -> bool:
    """Whether a DICOM file says where its picture lies in a frame of reference."""
    return all(tags.get(keyword) for keyword in PLACED)


def in_a_frame(tags: Any) -> Any:
    """The tags of a picture, in a frame of reference: its own, or one that is made of its identifier.

    The made one is the same for all maps of a picture: x along its rows, y along its columns, the origin in the middle
    of the first pixel.
    """
    if has_frame(tags):
        return tags
    from pydicom.uid import generate_uid

    spacing = next((list(map(float, tags.get(keyword))) for keyword in SPACINGS if tags.get(keyword)), [1.0, 1.0])
    placed = deepcopy(tags)  # a shallow copy would share its elements
    placed.FrameOfReferenceUID = generate_uid(entropy_srcs=["the plane of the picture", str(tags.SOPInstanceUID)])
    placed.PositionReferenceIndicator = ""
    placed.ImagePositionPatient, placed.ImageOrientationPatient = [0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    placed.PixelSpacing = spacing
    return with_thickness(placed)


def with_thickness(tags: Any) -> Any:
    """The tags, with a slice thickness of 0 where they place a picture and have none: highdicom asks for one.

    Args:
        tags: changed in place.
    """
    if tags.get("FrameOfReferenceUID") and "SliceThickness" not in tags:
        tags.SliceThickness = 0
    return tags


def grid_geometry(tags: Any, shape: tuple[int, int], extent: Extent) -> tuple[np.ndarray, tuple[float, float]]:
    """Where a grid over a picture lies.

    Args:
        tags: of a picture in a frame of reference.
        shape: `(rows, columns)` of the grid.
        extent: the part of the picture that it lies over.

    Returns:
        `(position, spacing)`: float64 `(3,)`, the middle of the first cell in millimetres (PS3.3 C.7.6.2.1.1), and the
        distances of rows and of columns.
    """
    rows, columns = int(tags.Rows), int(tags.Columns)
    height = (extent.bottom - extent.top) * rows / shape[0]  # of a cell, in pixels of the picture
    width = (extent.right - extent.left) * columns / shape[1]
    row, column = extent.top * rows + height / 2 - 0.5, extent.left * columns + width / 2 - 0.5
    between_rows, between_columns = map(float, tags.PixelSpacing)
    along_row, along_column = np.reshape(np.array(tags.ImageOrientationPatient, np.float64), (2, 3))
    corner = np.array(tags.ImagePositionPatient, np.float64)
    position = corner + along_row * column * between_columns + along_column * row * between_rows
    return position, (height * between_rows, width * between_columns)


def parametric_map(tags: Any, values: np.ndarray, extent: Extent, quantity: Any, **about: Any) -> Any:
    """A Parametric Map of one word over one view.

    Args:
        tags: of the view's file, without pixels.
        values: float `(rows, columns)`, the word's map there; what is no number counts as 0.
        extent: the part of the picture that the map lies over.
        quantity: pydicom Code of what the values are.
        about: the arguments that every object of this kind takes: series, instance, maker, description.

    Returns:
        `highdicom.pm.ParametricMap`.
    """
    import highdicom
    from highdicom.pm import ParametricMap, RealWorldValueMapping
    from pydicom.sr.codedict import codes

    placed = in_a_frame(tags)
    numbers = np.nan_to_num(np.asarray(values, np.float32))
    position, spacing = grid_geometry(placed, numbers.shape, extent)
    low, high = float(min(numbers.min(), 0)), float(numbers.max())
    strength = max(high, -low) or 1.0
    return ParametricMap(
        source_images=[placed],
        pixel_array=numbers[None],  # (frames, rows, columns)
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            RealWorldValueMapping(
                lut_label="word evidence",
                lut_explanation="The method's own numbers",
                unit=codes.UCUM.NoUnits,
                value_range=(low, max(high, low)),
                slope=1.0,
                intercept=0.0,
                quantity_definition=quantity,
            )
        ],
        voi_lut_transformations=[highdicom.VOILUTTransformation(window_center=strength / 2, window_width=strength)],
        pixel_measures=highdicom.PixelMeasuresSequence(pixel_spacing=spacing, slice_thickness=None),
        plane_orientation=highdicom.PlaneOrientationSequence("PATIENT", list(placed.ImageOrientationPatient)),
        plane_positions=[highdicom.PlanePositionSequence("PATIENT", position.tolist())],
        **about,
    )
