"""HDF5 weights of Keras 2: every name, shape and value is checked, and nothing outside the file is read."""

import os

import h5py
import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.pretrained.legacy_hdf5 import MAX_BYTES, densenet_name, densenet_shapes, read_arrays

SHAPES = {"a/kernel": (2, 3), "a/bias": (3,), "b/kernel": (3, 1)}
RNG = np.random.default_rng(0)
VALUES = {name: RNG.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}


def name_of(path):
    return path.removesuffix(":0")


@pytest.fixture
def write(tmp_path):
    """Writes VALUES with `changed` laid over them (None leaves one out), then hands the open file to `more`."""

    def write(more=None, **changed):
        path = tmp_path / "weights.h5"
        with h5py.File(path, "w") as file:
            for name, value in {**VALUES, **changed}.items():
                if value is not None:
                    file[f"{name}:0"] = value
            if more is not None:
                more(file)
        return path

    return write


def test_reads_every_array_and_the_empty_groups_beside_them(write):
    read = read_arrays(write(lambda file: file.create_group("dropout")), SHAPES, name_of)
    assert list(read) == list(SHAPES)
    for name, value in VALUES.items():
        assert read[name].dtype == np.float32
        np.testing.assert_array_equal(read[name], value)


@pytest.mark.parametrize("kind, closeness", [(np.float16, 1e-2), (np.float64, 1e-7), (">f4", 0)])
def test_other_precisions_become_float32(write, kind, closeness):
    read = read_arrays(write(**{"a/kernel": VALUES["a/kernel"].astype(kind)}), SHAPES, name_of)
    assert read["a/kernel"].dtype == np.float32
    np.testing.assert_allclose(read["a/kernel"], VALUES["a/kernel"], rtol=closeness)


def test_reads_the_weights_of_a_whole_model_and_leaves_its_optimiser(tmp_path):
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        for name, value in VALUES.items():
            file[f"model_weights/{name}:0"] = value
        file["optimizer_weights/training/iterations:0"] = np.array(3)
    np.testing.assert_array_equal(read_arrays(path, SHAPES, name_of)["a/bias"], VALUES["a/bias"])
    with h5py.File(path, "a") as file:
        file["elsewhere"] = np.zeros(3)
    with pytest.raises(BadInput, match="extra group elsewhere"):
        read_arrays(path, SHAPES, name_of)


with_nan, with_infinity = VALUES["a/kernel"].copy(), VALUES["a/kernel"].copy()
with_nan[1, 2], with_infinity[0, 0] = np.nan, np.inf


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"a/bias": None}, "lacks the array a/bias."),
        ({"a/bias": None, "b/kernel": None}, "lacks the array a/bias and 1 more."),
        ({"c/kernel": np.zeros(3)}, "holds the extra array c/kernel:0."),
        ({"a/kernel": np.zeros((3, 2))}, "holds a/kernel:0 in the shape (3, 2), not (2, 3)."),
        ({"a/bias": np.float32(1)}, "holds a/bias:0 in the shape (), not (3,)."),
        ({"a/bias": h5py.Empty("f")}, "holds a/bias:0 in the shape None, not (3,)."),
        ({"a/bias": np.zeros(3, int)}, "holds a/bias:0 as int64, not as real numbers."),
        ({"a/bias": np.array([b"x", b"y", b"z"])}, "holds a/bias:0 as |S1, not as real numbers."),
        ({"a/kernel": with_nan}, "holds values in a/kernel:0 that are not finite."),
        ({"a/kernel": with_infinity}, "holds values in a/kernel:0 that are not finite."),
        ({"b/kernel": np.full((3, 1), 1e300)}, "holds values in b/kernel:0 that are not finite."),
    ],
)
def test_what_does_not_fit_is_named(write, changed, told):
    with pytest.raises(BadInput) as caught:
        read_arrays(write(**changed), SHAPES, name_of)
    assert str(caught.value) == f"weights.h5 {told}"


def replace_by(link):
    def replace(file):
        del file["a/bias:0"]
        file["a/bias:0"] = link

    return replace


@pytest.mark.parametrize("link", [h5py.SoftLink("/b/kernel:0"), h5py.ExternalLink("other.h5", "/a/bias:0")])
def test_links_are_refused_even_when_they_lead_to_good_values(tmp_path, write, link):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["a/bias:0"] = VALUES["a/bias"]
    with pytest.raises(BadInput, match="weights.h5 holds the link a/bias:0, which leads elsewhere"):
        read_arrays(write(replace_by(link)), SHAPES, name_of)


