"""Batches of studies for training and validation: pictures read once, augmented with OpenCV, captions as token ids.

Never mirrored: the heart has a side.
"""

import json
from dataclasses import dataclass

import cv2
import keras
import numpy as np

from captioner import phantom
from captioner.places import places_in
from captioner.preparation import squashed, standardise
from captioner.study import read_view

VIEWS = 2
PHANTOM_SEED = 100_000  # training's phantoms start here; examples and evaluations use other seeds
PHANTOM_SIZE = 256
NOISE = np.random.default_rng(0).standard_normal(1 << 20, np.float32)


@dataclass(frozen=True)
class Example:
    """One study as training sees it.

    Attributes:
        uid: the study's number, or a phantom's name.
        frontal, lateral: indices into a picture store; either may be empty, not both.
        caption: the cleaned impression.
        targets: float32 `(K,)`, multi-label.
        masks: token position -> bool `(2, rows, columns)`, where the finding that the word names lies in both
            views: exactly for phantoms, and for real studies as coarsely as the impression says it.
    """

    uid: str
    frontal: tuple[int, ...]
    lateral: tuple[int, ...]
    caption: str
    targets: np.ndarray
    masks: dict[int, np.ndarray] | None = None


class PictureStore:
    """All pictures of a training as uint8 `(count, size, size)`, squashed to the size of the stage once."""

    def __init__(self, size):
        self.size = size
        self._pictures = []

    def __len__(self):
        return len(self._pictures)

    def __getitem__(self, index):
        return self._pictures[index]

    def add(self, pixels):
        """Keep one picture, uint8 `(rows, columns)` of any size; returns its index."""
        self._pictures.append(squashed(pixels, self.size))
        return len(self._pictures) - 1


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
    """

    rotation: float = 7.0
    scale: float = 0.12
    shift: float = 0.07
    contrast: float = 0.25
    brightness: float = 25.0
    gamma: float = 0.25
    noise: float = 4.0

    def matrix(self, size, rng):
        """A random affine map `(2, 3)` about the picture's centre."""
        turn = cv2.getRotationMatrix2D(
            ((size - 1) / 2, (size - 1) / 2), rng.uniform(-self.rotation, self.rotation),
            1 + rng.uniform(-self.scale, self.scale))
        turn[:, 2] += rng.uniform(-self.shift, self.shift, 2) * size
        return turn

    def light(self, pixels, rng):
        """Change contrast, brightness, gamma and noise of uint8 `(size, size)`; float32 in 0..255 comes back."""
        table = np.arange(256, dtype=np.float32) / 255
        table = 255 * table ** np.exp(rng.uniform(-self.gamma, self.gamma))
        table = (table - 128) * (1 + rng.uniform(-self.contrast, self.contrast)) + 128
        table += rng.uniform(-self.brightness, self.brightness)
        lit = cv2.LUT(pixels, np.clip(table, 0, 255).astype(np.float32))
        # A stretch of ready noise: drawing it anew for each picture takes longer than the rest of the batch.
        start = rng.integers(len(NOISE) - pixels.size)
        return lit + np.float32(self.noise * rng.uniform()) * NOISE[start:start + pixels.size].reshape(pixels.shape)


