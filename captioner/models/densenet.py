"""The picture encoders, one for both views. First of all a DenseNet (Huang et al. 2017, arXiv 1608.06993).

DenseNet-121 is CheXNet's network (Rajpurkar et al. 2017, arXiv 1711.05225). Its layers carry the names of
`keras.applications`, so weights saved anywhere under those names can be found by name. The smaller members of the
family are for machines without a GPU.
"""

from dataclasses import asdict, dataclass
from typing import Any

import keras
from keras import layers

from captioner.models import efficientnet_lite
from captioner.models.batch_norm import BatchNormalization
from captioner.models.efficientnet_lite import EfficientNetLiteConfig

BATCH_NORM_EPSILON = 1.001e-5  # what keras.applications and every file saved from it use


@dataclass(frozen=True)
class EncoderConfig:
    """The shape of a DenseNet.

    Attributes:
        blocks: layers of each dense block.
        growth: feature maps that a layer of each block adds.
        stem: feature maps of the first convolution.
        bottleneck: width of each 1 x 1 convolution, in multiples of the block's growth.
        channels: channels of the picture, 1 grey or 3.
        stride: pixels of the picture per cell of the grid, in each direction: 32, or 16 when the last
            transition keeps its size (a finer grid for the attention).
        momentum: of the batch normalisation's running statistics.
    """

    blocks: tuple[int, ...] = (6, 12, 24, 16)
    growth: tuple[int, ...] = (32, 32, 32, 32)
    stem: int = 64
    bottleneck: int = 4
    channels: int = 1
    stride: int = 32
    momentum: float = 0.99

    def as_dict(self) -> dict[str, Any]:
        """The configuration as JSON can hold it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Any:
        """The configuration that `as_dict` wrote, of whichever family."""
        family: Any = EfficientNetLiteConfig if "family" in values else cls
        return family(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


ENCODERS: dict[str, EncoderConfig | EfficientNetLiteConfig] = {
    "densenet-121": EncoderConfig(),
    "densenet-small": EncoderConfig(
        blocks=(3, 4, 6, 4), growth=(16, 32, 48, 64), stem=32, bottleneck=2, stride=16, momentum=0.97
    ),
    "densenet-tiny": EncoderConfig(
        blocks=(1, 1, 1, 1), growth=(4, 4, 8, 8), stem=8, bottleneck=1, stride=32, momentum=0.9
    ),  # for tests
    "efficientnet-lite0": EfficientNetLiteConfig(),
    "efficientnet-lite0-fine": EfficientNetLiteConfig(stride=8),  # 24 x 24 cells at 192 pixels
    "efficientnet-tiny": EfficientNetLiteConfig(
        (1, 1, 1, 1, 1, 1, 1), (4, 4, 8, 8, 8, 8, 8), expansion=2, stem=4, stride=8, momentum=0.9
    ),  # for tests
}


def build_encoder(config: EncoderConfig | EfficientNetLiteConfig, name: str = "encoder") -> keras.Model:
    """A functional Keras model from pictures `(batch, rows, columns, channels)` to features `(batch, R, C, depth)`.

    R and C are the picture's size over `config.stride`, rounded down. Rows and columns may be of any size for a
    DenseNet, multiples of 32 for an EfficientNet.
    """
    if isinstance(config, EfficientNetLiteConfig):
        return efficientnet_lite.build(config, name)
    picture = keras.Input((None, None, config.channels), name="picture")
    x = layers.ZeroPadding2D(3, name="zero_padding2d")(picture)
    x = layers.Conv2D(config.stem, 7, strides=2, use_bias=False, name="conv1_conv")(
        x
    )  # (batch, rows/2, columns/2, stem)
    x = _norm_relu(x, config, "conv1_bn", "conv1_relu")
    x = layers.ZeroPadding2D(1, name="zero_padding2d_1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)  # (batch, rows/4, columns/4, stem)
    last = len(config.blocks) - 1
    for block, (depth, growth) in enumerate(zip(config.blocks, config.growth)):
        for layer in range(depth):
            x = _dense_layer(x, growth, config, f"conv{block + 2}_block{layer + 1}")
        if block < last:
            halve = not (block == last - 1 and config.stride == 16)
            x = _transition(x, halve, config, f"pool{block + 2}")
    x = _norm_relu(x, config, "bn", "relu")
    return keras.Model(picture, x, name=name)


def _norm_relu(x: keras.KerasTensor, config: EncoderConfig, norm_name: str, relu_name: str) -> keras.KerasTensor:
    x = BatchNormalization(momentum=config.momentum, epsilon=BATCH_NORM_EPSILON, name=norm_name)(x)
    return layers.Activation("relu", name=relu_name)(x)


def _dense_layer(x: keras.KerasTensor, growth: int, config: EncoderConfig, name: str) -> keras.KerasTensor:
    """One layer of a dense block: norm, relu, 1 x 1, norm, relu, 3 x 3; its `growth` maps are appended to `x`."""
    y = _norm_relu(x, config, f"{name}_0_bn", f"{name}_0_relu")
    y = layers.Conv2D(config.bottleneck * growth, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = _norm_relu(y, config, f"{name}_1_bn", f"{name}_1_relu")
    y = layers.Conv2D(growth, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return layers.Concatenate(name=f"{name}_concat")([x, y])


def _transition(x: keras.KerasTensor, halve: bool, config: EncoderConfig, name: str) -> keras.KerasTensor:
    """Between two blocks: half the maps, and (unless the grid is to stay fine) half the rows and columns."""
    x = _norm_relu(x, config, f"{name}_bn", f"{name}_relu")
    depth = x.shape[-1] // 2
    # The other way round in the paper. Both are linear and a 1 x 1 convolution mixes no positions, so the result is the
    # same, for a quarter of its multiplications.
    x = layers.AveragePooling2D(2, name=f"{name}_pool")(x) if halve else x
    return layers.Conv2D(depth, 1, use_bias=False, name=f"{name}_conv")(x)
