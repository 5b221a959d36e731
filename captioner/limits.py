"""How large and how small a picture may be, and how a refusal names the file: the same rules for every format."""

import unicodedata
import warnings
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from captioner.errors import BadInput

MOST_PIXELS = 64_000_000  # a digital radiograph has 4 to 20 million, a film scanner's picture up to 40
LONGEST_SIDE = 16_384  # browsers draw nothing larger
SHORTEST_SIDE = 32
MOST_SCANNED_PIXELS = 1_000_000_000  # a progressive JPEG goes over its pixels some ten times; a malicious one for ever
MOST_BYTES = 160 << 20  # the largest picture allowed, at 16 bits a pixel without compression, and room for its header
LONGEST_NAME = 80

_one_decoder_at_a_time = Lock()


def shown_name(path):
    """The file's base name as it may stand in a message: no folders, no control characters, bounded in length.

    Characters of the Unicode categories "other" (controls, direction overrides, halves of surrogate pairs) and line
    separators are left out; a long name loses its middle.
    """
    kept = [mark for mark in Path(path).name if unicodedata.category(mark)[0] != "C" and mark not in "\u2028\u2029"]
    name = " ".join("".join(kept).split())
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME // 2]}…{name[-(LONGEST_NAME // 2 - 1) :]}"
    return name or "The file"


def check_size(rows, columns, name):
    """Refuse a picture by the size that its header states, before a pixel of it is decoded.

    Raises:
        BadInput: fewer than 32 pixels, or more than 16,384, along a side, or more than 64 million altogether.
    """
    if min(rows, columns) < SHORTEST_SIDE:
        raise BadInput(
            f"{name} is too small ({columns} x {rows} pixels): at least {SHORTEST_SIDE} x {SHORTEST_SIDE} are needed."
        )
    if max(rows, columns) > LONGEST_SIDE or rows * columns > MOST_PIXELS:
        raise BadInput(
            f"{name} is too large ({columns} x {rows} pixels): at most {LONGEST_SIDE} along a side and "
            f"{MOST_PIXELS // 1_000_000} million pixels are read."
        )


def check_scans(data, pixels, name):
    """Refuse a JPEG of so many scans that decoding it would take minutes.

    Args:
        data: the JPEG's bytes. The marker that opens a scan never occurs within one, so counting it counts scans.
        pixels: rows times columns.
        name: how the message names the file.

    Raises:
        BadInput: scans times pixels exceed a thousand million.
    """
    if data.count(b"\xff\xda") * pixels > MOST_SCANNED_PIXELS:
        raise BadInput(f"{name} is a JPEG of too many scans: save it again as a plain JPEG or PNG.")


@contextmanager
def decoding(name):
    """Run another library's decoder: whatever it raises on these bytes becomes one `BadInput`, its warnings go nowhere.

    Decoders promise no list of exceptions for damaged bytes (OSError, SyntaxError, struct.error, KeyError, ... are all
    seen), so everything is caught, and only calls into a decoder belong inside. The error is raised without its cause:
    a library's message may quote the file, and a DICOM file names a patient. One decoder runs at a time, to bound the
    memory, and because the filters of `warnings` are the whole process's.

    Raises:
        BadInput: the decoder failed, or raised it itself.
    """
    with _one_decoder_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except BadInput:
            raise
        except Exception:
            raise BadInput(f"{name} is damaged or cut off: it cannot be decoded.") from None
