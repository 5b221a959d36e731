"""Weights in the HDF5 layout of Keras 2, read by explicit names and shapes.

Keras matches such files by the order of layers, or by top-level names only, and says little when a file does not fit.
Here every array that a model needs has one name and one shape; an array that is missing, extra, misshapen or not
finite is named. Only arrays inside the file itself are read: links and storage that lead elsewhere are refused.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from captioner.errors import BadInput

MAX_BYTES = 2 << 30  # a DenseNet-121 has 28 MiB; with an optimiser's state, three times as much
MAX_LINKS = 20_000
DEEPEST = 12
LONGEST_PATH = 200
LARGEST_CHUNK = 64 << 20
FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # those that h5py brings along

DENSENET_121 = (6, 12, 24, 16)
RENAMED = {"conv1/conv": "conv1_conv", "conv1/bn": "conv1_bn"}  # keras.applications before and since Keras 3
NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def densenet_shapes(
    channels: int = 3, blocks: Sequence[int] = DENSENET_121, growth: int = 32, stem: int = 64
) -> dict[str, tuple[int, ...]]:
    """`"layer/variable"` -> shape for every array of a DenseNet without its top, as `keras.applications` names them.

    Source: Huang et al. 2017, arXiv 1608.06993, table 1.
    """
    shapes = {"conv1_conv/kernel": (7, 7, channels, stem), **_norm("conv1_bn", stem)}
    depth = stem
    for block, layers in enumerate(blocks, 2):
        for layer in range(1, layers + 1):
            name = f"conv{block}_block{layer}"
            shapes |= _norm(f"{name}_0_bn", depth)
            shapes[f"{name}_1_conv/kernel"] = (1, 1, depth, 4 * growth)
            shapes |= _norm(f"{name}_1_bn", 4 * growth)
            shapes[f"{name}_2_conv/kernel"] = (3, 3, 4 * growth, growth)
            depth += growth
        if block < len(blocks) + 1:
            shapes |= _norm(f"pool{block}_bn", depth)
            shapes[f"pool{block}_conv/kernel"] = (1, 1, depth, depth // 2)
            depth //= 2
    return shapes | _norm("bn", depth)


def _norm(layer: str, depth: int) -> dict[str, tuple[int, ...]]:
    return {f"{layer}/{variable}": (depth,) for variable in NORM}


# "conv1/conv/conv1/conv/kernel:0": a layer's group repeats its name; a second model in one session got "conv1/conv_1".
_OWN_GROUP = re.compile(r"(?P<layer>[^:]+)/(?P=layer)(?:_\d+)?/(?P<variable>[a-z_]+)(?::0)?")
_NESTED = re.compile(r"(?:densenet121|image_encoder)/(?P<layer>[^:]+)/(?P<variable>[a-z_]+)(?::0)?")


def densenet_name(path: str) -> str | None:
    """The `"layer/variable"` that a dataset's path means, whether the layers have groups of their own or sit in
    one nested model's group, and in the older or the newer naming of the first two layers; None for another path."""
    match = _NESTED.fullmatch(path) or _OWN_GROUP.fullmatch(path)
    return match and f"{RENAMED.get(match['layer'], match['layer'])}/{match['variable']}"


def read_arrays(
    path: str | Path, shapes: Mapping[str, tuple[int, ...]], name_of: Callable[[str], str | None]
) -> dict[str, np.ndarray]:
    """Read exactly the arrays that a model needs.

    Args:
        path: an HDF5 file that Keras 2 wrote with `save_weights` or `save`.
        shapes: name -> shape of every array that must be there.
        name_of: function from a dataset's path inside the file to the name it means; None for an unknown path.

    Returns:
        dict name -> float32 array of that shape, all values finite.

    Raises:
        BadInput: the file is missing, damaged or too large, holds links or foreign storage, or an array is missing,
            extra, there twice, misshapen, not of floating point numbers, or not finite. The message names it.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(f"{path.name} has {size} bytes, too many for the weights of this model.")
        with h5py.File(path, "r", locking=False) as content:
            found = _match(path.name, _datasets(path.name, content), shapes, name_of)
            return {name: _read(path.name, found[name], shapes[name]) for name in shapes}
    except BadInput:
        raise
    except FileNotFoundError as error:
        raise BadInput(f"{path.name} is not there.") from error
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, UnicodeError) as error:  # what h5py raises
        raise BadInput(f"{path.name} is not a readable HDF5 file of Keras weights.") from error


def _datasets(name: str, content: h5py.File) -> list[tuple[str, h5py.Dataset]]:
    """All datasets of the file, found through plain links only; those of an optimiser's state left aside."""
    datasets, links = [], 0
    groups = [("", content["model_weights"] if _holds_whole_model(name, content) else content, 0)]
    while groups:
        prefix, group, depth = groups.pop()
        for key in group:
            links += 1
            inside = f"{prefix}{key}"
            if links > MAX_LINKS or depth > DEEPEST:
                raise BadInput(f"{name} holds more groups than any file of Keras weights.")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise BadInput(f"{name} holds the link {_shown(inside)}, which leads elsewhere: it is refused.")
            child = group[key]
            if isinstance(child, h5py.Group):
                groups.append((f"{inside}/", child, depth + 1))
            elif isinstance(child, h5py.Dataset):
                datasets.append((inside, child))
            else:
                raise BadInput(f"{name} holds {_shown(inside)}, which is neither a group nor an array.")
    return datasets


