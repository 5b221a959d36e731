"""Which words read here? From a place of a picture back to the words, driven in Chromium."""

from pathlib import Path

import numpy as np
import pytest

from tests.browser.canvas import chosen, words
from tests.browser.layout import still_box
from tests.browser.schemes import SCHEMES
from tests.stand_in import SENTENCES, StandIn

DARK = SENTENCES["dark"].split()
CELLS = 2 * 7 * 7


def strengths(view, row, column):
    """How strongly each word of the example "quiet" reads a cell, in even shares."""
    model = StandIn()
    maps = np.stack([model._word(text, number, (True, True)).attention for number, text in enumerate(DARK)])
    return maps[:, view, row, column] * CELLS


def press(page, view, row, column, **options):
    """Click the middle of a cell."""
    canvas = page.locator(f'#viewer .cxr-view[data-view="{view}"] canvas')
    canvas.scroll_into_view_if_needed()
    box = still_box(canvas)
    at = {"x": (column + 0.5) * box["width"] / 7, "y": (row + 0.5) * box["height"] / 7}
    canvas.click(position=at, **options)


def listed(page):
    """[(word, what is said of its strength)] as the list has it."""
    names, said = (page.locator(f"#viewer .cxr-reader-{part}").all_text_contents() for part in ("word", "strength"))
    return list(zip(names, said))


def place(page):
    return page.locator("#viewer .cxr-readers-place").text_content()


@pytest.mark.parametrize(("view", "row", "column"), [("frontal", 2, 4), ("frontal", 6, 0), ("lateral", 3, 3)])
def test_a_click_lists_the_words_that_read_the_place_strongest_first(page, view, row, column):
    press(page, view, row, column)
    found = strengths(("frontal", "lateral").index(view), row, column)
    order = [index for index in np.argsort(-found, kind="stable") if found[index] >= 1]
    name = {".": "full stop"}
    assert listed(page) == [(name.get(DARK[i], DARK[i]), f"{found[i]:.1f} times an even share") for i in order]
    assert place(page) == f"{view} view, row {row + 1}, column {column + 1}"
    others = len(DARK) - len(order)
    assert f"{others} other words read it less" in page.locator("#viewer .cxr-readers-rest").text_content()
    rect = page.locator(f'#viewer .cxr-view[data-view="{view}"] .cxr-asked-place rect').first
    assert float(rect.get_attribute("x")) == pytest.approx(column / 7)
    assert float(rect.get_attribute("y")) == pytest.approx(row / 7)


def test_a_word_of_the_list_is_chosen_and_the_list_stays(page):
    press(page, "frontal", 2, 4)
    before = listed(page)
    second = page.locator("#viewer .cxr-reader").nth(1)
    word = second.locator(".cxr-reader-word").text_content()
    second.click()
    assert chosen(page) == {"full stop": "."}.get(word, word)
    assert listed(page) == before and second.get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.className") == "cxr-reader"


def test_a_drag_and_another_button_ask_nothing(page):
    press(page, "frontal", 2, 4, button="right")
    canvas = still_box(page.locator('#viewer .cxr-view[data-view="frontal"] canvas'))
    page.mouse.move(canvas["x"] + 40, canvas["y"] + 40)
    page.mouse.down()
    page.mouse.move(canvas["x"] + 90, canvas["y"] + 90, steps=4)
    page.mouse.up()
    assert page.locator("#viewer .cxr-readers").is_hidden()


def test_by_keyboard_alone(page):
    maps = np.stack([strengths(view, row, column) for view in (0, 1) for row in range(7) for column in range(7)])
    view, rest = divmod(int(maps[:, 0].argmax()), 49)  # where the first word is strongest
    row, column = divmod(rest, 7)
    names = ("frontal", "lateral")
    page.locator("#viewer .cxr-readers-open").focus()
    page.keyboard.press("Enter")
    assert place(page) == f"{names[view]} view, row {row + 1}, column {column + 1}"
    assert page.evaluate("document.activeElement.dataset.move") == "left"
    page.keyboard.press("Enter")
    assert place(page).endswith(f"column {max(column, 1)}")
    page.locator('#viewer [data-move="view"]').press("Enter")
    assert place(page).startswith(names[1 - view])
    for _ in range(8):
        page.locator('#viewer [data-move="down"]').press("Enter")
    assert "row 7," in place(page)
    page.locator("#viewer .cxr-readers-close").press("Enter")
    assert page.locator("#viewer .cxr-readers").is_hidden() and page.locator("#viewer .cxr-asked-place").count() == 0
    assert page.evaluate("document.activeElement.className") == "cxr-readers-open"


def test_another_study_closes_the_list(example):
    page = example()
    press(page, "frontal", 2, 4)
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_function("document.querySelector('.cxr-word').textContent === 'large'")
    assert page.locator("#viewer .cxr-readers").is_hidden() and page.locator("#viewer .cxr-asked-place").count() == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_on_a_phone_it_fits_and_axe_finds_nothing(example, scheme):
    page = example(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    assert words(page) == DARK
    canvas = page.locator('#viewer .cxr-view[data-view="frontal"] canvas')
    canvas.scroll_into_view_if_needed()
    canvas.tap(position={"x": 120, "y": 120})
    page.wait_for_selector("#viewer .cxr-reader")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('#viewer')")
    assert [rule["id"] for rule in found["violations"]] == []
