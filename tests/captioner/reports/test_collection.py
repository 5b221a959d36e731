"""Both forms of the collection, and every damaged file refused by name."""

import cv2
import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.reports.collection import read_collection, split_of


def test_the_split_is_by_uid_and_stays():
    names = [split_of(str(uid)) for uid in range(1, 4001)]
    assert names == [split_of(str(uid)) for uid in range(1, 4001)]
    shares = {name: names.count(name) / 4000 for name in ("train", "val", "test")}
    assert shares["train"] == pytest.approx(0.8, abs=0.03)
    assert shares["val"] == pytest.approx(0.1, abs=0.02)


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 255, (40, 40), np.uint8))


@pytest.fixture
def csv_folder(tmp_path):
    (tmp_path / "indiana_reports.csv").write_text(
        "uid,MeSH,Problems,image,indication,comparison,findings,impression\n"
        '7,Opacity/lung/base/left;Cardiomegaly,Opacity;Cardiomegaly,x,,,"Lungs, clear.",1. Left base opacity.\n'
        "8,normal,normal,x,,,,\n9,normal,normal,x,,,,Normal chest.\n10,normal,normal,x,,,,XXXX.\n"
    )
    (tmp_path / "indiana_projections.csv").write_text(
        "uid,filename,projection\n7,7_IM-1-2001.dcm.png,Lateral\n7,7_IM-1-1001.dcm.png,Frontal\n8,8_IM-2-1001.dcm.png,Frontal\n"
        "9,9_IM-2-1001.dcm.png,Frontal\n10,10_IM-2-1001.dcm.png,Frontal\n"
    )
    for name in ("images/7_IM-1-1001.jpg", "images/7_IM-1-2001.dcm.png", "8_IM-2-1001.png", "10_IM-2-1001.png"):
        picture(tmp_path / name)
    return tmp_path


def test_the_csv_form(csv_folder):
    collection = read_collection(csv_folder)
    (report,) = collection.reports
    assert (report.uid, report.impression, report.findings) == ("7", "left base opacity .", "lungs clear .")
    assert report.problems == ("Opacity", "Cardiomegaly") and report.mesh == ("Opacity/lung/base/left", "Cardiomegaly")
    assert [path.name for path in report.frontal] == ["7_IM-1-1001.jpg"]
    assert [path.name for path in report.lateral] == ["7_IM-1-2001.dcm.png"]
    assert collection.dropped == {"without an impression": 2, "without a picture": 1}
    assert collection.summary() == "1 studies kept; dropped: 1 without a picture, 2 without an impression."


XML = """<?xml version="1.0" encoding="utf-8"?><eCitation><uId id="CXR{uid}"/><MedlineCitation><Article><Abstract>
<AbstractText Label="FINDINGS">Clear.</AbstractText>
<AbstractText Label="IMPRESSION">{impression}</AbstractText></Abstract>
</Article></MedlineCitation><MeSH><major>Opacity/lung/base/left</major></MeSH>
<parentImage id="CXR{uid}_{uid}_IM-0001-3001"/><parentImage id="CXR{uid}_IM-0001-4001"/></eCitation>"""


def test_the_xml_form(tmp_path):
    (tmp_path / "ecgen-radiology").mkdir()
    (tmp_path / "ecgen-radiology" / "1.xml").write_text(XML.format(uid=1, impression="1. Small nodule."))
    (tmp_path / "ecgen-radiology" / "2.xml").write_text(XML.format(uid=2, impression=""))
    (tmp_path / "ecgen-radiology" / "3.xml").write_text(XML.format(uid=3, impression="Normal."))
    picture(tmp_path / "png" / "CXR1_1_IM-0001-3001.png")
    collection = read_collection(tmp_path)
    (report,) = collection.reports
    assert (report.uid, report.impression, report.problems) == ("1", "small nodule .", ("Opacity",))
    assert [path.name for path in report.frontal + report.lateral] == ["CXR1_1_IM-0001-3001.png"]
    assert collection.dropped == {"without an impression": 1, "without a picture": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<eCitation>",
        b"\xff\xfe\x00",
        b"<eCitation/>",
        b'<eCitation><uId id="CXRone"/></eCitation>',
        b'<!DOCTYPE x [<!ENTITY a "b">]><eCitation/>',
    ],
)
def test_a_damaged_xml_report_is_named(tmp_path, content):
    (tmp_path / "5.xml").write_bytes(content)
    with pytest.raises(BadInput, match="5.xml"):
        read_collection(tmp_path)


@pytest.mark.parametrize(
    "name, content",
    [
        ("indiana_reports.csv", b""),
        ("indiana_reports.csv", b"uid,MeSH\n1,a\n"),
        ("indiana_reports.csv", b"\xff\xfe\x00"),
        ("indiana_reports.csv", b"uid,MeSH,Problems,findings,impression\n1,2,3,4,5,6,7\n"),
        ("indiana_reports.csv", b'uid,MeSH,Problems,findings,impression\n1,"2"x,3,4,5\n'),
        ("indiana_projections.csv", b"uid,filename,projection\n7,7_IM-1-1001.png,Oblique\n"),
    ],
)
def test_a_damaged_csv_is_named(csv_folder, name, content):
    (csv_folder / name).write_bytes(content)
    with pytest.raises(BadInput, match=name):
        read_collection(csv_folder)


def test_neither_form(tmp_path):
    with pytest.raises(BadInput):
        read_collection(tmp_path)
    with pytest.raises(BadInput):
        read_collection(tmp_path / "nowhere")


def test_the_real_collection(collection_folder):
    collection = read_collection(collection_folder)
    assert len(collection.reports) == 3257 and collection.dropped == {"without an impression": 31}
    assert {name: len(collection.split(name)) for name in ("train", "val", "test")} == {
        "train": 2623,
        "val": 325,
        "test": 309,
    }
