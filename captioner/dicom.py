"""One DICOM radiograph to 8-bit grey, bright where the body holds X-rays back. Only tags that describe pixels are read.

References are to the DICOM standard: PS3.3 (information objects) and PS3.5 (encoding).
"""

import logging
from io import BytesIO

import numpy as np
import pydicom
from PIL import Image, Jpeg2KImagePlugin  # noqa: F401 (importing a plugin registers its format)
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, pixel_array

from captioner import grey
from captioner.dicom_display import Display
from captioner.errors import BadInput
from captioner.limits import check_scans, check_size, decoding

# Nothing else is taken from a file: no patient, no institution and no date can reach a message, a log or a caption.
TAGS_READ = (
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence",
    "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence",
    "RedPaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableData",
    "PixelData",
)  # fmt: skip
UNCOMPRESSED = (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian)
PILLOW_DECODES = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEG2000Lossless, uid.JPEG2000)

# pydicom logs values it finds odd, and a value may be a patient's.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)


def is_dicom(data):
    """Whether the bytes are a DICOM file, whatever it is called: "DICM" at 128, or a data set without that preamble."""
    if data[128:132] == b"DICM":
        return True
    # Without a preamble a file starts with an element of group 0002 or 0008: group, element, then a value
    # representation of two capitals (explicit) or a length of four bytes (implicit).
    group, element, length = data[0:2], int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little")
    if group not in (b"\x02\0", b"\x08\0") or element > 0x1199:
        return False
    return (data[4:6].isalpha() and data[4:6].isupper()) or (len(data) > length < 1024)


def read_dicom(data, name):
    """Decode the one picture of a DICOM file.

    Stored values pass through the modality look-up table or rescale slope and intercept (PS3.3 C.11.1), then the first
    VOI look-up table or window (C.11.2); without either, or where it leaves nothing to see, their range becomes black
    to white. Padding is black. MONOCHROME1, where low means bright, is turned round.

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
        interpretation = str(dataset.get("PhotometricInterpretation") or "MONOCHROME2").strip().upper()
        pictured = rows and columns and dataset.get("PixelData")
    if not pictured:
        raise BadInput(f"{name} is a DICOM file without a picture in it, or cut off before the picture.")
    check_size(rows, columns, name)
    if frames > 1:
        raise BadInput(f"{name} is a DICOM file of {frames} frames: a single radiograph is needed.")
    values = _stored_values(dataset, rows, columns, name)
    with decoding(name):
        if interpretation == "PALETTE COLOR":
            values = apply_color_lut(values, dataset)
        display = Display(dataset)
    if values.ndim == 3:
        return grey.from_channels(values if values.dtype in (np.uint8, np.uint16) else grey.from_range(values))
    pixels = display.grey(values)
    if interpretation == "MONOCHROME1":
        pixels = 255 - pixels
    pixels[display.padding(values)] = 0
    return pixels, False


def _parse(data, name):
    """The pydicom data set of `TAGS_READ`, with a transfer syntax."""
    # pydicom inflates a deflated data set whole, however large it becomes, so such a file must not reach it.
    if uid.DeflatedExplicitVRLittleEndian.encode() in data:
        raise BadInput(f"{name} is a deflated DICOM file, which is not read here: export it uncompressed.")
    with decoding(name):
        dataset = pydicom.dcmread(BytesIO(data), force=True, specific_tags=list(TAGS_READ))
        if "TransferSyntaxUID" not in dataset.file_meta:
            implicit, little = dataset.original_encoding
            plain = uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian
            dataset.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit else plain
        return dataset


def _number(dataset, keyword, default=0):
    """The whole number under `keyword`, or `default` where the file has none."""
    value = dataset.get(keyword)
    return default if value is None or value == "" else int(value)


def _stored_values(dataset, rows, columns, name):
    """Decode the pixels: whole numbers `(rows, columns)`, or uint8 or uint16 RGB `(rows, columns, 3)`."""
    with decoding(name):
        syntax = uid.UID(str(dataset.file_meta.TransferSyntaxUID))
    if syntax not in (*UNCOMPRESSED, *PILLOW_DECODES, uid.RLELossless):
        known = syntax.name if syntax in uid.UID_dictionary else "an unknown method"
        raise BadInput(f"{name} is compressed with {known}, which is not read here: export it uncompressed.")
    with decoding(name):
        if syntax in UNCOMPRESSED:
            return _used_bits(pixel_array(dataset, correct_unused_bits=False), dataset)
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        if syntax == uid.RLELossless:
            return _used_bits(_run_length_decoded(frame, rows, columns, dataset), dataset)
        # The size that counts for the decoder stands in the compressed picture's own header.
        with Image.open(BytesIO(frame), formats=["JPEG", "JPEG2000"]) as image:
            if image.size != (columns, rows):
                raise ValueError("two sizes for one picture")
        check_scans(frame, rows * columns, name)
        if syntax == uid.JPEGExtended12Bit and _number(dataset, "BitsStored") != 8:
            raise BadInput(f"{name} is compressed as 12-bit JPEG, which is not read here: export it uncompressed.")
        # By name, so that it stays Pillow where pydicom finds others: on damaged files GDCM ends the whole process.
        return pixel_array(dataset, decoding_plugin="pillow")


def _used_bits(values, dataset):
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


def _run_length_decoded(frame, rows, columns, dataset):
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
