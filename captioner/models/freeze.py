"""A network's call as a graph in which every weight is a constant.

TensorFlow then folds each batch norm into its convolution and lays the kernels out once, not at every call: a pass
of the encoder takes 0.73 to 0.9 times as long, and its numbers change by rounding alone (see benchmarks/README.md).
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def frozen(network: keras.Model, call: Callable[..., Any], signature: Sequence[Any]) -> Any:
    """`call` as a tf.function, built at its first use with the weights that the network has by then.

    Whoever changes weights after that has to build a new one; gradients to the weights there are none.

    Args:
        network: whose variables become constants; one that has none is called as it is.
        call: a function of tensors that uses the network.
        signature: list of tf.TensorSpec, one an argument of `call`.
    """

    def with_constants(*arguments: Any) -> Any:
        with tf.init_scope():  # out of the graph, where a variable has a value
            values = [
                (variable, np.asarray(variable))
                for variable in getattr(network, "variables", ())
                if "seed_generator" not in variable.path
            ]
        constants = [(variable, tf.constant(value)) for variable, value in values]
        with keras.StatelessScope(state_mapping=constants):
            return call(*arguments)

    return tf.function(with_constants, input_signature=signature, autograph=False)