def _holds_whole_model(name: str, content: h5py.File) -> bool:
    """Whether `save` wrote the file (weights in a group of their own, an optimiser's beside it) or `save_weights`."""
    if not isinstance(content.get("model_weights", getlink=True), h5py.HardLink):
        return False
    others = [key for key in content if key not in ("model_weights", "optimizer_weights")]
    if others:
        raise BadInput(f"{name} holds the extra group {_shown(others[0])}.")
    return isinstance(content["model_weights"], h5py.Group)


def _match(
    file_name: str,
    datasets: Sequence[tuple[str, h5py.Dataset]],
    shapes: Mapping[str, tuple[int, ...]],
    name_of: Callable[[str], str | None],
) -> dict[str, h5py.Dataset]:
    """name -> dataset, every name of `shapes` exactly once."""
    found = {}
    for inside, dataset in datasets:
        name = name_of(inside) if len(inside) <= LONGEST_PATH else None
        if name is None or name not in shapes:
            raise BadInput(f"{file_name} holds the extra array {_shown(inside)}.")
        if name in found:
            raise BadInput(f"{file_name} holds the array {name} twice.")
        if dataset.shape != shapes[name]:
            raise BadInput(f"{file_name} holds {_shown(inside)} in the shape {dataset.shape}, not {shapes[name]}.")
        if dataset.dtype.kind != "f" or dataset.dtype.itemsize not in (2, 4, 8):
            raise BadInput(f"{file_name} holds {_shown(inside)} as {_shown(str(dataset.dtype))}, not as real numbers.")
        _refuse_foreign_storage(file_name, _shown(inside), dataset)
        found[name] = dataset
    missing = [name for name in shapes if name not in found]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise BadInput(f"{file_name} lacks the array {missing[0]}{more}.")
    return found


def _refuse_foreign_storage(file_name: str, name: str, dataset: h5py.Dataset) -> None:
    """Values may lie in this file only, in a form that h5py itself unpacks, in pieces that fit into memory."""
    if dataset.external or dataset.is_virtual:
        raise BadInput(f"{file_name} keeps the values of {name} in another file: it is refused.")
    properties = dataset.id.get_create_plist()
    for index in range(properties.get_nfilters()):
        if properties.get_filter(index)[0] not in FILTERS:
            raise BadInput(f"{file_name} holds {name} packed in a way that is not known.")
    if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > LARGEST_CHUNK:
        raise BadInput(f"{file_name} holds {name} in pieces that are too large.")


def _read(file_name: str, dataset: h5py.Dataset, shape: tuple[int, ...]) -> np.ndarray:
    name = dataset.name.strip("/")
    try:
        values = np.asarray(dataset[()], dtype=np.float64 if dataset.dtype.itemsize == 8 else np.float32)
    except (OSError, RuntimeError) as error:  # truncated, or a checksum that does not fit
        raise BadInput(f"{file_name} is damaged where {_shown(name)} lies.") from error
    with np.errstate(over="ignore"):
        values = values.astype(np.float32).reshape(shape)
    if not np.isfinite(values).all():
        raise BadInput(f"{file_name} holds values in {_shown(name)} that are not finite.")
    return values


def _shown(text: str) -> str:
    """A name from the file, made fit for a sentence."""
    return ascii(text)[1:-1][:LONGEST_PATH]