class StudyBatches(keras.utils.PyDataset):
    """Batches for `fit`, each epoch drawn anew from a fixed seed.

    Args:
        examples: list of Example.
        store: PictureStore, whose size is the pictures' size.
        preparation: the checkpoint's preparation (its mean and std are used; the size is the store's).
        vocabulary: Vocabulary, or None for batches without captions (encoder pretraining).
        grid: rows and columns of the feature grid, for the masks; None for a network that does not attend.
        steps: tokens a caption is cut or padded to, the end token among them.
        batch: studies a batch.
        weights: how often each example is drawn, relative; None draws each once an epoch in random order.
        per_epoch: examples an epoch when `weights` is given.
        augmentation: Augmentation, or None for validation: pictures as they are, first of each view, in order.
        lateral_dropout: share of two-view studies shown without the lateral (and half as often without the
            frontal), so that the model learns to do with one.
        word_dropout: share of input tokens replaced by `<unk>`, so that the pictures are needed.
        seed: of everything random.
    """

    def __init__(self, examples, store, preparation, vocabulary=None, grid=(7, 7), steps=40, batch=16, weights=None,
                 per_epoch=None, augmentation=None, lateral_dropout=0.1, word_dropout=0.0, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.examples, self.store, self.vocabulary, self.grid, self.steps = examples, store, vocabulary, grid, steps
        self.preparation = {**preparation, "size": store.size}
        self.batch, self.weights, self.per_epoch, self.augmentation = batch, weights, per_epoch, augmentation
        self.lateral_dropout, self.word_dropout, self.seed, self.epoch = lateral_dropout, word_dropout, seed, 0
        self._order = self._draw()

    def _draw(self):
        if self.augmentation is None:
            return np.arange(len(self.examples))
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.weights is None:
            return rng.permutation(len(self.examples))
        chances = np.asarray(self.weights, float) / np.sum(self.weights)
        return rng.choice(len(self.examples), self.per_epoch or len(self.examples), p=chances)

    def start_at(self, epoch):
        """Draw as this epoch does, so that a training that is resumed sees what it would have seen.

        Not left to Keras' `on_epoch_end`, which it also calls at other times than after an epoch.
        """
        self.epoch = epoch
        self._order = self._draw()

    @property
    def count(self):
        """Examples an epoch."""
        return len(self._order)

    def __len__(self):
        return -(-self.count // self.batch)

    def __getitem__(self, index):
        return self.rows(index * self.batch, (index + 1) * self.batch)

    def rows(self, start, stop):
        """The examples from `start` to `stop` of the epoch as a batch; each is drawn alike, whichever batch it comes in."""
        chosen = self._order[start:stop]
        draws = [np.random.default_rng((self.seed, self.epoch, start + row)) for row in range(len(chosen))]
        inputs, matrices = self._inputs(chosen, draws)
        targets = np.stack([self.examples[number].targets for number in chosen])
        if self.vocabulary is None:
            return inputs, {"findings": targets}
        tokens, answers, weights, where, where_weights = self._captions(chosen, inputs["mask"], matrices, draws)
        answers, weights = ({"tokens": answers, "findings": targets},
                            {"tokens": weights, "findings": np.ones(len(chosen), np.float32)})
        if self.grid is not None:
            answers["attention"], weights["attention"] = where, where_weights
        return {**inputs, "tokens": tokens}, answers, weights

    def captions(self, index):
        """The captions of the batch `index`, uncut."""
        return [self.examples[number].caption for number in self._order[index * self.batch:(index + 1) * self.batch]]

    def _inputs(self, chosen, draws):
        """What the network sees of the chosen examples, and (row, view) -> how that picture was moved."""
        size, channels = self.store.size, self.preparation.get("channels", 1)
        pictures = np.zeros((len(chosen), VIEWS, size, size, channels), np.float32)
        mask = np.zeros((len(chosen), VIEWS), bool)
        matrices = {}
        for row, (number, rng) in enumerate(zip(chosen, draws)):
            for view, pixels in self._views(self.examples[number], rng).items():
                mask[row, view] = True
                if self.augmentation is not None:
                    matrices[row, view] = self.augmentation.matrix(size, rng)
                    pixels = cv2.warpAffine(pixels, matrices[row, view], (size, size), borderMode=cv2.BORDER_CONSTANT)
                    pixels = self.augmentation.light(pixels, rng)
                pictures[row, view] = standardise(pixels, self.preparation)
        return {"pictures": pictures, "mask": mask}, matrices

    def _views(self, example, rng):
        """view number -> uint8 pixels of the views that this drawing of the study shows."""
        views = {}
        for view, indices in enumerate((example.frontal, example.lateral)):
            if indices:
                choice = 0 if self.augmentation is None else rng.integers(len(indices))
                views[view] = self.store[indices[choice]]
        if self.augmentation is not None and len(views) == VIEWS:
            luck = rng.uniform()
            if luck < self.lateral_dropout:
                del views[1]
            elif luck < 1.5 * self.lateral_dropout:
                del views[0]
        return views

    def _captions(self, chosen, mask, matrices, draws):
        vocabulary, steps = self.vocabulary, self.steps
        tokens = np.full((len(chosen), steps), vocabulary.pad, np.int32)
        answers = np.full((len(chosen), steps), vocabulary.pad, np.int32)
        weights = np.zeros((len(chosen), steps), np.float32)
        cells = VIEWS * self.grid[0] * self.grid[1] if self.grid is not None else 0
        where = np.zeros((len(chosen), steps, cells), np.float32)
        where_weights = np.zeros((len(chosen), steps), np.float32)
        for row, number in enumerate(chosen):
            example = self.examples[number]
            ids = [*vocabulary.encode(example.caption), vocabulary.end][:steps]
            answers[row, :len(ids)] = ids
            tokens[row, :len(ids)] = [vocabulary.start, *ids[:-1]]
            weights[row, :len(ids)] = [0.0 if token == vocabulary.unknown else 1.0 for token in ids]
            if self.word_dropout and self.augmentation is not None:
                dropped = draws[row].uniform(size=steps) < self.word_dropout
                dropped[0] = False
                tokens[row, dropped & (tokens[row] != vocabulary.pad)] = vocabulary.unknown
            for position, masks in ((example.masks or {}) if cells else {}).items():
                if position < len(ids):
                    covered = self._mask_on_grid(masks, mask[row], row, matrices)
                    if covered.any():
                        where[row, position] = covered
                        where_weights[row, position] = 1.0
        return tokens, answers, weights, where, where_weights

    def _mask_on_grid(self, masks, shown, row, matrices):
        """Share of each cell that the mask covers, moved as the picture was; float32 `(P,)`, 0 for a view not shown."""
        cells = np.zeros((VIEWS, *self.grid), np.float32)
        for view in range(VIEWS):
            if shown[view] and masks[view].any():
                size = self.store.size
                moved = cv2.resize(masks[view].astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
                if (row, view) in matrices:
                    moved = cv2.warpAffine(moved, matrices[row, view], (size, size))
                cells[view] = cv2.resize(moved, self.grid[::-1], interpolation=cv2.INTER_AREA)
        return cells.reshape(-1)


def study_examples(reports, store, targets):
    """Read the pictures of these reports into the store; returns their Examples in the same order."""
    def add(paths):
        return tuple(store.add(read_view(path).pixels) for path in paths)

    return [Example(report.uid, add(report.frontal), add(report.lateral), report.impression,
                    targets.encode(report.mesh, report.impression), places_in(report.impression, report.mesh))
            for report in reports]


def phantom_examples(count, store, targets, cache):
    """Render phantom studies into the store; returns their Examples. They are kept in the folder `cache` for next time."""
    examples = []
    for seed in range(PHANTOM_SEED, PHANTOM_SEED + count):
        frontal, lateral, content, masks = _phantom(seed, cache)
        words = content["impression"].split()
        places = {}
        for finding, mask in zip(content["findings"], masks):
            for word in finding["words"]:
                if word in words:
                    place = words.index(word)
                    places[place] = places[place] | mask if place in places else mask
        examples.append(Example(f"phantom {seed}", (store.add(frontal),), (store.add(lateral),), content["impression"],
                                targets.encode(content["mesh"], content["impression"]), places))
    return examples


def _phantom(seed, cache):
    """One phantom's `(frontal, lateral, content, masks bool (findings, 2, rows, columns))`, rendered once."""
    path = cache / "phantoms" / f"{seed}.npz"
    if not path.is_file():
        made = phantom.render(seed, PHANTOM_SIZE)
        content = {"impression": made.impression, "mesh": made.mesh, "findings": [{"words": f.words} for f in made.findings]}
        masks = np.array([f.masks for f in made.findings], bool).reshape(-1, VIEWS, PHANTOM_SIZE, PHANTOM_SIZE)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, frontal=made.frontal, lateral=made.lateral, masks=masks, content=json.dumps(content))
    with np.load(path, allow_pickle=False) as kept:
        return kept["frontal"], kept["lateral"], json.loads(str(kept["content"])), kept["masks"]
