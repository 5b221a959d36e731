"""Maps as DICOM Parametric Maps: their numbers, their place, and when they are written; read back by pydicom."""

import importlib.util
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from explain.__main__ import main
from explain.dicom_output import REPORT, sources, write_objects
from explain.dicom_parametric_map import grid_geometry, has_frame, in_a_frame
from explain.heatmap import WHOLE, Extent
from tests.captioner.images.dicom_files import PATIENT_ID, dicom_bytes
from tests.explain import reported
from tests.explain.test_dicom_output import MODEL, STUDY, TAGS

needs_highdicom = pytest.mark.skipif(importlib.util.find_spec("highdicom") is None, reason="the extra dicom is missing")
FRAME = {
    "FrameOfReferenceUID": generate_uid(),
    "ImagePositionPatient": [10.0, 20.0, 30.0],
    "ImageOrientationPatient": [0.0, 1.0, 0.0, 0.0, 0.0, -1.0],  # rows run to the back, columns to the feet
    "PixelSpacing": [0.5, 0.25],
}


def tags(**more):
    dataset = Dataset()
    dataset.Rows, dataset.Columns, dataset.SOPInstanceUID = 60, 50, "1.2.3"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    return dataset


def test_where_a_grid_lies_worked_out_by_hand():
    # Cells of 15 x 12.5 pixels: the first one's middle is at row 7.0, column 5.75 (from the middle of the first pixel).
    position, spacing = grid_geometry(tags(**FRAME), (4, 4), WHOLE)
    assert spacing == (15 * 0.5, 12.5 * 0.25)
    np.testing.assert_allclose(position, [10, 20 + 5.75 * 0.25, 30 - 7.0 * 0.5])
    # Of the middle half of the picture: cells of 30 / 3 x 25 / 5 pixels, from row 15 and column 12.5 on.
    position, spacing = grid_geometry(tags(**FRAME), (3, 5), Extent(0.25, 0.25, 0.75, 0.75))
    assert spacing == (10 * 0.5, 5 * 0.25)
    np.testing.assert_allclose(position, [10, 20 + (12.5 + 2.5 - 0.5) * 0.25, 30 - (15 + 5 - 0.5) * 0.5])


def test_a_grid_of_the_picture_s_own_pixels_lies_on_them():
    position, spacing = grid_geometry(tags(**FRAME), (60, 50), WHOLE)
    assert spacing == pytest.approx((0.5, 0.25)) and position == pytest.approx(FRAME["ImagePositionPatient"])


@pytest.mark.parametrize("missing", FRAME)
def test_a_frame_that_is_not_whole_is_made_and_the_file_s_tags_stay(missing):
    known = tags(**{keyword: value for keyword, value in FRAME.items() if keyword != missing})
    before = known.to_json()
    made, again = in_a_frame(known), in_a_frame(known)
    assert not has_frame(known) and has_frame(made) and known.to_json() == before
    assert made.FrameOfReferenceUID == again.FrameOfReferenceUID != FRAME["FrameOfReferenceUID"]
    other = tags(SOPInstanceUID="1.2.4")
    assert in_a_frame(other).FrameOfReferenceUID != made.FrameOfReferenceUID  # a picture's own
    assert in_a_frame(tags(**FRAME)).FrameOfReferenceUID == FRAME["FrameOfReferenceUID"]


def test_spacing_is_the_detector_s_where_there_is_no_other():
    assert in_a_frame(tags(ImagerPixelSpacing=[0.2, 0.3])).PixelSpacing == [0.2, 0.3]
    assert in_a_frame(tags()).PixelSpacing == [1, 1]


@pytest.fixture
def files(tmp_path):
    """A frontal with a frame of reference, and a lateral without."""
    paths = []
    for name, more in (("frontal", FRAME), ("lateral", {})):
        uids = {"SeriesInstanceUID": generate_uid(), "SOPInstanceUID": generate_uid()}
        paths.append(tmp_path / f"{name}.dcm")
        values = np.arange(3000, dtype=np.uint16).reshape(60, 50)
        paths[-1].write_bytes(dicom_bytes(values, **uids, **TAGS, **more))
    return paths


def written(files, out, kind, **more):
    signed = reported.explanation(2, signed=True, method="grad-cam")
    explanation = replace(signed, **more)
    caption = reported.caption(texts=("left", "effusion"))
    paths = write_objects(out, sources(*files), MODEL, caption, explanation, None, kind)
    return explanation, {path.name: pydicom.dcmread(path) for path in paths if path.name != REPORT}


