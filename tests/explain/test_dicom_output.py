"""DICOM objects of maps and impressions, written and read back: by pydicom, and by highdicom's own readers."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from captioner.errors import BadInput
from explain import dicom_output, heatmap
from explain.__main__ import main
from explain.dicom_output import sources, write_objects
from tests.captioner.images.dicom_files import PATIENT, PATIENT_ID, dicom_bytes
from tests.explain import reported

STUDY = generate_uid()
TAGS = {
    "StudyInstanceUID": STUDY,
    "AccessionNumber": "A1",
    "StudyID": "7",
    "StudyTime": "101500",
    "PatientBirthDate": "19500101",
    "PatientSex": "F",
    "ReferringPhysicianName": "",
}
MODEL = SimpleNamespace(name="attention", config={"files": {"model.safetensors": "ab" * 32, "vocabulary.json": "c"}})
highdicom = pytest.mark.skipif(importlib.util.find_spec("highdicom") is None, reason="the extra dicom is not installed")


@pytest.fixture
def files(tmp_path):
    """A frontal of 50 x 60 and a lateral of 40 x 48 pixels, of one study and patient."""
    paths = []
    for name, shape in (("frontal", (60, 50)), ("lateral", (48, 40))):
        values = np.arange(shape[0] * shape[1], dtype=np.uint16).reshape(shape)
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(dicom_bytes(values, SeriesInstanceUID=generate_uid(), SOPInstanceUID=generate_uid(), **TAGS))
        paths.append(path)
    return paths


def written(files, out, **more):
    texts = ("left", "effusion", ".")
    return write_objects(
        out,
        sources(*files),
        MODEL,
        more.get("caption", reported.caption(texts=texts)),
        more.get("explanation", reported.explanation(3)),
        more.get("findings", reported.findings()),
    )


def test_of_mended_pictures_no_objects_are_written(files, tmp_path, capsys):
    out, objects = tmp_path / "report.html", tmp_path / "objects"
    arguments = [*map(str, files), "--out", str(out), "--dicom", str(objects), "--mend", "frontal: invert"]
    assert main(arguments) == 2 and not objects.exists() and not out.exists()
    assert "belong to the files as they are" in capsys.readouterr().err


@highdicom
def test_a_map_lies_over_its_picture_pixel_by_pixel(files, tmp_path):
    from highdicom.seg import segread

    out = tmp_path / "objects"
    names = [path.name for path in written(files, out)]
    assert names == [
        "map-frontal-01.dcm",
        "map-frontal-02.dcm",
        "map-lateral-01.dcm",
        "map-lateral-02.dcm",
        "report.dcm",
    ]
    assert sorted(path.name for path in out.iterdir()) == sorted(
        names
    )  # the full stop has none, and nothing is left over
    maps = reported.explanation(3).maps
    for view, path in enumerate(files):
        source = pydicom.dcmread(path)
        for word, text in enumerate(("left", "effusion")):
            found = pydicom.dcmread(out / f"map-{path.stem}-{word + 1:02d}.dcm")
            assert (found.Rows, found.Columns, found.NumberOfFrames) == (source.Rows, source.Columns, 1)
            # The word's strongest cell of both views is 1; the viewer's own geometry spreads it over the picture.
            own = heatmap.spread(maps[word, view] / maps[word].max(), found.pixel_array.shape[-2:])
            np.testing.assert_allclose(found.pixel_array.reshape(own.shape) / 255, own, atol=0.5 / 255 + 1e-6)
            (segment,) = found.SegmentSequence
            assert segment.SegmentLabel == f"{word + 1} {text}" and segment.SegmentAlgorithmType == "AUTOMATIC"
            frame = found.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
            assert frame.ReferencedSOPInstanceUID == source.SOPInstanceUID and frame.SpatialLocationsPreserved == "YES"
            assert found.SeriesDescription.startswith("RESEARCH") and found.ContentDescription.startswith("RESEARCH")
            read = segread(out / f"map-{path.stem}-{word + 1:02d}.dcm")
            assert read.number_of_segments == 1 and read.segmentation_fractional_type.value == "OCCUPANCY"


@highdicom
def test_the_document_says_impression_findings_and_that_nobody_verified_it(files, tmp_path):
    from highdicom.sr import EnhancedSR

    document = pydicom.dcmread(written(files, tmp_path / "objects")[-1])
    assert (document.CompletionFlag, document.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
    assert document.SeriesDescription.startswith("RESEARCH")
    texts = [
        (item.ConceptNameCodeSequence[0].CodeMeaning, item.TextValue)
        for item in document.ContentSequence
        if item.ValueType == "TEXT"
    ]
    assert ("Impression", "left effusion .") in texts and ("Finding", "effusion, left: stated") in texts
    assert any(value.startswith("For research and teaching, never for diagnosis") for _, value in texts)
    assert ("Comment", "A notice of the model.") in texts
    numbers = {
        item.ConceptNameCodeSequence[0].CodeMeaning: float(item.MeasuredValueSequence[0].NumericValue)
        for item in document.ContentSequence
        if item.ValueType == "NUM"
    }
    assert numbers["Probability of effusion"] == 0.62 and len(numbers) == 3
    pictures = [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in document.ContentSequence
        if item.ValueType == "IMAGE"
    ]
    assert pictures == [pydicom.dcmread(path).SOPInstanceUID for path in files]
    assert len(EnhancedSR.from_dataset(document).content) > 0


@highdicom
def test_every_object_belongs_to_the_patient_and_the_study_of_its_pictures(files, tmp_path):
    objects = [pydicom.dcmread(path) for path in written(files, tmp_path / "objects")]
    assert {each.StudyInstanceUID for each in objects} == {STUDY}
    assert {(str(each.PatientName), each.PatientID) for each in objects} == {(PATIENT, PATIENT_ID)}
    assert (
        len({each.SOPInstanceUID for each in objects}) == 5 and len({each.SeriesInstanceUID for each in objects}) == 3
    )
    # What each kind has to have and to fill (type 1 of PS3.3 A.51, C.8.20.2, C.17.2 and C.17.3).
    everywhere = (
        "SOPClassUID",
        "Modality",
        "Manufacturer",
        "SeriesNumber",
        "InstanceNumber",
        "ContentDate",
        "ContentTime",
    )
    of_maps = (
        "ImageType",
        "ContentLabel",
        "SegmentationType",
        "MaximumFractionalValue",
        "BitsAllocated",
        "LossyImageCompression",
    )
    for each in objects:
        wanted = everywhere + (
            of_maps if each.Modality == "SEG" else ("CompletionFlag", "ValueType", "ContinuityOfContent")
        )
        assert [keyword for keyword in wanted if each.get(keyword) in (None, "")] == []


@highdicom
def test_one_view_no_words_and_no_finding_head(files, tmp_path):
    silent = reported.caption(texts=())
    paths = written([files[0], None], tmp_path / "a", caption=silent, explanation=None, findings=None)
    assert [path.name for path in paths] == ["report.dcm"]
    document = pydicom.dcmread(paths[0])
    assert not any(item.ValueType == "NUM" for item in document.ContentSequence)
    # A PNG beside a DICOM view has no object of its own.
    (tmp_path / "lateral.png").write_bytes(b"\x89PNG")
    paths = written([files[0], tmp_path / "lateral.png"], tmp_path / "b")
    assert [path.name for path in paths] == ["map-frontal-01.dcm", "map-frontal-02.dcm", "report.dcm"]


@highdicom
@pytest.mark.parametrize("missing", ["PatientID", "SeriesInstanceUID", "StudyInstanceUID"])
def test_a_file_without_what_objects_repeat_is_one_sentence(files, missing):
    dataset = pydicom.dcmread(files[0])
    delattr(dataset, missing)
    dataset.save_as(files[0])
    with pytest.raises(BadInput, match=f"frontal.dcm has no {missing}"):
        sources(*files)


@highdicom
def test_what_may_be_empty_may_be_missing(files, tmp_path):
    for path in files:
        dataset = pydicom.dcmread(path)
        for keyword in dicom_output.MAY_BE_EMPTY:
            del dataset[keyword]
        dataset.save_as(path)
    assert len(written(files, tmp_path / "objects")) == 5


@highdicom
def test_bad_places_are_one_sentence_before_anything_is_loaded(files, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput, match="is a file, not a folder"):
        written(files, tmp_path / "file")
    (tmp_path / "x.png").write_bytes(b"no picture")
    assert main([str(tmp_path / "x.png"), "--out", str(tmp_path / "report.html"), "--dicom", str(tmp_path / "d")]) == 2
    assert "needs a view that is a DICOM file" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_without_the_package_one_sentence_names_it(files, monkeypatch):
    monkeypatch.setattr(dicom_output, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install"):
        sources(*files)


@highdicom
def test_the_command_writes_both_from_a_checkpoint(read_once, files, tmp_path, tiny_checkpoint):
    out = tmp_path / "objects"
    options = ["--checkpoint", str(tiny_checkpoint), "--decoding", "beam", "--out", str(tmp_path / "r.html")]
    assert main([*map(str, files), *options, "--dicom", str(out)]) == 0
    assert (tmp_path / "r.html").is_file() and (out / "report.dcm").is_file()
    assert len(list(out.glob("map-frontal-*.dcm"))) == len(list(out.glob("map-lateral-*.dcm"))) > 0
