"""Zips from strangers: honest ones are listed and unpacked byte by byte, hostile ones are one sentence."""

import io
import stat
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import BadInput
from captioner.images import zip_reader
from captioner.images.zip_reader import contents, is_zip, unpack

PNG = b"\x89PNG\r\n\x1a\n"


def packed(*entries, method=zipfile.ZIP_DEFLATED):
    """The bytes of a zip; an entry is `(name or ZipInfo, data)`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def entry(name, mode=0, system=3):
    found = zipfile.ZipInfo(name)
    found.create_system, found.external_attr = system, mode << 16
    return found


@pytest.fixture
def zipped(tmp_path):
    def write(*entries, data=None, **more):
        path = tmp_path / "studies.zip"
        path.write_bytes(packed(*entries, **more) if data is None else data)
        return path

    return write


def test_pictures_are_listed_and_unpacked_one_by_one(zipped, tmp_path):
    path = zipped(
        ("a/", b""),
        ("a/frontal.png", PNG + b"x" * 5000),
        ("a\\lateral.png", PNG + b"y"),  # as some programs of Windows write it
        ("b/IM0001", b"\0" * 128 + b"DICM" + b"z"),
        ("notes.txt", b"hello"),
        ("empty.png", b""),
        ("inner.zip", packed(("x.png", PNG))),
        ("more.tgz", b"\x1f\x8b\x08" + b"x"),
        ("__MACOSX/._frontal.png", b"\0\5\x16\7"),
        ("a/.DS_Store", b"x"),
        ("DICOMDIR", b"\0" * 128 + b"DICM"),
    )
    found = contents(path)
    assert is_zip(path) and found.pictures == ("a/frontal.png", "a/lateral.png", "b/IM0001")
    assert dict(found.left_out) == {
        "notes.txt": "not a picture",
        "empty.png": "not a picture",
        "inner.zip": "an archive within the archive",
        "more.tgz": "an archive within the archive",
    }
    assert found.size == 5008 + 9 + 133
    unpacked = unpack(path, "a/frontal.png", tmp_path)
    assert unpacked == tmp_path / "frontal.png" and unpacked.read_bytes() == PNG + b"x" * 5000
    with pytest.raises(BadInput, match="gone.png is no longer in studies.zip"):
        unpack(path, "a/gone.png", tmp_path)


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/x.png", "\\\\host\\x.png", "C:\\x.png", "a/.."])
def test_a_name_that_would_be_elsewhere_is_refused(zipped, name):
    with pytest.raises(BadInput, match="^studies.zip holds .* elsewhere: it is refused"):
        contents(zipped((name, PNG)))


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(zipped, mode):
    with pytest.raises(BadInput, match="a link or no plain file"):
        contents(zipped((entry("x.png", mode | 0o777), b"/etc/passwd")))


def test_plain_files_of_any_system_are_taken(zipped):
    path = zipped((entry("x.png", stat.S_IFREG | 0o644), PNG), (entry("y.png", 0xA000, system=0), PNG))
    assert contents(path).pictures == ("x.png", "y.png")  # the upper half means something else to DOS


def test_too_many_too_large_too_long_and_twice(zipped, monkeypatch):
    monkeypatch.setattr(zip_reader, "MOST_ENTRIES", 3)
    monkeypatch.setattr(zip_reader, "MOST_BYTES", 40_000)
    assert len(contents(zipped(*((f"{n}.png", PNG) for n in range(3)))).pictures) == 3
    with pytest.raises(BadInput, match="holds too many files: at most 3"):
        contents(zipped(*((f"{n}.png", PNG) for n in range(4))))
    with pytest.raises(BadInput, match="would unpack to more than"):
        contents(zipped(("a.png", PNG + bytes(30_000)), ("b.png", PNG + bytes(30_000))))
    for name in ("x" * 241 + ".png", "a/" * 12 + "x.png"):
        with pytest.raises(BadInput, match="too long a name or in too many folders"):
            contents(zipped((name, PNG)))
    with pytest.warns(UserWarning), pytest.raises(BadInput, match="holds x.png twice"):
        contents(zipped(("x.png", PNG), ("x.png", PNG)))


def test_a_directory_of_a_million_entries_is_refused_before_it_is_parsed(zipped, monkeypatch):
    whole = packed(("x.png", PNG))
    end = whole.rindex(b"PK\5\6")
    start = struct.unpack("<I", whole[end + 16 : end + 20])[0]
    directory = whole[start:end] * 40_000
    forged = whole[:start] + directory + whole[end : end + 12]
    forged += struct.pack("<II", len(directory), start) + whole[end + 20 :]
    monkeypatch.setattr(zipfile, "ZipInfo", None)  # none may be made
    with pytest.raises(BadInput, match="holds too many files"):
        contents(zipped(data=forged))


def test_what_the_directory_says_of_the_size_is_not_believed(zipped, tmp_path):
    whole = packed(("x.png", PNG + bytes(200_000)))
    forged = whole.replace(struct.pack("<I", 200_008), struct.pack("<I", 5000))  # of both headers
    assert forged != whole
    path = zipped(data=forged)
    assert contents(path).size == 5000
    with pytest.raises(BadInput, match="x.png is damaged in studies.zip"):
        unpack(path, "x.png", tmp_path)
    assert (tmp_path / "x.png").stat().st_size <= 5000


def test_a_bomb_costs_what_its_bound_allows(zipped, tmp_path, monkeypatch):
    monkeypatch.setattr(zip_reader, "MAX_BYTES", 10_000)
    path = zipped(("x.png", PNG + bytes(5_000_000)))
    assert contents(path).left_out == (("x.png", "more than 0 MB"),)
    with pytest.raises(BadInput, match="damaged"):
        unpack(path, "x.png", tmp_path)
    assert (tmp_path / "x.png").stat().st_size <= 10_000


def test_of_overlapping_entries_one_is_taken(zipped):
    """Many names for one packed piece (Fifield 2019)."""
    whole = packed(("a.png", PNG + bytes(900)))
    end = whole.rindex(b"PK\5\6")
    start = struct.unpack("<I", whole[end + 16 : end + 20])[0]
    directory = b"".join(whole[start:end].replace(b"a.png", b"%c.png" % letter) for letter in b"abcd")
    forged = whole[:start] + directory + whole[end : end + 8] + struct.pack("<HHII", 4, 4, len(directory), start)
    found = contents(zipped(data=forged + whole[end + 20 :]))
    assert found.pictures == ("a.png",)  # the name that stands before the piece, too
    assert found.left_out == tuple((f"{letter}.png", "damaged") for letter in "bcd")


def test_encrypted_and_strangely_packed_entries(zipped):
    whole = bytearray(packed(("x.png", PNG)))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        whole[whole.index(mark) + place] |= 1
    with pytest.raises(BadInput, match="encrypted: pack it again without a password"):
        contents(zipped(data=bytes(whole)))
    left_out = contents(zipped(("x.png", PNG), method=zipfile.ZIP_LZMA)).left_out
    assert left_out == (("x.png", "packed by a method that is not read here"),)


def test_what_is_no_zip_or_gone_is_one_sentence(zipped, tmp_path):
    for data in (b"", b"PK\3\4", b"PK\5\6" + bytes(10), PNG, packed(("x.png", PNG))[:-5]):
        with pytest.raises(BadInput, match="studies.zip"):
            contents(zipped(data=data))
    with pytest.raises(BadInput, match="no longer here"):
        contents(tmp_path / "gone.zip")


@given(st.data())
def test_damaged_bytes_are_an_answer_or_one_sentence(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    whole = bytearray(packed(("a/x.png", PNG + b"q" * 300), ("y.dcm", b"\0" * 128 + b"DICM"), ("z.txt", b"z")))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    whole = whole[: data.draw(st.integers(len(whole) // 2, len(whole)))]
    path = folder / "studies.zip"
    path.write_bytes(whole)
    try:
        for number, picture in enumerate(contents(path).pictures):
            (folder / str(number)).mkdir()
            file = unpack(path, picture, folder / str(number))
            assert file.parent == folder / str(number) and file.stat().st_size <= zip_reader.MAX_BYTES
    except BadInput as error:
        assert str(error).count("\n") == 0 and len(str(error)) < 300


# What writes the archive ends a name at a zero byte, and writes none without a name.
@given(st.text(min_size=1, max_size=40).filter(lambda name: name.split("\0")[0]))
def test_whatever_an_entry_is_called_nothing_is_written_elsewhere(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("named")
    path, own = folder / "studies.zip", folder / "own"
    own.mkdir()
    try:
        path.write_bytes(packed((name, PNG)))
    except (UnicodeEncodeError, ValueError):  # no zip can hold it
        return
    try:
        for picture in contents(path).pictures:
            assert unpack(path, picture, own).parent == own
    except BadInput as error:
        assert "studies.zip" in str(error)
    assert sorted(folder.iterdir()) == [own, path]
