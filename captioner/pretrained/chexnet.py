"""CheXNet's weights from Keras 2: the encoder to start training from, and 14 finding probabilities.

CheXNet is a DenseNet-121 with a 14-way sigmoid layer on its pooled features (Rajpurkar et al. 2017, arXiv 1711.05225),
trained on the frontal pictures of ChestX-ray14 (Wang et al. 2017, arXiv 1705.02315). Names, their order and the
preparation of pictures are those of the Keras version, github.com/brucechou1983/CheXNet-Keras.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.errors import BadInput
from captioner.pretrained.legacy_hdf5 import densenet_name, densenet_shapes, read_arrays

if TYPE_CHECKING:
    import keras

    from captioner.images.study import Study

FINDINGS = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)
SIZE = 224
# Of ImageNet's pictures, red, green, blue, in 0..1.
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)

HEAD = {"head/kernel": (1024, len(FINDINGS)), "head/bias": (len(FINDINGS),)}
_HEAD = re.compile(r"(predictions|dense(?:_\d)?)/(kernel|bias)")


def read_chexnet(path: str | Path) -> tuple[dict[str, np.ndarray], tuple[np.ndarray, np.ndarray] | None]:
    """Read a file with CheXNet's weights, in the older or newer naming of layers, flat or with the DenseNet nested.

    Returns:
        `(encoder, head)`: dict `"layer/variable"` -> float32 array for the encoder as `captioner.models.densenet` names
        it with 3 channels, and `(kernel (1024, 14), bias (14,))`.

    Raises:
        BadInput: see `captioner.pretrained.legacy_hdf5.read_arrays`.
    """
    arrays = read_arrays(path, densenet_shapes() | HEAD, _name_of)
    head = arrays.pop("head/kernel"), arrays.pop("head/bias")
    return arrays, head


def _name_of(inside: str) -> str | None:
    name = densenet_name(inside)
    match = name and _HEAD.fullmatch(name)
    return f"head/{match[2]}" if match else name


def assign_encoder(encoder: keras.Model, path: str | Path, mean: float = 0.0, std: float = 1.0) -> None:
    """Put CheXNet's weights into an encoder, as a starting point for training.

    Args:
        encoder: a DenseNet-121 of `captioner.models.densenet`, for pictures of 1 channel or of 3.
        path: CheXNet's file.
        mean, std: of the encoder's own preparation, which hands it `(grey / 255 - mean) / std`.

    Raises:
        BadInput: the file does not fit, or the encoder is no DenseNet-121.
    """
    from captioner.checkpoint.store import assign, named_weights

    channels = encoder.input_shape[-1]
    if {name: tuple(weight.shape) for name, weight in named_weights(encoder).items()} != densenet_shapes(channels):
        raise BadInput(f"{Path(path).name} holds the weights of a DenseNet-121, which this encoder is not.")
    arrays, _ = read_chexnet(path)
    assign(encoder, for_preparation(arrays, channels, mean, std), Path(path).name)


def for_preparation(arrays: dict[str, np.ndarray], channels: int, mean: float, std: float) -> dict[str, np.ndarray]:
    """CheXNet's encoder rewritten for pictures `(grey / 255 - mean) / std` of 1 or 3 equal channels.

    CheXNet sees channel c as `x_c = (p - MEAN_c) / DEVIATION_c` of the grey value `p = std q + mean`, where q is what
    our encoder sees. The first convolution takes the factor; the constant goes into the mean that the batch
    normalisation behind it subtracts. Equal but for the outermost pixels, where the padding's zero is another grey.
    """
    kernel = arrays["conv1_conv/kernel"]  # (7, 7, 3, stem)
    constant = np.einsum("hwco,c->o", kernel, (mean - MEAN) / DEVIATION)  # (stem,)
    kernel = kernel * (std / DEVIATION)[:, None]
    if channels == 1:
        kernel = kernel.sum(axis=2, keepdims=True)  # (7, 7, 1, stem)
    return {
        **arrays,
        "conv1_conv/kernel": kernel.astype(np.float32),
        "conv1_bn/moving_mean": (arrays["conv1_bn/moving_mean"] - constant).astype(np.float32),
    }


def prepare(pixels: np.ndarray) -> np.ndarray:
    """uint8 grey `(rows, columns)` -> float32 `(224, 224, 3)` as CheXNet was trained: squashed, ImageNet's colours."""
    scaled = cv2.resize(pixels.astype(np.float32) / 255, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    return (scaled[..., None] - MEAN) / DEVIATION


class CheXNet:
    """The network with its 14 findings.

    Attributes:
        encoder: Keras model, pictures `(batch, 224, 224, 3)` -> features `(batch, 7, 7, 1024)`.
        kernel, bias: of the sigmoid layer, `(1024, 14)` and `(14,)`.
    """

    def __init__(self, arrays: dict[str, np.ndarray], head: Any) -> None:
        from captioner.checkpoint.store import assign
        from captioner.models.densenet import EncoderConfig, build_encoder

        self.encoder = build_encoder(EncoderConfig(channels=3))
        assign(self.encoder, arrays, "CheXNet")
        self.kernel, self.bias = head

    def probabilities(self, study: Study) -> dict[str, float]:
        """Name -> probability, 0 to 1, for each of `FINDINGS`, from the frontal view: CheXNet knows no other."""
        picture = prepare(study.frontal.pixels)[None]  # (1, 224, 224, 3)
        features = np.asarray(self.encoder(picture, training=False)).mean(axis=(1, 2))  # (1, 1024)
        logits = (features @ self.kernel + self.bias)[0].astype(np.float64)  # (14,)
        return dict(zip(FINDINGS, (1 / (1 + np.exp(-np.clip(logits, -700, 700)))).tolist()))


def load(path: str | Path) -> CheXNet:
    """CheXNet from its file.

    Raises:
        BadInput: see `read_chexnet`.
    """
    return CheXNet(*read_chexnet(path))
