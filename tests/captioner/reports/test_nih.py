"""The boxed collection in both of its layouts, its split by patient, and tables that are damaged."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import BadInput
from captioner.reports.nih import Box, is_nih, read_nih, split_of_patient

HEADER = "image,view,position,patient,age,sex,labels,side,boxes,device_by_eye\n"


def _picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.arange(64, dtype=np.uint8).reshape(8, 8))


def _table(folder, *rows):
    (folder / "labels.csv").write_text(HEADER + "".join(row + "\n" for row in rows))
    for row in rows:
        _picture(folder / "images" / row.split(",")[0])
    return folder


def test_the_table_beside_the_pictures(tmp_path):
    _table(
        tmp_path,
        'a_001.jpg,Frontal,PA,7,61,F,effusion;mass,left,"0.5,0.6,0.9,0.8 effusion;0.1,0.2,0.3,0.4 mass",clips',
        "b_000.jpg,Frontal,AP,8,,M,normal,,,no",
        "c_000.jpg,Lateral,,9,50,M,normal,,,",
    )
    first, second = read_nih(tmp_path)
    assert is_nih(tmp_path)
    assert first.boxes == (Box("effusion", 0.5, 0.6, 0.9, 0.8), Box("mass", 0.1, 0.2, 0.3, 0.4))
    assert (first.patient, first.position, first.age, first.sex) == ("7", "PA", 61, "F")
    assert (first.sides, first.device, first.labels) == ({"left"}, True, {"effusion", "mass"})
    assert (second.age, second.sides, second.device, second.labels) == (None, frozenset(), False, {"normal"})


def test_the_layout_of_the_release(tmp_path):
    _picture(tmp_path / "images_001" / "images" / "00000013_005.png")
    (tmp_path / "Data_Entry_2017_v2020.csv").write_text(
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n"
        "00000013_005.png,Infiltration|Pleural_Thickening,5,13,060Y,M,AP\n"
        "00000014_000.png,No Finding,0,14,20,F,PA\n"
    )
    (tmp_path / "BBox_List_2017.csv").write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000013_005.png,Infiltrate,256,512,128,64,,,\n"
    )
    (only,) = read_nih(tmp_path)
    assert only.boxes == (Box("infiltration", 0.25, 0.5, 0.375, 0.5625),)
    assert (only.labels, only.age, only.position) == ({"infiltration", "pleural thickening"}, 60, "AP")


@pytest.mark.parametrize(
    "boxes",
    ["0.5,0.6,0.9 effusion", "0.5,0.6,0.4,0.8 effusion", "0,0,1.2,1 mass", "0,0,1,1 zebra", "nan,0,1,1 mass", "x"],
)
def test_a_box_that_is_none_is_named_with_its_picture(tmp_path, boxes):
    _table(tmp_path, f'a_001.jpg,Frontal,PA,7,61,F,effusion,left,"{boxes}",')
    with pytest.raises(BadInput, match="a_001.jpg"):
        read_nih(tmp_path)


def test_a_folder_without_the_collection_says_what_is_missing(tmp_path):
    with pytest.raises(BadInput, match="labels.csv"):
        read_nih(tmp_path)
    (tmp_path / "labels.csv").write_text(HEADER + "a.jpg,Frontal,PA,7,61,F,,,,\n")
    with pytest.raises(BadInput, match="none of its pictures"):
        read_nih(tmp_path)


def test_the_split_is_of_the_patient_and_about_60_20_20():
    splits = [split_of_patient(str(number)) for number in range(5000)]
    shares = {name: splits.count(name) / len(splits) for name in ("train", "val", "test")}
    assert shares == pytest.approx({"train": 0.6, "val": 0.2, "test": 0.2}, abs=0.02)
    assert splits == [split_of_patient(str(number)) for number in range(5000)]


@given(st.text(max_size=60))
def test_any_text_in_the_column_of_boxes_is_read_or_refused(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("nih")
    clean = text.replace('"', "").replace("\x00", "").replace("\r", "").replace("\n", "")
    _table(folder, f'a_001.jpg,Frontal,PA,7,61,F,effusion,left,"{clean}",')
    try:
        (read,) = read_nih(folder)
    except BadInput:
        return
    assert all(0 <= box.left < box.right and 0 <= box.top < box.bottom for box in read.boxes)
