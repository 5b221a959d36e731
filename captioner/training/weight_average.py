"""A running average of a network's weights, which validates better than the weights of the last step.

Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"; as an exponential average.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from captioner.checkpoint.store import named_weights
from captioner.training.schedule import hand_back

EVERY = 5  # steps between two looks at the weights


def weight_arrays(network: keras.Model) -> dict[str, np.ndarray]:
    """Copies of a network's weights, name -> array: what it learns later does not reach them."""
    return {name: np.array(keras.ops.convert_to_numpy(value)) for name, value in named_weights(network).items()}


class WeightAverage(keras.callbacks.Callback):
    """Keeps the average while a network trains; batch statistics are averaged with the weights.

    Args:
        network: whose weights are averaged.
        momentum: share of the average that stays at each step; early on less does, so that the start is forgotten.

    Attributes:
        values: name -> array; None before the first look.
        steps: training steps so far.
    """

    def __init__(self, network: keras.Model, momentum: float) -> None:
        super().__init__()
        self.network, self.momentum, self.steps = network, momentum, 0
        self.values: Any = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the weights after every few steps."""
        self.steps += 1
        if self.steps % EVERY == 0:
            self.look()

    def look(self) -> None:
        """Take the weights as they are into the average."""
        hand_back(self.network)
        now = weight_arrays(self.network)
        if self.values is None:
            self.values = now
            return
        stays = min(self.momentum**EVERY, self.steps / (self.steps + 10 * EVERY))
        for name, value in now.items():
            self.values[name] += (1 - stays) * (value - self.values[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The network with the averaged weights, for as long as the block runs."""
        if self.values is None:
            yield
            return
        own = weight_arrays(self.network)
        self._assign(self.values)
        try:
            yield
        finally:
            self._assign(own)

    def _assign(self, arrays: Any) -> None:
        for name, variable in named_weights(self.network).items():
            variable.assign(arrays[name])
