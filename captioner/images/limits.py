"""How large and how small a picture may be, and how a refusal names the file: the same rules for every format."""

import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from captioner.errors import BadInput
from captioner.sentence import Sentence

MAX_PIXELS = 64_000_000  # a digital radiograph has 4 to 20 million, a film scanner's picture up to 40
LONGEST_SIDE = 16_384  # browsers draw nothing larger
SHORTEST_SIDE = 32
MAX_SCANNED_PIXELS = 1_000_000_000  # a progressive JPEG goes over its pixels some ten times; a malicious one for ever
MAX_BYTES = 160 << 20  # the largest picture allowed, at 16 bits per pixel without compression, and room for its header
LONGEST_NAME = 80
QUICK_JPEG_2000 = 8_000_000  # pixels; more of them take longer than any other format

_slow_allowed = True


class SlowPicture(BadInput):
    """The picture is one that takes long, and the budget that it is decoded within is for quick ones."""


def set_slow_allowed(allowed: bool) -> None:
    """Whether pictures that take long are decoded from now on in this process, or raise SlowPicture."""
    global _slow_allowed
    _slow_allowed = allowed


def check_slow_jpeg_2000(pixels: int, name: str) -> None:
    """Refuse a large JPEG 2000 where only quick pictures are decoded, see `set_slow_allowed`.

    Raises:
        SlowPicture: it has more than `QUICK_JPEG_2000` pixels.
    """
    if pixels > QUICK_JPEG_2000 and not _slow_allowed:
        raise SlowPicture(too_costly(name))


def damaged(name: str) -> Sentence:
    """The sentence for bytes that no decoder makes a picture of."""
    return Sentence("{name} is damaged or cut off: it cannot be decoded.", name=name)


def too_costly(name: str) -> Sentence:
    """The sentence for a picture that goes beyond its budget of time or memory."""
    return Sentence(
        "{name} takes more time or memory to decode than an X-ray may: save it again as a plain PNG or JPEG.", name=name
    )


def shown_name(path: str | Path) -> str:
    """The file's base name as it may appear in a message: no folders, no control characters, bounded in length.

    Characters of the Unicode categories "other" (controls, direction overrides, halves of surrogate pairs) and line
    separators are left out; a long name loses its middle.
    """
    kept = [mark for mark in Path(path).name if unicodedata.category(mark)[0] != "C" and mark not in "\u2028\u2029"]
    name = " ".join("".join(kept).split())
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME // 2]}…{name[-(LONGEST_NAME // 2 - 1) :]}"
    return name or Sentence("The file")


def check_size(rows: int, columns: int, name: str) -> None:
    """Refuse a picture by the size that its header states, before a pixel of it is decoded.

    Raises:
        BadInput: fewer than 32 pixels, or more than 16,384, along a side, or more than 64 million altogether.
    """
    if min(rows, columns) < SHORTEST_SIDE:
        raise BadInput(
            Sentence(
                "{name} is too small ({columns} x {rows} pixels): at least {least} x {least} are needed.",
                name=name,
                columns=columns,
                rows=rows,
                least=SHORTEST_SIDE,
            )
        )
    if max(rows, columns) > LONGEST_SIDE or rows * columns > MAX_PIXELS:
        raise BadInput(
            Sentence(
                "{name} is too large ({columns} x {rows} pixels): at most {longest} along a side and {millions} "
                "million pixels are read.",
                name=name,
                columns=columns,
                rows=rows,
                longest=LONGEST_SIDE,
                millions=MAX_PIXELS // 1_000_000,
            )
        )


def check_scans(data: bytes, pixels: int, name: str) -> None:
    """Refuse a JPEG of so many scans that decoding it would take minutes.

    Args:
        data: the JPEG's bytes. The marker that opens a scan never occurs within one, so counting it counts scans.
        pixels: rows times columns.
        name: how the message names the file.

    Raises:
        BadInput: scans times pixels exceed a thousand million.
    """
    if data.count(b"\xff\xda") * pixels > MAX_SCANNED_PIXELS:
        raise BadInput(Sentence("{name} is a JPEG of too many scans: save it again as a plain JPEG or PNG.", name=name))


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Run another library's decoder: whatever it raises on these bytes becomes one `BadInput`, its warnings go nowhere.

    Decoders promise no list of exceptions for damaged bytes (OSError, SyntaxError, struct.error, KeyError, ... are all
    seen), so everything is caught, and only calls into a decoder belong inside. The error is raised without its cause:
    a library's message may quote the file, and a DICOM file names a patient. The filters of `warnings` are the whole
    process's: one decoder at a time runs in a process (`captioner.images.decoder_worker`).

    Raises:
        BadInput: the decoder failed, or raised it itself.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except BadInput:
            raise
        except MemoryError:
            raise BadInput(too_costly(name)) from None
        except Exception:
            raise BadInput(damaged(name)) from None
