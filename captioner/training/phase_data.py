"""What a phase trains on and what it is judged on: which examples, how often each is drawn, and in which batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.reports.findings import is_normal, label_all
from captioner.training.augmentation import STRONG, Augmentation
from captioner.training.dataset import StudyBatches
from captioner.training.examples import (
    VALIDATION_SEED,
    Example,
    PictureStore,
    box_examples,
    labels_of,
    phantom_examples,
    phantom_seeds,
    picture_examples,
    study_examples,
)
from captioner.training.feature_batches import FeatureBatches, FeatureStore
from captioner.training.objective import finding_losses

if TYPE_CHECKING:
    import keras

    from captioner.reports.targets import Targets
    from captioner.training.recipes import Phase, Recipe
    from captioner.training.source import Source
    from captioner.vocabulary import Vocabulary

WORKERS = 12  # threads that make batches for a training by the clock, where a GPU waits for them


@dataclass(frozen=True)
class PhaseData:
    """The batches of one phase.

    Attributes:
        training: what is learned from.
        validation: what an epoch is judged by; for captions the studies with an impression alone.
        whole: all of the validation split as pictures, and behind it `held_out` phantoms, for the thresholds.
        boxes: sentences of the validation split's boxes, for the attention of a decoder that is told the findings.
        findings: the losses of the findings, see `captioner.training.objective.finding_losses`.
    """

    training: StudyBatches
    validation: StudyBatches
    whole: StudyBatches
    held_out: int
    boxes: StudyBatches | None
    findings: dict[str, keras.losses.Loss]


def phase_data(
    phase: Phase,
    recipe: Recipe,
    source: Source,
    network: keras.Model,
    vocabulary: Vocabulary,
    targets: Targets,
    preparation: dict[str, Any],
    grid: tuple[int, int],
    phantoms: Path,
    seed: int,
    by_the_clock: bool,
    say: Callable[[str], Any],
) -> PhaseData:
    """The batches of a phase.

    Args:
        phase, recipe, source, network, vocabulary, targets, preparation: of the training.
        grid: rows and columns of one view at the size of the phase, before `Phase.pooling`.
        phantoms: folder to keep rendered phantoms in.
        seed: of the order and of what is drawn.
        by_the_clock: whether a GPU waits for the batches, which threads make then.
        say: called with a line when something takes long.
    """
    assert phase.size is not None  # `captioner.training.basis` has filled it in
    store, captions = PictureStore(phase.size), phase.goal != "findings"
    given = store, targets, source.pixels
    train, val = (study_examples(source.reports[split], *given) for split in ("train", "val"))
    real, written = len(train), len(val)
    if phase.phantoms:
        seeds = phantom_seeds(recipe.phantoms, recipe.hard_phantoms)
        train += phantom_examples(seeds, store, targets, phantoms, source.phantom)
    labelled = len(train)
    if recipe.head and phase.goal == "findings":
        train += picture_examples(source.pictures["train"], *given)
    if recipe.head and phase.goal != "rewards":
        val += picture_examples(source.pictures["val"], *given)
    boxed: list[Example] = []
    if recipe.told and phase.goal == "captions" and network.has_attention:
        train += box_examples(source.pictures["train"], *given)
        boxed = box_examples(source.pictures["val"], *given, sided=False)
    learned = grid[0] // phase.pooling, grid[1] // phase.pooling
    common: dict[str, Any] = {
        "preparation": preparation,
        "grid": learned if network.has_attention or (recipe.head and not captions) else None,
        "steps": recipe.max_words,
        "vocabulary": vocabulary if captions else None,
        "findings": bool(recipe.head) and not captions,
        "full": recipe.head > 0,
    }
    batches, batch = StudyBatches, 32
    pictures: PictureStore | FeatureStore = store
    if phase.from_features:
        say(f"each of {len(store)} pictures goes through the encoder once")
        batches, batch = FeatureBatches, 128
        pictures = FeatureStore(network.encoder, store, preparation, phase.pooling)
    # After the features, which what only thresholds are chosen on needs none of.
    held_out: list[Example] = []
    if recipe.told and captions:
        numbers = range(VALIDATION_SEED, VALIDATION_SEED + recipe.held_out_phantoms)
        held_out = phantom_examples(numbers, store, targets, phantoms, source.phantom)
    as_pictures = {**common, "grid": grid, "vocabulary": None, "findings": False}
    whole = StudyBatches([*val, *held_out], store, batch=32, **as_pictures)
    threads: dict[str, Any] = {"workers": WORKERS, "max_queue_size": 4 * WORKERS} if by_the_clock else {}
    training = batches(
        train,
        pictures,
        batch=phase.batch,
        weights=draw_weights(phase, recipe, train, real, labelled),
        per_epoch=real,
        augmentation=STRONG if recipe.strong else Augmentation(),
        word_dropout=recipe.word_dropout,
        seed=seed,
        told=recipe.told and captions,
        other_pictures=recipe.other_pictures if recipe.told and phase.goal == "captions" else 0.0,
        mixed=recipe.mixed if common["findings"] else 0.0,
        composed=recipe.composed if recipe.told and phase.goal == "captions" else 0.0,
        **common,
        **threads,
    )
    validation = batches(val if not captions else val[:written], pictures, batch=batch, **common)
    boxes = batches(boxed, pictures, batch=batch, **{**common, "told": True}) if boxed else None
    return PhaseData(training, validation, whole, len(held_out), boxes, finding_losses(train, common["findings"]))


def draw_weights(phase: Phase, recipe: Recipe, train: Sequence[Example], real: int, labelled: int) -> np.ndarray:
    """How often each example is drawn, relative to the others: float `(N,)`.

    Args:
        phase, recipe: of the training.
        train: N examples: studies up to number `real`, phantoms up to `labelled`, then labelled pictures.
    """
    captions = phase.goal != "findings"
    abnormal = ~is_normal(label_all([example.caption for example in train]))
    if not recipe.head or captions:
        weights = np.where(abnormal & captions, phase.abnormal_weight, 1.0)
        weights[real:labelled] *= recipe.phantom_weight
        weights[labelled:] = phase.abnormal_weight
        return weights
    weights = np.where(abnormal, 1.5, 1.0)
    weights[real:labelled] = np.where(abnormal[real:labelled], 0.8, 0.4)
    weights[labelled:] = [
        recipe.box_weight if each.regions else recipe.picture_weight for each in labels_of(train[labelled:])
    ]
    return weights
