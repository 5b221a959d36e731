"""From the stored numbers of a DICOM radiograph to the grey that its file wants shown (PS3.3 C.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from captioner.images import intensity as grey

if TYPE_CHECKING:
    import pydicom

SAMPLE = 1_000_000  # pixels that the range is told from
LARGEST_TABLE = 1 << 17  # values of up to 17 bits (16 and a sign) go through a table, one look-up per pixel


class Display:
    """How a data set wants its stored values shown.

    Args:
        dataset: read from a file, so any of its values may be nonsense and raise anything.
    """

    def __init__(self, dataset: pydicom.Dataset) -> None:
        self.modality_table = _Table.first_of(dataset, "ModalityLUTSequence")
        self.slope = float(dataset.get("RescaleSlope") or 1)
        self.intercept = float(dataset.get("RescaleIntercept") or 0)
        self.voi_table = _Table.first_of(dataset, "VOILUTSequence")
        self.function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
        self.window = None
        centre, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
        if centre is not None and width is not None and np.isfinite([centre, width]).all() and width > 0:
            self.window = (centre, width)
        # Either says that low values are bright; a file that says both means it once (C.11.6, C.8.11.3.1.2).
        shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
        self.inverse = shape == "INVERSE" or dataset.get("PhotometricInterpretation") == "MONOCHROME1"
        self.padding_range = None
        padding, limit = _first(dataset.get("PixelPaddingValue")), _first(dataset.get("PixelPaddingRangeLimit"))
        if padding is not None:
            ends = (padding, padding if limit is None else limit)
            self.padding_range = sorted(_with_sign_of_pixels(end, dataset) for end in ends)

    def padding(self, values: np.ndarray) -> np.ndarray:
        """bool, the shape of `values`: where there is no picture."""
        if self.padding_range is None:
            return np.zeros(values.shape, bool)
        low, high = self.padding_range
        return (values >= low) & (values <= high)

    def grey(self, values: np.ndarray) -> np.ndarray:
        """uint8 `(rows, columns)` of stored whole numbers `(rows, columns)`, before MONOCHROME1 is turned round."""
        padded = self.padding(values)
        seen = values[~padded] if padded.any() and not padded.all() else values
        pixels = None
        if self.voi_table is not None or self.window is not None:
            pixels = self._through(values, int(seen.min()), int(seen.max()), self._value_of_interest)
        if pixels is None or pixels.min() == pixels.max():
            pixels = self._through(values, *_bulk(seen), grey.from_range)
        return pixels

    def _through(
        self, values: np.ndarray, low: int, high: int, shown: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """uint8 of stored `values`, cut off at `low` and `high`: rescaled, then as `shown` does it."""
        inside = np.clip(values, low, high)
        with np.errstate(over="ignore", invalid="ignore"):  # a slope or window may be absurd; `from_range` copes
            if high - low >= LARGEST_TABLE:
                return shown(self._rescaled(inside.astype(np.float64)))
            table = shown(self._rescaled(np.arange(low, high + 1, dtype=np.float64)))
        return table[inside.astype(np.int32) - low]

    def _rescaled(self, values: np.ndarray) -> np.ndarray:
        """float64 of stored values: the modality transformation."""
        if self.modality_table is not None:
            return self.modality_table.look_up(values)
        return values * self.slope + self.intercept

    def _value_of_interest(self, values: np.ndarray) -> np.ndarray:
        """uint8 of rescaled values: by the look-up table or the window."""
        if self.voi_table is not None:
            return grey.from_range(self.voi_table.look_up(values), *self.voi_table.range)
        return self._windowed(values)

    def _windowed(self, values: np.ndarray) -> np.ndarray:
        """uint8: the window function of PS3.3 C.11.2.1.2 and C.11.2.1.3."""
        assert self.window is not None  # see _value_of_interest
        centre, width = self.window
        if self.function == "SIGMOID":
            return grey.from_range(1 / (1 + np.exp(-4 * (values - centre) / width)), 0, 1)
        if self.function != "LINEAR_EXACT":
            # Half a level on each side: LINEAR counts levels, LINEAR_EXACT measures a length.
            centre, width = centre - 0.5, max(width - 1, 1e-6)
        return grey.from_range(values, centre - width / 2, centre + width / 2)


class _Table:
    """A look-up table of PS3.3 C.11.1 or C.11.2: entry `value - first`, the ends holding for all beyond them."""

    def __init__(self, item: pydicom.Dataset) -> None:
        count, self.first, bits = (int(number) for number in item.LUTDescriptor)
        entries = item.LUTData
        if isinstance(entries, bytes):
            wide = len(entries) >= 2 * (count or 2**16)
            entries = np.frombuffer(entries, "<u2" if wide else np.uint8)
        self.entries = np.asarray(entries, np.float64).reshape(-1)[: count or 2**16]
        self.range = float(self.entries.min()), float(self.entries.max())

    @classmethod
    def first_of(cls, dataset: pydicom.Dataset, keyword: str) -> Self | None:
        """The first table of the sequence under `keyword`, or None."""
        items = dataset.get(keyword)
        return cls(items[0]) if items else None

    def look_up(self, values: np.ndarray) -> np.ndarray:
        """float64 of the shape of `values`."""
        place = np.clip(np.nan_to_num(values) - self.first, 0, len(self.entries) - 1)
        return self.entries[place.astype(np.int64)]


def _bulk(values: np.ndarray) -> tuple[int, int]:
    """`(low, high)`, the range of stored values to show where the file names none.

    It is the whole range, unless a few values, such as a marker's, lie so far out that the rest would have less than
    half of the greys: then it is what lies between the half per cents at both ends, and a fifth more.
    """
    step = max(1, values.size // SAMPLE)
    low, high = int(values.min()), int(values.max())
    inner_low, inner_high = (int(value) for value in np.percentile(values.reshape(-1)[::step], (0.5, 99.5)))
    span = inner_high - inner_low
    if span <= 0 or high - low <= 2 * span:
        return low, high
    return max(low, inner_low - span // 10), min(high, inner_high + span // 10)


def _with_sign_of_pixels(number: float, dataset: pydicom.Dataset) -> float:
    """A padding value that was written with a sign where the pixels have none, or the other way round."""
    bits = int(dataset.get("BitsAllocated") or 16)
    if dataset.get("PixelRepresentation") == 1:
        return number - 2**bits if number >= 2 ** (bits - 1) else number
    return number + 2**bits if number < 0 else number


def _first(value: Any) -> float | None:
    """The first number of a DICOM value of one or more, or None."""
    if value is None or value == "":
        return None
    return float(value) if not hasattr(value, "__len__") else float(value[0]) if len(value) else None
