"""One DICOM radiograph to 8-bit grey, bright where the body holds X-rays back. Only tags that describe pixels are read.

References are to the DICOM standard: PS3.3 (information objects) and PS3.5 (encoding).
"""

import logging
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from PIL import Image, Jpeg2KImagePlugin  # noqa: F401 (importing a plugin registers its format)
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, convert_color_space, pixel_array

from captioner.errors import BadInput
from captioner.images import dicom_jpeg, intensity, structure
from captioner.images.dicom_display import Display
from captioner.images.limits import check_scans, check_size, check_slow_jpeg_2000, decoding
from captioner.sentence import Sentence

# Nothing else is taken from a file: no patient, no institution and no date can reach a message, a log or a caption.
TAGS_READ = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "PresentationLUTShape",
    "RedPaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableData",
    "PixelData",
)
MANY_VALUES = (
    "PixelData",
    "ModalityLUTSequence",
    "VOILUTSequence",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
)
LONGEST_VALUE = 4096  # bytes of any other element: a window for every reader of a department
UNCOMPRESSED = (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian)
PILLOW_DECODES = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEG2000Lossless, uid.JPEG2000)
READ = (*UNCOMPRESSED, *PILLOW_DECODES, *dicom_jpeg.LOSSLESS, *dicom_jpeg.JPEG_LS, uid.RLELossless)

# pydicom logs values it finds odd, and a value may be a patient's.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)


def is_dicom(data: bytes) -> bool:
    """Whether the bytes are a DICOM file, whatever it is called: "DICM" at 128, or a data set without that preamble."""
    if data[128:132] == b"DICM":
        return True
    # Without a preamble a file starts with an element of group 0002 or 0008: group, element, then a value
    # representation of two capitals (explicit) or a length of four bytes (implicit).
    group, element, length = data[0:2], int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little")
    if group not in (b"\x02\0", b"\x08\0") or element > 0x1199:
        return False
    return (data[4:6].isalpha() and data[4:6].isupper()) or (len(data) > length < 1024)


def read_dicom(data: bytes, name: str) -> tuple[np.ndarray, bool]:
    """Decode the one picture of a DICOM file.

    Stored values pass through the modality look-up table or rescale slope and intercept (PS3.3 C.11.1), then the first
    VOI look-up table or window (C.11.2); without either, or where it leaves nothing to see, their range becomes black
    to white, a few stray values (a marker) left out. Padding is black. MONOCHROME1 and an inverse presentation, where
    low means bright, are turned round.

    Args:
        data: the file's bytes.
        name: how messages name it.

    Returns:
        `(pixels, colour)`: uint8 `(rows, columns)`, and whether the picture really has colours.

    Raises:
        BadInput: damaged, without a picture, with several frames, of a size that is refused, or compressed in a way
            that is not decoded here.
    """
    dataset = _parse(data, name)
    with decoding(name):
        rows, columns = _number(dataset, "Rows"), _number(dataset, "Columns")
        frames = _number(dataset, "NumberOfFrames", 1)
        pictured = rows and columns and dataset.get("PixelData")
    if not pictured:
        raise BadInput(
            Sentence("{name} is a DICOM file without a picture in it, or cut off before the picture.", name=name)
        )
    check_size(rows, columns, name)
    if frames > 1:
        raise BadInput(
            Sentence(
                "{name} is a DICOM file of {frames} frames: a single radiograph is needed.", name=name, frames=frames
            )
        )
    with decoding(name):
        _fill_in(dataset, rows, columns)
    values = _stored_values(dataset, rows, columns, name)
    with decoding(name):
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            values = apply_color_lut(values, dataset)
        display = Display(dataset)
    if values.ndim == 3:
        return intensity.from_channels(
            values if values.dtype in (np.uint8, np.uint16) else intensity.from_range(values)
        )
    pixels = display.grey(values)
    if display.inverse:
        pixels = 255 - pixels
    pixels[display.padding(values)] = 0
    return pixels, False


