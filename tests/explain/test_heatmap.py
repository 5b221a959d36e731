"""The geometry of a map is checked against cells counted by hand, its colours against matplotlib's."""

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explain import heatmap
from explain.methods import attention

maps = arrays.arrays(np.float32, (3, 2, 3, 4), elements=st.floats(0, 1, width=32))


def test_raw_cells_cover_equal_parts_of_a_picture_that_is_not_square():
    grid = np.array([[1, 2], [3, 4]], np.float32)
    heat = heatmap.spread(grid, (4, 6), smooth=False)
    expected = [[1, 1, 1, 2, 2, 2]] * 2 + [[3, 3, 3, 4, 4, 4]] * 2
    np.testing.assert_array_equal(heat, expected)


def test_a_grid_over_192_of_224_pixels_leaves_the_right_and_lower_edge_bare():
    extent = attention.extent((192 / 224, 192 / 224))
    heat = heatmap.spread(np.ones((3, 3)), (224, 224), extent, smooth=False)
    np.testing.assert_array_equal(heat[:192, :192], 1)
    assert heat[192:].max() == 0 and heat[:, 192:].max() == 0
    # The middle cell is 64 pixels wide and begins at pixel 64.
    middle = heatmap.spread(np.diag([0, 1, 0]), (224, 224), extent, smooth=False)
    np.testing.assert_array_equal(np.flatnonzero(middle[100]), np.arange(64, 128))


def test_smooth_keeps_the_value_at_every_cell_centre():
    grid = np.random.default_rng(0).random((7, 7), np.float32)
    heat = heatmap.spread(grid, (21, 35))  # odd multiples: a pixel lies exactly on each centre
    np.testing.assert_allclose(heat[1::3, 2::5], grid, rtol=1e-6)


def test_smooth_follows_the_cubic_between_cells():
    heat = heatmap.spread(np.array([[0.0, 1.0, 0.0]]), (1, 12))
    # By hand: pixels at positions -3/8, -1/8, 1/8, 3/8, 5/8, ...
    # Keys' weight at a distance d < 1 is 1.5 d^3 - 2.5 d^2 + 1.
    near = [1.5 * d**3 - 2.5 * d**2 + 1 for d in (7 / 8, 5 / 8, 3 / 8, 1 / 8)]
    np.testing.assert_allclose(heat[0], [0, 0, *near, *near[::-1], 0, 0], atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(arrays.arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=32)), st.booleans())
def test_spread_never_leaves_the_range_of_the_grid(grid, smooth):
    heat = heatmap.spread(grid, (17, 23), smooth=smooth)
    assert heat.min() >= grid.min() - 1e-6 and heat.max() <= grid.max() + 1e-6


@settings(max_examples=30, deadline=None)
@given(maps)
def test_scaled_over_each_word_the_largest_cell_is_one(values):
    scaled = heatmap.scale(values, "word")
    assert np.isfinite(scaled).all()
    for before, after in zip(values, scaled):
        assert after.max() == (1 if before.max() > 0 else 0)


def test_scaled_over_the_impression_a_faint_word_stays_faint():
    values = np.zeros((2, 2, 2, 2), np.float32)
    values[0, 0, 0, 0], values[1, 1, 1, 1] = 0.8, 0.02
    assert heatmap.scale(values, "impression")[1].max() == pytest.approx(0.025)
    assert heatmap.scale(values, "word")[1].max() == 1


def test_both_views_of_a_word_share_one_scale():
    values = np.zeros((1, 2, 1, 1), np.float32)
    values[0, 0], values[0, 1] = 0.9, 0.1
    assert heatmap.scale(values)[0, 1, 0, 0] == pytest.approx(1 / 9)


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="'all'"):
        heatmap.scale(np.zeros((1, 2, 1, 1)), "all")


def test_an_all_zero_map_leaves_the_picture_as_it_is():
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    heat = heatmap.spread(heatmap.scale(np.zeros((1, 2, 3, 3)))[0, 0], (16, 16))
    np.testing.assert_array_equal(heatmap.overlay(pixels, heat), np.repeat(pixels[..., None], 3, axis=2))


def test_overlay_mixes_picture_and_colour_by_opacity_and_heat():
    pixels = np.full((1, 2), 100, np.uint8)
    painted = heatmap.overlay(pixels, np.array([[1.0, 0.5]]), "viridis", opacity=0.5)
    full, half = (matplotlib.colormaps["viridis"](step)[:3] for step in (255, 128))
    np.testing.assert_allclose(painted[0, 0], 100 * 0.5 + np.array(full) * 255 * 0.5, atol=1)
    np.testing.assert_allclose(painted[0, 1], 100 * 0.75 + np.array(half) * 255 * 0.25, atol=1)


def test_overlay_survives_what_is_not_finite():
    painted = heatmap.overlay(np.zeros((1, 3), np.uint8), np.array([[np.nan, -1, np.inf]]))
    assert painted[0, 0].tolist() == painted[0, 1].tolist() == [0, 0, 0]
    assert painted[0, 2].max() > 150


@pytest.mark.parametrize("name", heatmap.COLOURS)
def test_colour_maps_grow_evenly_lighter(name):
    table = heatmap.colour_table(name).astype(float) / 255
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)  # CIE L*
    # Eighths of the map differ by like amounts of lightness: no step of it draws the eye by itself.
    steps = np.diff(lightness[::32])
    assert steps.min() > 0.5 * steps.mean() and steps.max() < 1.6 * steps.mean()


def test_an_unknown_colour_map_is_refused():
    with pytest.raises(ValueError, match="'jet'"):
        heatmap.colour_table("jet")


def test_cividis_is_seen_on_grey_film_by_its_edge():
    """Over film as grey as the middle of cividis, a smooth bump is told from the film only where its edge is drawn."""
    y, x = np.mgrid[-1:1:120j, -1:1:120j]
    bump = np.exp(-4 * (x**2 + y**2))
    film = np.full((120, 120), 124, np.uint8)
    ring = (bump > 0.2) & (bump < 0.3)
    plain, edged = (heatmap.overlay(film, bump, "cividis", 0.75, edge=edge) for edge in (False, True))
    differ = [np.abs(one[ring].astype(int) - 124).max(axis=-1) for one in (plain, edged)]
    assert differ[0].max() < 40 and np.quantile(differ[1], 0.6) > 100
    far = bump < 0.1
    np.testing.assert_array_equal(plain[far], edged[far])
