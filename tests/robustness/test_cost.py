"""What a hostile picture may cost, whatever is multiplied in it: blocks, chunks, items, values, strips, layers.

`python -m pytest tests/robustness/test_cost.py -m "long or not long"` makes files of 8 MB and of the upload bound, too;
the ordinary suite makes each kind once, of 1 MB.
"""

import os
import resource
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from pydicom import uid

from captioner.images import decoder_pool, limits
from captioner.sentence import of_data
from tests.captioner.images.dicom_files import compressed, dicom_bytes, gradient
from tests.captioner.images.test_damaged_files import damaged
from tests.captioner.images.test_raster import saved
from tests.captioner.images.test_structure import chunk, tiff
from tests.robustness.server import seconds_of_processor

NOISE = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
MEGABYTE = 1 << 20
HEADER = struct.pack(">IIBBBBB", 8000, 8000, 8, 6, 0, 0, 0)


def element(tag, kind, value):
    """An element of a data set, explicit little endian."""
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + kind
    long = kind in (b"OB", b"OW", b"SQ", b"UN", b"UT")
    return head + (struct.pack("<HI", 0, len(value)) if long else struct.pack("<H", len(value) & 0xFFFE)) + value


def file(*elements):
    """A DICOM file of these elements before the pixels of a small picture."""
    sound = dicom_bytes(gradient(64, 64))
    pixels = sound.index(struct.pack("<HH", 0x0028, 0x0002))  # SamplesPerPixel: the first element of group 0028
    return sound[:pixels] + b"".join(elements) + sound[pixels:]


