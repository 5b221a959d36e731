"""How `captioner.images.gate` was fitted and measured. To do it again:

    python -m captioner.images.gate_fit ../shared/iu-xray --nih ../shared/nih-cxr

Fitted are pictures of the collection's training studies and phantoms of other seeds than those that measure, with
made-up pictures of no chest at all. Other training studies are kept back to choose the threshold.
The collection's validation pictures, NIH ChestX-ray14 and 200 phantoms are only measured on.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from captioner import phantom
from captioner.images import gate, intensity
from captioner.images.view_classifier_fit import varied
from captioner.reports.collection import read_collection

UNITS = 48
EPOCHS, BATCH, RATE, DECAY = 12, 256, 2e-3, 1e-4
TRUSTED = 0.995  # share of the kept-back pictures that raise no doubt at the threshold
SIZE = 256  # pixels of what is fitted
PHANTOMS, PHANTOM_SEED = 40, 51_000
TEST_PHANTOMS, TEST_PHANTOM_SEED = 200, 200_000
STUDIES = 3  # every third training study is fitted; of the others, every third is kept back for the threshold
MADE_UP = 2500  # pictures of no chest

TRANSFORMS: dict[str, tuple[str, Callable]] = {
    "inverted": ("negative", lambda pixels: 255 - pixels),
    "by 90 degrees": ("on its side", lambda pixels: np.rot90(pixels)),
    "by 270 degrees": ("on its side", lambda pixels: np.rot90(pixels, 3)),
    "by 180 degrees": ("upside down", lambda pixels: np.rot90(pixels, 2)),
    "dark": ("dark", lambda pixels: (pixels * 0.15).astype(np.uint8)),
}


def side_by_side(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Two pictures in one, uint8 `(256, 512)`."""
    return np.hstack([cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for part in (one, other)])


def no_chest(random: np.random.Generator, pictures: list[np.ndarray]) -> np.ndarray:
    """A picture that shows no chest, uint8 `(256, 256)`: noise, a page, shapes, a slice, or X-rays cut up.

    Args:
        random: draws it.
        pictures: X-rays that may be cut up.
    """
    kind = random.integers(9)
    picture = pictures[random.integers(len(pictures))]
    if kind == 0:  # noise of any grain
        small = random.integers(0, 256, (2 ** random.integers(2, 9),) * 2).astype(np.uint8)
        return cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    if kind == 1:  # noise of all grains, as in clouds, fur or foliage
        total = np.zeros((SIZE, SIZE), np.float32)
        slope = random.uniform(0.3, 1.2)
        for octave in range(1, 8):
            grain = random.normal(size=(2**octave, 2**octave)).astype(np.float32)
            total += cv2.resize(grain, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) * slope**octave
        return intensity.from_range(total)
    if kind == 2:  # a page of writing
        page = np.full((SIZE, SIZE), 255, np.uint8)
        step = int(random.integers(8, 30))
        for row in range(step, SIZE, step):
            letters = "".join(map(chr, random.integers(97, 123, random.integers(5, 40))))
            cv2.putText(
                page, letters, (int(random.integers(2, 30)), row), 0, step / 40, int(random.integers(0, 120)), 1
            )
        return page if random.random() < 0.7 else 255 - page
    if kind in (3, 4):  # shapes on a plain or shaded ground
        ground = np.linspace(random.uniform(0, 255), random.uniform(0, 255), SIZE)
        drawn = np.tile(ground if random.random() < 0.5 else np.full(SIZE, ground[0]), (SIZE, 1)).astype(np.uint8)
        for _ in range(random.integers(1, 14)):
            place, size = random.integers(0, SIZE, 2).tolist(), random.integers(4, 120, 2).tolist()
            grey, turn = int(random.integers(256)), float(random.uniform(0, 180))
            if random.random() < 0.5:
                cv2.ellipse(drawn, place, size, turn, 0, 360, grey, -1 if random.random() < 0.7 else 3)
            else:
                corners = cv2.boxPoints((place, size, turn)).astype(np.int32)
                cv2.fillPoly(drawn, [corners], grey)
        return cv2.GaussianBlur(drawn, (0, 0), random.uniform(0.5, 4))
    if kind == 5:  # a slice: an oval with a bright rim on black, things in it
        drawn = np.zeros((SIZE, SIZE), np.uint8)
        size = random.integers(70, 125, 2).tolist()
        cv2.ellipse(drawn, (128, 128), size, 0, 0, 360, int(random.integers(60, 200)), -1)
        cv2.ellipse(drawn, (128, 128), size, 0, 0, 360, 255, int(random.integers(2, 14)))
        for _ in range(random.integers(2, 16)):
            place = random.integers(70, 190, 2).tolist()
            cv2.ellipse(drawn, place, random.integers(3, 40, 2).tolist(), 0, 0, 360, int(random.integers(256)), -1)
        return cv2.GaussianBlur(drawn, (0, 0), random.uniform(0.5, 4))
    if kind == 6:  # limbs: bright bars on dark
        drawn = np.full((SIZE, SIZE), int(random.integers(0, 60)), np.uint8)
        for _ in range(random.integers(1, 7)):
            begin, end = (random.integers(0, SIZE, 2).tolist() for _ in range(2))
            cv2.line(drawn, begin, end, int(random.integers(120, 256)), int(random.integers(6, 50)))
        return cv2.GaussianBlur(drawn, (0, 0), random.uniform(1, 6))
    if kind == 7:  # an X-ray in pieces, shuffled and turned
        count = int(random.integers(2, 5))
        piece = SIZE // count
        whole = cv2.resize(picture, (piece * count, piece * count), interpolation=cv2.INTER_AREA)
        pieces = [
            np.rot90(whole[row : row + piece, column : column + piece], int(random.integers(4)))
            for row in range(0, piece * count, piece)
            for column in range(0, piece * count, piece)
        ]
        order = random.permutation(len(pieces))
        return np.vstack(
            [np.hstack([pieces[i] for i in order[row * count : (row + 1) * count]]) for row in range(count)]
        )
    side = int(random.integers(24, 80))  # a small part of an X-ray, blown up
    row, column = random.integers(0, SIZE - side, 2)
    part = cv2.resize(picture, (SIZE, SIZE))[row : row + side, column : column + side]
    return cv2.resize(np.rot90(part, int(random.integers(4))), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)