def numbers(dataset):
    return np.frombuffer(dataset.FloatPixelData, np.float32).reshape(dataset.Rows, dataset.Columns)


@needs_highdicom
def test_a_frame_of_reference_decides_and_can_be_overruled(files, tmp_path):
    modalities = {
        kind: {name: found.Modality for name, found in written(files, tmp_path / kind, kind)[1].items()}
        for kind in ("auto", "segmentation", "parametric")
    }
    names = [f"map-{view}-{number}.dcm" for view in ("frontal", "lateral") for number in ("01", "02")]
    assert modalities == {
        "auto": dict(zip(names, ("OT", "OT", "SEG", "SEG"))),
        "segmentation": dict.fromkeys(names, "SEG"),
        "parametric": dict.fromkeys(names, "OT"),
    }


@needs_highdicom
def test_the_numbers_are_the_method_s_own_and_lie_where_the_cells_do(files, tmp_path):
    extent = Extent(0.25, 0.25, 0.75, 0.75)
    explanation, found = written(files, tmp_path / "objects", "parametric", extent=extent)
    assert (explanation.maps < 0).any()
    for view, (path, name) in enumerate(zip(files, ("frontal", "lateral"))):
        source = pydicom.dcmread(path, stop_before_pixels=True)
        for word in range(2):
            made = found[f"map-{name}-{word + 1:02d}.dcm"]
            assert made.SOPClassUID == pydicom.uid.ParametricMapStorage
            np.testing.assert_array_equal(numbers(made), explanation.maps[word, view])
            shared, frame = made.SharedFunctionalGroupsSequence[0], made.PerFrameFunctionalGroupsSequence[0]
            position, spacing = grid_geometry(in_a_frame(source), (4, 4), extent)
            assert frame.PlanePositionSequence[0].ImagePositionPatient == pytest.approx(list(position))
            assert shared.PixelMeasuresSequence[0].PixelSpacing == pytest.approx(list(spacing))
            assert (
                shared.PlaneOrientationSequence[0].ImageOrientationPatient == in_a_frame(source).ImageOrientationPatient
            )
            assert made.FrameOfReferenceUID == in_a_frame(source).FrameOfReferenceUID
            (mapping,) = shared.RealWorldValueMappingSequence
            assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
            assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "1"
            derived = frame.DerivationImageSequence[0].SourceImageSequence[0]
            assert derived.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert len({made.FrameOfReferenceUID for made in found.values()}) == 2  # the maps of a picture lie in one frame


@needs_highdicom
def test_each_belongs_to_its_study_says_research_and_lacks_nothing(files, tmp_path):
    _, found = written(files, tmp_path / "objects", "parametric")
    # What has to be there and filled: type 1 of PS3.3 A.75, C.8.32.2, C.7.6.16, C.7.4.1 and C.7.6.24.
    whole = """
        SOPClassUID SOPInstanceUID Modality SeriesInstanceUID SeriesNumber FrameOfReferenceUID Manufacturer
        ManufacturerModelName DeviceSerialNumber SoftwareVersions ImageType InstanceNumber ContentDate
        ContentTime ContentLabel ContentQualification RecognizableVisualFeatures BurnedInAnnotation
        SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated FloatPixelData NumberOfFrames
        LossyImageCompression PresentationLUTShape SharedFunctionalGroupsSequence
        PerFrameFunctionalGroupsSequence DimensionOrganizationSequence DimensionIndexSequence
    """.split()
    for made in found.values():
        assert [keyword for keyword in whole if made.get(keyword) in (None, "")] == []
        assert "PositionReferenceIndicator" in made  # type 2 of C.7.4.1
        assert (made.StudyInstanceUID, made.PatientID, made.ContentQualification) == (STUDY, PATIENT_ID, "RESEARCH")
        assert made.SeriesDescription.startswith("RESEARCH") and made.ContentDescription.startswith("RESEARCH")
    assert len({made.SOPInstanceUID for made in found.values()}) == 4


@needs_highdicom
def test_a_map_of_nothing_is_still_one(files, tmp_path):
    maps = np.full((2, 2, 4, 4), np.nan, np.float32)
    _, found = written(files, tmp_path / "objects", "parametric", maps=maps)
    assert all((numbers(made) == 0).all() for made in found.values())


def test_the_command_names_the_kinds(files, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([*map(str, files), "--out", str(tmp_path / "r.html"), "--dicom", str(tmp_path), "--dicom-maps", "x"])
    assert "auto" in capsys.readouterr().err
