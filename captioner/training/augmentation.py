"""How pictures are changed while a network learns from them, with OpenCV. Never mirrored: the heart has a side."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

NOISE = np.random.default_rng(0).standard_normal(1 << 20, np.float32)


@dataclass(frozen=True)
class Augmentation:
    """How far a picture may be changed. All are the widest deviation, drawn uniformly.

    Attributes:
        rotation: degrees.
        scale: as a share, 0.1 for 0.9 to 1.1.
        shift: as a share of the size.
        contrast: as a share.
        brightness: in grey levels of 255.
        gamma: as a share.
        noise: standard deviation in grey levels of 255.
        stretch: as a share, of the width against the height.
        blur: how often a picture is made smaller and large again.
        erase: how often a rectangle of up to a third of the width and height is painted over (Zhong et al. 2020,
            "Random Erasing Data Augmentation", arXiv 1708.04896).
    """

    rotation: float = 7.0
    scale: float = 0.12
    shift: float = 0.07
    contrast: float = 0.25
    brightness: float = 25.0
    gamma: float = 0.25
    noise: float = 4.0
    stretch: float = 0.0
    blur: float = 0.0
    erase: float = 0.0

    def matrix(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """A random affine map `(2, 3)` about the picture's centre."""
        turn: Any = cv2.getRotationMatrix2D(
            ((size - 1) / 2, (size - 1) / 2),
            rng.uniform(-self.rotation, self.rotation),
            1 + rng.uniform(-self.scale, self.scale),
        )
        turn[:, 2] += rng.uniform(-self.shift, self.shift, 2) * size
        if self.stretch:
            share = 1 + rng.uniform(-self.stretch, self.stretch)
            turn[0] *= share
            turn[0, 2] += (1 - share) * (size - 1) / 2
        return turn

    def light(self, pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change contrast, brightness, gamma and noise of uint8 `(size, size)`; float32 in 0..255 comes back."""
        table = np.arange(256, dtype=np.float32) / 255
        table = 255 * table ** np.exp(rng.uniform(-self.gamma, self.gamma))
        table = (table - 128) * (1 + rng.uniform(-self.contrast, self.contrast)) + 128
        table += rng.uniform(-self.brightness, self.brightness)
        size = len(pixels)
        if self.blur and rng.uniform() < self.blur:
            smaller = int(size * rng.uniform(0.5, 0.9))
            pixels = cv2.resize(cv2.resize(pixels, (smaller, smaller), interpolation=cv2.INTER_AREA), (size, size))
        lit = cv2.LUT(pixels, np.clip(table, 0, 255).astype(np.float32))
        if self.erase and rng.uniform() < self.erase:
            high, wide = (int(size * share) for share in rng.uniform(0.08, 0.33, 2))
            top, left = rng.integers(size - high), rng.integers(size - wide)
            lit[top : top + high, left : left + wide] = rng.uniform(0, 255)
        # A stretch of ready noise: drawing it anew for each picture takes longer than the rest of the batch.
        start = rng.integers(len(NOISE) - pixels.size)
        return lit + np.float32(self.noise * rng.uniform()) * NOISE[start : start + pixels.size].reshape(pixels.shape)


STRONG = Augmentation(
    rotation=9,
    scale=0.15,
    shift=0.08,
    contrast=0.35,
    brightness=30,
    gamma=0.35,
    noise=5,
    stretch=0.08,
    blur=0.2,
    erase=0.3,
)
