"""Window and level of the film: what is shown changes by the formula, and nothing else does."""

import cv2
import numpy as np
import pytest

from tests.browser.canvas import heat, set_opacity
from tests.browser.layout import still_box


def slide(page, name, value):
    page.locator(f"#viewer .cxr-{name}").evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )


def grey(page, view="frontal"):
    """float (rows, columns): the grey of the middle of the picture on the screen, without what lies over it."""
    alone = page.add_style_tag(content="#viewer .cxr-picture > :not(img) { display: none !important; }")
    shot = page.locator(f'#viewer .cxr-view[data-view="{view}"] img').screenshot()
    alone.evaluate("(style) => style.remove()")
    picture = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_GRAYSCALE).astype(float)
    rows, columns = picture.shape
    return picture[rows // 4 : -rows // 4, columns // 4 : -columns // 4]


@pytest.mark.parametrize(("level", "window"), [(50, 50), (30, 60), (70, 140)])
def test_greys_are_spread_by_the_formula(page, level, window):
    before = grey(page)
    slide(page, "level", level)
    slide(page, "window", window)
    expected = np.clip((before / 255 - level / 100) / (window / 100) + 0.5, 0, 1) * 255
    assert expected.std() > 5  # there is something to see
    np.testing.assert_allclose(grey(page), expected, atol=4)
    page.locator("#viewer .cxr-film-reset").click()
    np.testing.assert_allclose(grey(page), before, atol=1)


def test_maps_words_and_numbers_stay_as_they_are(page):
    set_opacity(page, 100)
    before, text = heat(page).copy(), page.locator("#viewer .cxr-word-card").text_content()
    slide(page, "level", 20)
    slide(page, "window", 30)
    np.testing.assert_array_equal(heat(page), before)
    assert page.locator("#viewer .cxr-word-card").text_content() == text
    assert "the model read the pictures as they came" in page.locator("#viewer .cxr-film p").text_content()


def test_a_drag_with_shift_sets_both_and_one_without_does_not(page):
    canvas = page.locator('#viewer .cxr-view[data-view="frontal"] canvas')
    canvas.scroll_into_view_if_needed()
    box = still_box(canvas)

    def drag():
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 10, box["y"] + 85, steps=5)
        page.mouse.up()
        return [page.locator(f"#viewer .cxr-{name}").input_value() for name in ("level", "window")]

    assert drag() == ["50", "100"]
    page.keyboard.down("Shift")
    assert drag() == ["60", "80"]  # 25 pixels down, 50 to the left, 0.4 percent for each
    page.keyboard.up("Shift")
    assert page.locator("#viewer .cxr-readers").is_hidden()


def test_by_keyboard_and_another_study_comes_as_it_is(example):
    page = example()
    page.locator("#viewer .cxr-level").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#viewer .cxr-level-value").text_content() == "47%"
    filtered = "(images) => images.map((image) => getComputedStyle(image).filter)"
    images = page.locator("#viewer .cxr-picture img")
    assert all("cxr-film" in one for one in images.evaluate_all(filtered))
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_function("document.querySelector('#viewer .cxr-word').textContent === 'large'")
    assert images.evaluate_all(filtered) == ["none", "none"]
    assert page.locator("#viewer .cxr-film-reset").is_disabled()
