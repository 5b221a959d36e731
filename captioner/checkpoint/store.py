"""A checkpoint folder: `config.json`, `vocabulary.json`, `model.safetensors`, `README.md`; written whole or not at all.

The folder is plain data, as a model repository of the Hugging Face Hub expects it: JSON, arrays that carry no code, and
a card. `config.json` keeps the checksums of words and weights, so that a folder that was copied halfway is noticed.
Folders of older versions, with `weights.npz` and `card.md`, are read as well.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.checkpoint.validate import (
    CARD,
    CONFIG,
    FORMAT,
    VOCABULARY,
    WEIGHTS,
    card_file,
    check_reach,
    check_replaceable,
    read_card,
    read_config,
    weights_name,
)
from captioner.checkpoint.weights import assign, named_weights, read_weights, weights_bytes
from captioner.checkpoint.whole_folder import recover_all, recovered, write_file, written_whole
from captioner.errors import BadInput
from captioner.vocabulary import Vocabulary

if TYPE_CHECKING:
    import keras

    from captioner.captioner import Captioner

__all__ = [
    "available",
    "assign",
    "card_file",
    "check_replaceable",
    "load",
    "local",
    "named_weights",
    "read_card",
    "read_config",
    "read_weights",
    "save",
    "CARD",
    "CONFIG",
    "DEFAULT",
    "VOCABULARY",
    "WEIGHTS",
    "WEIGHTS_ROOT",
]

WEIGHTS_ROOT = Path(__file__).resolve().parents[2] / "weights"
DEFAULT = WEIGHTS_ROOT / "default"


def load(folder: str | Path | None = None) -> Captioner:
    """Load a checkpoint folder as a `captioner.captioner.Captioner`.

    Args:
        folder: the folder, or the address of a model repository (`hf://OWNER/NAME`); None for `weights/default`.

    Raises:
        BadInput: the folder is missing, incomplete, damaged or of a layout that is not known, or the repository cannot
            be had.
    """
    folder = recovered(local(folder))
    config = read_config(folder)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    from captioner.captioner import Captioner

    arrays = read_weights(folder / weights_name(config))
    check_reach(folder, config["network"], arrays)
    network = _build(folder, config, vocabulary)
    assign(network, arrays, folder.name)
    return Captioner(network, vocabulary, config, folder)


def local(folder: str | Path | None) -> Path:
    """The folder that a caller means: `weights/default` when None, and what was fetched for an address of the Hub.

    Raises:
        BadInput: see `captioner.hub.repository.fetch`.
    """
    if folder is None:
        return DEFAULT
    if not str(folder).startswith("hf:/"):
        return Path(folder)
    from captioner.hub.repository import fetch  # late: most checkpoints are folders

    return fetch(folder)


def available(root: Path | None = None) -> list[Path]:
    """The checkpoint folders in `weights/` (or `root`), `default` first."""
    root = Path(root) if root is not None else WEIGHTS_ROOT
    if root.is_dir():
        recover_all(root)
    folders = [path.parent for path in root.glob(f"[!.]*/{CONFIG}")] if root.is_dir() else []
    return sorted(folders, key=lambda folder: (folder.name != "default", folder.name))


def by_name(folders: Iterable[str | Path]) -> dict[str, Path]:
    """Checkpoint folders by the name that their own configuration gives, which cards and reports use too.

    A folder whose configuration cannot be read, or names itself as an earlier one does, goes by the folder's name.

    Args:
        folders: paths, in the order of what comes back.

    Returns:
        dict name -> Path.
    """
    named = {}
    for folder in map(Path, folders):
        try:
            name = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["name"]
        except (OSError, ValueError, KeyError, TypeError):
            name = folder.name
        named[name if isinstance(name, str) and name and name not in named else folder.name] = folder
    return named


def save(
    folder: str | Path,
    network: keras.Model,
    vocabulary: Vocabulary,
    config: dict[str, Any],
    card: str | None = None,
    halve: bool = True,
) -> None:
    """Write a checkpoint, down to the disk; whatever interrupts it, `load` finds the old one or the new one whole.

    Args:
        folder: where to; an existing checkpoint there is replaced.
        network: whose weights are kept.
        vocabulary: its Vocabulary.
        config: dict of `name`, `model`, `preparation`, `decoding` and whatever else the card wants to know.
        card: Markdown text; the old card is kept when None.
        halve: keep matrices as float16 (vectors stay float32); False keeps every number as it is.

    Raises:
        BadInput: the folder holds something else than a checkpoint, which is left as it is.
        OSError: it cannot be written.
    """
    folder = Path(os.path.realpath(folder))  # through links, so that what they point to is replaced and not they
    check_replaceable(recovered(folder))
    kept = card_file(folder)
    contents = {VOCABULARY: vocabulary.to_json().encode(), WEIGHTS: weights_bytes(network, halve)}
    files = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    content = {"format": FORMAT, **config, "network": network.get_config(), "files": files}
    contents[CONFIG] = (json.dumps(content, indent=2) + "\n").encode()
    if card is not None:
        contents[CARD] = card.encode()
    elif kept is not None:
        contents[CARD] = kept.read_bytes()
    with written_whole(folder) as fresh:
        for name, data in contents.items():
            write_file(fresh / name, data)


def _build(folder: Path, config: dict[str, Any], vocabulary: Vocabulary) -> keras.Model:
    """The network that the configuration describes, with fresh weights."""
    from captioner.models import network_class

    try:
        network = network_class(config["model"]).from_config(config["network"])
    except Exception as error:  # Keras and TensorFlow promise no list of what wrong settings raise
        reason = (str(error).splitlines() or [""])[0].rstrip(".")[:200] or type(error).__name__
        raise BadInput(f"{folder.name}/{CONFIG} describes a network that cannot be built: {reason}.") from error
    if network.vocabulary_size != len(vocabulary):
        raise BadInput(
            f"{folder.name}/{VOCABULARY} has {len(vocabulary)} tokens, its network {network.vocabulary_size}."
        )
    return network
