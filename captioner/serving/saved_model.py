"""A checkpoint as a TensorFlow SavedModel, which TensorFlow Serving loads and which needs nothing of this project.

Three signatures, four with a finding head, take a batch of studies. Both views come as squares of grey levels, resized
as `captioner.images.preprocessing` does; everything after that happens in the graph. B studies, T tokens at the most, W
hypotheses, P = views, rows, columns.

    greedy(pictures uint8 (B, 2, size, size), mask bool (B, 2))
        -> text (B,), tokens int32 (B, T), words (B, T), log_probs (B, T), log_prob (B,), attention (B, T, *P)
    beam(pictures, mask, beam_width int32 (), length_penalty float32 ())
        -> text (B, W), tokens (B, W, T), words (B, W, T), log_probs (B, W, T), log_prob (B, W), score (B, W),
           attention (B, W, T, *P); the best hypothesis first, and a score of -1e9 where there were fewer than W
    score(pictures, mask, tokens int32 (B, T))
        -> log_probs (B, T), attention (B, T, *P): how likely given tokens are, the end token last, padded with 0

    findings(pictures, mask), of a checkpoint with a finding head
        -> probability float32 (B, 13), calibrated; side_probability (B, 13, 2), the patient's left and right; map
           (B, 13, *P), pooling weights that sum to 1 over both views; evidence (B, 13, 2), of each view; stated bool
           (B, 13) and told_place bool (B, 13, 4), left, right, upper and lower, as the decoder is told them

A network without attention gives none. `assets.extra/signatures.json` says the size, the grid and the
vocabulary; the checkpoint's config.json lies beside it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from captioner.checkpoint.store import CONFIG, load
from captioner.checkpoint.validate import HOW_OFTEN_RIGHT
from captioner.errors import BadInput
from captioner.models.graph import graph
from captioner.reports.findings import FINDINGS, PLACES

if TYPE_CHECKING:
    from captioner.captioner import Captioner

try:
    import fcntl
except ImportError:  # not a Unix: two exports to one place at the same time are not told apart there
    fcntl = None  # type: ignore[assignment]

UNFILLED = -1e9  # the score of a place of the beam that no hypothesis took


def export(checkpoint: str | Path | None, out: str | Path) -> None:
    """Write a checkpoint as a SavedModel.

    Args:
        checkpoint: folder; the default one when None.
        out: folder that is not there yet or empty; TensorFlow Serving wants a number for its name.

    Raises:
        BadInput: the checkpoint cannot be read, `out` holds something, or another export is writing to it.
    """
    out = Path(out)
    if out.is_file() or out.is_dir() and any(out.iterdir()):
        raise BadInput(f"{out} is there already; give an --out that is new or empty.")
    with _being_written(out) as fresh:
        model = load(checkpoint)
        graphs, size = Graphs(model), model.config["preparation"]["size"]
        pictures = tf.TensorSpec((None, 2, size, size), tf.uint8, "pictures")
        mask = tf.TensorSpec((None, 2), tf.bool, "mask")
        endpoints: dict[str, tuple[Callable[..., Any], tuple[tf.TensorSpec, ...]]] = {
            "greedy": (graphs.greedy, ()),
            "beam": (
                graphs.beam,
                (tf.TensorSpec((), tf.int32, "beam_width"), tf.TensorSpec((), tf.float32, "length_penalty")),
            ),
            "score": (graphs.score, (tf.TensorSpec((None, None), tf.int32, "tokens"),)),
            **({"findings": (graphs.findings, ())} if model.has_findings else {}),
        }
        signatures = {
            name: graph(run).get_concrete_function(pictures, mask, *more) for name, (run, more) in endpoints.items()
        }
        # Nothing but the signatures and the variables that they read: `keras.export` would trace each graph twice.
        exported = tf.Module()
        exported.weights = [variable.value for variable in model.network.variables]
        tf.saved_model.save(exported, str(fresh), {**signatures, "serving_default": signatures["greedy"]})
        extra = fresh / "assets.extra"
        extra.mkdir()
        vocabulary = model.vocabulary
        for name in (CONFIG, HOW_OFTEN_RIGHT):
            if model.folder is not None and (model.folder / name).is_file():
                shutil.copyfile(model.folder / name, extra / name)
        (extra / "signatures.json").write_text(
            json.dumps(
                {
                    "checkpoint": model.name,
                    "views": ["frontal", "lateral"],
                    "size": size,
                    "grid": list(model.grid),
                    "attention": model.has_attention,
                    "resize": model.config["preparation"].get("name", "area"),
                    "max_words": graphs.steps,
                    "vocabulary": [vocabulary.word(token) for token in range(len(vocabulary))],
                    "pad": vocabulary.pad,
                    "start": vocabulary.start,
                    "end": vocabulary.end,
                    "findings": graphs.finding_names_and_thresholds,
                },
                indent=2,
            )
            + "\n",
            encoding="utf-8",
        )
        if out.is_dir():
            out.rmdir()
        fresh.rename(out)


@contextmanager
def _being_written(out: Path) -> Iterator[Path]:
    """A new, empty folder beside `out` to write into, held against other exports as long as this process lives.

    It always has the same name: what an export that was killed left there goes when the next one comes.
    """
    fresh = out.parent / f".{out.name}.part"
    fresh.mkdir(parents=True, exist_ok=True)
    lock = os.open(fresh, os.O_RDONLY) if fcntl else None
    try:
        if lock is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BadInput(f"Another export is writing {out}; let it end, or give another --out.") from error
        for left in fresh.iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        try:
            yield fresh
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    finally:
        if lock is not None:
            os.close(lock)


class Graphs:
    """What the signatures run, of one `captioner.captioner.Captioner`.

    The encoder and the search are functions of the graph that the signatures call: each is traced, saved and loaded
    once, however many signatures need it.
    """

    def __init__(self, model: Captioner) -> None:
        self.network, self.vocabulary, self.decoder = model.network, model.vocabulary, model.decoder
        self.preparation, self.has_attention = model.config["preparation"], model.has_attention
        self.has_findings = model.has_findings
        self.calibration = model.calibration
        self.steps = int(model.config["decoding"].get("max_words", 40))
        silent = {*self.vocabulary.forbidden_ids, self.vocabulary.end}
        self.words = tf.constant(
            ["" if token in silent else self.vocabulary.word(token) for token in range(len(self.vocabulary))]
        )  # (V,)
        size = self.preparation["size"]
        views = [tf.TensorSpec((None, 2, size, size), tf.uint8), tf.TensorSpec((None, 2), tf.bool)]
        search = [tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.float32)]  # beam width, length penalty
        self._project = graph(self._project_graph, views)
        self._search = graph(self._search_graph, [*views, *search])

    def greedy(self, pictures: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        """See the module."""
        found = self._search(pictures, mask, tf.constant(1), tf.constant(0.0))
        return {name: value[:, 0] for name, value in found.items() if name != "score"}

    def beam(
        self, pictures: tf.Tensor, mask: tf.Tensor, beam_width: tf.Tensor, length_penalty: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """See the module."""
        return self._search(pictures, mask, beam_width, length_penalty)

    def score(self, pictures: tf.Tensor, mask: tf.Tensor, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """See the module."""
        image_features, mask = self._project(pictures, mask)
        names = ("log_probs", "attention") if self.has_attention else ("log_probs",)

        def of_study(inputs: Any) -> dict[str, tf.Tensor]:
            image_features, mask, tokens = inputs
            found = self.decoder.force_graph(image_features[None], mask[None], tokens)
            return {name: found[name][:, 0] for name in names}  # (T,), (T, P)

        found = tf.map_fn(
            of_study,
            (image_features, mask, tokens),
            fn_output_signature={
                "log_probs": tf.TensorSpec((None,), tf.float32),
                **({"attention": tf.TensorSpec((None, None), tf.float32)} if self.has_attention else {}),
            },
        )
        there = tokens != self.vocabulary.pad  # (B, T)
        answer = {"log_probs": tf.where(there, found["log_probs"], 0.0)}
        if self.has_attention:
            answer["attention"] = self._by_view(tf.where(there[..., None], found["attention"], 0.0))
        return answer

    @property
    def finding_names_and_thresholds(self) -> dict[str, float] | None:
        """Finding -> the probability from which the decoder is told it; None without a finding head."""
        if not self.has_findings:
            return None
        cuts = self.network.rules["thresholds"] if self.network.rules else [0.0] * len(FINDINGS)
        return {
            name: float(1 / (1 + np.exp(-(slope * cut + offset))))
            for name, cut, (slope, offset) in zip(FINDINGS, cuts, self.calibration)
        }

    def findings(self, pictures: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        """See the module."""
        image_features, mask = self._project(pictures, mask)
        found = self.network.examine(image_features, mask)
        slope, offset = np.array(self.calibration, np.float32).T  # (13,) each
        cuts = self.network.rules["thresholds"] if self.network.rules else [0.0] * len(FINDINGS)
        if self.network.rules:
            told = tf.reshape(self.network.conditions(found), (-1, len(FINDINGS), 1 + len(PLACES)))[..., 1:] > 0.5
        else:
            told = tf.zeros_like(found["places"], tf.bool)
        return {
            "stated": found["presence"] >= tf.constant(cuts, tf.float32),
            "told_place": told,
            "probability": tf.sigmoid(slope * found["presence"] + offset),
            "side_probability": tf.sigmoid(found["places"][..., :2]),
            "map": self._by_view(found["maps"]),
            "evidence": found["view_evidence"],
        }

    def _project_graph(self, pictures: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Grey levels `(B, 2, size, size)` -> image features `(B, P, depth)`, and the mask of views to attend to."""
        preparation = self.preparation
        if preparation.get("missing_lateral", "mask") == "repeat":
            pictures = tf.where(mask[:, :, None, None], pictures, pictures[:, :1])
            mask = tf.ones_like(mask)
        grey = tf.cast(pictures, tf.float32)[..., None] / 255.0  # (B, 2, size, size, 1)
        grey = tf.repeat(grey, preparation.get("channels", 1), axis=-1)
        grey = (grey - preparation.get("mean", 0.0)) / preparation.get("std", 1.0)
        grey = tf.where(mask[:, :, None, None, None], grey, 0.0)
        return self.network.encode(grey, mask, training=False), mask

    def _search_graph(
        self, pictures: tf.Tensor, mask: tf.Tensor, width: tf.Tensor, penalty: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        image_features, mask = self._project(pictures, mask)
        shapes = {
            "tokens": ((None, self.steps), tf.int32),
            "log_probs": ((None, self.steps), tf.float32),
            "log_prob": ((None,), tf.float32),
            "score": ((None,), tf.float32),
        }
        if self.has_attention:
            shapes["attention"] = ((None, self.steps, None), tf.float32)

        def of_study(inputs: Any) -> dict[str, tf.Tensor]:
            image_features, mask = inputs
            found = self.decoder.search_graph(image_features[None], mask[None], width, tf.constant(self.steps))
            ranked = self._ranked(found, penalty)
            return {name: ranked[name] for name in shapes}

        found = tf.map_fn(
            of_study,
            (image_features, mask),
            fn_output_signature={name: tf.TensorSpec(shape, dtype) for name, (shape, dtype) in shapes.items()},
        )
        if self.has_attention:
            found["attention"] = self._by_view(found["attention"])
        words = tf.gather(self.words, found["tokens"])  # (B, W, T)
        return {
            **found,
            "words": words,
            "text": tf.strings.strip(tf.strings.reduce_join(words, axis=-1, separator=" ")),
        }

    def _ranked(self, found: dict[str, tf.Tensor], penalty: tf.Tensor) -> dict[str, tf.Tensor]:
        """The hypotheses of a search, walked back from their ends: name -> `(W, steps, ...)`, the best first."""
        taken, width = tf.shape(found["tokens"])[0], tf.shape(found["totals"])[0]
        names = ("tokens", "log_probs", "ended", "attention")
        arrays = [tf.TensorArray(found[name].dtype, size=taken) for name in names]

        def back(step: tf.Tensor, place: tf.Tensor, *arrays: Any) -> tuple[Any, ...]:
            values = [tf.gather(found[name][step], place) for name in names]
            written = [array.write(step, value) for array, value in zip(arrays, values)]
            return (step - 1, tf.gather(found["parents"][step], place), *written)

        _, _, *arrays = tf.while_loop(lambda step, *_: step >= 0, back, (taken - 1, tf.range(width), *arrays))
        tokens, log_probs, ended, attention = (array.stack() for array in arrays)  # (T, W, ...)
        length = tf.reduce_sum(tf.cast(~ended, tf.float32), axis=0)  # (W,)
        log_prob = tf.reduce_sum(tf.where(ended, 0.0, log_probs), axis=0)
        filled = found["totals"] > UNFILLED / 10
        score = tf.where(filled, log_prob / tf.maximum(length, 1.0) ** penalty, UNFILLED)
        order = tf.argsort(score, direction="DESCENDING", stable=True)
        there = ~ended & filled  # (T, W)
        whole = {
            "tokens": tf.where(there, tokens, self.vocabulary.pad),
            "log_probs": tf.where(there, log_probs, 0.0),
            "attention": tf.where(there[..., None], attention, 0.0),
        }
        answer = {"score": tf.gather(score, order), "log_prob": tf.gather(tf.where(filled, log_prob, UNFILLED), order)}
        for name, values in whole.items():
            fill = self.vocabulary.pad if name == "tokens" else 0
            missing = [[0, self.steps - taken]] + [[0, 0]] * (len(values.shape) - 1)
            values = tf.pad(values, missing, constant_values=tf.cast(fill, values.dtype))  # (steps, W, ...)
            order_of_axes = [1, 0, *range(2, len(values.shape))]
            answer[name] = tf.gather(tf.transpose(values, order_of_axes), order)  # (W, steps, ...)
        return answer

    def _by_view(self, attention: tf.Tensor) -> tf.Tensor:
        """`(..., P)` -> `(..., views, rows, columns)`."""
        shape = tf.concat([tf.shape(attention)[:-1], [2, *self.network.grid]], 0)
        return tf.reshape(attention, shape)
