"""The searches against oracles: greedy, exhaustive search on a tiny vocabulary, and teacher forcing."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from captioner.decoding.search import Decoder
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

    def begin(self, image_features, mask):
        cells = tf.repeat(tf.cast(mask, tf.float32), ROWS * COLUMNS, axis=1)
        return (-1e9 * (1 - cells),), tf.reduce_mean(image_features, axis=1) @ tf.ones((3, 8))

    def step(self, image_features, constants, state, token):
        attention = tf.nn.softmax(tf.einsum("npd,wd->wp", image_features[:1], state @ self.look) + constants[0])
        state = tf.tanh(state @ self.around + tf.gather(self.into, token))
        return state @ self.out, state, attention


@pytest.fixture(scope="module", params=range(3))
def decoder(request):
    """One decoder per network, whose graphs are traced once."""
    return Decoder(RandomNetwork(request.param), VOCABULARY)


@pytest.fixture
def image_features():
    return tf.constant(np.random.default_rng(7).normal(size=(1, POSITIONS, 3)), tf.float32)


BOTH = tf.constant([[True, True]])


def plain_greedy(decoder, image_features, steps):
    constants, state = decoder.network.begin(image_features, BOTH)
    token, tokens = VOCABULARY.start, []
    for _ in range(steps):
        logits, state, _ = decoder.network.step(image_features, constants, state, tf.constant([token]))
        allowed = logits.numpy()[0].copy()
        allowed[[VOCABULARY.pad, VOCABULARY.start, VOCABULARY.unknown]] = -np.inf
        token = int(allowed.argmax())
        tokens.append(token)
        if token == VOCABULARY.end:
            break
    return tokens


def exhaustive(decoder, image_features, steps, penalty):
    """Every sequence of at most `steps` tokens that ends, or is cut off, with its score; best first."""
    scored = []
    for length in range(1, steps + 1):
        for words in itertools.product(WORDS, repeat=length):
            candidates = [(*words[:-1], VOCABULARY.end)] if words[-1] == WORDS[0] else []
            candidates += [words] if length == steps else []
            for tokens in candidates:
                log_prob = float(decoder.force(image_features, BOTH, tokens).log_probs.sum())
                scored.append((log_prob / len(tokens) ** penalty, tokens))
    return sorted(scored, reverse=True)


def test_width_one_is_greedy_token_for_token(decoder, image_features):
    (sequence,) = decoder.search(image_features, BOTH, width=1, steps=12)
    assert sequence.tokens.tolist() == plain_greedy(decoder, image_features, 12)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
def test_a_wide_beam_is_exhaustive_search(decoder, image_features, penalty):
    steps = 3
    best = exhaustive(decoder, image_features, steps, penalty)
    assert len(best) == 1 + 3 + 9 + 27  # ended after 0, 1, 2 words; cut off after 3
    found = decoder.search(image_features, BOTH, width=60, steps=steps, length_penalty=penalty)
    assert len(found) == len(best)
    assert [tuple(sequence.tokens.tolist()) for sequence in found[:5]] == [tokens for _, tokens in best[:5]]
    assert [sequence.score for sequence in found] == pytest.approx([score for score, _ in best], abs=1e-4)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 10])
def test_what_a_search_reports_agrees_with_teacher_forcing(decoder, image_features, width):
    for sequence in decoder.search(image_features, BOTH, width=width, steps=9, length_penalty=0.7):
        forced = decoder.force(image_features, BOTH, sequence.tokens)
        np.testing.assert_allclose(sequence.log_probs, forced.log_probs, atol=1e-5)
        np.testing.assert_allclose(sequence.attention, forced.attention, atol=1e-6)
        np.testing.assert_array_equal(sequence.alternatives, forced.alternatives)
        assert sequence.score == pytest.approx(forced.log_probs.sum() / len(sequence.tokens) ** 0.7, abs=1e-5)


@pytest.mark.parametrize("width", [1, 4])
def test_attention_is_a_distribution_and_special_tokens_never_appear(decoder, image_features, width):
    for sequence in decoder.search(image_features, BOTH, width=width, steps=15):
        assert (sequence.attention >= 0).all()
        np.testing.assert_allclose(sequence.attention.sum(axis=1), 1, atol=1e-5)
        never = {VOCABULARY.pad, VOCABULARY.start, VOCABULARY.unknown}
        assert not never & set(sequence.tokens.tolist())
        # There are only four real tokens here, so the fifth alternative has to be one that is held back.
        assert not never & set(sequence.alternatives[:, :4].ravel().tolist())
        assert (np.diff(sequence.alternative_log_probs, axis=1) <= 0).all()
        assert VOCABULARY.end not in sequence.tokens[:-1]


def test_a_missing_view_gets_no_attention(decoder, image_features):
    for sequence in decoder.search(image_features, tf.constant([[True, False]]), width=3, steps=8):
        assert (sequence.attention[:, POSITIONS // 2 :] == 0).all()


def test_a_wider_beam_never_keeps_a_worse_best_when_it_is_exhaustive(decoder, image_features):
    best = [decoder.search(image_features, BOTH, width=width, steps=3)[0].score for width in (1, 60)]
    assert best[1] >= best[0] - 1e-6


def test_hypotheses_differ_and_are_ranked(decoder, image_features):
    found = decoder.search(image_features, BOTH, width=5, steps=8, length_penalty=0.7)
    assert len({tuple(sequence.tokens.tolist()) for sequence in found}) == len(found)
    assert [sequence.score for sequence in found] == sorted((sequence.score for sequence in found), reverse=True)


PREFIXES = [(4,), (5, 5), (6, 4, 6), (4, 5, VOCABULARY.end)]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("width", [1, 3])
def test_a_forced_prefix_agrees_with_teacher_forcing(decoder, image_features, width, prefix):
    for sequence in decoder.search(image_features, BOTH, width=width, steps=9, length_penalty=0.7, prefix=prefix):
        assert tuple(sequence.tokens[: len(prefix)]) == prefix
        forced = decoder.force(image_features, BOTH, sequence.tokens)
        np.testing.assert_allclose(sequence.log_probs, forced.log_probs, atol=1e-5)
        np.testing.assert_allclose(sequence.attention, forced.attention, atol=1e-6)
        np.testing.assert_array_equal(sequence.alternatives, forced.alternatives)


@pytest.mark.parametrize("penalty", [0.0, 0.7])
@pytest.mark.parametrize("prefix", [(4,), (5, 6)])
def test_a_wide_beam_behind_a_prefix_is_exhaustive_search(decoder, image_features, penalty, prefix):
    best = [one for one in exhaustive(decoder, image_features, 4, penalty) if one[1][: len(prefix)] == prefix]
    found = decoder.search(image_features, BOTH, width=60, steps=4, length_penalty=penalty, prefix=prefix)
    assert len(found) == len(best) > 3
    assert tuple(found[0].tokens.tolist()) == best[0][1]
    assert [sequence.score for sequence in found] == pytest.approx([score for score, _ in best], abs=1e-4)


def test_its_own_first_words_change_nothing(decoder, image_features):
    (own,) = decoder.search(image_features, BOTH, width=1, steps=9)
    for count in range(len(own.tokens) + 1):
        (again,) = decoder.search(image_features, BOTH, width=1, steps=9, prefix=own.tokens[:count])
        assert again.tokens.tolist() == own.tokens.tolist()
        np.testing.assert_allclose(again.log_probs, own.log_probs, atol=1e-6)


def test_an_end_that_is_given_ends(decoder, image_features):
    for width in (1, 4):
        found = decoder.search(image_features, BOTH, width=width, steps=9, prefix=[4, VOCABULARY.end])
        assert [sequence.tokens.tolist() for sequence in found] == [[4, VOCABULARY.end]]
        assert found[0].ended
