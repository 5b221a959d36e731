"""The import of the seed's own checkpoint: a Keras 2 HDF5 file and a pickled tokenizer become a checkpoint folder."""

import hashlib
from pathlib import Path

from captioner.checkpoint.validate import check_replaceable
from captioner.errors import BadInput
from captioner.pretrained.legacy_hdf5 import densenet_name, densenet_shapes, read_arrays
from captioner.seed_import.tokenizer_pickle import read_tokenizer
from captioner.sentence import Sentence
from captioner.vocabulary import PAD, Vocabulary

DEPTH, UNITS, EMBEDDING, FEATURES = 512, 512, 300, 1024
START, END, UNKNOWN = "<cls>", "<end>", "<unk>"
PREPARATION = {"name": "seed", "size": 224, "channels": 3, "missing_lateral": "repeat"}
MAX_WORDS = 29  # steps of the seed's greedy search, one that ends among them
COVERED = 192 / 224  # 3 cells of 64 pixels: the encoder's seventh row and column are dropped
FRONTAL_TWICE = Sentence(
    "The lateral view is missing: the frontal stands in for it, so this model saw the same picture twice."
)

# Where each weight is in the seed's file (dataset without ":0") -> the weight of `captioner.models.seed`.
PLACES = {
    "bkdense/bkdense/kernel": "projection/kernel",
    "bkdense/bkdense/bias": "projection/bias",
    "encoder_batch_norm/encoder_batch_norm/gamma": "memory_norm/gamma",
    "encoder_batch_norm/encoder_batch_norm/beta": "memory_norm/beta",
    "encoder_batch_norm/encoder_batch_norm/moving_mean": "memory_norm/moving_mean",
    "encoder_batch_norm/encoder_batch_norm/moving_variance": "memory_norm/moving_variance",
    "decoder/onestepdecoder_embedding/embeddings": "embedding/embeddings",
    "decoder/onestepdecoder_LSTM/gru_cell/kernel": "gru_cell/kernel",  # a GRU, for all its name
    "decoder/onestepdecoder_LSTM/gru_cell/recurrent_kernel": "gru_cell/recurrent_kernel",
    "decoder/onestepdecoder_LSTM/gru_cell/bias": "gru_cell/bias",
    "decoder/global_attention/dense/kernel": "attend_memory/kernel",
    "decoder/global_attention/dense/bias": "attend_memory/bias",
    "decoder/global_attention/dense_1/kernel": "attend_state/kernel",
    "decoder/global_attention/dense_1/bias": "attend_state/bias",
    "decoder/global_attention/dense_2/kernel": "attend_score/kernel",
    "decoder/global_attention/dense_2/bias": "attend_score/bias",
    "decoder/dense_3/kernel": "output_dense/kernel",
    "decoder/dense_3/bias": "output_dense/bias",
}


def weight_name(path: str) -> str | None:
    """The weight that a dataset of the seed's file is; None for a dataset that the seed's file does not have."""
    if path.startswith("image_encoder/"):
        return densenet_name(path)
    return PLACES.get(path.removesuffix(":0"))


def weight_shapes(vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """Weight -> shape for the whole network."""
    return {
        **densenet_shapes(),
        "projection/kernel": (FEATURES, DEPTH),
        "projection/bias": (DEPTH,),
        **{f"memory_norm/{variable}": (DEPTH,) for variable in ("gamma", "beta", "moving_mean", "moving_variance")},
        "embedding/embeddings": (vocabulary_size, EMBEDDING),
        "gru_cell/kernel": (DEPTH + EMBEDDING, 3 * UNITS),
        "gru_cell/recurrent_kernel": (UNITS, 3 * UNITS),
        "gru_cell/bias": (2, 3 * UNITS),
        "attend_memory/kernel": (DEPTH, UNITS),
        "attend_memory/bias": (UNITS,),
        "attend_state/kernel": (UNITS, UNITS),
        "attend_state/bias": (UNITS,),
        "attend_score/kernel": (UNITS, 1),
        "attend_score/bias": (1,),
        "output_dense/kernel": (UNITS, vocabulary_size),
        "output_dense/bias": (vocabulary_size,),
    }


def import_seed(weights: str | Path, tokenizer: str | Path, out: str | Path) -> Path:
    """Turn the seed's files into a checkpoint folder that `captioner.load` reads.

    Args:
        weights: `Encoder_Decoder_global_attention.h5`.
        tokenizer: `tokenizer.pkl`; it is read, never executed.
        out: the folder to make; a checkpoint that is there already is replaced.

    Returns:
        Path of the folder.

    Raises:
        BadInput: a file is missing, damaged or does not fit, or `out` holds something else. Nothing is left behind.
    """
    out = Path(out)
    check_replaceable(out)
    vocabulary = read_vocabulary(tokenizer)
    arrays = read_arrays(weights, weight_shapes(len(vocabulary)), weight_name)

    from captioner.checkpoint import store as checkpoint
    from captioner.models.seed import SeedCaptioner

    network = SeedCaptioner(len(vocabulary))
    checkpoint.assign(network, arrays, Path(weights).name)
    config = {
        "name": out.name,
        "model": "seed",
        "preparation": PREPARATION,
        "coverage": [COVERED, COVERED],
        "decoding": {"max_words": MAX_WORDS, "length_penalty": 0.7},
        "missing_lateral_notice": FRONTAL_TWICE,
    }
    try:
        checkpoint.save(out, network, vocabulary, config, _card(weights, tokenizer), halve=False)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror or error}.") from error
    return out


def read_vocabulary(tokenizer: str | Path) -> Vocabulary:
    """The vocabulary of the seed's tokenizer: its ids as they are, with padding before them as 0.

    Raises:
        BadInput: see `captioner.seed_import.tokenizer_pickle.read_tokenizer`; or it lacks the seed's special words.
    """
    words = read_tokenizer(tokenizer).words
    for word in (START, END, UNKNOWN):
        if word not in words:
            raise BadInput(f"{Path(tokenizer).name} has no word {word}, which the seed's tokenizer has.")
    return Vocabulary([PAD, *words], start=START, end=END, unknown=UNKNOWN)


def _card(weights: str | Path, tokenizer: str | Path) -> str:
    files = "\n".join(f"- `{Path(path).name}`, SHA-256 `{_checksum(path)}`" for path in (weights, tokenizer))
    return (
        "# An imported checkpoint\n\n"
        "DenseNet-121, attention over 2 views x 3 x 3 cells, GRU decoder, in the seed's layout. Made with "
        "`python -m captioner import-seed` from\n\n"
        f"{files}\n\n"
        "Data, scores and licence are those of whoever trained it; the files say nothing about them. "
        "Not for clinical use.\n"
    )


def _checksum(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
