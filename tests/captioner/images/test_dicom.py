import logging
import warnings
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.pixels import apply_windowing, convert_color_space
from pydicom.sequence import Sequence

from captioner.errors import BadInput
from captioner.images.dicom import TAGS_READ, is_dicom, read_dicom
from tests.captioner.images.dicom_files import (
    PATIENT,
    PATIENT_ID,
    compressed,
    dicom_bytes,
    gradient,
    lossless,
    run_lengths,
)


def read(values, **options):
    return read_dicom(dicom_bytes(values, **options), "x.dcm")[0]


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_without_a_window_the_range_becomes_black_to_white(syntax, dtype):
    values = gradient(dtype=dtype, top=200) - (dtype(100) if dtype is np.int16 else dtype(0))
    assert np.abs(read(values, syntax=syntax) - gradient().astype(float)).max() <= 1


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian])
def test_a_file_without_preamble_is_known_by_its_first_element(syntax):
    data = dicom_bytes(gradient(), syntax=syntax, preamble=False)
    assert data[128:132] != b"DICM" and is_dicom(data)
    np.testing.assert_array_equal(read_dicom(data, "x")[0], gradient())


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n" + bytes(200), b"II*\0" + bytes(200), b"hello" * 50, bytes(300)]
)
def test_other_bytes_are_not_dicom(data):
    assert not is_dicom(data)


def test_monochrome1_is_turned_round():
    np.testing.assert_array_equal(read(gradient(), PhotometricInterpretation="MONOCHROME1"), 255 - gradient())


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("centre, width", [(2048, 4096), (1000, 500), (300.5, 17), (2000, 9000)])
def test_windows_agree_with_pydicom(function, centre, width):
    values = gradient(top=4095, dtype=np.uint16)
    tags = dict(BitsStored=12, HighBit=11, WindowCenter=centre, WindowWidth=width, VOILUTFunction=function)
    oracle = Dataset()
    for keyword, value in {**tags, "PhotometricInterpretation": "MONOCHROME2", "PixelRepresentation": 0}.items():
        setattr(oracle, keyword, value)
    expected = apply_windowing(values, oracle) / 4095 * 255
    assert np.abs(read(values, **tags) - expected).max() < 0.51


def test_the_first_of_several_windows_counts():
    values = gradient(top=4095, dtype=np.uint16)
    many = read(values, WindowCenter=[1000, 3000], WindowWidth=[500, 10])
    np.testing.assert_array_equal(many, read(values, WindowCenter=1000, WindowWidth=500))


def test_the_window_speaks_of_rescaled_values():
    values = gradient(top=1000, dtype=np.uint16)
    rescaled = read(values, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=0, WindowWidth=1000)
    plain = read((values.astype(int) * 2 - 1000).astype(np.int16), WindowCenter=0, WindowWidth=1000)
    np.testing.assert_array_equal(rescaled, plain)


@pytest.mark.parametrize("centre, width", [(90_000, 10), (-5, 1), (0, 0), (10, -3), (1e308, 1e308)])
def test_a_window_that_shows_nothing_is_passed_over(centre, width):
    values = gradient(top=4000, dtype=np.uint16)
    np.testing.assert_array_equal(read(values, WindowCenter=centre, WindowWidth=width), read(values))


def test_absurd_slopes_overflow_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(gradient(top=4000, dtype=np.uint16), RescaleSlope="1e306", RescaleIntercept="1e308").ndim == 2


@pytest.mark.parametrize("keyword", ["ModalityLUTSequence", "VOILUTSequence"])
def test_look_up_tables_hold_their_ends(keyword):
    values = np.repeat(np.array([[0, 9, 10, 11, 12, 13, 200]], np.uint16), 40, axis=0).repeat(10, axis=1)
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [4, 10, 16], [0, 100, 200, 1000]
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    if keyword == "ModalityLUTSequence":
        item.ModalityLUTType = "US"
    pixels = read(values, **{keyword: Sequence([item])})
    expected = [round(entry * 255 / 1000) for entry in (0, 0, 0, 100, 200, 1000, 1000)]
    assert pixels[5, ::10].tolist() == expected