def _parse(data: bytes, name: str) -> pydicom.Dataset:
    """The pydicom data set of `TAGS_READ`, with a transfer syntax."""
    # pydicom inflates a deflated data set whole, however large it becomes, so such a file must not reach it.
    if uid.DeflatedExplicitVRLittleEndian.encode() in data:
        raise BadInput(
            Sentence("{name} is a deflated DICOM file, which is not read here: export it uncompressed.", name=name)
        )
    with decoding(name):
        dataset = pydicom.dcmread(BytesIO(data), force=True, specific_tags=list(TAGS_READ))
        if "TransferSyntaxUID" not in dataset.file_meta:
            implicit, little = dataset.original_encoding
            plain = uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian
            dataset.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit else plain
        _check_values(dataset)
        return dataset


def _check_values(dataset: pydicom.Dataset) -> None:
    """Refuse a number that is written as a list of thousands, before it is made into one.

    Raises:
        ValueError: such a list; `decoding` makes its sentence.
    """
    for keyword in TAGS_READ:
        if keyword not in MANY_VALUES and keyword in dataset:
            element = dataset.get_item(keyword)
            if (getattr(element, "length", None) or 0) > LONGEST_VALUE:
                raise ValueError("a list of numbers in place of one")


def _number(dataset: pydicom.Dataset, keyword: str, default: int = 0) -> Any:
    """The whole number under `keyword`, or `default` where the file has none."""
    value = dataset.get(keyword)
    return default if value is None or value == "" else int(value)


def _stored_values(dataset: pydicom.Dataset, rows: int, columns: int, name: str) -> np.ndarray:
    """Decode the pixels: whole numbers `(rows, columns)`, or uint8 or uint16 RGB `(rows, columns, 3)`."""
    with decoding(name):
        syntax = uid.UID(str(dataset.file_meta.TransferSyntaxUID))
    if syntax not in READ:
        known = syntax.name if syntax in uid.UID_dictionary else Sentence("an unknown method")
        raise BadInput(
            Sentence(
                "{name} is compressed with {method}, which is not read here: export it uncompressed.",
                name=name,
                method=known,
            )
        )
    with decoding(name):
        if syntax in UNCOMPRESSED:
            return _used_bits(pixel_array(dataset, correct_unused_bits=False), dataset)
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        if syntax == uid.RLELossless:
            return _red_green_blue(_used_bits(_run_length_decoded(frame, rows, columns, dataset), dataset), dataset)
        if frame[:2] == b"\xff\xd8":
            header = dicom_jpeg.frame_header(frame)
            if (header.rows, header.columns) != (rows, columns):
                raise ValueError("two sizes for one picture")
            check_scans(frame, rows * columns, name)
            if syntax not in PILLOW_DECODES or header.precision != 8:
                return _jpeg_decoded(frame, syntax, dataset)
        # The decoder goes by the size in the compressed picture's own header.
        with Image.open(BytesIO(frame), formats=["JPEG", "JPEG2000"]) as image:
            if image.size != (columns, rows):
                raise ValueError("two sizes for one picture")
        if image.format != "JPEG":
            structure.check_jpeg_2000(frame, name)
            check_slow_jpeg_2000(rows * columns, name)
        # By name, so that it stays Pillow where pydicom finds others: on damaged files GDCM ends the whole process.
        return pixel_array(dataset, decoding_plugin="pillow")


def _jpeg_decoded(frame: bytes, syntax: str, dataset: pydicom.Dataset) -> np.ndarray:
    """Whole numbers `(rows, columns)` or `(rows, columns, 3)` of a lossless, near-lossless or 12-bit JPEG."""
    values = dicom_jpeg.decoded(frame, syntax)
    kind = "i" if dataset.PixelRepresentation == 1 else "u"
    # The stream holds the stored bits alone, whatever HighBit says; where they have a sign, it is the highest of them.
    values = values.astype(f"u{dataset.BitsAllocated // 8}").view(f"{kind}{dataset.BitsAllocated // 8}")
    dataset.HighBit = dataset.BitsStored - 1
    return _red_green_blue(_used_bits(values, dataset), dataset)


