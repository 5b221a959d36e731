"""How many graphs a backend has compiled so far, and for how long: JAX compiles every new shape of a batch anew."""

from typing import Any

import keras

COMPILED = "/jax/core/compile/backend_compile_duration"  # JAX's own name of the event


class Compilations:
    """Counts from when it is made. Other backends than JAX do not tell, so that nothing is counted there.

    Attributes:
        count: graphs compiled.
        seconds: that it took.
    """

    def __init__(self) -> None:
        self.count, self.seconds, self.told = 0, 0.0, keras.config.backend() == "jax"
        if self.told:
            import jax

            jax.monitoring.register_event_duration_secs_listener(self._listen)

    def _listen(self, event: str, duration: float, **_: Any) -> None:
        if event == COMPILED:
            self.count, self.seconds = self.count + 1, self.seconds + duration

    def summary(self) -> str:
        """One sentence; empty where nothing is counted."""
        return f"{self.count} graphs compiled in {self.seconds:.0f} s" if self.told else ""
