"""To which study a DICOM file says that it belongs, told from its first bytes without reading it as DICOM.

Files are put together before any of them is decoded, hundreds at a time and from strangers: so no parser runs here.
The element (0020,000D), the Study Instance UID, is looked for as the bytes that a little-endian file writes it with
(PS3.5 section 7.1); what is found only proposes, and the files' own words decide when they are decoded.
"""

import hashlib
import re

BEGINNING = 1 << 16  # bytes in which it is looked for: it comes before pixels, and after little else
LONGEST = 64  # characters of a UID (PS3.5 section 9.1), padded to an even length with a zero byte

_TAG = re.escape(b"\x20\x00\x0d\x00")
_UID = rb"((?:\d+\.)+\d+)\x00?"
_EXPLICIT = re.compile(_TAG + rb"UI([\x00-\xff])\x00" + _UID, re.DOTALL)
_IMPLICIT = re.compile(_TAG + rb"([\x00-\xff])\x00\x00\x00" + _UID, re.DOTALL)


def study_in(beginning: bytes) -> str | None:
    """The study of a DICOM file.

    Args:
        beginning: its first bytes; no more than BEGINNING are looked at.

    Returns:
        16 digits that tell the files of one study from those of another and nothing else, as
        `captioner.images.dicom_statement.Statement.study`; None where no study is found.
    """
    for pattern in (_EXPLICIT, _IMPLICIT):
        for match in pattern.finditer(beginning[:BEGINNING]):
            length, uid = match[1][0], match[2]
            if length == len(uid) + len(uid) % 2 and len(uid) <= LONGEST:
                return digest(uid.decode("ascii"))
    return None


def digest(uid: str) -> str:
    """16 digits in place of a UID, which may lead to a patient."""
    return hashlib.sha256(uid.encode()).hexdigest()[:16]