def long_value(keyword_tag, unit):
    """A file in implicit little endian, where a text may be as long as the file, with so many values under one tag."""

    def build(size):
        sound = dicom_bytes(gradient(64, 64), syntax=uid.ImplicitVRLittleEndian, preamble=False)
        value = unit * (size // len(unit))
        value += b" " * (len(value) % 2)
        place = sound.index(struct.pack("<HH", 0x0028, 0x0100))
        tag = struct.pack("<HH", keyword_tag >> 16, keyword_tag & 0xFFFF)
        return sound[:place] + tag + struct.pack("<I", len(value)) + value + sound[place:]

    return build


def many(unit, before=b"", after=b""):
    """`unit` as often as the size allows, between two other parts."""
    return lambda size: before + unit * max(1, (size - len(before) - len(after)) // len(unit)) + after


def items(size):
    return file(element(0x00180000 | 0x9999, b"SQ", b"\xfe\xff\x00\xe0\0\0\0\0" * (size // 8)))


def nested(size):
    start = b"\x18\0\x99\x99SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return file(start * (size // len(start)))


def fragments(size):
    sound = dicom_bytes(NOISE, syntax=uid.JPEGBaseline8Bit, frame=compressed(NOISE, "JPEG"))
    place = sound.rindex(b"\xfe\xff\xdd\xe0")
    return sound[:place] + b"\xfe\xff\x00\xe0\0\0\0\0" * (size // 8) + sound[place:]


def deep_png(size):
    """A few kilobytes that unpack to the largest picture in the widest type: a quarter of a gigabyte."""
    packer, packed = zlib.compressobj(9), []
    for _ in range(8000):
        packed.append(packer.compress(b"\0" * 32_001))
    body = b"".join(packed) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", HEADER) + chunk(b"IDAT", body) + chunk(b"IEND")


def packed(size):
    """What unpacks to fifty times as much, as a text and as a profile of a PNG have it."""
    return b"a\0\0" + zlib.compress(b"x" * size * 50)


def run_lengths_bmp(size):
    """A BMP of run lengths, a row's end after each pixel: Pillow walks through them in Python."""
    head = struct.pack("<IiiHHIIiiII", 40, 8000, 8000, 1, 8, 1, size, 0, 0, 256, 0)
    palette = bytes(range(256)) * 4
    offset = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + size, 0, 0, offset) + head + palette + b"\1\7\1\0" * (size // 4)


def jpeg_2000(size):
    """Many layers and tiles over random code blocks."""
    data = compressed(np.random.default_rng(1).integers(0, 256, (1400, 1400), np.uint8), "JPEG2000", tile_size=(32, 32))
    coding = data.index(b"\xff\x52")
    data = data[: coding + 6] + struct.pack(">H", 100) + data[coding + 8 :]
    return dicom_bytes(np.zeros((1400, 1400), np.uint8), syntax=uid.JPEG2000Lossless, frame=data[:size])


PNG = saved(NOISE)
JPEG = saved(NOISE, "JPEG")
GIF = saved(NOISE, "GIF")
SIDES = (256, 4, 1, 64), (257, 4, 1, 64)  # of a TIFF
WEBP = b"WEBPVP8X\x0a\0\0\0" + b"\0" * 10
HOSTILE = {
    "gif, comments of a byte": lambda size: (
        GIF[:13] + GIF[13:781] + b"!\xfe" + b"\1x" * (size // 2) + b"\0" + GIF[781:]
    ),
    "gif, full comments": lambda size: GIF[:781] + (b"!\xfe\xff" + b"x" * 255 + b"\0") * (size // 259) + GIF[781:],
    "gif, empty comments": lambda size: GIF[:781] + b"!\xfe\0" * (size // 3) + GIF[781:],
    "gif, comments at the end": lambda size: GIF[:-1] + b"!\xfe\1x\0" * (size // 5) + b";",
    "gif, pictures": lambda size: GIF[:-1] + (GIF[781:-1]) * (size // len(GIF[781:-1])) + b";",
    "png, empty chunks": lambda size: PNG[:33] + chunk(b"teSt") * (size // 12) + PNG[33:],
    "png, empty pixels": lambda size: PNG[:33] + chunk(b"IDAT") * (size // 12) + PNG[33:],
    "png, texts": lambda size: PNG[:33] + chunk(b"tEXt", b"a\0b") * (size // 15) + PNG[33:],
    "png, packed text": lambda size: PNG[:33] + chunk(b"zTXt", packed(size)) + PNG[33:],
    "png, packed profile": lambda size: PNG[:33] + chunk(b"iCCP", packed(size)) + PNG[33:],
    "png, deep": deep_png,
    "jpeg, comments": many(b"\xff\xfe\0\2", JPEG[:2], JPEG[2:]),
    "jpeg, fill bytes": many(b"\xff", JPEG[:2], JPEG[2:]),
    "jpeg, tables": many(b"\xff\xdb\0\x43\0" + b"\1" * 64, JPEG[:2], JPEG[2:]),
    "jpeg, profiles": many(b"\xff\xe2\0\x10ICC_PROFILE\0\1\1", JPEG[:2], JPEG[2:]),
    "jpeg, pictures behind it": lambda size: JPEG + JPEG * (size // len(JPEG)),
    "tiff, strips": lambda size: tiff(*SIDES, (273, 4, size // 4, 50)) + b"\0" * size,
    "tiff, bytes": lambda size: tiff(*SIDES, (999, 1, size, 50)) + b"\0" * size,
    "tiff, numbers": lambda size: tiff(*SIDES, (999, 12, size // 8, 50)) + b"\0" * size,
    "tiff, tags": lambda size: tiff(*[(999, 4, 1, 1)] * min(65_535, size // 12)),
    "bmp, run lengths": run_lengths_bmp,
    "webp, chunks": lambda size: b"RIFF" + struct.pack("<I", size) + WEBP + b"teSt\0\0\0\0" * (size // 8),
    "dicom, elements": lambda size: file(b"\x18\0\x99\x99UT\0\0\0\0\0\0" * (size // 12)),
    "dicom, short elements": lambda size: file(b"\x18\0\x99\x99CS\0\0" * (size // 8)),
    "dicom, items": items,
    "dicom, nested": nested,
    "dicom, fragments": fragments,
    "dicom, frames": long_value(0x00280008, b"1\\"),
    "dicom, windows": long_value(0x00281050, b"1\\"),
    "dicom, slopes": long_value(0x00281053, b"1.5\\"),
    "dicom, paddings": long_value(0x00280120, b"\1\0"),
    "dicom, a table": long_value(0x00281201, b"\1\0"),
    "dicom, jpeg 2000 of layers": jpeg_2000,
}


ALLOWED = {"ordinary": (3.0, 600 * MEGABYTE), "large": (10.0, 1500 * MEGABYTE)}


class Meter:
    """A worker that decodes one file after the other; the next takes its place when a file has ended it."""

    worker = None

    def cost(self, data):
        """What the worker used for a file: `(seconds of processor, bytes at the most)`."""
        if self.worker is None:
            self.worker, self.ended = decoder_pool.Worker(), children()
            self.worker.decode(BytesIO(b"x"), 1, "x", decoder_pool.ORDINARY)  # it is up
        process = self.worker.process.pid
        forget_most_memory(process)
        start, memory = seconds_of_processor(process), most_memory(process)
        budget = decoder_pool.ORDINARY if len(data) <= decoder_pool.LARGE_FILE else decoder_pool.LARGE
        try:
            answer, pixels = self.worker.decode(BytesIO(data), len(data), "x", budget)
        except decoder_pool.WorkerEnded:
            ended = self.ended
            self.close()
            return children() - ended - start, memory + budget.memory  # the system gave it no more
        assert pixels is not None or of_data(answer["refused"]).said().endswith(".")
        return seconds_of_processor(process) - start, most_memory(process)

    def close(self):
        if self.worker is not None:
            self.worker.close()
            self.worker = None


@pytest.fixture(scope="module")
def meter():
    meter = Meter()
    yield meter
    meter.close()


def forget_most_memory(process):
    """Have a living process's most memory counted from now on (proc(5), clear_refs)."""
    with open(f"/proc/{process}/clear_refs", "w", encoding="ascii") as told:
        told.write("5")


def children():
    """Seconds of processor that the children of this process have used that are no more."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def most_memory(process):
    """The most bytes that a living process has held so far."""
    with open(f"/proc/{process}/status", encoding="ascii") as told:
        return next(int(line.split()[1]) << 10 for line in told if line.startswith("VmHWM"))


@pytest.mark.parametrize(
    "size", [MEGABYTE, *(pytest.param(size, marks=pytest.mark.long) for size in (8 * MEGABYTE - 16384, 158 * MEGABYTE))]
)
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_hostile_picture_costs_more_than_its_budget(meter, kind, size, record_property):
    data = HOSTILE[kind](size)
    assert len(data) <= limits.MAX_BYTES
    used, memory = meter.cost(data)
    record_property("cost", f"{kind}, {len(data) / MEGABYTE:.1f} MB: {used:.2f} s, {memory / MEGABYTE:.0f} MB")
    print(f"{kind}, {len(data) / MEGABYTE:.1f} MB: {used:.2f} s of processor, {memory / MEGABYTE:.0f} MB")
    most, largest = ALLOWED["ordinary" if len(data) <= decoder_pool.LARGE_FILE else "large"]
    assert used <= most and memory <= largest


@pytest.mark.parametrize("times", [20, pytest.param(int(os.environ.get("CXR_FUZZ", 400)), marks=pytest.mark.long)])
def test_no_mixture_of_them_does(meter, times):
    """Two kinds of the same format, cut somewhere and put together, and bytes changed where the headers are."""
    numbers = np.random.default_rng(times)
    kinds = sorted(HOSTILE)
    for _ in range(times):
        first = HOSTILE[kinds[numbers.integers(len(kinds))]](1 << int(numbers.integers(10, 20)))
        second = HOSTILE[kinds[numbers.integers(len(kinds))]](1 << int(numbers.integers(10, 20)))
        data = (
            first[: numbers.integers(len(first))] * int(numbers.integers(1, 4))
            + second[numbers.integers(len(second)) :]
        )
        used, memory = meter.cost(damaged(data, numbers)[: decoder_pool.LARGE_FILE])
        assert used <= 3 and memory <= 600 * MEGABYTE


HONEST = {
    "png, 16 bits": lambda values: saved(values),
    "tiff, 16 bits": lambda values: saved(values, "TIFF"),
    "jpeg": lambda values: saved((values >> 4).astype(np.uint8), "JPEG"),
    "dicom, 16 bits": lambda values: dicom_bytes(values),
    "dicom, jpeg 2000, 16 bits": lambda values: dicom_bytes(
        values, syntax=uid.JPEG2000Lossless, frame=compressed(values, "JPEG2000")
    ),
}


@pytest.mark.parametrize("kind", HONEST)
@pytest.mark.parametrize("side", [1000, pytest.param(8000, marks=pytest.mark.long)])
def test_an_honest_picture_of_any_size_that_is_read_here_is_within_its_budget(kind, side):
    """8,000 x 8,000: 64 million pixels, with the noise of a detector."""
    noise = np.random.default_rng(0).integers(0, 64, (side, side), np.uint16)
    values = np.add.outer(np.linspace(0, 2000, side), np.linspace(0, 2000, side)).astype(np.uint16) + noise
    data = HONEST[kind](values)
    pool = decoder_pool.DecoderPool()
    try:
        pixels, _ = pool.read(BytesIO(data), len(data), "x")
    finally:
        pool.close()
    assert pixels.shape == values.shape and np.ptp(pixels) > 200
