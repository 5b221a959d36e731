"""Is this the chest X-ray that it was given as: frontal or lateral, upright, bright where the body is dense?

A small network looks at the picture shrunk to 64 x 64: at its greys (16 x 16, standardised) and at its edges (8 x 8
cells of 12 directions each, as in histograms of oriented gradients, Dalal and Triggs 2005; with the sign, since in a
negative every edge turns round). It says which of KINDS the picture is. It was fitted to training pictures, to the same
pictures inverted, turned, cut up and put together, and to drawn ones that show no chest (`captioner.images.gate_fit`;
its figures are in docs/evidence.md). What it says is a doubt to be voiced, with what would mend it; nothing is refused.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from captioner.sentence import Sentence

SIDE, GREYS, CELLS, DIRECTIONS = 64, 16, 8, 12
KINDS = ("frontal", "lateral", "negative", "on its side", "upside down", "two in one", "other")
NETWORK = Path(__file__).with_name("gate.npz")
DARK = 60  # grey level under which a picture is very dark when all but a hundredth of it lies there
SURE = 0.9  # probability asked of both pictures before they are called two of one kind
DOUBLED = 0.97  # correlation of two views, shrunk, from which they are one picture

SENTENCES = {
    "negative": Sentence("The {name} picture looks like a negative, in which bone is dark: invert it."),
    "on its side": Sentence("The {name} picture seems to lie on its side: turn it by 90 degrees."),
    "upside down": Sentence("The {name} picture seems to be upside down: turn it by 180 degrees."),
    "two in one": Sentence(
        "The {name} picture seems to hold two pictures side by side: cut it, and give each view by itself."
    ),
    "other": Sentence("The {name} picture does not look like a chest X-ray: the impression may mean nothing."),
    "dark": Sentence("The {name} picture is very dark: little of it can be seen."),
}


@dataclass(frozen=True)
class Judgement:
    """What a picture seems to be.

    Attributes:
        probabilities: of each of KINDS, adding up to 1.
        doubt: the key in SENTENCES of what is wrong with it; None when nothing seems to be.
    """

    probabilities: dict[str, float]
    doubt: str | None


def features(pixels: np.ndarray) -> np.ndarray:
    """What the network looks at.

    Args:
        pixels: uint8 or float32 `(rows, columns)`, any shape.

    Returns:
        float32 `(1024,)`: 256 greys and 768 edges.
    """
    picture = cv2.resize(np.asarray(pixels, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    greys = cv2.resize(picture, (GREYS, GREYS), interpolation=cv2.INTER_AREA)
    greys = (greys - greys.mean()) / (greys.std() + 4)
    smooth = cv2.GaussianBlur(picture, (0, 0), 1)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *which) for which in ((1, 0), (0, 1)))
    strength = np.sqrt(np.hypot(across, down))  # the root, so that a few hard edges do not outweigh the rest
    direction = np.floor(np.arctan2(down, across) / (2 * np.pi) * DIRECTIONS).astype(int) % DIRECTIONS
    rows, columns = np.indices(picture.shape) * CELLS // SIDE
    places = (rows * CELLS + columns) * DIRECTIONS + direction
    edges = np.bincount(places.ravel(), strength.ravel(), CELLS * CELLS * DIRECTIONS)
    edges = edges / (np.sqrt((edges**2).mean()) + 1e-3)
    return np.concatenate([greys.ravel(), edges]).astype(np.float32)


def judge(pixels: np.ndarray) -> Judgement:
    """Judge one picture, uint8 `(rows, columns)`."""
    shares = probabilities(features(pixels)[None])[0]
    named = dict(zip(KINDS, shares.tolist()))
    doubt = None
    if shares[:2].sum() < network()["threshold"]:
        doubt = KINDS[2 + int(shares[2:].argmax())]
    step = max(1, int((pixels.size / 250_000) ** 0.5))
    if np.percentile(pixels[::step, ::step], 99) < DARK:
        doubt = "dark"
    return Judgement(named, doubt)


def doubts(pixels: np.ndarray, name: str, denied: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Sentences, none or one, about a picture that does not seem to be an upright chest X-ray, with what would mend it.

    Args:
        pixels: uint8 `(rows, columns)`.
        name: "frontal" or "lateral", what it was given as.
        denied: keys of SENTENCES that somebody who knows better denies.
    """
    doubt = judge(pixels).doubt
    return (SENTENCES[doubt].filled(name=Sentence(name)),) if doubt and doubt not in denied else ()


def mending(pixels: np.ndarray, name: str, denied: tuple[str, ...] = ()) -> str | None:
    """The way, of `captioner.images.mending.WAYS`, that would mend what `doubts` says; None where nothing here would.

    Args:
        pixels, name, denied: as of `doubts`.
    """
    doubt = judge(pixels).doubt
    if doubt in denied or doubt not in ("negative", "on its side", "upside down"):
        return None
    if doubt != "on its side":
        return "invert" if doubt == "negative" else "turn over"
    # Which of the two ways: the one after which it looks most like what it was given as.
    ways = {
        way: judge(np.rot90(pixels, count)).probabilities[name] for way, count in (("turn left", 1), ("turn right", 3))
    }
    return max(ways, key=lambda way: ways[way])


def pair_doubts(frontal: np.ndarray, lateral: np.ndarray) -> tuple[str, ...]:
    """Sentences, none or one, about two pictures that cannot be the two views of one study.

    Args:
        frontal, lateral: uint8 `(rows, columns)`, neither of them doubtful by itself.
    """
    if correlation(frontal, lateral) > DOUBLED:
        return (Sentence("The two pictures are nearly the same: one picture seems to have been given twice."),)
    judged = [judge(pixels).probabilities for pixels in (frontal, lateral)]
    for kind in KINDS[:2]:
        if min(probabilities[kind] for probabilities in judged) > SURE:
            return (
                Sentence("Both pictures look like {kind} views: one of them belongs elsewhere.", kind=Sentence(kind)),
            )
    return ()


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """How alike two pictures are when shrunk, -1 to 1, whatever their brightness and contrast."""
    small = [
        cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel().astype(float) for part in (one, other)
    ]
    if min(part.std() for part in small) < 1e-6:
        return 0.0
    return float(np.corrcoef(small)[0, 1])


def probabilities(rows: np.ndarray, weights: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """float64 `(N, 7)`, the probability of each of KINDS, of features `(N, 1024)`."""
    weights = network() if weights is None else weights
    hidden = np.maximum((rows - weights["mean"]) @ weights["hidden"] + weights["hidden_bias"], 0)  # (N, units)
    logits = (hidden @ weights["output"] + weights["output_bias"]).astype(np.float64)  # (N, 7)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


@cache
def network() -> dict[str, np.ndarray]:
    """The weights of `gate.npz`, float32, and its threshold."""
    with np.load(NETWORK, allow_pickle=False) as kept:
        return {name: kept[name].astype(np.float32) for name in kept.files}
