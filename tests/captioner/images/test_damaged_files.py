"""Whatever bytes come, the answer is a study or one sentence: no other exception, no warning, no output, no hanging."""

import json
import os
import time
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom import uid
from pydicom.datadict import tag_for_keyword

from captioner.errors import BadInput
from captioner.images.study import Study, read_study
from tests.captioner.images.dicom_files import PATIENT, PATIENT_ID, compressed, dicom_bytes, gradient, run_lengths
from tests.captioner.images.test_raster import png, saved

NOISE = np.random.default_rng(0).integers(0, 256, (40, 48), np.uint8)
RGB = np.random.default_rng(1).integers(0, 256, (40, 48, 3), np.uint8)
SOUND = {
    "png": saved(NOISE),
    "png, 16 bits": saved(gradient(40, 48, 65_535, np.uint16)),
    "png, 16 bits, colour": png(RGB.astype(np.uint16) * 257, 2),
    "png, 16 bits, alpha": png(RGB[..., :2].astype(np.uint16) * 257, 4),
    "jpeg": saved(NOISE, "JPEG"),
    "jpeg, colour, progressive": saved(RGB, "JPEG", progressive=True),
    "tiff": saved(RGB, "TIFF"),
    "tiff, floats": saved(gradient(40, 48).astype(np.float32), "TIFF"),
    "webp": saved(RGB, "WEBP"),
    "bmp": saved(RGB, "BMP"),
    "gif": saved(NOISE, "GIF"),
    "dicom": dicom_bytes(gradient(40, 48, 4095, np.uint16), BitsStored=12, HighBit=11, WindowCenter=9, WindowWidth=99),
    "dicom, implicit, no preamble": dicom_bytes(NOISE, syntax=uid.ImplicitVRLittleEndian, preamble=False),
    "dicom, jpeg": dicom_bytes(NOISE, syntax=uid.JPEGBaseline8Bit, frame=compressed(NOISE, "JPEG")),
    "dicom, jpeg 2000": dicom_bytes(NOISE, syntax=uid.JPEG2000Lossless, frame=compressed(NOISE, "JPEG2000")),
    "dicom, run lengths": dicom_bytes(NOISE, syntax=uid.RLELossless, frame=run_lengths(NOISE)),
}
LONGEST = 5.0  # seconds for one small file; a sound one takes some milliseconds


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """Reads bytes as a file; returns True for a study and False for a sentence, and fails on anything else."""
    path = tmp_path_factory.mktemp("damaged") / "view.dat"

    def answer(data):
        path.write_bytes(data)
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                study = read_study(path)
            except BadInput as error:
                sentence = str(error)
                assert sentence.startswith("view.dat ") and sentence.endswith(".") and "\n" not in sentence
                assert PATIENT not in sentence and PATIENT_ID not in sentence
                sound = False
            else:
                pixels = study.frontal.pixels
                assert isinstance(study, Study) and pixels.dtype == np.uint8 and pixels.ndim == 2
                assert min(pixels.shape) >= 32 and pixels.size <= 64_000_000
                sound = True
        assert time.process_time() - start < LONGEST
        return sound

    return answer


@pytest.mark.parametrize("kind", SOUND)
def test_the_files_are_sound_before_they_are_damaged(answer, kind):
    assert answer(SOUND[kind])


@given(st.binary(max_size=600))
@example(b"\0" * 128 + b"DICM")
@example(b"\x08\0\x05\0CS\x0a\0ISO_IR 100")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(answer, data):
    answer(data)


@given(kind=st.sampled_from(sorted(SOUND)), data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_truncation(answer, kind, data):
    sound = SOUND[kind]
    answer(sound[: data.draw(st.integers(0, len(sound) - 1))])


def damaged(sound, random):
    """`sound` with up to eight changes: bytes overwritten, bits turned, runs doubled, removed or made alike."""
    data = bytearray(sound)
    for _ in range(random.integers(1, 9)):
        # Headers decide more than pixels, so half of the damage is there.
        reach = min(len(data), 400) if random.random() < 0.5 else len(data)
        if reach < 2:
            break
        start = int(random.integers(reach))
        end = min(len(data), start + int(random.integers(1, 17)))
        change = random.integers(6)
        if change < 2:
            data[start] = int(random.integers(256))
        elif change == 2:
            data[start] ^= 1 << int(random.integers(8))
        elif change == 3:
            data[start:end] = random.choice([b"\0", b"\xff", b"\x7f\xff"]) * (end - start)
        elif change == 4:
            data[start:start] = data[start:end]
        else:
            del data[start:end]
    return bytes(data)


@pytest.mark.parametrize("kind", SOUND)
def test_damaged_files(answer, kind):
    """CXR_FUZZ=20000 damages that many files in place of a short run's 40 a kind."""
    count = int(os.environ.get("CXR_FUZZ", 40 * len(SOUND))) // len(SOUND)
    random = np.random.default_rng(list(SOUND).index(kind))
    for number in range(count):
        data = damaged(SOUND[kind], random)
        try:
            answer(data)
        except Exception as error:
            pytest.fail(f"{kind}, file {number} ({json.dumps(data[:60].hex())}...): {error!r}")


def test_nothing_is_printed(answer, capfd):
    colours = SOUND["png, 16 bits, colour"]
    answer(colours[:-20] + b"\0" + colours[-19:])  # a wrong checksum
    tiff = bytearray(SOUND["tiff"])
    samples = tiff.index(b"\x15\x01\x03\0\x01\0\0\0") + 8
    tiff[samples : samples + 2] = b"\xff\xff"  # 65,535 samples a pixel
    answer(bytes(tiff))
    random = np.random.default_rng(99)
    for kind in SOUND:
        for _ in range(10):
            answer(damaged(SOUND[kind], random))
    output = capfd.readouterr()
    assert output.out == "" and output.err == ""


@pytest.mark.parametrize(
    "keyword", ["WindowCenter", "RescaleSlope", "NumberOfFrames", "PixelPaddingValue", "BitsStored"]
)
@pytest.mark.parametrize("value", [b"", b"  ", b"-1", b"1e400", b"nan", b"a\\b", b"1\\2\\3", b"\xff\xff\xff\xff"])
def test_nonsense_in_a_tag(answer, keyword, value):
    numbers = {
        "WindowCenter": "1234567",
        "RescaleSlope": "7654321",
        "NumberOfFrames": "1",
        "PixelPaddingValue": 300,
        "BitsStored": 16,
    }
    tags = {"WindowWidth": 400, "RescaleIntercept": 1, keyword: numbers[keyword]}
    data = dicom_bytes(gradient(40, 48, 4095, np.uint16), **tags)
    tag = tag_for_keyword(keyword)
    element = data.index((tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little"))
    length = int.from_bytes(data[element + 6 : element + 8], "little")
    answer(data[: element + 8] + value[:length].ljust(length) + data[element + 8 + length :])
