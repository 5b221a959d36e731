"""The figure of all words, looked at through its pixels."""

import io

import numpy as np
from PIL import Image

from captioner import Study, View, Word
from explain import heatmap
from explain.report import figure


def _word(text, cell=None, lateral=True):
    maps = None
    if cell is not None:
        maps = np.zeros((2, 7, 7), np.float32)
        maps[0][cell] = 0.75 if lateral else 1
        maps[1][cell] = 0.25 if lateral else 0
    return Word(text, 4, -0.5, (), maps)


def _study(lateral=True):
    view = View("lateral", np.full((400, 200), 60, np.uint8)) if lateral else None
    return Study(View("frontal", np.full((300, 360), 60, np.uint8)), view)


def _texts(drawn):
    return [text.get_text() for text in drawn.axes[0].texts]


def _pixels(drawn):
    return np.asarray(Image.open(io.BytesIO(figure.png(drawn))).convert("RGB")).astype(int)


def test_every_word_is_there_with_its_probability_and_shares():
    words = [_word(text, (1, 1)) for text in "small left effusion .".split()]
    texts = _texts(figure.all_words(_study(), words, title="default, greedy search"))
    for expected in (
        "small left effusion .",
        "default, greedy search",
        "effusion",
        "61%",
        "frontal 75%",
        "lateral 25%",
    ):
        assert expected in texts
    assert any("Not for clinical use" in text for text in texts)


def test_heat_lies_where_the_cell_is():
    drawn = figure.all_words(_study(), [_word("heart", (0, 6))])
    pixels = _pixels(drawn)
    # The frontal view is 264 x 220 pixels at the upper left corner of the drawing.
    view = pixels[figure._HEADER + figure._LABEL :, figure._GAP :][:220, :264]
    coloured = np.ptp(view, axis=2) > 30
    rows, columns = np.nonzero(coloured)
    assert len(rows) and rows.max() < 220 * 2 / 7 and columns.min() > 264 * 5 / 7


def test_views_keep_their_shape():
    small = figure._small(_study().lateral.pixels)
    assert small.shape == (220, 110)


def test_a_missing_lateral_and_a_model_without_attention_are_drawn_too():
    alone = figure.all_words(_study(lateral=False), [_word("heart", (3, 3), lateral=False)])
    assert "frontal 100%" in _texts(alone) and not any(text.startswith("lateral") for text in _texts(alone))
    bare = figure.all_words(_study(), [_word("heart")])
    assert "this checkpoint has no attention to show" in _texts(bare)


def test_no_words_give_a_figure_and_not_an_error():
    assert figure.png(figure.all_words(_study(), [])).startswith(b"\x89PNG")


def test_settings_change_the_picture():
    words = [_word("heart", (3, 3)), _word("normal", (2, 2))]
    pictures = [
        _pixels(figure.all_words(_study(), words, **kept))
        for kept in ({}, {"smooth": False}, {"colours": "viridis"}, {"opacity": 0.2})
    ]
    for other in pictures[1:]:
        assert np.abs(pictures[0] - other).max() > 40


def test_a_grid_that_covers_a_part_leaves_the_rest_bare():
    words = [_word("heart", (6, 6))]
    drawn = figure.all_words(_study(), words, heatmap.Extent(0, 0, 0.5, 0.5), smooth=False)
    view = _pixels(drawn)[figure._HEADER + figure._LABEL :, figure._GAP :][:220, :264]
    rows, columns = np.nonzero(np.ptp(view, axis=2) > 30)
    assert rows.max() < 110 and columns.max() < 132


def test_pyplot_keeps_nothing():
    import matplotlib.pyplot

    figure.all_words(_study(), [_word("heart", (3, 3))])
    assert matplotlib.pyplot.get_fignums() == []
