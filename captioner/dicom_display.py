"""From the stored numbers of a DICOM radiograph to the grey that its file wants shown (PS3.3 C.11)."""

import numpy as np

from captioner import grey

LARGEST_TABLE = 1 << 17  # values of up to 17 bits (16 and a sign) go through a table, one look-up a pixel


class Display:
    """How a data set wants its stored values shown.

    Args:
        dataset: read from a file, so any of its values may be nonsense and raise anything.
    """

    def __init__(self, dataset):
        self.modality_table = _Table.first_of(dataset, "ModalityLUTSequence")
        self.slope = float(dataset.get("RescaleSlope") or 1)
        self.intercept = float(dataset.get("RescaleIntercept") or 0)
        self.voi_table = _Table.first_of(dataset, "VOILUTSequence")
        self.function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
        self.window = None
        centre, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
        if centre is not None and width is not None and np.isfinite([centre, width]).all() and width > 0:
            self.window = (centre, width)
        self.padding_range = None
        padding, limit = _first(dataset.get("PixelPaddingValue")), _first(dataset.get("PixelPaddingRangeLimit"))
        if padding is not None:
            self.padding_range = sorted((padding, padding if limit is None else limit))

    def padding(self, values):
        """bool, the shape of `values`: where there is no picture."""
        if self.padding_range is None:
            return np.zeros(values.shape, bool)
        low, high = self.padding_range
        return (values >= low) & (values <= high)

    def grey(self, values):
        """uint8 `(rows, columns)` of stored whole numbers `(rows, columns)`, before MONOCHROME1 is turned round."""
        padded = self.padding(values)
        seen = values[~padded] if padded.any() and not padded.all() else values
        low, high = int(seen.min()), int(seen.max())
        inside = np.clip(values, low, high)
        with np.errstate(over="ignore", invalid="ignore"):  # a slope or window may be absurd; `from_range` copes
            if high - low >= LARGEST_TABLE:
                return self._shown(self._rescaled(inside.astype(np.float64)))
            table = self._shown(self._rescaled(np.arange(low, high + 1, dtype=np.float64)))
        return table[inside.astype(np.int32) - low]

    def _rescaled(self, values):
        """float64 of stored values: the modality transformation."""
        if self.modality_table is not None:
            return self.modality_table.look_up(values)
        return values * self.slope + self.intercept

    def _shown(self, values):
        """uint8 of rescaled values: the value-of-interest transformation, or their range where it shows nothing."""
        pixels = None
        if self.voi_table is not None:
            pixels = grey.from_range(self.voi_table.look_up(values), *self.voi_table.range)
        elif self.window is not None:
            pixels = self._windowed(values)
        if pixels is None or pixels.min() == pixels.max():
            pixels = grey.from_range(values)
        return pixels

    def _windowed(self, values):
        """uint8: the window function of PS3.3 C.11.2.1.2 and C.11.2.1.3."""
        centre, width = self.window
        if self.function == "SIGMOID":
            return grey.from_range(1 / (1 + np.exp(-4 * (values - centre) / width)), 0, 1)
        if self.function != "LINEAR_EXACT":
            # Half a level each way: LINEAR counts levels, LINEAR_EXACT measures a length.
            centre, width = centre - 0.5, max(width - 1, 1e-6)
        return grey.from_range(values, centre - width / 2, centre + width / 2)


class _Table:
    """A look-up table of PS3.3 C.11.1 or C.11.2: entry `value - first`, the ends holding for all beyond them."""

    def __init__(self, item):
        count, self.first, bits = (int(number) for number in item.LUTDescriptor)
        entries = item.LUTData
        if isinstance(entries, bytes):
            wide = len(entries) >= 2 * (count or 2**16)
            entries = np.frombuffer(entries, "<u2" if wide else np.uint8)
        self.entries = np.asarray(entries, np.float64).reshape(-1)[: count or 2**16]
        self.range = float(self.entries.min()), float(self.entries.max())

    @classmethod
    def first_of(cls, dataset, keyword):
        """The first table of the sequence under `keyword`, or None."""
        items = dataset.get(keyword)
        return cls(items[0]) if items else None

    def look_up(self, values):
        """float64 of the shape of `values`."""
        place = np.clip(np.nan_to_num(values) - self.first, 0, len(self.entries) - 1)
        return self.entries[place.astype(np.int64)]


def _first(value):
    """The first number of a DICOM value of one or more, or None."""
    if value is None or value == "":
        return None
    return float(value) if not hasattr(value, "__len__") else float(value[0]) if len(value) else None
