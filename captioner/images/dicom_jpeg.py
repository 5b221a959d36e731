"""The JPEGs that DICOM allows and everyday software does not: lossless (process 14), JPEG-LS, and 12 bits.

imagecodecs decodes them (BSD licence; libjpeg-turbo and CharLS inside). It is loaded where such a file is met, which is
in a worker process (`captioner.images.decoder_pool`): a decoder in C may end the process on damaged bytes.
"""

from dataclasses import dataclass

import numpy as np
from pydicom import uid

LOSSLESS = (uid.JPEGLossless, uid.JPEGLosslessSV1)
JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
FRAME_HEADERS = {0xC0, 0xC1, 0xC2, 0xC3, 0xF7}  # SOF0 to SOF3 (ITU-T T.81 B.2.2) and SOF55 (T.87 C.2.2)
WITHOUT_LENGTH = {0x01, 0xD8, *range(0xD0, 0xD8)}


@dataclass(frozen=True)
class FrameHeader:
    """What a JPEG says of its picture: bits of a sample, rows, columns, and samples of a pixel."""

    precision: int
    rows: int
    columns: int
    samples: int


def frame_header(frame: bytes) -> FrameHeader:
    """The frame header of a JPEG or JPEG-LS stream.

    Raises:
        ValueError: it has none.
    """
    place = 2
    while place + 10 <= len(frame):
        if frame[place] != 0xFF:
            raise ValueError("no marker where one belongs")
        marker = frame[place + 1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            place += 1
        elif marker in WITHOUT_LENGTH:
            place += 2
        elif marker in FRAME_HEADERS:
            rows, columns = (int.from_bytes(frame[place + at : place + at + 2], "big") for at in (5, 7))
            return FrameHeader(frame[place + 4], rows, columns, frame[place + 9])
        else:
            place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    raise ValueError("a JPEG without a frame header")


def decoded(frame: bytes, syntax: str) -> np.ndarray:
    """Decode a stream.

    Args:
        frame: the bytes of the one picture.
        syntax: its transfer syntax.

    Returns:
        uint8 or uint16 `(rows, columns)` or `(rows, columns, 3)`.

    Raises:
        Exception: of any kind, on damaged bytes.
    """
    import imagecodecs

    return imagecodecs.jpegls_decode(frame) if syntax in JPEG_LS else imagecodecs.jpeg8_decode(frame)
