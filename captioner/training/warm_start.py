"""Training on from earlier weights: those of a checkpoint, or of an encoder from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from captioner.checkpoint.store import named_weights, read_weights
from captioner.errors import BadInput
from captioner.models import is_learned


def average_weights(paths: Sequence[str | Path]) -> dict[str, np.ndarray]:
    """The mean of the weights of several checkpoints of one network, name -> array.

    Trainings that went on from the same weights mostly end in one valley, and the middle of it is better than any of
    them (Wortsman et al. 2022, "Model soups", arXiv 2203.05482). One path gives its own weights.

    Raises:
        BadInput: a file that cannot be read, or files of different networks.
    """
    total: dict[str, np.ndarray] = {}
    for path in map(Path, paths):
        arrays = {name: array.astype(np.float32) for name, array in read_weights(path).items()}
        if total and {name: array.shape for name, array in arrays.items()} != {
            name: array.shape for name, array in total.items()
        }:
            raise BadInput(f"{path} holds the weights of another network than {paths[0]}: they have no mean.")
        total = {name: total[name] + array for name, array in arrays.items()} if total else arrays
    return {name: array / len(paths) for name, array in total.items()}


def start_from(
    network: keras.Model, paths: Sequence[str | Path], preparation: dict[str, Any], say: Callable[[str], Any]
) -> None:
    """Give the encoder (and whatever else has the same name and shape) the weights of an earlier training.

    An HDF5 file is CheXNet's and a PyTorch file ImageNet's; both fill the encoder alone. Anything else is a
    checkpoint's `model.safetensors`, or its `weights.npz`; of several the mean is taken.

    Args:
        network: the one that will be trained.
        paths: one file, or the checkpoints to take the mean of.
        preparation: with the `mean` and `std` of the pictures that weights from outside are fitted to.
        say: called with a line that says what was taken.

    Raises:
        BadInput: a file that cannot be read, or that has nothing which fits the network.
    """
    path = Path(paths[0])
    if path.suffix.lower() == ".pth":
        from captioner.pretrained import imagenet

        imagenet.assign_encoder(network.encoder, imagenet.read(path), preparation["mean"], preparation["std"])
        say(f"encoder weights taken from {path.name}")
        return
    if path.suffix.lower() in (".h5", ".hdf5"):
        from captioner.pretrained.chexnet import assign_encoder

        assign_encoder(network.encoder, path, preparation["mean"], preparation["std"])
        say(f"encoder weights taken from {path.name}")
        return
    arrays, taken = average_weights(paths), 0
    for name, variable in named_weights(network).items():
        if not is_learned(name):
            continue
        if name in arrays and arrays[name].shape == tuple(variable.shape):
            variable.assign(arrays[name].astype(np.float32))
            taken += 1
        elif name == "projection/kernel" and name in arrays:
            taken += _start_feature_projection(variable, arrays[name])
    if not taken:
        raise BadInput(f"{path.name} has no weight that fits this network.")
    say(f"{taken} weights taken from {', '.join(Path(each).name for each in paths)}")


def _start_feature_projection(variable: keras.Variable, kernel: np.ndarray) -> int:
    """Take the projection of a coarser grid: a finer grid's own features come before those that both have."""
    more = variable.shape[0] - kernel.shape[0]
    if more <= 0 or variable.shape[1] != kernel.shape[1]:
        return 0
    start = np.array(keras.ops.convert_to_numpy(variable))
    start[:more] *= 0.3
    start[more:] = kernel
    variable.assign(start)
    return 1
