"""Deletion and insertion of a model that can be worked out by hand."""

import numpy as np
import pytest

from captioner import Study
from explain.heatmap import WHOLE, Extent
from explain.methods.base import Stopped, method
from explain.methods.question import ask
from explain.metrics.deletion_insertion import (
    Comparison,
    Curves,
    centre,
    compare,
    curves,
    of_words,
    order,
    uninformed,
)
from explain.metrics.masking import Hiding
from tests.explain.linear_model import EFFUSION, EVIDENCE, SLOPE, cells, pictures


def probability(shown):
    """Of "effusion" when the cells' means are `shown (2, 2, 2)`; six other tokens have a logit of 0."""
    odds = np.exp((SLOPE * shown).sum() + EVIDENCE[..., 1].sum())
    return odds / (odds + 6)


def test_cell_after_cell_by_hand(linear):
    views, mask = pictures()
    mean = cells(views[..., 0])
    values = SLOPE * mean  # on black, exactly what each cell brings
    found = curves(linear, (views, mask), [EFFUSION], 0, values, steps=8, kind="black")
    shown, hidden = mean.copy(), np.zeros_like(mean)
    deletion, insertion = [probability(shown)], [probability(hidden)]
    # Two cells have no slope at all; whichever goes first, the probability stays.
    for cell in np.argsort(-values, axis=None, kind="stable"):
        shown.flat[cell], hidden.flat[cell] = 0, mean.flat[cell]
        deletion.append(probability(shown))
        insertion.append(probability(hidden))
    np.testing.assert_allclose(found.shares, np.arange(9) / 8)
    np.testing.assert_allclose(found.deletion, deletion, atol=1e-5)
    np.testing.assert_allclose(found.insertion, insertion, atol=1e-5)
    assert found.deletion_area == pytest.approx(sum(deletion) / 8 - (deletion[0] + deletion[-1]) / 16, abs=1e-5)


def test_the_true_order_beats_every_random_one_and_its_reverse_none(linear):
    views = pictures()
    values = SLOPE * cells(views[0][..., 0])
    good, bad = (compare(linear, views, [EFFUSION], 0, sign * values, steps=8, kind="black") for sign in (1, -1))
    assert good.deletion_p == good.insertion_p == pytest.approx(0.05) and bad.deletion_p == bad.insertion_p == 1
    assert len(good.random) == 19 and len({other.deletion_area for other in good.random}) > 10
    assert good.method.deletion_area < good.centre.deletion_area < bad.method.deletion_area
    assert good.centre.deletion_area == bad.centre.deletion_area


def test_ends_do_not_depend_on_the_map(tiny, study):
    for views in (study, Study(study.frontal, None)):
        found = compare(tiny, views, [4, 6], 1, np.random.default_rng(4).random((2, 64, 64)), steps=3, random=1)
        scored = np.exp(tiny.score_text(views, "no effusion").words[1].log_prob)
        for one in (found.method, *found.random, found.centre):
            assert [one.deletion[0], one.insertion[-1]] == pytest.approx([scored] * 2, abs=1e-5)
            assert [one.deletion[-1], one.insertion[0]] == pytest.approx([found.method.deletion[-1]] * 2, abs=1e-5)
            assert (one.shares[0], one.shares[-1]) == (0, 1)


def test_an_explanation_is_handed_over_as_it_is(tiny, study):
    found = method("grad-cam").explain(tiny, study, [4, 6])
    assert isinstance(compare(tiny, study, [4, 6], 1, found.maps[1], found.extent, steps=2, random=1), Comparison)


def test_progress_reaches_its_end_and_stops(linear):
    told = []
    asked = (linear, pictures(), [EFFUSION], 0, SLOPE)
    compare(*asked, steps=4, random=2, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    with pytest.raises(Stopped):
        compare(*asked, steps=4, random=2, progress=lambda done, of: done == 1)


def test_an_order_read_backwards_inserts_what_it_has_left(tiny, study):
    hiding = Hiding(tiny, ask(tiny, study, [4, 6]))
    (first, _), (second, _) = uninformed(hiding, steps=4, random=2, seed=3).random
    numbers = np.random.default_rng(3).random((2, *tiny.grid))
    ranked = order(numbers, WHOLE, hiding.question.mask, 64, tiny.grid)
    forwards, backwards = of_words(hiding, ranked, 4), of_words(hiding, ranked[::-1], 4)
    for word, one in enumerate((first, second)):
        np.testing.assert_allclose(one.deletion, forwards[word].deletion, atol=1e-5)
        np.testing.assert_allclose(one.insertion, backwards[word].insertion, atol=1e-5)


def test_what_is_known_of_a_study_serves_every_map_of_it(tiny, study):
    known = uninformed(Hiding(tiny, ask(tiny, study, [4, 6])), steps=2, random=2)
    values = np.random.default_rng(0).random((2, 2, 2))
    found = compare(tiny, study, [4, 6], 1, values, steps=2, random=2, against=(known, 1))
    alone = compare(tiny, study, [4, 6], 1, values, steps=2, random=2)
    for kept, fresh in zip((found.method, *found.random, found.centre), (alone.method, *alone.random, alone.centre)):
        np.testing.assert_allclose(kept.deletion, fresh.deletion, atol=1e-5)
        np.testing.assert_allclose(kept.insertion, fresh.insertion, atol=1e-5)


def test_areas_of_straight_lines():
    line = np.linspace(1, 0, 5)
    found = Curves(np.linspace(0, 1, 5), line, np.ones(5))
    assert found.deletion_area == 0.5 and found.insertion_area == 1


def test_p_counts_ties_against_the_map():
    flat = Curves(np.array([0.0, 1.0]), np.ones(2), np.ones(2))
    assert Comparison(flat, (flat, flat, flat), flat).deletion_p == 1


def test_order_leaves_out_a_missing_view_and_takes_cells_as_a_whole():
    values = np.array([[[1, 4], [2, 3]], [[9, 9], [9, 9]]])
    ranked = order(values, WHOLE, np.array([True, False]), 4, (2, 2))
    assert sorted(ranked) == list(range(16))
    quarters = [sorted(ranked[first : first + 4]) for first in range(0, 16, 4)]
    assert quarters == [[2, 3, 6, 7], [10, 11, 14, 15], [8, 9, 12, 13], [0, 1, 4, 5]]


def test_what_the_grid_does_not_cover_goes_last_even_after_negative_cells():
    values = np.array([[[-1, -4], [-2, -3]], [[-9, -9], [-9, -9]]])
    ranked = order(values, Extent(0, 0, 0.5, 1), np.array([True, True]), 4, (2, 2))
    assert set(ranked[:16] % 16) == set(range(8)) and set(ranked[16:] % 16) == set(range(8, 16))


def test_equal_values_favour_no_edge():
    ranked = order(np.zeros((2, 4, 4)), WHOLE, np.array([True, True]), 16, (4, 4))
    first = np.zeros(512, bool)
    first[ranked[:128]] = True
    by_cell = first.reshape(2, 4, 4, 4, 4).mean(axis=(2, 4))
    assert set(np.unique(by_cell)) == {0, 1}  # whole cells
    assert first[:256].any() and first[256:].any()
    assert not by_cell[0].all(axis=1).any()


def test_the_centre_is_in_the_middle():
    values = centre(9)
    assert values.argmax() == 40 and values[4, 4] == 1
    np.testing.assert_allclose(values, values[::-1, ::-1])
    np.testing.assert_allclose(values, values.T)
    assert values[4, 7] == pytest.approx(np.exp(-(((3 / 9) / (1 / 6)) ** 2) / 2))