def test_bits_that_are_not_stored_do_not_count():
    values = gradient(top=4095, dtype=np.uint16)
    overlay = values | (np.indices(values.shape).sum(0) % 2 << 15).astype(np.uint16)
    tags = dict(BitsStored=12, HighBit=11)
    expected = read(values)
    np.testing.assert_array_equal(read(overlay, **tags), expected)
    np.testing.assert_array_equal(read(overlay, syntax=uid.RLELossless, frame=run_lengths(overlay), **tags), expected)


@pytest.mark.parametrize("signed", [False, True])
def test_bits_may_be_stored_at_the_top(signed):
    values = gradient(top=4095, dtype=np.uint16) if not signed else gradient(top=4000, dtype=np.int16) - np.int16(2000)
    stored = (values.astype(np.uint16) << 4) | 0x000A
    tags = dict(BitsStored=12, HighBit=15, PixelRepresentation=int(signed), WindowCenter=500, WindowWidth=1500)
    expected = read(values, WindowCenter=500, WindowWidth=1500)
    np.testing.assert_array_equal(read(stored, **tags), expected)
    np.testing.assert_array_equal(read(stored, syntax=uid.RLELossless, frame=run_lengths(stored), **tags), expected)


def test_the_sign_is_the_highest_stored_bit():
    signed = gradient(top=4000, dtype=np.int16) - np.int16(2000)
    stored = signed.astype(np.uint16) & 0x0FFF
    assert stored.max() > 2047
    pixels = read(stored, BitsStored=12, HighBit=11, PixelRepresentation=1)
    np.testing.assert_array_equal(pixels, read(signed))


def test_padding_is_black_and_leaves_the_range_alone():
    values = gradient(top=1000, dtype=np.uint16) + np.uint16(1000)
    expected = read(values)
    values[:5] = 0
    pixels = read(values, PixelPaddingValue=0)
    assert not pixels[:5].any()
    assert np.abs(pixels[5:].astype(int) - expected[5:]).max() <= 40 and pixels.max() == 255
    inverted = read(values, PixelPaddingValue=0, PhotometricInterpretation="MONOCHROME1")
    assert not inverted[:5].any() and inverted[5, 0] == 255


def test_thirty_two_bits():
    values = gradient(top=3_000_000_000, dtype=np.uint32)
    assert np.abs(read(values) - gradient().astype(float)).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_run_lengths(dtype):
    values = gradient(top=200, dtype=dtype) // 20
    values[:20] = 7
    np.testing.assert_array_equal(read(values, syntax=uid.RLELossless, frame=run_lengths(values)), read(values))


