"""Archives from a stranger: known plain files come out, everything else is refused before it is written."""

import gzip
import io
import re
import struct
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.download.archive import LARGEST_READ, PICTURES, REPORTS, Contents, members, unpack
from captioner.errors import BadInput

SMALL = Contents(re.compile(r"(?:[\w.-]+/)?(\w+\.txt)"), max_members=5, largest=100, total=1000)


def tgz(*entries):
    """A packed archive; an entry is `(name, bytes)` or a TarInfo without content."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return raw.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def read(content, contents=SMALL):
    return list(members("some.tgz", io.BytesIO(content), contents))


def test_known_files_come_out_in_order_and_others_are_passed_over():
    content = tgz(special("folder", tarfile.DIRTYPE), ("folder/b.txt", b"two"), ("read.me", b"no"), ("a.txt", b"one"))
    assert read(content) == [("b.txt", b"two"), ("a.txt", b"one")]


@pytest.mark.parametrize("name", ["CXR162_IM-0401-1001.png", "./CXR1_1_IM-0001-3001.png", "png/CXR2_IM-0652-1001.png"])
def test_names_of_the_collection(name):
    assert read(tgz((name, b"x")), PICTURES) == [(name.rsplit("/", 1)[-1], b"x")]
    assert read(tgz(("ecgen-radiology/12.xml", b"x")), REPORTS) == [("12.xml", b"x")]


@pytest.mark.parametrize(
    "entry, told",
    [
        (special("a.txt", tarfile.SYMTYPE, "/etc/passwd"), "the link a.txt"),
        (special("a.txt", tarfile.LNKTYPE, "b.txt"), "the link a.txt"),
        (special("a.txt", tarfile.CHRTYPE), "a.txt, which is no plain file"),
        (special("a.txt", tarfile.FIFOTYPE), "a.txt, which is no plain file"),
        (("/a.txt", b""), "/a.txt, which would be written elsewhere"),
        (("../a.txt", b""), "../a.txt, which would be written elsewhere"),
        (("b/../../a.txt", b""), "would be written elsewhere"),
        (("..\\a.txt", b""), "would be written elsewhere"),
        (("a.txt", bytes(101)), "a.txt with 101 bytes"),
        (("other", bytes(1001)), "more than it may"),
    ],
)
def test_what_is_dangerous_is_refused_by_name(tmp_path, entry, told):
    (tmp_path / "some.tgz").write_bytes(tgz(("first.txt", b"1"), entry, ("last.txt", b"2")))
    with pytest.raises(BadInput, match="^some.tgz holds .*" + re.escape(told)):
        unpack(tmp_path / "some.tgz", tmp_path / "out", SMALL)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["first.txt", "some.tgz"]


def test_too_many_files_are_refused():
    with pytest.raises(BadInput, match="more than it may"):
        read(tgz(*[(f"f{number}", b"") for number in range(6)]))


def test_a_bomb_is_refused_before_it_fills_the_memory():
    # A header that announces a comment of 9 MB and more, and zeros without end behind the last file.
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, LARGEST_READ + 512
    comment = gzip.compress(info.tobuf() + bytes(LARGEST_READ + 2048))
    tail = gzip.compress(tarfile.TarInfo("a.txt").tobuf() + bytes(2 * LARGEST_READ))
    for content in (comment, tail):
        with pytest.raises(BadInput, match="damaged"):
            read(content)


def test_a_negative_size_does_not_go_round_for_ever():
    header = bytearray(tarfile.TarInfo("a.txt").tobuf())
    header[124:136] = struct.pack(">i", -1) + struct.pack(">q", -512)  # base-256, as GNU tar writes huge sizes
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    try:
        assert read(gzip.compress(bytes(header) + bytes(2048))) == []
    except BadInput:
        pass


def test_every_cut_is_noticed():
    content = tgz(("a.txt", bytes(range(100))), ("b.txt", b"two"))
    for length in range(len(content)):
        with pytest.raises(BadInput, match="damaged or cut off"):
            read(content[:length])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_never_passes_as_other_content(place, change):
    content = bytearray(tgz(("a.txt", bytes(range(100))), ("b.txt", b"two")))
    content[place % len(content)] ^= change
    try:
        found = read(bytes(content))
    except BadInput:
        return
    assert found == [("a.txt", bytes(range(100))), ("b.txt", b"two")]  # a byte of gzip's header that says nothing


def test_unpacking_replaces_files_of_the_same_name_and_leaves_others(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    (tmp_path / "out" / "a.txt").write_text("old")
    (tmp_path / "some.tgz").write_bytes(tgz(("a.txt", b"new")))
    written = []
    assert unpack(tmp_path / "some.tgz", tmp_path / "out", SMALL, written.append) == 1
    assert written == [3]
    found = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert found == {"a.txt": "new", "mine.txt": "mine"}
