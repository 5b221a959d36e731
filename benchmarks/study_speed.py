"""One study on the machine's own scale: matrix speed, the encoder's pass, the way to an impression, other settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.timing import Row, in_turns, milliseconds

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from captioner.images.study import Study

SIDE = 1024  # of the matrices that the machine's speed is measured with
GREEDY, BEAM, KEPT, FINDINGS = 1.3, 1.5, 0.060, 0.001  # times the bare encoder pass; seconds


def rows(model: Captioner, study: Study, rounds: int) -> list[Row]:
    """Measure one study with one captioner.

    Args:
        model: Captioner.
        study: captioner.Study of two views.
        rounds: of each measurement.

    Returns:
        list of Row.
    """
    import tensorflow as tf

    from captioner.images.preprocessing import prepare
    from captioner.models.graph import graph

    pictures, mask = (tf.constant(part[None]) for part in prepare(study, model.config["preparation"]))
    matrix = tf.constant(np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32))
    kept = model.encode(study)
    beam: dict[str, Any] = {"decoding": "beam", "beam_width": 5}
    unfolded = graph(lambda pictures, mask: model.network.encode(pictures, mask, training=False))
    times = in_turns(
        {
            "matrix": lambda: tf.matmul(matrix, matrix).numpy(),
            "unfolded": lambda: unfolded(pictures, mask).numpy(),
            "bare": lambda: model._encode(pictures, mask).numpy(),
            "greedy": lambda: model.caption(study),
            "beam": lambda: model.caption(study, **beam),
            "kept greedy": lambda: model.caption(kept),
            "kept beam": lambda: model.caption(kept, **beam),
            **({"findings": lambda: model.findings(kept)} if model.has_findings else {}),
        },
        rounds,
    )
    speed = 2 * SIDE**3 / times["matrix"]
    work = flops(model, pictures.shape)
    bare, words = times["bare"], len(model.caption(kept).words)
    limit = work / speed
    found = [
        Row(f"Matrix product, {SIDE} x {SIDE}, float32", f"{speed / 1e9:.0f} GFLOP/s"),
        Row(f"The encoder's {work / 1e9:.1f} GFLOP for two views at that speed", milliseconds(limit)),
        Row(
            "Bare encoder pass, both views in one batch, batch norms folded",
            milliseconds(bare),
            bare / limit,
            None,
            "that limit",
        ),
        Row(
            "The same with the batch norms by themselves",
            milliseconds(times["unfolded"]),
            times["unfolded"] / bare,
            None,
            "the bare pass",
        ),
        Row(
            f"Study to impression, greedy, {words} words",
            milliseconds(times["greedy"]),
            times["greedy"] / bare,
            GREEDY,
            "the bare pass",
        ),
        Row(
            "Study to impression, beam of width 5",
            milliseconds(times["beam"]),
            times["beam"] / bare,
            BEAM,
            "the bare pass",
        ),
        Row(
            "Other settings, kept features, greedy",
            milliseconds(times["kept greedy"]),
            times["kept greedy"] / KEPT,
            1,
            "60 ms",
        ),
        Row(
            "Other settings, kept features, beam of width 5",
            milliseconds(times["kept beam"]),
            times["kept beam"] / KEPT,
            1,
            "60 ms",
        ),
    ]
    if model.has_findings:
        asked = times["findings"]
        found.append(Row("Findings of a study with an impression", milliseconds(asked), asked / FINDINGS, 1, "1 ms"))
    return found


def flops(model: Captioner, shape: tuple[int, ...]) -> int:
    """Floating-point operations of the encoder on pictures `(1, 2, rows, columns, channels)`: two a multiplication."""
    import tensorflow as tf
    from keras import layers

    total, sizes = 0, {}

    def watch(layer: Any) -> Any:
        call = layer.call

        def counting(x: Any, *arguments: Any, **named: Any) -> Any:
            y = call(x, *arguments, **named)
            sizes[layer] = (x.shape, y.shape)
            return y

        return counting

    convolutions = [
        layer for layer in model.network.encoder.layers if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D))
    ]
    originals = {layer: layer.call for layer in convolutions}
    try:
        for layer in convolutions:
            layer.call = watch(layer)
        model.network.encoder(tf.zeros(shape[1:]), training=False)
    finally:
        for layer, call in originals.items():
            layer.call = call
    for layer, (_, after) in sizes.items():
        kernel = (
            np.prod(layer.kernel.shape[:3])
            if not isinstance(layer, layers.DepthwiseConv2D)
            else np.prod(layer.kernel.shape[:2])
        )
        total += 2 * int(np.prod(after)) * int(kernel)
    return total
