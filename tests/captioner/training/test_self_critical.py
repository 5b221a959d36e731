"""Self-critical training: the baseline by hand, sampling by the probabilities, a decoder that learns from rewards."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.training import losses
from captioner.training.rollout import greedy_ids, sampled_ids
from captioner.training.self_critical import SelfCritical, advantages
from captioner.vocabulary import END, PAD, START, UNKNOWN, Vocabulary

VOCABULARY = Vocabulary((PAD, START, END, UNKNOWN, "clear", "effusion", "."))
STEPS = 4


def _network(seed=0):
    keras.utils.set_random_seed(seed)
    return network_class("attention")(
        ENCODERS["densenet-tiny"], len(VOCABULARY), 2, (2, 2), depth=4, units=4, embedding=3, dropout=0.0
    )


def _inputs(network, studies=3):
    shape = (studies, 2, 2, 2, network.encoder.output_shape[-1])
    return {
        "features": np.random.default_rng(5).normal(size=shape).astype(np.float32),
        "mask": np.ones((studies, 2), bool),
    }


def test_a_sample_is_held_against_the_mean_of_the_others():
    np.testing.assert_allclose(advantages([[1.0, 2.0, 6.0], [3.0, 3.0, 3.0]]), [[-3.0, -1.5, 4.5], [0, 0, 0]])


def test_samples_come_as_often_as_they_are_probable():
    network = _network()
    inputs = _inputs(network, studies=1)
    ids = sampled_ids(network, VOCABULARY, inputs, STEPS, 4000, np.random.default_rng(1))  # (1, 4000, 4)
    image_features = network.image_features_of(inputs)
    constants, state = network.begin(image_features, inputs["mask"])
    logits = np.array(network.step(image_features, constants, state, np.array([VOCABULARY.start]))[0])[0]
    logits[VOCABULARY.forbidden_ids] = -np.inf
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    counts = np.bincount(ids[0, :, 0], minlength=len(VOCABULARY)) / 4000
    np.testing.assert_allclose(counts, expected, atol=4 * 0.5 / np.sqrt(4000))
    ended = (ids[0] == VOCABULARY.end).cumsum(axis=1) - (ids[0] == VOCABULARY.end)
    assert (ids[0][ended > 0] == VOCABULARY.pad).all(), "only padding follows the end token"


class _Batches:
    """One batch of studies whose references say "clear ."."""

    def __init__(self, inputs):
        count = len(inputs["mask"])
        ids = [*VOCABULARY.encode("clear ."), VOCABULARY.end]
        answers = np.full((count, STEPS), VOCABULARY.pad, np.int32)
        answers[:, :3] = ids
        tokens = np.full((count, STEPS), VOCABULARY.pad, np.int32)
        tokens[:, :3] = [VOCABULARY.start, *ids[:2]]
        self.item = (
            {**inputs, "tokens": tokens},
            {
                "tokens": answers,
                "findings": np.zeros((count, 2), np.float32),
                "attention": np.zeros((count, STEPS, 8), np.float32),
            },
            {
                "tokens": (answers != VOCABULARY.pad).astype(np.float32),
                "findings": np.ones(count, np.float32),
                "attention": np.zeros((count, STEPS), np.float32),
            },
        )

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.item

    def captions(self, index):
        return ["clear ."] * len(self.item[1]["tokens"])


def _compiled(network, rate=0.1):
    network.encoder.trainable = False
    network.compile(
        keras.optimizers.Adam(rate),
        {
            "tokens": losses.WordLoss(0.0),
            "findings": losses.FindingsLoss(np.ones(2), np.ones(2)),
            "attention": losses.AttentionLoss(),
        },
        jit_compile=False,  # to compile takes longer than these trainings
    )
    network.optimizer.build(network.trainable_variables)  # or the first step would be traced twice
    return network


class _LikesEffusions:
    def each(self, references, predictions):
        assert references == ["clear ."] * len(predictions)
        return np.array([float("effusion" in text.split()) for text in predictions])


@pytest.mark.usefixtures("without_graphs")
def test_the_decoder_learns_to_write_what_is_rewarded():
    network = _compiled(_network(2))
    inputs = _inputs(network)
    critic = SelfCritical(network, VOCABULARY, _LikesEffusions(), samples=8, steps=STEPS, share=0.0, scale=1.0)
    rng = np.random.default_rng(0)
    first = last = critic.epoch(_Batches(inputs), rng)["reward"]
    epochs = 1
    while last <= 0.9 and epochs < 40:
        last, epochs = critic.epoch(_Batches(inputs), rng)["reward"], epochs + 1
    assert last > 0.9 > first + 0.1
    assert (greedy_ids(network, VOCABULARY, inputs, STEPS) == VOCABULARY.encode("effusion")[0]).any(axis=1).all()


class _Indifferent:
    def each(self, references, predictions):
        return np.zeros(len(predictions))


def test_without_rewards_the_references_are_learned_and_a_graph_takes_the_steps_that_are_taken_without():
    first = []
    for eagerly in (True, False):
        network = _compiled(_network(3))
        inputs = _inputs(network)
        critic = SelfCritical(network, VOCABULARY, _Indifferent(), samples=2, steps=STEPS, share=1.0)
        tf.config.run_functions_eagerly(eagerly)
        try:
            first.append([critic.epoch(_Batches(inputs), np.random.default_rng(0))["loss"] for _ in range(2)])
        finally:
            tf.config.run_functions_eagerly(False)
    assert first[1] == pytest.approx(first[0], rel=1e-4)

    def written():
        return VOCABULARY.decode(greedy_ids(network, VOCABULARY, inputs, STEPS)[0].tolist())

    epochs = 0
    assert written() != "clear ."
    while written() != "clear ." and epochs < 80:
        critic.epoch(_Batches(inputs), np.random.default_rng(0))
        epochs += 1
    assert written() == "clear ."
