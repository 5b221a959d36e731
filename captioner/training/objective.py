"""What a phase minimises: its losses, and what each of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from captioner.training import losses
from captioner.training.examples import labels_of

if TYPE_CHECKING:
    import keras

    from captioner.training.examples import Example
    from captioner.training.recipes import Phase, Recipe

MAX_PRESENCE_WEIGHT = 4.0  # of a positive of a rare finding

Terms = dict[str, tuple["keras.losses.Loss", float]]  # name of the output -> its loss, and what that counts


def finding_losses(train: Sequence[Example], labelled: bool) -> dict[str, keras.losses.Loss]:
    """The losses of the findings, weighted by how rare each is among the examples.

    Args:
        train: the examples of the phase.
        labelled: whether the finding head learns, whose loss is "presence", beside "findings" of the encoder.
    """
    truth = np.stack([example.targets for example in train])
    found = {"findings": losses.FindingsLoss(losses.finding_weights(truth), losses.target_importance(truth))}
    if labelled:
        known = np.stack([each.presence for each in labels_of(train)])
        found["presence"] = losses.FindingsLoss(
            losses.finding_weights(known, MAX_PRESENCE_WEIGHT), losses.target_importance(known)
        )
    return found


def terms_of(phase: Phase, recipe: Recipe, findings: dict[str, keras.losses.Loss], has_attention: bool) -> Terms:
    """The terms of a phase's objective.

    Args:
        phase, recipe: of the training.
        findings: of `finding_losses`.
        has_attention: whether the network has an attention whose place can be taught.
    """
    if phase.goal == "findings":
        terms: Terms = {"findings": (findings["findings"], 1.0)}
        if recipe.head:
            terms["presence"] = (findings["presence"], recipe.presence_weight)
            terms["places"] = (losses.PlacesLoss(), recipe.places_weight)
            terms["maps"] = (losses.AttentionLoss(), recipe.maps_weight)
        return terms
    smoothing = 0.0 if phase.goal == "rewards" else recipe.smoothing
    terms = {"tokens": (losses.WordLoss(smoothing), recipe.words_weight)}
    if not recipe.told:
        terms["findings"] = (findings["findings"], recipe.findings_weight)
    if has_attention:
        terms["attention"] = (losses.AttentionLoss(), recipe.grounding_weight)
    return terms
