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

from captioner import preparation
from captioner.errors import BadInput
from captioner.vocabulary import Vocabulary

FORMAT = 1
WEIGHTS_ROOT = Path(__file__).resolve().parent.parent / "weights"
DEFAULT = WEIGHTS_ROOT / "default"
CONFIG, VOCABULARY, WEIGHTS, CARD = "config.json", "vocabulary.json", "weights.npz", "card.md"
MOST_BYTES = 2 << 30  # of all arrays of a weights file, unpacked; a DenseNet-121 has 28 MB
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

    arrays = read_weights(folder / WEIGHTS)
    _check_reach(folder, config["network"], arrays)
    network = _build(folder, config, vocabulary)
    assign(network, arrays, folder.name)
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
        raise BadInput(f"{folder.name}/{CONFIG} has format {repr(config['format'])[:40]}; this program reads format {FORMAT}.")
    for name in (VOCABULARY, WEIGHTS):
        if not (folder / name).is_file():
            raise BadInput(f"{folder.name} is not complete: {name} is missing.")
        try:
            checksum = _checksum(folder / name)
        except OSError as error:
            raise BadInput(f"{folder.name}/{name} cannot be read: {error.strerror}.") from error
        if checksum != files.get(name):
            raise BadInput(f"{folder.name}/{name} is damaged or was copied only in part: its checksum is not the one in {CONFIG}.")
    _check_settings(folder, config)
    return config


def _check_settings(folder, config):
    """Refuse settings that would fail later, when a study is captioned.

    Raises:
        BadInput: names the setting.
    """
    preparation.check(config["preparation"])
    own = config["decoding"] if isinstance(config["decoding"], dict) else None
    most, penalty = (own.get("max_words", 40), own.get("length_penalty", 0.7)) if own is not None else (None, None)
    coverage = config.get("coverage", (1.0, 1.0))
    for name, sound in (
        ("name", isinstance(config["name"], str) and 0 < len(config["name"]) <= 80 and config["name"].isprintable()),
        ("model", isinstance(config["model"], str)),
        ("decoding", type(most) is int and 1 <= most <= 200 and _number(penalty) and 0 <= penalty <= 2),
        ("coverage", isinstance(coverage, (list, tuple)) and len(coverage) == 2
         and all(_number(share) and 0 < share <= 1 for share in coverage)),
        ("missing_lateral_notice", isinstance(config.get("missing_lateral_notice", ""), str)),
        ("targets", all(isinstance(target, str) for target in _list(config.get("targets", [])))),
    ):
        if not sound:
            raise BadInput(f"{folder.name}/{CONFIG} has an unusable {name}.")


def _number(value):
    return type(value) in (int, float)


def _list(value):
    return value if isinstance(value, list) else [None]


def _check_reach(folder, settings, arrays):
    """Refuse a network far larger than its weights before it is built: that would take all memory, or for ever.

    No number of its settings can be greater than the longest side of an array, and no encoder has more blocks than
    there are arrays; up to 256 of either is little enough to try.
    """
    longest = max([256, *(max(array.shape, default=1) for array in arrays.values())])

    def numbers(value):
        if isinstance(value, dict):
            value = list(value.values())
        return [number for part in value for number in numbers(part)] if isinstance(value, list) else [value]

    encoder = settings.get("encoder") if isinstance(settings, dict) else None
    blocks = [part for key in ("blocks", "depths") for part in numbers(encoder.get(key, []))] if isinstance(encoder, dict) else []
    whole = [number for number in numbers(settings) if _number(number)]
    if any(abs(number) > longest for number in whole) or sum(filter(_number, blocks)) > max(256, len(arrays)):
        raise BadInput(f"{folder.name}/{CONFIG} describes a network that is larger than its {WEIGHTS}.")


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _build(folder, config, vocabulary):
    """The network that the configuration describes, with fresh weights."""
    from captioner.models import network_class

    try:
        network = network_class(config["model"]).from_config(config["network"])
    except Exception as error:  # Keras and TensorFlow promise no list of what wrong settings raise
        reason = (str(error).splitlines() or [""])[0].rstrip(".")[:200] or type(error).__name__
        raise BadInput(f"{folder.name}/{CONFIG} describes a network that cannot be built: {reason}.") from error
    if network.vocabulary_size != len(vocabulary):
        raise BadInput(f"{folder.name}/{VOCABULARY} has {len(vocabulary)} tokens, its network {network.vocabulary_size}.")
    return network


def read_weights(path):
    """name -> array of a `weights.npz`.

    Raises:
        BadInput: the file is not an archive of plain finite arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MOST_BYTES:
            raise ValueError(f"unpacked it would have {unpacked >> 20} MB")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # zipfile, zlib and numpy's header reader promise no list for damaged bytes
        reason = (str(error).splitlines() or [""])[0].rstrip(".")[:200] or type(error).__name__
        raise BadInput(f"{path.name} is not a readable weights file: {reason}.") from error
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
