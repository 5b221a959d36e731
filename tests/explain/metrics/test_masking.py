"""Hiding many areas at once against one network run after the other, on living weights."""

import numpy as np
import pytest

from captioner import Study
from captioner.images.preprocessing import prepare
from explain.heatmap import WHOLE
from explain.methods.empty_picture import empty_pictures
from explain.methods.graphs import graphs_of, living
from explain.methods.question import ask
from explain.metrics import deletion_insertion
from explain.metrics.area_occlusion import AreaOcclusionTest
from explain.metrics.masking import Hiding

TOKENS, WORDS = [4, 6, 5, 6, 7], [1, 3]


def question(model, study, lateral):
    return ask(model, study if lateral else Study(study.frontal, None), TOKENS, WORDS)


def by_hand(model, asked, pictures):
    """Probabilities `(words,)` of a text with these pictures, through the network as it stands."""
    image_features = model.network.encode(pictures[None], asked.mask[None], training=False)
    return np.exp(
        model.decoder.force(image_features, asked.mask[None], asked.asked.tokens).log_probs[asked.asked.positions]
    )


@pytest.mark.parametrize("lateral", [True, False])
def test_probabilities_are_those_of_pictures_hidden_one_by_one(tiny, study, lateral):
    asked = question(tiny, study, lateral)
    hidden = np.random.default_rng(0).random((21, 2, 64, 64)) < 0.3
    hidden[3, 0], hidden[4, 0], hidden[5, 1], hidden[6] = False, True, True, True
    hiding = Hiding(tiny, asked)
    found = hiding.probabilities(hiding.projected(hidden))  # (2, 21)
    empty = empty_pictures(asked.pictures, "blurred", tiny.config["preparation"])
    for number in (*range(8), 20):
        there = hidden[number] & asked.mask[:, None, None]
        expected = by_hand(tiny, asked, np.where(there[..., None], empty, asked.pictures))
        np.testing.assert_allclose(found[:, number], expected, rtol=2e-5)
    np.testing.assert_allclose(hiding.probabilities(hiding.ends, [1]), hiding.probabilities(hiding.ends)[1:], rtol=1e-6)


def test_a_view_that_is_untouched_or_gone_is_not_run_again(tiny, study, monkeypatch):
    hiding, run = Hiding(tiny, question(tiny, study, True)), []
    graphs = type(
        "Counted", (), {"projected": lambda self, some: run.append(len(some)) or graphs_of(tiny).projected(some)}
    )
    monkeypatch.setattr(hiding, "_asked", graphs())
    hidden = np.zeros((4, 2, 64, 64), bool)
    hidden[1, 0], hidden[2], hidden[3, 1, :9] = True, True, True
    found = hiding.projected(hidden)
    assert run == [1]
    np.testing.assert_array_equal(found[2], hiding.ends[1])


def test_curves_of_all_words_are_those_of_each(tiny, study):
    asked = question(tiny, study, True)
    values = np.random.default_rng(5).random((2, 7, 7))
    ranked = deletion_insertion.order(values, WHOLE, asked.mask, 64, tiny.grid)
    together = deletion_insertion.of_words(Hiding(tiny, asked), ranked, 5)
    for place, found in zip(WORDS, together, strict=True):
        alone = deletion_insertion.curves(tiny, study, TOKENS, place, values, steps=5)
        np.testing.assert_allclose(found.deletion, alone.deletion, rtol=1e-5)
        np.testing.assert_allclose(found.insertion, alone.insertion, rtol=1e-5)


def test_a_given_order_hides_what_its_map_hides(tiny, study):
    asked = question(tiny, study, True)
    values = np.random.default_rng(6).random((2, 5, 5))
    area_test = AreaOcclusionTest(tiny, asked, random=5)
    ranked = deletion_insertion.order(values, WHOLE, asked.mask, 64, tiny.grid)
    assert area_test.of(1, values).hidden == area_test.of_ranked(1, ranked).hidden


def test_graphs_of_the_folded_encoder_give_the_living_ones_numbers(tiny, study):
    pictures, mask = prepare(study, tiny.config["preparation"])
    against = np.array([-1, 7, -1, -1, -1], np.int32)
    seen = (np.stack([pictures, pictures[::-1]]), mask, np.zeros((1, 0), np.float32))
    asked = (*seen, np.array(TOKENS, np.int32), against, np.array(WORDS, np.int32))
    still = [value.numpy() for value in graphs_of(tiny).pixels_gradient(*asked)]
    with living(tiny):
        alive = [value.numpy() for value in graphs_of(tiny).pixels_gradient(*asked)]
        one = graphs_of(tiny).pixels_gradient(*asked[:5], np.array(WORDS[1:], np.int32))
    assert still[1].shape == (2, *asked[0].shape)
    for number, (first, second) in enumerate(zip(still, alive)):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(second[1:], one[number].numpy(), rtol=1e-4, atol=1e-7)


def test_a_living_target_follows_the_weights_and_a_still_one_comes_after_it(tiny, study):
    pictures, _ = prepare(study, tiny.config["preparation"])
    before = graphs_of(tiny).features(pictures[None]).numpy()
    weight = tiny.network.encoder.trainable_variables[0]
    kept = np.array(weight)
    with living(tiny):
        shown = graphs_of(tiny).features(pictures[None]).numpy()
        weight.assign(-kept)
        assert np.abs(graphs_of(tiny).features(pictures[None]).numpy() - shown).max() > 1e-4
        weight.assign(kept)
    still = graphs_of(tiny)  # made anew: the one from before made room for the living one
    np.testing.assert_allclose(still.features(pictures[None]).numpy(), before, atol=1e-6)
    assert graphs_of(tiny) is still
