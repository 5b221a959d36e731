"""The searches against oracles: greedy, exhaustive search on a tiny vocabulary, and teacher forcing."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from captioner.decoding import Decoder
from captioner.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "."])
WORDS = [4, 5, 6]
ROWS, COLUMNS = 2, 2
POSITIONS = 2 * ROWS * COLUMNS


class RandomNetwork:
    """Logits that depend on the whole history through a small random recurrent state."""

    grid = (ROWS, COLUMNS)

    def __init__(self, seed, sharpness=2.0):
        rng = np.random.default_rng(seed)
        size = len(VOCABULARY)
        self.into = tf.constant(rng.normal(size=(size, 8)), tf.float32)
        self.around = tf.constant(rng.normal(size=(8, 8)), tf.float32)
        self.out = tf.constant(sharpness * rng.normal(size=(8, size)), tf.float32)
        self.look = tf.constant(rng.normal(size=(8, 3)), tf.float32)

    def begin(self, memory, mask):
        cells = tf.repeat(tf.cast(mask, tf.float32), ROWS * COLUMNS, axis=1)
        return (-1e9 * (1 - cells),), tf.reduce_mean(memory, axis=1) @ tf.ones((3, 8))

    def step(self, memory, constants, state, token):
        attention = tf.nn.softmax(tf.einsum("npd,wd->wp", memory[:1], state @ self.look) + constants[0])
        state = tf.tanh(state @ self.around + tf.gather(self.into, token))
        return state @ self.out, state, attention


@pytest.fixture(params=range(3))
def decoder(request):
    return Decoder(RandomNetwork(request.param), VOCABULARY)


@pytest.fixture
def memory():
    return tf.constant(np.random.default_rng(7).normal(size=(1, POSITIONS, 3)), tf.float32)


BOTH = tf.constant([[True, True]])


def plain_greedy(decoder, memory, steps):
    constants, state = decoder.network.begin(memory, BOTH)
    token, tokens = VOCABULARY.start, []
    for _ in range(steps):
        logits, state, _ = decoder.network.step(memory, constants, state, tf.constant([token]))
        allowed = logits.numpy()[0].copy()
        allowed[[VOCABULARY.pad, VOCABULARY.start, VOCABULARY.unknown]] = -np.inf
        token = int(allowed.argmax())
        tokens.append(token)
        if token == VOCABULARY.end:
            break
    return tokens


def exhaustive(decoder, memory, steps, penalty):
    """Every sequence of at most `steps` tokens that ends, or is cut off, with its score; best first."""
    scored = []
    for length in range(1, steps + 1):
        for words in itertools.product(WORDS, repeat=length):
            candidates = [(*words[:-1], VOCABULARY.end)] if words[-1] == WORDS[0] else []
            candidates += [words] if length == steps else []
            for tokens in candidates:
                log_prob = float(decoder.force(memory, BOTH, tokens).log_probs.sum())
                scored.append((log_prob / len(tokens) ** penalty, tokens))
    return sorted(scored, reverse=True)


def test_width_one_is_greedy_token_for_token(decoder, memory):
    (sequence,) = decoder.search(memory, BOTH, width=1, steps=12)
    assert sequence.tokens.tolist() == plain_greedy(decoder, memory, 12)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
def test_a_wide_beam_is_exhaustive_search(decoder, memory, penalty):
    steps = 3
    best = exhaustive(decoder, memory, steps, penalty)
    assert len(best) == 1 + 3 + 9 + 27  # ended after 0, 1, 2 words; cut off after 3
    found = decoder.search(memory, BOTH, width=60, steps=steps, length_penalty=penalty)
    assert len(found) == len(best)
    assert [tuple(sequence.tokens.tolist()) for sequence in found[:5]] == [tokens for _, tokens in best[:5]]
    assert [sequence.score for sequence in found] == pytest.approx([score for score, _ in best], abs=1e-4)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 10])
def test_what_a_search_reports_agrees_with_teacher_forcing(decoder, memory, width):
    for sequence in decoder.search(memory, BOTH, width=width, steps=9, length_penalty=0.7):
        forced = decoder.force(memory, BOTH, sequence.tokens)
        np.testing.assert_allclose(sequence.log_probs, forced.log_probs, atol=1e-5)
        np.testing.assert_allclose(sequence.attention, forced.attention, atol=1e-6)
        np.testing.assert_array_equal(sequence.alternatives, forced.alternatives)
        assert sequence.score == pytest.approx(forced.log_probs.sum() / len(sequence.tokens) ** 0.7, abs=1e-5)


@pytest.mark.parametrize("width", [1, 4])
def test_attention_is_a_distribution_and_special_tokens_never_appear(decoder, memory, width):
    for sequence in decoder.search(memory, BOTH, width=width, steps=15):
        assert (sequence.attention >= 0).all()
        np.testing.assert_allclose(sequence.attention.sum(axis=1), 1, atol=1e-5)
        never = {VOCABULARY.pad, VOCABULARY.start, VOCABULARY.unknown}
        assert not never & set(sequence.tokens.tolist())
        # There are only four real tokens here, so the fifth alternative has to be one that is held back.
        assert not never & set(sequence.alternatives[:, :4].ravel().tolist())
        assert (np.diff(sequence.alternative_log_probs, axis=1) <= 0).all()
        assert VOCABULARY.end not in sequence.tokens[:-1]


def test_a_missing_view_gets_no_attention(decoder, memory):
    for sequence in decoder.search(memory, tf.constant([[True, False]]), width=3, steps=8):
        assert (sequence.attention[:, POSITIONS // 2:] == 0).all()


def test_a_wider_beam_never_keeps_a_worse_best_when_it_is_exhaustive(decoder, memory):
    best = [decoder.search(memory, BOTH, width=width, steps=3)[0].score for width in (1, 60)]
    assert best[1] >= best[0] - 1e-6


def test_hypotheses_differ_and_are_ranked(decoder, memory):
    found = decoder.search(memory, BOTH, width=5, steps=8, length_penalty=0.7)
    assert len({tuple(sequence.tokens.tolist()) for sequence in found}) == len(found)
    assert [sequence.score for sequence in found] == sorted((sequence.score for sequence in found), reverse=True)
