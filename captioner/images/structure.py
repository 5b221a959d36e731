"""Refuse a file by how it is built, before a decoder goes through its parts: many tiny ones cost more than their bytes.

What is refused here costs a few milliseconds. What gets past is stopped by the budget of its process
(`captioner.images.decoder_pool`), after seconds. Damage is not judged: a walk stops there, and the decoder says so.
"""

import struct

from captioner.errors import BadInput
from captioner.sentence import Sentence

MAX_PARTS = 10_000  # chunks, segments, blocks or strips beside those that hold pixels
MAX_NOTES = 2000  # blocks of a GIF's extensions, 255 bytes each: Pillow copies a comment anew for each of its blocks
IDAT, BLOCK = 4096, 128  # bytes of pixels that a PNG's chunk and a GIF's block have at the least, on average
MAX_VALUES = 1 << 17  # numbers under one tag of a TIFF: a strip for every row, or tiles of 32 x 32
MAX_TAGS = 1000
MAX_PACKETS = 2_000_000  # of a JPEG 2000: tiles, resolutions, components and quality layers multiplied


def check(data: bytes, format_name: str, name: str) -> None:
    """Refuse a file of absurdly many parts.

    Args:
        data: the file's bytes.
        format_name: as Pillow calls it.
        name: how the message names the file.

    Raises:
        BadInput: it has more parts than any picture needs.
    """
    walk = {"PNG": _png, "JPEG": _jpeg, "GIF": _gif, "TIFF": _tiff}.get(format_name)
    if walk is not None and not walk(data):
        raise BadInput(_refusal(name))


def check_jpeg_2000(data: bytes, name: str) -> None:
    """Refuse a JPEG 2000 codestream, or a JP2 file around one, of too many packets.

    Source: ISO/IEC 15444-1, annex A: SIZ (A.5.1) and COD (A.6.1).

    Raises:
        BadInput: tiles, resolutions, components and layers multiply to more than two million.
    """
    start = data.find(b"\xff\x4f\xff\x51")
    coding = data.find(b"\xff\x52", start + 4)
    if start < 0 or coding < 0 or len(data) < coding + 10:
        return
    width, height, left, top, tile_width, tile_height, tile_left, tile_top, components = struct.unpack(
        ">8IH", data[start + 8 : start + 42]
    )
    layers, levels = struct.unpack(">H", data[coding + 6 : coding + 8])[0], data[coding + 9]
    if not tile_width or not tile_height:
        return
    tiles = -(-(width - tile_left) // tile_width) * -(-(height - tile_top) // tile_height)
    if tiles * components * layers * (levels + 1) > MAX_PACKETS:
        raise BadInput(_refusal(name))


def _refusal(name: str) -> Sentence:
    return Sentence("{name} is built of far more parts than a picture needs: save it again as a plain PNG.", name=name)


def _png(data: bytes) -> bool:
    """Whether the chunks are few (PNG specification, section 5.3: length, type, body, checksum)."""
    others, place = 0, 8
    pixels_allowed = MAX_PARTS + len(data) // IDAT
    while place + 8 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if kind == b"IDAT":
            pixels_allowed -= 1
        else:
            others += 1
        if others > MAX_PARTS or pixels_allowed < 0:
            return False
        if kind == b"IEND":
            break
        place += length + 12
    return True


def _jpeg(data: bytes) -> bool:
    """Whether the segments before the first scan are few, and the fill bytes between them (ITU-T T.81, annex B.1)."""
    parts, place = 0, 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return True  # damaged: no marker where one must be
        marker = data[place + 1]
        parts += 1
        if parts > MAX_PARTS:
            return False
        if marker == 0xDA:  # the first scan
            return True
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD8:  # a fill byte, and markers without a body
            place += 1 if marker == 0xFF else 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return True


def _gif(data: bytes) -> bool:
    """Whether the blocks are few (GIF89a, sections 15 and 18 to 26)."""
    allowed, notes = MAX_PARTS + len(data) // BLOCK, MAX_NOTES
    place = 13 + (3 << ((data[10] & 7) + 1) if len(data) > 10 and data[10] & 0x80 else 0)
    while place < len(data):
        kind = data[place]
        if kind == 0x21:  # an extension: its label, then blocks
            place += 2
        elif kind == 0x2C and place + 9 < len(data):  # a picture: its own palette, the code size, then blocks
            flags = data[place + 9]
            place += 11 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
        else:
            return True
        while place < len(data) and data[place]:
            place += 1 + data[place]
            allowed -= 1
            notes -= kind == 0x21
            if allowed < 0 or notes < 0:
                return False
        place += 1
        allowed -= 1
        if allowed < 0:
            return False
    return True


def _tiff(data: bytes) -> bool:
    """Whether the tags are few, and the numbers under each (TIFF 6.0, section 2; BigTIFF has wider fields)."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    place, count_of, entry = ("Q", "Q", "HHQQ") if big else ("I", "H", "HHII")
    try:
        (start,) = struct.unpack_from(order + place, data, 8 if big else 4)
        seen = set()
        while start and start not in seen:
            seen.add(start)
            (tags,) = struct.unpack_from(order + count_of, data, start)
            if tags > MAX_TAGS or len(seen) > MAX_TAGS:
                return False
            first = start + struct.calcsize(order + count_of)
            size = struct.calcsize(order + entry)
            for number in range(tags):
                _, kind, values, _ = struct.unpack_from(order + entry, data, first + number * size)
                if values > MAX_VALUES and kind not in (1, 2, 6, 7):  # bytes and text may be notes or a colour profile
                    return False
            (start,) = struct.unpack_from(order + place, data, first + tags * size)
    except struct.error:
        return True  # cut off: the decoder says so
    return True
