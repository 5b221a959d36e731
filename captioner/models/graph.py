"""How TensorFlow graphs are made here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf


def graph(call: Callable[..., Any], signature: Sequence[tf.TensorSpec] | None = None) -> Any:
    """`call` as a tf.function, traced when it is first called.

    AutoGraph, which rewrites Python source so that `if` and `for` may depend on tensors, is off: loops over tensors are
    written as `tf.while_loop`, and rewriting all that a search calls took more than half of the time of tracing it.

    Args:
        call: a function of tensors.
        signature: a tf.TensorSpec per argument; None to trace anew for every shape.
    """
    import tensorflow as tf

    return tf.function(call, input_signature=signature, autograph=False)
