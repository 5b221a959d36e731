"""CheXNet's file, written by Keras 2 (tf-keras) in every shape in which people hold it."""

import h5py
import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.images.study import Study, View
from captioner.pretrained.chexnet import (
    DEVIATION,
    FINDINGS,
    MEAN,
    assign_encoder,
    for_preparation,
    load,
    prepare,
    read_chexnet,
)

tf_keras = pytest.importorskip("tf_keras", reason="tf-keras, which writes Keras 2 files, is not installed")


@pytest.fixture(scope="module")
def original():
    """The network in Keras 2, with random weights and batch statistics that are not the fresh ones."""
    base = tf_keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    outputs = tf_keras.layers.Dense(14, activation="sigmoid", name="predictions")(base.output)
    model = tf_keras.Model(base.input, outputs)
    rng = np.random.default_rng(5)
    for layer in model.layers:
        if isinstance(layer, tf_keras.layers.BatchNormalization):
            depth = layer.gamma.shape[0]
            layer.set_weights(
                [
                    rng.uniform(0.7, 1.3, depth),
                    rng.normal(0, 0.1, depth),
                    rng.normal(0, 0.1, depth),
                    rng.uniform(0.7, 1.3, depth),
                ]
            )
    model.layers[-1].set_weights([rng.normal(0, 0.1, (1024, 14)), rng.normal(0, 1, 14)])
    return model


@pytest.fixture(scope="module")
def file(original, tmp_path_factory):
    path = tmp_path_factory.mktemp("chexnet") / "weights.h5"
    original.save_weights(path)
    return path


@pytest.fixture(scope="module")
def chexnet(file):
    return load(file)


@pytest.fixture(scope="module")
def study():
    draw = np.random.default_rng(6)
    return Study(View("frontal", draw.integers(0, 256, (300, 260), np.uint8)), None, ())


def test_the_fourteen_probabilities_are_those_of_keras_2(original, chexnet, study):
    picture = prepare(study.frontal.pixels)
    expected = original(picture[None], training=False).numpy()[0]
    found = chexnet.probabilities(study)
    assert tuple(found) == FINDINGS
    np.testing.assert_allclose(list(found.values()), expected, atol=1e-5)
    assert np.ptp(expected) > 0.1  # or the test would prove little


def test_the_preparation_is_imagenet_s():
    black, white = prepare(np.zeros((50, 40), np.uint8)), prepare(np.full((50, 40), 255, np.uint8))
    assert black.shape == (224, 224, 3) and black.dtype == np.float32
    np.testing.assert_allclose(black[0, 0], [-2.1179, -2.0357, -1.8044], atol=1e-4)
    np.testing.assert_allclose(white[100, 7], [2.2489, 2.4286, 2.6400], atol=1e-4)


@pytest.fixture(scope="module")
def arrays(file):
    """What was read of the file: the encoder's arrays, and those of the head."""
    return read_chexnet(file)


def same(path, theirs):
    ours = read_chexnet(path)
    return (
        all(np.array_equal(ours[0][name], theirs[0][name]) for name in theirs[0])
        and np.array_equal(ours[1][0], theirs[1][0])
        and np.array_equal(ours[1][1], theirs[1][1])
    )


@pytest.mark.long
def test_a_nested_network_and_another_name_of_the_last_layer(original, arrays, tmp_path):
    base = tf_keras.Model(original.input, original.layers[-2].output, name="densenet121")
    last = tf_keras.layers.Dense(14, activation="sigmoid", name="dense_1")
    nested = tf_keras.Sequential([base, last])
    last.set_weights(original.layers[-1].get_weights())
    nested.save_weights(tmp_path / "nested.h5")
    assert same(tmp_path / "nested.h5", arrays)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
def test_a_whole_model(original, arrays, tmp_path):
    original.save(tmp_path / "whole.h5")
    assert same(tmp_path / "whole.h5", arrays)


def test_the_newer_naming_of_layers(file, arrays, tmp_path):
    with h5py.File(file) as old, h5py.File(tmp_path / "new.h5", "w") as new:

        def rename(path, item):
            if isinstance(item, h5py.Dataset):
                new[path.replace("conv1/conv", "conv1_conv").replace("conv1/bn", "conv1_bn")] = item[()]

        old.visititems(rename)
        assert "conv1_bn/conv1_bn/gamma:0" in new and "conv1" not in new
    assert same(tmp_path / "new.h5", arrays)


def test_the_names_that_keras_3_gives_a_whole_model(file, arrays, tmp_path):
    with h5py.File(file) as old, h5py.File(tmp_path / "keras3.h5", "w") as new:

        def rename(path, item):
            if isinstance(item, h5py.Dataset):
                path = path.replace("conv1/conv", "conv1_conv").replace("conv1/bn", "conv1_bn")
                new[f"model_weights/{path.removesuffix(':0')}"] = item[()]

        old.visititems(rename)
    assert same(tmp_path / "keras3.h5", arrays)


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda file: file.__delitem__("predictions"), "lacks the array head/kernel and 1 more"),
        (lambda file: file.__delitem__("conv5_block16_2_conv"), "lacks the array conv5_block16_2_conv/kernel."),
        (lambda file: file.create_dataset("new/new/kernel:0", data=np.zeros(3)), "the extra array new/new/kernel:0"),
        (lambda file: file["bn/bn/gamma:0"].__setitem__(7, np.nan), "values in bn/bn/gamma:0 that are not finite"),
    ],
)
def test_what_does_not_fit_is_named(file, tmp_path, change, told):
    path = tmp_path / "changed.h5"
    path.write_bytes(file.read_bytes())
    with h5py.File(path, "a") as content:
        change(content)
    with pytest.raises(BadInput, match=f"changed.h5 .*{told}"):
        read_chexnet(path)


