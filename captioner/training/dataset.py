"""Batches of studies for training and validation: pictures augmented with OpenCV, captions as token ids.

Never mirrored: the heart has a side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import keras
import numpy as np

from captioner.images.preprocessing import standardise
from captioner.reports.finding_labels import conditions_of
from captioner.reports.findings import FINDINGS
from captioner.training.composed_captions import ComposedCaptions
from captioner.training.examples import VIEWS, Example, PictureStore, labels_of
from captioner.training.mixing import mix

if TYPE_CHECKING:
    from captioner.training.augmentation import Augmentation
    from captioner.training.feature_batches import FeatureStore
    from captioner.vocabulary import Vocabulary

COARSE = 0.5  # what a half or a third of a picture counts as a finding's region, beside an outline or a box

Arrays = dict[str, np.ndarray]  # name of an input or of an output -> its rows, one for each study
Batch = tuple[Arrays, ...]  # inputs, answers and, but for an encoder alone, what each of the answers counts
Moves = dict[tuple[int, int], np.ndarray]  # (row, view) -> the affine map `(2, 3)` that the picture was moved by


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
        findings: whether the answers hold what is known of the 13 findings, for a network with a finding head.
        told: whether the inputs hold what the captions state, for a decoder that is told the findings.
        other_pictures: share of told examples that get the pictures of another study, so that the decoder must listen.
        composed: share of told examples whose caption is a composed one, see `captioner.training.composed_captions`.
        full: whether every batch is of `batch` studies, the last one filled up with studies from the start: one shape.
        mixed: share of the studies that are mixed with another of their batch, see `captioner.training.mixing`; with
            `findings` and without a vocabulary.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        store: PictureStore | FeatureStore,
        preparation: dict[str, Any],
        vocabulary: Vocabulary | None = None,
        grid: tuple[int, int] | None = (7, 7),
        steps: int = 40,
        batch: int = 16,
        weights: np.ndarray | Sequence[float] | None = None,
        per_epoch: int | None = None,
        augmentation: Augmentation | None = None,
        lateral_dropout: float = 0.1,
        word_dropout: float = 0.0,
        seed: int = 0,
        findings: bool = False,
        told: bool = False,
        other_pictures: float = 0.0,
        composed: float = 0.0,
        full: bool = False,
        mixed: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.examples, self.store, self.vocabulary, self.grid, self.steps = examples, store, vocabulary, grid, steps
        self.preparation = {**preparation, "size": store.size}
        self.batch, self.weights, self.per_epoch, self.augmentation = batch, weights, per_epoch, augmentation
        self.lateral_dropout, self.word_dropout, self.seed, self.epoch = lateral_dropout, word_dropout, seed, 0
        self.findings, self.told, self.other_pictures, self.full = findings, told, other_pictures, full
        self.mixed = mixed
        self._conditions: Arrays = {}
        self.composed = composed
        self._composer = None
        if composed:
            assert vocabulary is not None, "captions are composed of words"
            worded = [example.caption for example in examples if example.worded]
            self._composer = ComposedCaptions(worded, vocabulary)
        self._order = self._draw()

    def _draw(self) -> np.ndarray:
        if self.augmentation is None:
            return np.arange(len(self.examples))
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.weights is None:
            return rng.permutation(len(self.examples))
        chances = np.asarray(self.weights, float) / np.sum(self.weights)
        return rng.choice(len(self.examples), self.per_epoch or len(self.examples), p=chances)

    def start_at(self, epoch: int) -> None:
        """Draw as this epoch does, so that a training that is resumed sees what it would have seen.

        Not left to Keras' `on_epoch_end`, which it also calls at other times than after an epoch.
        """
        self.epoch = epoch
        self._order = self._draw()

    @property
    def count(self) -> int:
        """Examples an epoch."""
        return len(self._order)

    def __len__(self) -> int:
        return -(-self.count // self.batch)

    def __getitem__(self, index: int) -> Batch:
        return self.rows(index * self.batch, (index + 1) * self.batch)

    def rows(self, start: int, stop: int) -> Batch:
        """The examples from `start` to `stop` of the epoch as a batch; but for `mixed`, none depends on its batch."""
        chosen = self._chosen(start, stop)
        draws = [np.random.default_rng((self.seed, self.epoch, start + row)) for row in range(len(chosen))]
        shown = self._shown(chosen, draws)
        inputs, matrices = self._inputs(shown, draws)
        targets = np.stack([self.examples[number].targets for number in chosen])
        ones = np.ones(len(chosen), np.float32)
        answers: Arrays = {"findings": targets}
        weights: Arrays = {"findings": ones}
        if self.findings:
            labels, label_weights = self._labels(chosen, inputs["mask"], matrices)
            answers, weights = answers | labels, weights | label_weights
            if self.mixed and self.augmentation is not None:
                mix(inputs, answers, weights, self.mixed, draws)
        if self.vocabulary is None:
            return (inputs, answers, weights) if self.findings else (inputs, answers)
        if self.told:
            answers, weights = {}, {}  # the head keeps still
        captions = self._worded(chosen, draws)
        tokens, wanted, counted, where, where_weights = self._captions(
            self.vocabulary, chosen, captions, inputs["mask"], matrices, draws
        )
        answers["tokens"], weights["tokens"] = wanted, counted
        if self.grid is not None:
            # What another study shows says nothing of where this one's findings lie.
            answers["attention"], weights["attention"] = where, where_weights * (shown == chosen)[:, None]
        if self.told:
            inputs["conditions"] = np.stack(
                [
                    self._told(self.examples[number].caption) if caption is None else conditions_of(caption)
                    for number, caption in zip(chosen, captions)
                ]
            )
        return {**inputs, "tokens": tokens}, answers, weights

    def _shown(self, chosen: np.ndarray, draws: Sequence[np.random.Generator]) -> np.ndarray:
        """Whose pictures each of the chosen examples gets, see `other_pictures`."""
        if self.augmentation is None or not self.other_pictures:
            return np.asarray(chosen)
        return np.array(
            [
                rng.integers(len(self.examples))
                if self.examples[number].worded and rng.uniform() < self.other_pictures
                else number
                for number, rng in zip(chosen, draws)
            ]
        )

    def _worded(self, chosen: np.ndarray, draws: Sequence[np.random.Generator]) -> list[str | None]:
        """The composed caption that each of the chosen examples gets, or None for its own, see `composed`."""
        return [
            self._composer.draw(rng)
            if self._composer and self.examples[number].worded and rng.uniform() < self.composed
            else None
            for number, rng in zip(chosen, draws)
        ]

    def _told(self, caption: str) -> np.ndarray:
        """`conditions_of` a caption, read once."""
        if caption not in self._conditions:
            self._conditions[caption] = conditions_of(caption)
        return self._conditions[caption]

    def _labels(self, chosen: np.ndarray, mask: np.ndarray, matrices: Moves) -> tuple[Arrays, Arrays]:
        """What is known of the findings of the chosen examples: (answers, weights), see `captioner.training.losses`."""
        labels = labels_of(self.examples[number] for number in chosen)
        ones = np.ones(len(chosen), np.float32)
        answers: Arrays = {
            "presence": np.stack([each.presence for each in labels]),
            "places": np.stack([each.places for each in labels]),
        }
        weights: Arrays = {"presence": ones, "places": ones}
        if self.grid is not None:
            answers["maps"] = np.zeros((len(chosen), len(FINDINGS), VIEWS * self.grid[0] * self.grid[1]), np.float32)
            weights["maps"] = np.zeros((len(chosen), len(FINDINGS)), np.float32)
        for row, each in enumerate(labels if self.grid is not None else ()):
            for number, region in each.regions.items():
                covered = self._mask_on_grid(region, mask[row], row, matrices)
                if covered.any():
                    answers["maps"][row, number] = covered
                    weights["maps"][row, number] = 1.0 if each.exact else COARSE
        return answers, weights

    def _chosen(self, start: int, stop: int) -> np.ndarray:
        chosen = self._order[start:stop]
        if self.full and len(chosen) < stop - start:
            chosen = np.concatenate([chosen, np.resize(self._order, stop - start - len(chosen))])
        return chosen

    def captions(self, index: int) -> list[str]:
        """The captions of the batch `index`, uncut."""
        chosen = self._chosen(index * self.batch, (index + 1) * self.batch)
        return [self.examples[number].caption for number in chosen]

    def _inputs(self, chosen: np.ndarray, draws: Sequence[np.random.Generator]) -> tuple[Arrays, Moves]:
        """What the network sees of the chosen examples, and (row, view) -> how that picture was moved."""
        size, channels = self.store.size, self.preparation.get("channels", 1)
        pictures = np.zeros((len(chosen), VIEWS, size, size, channels), np.float32)
        mask = np.zeros((len(chosen), VIEWS), bool)
        matrices: Moves = {}
        for row, (number, rng) in enumerate(zip(chosen, draws)):
            for view, pixels in self._views(self.examples[number], rng).items():
                mask[row, view] = True
                if self.augmentation is not None:
                    matrices[row, view] = self.augmentation.matrix(size, rng)
                    pixels = cv2.warpAffine(pixels, matrices[row, view], (size, size), borderMode=cv2.BORDER_CONSTANT)
                    pixels = self.augmentation.light(pixels, rng)
                pictures[row, view] = standardise(pixels, self.preparation)
        if self.augmentation is not None and self.findings:
            self._fill(pictures, mask)
        return {"pictures": pictures, "mask": mask}, matrices

    @staticmethod
    def _fill(pictures: np.ndarray, mask: np.ndarray) -> None:
        """Put another study's picture where a view is missing: it is masked, but batch norms see no black squares."""
        for view in range(VIEWS):
            there = np.flatnonzero(mask[:, view])
            for number, row in enumerate(np.flatnonzero(~mask[:, view]) if len(there) else ()):
                pictures[row, view] = pictures[there[number % len(there)], view]

    def _views(self, example: Example, rng: np.random.Generator) -> dict[int, np.ndarray]:
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

    def _captions(
        self,
        vocabulary: Vocabulary,
        chosen: np.ndarray,
        captions: Sequence[str | None],
        mask: np.ndarray,
        matrices: Moves,
        draws: Sequence[np.random.Generator],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Tokens, answers, what each counts, where the attention of each belongs, and what that counts."""
        steps = self.steps
        tokens = np.full((len(chosen), steps), vocabulary.pad, np.int32)
        answers = np.full((len(chosen), steps), vocabulary.pad, np.int32)
        weights = np.zeros((len(chosen), steps), np.float32)
        cells = VIEWS * self.grid[0] * self.grid[1] if self.grid is not None else 0
        where = np.zeros((len(chosen), steps, cells), np.float32)
        where_weights = np.zeros((len(chosen), steps), np.float32)
        for row, number in enumerate(chosen):
            example, composed = self.examples[number], captions[row]
            ids = [*vocabulary.encode(composed or example.caption), vocabulary.end][:steps]
            answers[row, : len(ids)] = ids
            tokens[row, : len(ids)] = [vocabulary.start, *ids[:-1]]
            if example.worded:
                weights[row, : len(ids)] = [0.0 if token == vocabulary.unknown else 1.0 for token in ids]
            if self.word_dropout and self.augmentation is not None:
                dropped = draws[row].uniform(size=steps) < self.word_dropout
                dropped[0] = False
                tokens[row, dropped & (tokens[row] != vocabulary.pad)] = vocabulary.unknown
            for position, masks in ((example.masks or {}) if cells and not composed else {}).items():
                if position < len(ids):
                    covered = self._mask_on_grid(masks, mask[row], row, matrices)
                    if covered.any():
                        where[row, position] = covered
                        where_weights[row, position] = 1.0
        return tokens, answers, weights, where, where_weights

    def _mask_on_grid(self, masks: np.ndarray, shown: np.ndarray, row: int, matrices: Moves) -> np.ndarray:
        """Share of each cell that the mask covers, moved as the picture was; float32 `(P,)`, 0 for a view not shown."""
        assert self.grid is not None  # nothing has a place for a network without one
        cells = np.zeros((VIEWS, *self.grid), np.float32)
        for view in range(VIEWS):
            if shown[view] and masks[view].any():
                size = self.store.size
                moved = cv2.resize(masks[view].astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
                if (row, view) in matrices:
                    moved = cv2.warpAffine(moved, matrices[row, view], (size, size))
                cells[view] = cv2.resize(moved, self.grid[::-1], interpolation=cv2.INTER_AREA)
        return cells.reshape(-1)
