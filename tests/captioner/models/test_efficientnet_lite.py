"""The EfficientNet-Lite encoder and its start from ImageNet weights, against counts and an independent network."""

import dataclasses

import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.models.densenet import ENCODERS, EncoderConfig, build_encoder
from captioner.models.efficientnet_lite import EfficientNetLiteConfig
from captioner.pretrained import imagenet

TINY = EfficientNetLiteConfig(depths=(1, 1, 1, 1, 2, 1, 1), widths=(4, 4, 6, 6, 8, 8, 10), expansion=2, stem=4)


def _arrays(config, rng):
    """Weights under the names and in the layout of the PyTorch file, for 3 colours, each random."""
    arrays = {}

    def conv(name, *shape):
        arrays[f"{name}.weight"] = rng.normal(0, 0.5, shape).astype(np.float32)

    def norm(name, width):
        for part, low in (("weight", 0.5), ("bias", -0.5), ("running_mean", -0.5), ("running_var", 0.5)):
            arrays[f"{name}.{part}"] = rng.uniform(low, 1.5, width).astype(np.float32)

    conv("_conv_stem", config.stem, 3, 3, 3)
    norm("_bn0", config.stem)
    number, before = 0, config.stem
    for stage, (depth, width, kernel) in enumerate(zip(config.depths, config.widths, config.kernels)):
        for _ in range(depth):
            inside = before * (config.expansion if stage else 1)
            name = f"_blocks.{number}"
            if stage:
                conv(f"{name}._expand_conv", inside, before, 1, 1)
                norm(f"{name}._bn0", inside)
            conv(f"{name}._depthwise_conv", inside, 1, kernel, kernel)
            norm(f"{name}._bn1", inside)
            conv(f"{name}._project_conv", width, inside, 1, 1)
            norm(f"{name}._bn2", width)
            number, before = number + 1, width
    return arrays


def test_lite0_has_the_published_number_of_weights():
    # 4,652,008 with its head: 320 x 1280 + 2 x 1280 of the last convolution and 1281 x 1000 of the classifier are not
    # here, nor two of the three colours of the first convolution. Moving statistics are no weights in that count.
    encoder = build_encoder(ENCODERS["efficientnet-lite0"])
    trainable = sum(int(np.prod(weight.shape)) for weight in encoder.trainable_weights)
    assert trainable == 4_652_008 - (320 * 1280 + 2 * 1280) - 1281 * 1000 - 2 * 3 * 3 * 32


def test_a_cell_is_16_pixels():
    encoder = build_encoder(TINY)
    assert encoder(np.zeros((1, 64, 96, 1), np.float32)).shape == (1, 4, 6, 8 + 10)


def test_blocks_are_left_out_in_training_alone():
    pictures = np.random.default_rng(2).normal(size=(6, 64, 64, 1)).astype(np.float32)
    plain, dropping = (build_encoder(dataclasses.replace(TINY, drop_path=rate)) for rate in (0.0, 0.9))
    dropping.set_weights(plain.get_weights())
    np.testing.assert_allclose(dropping(pictures, training=False), plain(pictures, training=False), atol=1e-5)
    first, second = (np.asarray(plain(pictures, training=True)) for _ in range(2))
    np.testing.assert_allclose(first, second, atol=1e-5)
    first, second = (np.asarray(dropping(pictures, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-2


def test_the_configuration_goes_through_json():
    assert EncoderConfig.from_dict(TINY.as_dict()) == TINY


def test_grey_through_the_changed_first_convolution_is_the_three_colours():
    rng = np.random.default_rng(3)
    arrays = _arrays(TINY, rng)
    mean, std = 0.5, 0.25
    ours = build_encoder(TINY)
    imagenet.assign_encoder(ours, arrays, mean, std)
    # The same network for three colours, filled without any change: std and mean are the file's own.
    colours = build_encoder(dataclasses.replace(TINY, channels=3))
    for layer, other in zip(colours.layers, ours.layers):
        layer.set_weights(other.get_weights() if "stem" not in layer.name else layer.get_weights())
    colours.get_layer("stem_conv").set_weights([arrays["_conv_stem.weight"].transpose(2, 3, 1, 0)])
    colours.get_layer("stem_norm").set_weights(
        [arrays[f"_bn0.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    )
    grey = rng.uniform(0, 1, (1, 448, 448, 1)).astype(np.float32)
    want = colours(np.repeat((grey - imagenet.FILE_MEAN) / imagenet.FILE_STD, 3, axis=-1)).numpy()
    have = ours((grey - mean) / std).numpy()
    # The border is padded with another grey (zero means 0.5 here and 127/255 there), so it may differ a little.
    assert np.abs(want).max() > 0.1
    np.testing.assert_allclose(have[:, 8:-8, 8:-8, :8], want[:, 8:-8, 8:-8, :8], atol=1e-3)


def test_a_file_that_lacks_a_weight_is_one_sentence():
    arrays = _arrays(TINY, np.random.default_rng(0))
    del arrays["_blocks.2._project_conv.weight"]
    with pytest.raises(BadInput, match="has no _blocks.2._project_conv.weight"):
        imagenet.assign_encoder(build_encoder(TINY), arrays, 0.5, 0.25)


def test_another_networks_weights_are_one_sentence():
    arrays = _arrays(dataclasses.replace(TINY, stem=6), np.random.default_rng(0))
    with pytest.raises(BadInput, match="has the shape"):
        imagenet.assign_encoder(build_encoder(TINY), arrays, 0.5, 0.25)
