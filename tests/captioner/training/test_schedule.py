"""The rate by the clock, the average of weights, and what a head's epoch is scored by."""

import keras
import numpy as np
import pytest

from captioner.reports.finding_labels import UNKNOWN, FindingLabels
from captioner.reports.findings import FINDINGS, PLACES
from captioner.training.examples import Example
from captioner.training.finding_scores import finding_scores, pointing, side_accuracy, word_pointing
from captioner.training.schedule import ClockedCosine, WarmCosine
from captioner.training.weight_average import EVERY, WeightAverage


class Clock:
    def __init__(self):
        self.time = 100.0

    def __call__(self):
        return self.time


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_by_the_clock_it_is_the_same_course_as_by_steps(share):
    clock = Clock()
    clocked = ClockedCosine(2.0, 60.0, end=0.1, now=clock)
    clock.time += 60 * share
    assert clocked.rate_now() == pytest.approx(float(WarmCosine(2.0, 1000, end=0.1)(1000 * share)), rel=1e-4)
    assert not clocked.over
    clock.time += 60
    assert clocked.over and clocked.rate_now() == pytest.approx(0.2)


def one_weight():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    network.compile(keras.optimizers.SGD(1.0), "mse")
    return network


def test_training_ends_within_the_epoch_when_the_time_is_up():
    network, clock = one_weight(), Clock()
    clocked = ClockedCosine(0.0, 5.0, now=clock)
    seen = []

    class Tick(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(batch)
            clock.time += 1

    network.fit(np.ones((40, 1)), np.ones((40, 1)), batch_size=1, verbose=0, callbacks=[Tick(), clocked])
    assert len(seen) == 5


def test_the_average_lags_and_the_networks_own_weights_come_back():
    network = one_weight()
    (kernel,) = network.weights
    average = WeightAverage(network, 0.9)
    for value in (1.0, 1.0, 3.0):
        kernel.assign([[value]])
        for _ in range(EVERY):
            average.on_train_batch_end(0)
    (name,) = average.values
    # The third look lets 0.9 to the power of EVERY stay, or less while there is little to stay.
    stays = min(0.9**EVERY, 3 * EVERY / (3 * EVERY + 10 * EVERY))
    assert average.values[name].item() == pytest.approx(stays * 1 + (1 - stays) * 3)
    with average.in_place():
        assert float(np.array(kernel)[0, 0]) == pytest.approx(average.values[name].item())
    assert float(np.array(kernel)[0, 0]) == 3.0


def labels(presence, side=None, region=None):
    known = np.full(len(FINDINGS), UNKNOWN, np.float32)
    known[1] = presence
    places = np.full((len(FINDINGS), len(PLACES)), UNKNOWN, np.float32)
    if side is not None:
        places[1, :2] = side
    return FindingLabels(known, places, {} if region is None else {1: region}, exact=True)


def test_pointing_sides_and_order_are_scored_by_hand():
    left = np.zeros((2, 4, 4), bool)
    left[0, :2, 2:] = True  # the upper right quarter of the frontal picture
    examples = [
        Example(str(number), (0,), (), "effusion .", np.zeros(1), None, labels(1.0, (1.0, 0.0), left))
        for number in range(4)
    ] + [Example(str(number), (0,), (), "clear .", np.zeros(1), None, labels(0.0)) for number in range(4, 8)]
    maps = np.zeros((8, len(FINDINGS), 8), np.float32)  # a grid of 2 x 2
    maps[:3, 1, 1] = 1.0  # three point into it
    maps[3, 1, 2] = 1.0
    presence = np.zeros((8, len(FINDINGS)), np.float32)
    presence[:, 1] = [4, 3, 2, 0, 1, -1, -2, -3]
    places = np.zeros((8, len(FINDINGS), len(PLACES)), np.float32)
    places[:2, 1, 0] = 1.0
    places[2:, 1, 1] = 1.0
    assert pointing(examples, maps, (2, 2)) == 0.75
    assert side_accuracy(np.stack([each.labels.places for each in examples]), places) == 0.5
    scores = finding_scores(examples, {"presence": presence, "places": places, "maps": maps}, (2, 2))
    assert scores["auc"] == pytest.approx(15 / 16) and np.isnan(scores["picture_auc"])


def test_the_attention_of_a_findings_last_word_is_what_points():
    upper_right = np.zeros((2, 4, 4), bool)
    upper_right[0, :2, 2:] = True
    attention = np.zeros((3, 3, 8), np.float32)  # three boxes, three words, a grid of 2 x 2
    attention[0, 1, 1] = attention[0, 0, 2] = 1.0  # "effusion" in it, "pleural" beside it
    attention[1, 1, 2] = attention[1, 0, 1] = 1.0  # the other way round
    attention[2, 0, 1] = 1.0
    captions = [("pleural effusion .", (0, 1))] * 2 + [("nodule .", (0,))]
    examples = [
        Example("", (0,), (), caption, np.zeros(1), dict.fromkeys(words, upper_right), worded=False)
        for caption, words in captions
    ]
    assert word_pointing(examples, attention, (2, 2)) == 0.75  # half of the effusions, and the nodule
