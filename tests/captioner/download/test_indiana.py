"""The collection from its publisher's address, played by a local server."""

import io
import tarfile

import cv2
import numpy as np
import pytest

from captioner.download.indiana import PICTURES, REPORTS, download
from captioner.errors import BadInput
from tests.captioner.download.misbehaving_server import BREAK, NO_LENGTH, SHORTER, STALL, Server

RNG = np.random.default_rng(3)
PICTURE = cv2.imencode(".png", RNG.integers(0, 256, (40, 40), np.uint8))[1].tobytes()
STUDIES = {1: 2, 2: 1, 3: 2, 4: 3, 5: 2, 6: 2}  # uid -> number of pictures; study 6 has no impression


def pictures_of(uid):
    return [f"CXR{uid}_IM-{uid:04}-{number}001" for number in range(1, STUDIES[uid] + 1)]


def report(uid):
    pictures = "".join(f'<parentImage id="{name}"/>' for name in pictures_of(uid))
    impression = "" if uid == 6 else "No invented finding."
    return (
        f'<?xml version="1.0"?><eCitation><uId id="CXR{uid}"/><MedlineCitation><Article><Abstract>'
        f'<AbstractText Label="IMPRESSION">{impression}</AbstractText></Abstract></Article></MedlineCitation>'
        f"<MeSH><major>normal</major></MeSH>{pictures}</eCitation>"
    ).encode()


def tgz(files):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return raw.getvalue()


# The order of the real archive is not that of the studies: a study's pictures lie apart.
ORDER = [(number, uid) for number in range(3) for uid in STUDIES if number < STUDIES[uid]]
PICTURE_FILES = [(f"{pictures_of(uid)[number]}.png", PICTURE) for number, uid in ORDER]
LATE = ("CXR9999_IM-1.png", RNG.bytes(3_000_000))  # most of the archive lies behind the studies that are wanted
FILES = {
    PICTURES: tgz([*PICTURE_FILES, LATE]),
    REPORTS: tgz([(f"ecgen-radiology/{uid}.xml", report(uid)) for uid in STUDIES]),
}


@pytest.fixture
def server():
    server = Server(FILES)
    yield server
    server.close()


@pytest.fixture
def get(server, tmp_path):
    def get(examples=None, out=tmp_path / "data", address=server.address):
        return download(out, examples, address, patience=0.3, pause=0.001)

    return get


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_everything_is_fetched_unpacked_and_not_fetched_again(server, get, tmp_path):
    out = tmp_path / "data"
    done = get()
    assert (done.pictures, done.reports) == (len(PICTURE_FILES) + 1, len(STUDIES))
    assert names(out) == [PICTURES, PICTURES + ".json", REPORTS, REPORTS + ".json", "ecgen-radiology", "images"]
    assert names(out / "ecgen-radiology") == [f"{uid}.xml" for uid in STUDIES]
    assert (out / "images" / PICTURE_FILES[0][0]).read_bytes() == PICTURE
    asked = len(server.asked)
    assert get() == done and len(server.asked) == asked


def test_breaks_in_the_middle_cost_only_the_rest(server, get):
    server.script = [(None, 0), (BREAK, 1_000_000), (STALL, 1_000_000)]
    assert get().pictures == len(PICTURE_FILES) + 1
    assert [asked for name, asked in server.asked if name == PICTURES] == [None, "bytes=1000000-", "bytes=2000000-"]


def test_half_an_archive_behind_a_lying_length_is_removed_again(server, get, tmp_path):
    server.script = [(None, 0), (SHORTER, 1_000_000)]
    with pytest.raises(BadInput, match=f"{PICTURES} is damaged or cut off.*another run fetches it anew"):
        get()
    assert PICTURES not in names(tmp_path / "data")
    assert get().pictures == len(PICTURE_FILES) + 1


def test_an_archive_with_a_link_is_refused(server, get, tmp_path):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        info = tarfile.TarInfo("CXR1_IM-0001-1001.png")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    server.files[PICTURES] = raw.getvalue()
    with pytest.raises(BadInput, match="holds the link"):
        get()
    assert not list((tmp_path / "data" / "images").iterdir())


@pytest.mark.parametrize("count, uids", [(1, {"1"}), (2, {"1", "3"}), (3, {"1", "3", "5"}), (9, {"1", "3", "5"})])
def test_examples_are_whole_studies_with_two_pictures(server, get, tmp_path, count, uids):
    out = tmp_path / "data"
    done = get(count)
    assert (done.pictures, done.reports) == (2 * len(uids), len(uids))
    assert {path.stem for path in (out / "ecgen-radiology").iterdir()} == uids
    assert names(out / "images") == sorted(f"{name}.png" for uid in uids for name in pictures_of(int(uid)))
    assert names(out) == [REPORTS, REPORTS + ".json", "ecgen-radiology", "images"]


def test_examples_stop_the_stream_long_before_its_end(server, get, tmp_path):
    server.script = [(None, 0), (STALL, 100_000)]  # only the front of the archive ever comes
    assert get(2).reports == 2


def test_examples_survive_a_break(server, get, tmp_path):
    cut = len(tgz(PICTURE_FILES[:6]))
    server.script = [(None, 0), (BREAK, cut), (BREAK, cut)]
    assert get(3).reports == 3


def test_examples_from_a_server_that_keeps_breaking_off(server, get, tmp_path):
    server.script = [(None, 0)] + [(BREAK, 2000)] * 9
    with pytest.raises(BadInput, match="keeps breaking off, after 0 of 2 studies"):
        get(2)
    assert names(tmp_path / "data") == [REPORTS, REPORTS + ".json"]


def test_a_cut_archive_without_a_length_is_noticed(server, get):
    server.files[PICTURES] = FILES[PICTURES][:1000]
    server.script = [(None, 0), (NO_LENGTH, 0)]
    with pytest.raises(BadInput, match="damaged or cut off"):
        get(3)


def test_no_network_and_no_room_are_one_sentence(get, tmp_path):
    for examples in (None, 2):
        with pytest.raises(BadInput, match=r"^127.0.0.1 cannot be reached \(.*\): is there a network\?$"):
            get(examples, address="http://127.0.0.1:9/")  # the discard port, where nothing listens
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="file cannot be written"):
        get(out=tmp_path / "file")


@pytest.mark.parametrize("count", [0, -1])
def test_a_number_of_examples_below_one_is_refused(get, count):
    with pytest.raises(BadInput, match="at least 1"):
        get(count)
