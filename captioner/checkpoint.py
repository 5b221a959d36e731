"""A checkpoint folder: `config.json`, `vocabulary.json`, `weights.npz` and `card.md`, written whole or not at all.

The folder is plain data: JSON, and arrays without pickles. `config.json` keeps the checksums of the other two, so
that a folder that was copied halfway is noticed.
"""

import hashlib
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from captioner.errors import BadInput
from captioner.vocabulary import Vocabulary

FORMAT = 1
WEIGHTS_ROOT = Path(__file__).resolve().parent.parent / "weights"
DEFAULT = WEIGHTS_ROOT / "default"
CONFIG, VOCABULARY, WEIGHTS, CARD = "config.json", "vocabulary.json", "weights.npz", "card.md"
REQUIRED = ("format", "name", "model", "network", "preparation", "decoding", "files")


def load(folder=None):
    """Load a checkpoint folder as a `captioner.captioner.Captioner`.

    Args:
        folder: the folder; None for `weights/default`.

    Raises:
        BadInput: the folder is missing, incomplete, damaged or of a layout that is not known.
    """
    folder = Path(folder) if folder is not None else DEFAULT
    config = read_config(folder)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    from captioner.captioner import Captioner

    network = _build(folder, config, vocabulary)
    assign(network, read_weights(folder / WEIGHTS), folder.name)
    return Captioner(network, vocabulary, config, folder)


def available(root=None):
    """The checkpoint folders in `weights/` (or `root`), `default` first."""
    root = Path(root) if root is not None else WEIGHTS_ROOT
    folders = [path.parent for path in root.glob(f"[!.]*/{CONFIG}")] if root.is_dir() else []
    return sorted(folders, key=lambda folder: (folder.name != "default", folder.name))


def save(folder, network, vocabulary, config, card=None, halve=True):
    """Write a checkpoint: into a new folder beside it first, so that nothing half-written is left behind.

    Args:
        folder: where to; an existing checkpoint there is replaced.
        network: whose weights are kept.
        config: dict of `name`, `model`, `preparation`, `decoding` and whatever else the card wants to know.
        card: Markdown text; the old card is kept when None.
        halve: keep matrices as float16 (vectors stay float32); False keeps every number as it is.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if card is None and (folder / CARD).is_file():
        card = (folder / CARD).read_text(encoding="utf-8")
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        vocabulary.save(fresh / VOCABULARY)
        write = np.savez_compressed if halve else np.savez  # whole float32 numbers hardly pack, and slowly
        write(fresh / WEIGHTS, **{
            name: np.asarray(value, np.float16 if halve and np.ndim(value) > 1 else np.float32)
            for name, value in named_weights(network).items()})
        files = {name: _checksum(fresh / name) for name in (VOCABULARY, WEIGHTS)}
        content = {"format": FORMAT, **config, "network": network.get_config(), "files": files}
        (fresh / CONFIG).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        if card is not None:
            (fresh / CARD).write_text(card, encoding="utf-8")
        fresh.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_config(folder):
    """The configuration of a checkpoint folder, its files checked against their checksums.

    Raises:
        BadInput: see `load`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"There is no checkpoint folder {folder}.")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        missing = [key for key in REQUIRED if key not in config]
        files = dict(config["files"]) if not missing else {}
    except FileNotFoundError as error:
        raise BadInput(f"{folder.name} is not a checkpoint: it has no {CONFIG}.") from error
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"{folder.name}/{CONFIG} cannot be read: {error}.") from error
    if missing:
        raise BadInput(f"{folder.name}/{CONFIG} lacks {missing[0]!r}.")
    if config["format"] != FORMAT:
        raise BadInput(f"{folder.name}/{CONFIG} has format {config['format']!r}; this program reads format {FORMAT}.")
    for name in (VOCABULARY, WEIGHTS):
        if not (folder / name).is_file():
            raise BadInput(f"{folder.name} is not complete: {name} is missing.")
        if _checksum(folder / name) != files.get(name):
            raise BadInput(f"{folder.name}/{name} is damaged or was copied only in part: its checksum is not the one in {CONFIG}.")
    return config


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _build(folder, config, vocabulary):
    """The network that the configuration describes, with fresh weights."""
    from captioner.models import network_class

    try:
        network = network_class(config["model"]).from_config(config["network"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{folder.name}/{CONFIG} describes a network that cannot be built: {error}.") from error
    if network.vocabulary_size != len(vocabulary):
        raise BadInput(f"{folder.name}/{VOCABULARY} has {len(vocabulary)} tokens, its network {network.vocabulary_size}.")
    return network


def read_weights(path):
    """name -> array of a `weights.npz`.

    Raises:
        BadInput: the file is not an archive of plain finite arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise BadInput(f"{path.name} is not a readable weights file: {error}.") from error
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise BadInput(f"{path.name} holds the array {name[:80]} that is not of finite numbers.")
    return arrays


def named_weights(network):
    """name -> variable of a network, the network's own name left out: `projection/kernel`, `encoder/conv1_conv/kernel`."""
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


def assign(network, arrays, name):
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
