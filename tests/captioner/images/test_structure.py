"""What is built of far too many parts is refused; what a camera, a scanner or a PACS writes is not."""

import struct

import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.images import structure
from tests.captioner.images.dicom_files import compressed, gradient
from tests.captioner.images.test_raster import saved

NOISE = np.random.default_rng(0).integers(0, 256, (900, 700), np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("values", [gradient(), NOISE], ids=["small", "noise"])
def test_sound_files_pass(kind, values):
    structure.check(saved(values, kind), kind, "x")


def test_a_strip_for_every_row_passes():
    structure.check(saved(NOISE, "TIFF", tiffinfo={278: 1}), "TIFF", "x")


def chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + b"\0\0\0\0"


def tiff(*entries, count=None):
    body = struct.pack("<H", count or len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + body + b"\0\0\0\0"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("PNG", saved(NOISE)[:33] + chunk(b"tEXt") * 10_001),
        ("PNG", saved(NOISE)[:33] + chunk(b"IDAT") * 20_000),
        ("JPEG", b"\xff\xd8" + b"\xff\xfe\0\x02" * 10_001),
        ("JPEG", b"\xff\xd8" + b"\xff" * 10_010),
        ("GIF", b"GIF89a\1\0\1\0\0\0\0!\xfe" + b"\1x" * 20_000),
        ("GIF", b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\0" * 20_000),
        ("GIF", b"GIF89a\1\0\1\0\0\0\0!\xfe" + (b"\xff" + b"x" * 255) * 2001),
        ("TIFF", tiff((273, 4, 1 << 20, 8))),
        ("TIFF", tiff(*[(999, 4, 1, 1)] * 1001)),
    ],
)
def test_floods_are_refused(kind, data):
    with pytest.raises(BadInput, match="^x is built of far more parts than a picture needs"):
        structure.check(data, kind, "x")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF"])
def test_what_is_cut_off_is_left_to_the_decoder(kind):
    data = saved(NOISE, kind)
    for end in (*range(8, 60), len(data) // 2):
        structure.check(data[:end], kind, "x")


def test_a_loop_of_pages_ends():
    body = struct.pack("<HHHII", 1, 256, 3, 1, 40) + struct.pack("<I", 8)
    structure.check(b"II*\0\x08\0\0\0" + body, "TIFF", "x")


def test_jpeg_2000_of_many_layers_and_tiles():
    data = compressed(NOISE, "JPEG2000", tile_size=(64, 64))
    structure.check_jpeg_2000(data, "x")
    coding = data.index(b"\xff\x52")
    flood = data[: coding + 6] + b"\xff\xff" + data[coding + 8 :]  # 65,535 quality layers
    with pytest.raises(BadInput, match="far more parts"):
        structure.check_jpeg_2000(flood, "x")
    structure.check_jpeg_2000(data[:30], "x")
