import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from captioner.errors import BadInput
from captioner.images.raster import read_picture
from tests.captioner.images.dicom_files import gradient


def saved(image, kind="PNG", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(image, kind="PNG", **options):
    return read_picture(saved(image, kind, **options), "x")


def png(values, colour_type):
    """A 16-bit PNG of any colour type, which Pillow cannot write: `values` uint16 `(rows, columns[, channels])`."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows, columns = values.shape[:2]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    header = struct.pack(">IIBBBBB", columns, rows, 16, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_grey_comes_out_as_it_went_in(kind):
    pixels, colour = read(gradient(), kind)
    np.testing.assert_array_equal(pixels, gradient())
    assert pixels.dtype == np.uint8 and colour is False


@pytest.mark.parametrize(
    "kind, options",
    [("JPEG", {"quality": 95}), ("JPEG", {"progressive": True, "quality": 95}), ("WEBP", {"lossless": True})],
)
def test_formats_that_lose_a_little(kind, options):
    pixels, colour = read(gradient(), kind, **options)
    assert np.abs(pixels.astype(int) - gradient()).max() <= 6 and colour is False


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("factor", [257, 4095 / 255, 1023 / 255])
def test_sixteen_bits_are_scaled_by_the_depth_of_the_detector(kind, factor):
    wide = np.rint(gradient().astype(float) * factor).astype(np.uint16)
    np.testing.assert_array_equal(read(wide, kind)[0], gradient())


def test_sixteen_bits_that_are_a_little_dark_stay_so():
    wide = gradient(top=40_000, dtype=np.uint16)
    pixels = read(wide)[0]
    assert pixels.max() == round(40_000 / 257) and len(np.unique(pixels)) == pixels.max() + 1


@pytest.mark.parametrize("colour_type, channels", [(2, 3), (6, 4), (4, 2)])
def test_sixteen_bits_in_every_channel(colour_type, channels):
    """Twelve bits in sixteen: Pillow alone would keep the upper eight, which hold 16 levels."""
    values = np.repeat(np.rint(gradient() * (4095 / 255)).astype(np.uint16)[..., None], channels, axis=2)
    if channels in (2, 4):
        values[..., -1] = 65_535
    pixels, colour = read_picture(png(values, colour_type), "x")
    np.testing.assert_array_equal(pixels, gradient())
    assert colour is False


def test_floats_are_scaled_by_their_range():
    values = gradient().astype(np.float32) / 1000 - 7
    values[0, 0] = np.nan
    np.testing.assert_array_equal(read(values, "TIFF")[0], gradient())


def test_signed_numbers_are_scaled_by_their_range():
    values = gradient().astype(np.int32) * 8 - 1000
    np.testing.assert_array_equal(read(values, "TIFF")[0], gradient())


def test_white_is_zero():
    for values in (gradient(), gradient().astype(np.uint16) * 257):
        data = saved(Image.fromarray(values), "TIFF", tiffinfo={262: 0})
        assert Image.open(BytesIO(data)).tag_v2[262] == 0
        shown = np.asarray(Image.open(BytesIO(data)).convert("L")) if values.dtype == np.uint8 else 255 - gradient()
        np.testing.assert_array_equal(read_picture(data, "x")[0], shown)


def test_alpha_is_composited_on_black():
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:, :10], alpha[:, 10:20] = 0, 128
    pixels = read(np.dstack([gradient(), alpha]))[0]
    assert not pixels[:, :10].any()
    np.testing.assert_allclose(pixels[:, 10:20], gradient()[:, 10:20] * (128 / 255), atol=0.51)
    np.testing.assert_array_equal(pixels[:, 20:], gradient()[:, 20:])
    rgba = np.dstack([gradient()] * 3 + [alpha])
    np.testing.assert_array_equal(read(rgba)[0], pixels)


def test_alpha_that_hides_everything_is_ignored():
    np.testing.assert_array_equal(read(np.dstack([gradient(), np.zeros_like(gradient())]))[0], gradient())


def test_palette():
    image = Image.fromarray(gradient())
    image.putpalette([level for level in range(255, -1, -1) for _ in range(3)])
    assert image.mode == "P"
    np.testing.assert_array_equal(read(image)[0], 255 - gradient())
    transparent = read(image, transparency=0)[0]  # entry 0, white, is transparent
    assert transparent[0, 0] == 0 and transparent[-1, -1] == 0 and transparent[20, 30] == 255 - gradient()[20, 30]


def test_one_bit():
    image = Image.fromarray(gradient() > 100)
    assert image.mode == "1"
    np.testing.assert_array_equal(read(image)[0], np.where(gradient() > 100, 255, 0))


def test_cmyk():
    rgb = Image.fromarray(np.dstack([gradient()] * 3))
    pixels, colour = read(rgb.convert("CMYK"), "JPEG", quality=98)
    assert np.abs(pixels.astype(int) - gradient()).max() <= 6 and colour is False


# EXIF 2.3, table 6: on which side of the upright picture the stored first row and first column are.
UPRIGHT = {
    1: lambda stored: stored,  # top, left
    2: np.fliplr,  # top, right
    3: lambda stored: stored[::-1, ::-1],  # bottom, right
    4: np.flipud,  # bottom, left
    5: np.transpose,  # left, top
    6: lambda stored: np.rot90(stored, -1),  # right, top
    7: lambda stored: stored[::-1, ::-1].T,  # right, bottom
    8: lambda stored: np.rot90(stored, 1),  # left, bottom
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_orientation(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(gradient(40, 60), kind, exif=exif)
    expected = UPRIGHT[orientation](read_picture(saved(gradient(40, 60), kind), "x")[0])
    assert expected.shape == ((60, 40) if orientation > 4 else (40, 60))
    np.testing.assert_array_equal(read_picture(data, "x")[0], expected)


def test_orientation_reaches_sixteen_bits_in_every_channel():
    values = np.repeat(gradient().astype(np.uint16)[..., None] * 257, 3, axis=2)
    exif = Image.Exif()
    exif[0x0112] = 6
    donor = saved(gradient(), exif=exif)
    chunk = donor[donor.index(b"eXIf") - 4 : donor.index(b"IDAT") - 4]
    plain = png(values, 2)
    data = plain[:33] + chunk + plain[33:]
    np.testing.assert_array_equal(read_picture(data, "x")[0], np.rot90(gradient(), -1))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("notes", [b"MM\0*\xff\xff\xff\xff" * 20, b"no header of EXIF", b""])
def test_damaged_exif_counts_as_upright(kind, notes):
    data = saved(gradient(), kind, exif=b"Exif\0\0" + notes)
    assert read_picture(data, "x")[0].shape == (40, 60)


@pytest.mark.parametrize("seed", range(3))
def test_a_colour_photograph_is_told(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    photograph = Image.fromarray(noise).resize((210, 150), Image.Resampling.BICUBIC)
    for kind in ("PNG", "JPEG"):
        assert read(photograph, kind)[1] is True


def test_a_grey_picture_with_a_coloured_arrow_is_no_photograph():
    pixels = np.dstack([gradient(300, 300)] * 3)
    pixels[100:110, 100:140] = 255, 0, 0
    assert read(pixels, "JPEG")[1] is False


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF"])
def test_several_pictures_are_refused(kind):
    frames = [Image.fromarray(gradient() // divisor) for divisor in (1, 2, 3)]
    with pytest.raises(BadInput, match="^x holds several pictures"):
        read_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:]), "x")


def test_a_photograph_with_a_hidden_preview_is_read():
    frames = [Image.fromarray(gradient() // divisor) for divisor in (1, 2)]
    data = saved(frames[0], "MPO", save_all=True, append_images=frames[1:], quality=95)
    assert Image.open(BytesIO(data)).n_frames == 2
    assert np.abs(read_picture(data, "x")[0].astype(int) - gradient()).max() <= 6


def png_header(columns, rows):
    """A PNG that states this size and holds one line of it."""
    data = png(np.zeros((1, 1), np.uint16), 0)
    header = b"IHDR" + struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


@pytest.mark.parametrize("columns, rows", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (16_385, 40), (8_001, 8_000)])
def test_too_large_is_refused_before_decoding(columns, rows, monkeypatch):
    def fail(self):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", fail)
    with pytest.raises(BadInput, match="^x is too large"):
        read_picture(png_header(columns, rows), "x")


@pytest.mark.parametrize("rows, columns", [(1, 1), (31, 400), (400, 31)])
def test_too_small(rows, columns):
    with pytest.raises(BadInput, match=f"^x is too small .{columns} x {rows} pixels"):
        read(gradient(rows, columns))
    assert read(gradient(32, 32))[0].shape == (32, 32)


def test_a_jpeg_of_endless_scans_is_refused():
    data = saved(gradient(1000, 1000), "JPEG", progressive=True)
    assert 1 < data.count(b"\xff\xda") < 20
    scan = data.index(b"\xff\xda")
    with pytest.raises(BadInput, match="too many scans"):
        read_picture(data[:scan] + data[scan : scan + 10] * 1001 + data[scan:], "x")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"])
def test_truncated(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    data = saved(noise, kind)
    for share in (0.3, 0.7):
        with pytest.raises(BadInput, match="^x is damaged or cut off"):
            read_picture(data[: int(len(data) * share)], "x")


@pytest.mark.parametrize("method", ["tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"])
def test_compressed_tiff_is_refused(method):
    with pytest.raises(BadInput, match="^x is a compressed TIFF"):
        read(gradient(), "TIFF", compression=method)


@pytest.mark.parametrize(
    "data", [b"MZ" + bytes(99), b"%PDF-1.7\n" + bytes(99), b"<svg/>", b"RIFF\0\0\0\0WAVE" + bytes(9), b"\xff\xfeT\0"]
)
def test_not_a_picture(data):
    with pytest.raises(BadInput, match="^x is not a picture that is read here: PNG, JPEG, .*DICOM is needed"):
        read_picture(data, "x")
