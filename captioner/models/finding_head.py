"""The finding head: for each finding how likely it is, on which side, at which height, and where its evidence lies.

`Captioner.findings(study)` gives what it says as one `captioner.caption.Finding` for each of `FINDINGS`, in their
order; `Caption.conditions` says what of it the decoder was told, and `Captioner.caption(study, steer={"effusion":
"left"})` tells it something else.

Pooling by attention for each class: Ilse et al. 2018, "Attention-based Deep Multiple Instance Learning" (arXiv
1802.04712). The keys know where a cell lies, since an effusion is looked for below and a heart has a side.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from keras import layers, ops

from captioner.reports.findings import FINDINGS, PLACES, SIDED, ZONED

if TYPE_CHECKING:
    import keras

CONDITIONS = len(FINDINGS) * (1 + len(PLACES))  # stated, left, right, upper, lower of each finding, in this order
FAR_BELOW = -1e9


class FindingHead(layers.Layer):
    """Attention, evidence and place of every finding from the cells of two views.

    Args:
        units: of the hidden layer, of each view its own.
        depth: channels of a cell.
        views: number of views.

    The shapes below: B studies, P cells of all views, N findings.
    """

    def __init__(self, units: int, depth: int, views: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.depth, self.views = units, depth, views
        self.hidden = [layers.Dense(units, activation="relu", name=f"finding_hidden_{view}") for view in range(views)]
        # Zeros at first: the head starts as average pooling and learns where to look for each finding.
        self.score = [
            layers.Dense(len(FINDINGS), kernel_initializer="zeros", name=f"finding_score_{view}")
            for view in range(views)
        ]
        self.evidence = [layers.Dense(len(FINDINGS), name=f"finding_evidence_{view}") for view in range(views)]
        self.place = [layers.Dense(len(FINDINGS) * len(PLACES), name=f"finding_place_{view}") for view in range(views)]
        for layer in self.hidden:
            layer.build((None, None, depth + POSITION_WIDTH))
        for layer in (*self.score, *self.evidence, *self.place):
            layer.build((None, None, units))
        self.built = True

    def call(
        self, image_features: keras.KerasTensor, cells: keras.KerasTensor, grid: tuple[int, int]
    ) -> dict[str, keras.KerasTensor]:
        """Look at the image_features.

        Args:
            image_features: `(B, P, depth)`.
            cells: `(B, P)`, 1 where there is a picture.
            grid: rows and columns of one view.

        Returns:
            dict of `presence (B, N)` logits, `places (B, N, 4)` logits in the order of PLACES (the side follows from
            where the attention lies as well as from what is seen there), `maps (B, N, P)` that
            sum to 1 over P, `scores (B, P, N)` before the softmax, and `view_evidence (B, N, views)` whose sum is
            `presence`.
        """
        batch = ops.shape(image_features)[0]
        where = ops.cast(positions(grid), image_features.dtype)  # (1, P / views, POSITION_WIDTH)
        where = ops.broadcast_to(where, (batch, grid[0] * grid[1], POSITION_WIDTH))
        parts: dict[str, list[keras.KerasTensor]] = {"score": [], "evidence": [], "place": []}
        for view, shown in enumerate(ops.split(image_features, self.views, axis=1)):  # (B, P / views, depth)
            hidden = self.hidden[view](ops.concatenate([shown, where], axis=-1))  # (B, P / views, units)
            for name, values in parts.items():
                values.append(getattr(self, name)[view](hidden))
        scores = ops.concatenate(parts["score"], axis=1) + FAR_BELOW * (1.0 - ops.expand_dims(cells, -1))  # (B, P, N)
        weights = ops.softmax(scores, axis=1)
        maps = ops.transpose(weights, (0, 2, 1))  # (B, N, P)
        evidence = weights * ops.concatenate(parts["evidence"], axis=1)  # (B, P, N)
        by_view = ops.stack(
            [ops.sum(part, axis=1) for part in ops.split(evidence, self.views, axis=1)], axis=-1
        )  # (B, N, views)
        place = ops.concatenate(parts["place"], axis=1)  # (B, P, 4 * N)
        place = ops.reshape(place, (batch, -1, len(PLACES), len(FINDINGS)))  # (B, P, 4, N)
        places = ops.sum(ops.expand_dims(weights, 2) * place, axis=1)  # (B, 4, N)
        side = side_of_map(maps, grid, self.views)  # (B, N)
        nothing = ops.zeros_like(side)
        places = places + ops.stack([side, -side, nothing, nothing], axis=1)
        return {
            "presence": ops.sum(by_view, axis=-1),
            "places": ops.transpose(places, (0, 2, 1)),
            "maps": maps,
            "scores": scores,
            "view_evidence": by_view,
        }


def side_of_map(maps: keras.KerasTensor, grid: tuple[int, int], views: int = 2) -> keras.KerasTensor:
    """How far more of a finding's attention lies on the patient's left than on the right: `(B, N)`, 0 for neither.

    The logarithm of the ratio of the two halves of the frontal view, whose right half shows the patient's left. A study
    without a frontal view has no side.

    Args:
        maps: `(B, N, P)`, the frontal view's cells first.
        grid: rows and columns of one view.
    """
    rows, columns = grid
    batch, findings = ops.shape(maps)[0], maps.shape[1]
    frontal = ops.reshape(maps, (batch, findings, views, rows, columns))[:, :, 0]  # (B, N, R, C)
    right, left = frontal[..., : columns // 2], frontal[..., (columns + 1) // 2 :]
    left, right = (ops.sum(half, axis=(2, 3)) for half in (left, right))  # (B, N) each
    return ops.log(left + SMALLEST_SHARE) - ops.log(right + SMALLEST_SHARE)


SMALLEST_SHARE = 1e-3  # of the attention, so that the ratio of two halves stays finite
POSITION_WIDTH = 10


def positions(grid: tuple[int, int]) -> keras.KerasTensor:
    """`(1, rows * columns, POSITION_WIDTH)`: where each cell lies, as waves that fit any grid."""
    rows, columns = grid
    row, column = ops.meshgrid(
        (ops.arange(rows, dtype="float32") + 0.5) / rows,
        (ops.arange(columns, dtype="float32") + 0.5) / columns,
        indexing="ij",
    )  # 0..1
    waves = [2 * row - 1, 2 * column - 1]
    for turns in (1, 2):
        for axis in (row, column):
            waves += [ops.sin(math.pi * turns * axis), ops.cos(math.pi * turns * axis)]
    return ops.reshape(ops.stack(waves, axis=-1), (1, rows * columns, POSITION_WIDTH))


def decide(
    presence: keras.KerasTensor, places: keras.KerasTensor, rules: Any, given: keras.KerasTensor | None = None
) -> keras.KerasTensor:
    """What the decoder is told, `(B, CONDITIONS)` of zeros and ones: stated, left, right, upper, lower of each finding.

    A finding that is not stated has no place; of upper and lower only the likelier is told, and only of those findings
    of which impressions say it.

    Args:
        presence: `(B, N)` logits.
        places: `(B, N, 4)` logits.
        rules: dict of `thresholds`, the least logit at which each finding is stated; `side` and `zone`, the least
            logit at which a place is.
        given: `(B or 1, CONDITIONS)`, told instead; NaN leaves a number to the logits.
    """
    count = len(FINDINGS)
    stated = ops.cast(presence >= ops.convert_to_tensor(rules["thresholds"], "float32"), "float32")  # (B, N)
    if given is not None:
        given = ops.reshape(given, (-1, count, 1 + len(PLACES)))  # (B or 1, N, 5)
        stated = ops.where(ops.isnan(given[..., 0]), stated, given[..., 0])
    sided = ops.convert_to_tensor([float(name in SIDED) for name in FINDINGS])
    sides = ops.cast(places[..., :2] >= rules["side"], "float32") * ops.expand_dims(stated * sided, -1)  # (B, N, 2)
    zones = places[..., 2:]
    chosen = ops.logical_and(zones >= rules["zone"], zones >= ops.max(zones, axis=-1, keepdims=True))
    zoned = ops.convert_to_tensor([float(name in ZONED) for name in FINDINGS])
    zones = ops.cast(chosen, "float32") * ops.expand_dims(stated * zoned, -1)
    where = ops.concatenate([sides, zones], axis=-1)  # (B, N, 4)
    if given is not None:
        where = ops.where(ops.isnan(given[..., 1:]), where, given[..., 1:])
    told = ops.concatenate([ops.expand_dims(stated, -1), where], axis=-1)  # (B, N, 5)
    return ops.reshape(told, (ops.shape(told)[0], CONDITIONS))
