"""What if, in the browser: painting, sliders, blanking, swapping; by mouse, by finger and by keyboard alone."""

from pathlib import Path

import numpy as np
import pytest

from captioner.images.perturbation import FILLS, GRID, ViewChange, change
from tests.browser.layout import still_box
from tests.browser.schemes import SCHEMES
from tests.browser.test_page import CONTRAST
from tests.browser.what_if import open_tab, pixels, sentence, settle, slide
from tests.stand_in import SENTENCES

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def stroke(page, start, end, view="frontal"):
    box = still_box(page.locator(f'.cxr-sheet[data-view="{view}"] > canvas'))
    at = [(box["x"] + box["width"] * u, box["y"] + box["height"] * v) for u, v in (start, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=6)
    page.mouse.up()


def test_a_stroke_of_paint_is_drawn_at_once_and_asks_the_model_once(unchanged, captioners):
    page = unchanged
    assert "Nothing is changed yet" in sentence(page)
    before, encoded = pixels(page), captioners["default"].encoded
    page.get_by_label("White", exact=True).check()
    stroke(page, (0.2, 0.5), (0.8, 0.5))
    painted = pixels(page)
    rows, columns = painted.shape
    assert (painted[rows // 2, int(columns * 0.25) : int(columns * 0.75)] == 255).all()
    assert np.array_equal(painted[: rows // 3], before[: rows // 3])
    settle(page)
    assert sentence(page).startswith("The impression")
    assert captioners["default"].encoded == encoded + 1
    page.get_by_role("button", name="Undo").click()
    settle(page)
    assert np.array_equal(pixels(page), before) and "Nothing is changed yet" in sentence(page)


@pytest.mark.parametrize("fill", FILLS)
def test_the_browser_shows_what_the_server_makes(unchanged, fill):
    page = unchanged
    before = pixels(page)
    slide(page, "Contrast, frontal", 1)
    slide(page, "Brightness, frontal", -20)
    page.get_by_label({"blurred": "Blur"}.get(fill, fill.capitalize()), exact=True).check()
    page.locator(".cxr-cover summary").first.click()
    page.get_by_role("button", name="Cover picture’s left, lower zone, frontal").click()
    mask = np.zeros((GRID, GRID), np.uint8)
    centres = (np.arange(GRID) + 0.5) / GRID
    mask[np.ix_(centres >= 2 / 3, centres < 1 / 3)] = 1 + FILLS.index(fill)
    expected = change(before, ViewChange(-20, 2, mask))
    difference = np.abs(pixels(page).astype(int) - expected)
    assert difference.max() <= (4 if fill == "blurred" else 1)
    settle(page)


def test_views_are_blanked_left_out_and_swapped(bench):
    page = bench("effusion")
    page.locator('.cxr-sheet[data-view="frontal"] input[value="blank"]').check()
    settle(page)
    assert not pixels(page).any() and sentence(page).startswith("The impression changes.")
    page.locator('.cxr-sheet[data-view="frontal"] input[value="shown"]').check()
    page.locator('.cxr-sheet[data-view="lateral"] input[value="absent"]').check()
    settle(page)
    assert "left out" in page.locator('.cxr-sheet[data-view="lateral"] .cxr-given').text_content()
    page.get_by_role("button", name="Swap the views").click()
    page.wait_for_selector("#what-if .cxr-refusal:not([hidden])")
    assert "no lateral view" in page.locator("#what-if .cxr-refusal").text_content()
    page.locator('.cxr-sheet[data-view="lateral"] input[value="shown"]').check()
    settle(page)
    assert page.locator("#what-if .cxr-refusal").is_hidden()
    assert "given as lateral" in page.locator('.cxr-sheet[data-view="frontal"] .cxr-given').text_content()


def test_changes_stay_for_their_study_and_go_with_it(bench):
    page = bench()
    slide(page, "Brightness, frontal", 100)
    settle(page)
    open_tab(page, "Explain")
    open_tab(page)
    settle(page)
    assert sentence(page).startswith("The impression changes.")
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_function("document.querySelector('.cxr-sentence').textContent.startsWith('Nothing is changed')")
    assert page.get_by_label("Brightness, frontal").input_value() == "0"
    assert page.locator(".cxr-both").text_content() == SENTENCES["bright"].replace(" ", "")


def test_keyboard_alone_covers_a_part(unchanged):
    page = unchanged
    before = pixels(page)
    page.locator(".cxr-cover summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Cover picture’s left, upper zone, frontal"
    page.keyboard.press("Enter")
    settle(page)
    rows, columns = before.shape
    assert not pixels(page)[: rows // 3 - 2, : columns // 3 - 2].any()
    page.get_by_label("top, percent of the frontal view").fill("80")
    page.keyboard.press("Enter")
    settle(page)
    assert not pixels(page)[int(rows * 0.82) :, : columns // 2 - 2].any()
    page.get_by_label("bottom, percent of the frontal view").fill("10")  # above its top: told, and not sent
    page.keyboard.press("Enter")
    assert page.get_by_label("bottom, percent of the frontal view").evaluate("(input) => !input.validity.valid")


def test_a_finger_scrolls_until_a_brush_is_chosen(bench):
    page = bench(**PHONE)
    canvas = page.locator('.cxr-sheet[data-view="frontal"] > canvas')
    before = pixels(page)
    canvas.tap()
    assert np.array_equal(pixels(page), before)
    assert canvas.evaluate("(canvas) => getComputedStyle(canvas).touchAction") == "auto"
    page.get_by_label("Black", exact=True).check()
    assert canvas.evaluate("(canvas) => getComputedStyle(canvas).touchAction") == "none"
    canvas.tap()
    settle(page)
    assert not np.array_equal(pixels(page), before) and sentence(page).startswith("The impression")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", SCHEMES)
def test_contrast_and_axe(bench, scheme):
    page = bench(color_scheme=scheme)
    slide(page, "Brightness, frontal", 100)
    page.locator(".cxr-cover summary").first.click()
    settle(page)
    assert page.evaluate(CONTRAST) == []
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []


def _cell(page, name="picture’s left, lower zone"):
    return page.get_by_role("button", name=f"Cover {name}, frontal")


LIKE_BLACK = [pytest.param(tool, marks=pytest.mark.long) for tool in ("Grey", "White", "Blur")]


@pytest.mark.parametrize("tool", ["Scroll", "Black", *LIKE_BLACK, "Erase"])
def test_a_press_on_a_cell_is_seen_in_every_tool_and_can_be_undone_once(unchanged, tool):
    page = unchanged
    page.locator(".cxr-cover summary").first.click()
    page.get_by_label(tool, exact=True).check()
    edge = page.locator('.cxr-sheet[data-view="frontal"] .cxr-edge path').first
    assert not edge.get_attribute("d") and page.get_by_role("button", name="Undo").is_disabled()
    _cell(page).click()
    assert edge.get_attribute("d") and _cell(page).get_attribute("aria-pressed") == "true"
    settle(page)
    assert not sentence(page).startswith("Nothing is changed yet")
    page.get_by_role("button", name="Undo").click()
    assert not edge.get_attribute("d") and page.get_by_role("button", name="Undo").is_disabled()
    _cell(page).click()
    _cell(page).click()  # bare again
    assert not edge.get_attribute("d") and _cell(page).get_attribute("aria-pressed") == "false"


def test_what_changes_nothing_is_no_step_to_undo_and_sliders_are_one(bench):
    page = bench()
    page.get_by_label("Erase", exact=True).check()
    box = still_box(page.locator('.cxr-sheet[data-view="frontal"] > canvas'))
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.get_by_role("button", name="Undo").is_disabled()
    slider = page.get_by_label("Brightness, frontal", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Undo").click()
    assert slider.input_value() == "0" and page.get_by_role("button", name="Undo").is_disabled()
    settle(page)
    assert sentence(page).startswith("Nothing is changed yet")


def test_the_pressed_swap_is_readable_under_the_pointer(unchanged):
    page = unchanged
    button = page.get_by_role("button", name="Swap the views")
    button.click()
    button.hover()
    ratio = button.evaluate(
        """(button) => {
          const light = (text) => {
            const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            const [r, g, b] = text.match(/[\\d.]+/g).map((part) => linear(part / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const style = getComputedStyle(button), pair = [light(style.color), light(style.backgroundColor)];
          return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        }"""
    )
    assert ratio > 4.5


def test_a_view_is_mirrored_as_the_server_mirrors_it(unchanged):
    page = unchanged
    before = pixels(page)
    page.get_by_label("mirrored, frontal", exact=True).check()
    slide(page, "Brightness, frontal", 10)
    np.testing.assert_array_equal(pixels(page), change(before, ViewChange(brightness=10, mirrored=True)))
    settle(page)
    assert not sentence(page).startswith("Nothing is changed yet")
    page.get_by_role("button", name="Reset all").click()
    np.testing.assert_array_equal(pixels(page), before)
    assert not page.get_by_label("mirrored, frontal", exact=True).is_checked()