def test_values_in_another_file_are_refused(tmp_path, write):
    raw = tmp_path / "secret.bin"
    raw.write_bytes(VALUES["a/bias"].tobytes())

    def external(file):
        del file["a/bias:0"]
        file.create_dataset("a/bias:0", shape=(3,), dtype="f4", external=[(str(raw), 0, 12)])

    def virtual(file):
        del file["a/bias:0"]
        layout = h5py.VirtualLayout(shape=(3,), dtype="f4")
        layout[:] = h5py.VirtualSource("other.h5", "a", shape=(3,))
        file.create_virtual_dataset("a/bias:0", layout)

    for more in (external, virtual):
        with pytest.raises(BadInput, match="keeps the values of a/bias:0 in another file"):
            read_arrays(write(more), SHAPES, name_of)


def test_packed_values_are_read_and_strange_packing_is_refused(write):
    def pack(**how):
        def more(file):
            del file["a/kernel:0"]
            file.create_dataset("a/kernel:0", data=VALUES["a/kernel"], **how)

        return more

    read = read_arrays(write(pack(compression="gzip", shuffle=True, fletcher32=True)), SHAPES, name_of)
    np.testing.assert_array_equal(read["a/kernel"], VALUES["a/kernel"])
    with pytest.raises(BadInput, match="a/kernel:0 packed in a way that is not known"):
        read_arrays(write(pack(scaleoffset=2)), SHAPES, name_of)

    def huge_pieces(file):
        del file["a/kernel:0"]
        file.create_dataset(
            "a/kernel:0", shape=(2, 3), maxshape=(None, None), chunks=(1 << 13, 1 << 13), dtype="f4", compression="gzip"
        )

    with pytest.raises(BadInput, match="a/kernel:0 in pieces that are too large"):
        read_arrays(write(huge_pieces), SHAPES, name_of)


def test_a_group_that_contains_itself_does_not_go_on_for_ever(write):
    def cycle(file):
        file["a/again"] = file["a"]

    with pytest.raises(BadInput, match="extra|more groups|twice"):
        read_arrays(write(cycle), {**SHAPES}, name_of)


def test_an_array_under_both_names_is_refused(write):
    with pytest.raises(BadInput, match="holds the array a/bias twice"):
        read_arrays(write(lambda file: file.create_dataset("a/bias", data=VALUES["a/bias"])), SHAPES, name_of)


def test_a_named_type_is_refused(write):
    def more(file):
        file["a/type"] = np.dtype("f8")

    with pytest.raises(BadInput, match="a/type, which is neither a group nor an array"):
        read_arrays(write(more), SHAPES, name_of)


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="weights.h5 is not a readable HDF5 file of Keras weights"):
        read_arrays(path, SHAPES, name_of)


def test_missing_truncated_huge_files_and_folders_are_refused(tmp_path, write):
    with pytest.raises(BadInput, match="absent.h5 is not there"):
        read_arrays(tmp_path / "absent.h5", SHAPES, name_of)
    with pytest.raises(BadInput, match="not a readable"):
        read_arrays(tmp_path, SHAPES, name_of)
    path = write()
    os.truncate(path, path.stat().st_size - 100)
    with pytest.raises(BadInput, match="not a readable"):
        read_arrays(path, SHAPES, name_of)
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(BadInput, match="too many for the weights"):
        read_arrays(path, SHAPES, name_of)


@pytest.mark.parametrize(
    "path, name",
    [
        ("conv1/conv/conv1/conv/kernel:0", "conv1_conv/kernel"),
        ("conv1_conv/conv1_conv/kernel:0", "conv1_conv/kernel"),
        ("conv1/bn/conv1/bn/gamma:0", "conv1_bn/gamma"),
        ("conv1/bn/conv1/bn_1/gamma:0", "conv1_bn/gamma"),
        ("bn/bn/moving_mean", "bn/moving_mean"),
        ("conv2_block1_0_bn/conv2_block1_0_bn_2/beta:0", "conv2_block1_0_bn/beta"),
        ("image_encoder/conv1/conv/kernel:0", "conv1_conv/kernel"),
        ("densenet121/pool2_conv/kernel:0", "pool2_conv/kernel"),
        ("dense/dense/kernel:0", "dense/kernel"),
        ("conv1/conv/kernel:0", None),
        ("bn/other/gamma:0", None),
        ("kernel:0", None),
        ("bn/bn/gamma:1", None),
        ("", None),
    ],
)
def test_names_of_the_old_and_the_new_layout(path, name):
    assert densenet_name(path) == name


@pytest.mark.long  # an imported network is held against Keras' own in tests/captioner/seed_import/test_convert.py
def test_the_shapes_are_those_of_keras_applications():
    keras = pytest.importorskip("keras")
    model = keras.applications.DenseNet121(include_top=False, weights=None)
    theirs = {
        f"{layer.name}/{variable.name}": tuple(variable.shape) for layer in model.layers for variable in layer.variables
    }
    assert densenet_shapes() == theirs
