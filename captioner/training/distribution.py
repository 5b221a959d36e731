"""Training on one or several replicas with `tf.distribute`: an epoch over the batches of one or more machines.

Each step's batch is shared out evenly. The gradients of all replicas are summed before their norm is clipped, so that
the steps are those of one machine with the whole batch; Keras' own `fit` clips each replica's gradient by itself. A
last batch that is not full is left out, since its shares would not be even.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import keras
import numpy as np

from captioner.errors import BadInput

if TYPE_CHECKING:
    import tensorflow as tf

    from captioner.training.dataset import Batch, StudyBatches
    from captioner.training.objective import Terms
    from captioner.training.recipes import Recipe

    Shares = tuple[dict[str, tf.Tensor], ...]  # a `Batch` as TensorFlow hands it out, one share to each replica
    Step = Callable[[Shares], dict[str, tf.Tensor]]

STRATEGIES = ("none", "mirrored", "multi-worker")


def strategy_for(name: str, recipe: Recipe) -> Alone | Distributed:
    """`strategy_named(name)`, for a recipe that can be shared out.

    Raises:
        BadInput: a phase of rewards under several replicas (each of its steps follows from what the network has just
            written, one impression after the other, and no replica would know of the others'), or as of
            `strategy_named`.
    """
    if name != "none" and any(phase.goal == "rewards" for phase in recipe.phases):
        raise BadInput(
            f"--strategy {name} cannot share out a phase of rewards, which this recipe has; leave --strategy out, "
            "or choose a recipe without one (such as cpu, gpu, decoder or further)."
        )
    return strategy_named(name)


def strategy_named(name: str) -> Alone | Distributed:
    """The strategy of that name: "none", "mirrored" (this machine's devices) or "multi-worker" (those of TF_CONFIG).

    To be made before TensorFlow runs anything.

    Raises:
        BadInput: Keras runs on another backend than TensorFlow, or TF_CONFIG is missing or not understood.
    """
    if name == "none":
        return Alone()
    if keras.config.backend() != "tensorflow":
        raise BadInput(
            f"--strategy {name} is TensorFlow's; Keras runs on {keras.config.backend()} (see KERAS_BACKEND)."
        )
    import tensorflow as tf

    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return Distributed(tf.distribute.MirroredStrategy([device.name for device in devices]), 0, 1)
    worker, workers = _place_in_cluster()
    return Distributed(tf.distribute.MultiWorkerMirroredStrategy(), worker, workers)


def _place_in_cluster() -> tuple[int, int]:
    """`(number of this worker, number of workers)` from the environment's TF_CONFIG."""
    try:
        config = json.loads(os.environ.get("TF_CONFIG", ""))
        workers, task = config["cluster"]["worker"], config["task"]
        worker = int(task["index"])
        if task["type"] != "worker" or not 0 <= worker < len(workers):
            raise ValueError("task")
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            '--strategy multi-worker needs TF_CONFIG, such as {"cluster": {"worker": ["host:port", "host:port"]}, '
            '"task": {"type": "worker", "index": 0}}, with another index on each machine.'
        ) from error
    return worker, len(workers)


class Alone:
    """One device, any backend."""

    worker, workers, replicas = 0, 1, 1

    def scope(self) -> AbstractContextManager[object]:
        """Where the network and its optimizer are made."""
        return nullcontext()

    def train_epoch(
        self,
        network: keras.Model,
        terms: Terms,
        batches: StudyBatches,
        epoch: int,
        verbose: int = 0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> dict[str, float]:
        """Train a compiled network on one epoch.

        Args:
            network: one of `captioner.models`.
            terms: name of an output -> (its loss, what the loss counts), as the network was compiled with.
            batches: StudyBatches.
            epoch: its number, from 0.
            verbose: as of Keras' `fit`.
            callbacks: of Keras.

        Returns:
            dict name -> mean loss.
        """
        # The batches come in the order in which they were drawn: Keras would shuffle them once more, from a seed of its
        # own.
        history = network.fit(
            batches, initial_epoch=epoch, epochs=epoch + 1, verbose=verbose, shuffle=False, callbacks=list(callbacks)
        ).history
        return {name: float(values[-1]) for name, values in history.items()}

    def predict(self, network: keras.Model, batches: StudyBatches) -> dict[str, np.ndarray]:
        """What the network makes of all batches: name -> array."""
        return network.predict(batches, verbose=0)


class Distributed:
    """Several replicas of the network under one of TensorFlow's strategies.

    Attributes:
        worker, workers: which machine this is, from 0, and how many there are. Worker 0 writes the checkpoint.
        replicas: of the network, on all machines together; a batch must be a multiple of it.
    """

    def __init__(self, strategy: tf.distribute.Strategy, worker: int, workers: int) -> None:
        self.strategy, self.worker, self.workers = strategy, worker, workers
        self.replicas = strategy.num_replicas_in_sync
        self._step: tuple[keras.optimizers.Optimizer, Step] | None = None  # the optimizer, and its step as a graph

    def scope(self) -> AbstractContextManager[object]:
        """Where the network and its optimizer are made."""
        return self.strategy.scope()

    def train_epoch(
        self,
        network: keras.Model,
        terms: Terms,
        batches: StudyBatches,
        epoch: int,
        verbose: int = 0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> dict[str, float]:
        """As `Alone.train_epoch`, on this machine's share of each batch."""
        import tensorflow as tf

        if batches.batch % self.replicas:
            raise BadInput(
                f"A batch of {batches.batch} studies cannot be shared evenly among {self.replicas} replicas."
            )
        steps = batches.count // batches.batch
        if not steps:
            raise BadInput(f"There are fewer studies than one batch of {batches.batch}.")
        share = batches.batch // self.replicas
        mine = range(self.worker * self.replicas // self.workers, (self.worker + 1) * self.replicas // self.workers)

        def shares() -> Iterator[Batch]:
            for step in range(steps):
                for replica in mine:
                    start = step * batches.batch + replica * share
                    yield batches.rows(start, start + share)

        signature = tf.nest.map_structure(lambda array: tf.TensorSpec(array.shape, array.dtype), batches.rows(0, share))
        dataset = self.strategy.distribute_datasets_from_function(
            lambda context: tf.data.Dataset.from_generator(shares, output_signature=signature).prefetch(2)
        )
        if self._step is None or self._step[0] is not network.optimizer:
            self._step = network.optimizer, self._make_step(network, terms)
        _, take_step = self._step
        totals: dict[str, float] = {}
        iterator = iter(dataset)
        for callback in callbacks:
            callback.set_model(network)
        network.stop_training, taken = False, 0
        for step in range(steps):
            for callback in callbacks:
                callback.on_train_batch_begin(step)
            for name, value in take_step(next(iterator)).items():
                totals[name] = totals.get(name, 0.0) + float(value)
            taken += 1
            for callback in callbacks:
                callback.on_train_batch_end(step)
            if network.stop_training:
                break
        return {name: total / taken for name, total in totals.items()}

    def predict(self, network: keras.Model, batches: StudyBatches) -> dict[str, np.ndarray]:
        """As `Alone.predict`; every machine sees all batches, and no two need to agree on when."""
        answers = [network(batches[index][0], training=False) for index in range(len(batches))]
        return {name: np.concatenate([answer[name].numpy() for answer in answers]) for name in answers[0]}

    def _make_step(self, network: keras.Model, terms: Terms) -> Step:
        """One step of training as a graph: a batch in shares -> name -> loss over the whole batch."""
        import tensorflow as tf

        optimizer, replicas = network.optimizer, self.replicas
        norm, optimizer.global_clipnorm = optimizer.global_clipnorm, None  # clipped here, after the sum

        def in_replica(data: Shares) -> dict[str, tf.Tensor]:
            inputs, answers, weights = keras.utils.unpack_x_y_sample_weight(data)
            with tf.GradientTape() as tape:
                outputs = network(inputs, training=True)
                # Each is a mean over the share, and Keras divides it by the number of replicas.
                parts = {
                    name: loss(answers[name], outputs[name], None if weights is None else weights[name])
                    for name, (loss, _) in terms.items()
                }
                total = sum(weight * parts[name] for name, (_, weight) in terms.items())
            found = tape.gradient(total, network.trainable_variables)
            variables = [
                variable for gradient, variable in zip(found, network.trainable_variables) if gradient is not None
            ]
            gradients = [tf.convert_to_tensor(gradient) for gradient in found if gradient is not None]
            gradients = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            if norm:
                gradients, _ = tf.clip_by_global_norm(gradients, norm)
            # The optimizer sums over the replicas once more.
            optimizer.apply([gradient / replicas for gradient in gradients], variables)
            return {"loss": total, **({f"{name}_loss": part for name, part in parts.items()} if len(parts) > 1 else {})}

        @tf.function(autograph=False)
        def step(data: Shares) -> dict[str, tf.Tensor]:
            return {
                name: self.strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
                for name, value in self.strategy.run(in_replica, args=(data,)).items()
            }

        return step
