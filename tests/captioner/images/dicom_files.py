"""Writes small DICOM files for tests, with a made-up patient in them whose data must never come out again."""

from io import BytesIO

import imagecodecs
import numpy as np
from PIL import Image
from pydicom import dcmwrite, uid
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder

PATIENT = "Vermeulen^Xanthippe"
PATIENT_ID = "PID-4711-0815"


def dicom_bytes(values, syntax=uid.ExplicitVRLittleEndian, preamble=True, frame=None, **tags):
    """The bytes of a DICOM file.

    Args:
        values: whole numbers `(rows, columns)` or `(rows, columns, 3)`.
        syntax: the transfer syntax; an encapsulated one needs `frame`.
        preamble: False leaves out the preamble and the file meta information.
        frame: the compressed picture, in place of the values' own bytes.
        tags: keyword=value of further elements; None removes one.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uid.DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.StudyDate = "DX", "20240131"
    dataset.PatientName, dataset.PatientID, dataset.InstitutionName = PATIENT, PATIENT_ID, "Hospital of Nowhere"
    bits = values.dtype.itemsize * 8
    dataset.Rows, dataset.Columns = values.shape[:2]
    dataset.SamplesPerPixel = 3 if values.ndim == 3 else 1
    dataset.PhotometricInterpretation = "RGB" if values.ndim == 3 else "MONOCHROME2"
    if values.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    for keyword, value in tags.items():
        if value is not None:
            setattr(dataset, keyword, value)
    order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
    dataset.PixelData = encapsulate([frame]) if frame else values.astype(values.dtype.newbyteorder(order)).tobytes()
    dataset["PixelData"].VR = "OB" if frame or bits == 8 else "OW"
    dataset["PixelData"].is_undefined_length = bool(frame)
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
    file = BytesIO()
    if preamble:
        dcmwrite(file, dataset, enforce_file_format=True)
    else:
        dataset.file_meta, dataset.preamble = FileMetaDataset(), None
        implicit = syntax == uid.ImplicitVRLittleEndian
        dcmwrite(file, dataset, implicit_vr=implicit, little_endian=True)
    return file.getvalue()


def compressed(values, kind, **options):
    """`values` as the bytes of a JPEG ("JPEG") or JPEG 2000 codestream ("JPEG2000")."""
    file = BytesIO()
    if kind == "JPEG2000":
        options = {"no_jp2": True, "irreversible": False, **options}
    Image.fromarray(values).save(file, kind, **options)
    return file.getvalue()


def lossless(values, syntax, bits):
    """`values` as the bytes of a lossless JPEG or a JPEG-LS stream of `bits` a sample."""
    if syntax == uid.JPEGLSLossless:
        return imagecodecs.jpegls_encode(values)
    return imagecodecs.jpeg8_encode(values, lossless=True, predictor=1, bitspersample=bits)


def run_lengths(values):
    """`values` as the bytes of a DICOM RLE frame."""
    colour = values.ndim == 3
    return RLELosslessEncoder.encode(
        values.tobytes(),
        rows=values.shape[0],
        columns=values.shape[1],
        samples_per_pixel=3 if colour else 1,
        number_of_frames=1,
        bits_allocated=8 * values.itemsize,
        bits_stored=8 * values.itemsize,
        pixel_representation=int(values.dtype.kind == "i"),
        planar_configuration=0,
        photometric_interpretation="RGB" if colour else "MONOCHROME2",
    )


def gradient(rows=40, columns=60, top=255, dtype=np.uint8):
    """Whole numbers `(rows, columns)` that rise evenly from 0 in the top left to `top` in the bottom right corner."""
    return np.linspace(0, top, rows * columns).round().astype(dtype).reshape(rows, columns)
