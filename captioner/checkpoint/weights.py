"""The weights of a checkpoint: arrays that carry no code, by name, checked before they reach a network.

They are written as safetensors (https://huggingface.co/docs/safetensors): eight bytes that say how long the header is,
a JSON header that says where each array lies, then the numbers. Older checkpoints have a NumPy archive, which is read
too.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import numpy as safetensors

from captioner.errors import BadInput

if TYPE_CHECKING:
    import keras

MAX_MAGNITUDE = 1e9  # of one number; trained ones reach some hundreds, and a few steps from here no float32 holds them
MAX_BYTES = 2 << 30  # of all arrays of a weights file, unpacked; a DenseNet-121 has 28 MB
MAX_HEADER = 4 << 20  # bytes of JSON before the numbers; a DenseNet-121 has 60 kB, and a long one takes memory to parse


def weights_bytes(network: keras.Model, halve: bool = True) -> bytes:
    """The content of a `model.safetensors`.

    Args:
        network: whose weights are kept.
        halve: keep matrices as float16 (vectors stay float32); False keeps every number as it is.
    """
    arrays = {
        name: np.asarray(value, np.float16 if halve and np.ndim(value) > 1 else np.float32)
        for name, value in named_weights(network).items()
    }
    return safetensors.save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """name -> array of a `model.safetensors`, or of the `weights.npz` of an older checkpoint.

    Raises:
        BadInput: the file is not one of plain arrays of finite numbers of a sensible size.
    """
    try:
        arrays = _of_archive(path) if path.suffix == ".npz" else _of_safetensors(path)
    except Exception as error:  # safetensors, zipfile and numpy's header reader promise no list for damaged bytes
        reason = (str(error).splitlines() or [""])[0].rstrip(".")[:200] or type(error).__name__
        raise BadInput(f"{path.name} is not a readable weights file: {reason}.") from error
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise BadInput(f"{path.name} holds the array {name[:80]} that is not of finite numbers.")
        if array.size and float(np.abs(array).max()) > MAX_MAGNITUDE:
            raise BadInput(f"{path.name} holds a number in {name[:80]} that is too large for a weight.")
    return arrays


def _of_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Read whole, not mapped into memory: a file that shrinks meanwhile would end the process."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise ValueError(f"it has {size >> 20} MB")
        header = file.read(8)
        if int.from_bytes(header, "little") > MAX_HEADER:
            raise ValueError("its header is too long")
        data = header + file.read(MAX_BYTES)
    try:
        return safetensors.load(data)
    except KeyError as error:  # bfloat16 and the eight-bit kinds, which NumPy has not
        raise ValueError(f"it has numbers of the type {error.args[0]}") from error


def _of_archive(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_BYTES:
        raise ValueError(f"unpacked it would have {unpacked >> 20} MB")
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def named_weights(network: keras.Model) -> dict[str, Any]:
    """name -> variable, without the network's own name: `projection/kernel`, `encoder/conv1_conv/kernel`."""
    names = {}
    for variable in network.variables:
        path = variable.path
        name = path.removeprefix(network.name + "/")
        if "seed_generator" in name:
            continue  # dropout's random state is no weight
        if name in names:
            raise ValueError(f"two weights are called {name}")
        names[name] = variable
    return names


def assign(network: keras.Model, arrays: Mapping[str, np.ndarray], name: str) -> None:
    """Put every array into the weight of its name.

    Raises:
        BadInput: a weight is missing, too many or of another shape; the network is left as it was.
    """
    weights = named_weights(network)
    for key in sorted(weights.keys() ^ arrays.keys()):
        raise BadInput(f"The weights of {name} {'lack' if key in weights else 'have an unknown'} {key[:80]}.")
    for key, variable in weights.items():
        if tuple(variable.shape) != arrays[key].shape:
            raise BadInput(f"The weight {key} of {name} has shape {arrays[key].shape}, not {tuple(variable.shape)}.")
    for key, variable in weights.items():
        variable.assign(arrays[key].astype(np.float32))
