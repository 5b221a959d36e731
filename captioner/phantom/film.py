"""From attenuation to a picture: scatter, noise, the detector's curve, markers and collimation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.phantom.anatomy import stream
from captioner.phantom.projection import FRONTAL, transmitted

if TYPE_CHECKING:
    from captioner.phantom.anatomy import Body


def develop(body: Body, attenuation: np.ndarray, lung_paths: np.ndarray) -> np.ndarray:
    """Pictures uint8 `(2, size, size)` from attenuation `(2, size, size)`.

    `lung_paths`: mm of lung behind each pixel, same shape; the exposure is set by the lungs, as a radiographer does.
    """
    rng = stream(body.seed, "film")
    return np.stack([_view(rng, view, attenuation[view], lung_paths[view]) for view in range(2)])


def _view(rng: np.random.Generator, view: int, attenuation: np.ndarray, lung_path: np.ndarray) -> np.ndarray:
    size = attenuation.shape[0]
    beam = transmitted(cv2.GaussianBlur(attenuation, (0, 0), max(size * rng.uniform(0.0012, 0.0022), 0.3)))
    scatter = rng.uniform(0.08, 0.2) * cv2.GaussianBlur(beam, (0, 0), size * 0.07) + 0.006
    quanta = np.exp(rng.uniform(12.2, 13.6)) * (256 / size) ** 2
    signal = beam + scatter
    noise = rng.standard_normal(signal.shape, np.float32) * np.sqrt(signal / quanta)
    signal = signal + 1.6 * cv2.GaussianBlur(noise, (0, 0), 0.55)
    density = -np.log(np.maximum(signal, 1e-4))
    # Digital systems flatten what is broad and lift what is fine; unexposed air is left black.
    broad = cv2.GaussianBlur(density, (0, 0), size * 0.11)
    fine = density - cv2.GaussianBlur(density, (0, 0), size * 0.012)
    flatten, lift = rng.uniform(0.12, 0.4), rng.uniform(0.1, 0.7)
    body_share = np.clip(density / 0.7, 0, 1)
    density = density - flatten * (broad - np.median(broad)) * body_share + lift * fine

    lungs = lung_path > 0.45 * lung_path.max()
    dark, bright = np.quantile(density[lungs], 0.14), np.quantile(density, rng.uniform(0.92, 0.985))
    air = min(0.15, dark - 0.5)
    black = rng.uniform(0, 10) if rng.random() < 0.7 else rng.uniform(15, 45)
    middle = rng.uniform(66, 128) if view == FRONTAL else rng.uniform(66, 132)
    white = rng.uniform(226, 250)
    body_white = middle + rng.uniform(*((0.48, 0.62) if view == FRONTAL else (0.4, 0.52))) * (white - middle)
    grey = _curve(
        density,
        (air, dark, dark + 0.42 * (bright - dark), bright, bright + 0.8 * (bright - dark)),
        (black, middle, body_white, white, 254),
    )
    _marker(rng, grey, view)
    _collimate(rng, grey)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _curve(values: np.ndarray, at: Any, to: Any) -> np.ndarray:
    """A smooth rising curve through knots: cubic Hermite pieces that never overshoot (Fritsch and Carlson 1980)."""
    at, to = np.asarray(at, np.float32), np.asarray(to, np.float32)
    rise = np.diff(to) / np.diff(at)
    slope = np.concatenate([[0.6 * rise[0]], 2 * rise[1:] * rise[:-1] / (rise[1:] + rise[:-1]), [0.3 * rise[-1]]])
    values = np.clip(values, at[0], at[-1])
    piece = np.clip(np.searchsorted(at, values) - 1, 0, len(at) - 2)
    width = np.diff(at)[piece]
    t = (values - at[piece]) / width
    back = 1 - t
    return (
        to[piece] * (1 + 2 * t) * back * back
        + to[piece + 1] * t * t * (3 - 2 * t)
        + width * t * back * (slope[piece] * back - slope[piece + 1] * t)
    )


def _marker(rng: np.random.Generator, grey: np.ndarray, view: int) -> None:
    """The lead letter on the patient's left, in the upper corner."""
    size = grey.shape[0]
    column, row = rng.uniform(0.86, 0.95), rng.uniform(0.05, 0.13)
    if view != FRONTAL and rng.random() < 0.4:
        column = 1 - column
    if rng.random() < 0.75:
        stamp = np.zeros(grey.shape, np.uint8)
        text, place = str(rng.choice(["L", "L", "LT"])), (int(column * size), int(row * size))
        cv2.putText(
            stamp,
            text,
            place,
            cv2.FONT_HERSHEY_SIMPLEX,
            rng.uniform(0.3, 0.42) * size / 256,
            255,
            max(int(round(size / 256)), 1),
            cv2.LINE_AA,
        )
        turn = cv2.getRotationMatrix2D((column * size, row * size), rng.normal(0, 8), 1)
        grey += cv2.warpAffine(stamp, turn, (size, size)) / 255 * (250 - grey)


def _collimate(rng: np.random.Generator, grey: np.ndarray) -> None:
    """Shutters: some sides are black for a few pixels, seldom more; sometimes the edge is bright."""
    size = grey.shape[0]
    for side in range(4):
        if rng.random() < 0.3:
            depth = max(int(size * rng.exponential(0.012)), 1)
            edge = np.rot90(grey, side)
            edge[:depth] = rng.choice([0, 3, 12])
            if rng.random() < 0.2:
                edge[depth : depth + 1] = 235
