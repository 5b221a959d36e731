"""Numbers of any depth, and colours, to 8-bit grey: scaled, never clipped by the number type they came in."""

import cv2
import numpy as np

# Detectors deliver 10, 12, 14 or 16 bits, and all but the last are commonly stored in 16 without being stretched.
DEPTHS = (8, 10, 12, 14, 16)
COLOUR_SPREAD = 16  # grey levels between a pixel's channels; JPEG leaves up to about 6 in a grey picture
COLOUR_SHARE = 0.03  # of the pixels; a coloured arrow or stamp is less
ROWS_AT_A_TIME = 256  # doubles are eight times the size of the result: a large picture is scaled in strips


def from_depth(values: np.ndarray) -> np.ndarray:
    """Scale unsigned 16-bit values by the depth of the detector they came from.

    The depth is the smallest of 8, 10, 12, 14 and 16 bits that holds the largest value: 12-bit data stored in 16 bits
    fills the range as 16-bit data does, nothing is clipped, and because the step is a standard depth rather than the
    picture's own maximum, a picture that is merely a little dark stays a little dark.

    Args:
        values: uint16 `(rows, columns)` or `(rows, columns, channels)`.

    Returns:
        uint8 of the same shape; 0 stays 0, the largest value of the depth becomes 255.
    """
    largest = int(values.max())
    full = next(2**bits - 1 for bits in DEPTHS if largest < 2**bits)
    table = ((np.arange(full + 1, dtype=np.uint32) * 255 + full // 2) // full).astype(np.uint8)
    grey = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), ROWS_AT_A_TIME):  # NumPy widens what looks up to eight bytes per pixel
        grey[start : start + ROWS_AT_A_TIME] = table[values[start : start + ROWS_AT_A_TIME]]
    return grey


def from_range(values: np.ndarray, low: float | None = None, high: float | None = None) -> np.ndarray:
    """Scale values of any real type so that `low` becomes 0 and `high` 255; what lies outside is cut off there.

    Args:
        values: array with at least one dimension; values that are not finite count as `low`.
        low: the value that becomes black; the smallest finite value when None.
        high: the value that becomes white; the largest finite value when None.

    Returns:
        uint8 of the same shape; all zeros when `high` does not exceed `low`, or by more than a double holds.
    """
    if low is None or high is None:
        finite = np.isfinite(values)
        seen = values[finite] if not finite.all() else values
        low = low if low is not None else float(seen.min()) if seen.size else 0.0
        high = high if high is not None else float(seen.max()) if seen.size else 0.0
    grey = np.zeros(values.shape, np.uint8)
    # Halved before subtracting: the distance of two doubles near the ends of their range would overflow.
    span = high / 2 - low / 2
    if not 0 < span < np.inf:
        return grey
    for start in range(0, len(values), ROWS_AT_A_TIME):
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN like others
            strip = np.asarray(values[start : start + ROWS_AT_A_TIME], np.float64)
        strip = np.where(np.isfinite(strip), strip, low)
        share = (np.clip(strip, low, high) / 2 - low / 2) / span
        grey[start : start + ROWS_AT_A_TIME] = np.rint(share * 255)
    return grey


def from_channels(channels: np.ndarray) -> tuple[np.ndarray, bool]:
    """Luma of a picture with channels (ITU-R BT.601), composited on black where it has alpha.

    Black is the surround of a radiograph. Alpha that is zero everywhere is taken for a broken channel and ignored.

    Args:
        channels: uint8 or uint16 `(rows, columns, 3 or 4)`, RGB or RGBA.

    Returns:
        `(pixels, colour)`: uint8 `(rows, columns)`, and whether the channels really differ.
    """
    colours = np.ascontiguousarray(channels[..., :3])
    alpha = np.ascontiguousarray(channels[..., 3]) if channels.shape[2] == 4 else None
    if channels.dtype == np.uint16:
        colours = from_depth(colours)
        alpha = None if alpha is None else (alpha >> 8).astype(np.uint8)
    step = sample_step(*colours.shape[:2])
    pixels = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    return on_black(pixels, alpha), is_coloured(colours[::step, ::step])


def sample_step(rows: int, columns: int) -> int:
    """Every how many pixels a picture is looked at to tell whether it has colours: a large photograph has many."""
    return max(1, int((rows * columns / 65_536) ** 0.5))


def is_coloured(sample: np.ndarray) -> bool:
    """Whether the channels of a sample of pixels, uint8 `(..., 3)`, differ by more than those of a grey JPEG do."""
    wide = sample.astype(np.int16)
    return bool(((wide.max(-1) - wide.min(-1)) > COLOUR_SPREAD).mean() > COLOUR_SHARE)


def on_black(pixels: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """`pixels` composited on black by `alpha`, uint8 of the same shape or None; all zeros is a broken channel."""
    if alpha is not None and alpha.any():
        pixels = cv2.multiply(pixels, alpha, scale=1 / 255)
    return pixels
