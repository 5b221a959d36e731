"""Files in the seed's format with random weights, for machines that hold no real ones."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from captioner.pretrained.legacy_hdf5 import RENAMED, densenet_shapes
from captioner.seed_import.convert import PLACES, weight_shapes

WORDS = ("<unk>", ".", "<cls>", "<end>")


def write_seed_files(folder: Path, words: int = 1386, seed: int = 0, old_names: bool = True) -> tuple[Path, Path]:
    """Write `Encoder_Decoder_global_attention.h5` and `tokenizer.pkl`, laid out as the seed's own.

    The weights are random, with a spread that keeps activations alive; padding and the special words never win, so that
    every search takes all its steps.

    Args:
        folder: where to.
        words: in the tokenizer, the four special ones among them.
        seed: of the weights.
        old_names: `conv1/conv` as Keras 2 wrote it, or `conv1_conv`.

    Returns:
        `(weights, tokenizer)`, their paths.
    """
    folder, rng = Path(folder), np.random.default_rng(seed)
    weights, tokenizer = folder / "Encoder_Decoder_global_attention.h5", folder / "tokenizer.pkl"
    encoder, places = densenet_shapes(), {weight: place for place, weight in PLACES.items()}
    older = {new: old for old, new in RENAMED.items()} if old_names else {}
    with h5py.File(weights, "w") as file:
        for name, shape in weight_shapes(words + 1).items():
            layer, variable = name.rsplit("/", 1)
            place = f"image_encoder/{older.get(layer, layer)}/{variable}" if name in encoder else places[name]
            values = _values(variable, shape, rng)
            if name == "output_dense/kernel":
                values *= 4  # likely words and unlikely ones
            if name == "output_dense/bias":
                values[[0, *(WORDS.index(word) + 1 for word in ("<unk>", "<cls>", "<end>"))]] = -1e3
            file[f"{place}:0"] = values
    names = [*WORDS, *(f"word{number}" for number in range(words - len(WORDS)))]
    tokenizer.write_bytes(tokenizer_pickle({name: number for number, name in enumerate(names, 1)}))
    return weights, tokenizer


def _values(variable: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if variable in ("gamma", "moving_variance"):
        values = rng.uniform(0.7, 1.3, shape)
    elif variable == "embeddings":
        values = 3 * rng.normal(size=shape)  # else the words hardly change the state, and one is repeated for ever
    elif len(shape) == 1 or variable == "bias":
        values = 0.1 * rng.normal(size=shape)
    else:
        values = rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[:-1]))
    return values.astype(np.float32)


def tokenizer_pickle(index: Mapping[str, int]) -> bytes:
    """The bytes of a pickled `keras_preprocessing.text.Tokenizer` (protocol 2), made without that package.

    Args:
        index: dict word -> id.
    """

    def text(word: str) -> bytes:
        return b"X" + len(word.encode()).to_bytes(4, "little") + word.encode()

    items = b"".join(text(word) + b"J" + number.to_bytes(4, "little") for word, number in index.items())
    state = b"}(" + text("word_index") + b"}(" + items + b"u" + text("oov_token") + text("<unk>") + b"u"
    return b"\x80\x02ckeras_preprocessing.text\nTokenizer\n)\x81" + state + b"b."