def _red_green_blue(values: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """`values`, as RGB where they are luma and chroma of 8 bits."""
    if values.ndim == 3 and values.dtype == np.uint8 and dataset.PhotometricInterpretation == "YBR_FULL":
        return convert_color_space(values, "YBR_FULL", "RGB")
    return values


def _fill_in(dataset: pydicom.Dataset, rows: int, columns: int) -> None:
    """Give a data set the values that follow from the others where it lacks them (PS3.3 C.7.6.3).

    Raises:
        ValueError: nothing follows.
    """
    samples = _number(dataset, "SamplesPerPixel", 1)
    interpretation = str(dataset.get("PhotometricInterpretation") or "").strip().upper()
    bits = _number(dataset, "BitsAllocated")
    if not bits:
        data = dataset.PixelData
        if dataset.file_meta.TransferSyntaxUID.is_compressed:
            frame = get_frame(data, 0, number_of_frames=1)
            bits = 8 if frame[:2] == b"\xff\xd8" and dicom_jpeg.frame_header(frame).precision <= 8 else 16
        else:
            bits = 8 * (len(data) // (rows * columns * samples))
    dataset.SamplesPerPixel, dataset.BitsAllocated = samples, bits
    dataset.PhotometricInterpretation = interpretation or ("RGB" if samples == 3 else "MONOCHROME2")
    dataset.BitsStored = _number(dataset, "BitsStored", bits)
    dataset.HighBit = _number(dataset, "HighBit", dataset.BitsStored - 1)
    dataset.PixelRepresentation = _number(dataset, "PixelRepresentation", 0)
    if samples > 1:
        dataset.PlanarConfiguration = _number(dataset, "PlanarConfiguration", 0)


def _used_bits(values: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """`values` without what older files keep in the bits that are not the pixel's (overlays; PS3.5 8.1.1)."""
    allocated = _number(dataset, "BitsAllocated")
    stored = _number(dataset, "BitsStored", allocated)
    high = _number(dataset, "HighBit", stored - 1)
    if not 0 < stored <= allocated or not stored - 1 <= high < allocated:
        raise ValueError("more bits stored than allocated")
    if stored == allocated or values.dtype.itemsize * 8 != allocated:
        return values
    # Up until the pixel's highest bit is the number's highest, then down again, which drags the sign along.
    return (values << (allocated - 1 - high)) >> (allocated - stored)


def _run_length_decoded(frame: bytes, rows: int, columns: int, dataset: pydicom.Dataset) -> np.ndarray:
    """Whole numbers `(rows, columns)` or `(rows, columns, 3)` of an RLE frame (PS3.5 annex G).

    Each byte of each sample is a segment of its own, packed by PackBits, the most significant byte first. Pillow
    unpacks a segment straight into as many bytes as the picture has pixels, so none can grow beyond its header's word.
    """
    samples, sample_bytes = _number(dataset, "SamplesPerPixel", 1), _number(dataset, "BitsAllocated") // 8
    if sample_bytes not in (1, 2) or samples not in (1, 3):
        raise ValueError("an RLE picture of another layout")
    count, *offsets = np.frombuffer(frame[:64], "<u4").tolist()
    if count != samples * sample_bytes:
        raise ValueError("not a segment for each byte")
    bounds = [*offsets[:count], len(frame)]
    planes = [
        np.asarray(Image.frombytes("L", (rows * columns, 1), frame[start:end], "packbits", "L"))
        for start, end in zip(bounds, bounds[1:])
    ]
    # (samples, bytes, pixels) -> (pixels, samples, bytes)
    packed = np.stack(planes).reshape(samples, sample_bytes, rows * columns).transpose(2, 0, 1)
    signed = "i" if dataset.get("PixelRepresentation") == 1 else "u"
    values = np.ascontiguousarray(packed).view(f">{signed}{sample_bytes}").astype(f"{signed}{sample_bytes}")
    return values.reshape((rows, columns) if samples == 1 else (rows, columns, samples))
