"""What a checkpoint folder must hold, and every way in which one can be refused."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from captioner.checkpoint.whole_folder import recovered
from captioner.errors import BadInput
from captioner.images import preprocessing

FORMAT = 1
CONFIG, VOCABULARY, WEIGHTS, CARD = "config.json", "vocabulary.json", "model.safetensors", "README.md"
OLD_WEIGHTS, OLD_CARD = "weights.npz", "card.md"  # of checkpoints before version 0.3, which are read as well
HOW_OFTEN_RIGHT = "how_often_right.json"  # counted after training, see `captioner.checkpoint.how_often_right`
FILES = (CONFIG, VOCABULARY, WEIGHTS, CARD, HOW_OFTEN_RIGHT, OLD_WEIGHTS, OLD_CARD)
REQUIRED = ("format", "name", "model", "network", "preparation", "decoding", "files")


def read_config(folder: str | Path) -> dict[str, Any]:
    """The configuration of a checkpoint folder, its files checked against their checksums.

    Raises:
        BadInput: see `load`.
    """
    folder = recovered(Path(folder))
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
        raise BadInput(
            f"{folder.name}/{CONFIG} has format {repr(config['format'])[:40]}; this program reads format {FORMAT}."
        )
    for name in (VOCABULARY, weights_name(config)):
        if not (folder / name).is_file():
            raise BadInput(f"{folder.name} is not complete: {name} is missing.")
        try:
            found = checksum(folder / name)
        except OSError as error:
            raise BadInput(f"{folder.name}/{name} cannot be read: {error.strerror}.") from error
        if found != files.get(name):
            raise BadInput(
                f"{folder.name}/{name} is damaged or was copied only in part: its checksum is not the one in {CONFIG}."
            )
    _check_settings(folder, config)
    return config


def weights_name(config: Mapping[str, Any]) -> str:
    """Which file of a checkpoint holds the weights that its configuration means: WEIGHTS, or OLD_WEIGHTS."""
    return OLD_WEIGHTS if OLD_WEIGHTS in config["files"] and WEIGHTS not in config["files"] else WEIGHTS


def card_file(folder: str | Path) -> Path | None:
    """The file that holds the card of a checkpoint folder; None where there is none."""
    paths = (Path(folder) / name for name in (CARD, OLD_CARD))
    return next((path for path in paths if path.is_file()), None)


def read_card(folder: str | Path) -> str:
    """The card of a checkpoint folder, Markdown that may open with YAML; empty where there is none that can be read."""
    path = card_file(folder)
    try:
        return "" if path is None else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _check_settings(folder: Path, config: dict[str, Any]) -> None:
    """Refuse settings that would fail later, when a study is captioned.

    Raises:
        BadInput: names the setting.
    """
    preprocessing.check(config["preparation"])
    own = config["decoding"] if isinstance(config["decoding"], dict) else None
    most: Any = own.get("max_words", 40) if own is not None else None
    penalty: Any = own.get("length_penalty", 0.7) if own is not None else None
    coverage = config.get("coverage", (1.0, 1.0))
    for name, sound in (
        ("name", isinstance(config["name"], str) and 0 < len(config["name"]) <= 80 and config["name"].isprintable()),
        ("model", isinstance(config["model"], str)),
        ("decoding", type(most) is int and 1 <= most <= 200 and _number(penalty) and 0 <= penalty <= 2),
        *(
            ("decoding", own is not None and type(own.get(rule, False)) is bool)
            for rule in ("sentence_rules", "says_what_it_is_told")
        ),
        (
            "coverage",
            isinstance(coverage, (list, tuple))
            and len(coverage) == 2
            and all(_number(share) and 0 < share <= 1 for share in coverage),
        ),
        ("missing_lateral_notice", isinstance(config.get("missing_lateral_notice", ""), str)),
        ("targets", all(isinstance(target, str) for target in _list(config.get("targets", [])))),
    ):
        if not sound:
            raise BadInput(f"{folder.name}/{CONFIG} has an unusable {name}.")


def _number(value: Any) -> bool:
    return type(value) in (int, float)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def check_reach(folder: Path, settings: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Refuse a network far larger than its weights before it is built: that would take all memory, or for ever.

    No number of its settings can be greater than the longest side of an array, and no encoder has more blocks than
    there are arrays; up to 256 of either is little enough to try.
    """
    longest = max([256, *(max(array.shape, default=1) for array in arrays.values())])

    def numbers(value: Any) -> list[Any]:
        if isinstance(value, dict):
            value = list(value.values())
        return [number for part in value for number in numbers(part)] if isinstance(value, list) else [value]

    encoder = settings.get("encoder") if isinstance(settings, dict) else None
    blocks = (
        [part for key in ("blocks", "depths") for part in numbers(encoder.get(key, []))]
        if isinstance(encoder, dict)
        else []
    )
    whole = [number for number in numbers(settings) if _number(number)]
    if any(abs(number) > longest for number in whole) or sum(filter(_number, blocks)) > max(256, len(arrays)):
        raise BadInput(f"{folder.name}/{CONFIG} describes a network that is larger than its weights.")


def checksum(path: Path) -> str:
    """The SHA-256 of a file, as `config.json` keeps it."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_replaceable(folder: Path) -> None:
    """Refuse a folder that a checkpoint may not take the place of: one that holds anything but an earlier checkpoint.

    Raises:
        BadInput: names what is there.
    """
    folder = Path(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BadInput(f"{folder} is there already and is no checkpoint: nothing is written over it.")
    for path in sorted(folder.iterdir()):
        if path.name not in FILES or not path.is_file():
            raise BadInput(
                f"{folder} holds {path.name[:80]}, which is no part of a checkpoint: nothing is written over it."
            )
    try:
        ours = not any(folder.iterdir()) or "files" in dict(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        ours = False
    if not ours:
        raise BadInput(f"{folder} is there already and is no checkpoint: nothing is written over it.")