def examples(frontal: list, lateral: list, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features float32 `(N, 1024)` and kinds int `(N,)` of views as they hang, changed copies, and no chests."""
    rows, kinds = [], []

    def add(pixels: np.ndarray, kind: str) -> None:
        rows.append(gate.features(pixels))
        kinds.append(gate.KINDS.index(kind))

    for name, pictures in (("frontal", frontal), ("lateral", lateral)):
        for pixels in pictures:
            add(pixels, name)
            for _ in range(2):
                add(_mirrored(varied(pixels, random), random), name)
            add(255 - varied(pixels, random), "negative")
            add(np.rot90(varied(pixels, random), int(random.choice((1, 3)))), "on its side")
            add(np.rot90(_mirrored(varied(pixels, random), random), 2), "upside down")
    for _ in range(len(frontal)):
        pools = [(frontal, lateral)[which] for which in random.integers(0, 2, 2)]
        pair = [pool[random.integers(len(pool))] for pool in pools]
        both = side_by_side(*pair)
        add(both if random.random() < 0.8 else np.vstack(np.hsplit(both, 2)), "two in one")
    for _ in range(MADE_UP):
        add(no_chest(random, frontal), "other")
    return np.array(rows), np.array(kinds)


def _mirrored(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return pixels[:, ::-1] if random.random() < 0.5 else pixels


def fit(rows: np.ndarray, kinds: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Fit the network by Adam (Kingma and Ba 2015) to the mean log probability of the right kind, every kind alike.

    Args:
        rows: float32 `(N, 1024)`.
        kinds: int `(N,)`.
        seed: of the first weights and the order.

    Returns:
        the weights that `gate.probabilities` takes.
    """
    random, count = np.random.default_rng(seed), len(gate.KINDS)
    weights = {
        "mean": rows.mean(axis=0),
        "hidden": random.normal(0, rows.shape[1] ** -0.5, (rows.shape[1], UNITS)),
        "hidden_bias": np.zeros(UNITS),
        "output": random.normal(0, UNITS**-0.5, (UNITS, count)),
        "output_bias": np.zeros(count),
    }
    weights = {name: value.astype(np.float32) for name, value in weights.items()}
    learned = [name for name in weights if name != "mean"]
    first, second = ({name: np.zeros_like(weights[name]) for name in learned} for _ in range(2))
    importance = (len(kinds) / count / np.bincount(kinds, minlength=count))[kinds].astype(np.float32)
    importance[kinds < 2] *= 2  # a doubt about a sound picture is the worse mistake
    steps, total = 0, EPOCHS * (len(rows) // BATCH)
    for _ in range(EPOCHS):
        order = random.permutation(len(rows))
        for start in range(0, len(rows) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            inputs = rows[chosen] - weights["mean"]
            kept = (random.random((BATCH, UNITS)) < 0.8) / np.float32(0.8)  # dropout
            hidden = np.maximum(inputs @ weights["hidden"] + weights["hidden_bias"], 0) * kept  # (B, units)
            logits = hidden @ weights["output"] + weights["output_bias"]
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            slope = shares / shares.sum(axis=1, keepdims=True)  # (B, 7)
            slope[np.arange(BATCH), kinds[chosen]] -= 1
            slope *= importance[chosen, None] / BATCH
            back = (slope @ weights["output"].T) * (hidden > 0) * kept  # (B, units)
            gradients = {
                "hidden": inputs.T @ back,
                "hidden_bias": back.sum(axis=0),
                "output": hidden.T @ slope,
                "output_bias": slope.sum(axis=0),
            }
            steps += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * steps / total))
            for name, gradient in gradients.items():
                first[name] += 0.1 * (gradient - first[name])
                second[name] += 0.001 * (gradient**2 - second[name])
                step = (first[name] / (1 - 0.9**steps)) / (np.sqrt(second[name] / (1 - 0.999**steps)) + 1e-8)
                weights[name] -= (rate * (step + DECAY * weights[name] / RATE * 0.1)).astype(np.float32)
    return weights


def measure(views: dict[str, list]) -> dict[str, float]:
    """The share of pictures that raise a doubt: as they hang, and after each transform.

    Args:
        views: "frontal" and "lateral" (may be empty), each a list of uint8 `(rows, columns)`.
    """
    pictures = [*views["frontal"], *views["lateral"]]
    rates = {"false alarms": float(np.mean([gate.judge(pixels).doubt is not None for pixels in pictures]))}
    for name, (_, transform) in TRANSFORMS.items():
        rates[name] = float(np.mean([gate.judge(transform(pixels)).doubt is not None for pixels in pictures]))
    pairs = list(zip(views["frontal"], views["lateral"])) or list(zip(pictures, pictures[1:]))
    rates["two in one"] = float(np.mean([gate.judge(side_by_side(*pair)).doubt is not None for pair in pairs]))
    if views["lateral"]:
        rates["pairs: false alarms"] = float(np.mean([_doubted(*pair) for pair in pairs]))
        for name, pool in views.items():
            twice = list(zip(pool, [*pool[1:], pool[0]]))
            rates[f"pairs: two {name}s"] = float(np.mean([_doubted(*pair) for pair in twice]))
        again = [(one, cv2.resize(one, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)) for one, _ in pairs]
        rates["pairs: doubled"] = float(np.mean([_doubted(*pair) for pair in again]))
    return rates


def _doubted(frontal: np.ndarray, lateral: np.ndarray) -> bool:
    alone = gate.doubts(frontal, "frontal") or gate.doubts(lateral, "lateral")
    return bool(alone or gate.pair_doubts(frontal, lateral))


def collection_views(folder: Path, split: str) -> dict[str, list]:
    """The frontal and lateral pictures of a split, those at the same place from one study."""
    views: dict[str, list] = {"frontal": [], "lateral": []}
    for report in read_collection(folder).split(split):
        for paths, name in ((report.frontal, "frontal"), (report.lateral, "lateral")):
            if report.frontal and report.lateral:
                views[name].append(cv2.imread(str(paths[0]), cv2.IMREAD_GRAYSCALE))
    return views


def phantom_views(seed: int, count: int) -> dict[str, list]:
    """The views of rendered phantoms."""
    made = [phantom.render(number, SIZE) for number in range(seed, seed + count)]
    return {"frontal": [one.frontal for one in made], "lateral": [one.lateral for one in made]}


def nih_views(folder: Path) -> dict[str, list]:
    """The frontal pictures of NIH ChestX-ray14."""
    import csv

    with open(folder / "labels.csv", encoding="utf-8", newline="") as file:
        names = [row["image"] for row in csv.DictReader(file) if row["view"] == "Frontal"]
    return {
        "frontal": [cv2.imread(str(folder / "images" / name), cv2.IMREAD_GRAYSCALE) for name in names],
        "lateral": [],
    }


def main(argv: list[str] | None = None) -> None:
    """Fit, keep the network, print what the pictures say that it was not fitted to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--nih", type=Path, help="folder of NIH ChestX-ray14, to measure on")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)  # the pictures are small: more threads would wait for each other
    random = np.random.default_rng(0)
    fitted = collection_views(options.collection, "train")
    kept = {name: pictures[1::STUDIES] for name, pictures in fitted.items()}
    phantoms = phantom_views(PHANTOM_SEED, PHANTOMS)
    for name, pictures in fitted.items():
        pictures[:] = [*pictures[::STUDIES], *phantoms[name]]
    weights = fit(*examples(fitted["frontal"], fitted["lateral"], random))
    shares = gate.probabilities(
        np.array([gate.features(pixels) for pixels in (*kept["frontal"], *kept["lateral"])]), weights
    )
    weights["threshold"] = np.quantile(shares[:, :2].sum(axis=1), 1 - TRUSTED)
    halved: dict[str, Any] = {name: np.float16(value) for name, value in weights.items()}
    np.savez_compressed(gate.NETWORK, **halved)
    gate.network.cache_clear()
    print("threshold", float(weights["threshold"]))
    measured = {"Indiana, validation": collection_views(options.collection, "val")}
    if options.nih:
        measured["NIH ChestX-ray14"] = nih_views(options.nih)
    measured["phantoms"] = phantom_views(TEST_PHANTOM_SEED, TEST_PHANTOMS)
    print(json.dumps({name: measure(views) for name, views in measured.items()}, indent=2))


if __name__ == "__main__":
    main()
