"""Everyday picture formats to upright 8-bit grey. Pillow decodes, from an explicit list of formats."""

import logging
import zlib
from io import BytesIO

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin
from PIL import WebPImagePlugin as _registers_its_format  # noqa: F401

from captioner.errors import BadInput
from captioner.images import intensity, structure
from captioner.images.limits import check_scans, check_size, decoding
from captioner.sentence import Sentence

# What each format's files begin with. Nothing else reaches a decoder, whatever the file is called.
SIGNATURES = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "BMP": (b"BM",),
    "WEBP": (b"RIFF",),
    "GIF": (b"GIF87a", b"GIF89a"),
}
READABLE = Sentence("PNG, JPEG, BMP, WEBP, GIF, uncompressed TIFF or DICOM")

# Pillow logs what it finds odd in a file before it raises, and without a handler that lands on standard error.
logging.getLogger("PIL").setLevel(logging.CRITICAL + 1)

ORIENTATION = ExifTags.Base.Orientation


def read_picture(data: bytes, name: str) -> tuple[np.ndarray, bool]:
    """Decode a PNG, JPEG, BMP, WEBP, GIF or uncompressed TIFF.

    Alpha is composited on black, the surround of a radiograph, unless the whole picture is transparent, which is taken
    for a broken alpha channel and ignored. Sixteen bits are scaled by `intensity.from_depth`, floats by their range.
    Colour becomes luma (ITU-R BT.601). The EXIF orientation is applied.

    Args:
        data: the file's bytes.
        name: how messages name it.

    Returns:
        `(pixels, colour)`: uint8 `(rows, columns)`, and whether the picture really has colours.

    Raises:
        BadInput: not one of these formats, damaged, of a size that is refused, or holding several pictures.
    """
    format_name = next((known for known, starts in SIGNATURES.items() if data.startswith(starts)), None)
    if format_name is None or (format_name == "WEBP" and data[8:12] != b"WEBP"):
        raise BadInput(
            Sentence("{name} is not a picture that is read here: {formats} is needed.", name=name, formats=READABLE)
        )
    values, turn, white_is_zero, colour = _decode(data, format_name, name)
    if values.ndim == 2:
        pixels = values if values.dtype == np.uint8 else _eight_bits(values)
        if white_is_zero:
            pixels = 255 - pixels
    else:
        pixels, colour = intensity.from_channels(values)
    return np.ascontiguousarray(_turned(pixels, turn)), colour


def _decode(data: bytes, format_name: str, name: str) -> tuple[np.ndarray, int, bool, bool]:
    """`(values, turn, white_is_zero, colour)`: what the decoder gives, its EXIF orientation, whether black is the
    maximum, and whether the picture really has colours.

    `values` is `(rows, columns)` of any real type for what is grey already, or uint16 `(rows, columns, channels)`, RGB
    or RGBA, whose colours nobody has looked at.
    """
    structure.check(data, format_name, name)
    with decoding(name):
        try:
            image = Image.open(BytesIO(data), formats=[format_name])
        except Image.DecompressionBombError:
            raise BadInput(Sentence("{name} is too large: it has far more pixels than an X-ray.", name=name)) from None
        check_size(image.height, image.width, name)
        # A phone's JPEG ("MPO") may hide more pictures behind its photograph, such as a depth map: the first counts.
        if getattr(image, "is_animated", False) and image.format != "MPO":
            raise BadInput(
                Sentence("{name} holds several pictures (animated, or many pages): a single one is needed.", name=name)
            )
        if format_name == "JPEG":
            check_scans(data, image.width * image.height, name)
        # Pillow reads plain TIFFs itself; for the rest it calls libtiff, which writes to standard error as it likes.
        if format_name == "TIFF" and image.info.get("compression") != "raw":
            raise BadInput(
                Sentence(
                    "{name} is a compressed TIFF, which is not read here: save it uncompressed or as PNG.", name=name
                )
            )
        image.load()
        turn = _orientation(image)
        if image.mode.startswith(("I", "F")):
            # Pillow turns "white is zero" round for 8 bits, but not for 16.
            tags = getattr(image, "tag_v2", {}) if format_name == "TIFF" else {}
            return np.array(image), turn, tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0, False
        if image.mode in ("1", "L"):
            return np.array(image if image.mode == "L" else image.convert("L")), turn, False, False
        if format_name == "PNG" and data[24] == 16:
            return _sixteen_bit_channels(data, image), turn, False, False
        grey, colour = _luma(image)
        return grey, turn, False, colour


def _luma(image: Image.Image) -> tuple[np.ndarray, bool]:
    """`(pixels, colour)` of a Pillow image of 8 bits a channel, as `intensity.from_channels`, a few rows at a time.

    Pillow has four bytes per pixel already; a second copy of them all would take more than a picture may.
    """
    transparent = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    pixels = np.empty((image.height, image.width), np.uint8)
    alpha = np.empty_like(pixels) if transparent else None
    step, samples = intensity.sample_step(*pixels.shape), []
    for top in range(0, image.height, intensity.ROWS_AT_A_TIME):
        bottom = min(top + intensity.ROWS_AT_A_TIME, image.height)
        strip = image.crop((0, top, image.width, bottom)).convert("RGBA" if transparent else "RGB")
        channels = np.asarray(strip)  # (rows of the strip, columns, 3 or 4)
        pixels[top:bottom] = cv2.cvtColor(np.ascontiguousarray(channels[..., :3]), cv2.COLOR_RGB2GRAY)
        if alpha is not None:
            alpha[top:bottom] = channels[..., 3]
        samples.append(channels[-top % step :: step, ::step, :3].reshape(-1, 3))
    return intensity.on_black(pixels, alpha), intensity.is_coloured(np.concatenate(samples))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; unreadable EXIF counts as upright: only the notes are damaged, not the picture."""
    try:
        return image.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1


def _sixteen_bit_channels(data: bytes, upper: Image.Image) -> np.ndarray:
    """uint16 `(rows, columns, 3 or 4)` of a PNG with 16 bits in each of several channels.

    Pillow keeps the upper byte of each, in which 12-bit data has 16 levels left. So the lower bytes are decoded too.

    Args:
        data: the file's bytes.
        upper: the Pillow image of it, loaded.
    """
    if data[25] == 4:
        # Grey and alpha of 16 bits are laid out, and filtered, as RGBA of 8 bits is: only the header has to say so.
        header = data[12:24] + b"\x08\x06" + data[26:29]
        checksum = zlib.crc32(header).to_bytes(4, "big")
        image = Image.open(BytesIO(data[:12] + header + checksum + data[33:]), formats=["PNG"])
        grey_high, grey_low, alpha_high, alpha_low = np.moveaxis(np.asarray(image, np.uint16), 2, 0)
        channel, alpha = grey_high << 8 | grey_low, alpha_high << 8 | alpha_low
        return np.dstack([channel, channel, channel, alpha])
    lower = Image.open(BytesIO(data), formats=["PNG"])
    # Told that the bytes are the other way round, Pillow takes what is the lower one.
    lower.tile = [tile._replace(args=f"{upper.mode};16L") for tile in lower.tile]
    return np.asarray(upper, np.uint16) << 8 | np.asarray(lower, np.uint16)


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """uint8 `pixels` `(rows, columns)` turned upright by an EXIF orientation; what is none counts as upright."""
    if orientation not in range(2, 9):
        return pixels
    image = Image.fromarray(pixels)
    image.getexif()[ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """uint8 of `values` of another type: whole numbers of up to 16 bits by their depth, others by their range."""
    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() < 2**16:
        return intensity.from_depth(values.astype(np.uint16))
    return intensity.from_range(values)
