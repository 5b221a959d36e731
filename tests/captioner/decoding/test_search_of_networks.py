"""The searches on the three real networks, told findings and not, with weights at random, against every sequence that
there is.

The oracle steps through the tree of all prefixes by itself, one call of the network a level, and shares nothing with
the decoder but the network. With CXR_FUZZ, as many examples of each as it says. The ordinary suite has a
network with attention that is told findings, and one without either.
"""

import os

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captioner.decoding.search import Decoder
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.findings import FINDINGS
from captioner.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "."])
WORDS, END, STEPS, GRID = (4, 5, 6), VOCABULARY.end, 3, (2, 2)
COUNT = 1 + 3 + 9 + 27  # sequences that end after 0, 1 or 2 words, and those cut off after 3
CLOSE = 1e-4


RULES = {"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0}
TOLD = {"head": 4, "rules": RULES, "attention_units": 3, "attend_told": True, "told_once": True}


@pytest.fixture(
    scope="module",
    params=[
        ("attention", TOLD),
        ("simple", {}),
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in (("attention", {}), ("simple", TOLD), ("chained-context", {}), ("chained-context", TOLD))
        ),
    ],
    ids=lambda value: value[0] + (" told findings" if value[1] else ""),
)
def decoder(request):
    """One decoder per network: its graphs are built once, and read the weights that it has at the time."""
    name, told = request.param
    network = network_class(name)(
        ENCODERS["densenet-tiny"], len(VOCABULARY), 2, GRID, depth=6, units=5, embedding=4, **told
    )
    return Decoder(network, VOCABULARY)


EXAMPLES = int(os.environ.get("CXR_FUZZ", 6))
SETTINGS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = st.integers(0, 2**32 - 1)
MASKS = st.sampled_from([(True, True), (True, False), (False, True)])


def drawn(decoder, seed, mask):
    """Give the network other weights behind its encoder; returns `(image_features (1, P, depth), mask (1, 2))`."""
    network, rng = decoder.network, np.random.default_rng(seed)
    scale = rng.uniform(0.2, 1.5)  # from nearly even words to a decided network
    if decoder.conditions_size:
        scale *= 0.6  # of 65 more inputs the sums are larger, and float32 has as few digits as before
    encoder = {id(variable) for variable in network.encoder.weights}
    for variable in network.trainable_variables:
        if id(variable) not in encoder:
            variable.assign(rng.normal(scale=scale, size=variable.shape))
    mask = np.array([mask])
    features = rng.normal(size=(1, 2, *GRID, network.encoder.output_shape[-1])).astype("float32")
    return network.project(features, mask), mask


def tree(decoder, image_features, mask):
    """Prefix of at most STEPS - 1 words -> log probabilities `(V,)` of the token after it."""
    network, found = decoder.network, {}
    constants, state = network.begin(image_features, mask)
    prefixes, tokens = [()], np.array([VOCABULARY.start], np.int32)
    for _ in range(STEPS):
        logits, state, _ = network.step(image_features, constants, state, tokens)
        logits = np.asarray(logits, np.float64)
        found |= dict(zip(prefixes, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))))
        prefixes = [(*prefix, word) for prefix in prefixes for word in WORDS]
        state = keras.ops.repeat(state, len(WORDS), axis=0)  # the next level's parents, in its order
        tokens = np.array([prefix[-1] for prefix in prefixes], np.int32)
    return found


def every_sequence(after):
    """All that may be written in STEPS tokens -> its log probability."""
    totals, whole = {(): 0.0}, {}
    for prefix, log_probs in after.items():
        for token in (*WORDS, END):
            totals[*prefix, token] = totals[prefix] + log_probs[token]
            if token == END or len(prefix) == STEPS - 1:
                whole[*prefix, token] = totals[*prefix, token]
    return whole


def plain_beam(after, width):
    """The hypotheses of the shrinking beam, by lists alone: token tuple -> log probability."""
    ended, still = {}, {(): 0.0}
    for _ in range(STEPS):
        further = {
            (*prefix, token): total + after[prefix][token] for prefix, total in still.items() for token in (*WORDS, END)
        }
        best = sorted(further, key=further.get, reverse=True)[: width - len(ended)]
        ended |= {prefix: further[prefix] for prefix in best if prefix[-1] == END}
        still = {prefix: further[prefix] for prefix in best if prefix[-1] != END}
    return ended | still


def near_tie(after):
    """Whether two continuations are so close that float32 may order them either way."""
    totals = np.sort([*every_sequence(after).values()])
    steps = np.sort(np.array([log_probs[[*WORDS, END]] for log_probs in after.values()]), axis=1)
    return np.diff(totals).min() < CLOSE or np.diff(steps, axis=1).min() < CLOSE


def compared(found, expected, penalty):
    """Whether a search's sequences are these, each with its score, ranked."""
    assert {tuple(sequence.tokens.tolist()) for sequence in found} == set(expected)
    assert len(found) == len(expected)
    for sequence in found:
        tokens = tuple(sequence.tokens.tolist())
        assert sequence.log_probs.sum() == pytest.approx(expected[tokens], abs=CLOSE)
        assert sequence.score == pytest.approx(expected[tokens] / len(tokens) ** penalty, abs=CLOSE)
        assert sequence.ended == (tokens[-1] == END)
    assert [sequence.score for sequence in found] == sorted((sequence.score for sequence in found), reverse=True)


@given(SEEDS, MASKS, st.sampled_from([0.0, 0.7, 1.0, 2.0]))
@SETTINGS
def test_a_beam_as_wide_as_the_tree_finds_every_sequence_and_ranks_it(decoder, seed, mask, penalty):
    image_features, mask = drawn(decoder, seed, mask)
    whole = every_sequence(tree(decoder, image_features, mask))
    assert len(whole) == COUNT and np.exp([*whole.values()]).sum() <= 1 + CLOSE
    compared(decoder.search(image_features, mask, width=60, steps=STEPS, length_penalty=penalty), whole, penalty)


@given(SEEDS, MASKS)
@SETTINGS
def test_greedy_takes_the_likeliest_branch_each_time(decoder, seed, mask):
    image_features, mask = drawn(decoder, seed, mask)
    after = tree(decoder, image_features, mask)
    (sequence,) = decoder.search(image_features, mask, width=1, steps=STEPS)
    taken = sequence.tokens.tolist()
    for place, token in enumerate(taken):
        log_probs = after[tuple(taken[:place])]
        assert log_probs[token] >= log_probs[[*WORDS, END]].max() - CLOSE
        assert sequence.log_probs[place] == pytest.approx(log_probs[token], abs=CLOSE)
    assert taken[-1] == END or len(taken) == STEPS


@given(SEEDS, MASKS, st.integers(1, 10), st.sampled_from([0.0, 0.7]))
@SETTINGS
def test_a_narrow_beam_is_the_plain_one_and_never_above_the_best_of_all(decoder, seed, mask, width, penalty):
    image_features, mask = drawn(decoder, seed, mask)
    after = tree(decoder, image_features, mask)
    found = decoder.search(image_features, mask, width=width, steps=STEPS, length_penalty=penalty)
    best = max(total / len(tokens) ** penalty for tokens, total in every_sequence(after).items())
    assert len(found) <= width and found[0].score <= best + CLOSE
    if not near_tie(after):
        compared(found, plain_beam(after, width), penalty)