def test_seven_findings_are_not_fourteen(file, tmp_path):
    path = tmp_path / "seven.h5"
    path.write_bytes(file.read_bytes())
    with h5py.File(path, "a") as content:
        del content["predictions/predictions/kernel:0"]
        content["predictions/predictions/kernel:0"] = np.zeros((1024, 7))
    with pytest.raises(BadInput, match=r"predictions/predictions/kernel:0 in the shape \(1024, 7\), not \(1024, 14\)"):
        read_chexnet(path)


@pytest.mark.long
def test_it_starts_an_encoder_for_grey_pictures(file, chexnet, study):
    from captioner.models.densenet import ENCODERS, build_encoder

    mean, std = 0.45, 0.25
    picture = prepare(study.frontal.pixels)
    grey = (picture[..., 0] * DEVIATION[0] + MEAN[0] - mean) / std
    ours = build_encoder(ENCODERS["densenet-121"])
    assign_encoder(ours, file, mean, std)
    theirs = chexnet.encoder(picture[None], training=False).numpy()
    found = ours(grey[None, :, :, None], training=False).numpy()
    # Equal but for what the padding's zero means, which the outermost cells see most.
    np.testing.assert_allclose(found[0, 2:5, 2:5], theirs[0, 2:5, 2:5], atol=0.02 * np.abs(theirs).max())
    assert np.corrcoef(found.ravel(), theirs.ravel())[0, 1] > 0.99


def test_the_first_convolution_gives_the_same_inside_the_picture(arrays):
    import tensorflow as tf

    arrays, _ = arrays
    grey = np.random.default_rng(8).uniform(size=(1, 32, 32, 1)).astype(np.float32)
    for channels, mean, std in ((1, 0.45, 0.25), (3, 0.3, 0.5), (1, 0.0, 1.0)):
        changed = for_preparation(arrays, channels, mean, std)
        theirs = tf.nn.conv2d((grey - MEAN) / DEVIATION, arrays["conv1_conv/kernel"], 2, "VALID")
        ours = tf.nn.conv2d(np.repeat((grey - mean) / std, channels, -1), changed["conv1_conv/kernel"], 2, "VALID")
        np.testing.assert_allclose(
            ours - changed["conv1_bn/moving_mean"], theirs - arrays["conv1_bn/moving_mean"], atol=2e-5
        )


def test_another_encoder_is_refused(file):
    from captioner.models.densenet import ENCODERS, build_encoder

    with pytest.raises(BadInput, match="weights.h5 holds the weights of a DenseNet-121, which this encoder is not"):
        assign_encoder(build_encoder(ENCODERS["densenet-tiny"]), file)


@pytest.fixture
def normal_studies(tmp_path):
    """A folder of forty studies of the collection's form, all alike."""
    import cv2

    rows = range(1, 41)
    (tmp_path / "indiana_reports.csv").write_text(
        "uid,MeSH,Problems,findings,impression\n" + "".join(f"{uid},normal,normal,,No acute disease.\n" for uid in rows)
    )
    (tmp_path / "indiana_projections.csv").write_text(
        "uid,filename,projection\n" + "".join(f"{uid},{uid}_IM-1-1001.png,Frontal\n" for uid in rows)
    )
    for uid in rows:
        cv2.imwrite(str(tmp_path / f"{uid}_IM-1-1001.png"), np.zeros((40, 40), np.uint8))
    return tmp_path


@pytest.mark.long
def test_training_starts_from_it(file, arrays, normal_studies):
    """`train --encoder-weights FILE.h5`: the encoder has CheXNet's weights before the first step."""
    import dataclasses

    from captioner.training.recipes import RECIPES
    from captioner.training.trainer import Training

    recipe, out = dataclasses.replace(RECIPES["smoke"], encoder="densenet-121"), normal_studies / "out"
    training = Training(normal_studies, out, recipe=recipe, encoder_weights=file, say=lambda line: None)
    for name in ("conv2_block1_1_conv", "conv5_block16_2_conv"):
        np.testing.assert_array_equal(training.network.encoder.get_layer(name).kernel, arrays[0][f"{name}/kernel"])


def test_training_takes_it_for_no_other_encoder(file, normal_studies):
    """What `train --encoder-weights FILE.h5` is given reaches the encoder, which refuses it by its shapes."""
    from captioner.training.recipes import RECIPES
    from captioner.training.trainer import Training

    out = normal_studies / "out"
    with pytest.raises(BadInput, match="which this encoder is not"):
        Training(normal_studies, out, recipe=RECIPES["smoke"], encoder_weights=file, say=lambda line: None)
