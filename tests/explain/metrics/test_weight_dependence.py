"""The three verdicts of the randomisation: on maps that stay, on maps that turn to noise, and on noise alone."""

import re

import numpy as np
import pytest

from explain.metrics.sanity_checks import similarity
from explain.metrics.weight_dependence import (
    CANNOT_TELL,
    DEPENDS,
    DOES_NOT,
    FEWEST,
    _level,
    judge,
    of_other_studies,
    sentence,
    short,
    words,
)

STUDIES, WORDS, SHAPE = 8, 2, (2, 6, 6)
BOTH = [[True, True]] * (STUDIES * WORDS)
OF = np.repeat(np.arange(STUDIES), WORDS)


def verdict(trained, random):
    after = [similarity(*pair) for pair in zip(trained, random)]
    return judge(after, of_other_studies(trained, BOTH, OF), OF)


def noise(rng):
    return rng.random((STUDIES * WORDS, *SHAPE))


def test_maps_that_stay_the_trained_ones_do_not_depend():
    trained = noise(np.random.default_rng(0))
    assert verdict(trained, trained).verdict == DOES_NOT
    alike = np.repeat(
        noise(np.random.default_rng(1))[:1], len(trained), axis=0
    )  # one map for all, whatever the weights
    assert verdict(alike, alike).verdict == DOES_NOT


def test_maps_that_resemble_each_other_and_turn_to_noise_depend():
    rng = np.random.default_rng(2)
    trained = noise(rng)[:1] + 0.5 * noise(rng)
    found = verdict(trained, noise(rng))
    assert found.verdict == DEPENDS and found.difference["high"] < 0 and found.studies == STUDIES
    assert words(found).startswith("Depends") and "much as they were" not in words(found)


def test_noise_on_all_sides_is_rarely_called_dependent():
    """In at most 5% of 200 seeds, with words of a study that resemble each other as real ones do."""
    called = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        trained, random = (np.repeat(noise(rng)[::WORDS], WORDS, axis=0) + noise(rng) for _ in range(2))
        called += verdict(trained, random).verdict == DEPENDS
    assert called <= 10


@pytest.mark.parametrize("count", [FEWEST, pytest.param(12, marks=pytest.mark.long)])
def test_so_few_studies_err_as_seldom_as_they_promise(count):
    """Differences about zero, drawn 200 times: either verdict comes out about 2.5% of the time each."""
    rng, wrong = np.random.default_rng(count), 0
    for _ in range(200):
        wrong += judge(rng.normal(0.5, 0.1, count), np.full(count, 0.5), range(count)).verdict == DEPENDS
    assert wrong <= 10


def test_too_few_studies_cannot_tell_whatever_the_numbers():
    few = judge([-0.5] * 5, [0.5] * 5, range(5))
    assert few.verdict == CANNOT_TELL and "so few" in words(few)
    alone = judge([0.1], of_other_studies([np.ones((1, 2, 2))], [[True]], [0]), [0])
    assert alone.verdict == CANNOT_TELL and "no second study" in sentence(alone) and short(alone) == CANNOT_TELL


def test_the_words_say_what_the_numbers_are():
    near_zero = judge(np.linspace(-0.06, 0.05, 8), np.zeros(8), range(8))
    assert near_zero.verdict == CANNOT_TELL and "much as they were" not in words(near_zero)
    for text in (sentence(near_zero), short(near_zero)):
        assert not re.search(r"[-\u2212]0\.00(?!\d)", text) and "8 studies" in text
    stays = judge(np.full(8, 0.95), np.full(8, 0.2), range(8))
    assert "much as they were" in words(stays)
    resembles = judge(np.linspace(0.3, 0.4, 8), np.full(8, 0.1), range(8))
    assert resembles.verdict == DOES_NOT and "much as they were" not in words(resembles)


def test_maps_of_which_nothing_is_left_are_not_called_independent():
    """A correlation of some hundredths is no resemblance, however sure it is that it is larger than another."""
    found = judge(np.linspace(0.01, 0.04, 8), np.full(8, -0.02), range(8))
    assert found.difference["low"] > 0 and found.verdict == CANNOT_TELL and "hardly anything is left" in words(found)


def test_maps_with_nothing_in_common_are_not_said_to_have_lost_it():
    """As of integrated gradients: some thousandths less than some thousandths."""
    found = judge(np.linspace(-0.004, -0.001, 8), np.full(8, 0.004), range(8))
    assert found.difference["high"] < 0 and found.verdict == CANNOT_TELL and "next to nothing in common" in words(found)


def test_the_interval_widens_as_students_t_does():
    # t(0.975) of 7 degrees is 2.365 and sqrt(8 / 7) of it 2.528, whose normal tail is 0.00573.
    assert (1 - _level(8)) / 2 == pytest.approx(0.00573, rel=0.01)
    assert _level(10_000) == pytest.approx(0.95, abs=1e-4)


def test_others_are_of_other_studies_and_common_views():
    maps = [
        np.array([[[1, 2, 3]], [[0, 0, 0]]]),
        np.array([[[1, 2, 3]], [[9, 5, 1]]]),
        np.array([[[3, 2, 1]], [[9, 5, 1]]]),
    ]
    views = [[True, False], [True, True], [True, True]]
    assert of_other_studies(maps, views, ["a", "b", "b"]) == pytest.approx([0, 1, -1])
    assert np.isnan(of_other_studies(maps, views, ["a", "a", "a"])).all()
    pool = [maps[2]], [views[2]], ["c"]
    assert of_other_studies(maps[:1], views[:1], ["a"], pool) == pytest.approx([-1])
