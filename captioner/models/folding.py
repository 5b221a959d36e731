"""An encoder made quicker for studies, not for training: batch norms folded away, projected before it is stretched.

Once its statistics are fixed, a batch norm scales and offsets each channel of a convolution's output, which kernel and
bias can take over (Jacob et al. 2018, arXiv 1712.05877, section 3.2). A pass is as quick as one whose weights are all
constants of the graph, and all graphs of a network share one set of weights (see benchmarks/README.md).
"""

from typing import Any

import keras
import numpy as np
from keras import layers


class _Folded(layers.Layer):
    """Stands where a batch norm stood, whose arithmetic is in the convolution before it."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Inputs of any shape, as they are."""
        return inputs


def folded(encoder: keras.Model) -> keras.Model:
    """A copy of a functional encoder, with weights of its own, that gives the same features but for rounding.

    A batch norm is folded where it alone reads a convolution without activation; others, such as those before a ReLU in
    a DenseNet, stay. Later changes of the encoder's weights do not reach the copy.

    Args:
        encoder: from pictures `(batch, rows, columns, channels)` to features `(batch, R, C, F)`.
    """
    norms = _foldable(encoder)
    convolutions = {norm.name for norm in norms.values()}

    def cloned(layer: layers.Layer) -> layers.Layer:
        if layer.name in convolutions:
            return _Folded(name=layer.name)
        config = layer.get_config()
        return type(layer).from_config({**config, "use_bias": True} if layer.name in norms else config)

    copy = keras.models.clone_model(encoder, clone_function=cloned)
    for layer in encoder.layers:
        if layer.name in norms:
            copy.get_layer(layer.name).set_weights(_merged(layer, norms[layer.name]))
        elif layer.weights and layer.name not in convolutions:
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    copy.trainable = False
    return copy


def projecting(encoder: keras.Model, kernel: np.ndarray) -> keras.Model:
    """An encoder together with a linear map of its features, which shares the encoder's layers and gives no features.

    Where the features are maps of several resolutions, stretched to one grid and put side by side, each is mapped
    before it is stretched: both are linear, one along the channels and one along the cells, so their order makes no
    difference, and a coarse map has few cells.

    Args:
        encoder: from pictures `(batch, rows, columns, channels)` to features `(batch, R, C, F)`.
        kernel: float32 `(F, depth)`.

    Returns:
        From pictures to `(batch, R, C, depth)`.
    """
    last = encoder.layers[-1]
    joined = isinstance(last, layers.Concatenate)
    made_by = {id(layer.output): layer for layer in encoder.layers}
    parts, start = [], 0
    for level in last.input if joined else [encoder.output]:
        made, channels = made_by[id(level)], level.shape[-1]
        stretched = joined and isinstance(made, layers.UpSampling2D)
        project = layers.Conv2D(kernel.shape[1], 1, use_bias=False)
        part = project(made.input if stretched else level)  # (batch, R, C, depth), or fewer cells
        project.set_weights([kernel[None, None, start : start + channels]])
        if stretched:
            part = type(made).from_config(made.get_config() | {"name": f"{made.name}_projected"})(part)
        parts.append(part)  # (batch, R, C, depth)
        start += channels
    total = layers.Add()(parts) if len(parts) > 1 else parts[0]
    model = keras.Model(encoder.input, total)
    model.trainable = False
    return model


def _foldable(encoder: keras.Model) -> dict[str, layers.BatchNormalization]:
    """Name of each convolution that can take over a batch norm -> that batch norm."""
    made_by = {id(layer.output): layer for layer in encoder.layers}
    readers: dict[int, list[layers.Layer]] = {}
    for layer in encoder.layers:
        read = layer.input if isinstance(layer.input, list) else [layer.input]
        for tensor in read:
            readers.setdefault(id(tensor), []).append(layer)
    kept = {id(tensor) for tensor in encoder.outputs}
    found = {}
    for tensor, who in readers.items():
        before = made_by.get(tensor)
        if (
            isinstance(before, layers.Conv2D | layers.DepthwiseConv2D)
            and before.activation is keras.activations.linear
            and len(who) == 1
            and isinstance(who[0], layers.BatchNormalization)
            and tensor not in kept
        ):
            found[before.name] = who[0]
    return found


def _merged(convolution: layers.Layer, norm: layers.BatchNormalization) -> list[np.ndarray]:
    """Kernel and bias of a convolution that does what both did."""
    mean, variance = (np.asarray(part, np.float64) for part in (norm.moving_mean, norm.moving_variance))
    scale = 1 / np.sqrt(variance + norm.epsilon)  # (channels,)
    if norm.scale:
        scale = scale * np.asarray(norm.gamma)
    bias = (np.asarray(convolution.bias) if convolution.use_bias else 0) - mean
    bias = bias * scale + (np.asarray(norm.beta) if norm.center else 0)
    kernel = np.asarray(
        convolution.kernel
    )  # (rows, columns, in, out), of a depthwise one (rows, columns, channels, multiplier)
    if isinstance(convolution, layers.DepthwiseConv2D):
        scale = scale.reshape(kernel.shape[2:])
    return [(kernel * scale).astype(np.float32), bias.astype(np.float32)]
