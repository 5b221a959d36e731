"""The learning rate, by steps or by the clock."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras
from keras import ops


class WarmCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up over a share of the steps, then a cosine from `rate` to `rate * end`."""

    def __init__(self, rate: float, steps: int, end: float = 0.0, warmup: float = 0.03) -> None:
        self.rate, self.steps, self.end, self.warmup = rate, steps, end, warmup

    def __call__(self, step: Any) -> Any:
        done = ops.clip(ops.cast(step, "float32") / self.steps, 0.0, 1.0)
        cosine = self.end + (1 - self.end) * 0.5 * (1 + ops.cos(math.pi * done))
        return self.rate * cosine * ops.minimum(1.0, (done + 1e-3) / max(self.warmup, 1e-3))

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps, "end": self.end, "warmup": self.warmup}


def hand_back(network: keras.Model) -> None:
    """Put weights and optimizer back into their variables while a network is being fitted.

    On JAX, Keras keeps them elsewhere from step to step, and a variable that is read or set meanwhile is empty.
    """
    if hasattr(network, "jax_state_sync"):
        network.jax_state_sync()


class ClockedCosine(keras.callbacks.Callback):
    """The same course over a number of seconds, and an end to training when they are over.

    Args:
        rate, end, warmup: as of `WarmCosine`.
        seconds: from when this is made.
        now: the clock, in seconds.

    Attributes:
        over: whether the time is up.
    """

    def __init__(
        self,
        rate: float,
        seconds: float,
        end: float = 0.0,
        warmup: float = 0.03,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.rate, self.seconds, self.end, self.warmup, self.now = rate, max(seconds, 1e-3), end, warmup, now
        self.started = now()

    @property
    def done(self) -> float:
        """Share of the time that is over, 0 to 1."""
        return min(1.0, (self.now() - self.started) / self.seconds)

    @property
    def over(self) -> bool:
        return self.done >= 1.0

    def rate_now(self) -> float:
        """The rate for the next step."""
        cosine = self.end + (1 - self.end) * 0.5 * (1 + math.cos(math.pi * self.done))
        return self.rate * cosine * min(1.0, (self.done + 1e-3) / max(self.warmup, 1e-3))

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the rate of the coming step."""
        hand_back(self.model)
        self.model.optimizer.learning_rate.assign(self.rate_now())

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop the epoch where it is when the time is up."""
        if self.over:
            self.model.stop_training = True
