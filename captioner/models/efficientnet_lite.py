"""EfficientNet-Lite (Tan and Le 2019, arXiv 1905.11946; Lite: Liu 2020, TensorFlow blog) as picture encoder.

Inverted residual blocks (Sandler et al. 2018, arXiv 1801.04381) with ReLU6 and without squeeze-and-excitation: little
to compute on a CPU, and small enough to be fine-tuned there. ImageNet weights for it can be had under the Apache
licence, see `captioner.pretrained.imagenet`. Layers are named stage by stage, as `captioner.pretrained.imagenet` fills
them.
"""

from dataclasses import asdict, dataclass
from typing import Any

import keras
from keras import layers

from captioner.models.batch_norm import BatchNormalization

BATCH_NORM_EPSILON = 1e-3  # what the ImageNet weights were trained with


@dataclass(frozen=True)
class EfficientNetLiteConfig:
    """The shape of an EfficientNet-Lite.

    Attributes:
        depths: blocks of each of the seven stages.
        widths: channels that each stage gives.
        kernels: size of each stage's depthwise convolutions.
        strides: of the first block of each stage.
        expansion: channels inside a block, in multiples of its input; the first stage does not expand.
        stem: channels of the first convolution.
        channels: of the picture, 1 grey or 3.
        stride: pixels of the picture per cell of the grid, in each direction. 16: the fifth stage's cells, each
            beside the seventh stage's, which sees more of the picture at half the resolution. 8: the third stage's,
            beside both.
        momentum: of the batch normalisation's running statistics.
        drop_path: how often a picture is learned from without the last block that adds to its input, 0 to 1; blocks
            nearer to the picture are left out less often, in proportion (Huang et al. 2016, "Deep Networks with
            Stochastic Depth", arXiv 1603.09382). Outside training all blocks take part.
        family: tells this configuration from a DenseNet's.
    """

    depths: tuple[int, ...] = (1, 2, 2, 3, 3, 4, 1)
    widths: tuple[int, ...] = (16, 24, 40, 80, 112, 192, 320)
    kernels: tuple[int, ...] = (3, 3, 5, 3, 5, 5, 3)
    strides: tuple[int, ...] = (1, 2, 2, 2, 1, 2, 1)
    expansion: int = 6
    stem: int = 32
    channels: int = 1
    stride: int = 16
    momentum: float = 0.97
    drop_path: float = 0.0
    family: str = "efficientnet-lite"

    def as_dict(self) -> dict[str, Any]:
        """The configuration as JSON can hold it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def build(config: EfficientNetLiteConfig, name: str = "encoder") -> keras.Model:
    """A functional Keras model from pictures `(batch, rows, columns, channels)` to features `(batch, R, C, depth)`.

    R and C are the picture's size over `config.stride`; rows and columns must be multiples of 32.
    """
    picture = keras.Input((None, None, config.channels), name="picture")
    x = layers.Conv2D(config.stem, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(picture)
    x = _norm_relu(x, config, "stem")  # (batch, rows/2, columns/2, stem)
    outputs, reach, number = {}, 2, 0
    for stage, (depth, width) in enumerate(zip(config.depths, config.widths), start=1):
        for block in range(depth):
            stride = config.strides[stage - 1] if block == 0 else 1
            expansion = 1 if stage == 1 else config.expansion
            number += 1
            dropped = config.drop_path * number / sum(config.depths)
            named = f"stage{stage}_block{block + 1}"
            x = _block(x, width, config.kernels[stage - 1], stride, expansion, config, named, dropped)
            reach *= stride
        outputs[reach] = x  # the last stage at each resolution: (batch, rows/reach, columns/reach, width)
    levels = [outputs[config.stride]]  # (batch, R, C, ...), and the coarser ones stretched to it
    for reach, level in ((16, "middle"), (32, "coarse")):
        if reach > config.stride:
            stretch = layers.UpSampling2D(reach // config.stride, interpolation="bilinear", name=level)
            levels.append(stretch(outputs[reach]))
    return keras.Model(picture, layers.Concatenate(name="features")(levels), name=name)


def freeze_stages(encoder: keras.Model, stages: int) -> None:
    """Keep the stem and the first `stages` stages of an EfficientNet-Lite as they are, batch statistics included."""
    still = ("stem", *(f"stage{stage}_" for stage in range(1, stages + 1)))
    for layer in encoder.layers:
        if layer.name.startswith(still):
            layer.trainable = False


def _norm_relu(x: keras.KerasTensor, config: EfficientNetLiteConfig, name: str, relu: bool = True) -> keras.KerasTensor:
    x = BatchNormalization(momentum=config.momentum, epsilon=BATCH_NORM_EPSILON, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x


def _block(
    x: keras.KerasTensor,
    width: int,
    kernel: int,
    stride: int,
    expansion: int,
    config: EfficientNetLiteConfig,
    name: str,
    dropped: float = 0.0,
) -> keras.KerasTensor:
    """An inverted residual: 1 x 1 up, depthwise `kernel`, 1 x 1 down, and the input added where the shape allows it.

    `dropped` is how often a picture is learned from with the input alone, where it is added.
    """
    y = x
    if expansion > 1:
        y = layers.Conv2D(expansion * x.shape[-1], 1, use_bias=False, name=f"{name}_expand_conv")(y)
        y = _norm_relu(y, config, f"{name}_expand")
    y = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depth_conv")(y)
    y = _norm_relu(y, config, f"{name}_depth")
    y = layers.Conv2D(width, 1, use_bias=False, name=f"{name}_project_conv")(y)
    y = _norm_relu(y, config, f"{name}_project", relu=False)
    if stride > 1 or x.shape[-1] != width:
        return y
    if dropped:
        y = layers.Dropout(dropped, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(y)
    return layers.Add(name=f"{name}_add")([x, y])
