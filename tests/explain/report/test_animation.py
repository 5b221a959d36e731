"""The GIF, looked at through its frames."""

import io

import numpy as np
from PIL import Image

from explain.report import animation
from tests.explain import reported


def _frames(count=3, **options):
    words = reported.caption(texts=("same",) * count).words
    return animation.frames(reported.study(), words, options.pop("maps", reported.explanation(count).maps), **options)


def test_one_frame_a_word_even_where_nothing_differs():
    maps = np.ones((5, 2, 3, 3), np.float32)
    drawn = Image.open(io.BytesIO(animation.gif(_frames(5, maps=maps))))
    assert drawn.n_frames == 5 and drawn.info["loop"] == 0 and drawn.info["duration"] == 1100


def test_heat_lies_on_its_own_view_and_only_where_it_is_positive():
    maps = np.zeros((2, 2, 2, 2), np.float32)
    maps[0, 1, 1, 1] = 1  # the lateral's lower right
    maps[1] = -1
    first, second = (np.asarray(frame).astype(int) for frame in _frames(2, maps=maps))
    top, views = round(2.2 * (animation.HEIGHTS[1] // 13)), animation.HEIGHTS[1]
    coloured = np.ptp(first[top : top + views], axis=2) > 30
    rows, columns = np.nonzero(coloured)
    assert rows.min() > views * 0.2 and columns.min() > first.shape[1] * 0.7
    assert not (np.ptp(second[top : top + views], axis=2) > 30).any()


def test_the_size_is_bounded():
    few, many = _frames(3), _frames(60, maps=None)
    assert few[0].height > 1.5 * many[0].height
    assert len(animation.gif(many)) < 6_000_000
    wide = animation.frames(reported.study(lateral=False, frontal=(50, 5000)), reported.caption().words)
    assert wide[0].width < 1000


def test_a_long_word_is_cut_and_no_word_gives_one_frame():
    words = reported.caption(texts=("pneumo" * 60,)).words
    assert animation.frames(reported.study(), words, note="method\n" * 90)[0].size == _frames(1)[0].size
    assert len(animation.frames(reported.study(), ())) == 1
