"""The captions to beat, on cases small enough to see."""

from types import SimpleNamespace

import numpy as np
import pytest

from captioner.evaluation import baselines
from captioner.images.study import Study, View


def test_constant_is_the_commonest_and_does_not_hang_on_the_order():
    assert baselines.constant(["a", "b", "b", "c"]) == "b"
    assert baselines.constant(["b", "a", "a", "b"]) == baselines.constant(["a", "b", "b", "a"]) == "a"


@pytest.mark.parametrize("count", [2, 3, 10, 301])
def test_a_derangement_moves_every_study(count):
    order = baselines.derangement(count, seed=5)
    assert sorted(order) == list(range(count)) and (order != np.arange(count)).all()
    assert (order == baselines.derangement(count, seed=5)).all()


def test_nobody_can_change_places_alone():
    assert baselines.derangement(1).tolist() == [0] and baselines.derangement(0).tolist() == []


def test_nearest_by_hand():
    candidates = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[-1, 0], [0, 0]]], float)
    both, frontal, lateral = [True, True], [True, False], [False, True]
    masks = np.array([both, both, frontal])
    queries = np.array([[[5, 1], [0, 2]], [[0, 0], [3, 0.1]], [[-1, 0.1], [9, 9]]], float)
    query_masks = np.array([both, lateral, frontal])
    assert baselines.nearest(queries, query_masks, candidates, masks).tolist() == [0, 1, 2]
    # Without their best candidates; the second query shares no view with the third, though all else is worse than 0.
    assert baselines.nearest(queries, query_masks, candidates, masks, apart=np.array([0, 1, 2])).tolist() == [1, 0, 1]


def test_a_missing_view_does_not_count():
    """What stands where a view is missing must not be looked at."""
    candidates, masks = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [1.0, 0.0]]]), np.ones((2, 2), bool)
    query = np.array([[[0.9, 0.1], [0.0, 100.0]]])
    assert baselines.nearest(query, np.array([[True, False]]), candidates, masks).tolist() == [1]
    assert baselines.nearest(query, np.array([[True, True]]), candidates, masks).tolist() == [0]


def test_the_cosine_is_averaged_over_the_shared_views():
    """Two views that are fairly alike do not outdo one that is very much so."""
    fair, good = [0.6, 0.8], [0.9, np.sqrt(1 - 0.9**2)]
    candidates, masks = np.array([[fair, fair], [good, [0, 0]]]), np.array([[True, True], [True, False]])
    assert baselines.nearest(np.array([[[1, 0], [1, 0]]]), np.array([[True, True]]), candidates, masks).tolist() == [1]


def test_thumbnails_do_not_see_brightness_and_know_which_views_there_are():
    pixels = np.random.default_rng(0).integers(0, 100, (64, 96), dtype=np.uint8)
    dark, bright = (baselines.thumbnails(Study(View("frontal", pixels + shift), None, ())) for shift in (0, 100))
    assert dark[0].shape == (2, 1024) and dark[1].tolist() == [True, False] and not dark[0][1].any()
    assert np.allclose(dark[0], bright[0], atol=1) and abs(dark[0][0].mean()) < 1e-3


def test_pooled_is_the_mean_of_each_view():
    memory = np.arange(24, dtype=np.float32).reshape(1, 8, 3)  # two views of four positions
    vectors, mask = baselines.pooled(SimpleNamespace(image_features=memory, mask=np.array([[True, False]])))
    assert vectors.tolist() == [[4.5, 5.5, 6.5], [16.5, 17.5, 18.5]] and mask.tolist() == [True, False]
