"""Feature-cell occlusion by hand."""

import numpy as np

from captioner import Study
from explain.methods.base import method
from tests.explain.linear_model import EFFUSION, SLOPE, STOP, against_normal, cells, pictures


def test_a_cell_costs_its_slope_times_its_distance_from_the_mean(linear):
    views, mask = pictures()
    found = against_normal("feature-occlusion", linear, (views, mask), [EFFUSION, STOP], batch=3)
    mean = cells(views[..., 0])
    expected = SLOPE * (mean - mean.mean(axis=(1, 2), keepdims=True))
    np.testing.assert_allclose(found.maps[0], expected, atol=1e-5)
    # The full stop's own logit stands still: what it gains is what "effusion" loses.
    after = found.details["target"][1] - found.maps[1]
    effusion = (SLOPE * mean).sum() + sum_of_dark() - expected
    np.testing.assert_allclose(after, -np.log(6 + np.exp(effusion)), atol=1e-5)


def sum_of_dark():
    """What the cells say for "effusion" when all are black."""
    from tests.explain.linear_model import EVIDENCE

    return EVIDENCE[..., 1].sum()


def test_all_cells_at_once_say_the_same_everywhere(linear):
    found = method("feature-occlusion", side=5).explain(linear, pictures(), [EFFUSION])
    assert np.ptp(found.maps[0, 0]) == 0 and np.ptp(found.maps[0, 1]) == 0 and found.maps[0, 0, 0, 0] != 0


def test_a_missing_lateral_leaves_the_frontal_in_its_place(linear):
    views, _ = pictures()
    both, one = (
        against_normal("feature-occlusion", linear, (views, np.array([True, lateral]))) for lateral in (True, False)
    )
    np.testing.assert_allclose(both.maps[0, 0], one.maps[0, 0], atol=1e-5)
    assert (one.maps[0, 1] == 0).all()


def test_the_batch_does_not_matter(tiny, study):
    for views in (study, Study(study.frontal, None)):
        maps = [method("feature-occlusion", batch=batch).explain(tiny, views, [4, 5]).maps for batch in (3, 64)]
        np.testing.assert_allclose(*maps, atol=1e-5)