def test_run_lengths_in_colour():
    values = np.dstack([gradient(), gradient()[::-1], gradient() // 2])
    np.testing.assert_array_equal(read(values, syntax=uid.RLELossless, frame=run_lengths(values)), read(values))


def test_run_lengths_cannot_grow_beyond_their_picture():
    bomb = bytes([1, 0, 0, 0, 64]) + bytes(59) + b"\x81\xff" * 500_000  # 64 million bytes for 2,400 pixels
    assert (read(gradient(), syntax=uid.RLELossless, frame=bomb) == 0).all()  # all of one value: nothing to scale


@pytest.mark.parametrize("syntax", [uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit])
def test_lossy_jpeg(syntax):
    pixels = read(gradient(), syntax=syntax, frame=compressed(gradient(), "JPEG", quality=95))
    assert np.abs(pixels.astype(int) - gradient()).max() <= 6


@pytest.mark.parametrize("dtype, top", [(np.uint8, 255), (np.uint16, 65535)])
def test_jpeg_2000(dtype, top):
    values = gradient(64, 64, top=top, dtype=dtype)
    frame = compressed(values, "JPEG2000")
    np.testing.assert_array_equal(read(values, syntax=uid.JPEG2000Lossless, frame=frame), read(values))


@pytest.mark.parametrize(
    "syntax, method",
    [
        (uid.HTJ2K, "High-Throughput"),
        (uid.MPEG2MPML, "MPEG2"),
        ("1.2.3.4.5", "an unknown method"),
    ],
)
def test_other_compression_is_named(syntax, method):
    with pytest.raises(BadInput, match=f"x.dcm is compressed with .*{method}.*export it uncompressed"):
        read(gradient(), syntax=uid.UID(syntax), frame=b"\xff\xd8\xff\xf7" + bytes(60))


@pytest.mark.parametrize("syntax", [uid.JPEGLossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless])
@pytest.mark.parametrize("dtype, bits", [(np.uint8, 8), (np.uint16, 12), (np.uint16, 16)])
def test_lossless_jpegs_are_their_pixels(syntax, dtype, bits):
    values = gradient(top=2**bits - 1, dtype=dtype)
    tags = dict(BitsStored=bits, HighBit=bits - 1)
    frame = lossless(values, syntax, bits)
    np.testing.assert_array_equal(read(values, syntax=syntax, frame=frame, **tags), read(values, **tags))


@pytest.mark.parametrize("syntax", [uid.JPEGLosslessSV1, uid.JPEGLSLossless])
def test_signed_values_in_a_lossless_jpeg(syntax):
    signed = gradient(top=4000, dtype=np.int16) - np.int16(2000)
    frame = lossless(signed.view(np.uint16) & 0x0FFF, syntax, 12)
    tags = dict(BitsStored=12, HighBit=11, PixelRepresentation=1)
    np.testing.assert_array_equal(read(signed, syntax=syntax, frame=frame, **tags), read(signed))


@pytest.mark.parametrize("syntax", [uid.JPEGLosslessSV1, uid.JPEGLSLossless])
def test_colours_in_a_lossless_jpeg(syntax):
    values = np.dstack([gradient(), gradient()[::-1], gradient() // 2])
    np.testing.assert_array_equal(read(values, syntax=syntax, frame=lossless(values, syntax, 8)), read(values))


def test_jpeg_of_twelve_bits():
    values = gradient(top=4095, dtype=np.uint16)
    tags = dict(BitsStored=12, HighBit=11)
    frame = imagecodecs.jpeg8_encode(values, level=95, bitspersample=12)
    pixels = read(values, syntax=uid.JPEGExtended12Bit, frame=frame, **tags)
    assert np.abs(pixels.astype(int) - read(values, **tags)).max() <= 2


@pytest.mark.parametrize(
    "name, plain",
    [
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("SC_rgb_jpeg_gdcm.dcm", "SC_rgb_rle.dcm"),
    ],
)
def test_files_of_other_programs_show_what_their_uncompressed_twins_show(name, plain):
    packed, raw = (Path(get_testdata_file(which, download=False)).read_bytes() for which in (name, plain))
    np.testing.assert_array_equal(read_dicom(packed, "x")[0], read_dicom(raw, "x")[0])


def test_a_damaged_lossless_jpeg_is_one_sentence():
    frame = lossless(gradient(), uid.JPEGLosslessSV1, 8)
    for bad in (frame[:30], b"\xff\xd8" + bytes(40), frame[:2] + b"\xff" * 40):
        with pytest.raises(BadInput, match="damaged"):
            read(gradient(), syntax=uid.JPEGLosslessSV1, frame=bad)
    other = lossless(gradient(80, 60), uid.JPEGLSLossless, 8)
    with pytest.raises(BadInput, match="damaged"):
        read(gradient(), syntax=uid.JPEGLSLossless, frame=other)


def test_luma_and_chroma_in_run_lengths_become_colours():
    colours = np.dstack([gradient(), gradient()[::-1], gradient() // 2])
    luma = convert_color_space(colours, "RGB", "YBR_FULL")
    pixels = read(luma, syntax=uid.RLELossless, frame=run_lengths(luma), PhotometricInterpretation="YBR_FULL")
    assert np.abs(pixels.astype(int) - read(colours)).max() <= 2


def test_one_bright_marker_does_not_make_the_rest_black():
    values = gradient(200, 300, top=1000, dtype=np.uint16)
    expected = read(values)
    values[:6, :20] = 65535
    pixels = read(values)
    assert (pixels[:6, :20] == 255).all()
    assert np.abs(pixels[10:].astype(int) - expected[10:]).max() <= 32 and np.ptp(pixels[10:]) > 200


LACKING = (
    "PhotometricInterpretation",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "SamplesPerPixel",
    "BitsAllocated",
)


@pytest.mark.parametrize("missing", [*((keyword,) for keyword in LACKING), LACKING])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_missing_follows_from_the_rest(missing, dtype):
    values = gradient(top=200, dtype=dtype)
    np.testing.assert_array_equal(read(values, **dict.fromkeys(missing)), read(values))


@pytest.mark.parametrize("representation, padding, written", [(1, -2000, 63536), (0, 63536, -2000)])
def test_padding_of_another_sign_is_padding(representation, padding, written):
    values = gradient(top=1000, dtype=np.int32) + 5
    values[:5] = padding
    values = values.astype(np.int16 if representation else np.uint16)
    data = dicom_bytes(values, PixelPaddingValue=0)
    at = data.index(b"\x28\x00\x20\x01") + 8
    pixels = read_dicom(data[:at] + (written & 0xFFFF).to_bytes(2, "little") + data[at + 2 :], "x.dcm")[0]
    assert not pixels[:5].any() and pixels[5:].max() == 255 and np.ptp(pixels[5:]) > 200


@pytest.mark.parametrize(
    "interpretation, shape, inverse",
    [
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "IDENTITY", True),
    ],
)
def test_a_presentation_turns_the_greys_round_once(interpretation, shape, inverse):
    tags = {"PhotometricInterpretation": interpretation} | ({"PresentationLUTShape": shape} if shape else {})
    np.testing.assert_array_equal(read(gradient(), **tags), 255 - gradient() if inverse else gradient())


def test_a_deflated_file_is_not_inflated():
    plain = dicom_bytes(gradient())
    start = plain.index(b"\x08\0\x05\0") if b"\x08\0\x05\0" in plain else plain.index(b"\x08\0\x16\0")
    squeezer = zlib.compressobj(wbits=-15)
    squeezed = squeezer.compress(plain[start:]) + squeezer.flush()
    old, new = uid.ExplicitVRLittleEndian.encode() + b"\0", uid.DeflatedExplicitVRLittleEndian.encode()
    head = plain[:start].replace(len(old).to_bytes(2, "little") + old, len(new).to_bytes(2, "little") + new)
    with pytest.raises(BadInput, match="deflated"):
        read_dicom(head + squeezed, "x.dcm")


def test_colour():
    values = np.dstack([gradient(), gradient()[::-1], gradient() // 2])
    pixels, colour = read_dicom(dicom_bytes(values), "x.dcm")
    assert colour
    np.testing.assert_array_equal(pixels, np.asarray(Image.fromarray(values).convert("L")))
    grey = np.dstack([gradient()] * 3)
    assert read_dicom(dicom_bytes(grey), "x.dcm")[1] is False


def test_palette_colour():
    tags = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name in ("Red", "Green", "Blue"):
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        tags[f"{name}PaletteColorLookupTableData"] = bytes(range(255, -1, -1))
    np.testing.assert_array_equal(read(gradient(), **tags), 255 - gradient())


@pytest.mark.parametrize(
    "options, sentence",
    [
        (dict(NumberOfFrames=5), "5 frames"),
        (dict(PixelData=None), "without a picture"),
        (dict(Rows=None), "without a picture"),
        (dict(Rows=30_000, Columns=30_000), "too large"),
        (dict(Rows=10, Columns=240), "too small"),
        (dict(Rows=41), "damaged"),
        (dict(BitsAllocated=12), "damaged"),
        (dict(BitsStored=20), "damaged"),
    ],
)
def test_refusals(options, sentence):
    with pytest.raises(BadInput, match=f"^x.dcm .*{sentence}"):
        read(gradient(), **options)


def test_the_sizes_in_and_around_a_compressed_picture_must_agree_before_it_is_decoded(monkeypatch):
    frame = bytearray(compressed(gradient(), "JPEG"))
    place = frame.index(b"\xff\xc0") + 5
    assert frame[place : place + 4] == bytes([0, 40, 0, 60])
    frame[place : place + 4] = (10_000).to_bytes(2, "big") * 2
    loaded = []
    monkeypatch.setattr(Image.Image, "load", lambda self: loaded.append(self.size))
    with pytest.raises(BadInput, match="damaged"):
        read(gradient(), syntax=uid.JPEGBaseline8Bit, frame=bytes(frame))
    assert not loaded


def test_no_tag_of_a_patient_is_read_or_told(caplog, capfd):
    assert {tag_for_keyword(keyword) >> 16 for keyword in TAGS_READ} == {0x0028, 0x2050, 0x7FE0}
    data = dicom_bytes(gradient())
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        told = []
        for end in range(132, len(data), 97):
            try:
                read_dicom(data[:end], "x.dcm")
            except BadInput as error:
                told.append(str(error))
                assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)
    assert told and not warned
    output = capfd.readouterr()
    everything = " ".join([*told, caplog.text, output.out, output.err])
    assert not any(secret in everything for secret in (PATIENT, PATIENT_ID, "Vermeulen", "Nowhere", "20240131"))
