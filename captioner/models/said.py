"""What an impression has said so far, so that a decoder is told a finding only until a sentence has stated it.

A decoder that is told all of its findings at every word goes back to those that it has stated. What has been said is a
part of its state, kept beside the network's own numbers: a checklist of what is still to be written (Kiddon et al.
2016, "Globally Coherent Text Generation with Neural Checklist Models", EMNLP). Which words state a finding, alone or
two of them together, is a table that is not learned; it is kept with the weights, so that a checkpoint goes on with the
words that its decoder learned with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keras import layers, ops

from captioner.reports.findings import FINDINGS
from captioner.reports.statements import FINDINGS_OF_PAIRS, PAIRS

if TYPE_CHECKING:
    import keras

NAMES, HALVES = len(FINDINGS), len(PAIRS)
WIDTH = NAMES + 2 * HALVES + 1  # of a row of the table, see `Said`


class Said(layers.Layer):
    """The memory of what was said, `(B, size)` of zeros and ones: findings that finished sentences state; findings that
    the sentence so far states; first and second halves of `captioner.reports.statements.PAIRS` that it has.

    Its one weight, which is not learned, is `table (V, WIDTH)`: for each token the findings that it states by itself,
    the first halves and the second halves that it is, and whether it ends a sentence. See
    `captioner.decoding.token_tables.statement_table`.

    Args:
        vocabulary_size: V.
    """

    size = 2 * NAMES + 2 * HALVES

    def __init__(self, vocabulary_size: int, **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        self.table = self.add_weight(
            shape=(vocabulary_size, WIDTH), initializer="zeros", trainable=False, name="statements"
        )
        self.built = True

    def call(self, memory: keras.KerasTensor, token: keras.KerasTensor) -> keras.KerasTensor:
        """The memory after each of `token (B,)`, of which `memory (B, size)` was the one before."""
        before, here, halves = ops.split(memory, [NAMES, 2 * NAMES], axis=-1)
        row = ops.take(self.table, token, axis=0)  # (B, WIDTH)
        names, parts, ends = ops.split(row, [NAMES, NAMES + 2 * HALVES], axis=-1)
        halves = ops.maximum(halves, parts)  # (B, 2 * HALVES)
        first, second = ops.split(halves, 2, axis=-1)
        whole = ops.matmul(first * second, ops.convert_to_tensor(FINDINGS_OF_PAIRS))  # (B, NAMES)
        here = ops.minimum(here + names + whole, 1.0)
        before = ops.maximum(before, ends * here)
        return ops.concatenate([before, (1.0 - ends) * here, (1.0 - ends) * halves], axis=-1)


def left_to_say(told: keras.KerasTensor, memory: keras.KerasTensor) -> keras.KerasTensor:
    """What a decoder is told without the findings that a finished sentence states.

    Args:
        told: `(B, n * 13)`, n numbers for each finding.
        memory: `(B, Said.size)`.
    """
    numbers = told.shape[-1] // NAMES
    return told * ops.repeat(1.0 - memory[:, :NAMES], numbers, axis=-1)


def with_memory(said: Said | None, state: keras.KerasTensor) -> keras.KerasTensor:
    """The state `(B, S)` that decoding starts from, with an empty memory behind it; as it is where none is kept."""
    if said is None:
        return state
    nothing = ops.zeros((ops.shape(state)[0], said.size), state.dtype)
    return ops.concatenate([state, nothing], axis=-1)


def recalled(
    said: Said | None, told: Sequence[keras.KerasTensor], state: keras.KerasTensor, token: keras.KerasTensor
) -> tuple[list[keras.KerasTensor], keras.KerasTensor, list[keras.KerasTensor]]:
    """What the decoder is told now, its own part of the state, and what follows that in the state after this step.

    Args:
        said: what keeps the memory; None where none is kept.
        told: `(1 or W, conditions_size)`, at the start; nothing for a decoder that is told nothing.
        state: `(W, S)`, and behind it the memory, see `with_memory`.
        token: ids `(W,)`, the last token of each hypothesis.
    """
    now = [ops.broadcast_to(each, (ops.shape(state)[0], each.shape[-1])) for each in told]
    if said is None:
        return now, state, []
    own = state.shape[-1] - said.size
    memory = said(state[:, own:], token)
    return [left_to_say(each, memory) for each in now], state[:, :own], [memory]
