"""What stands around the panels: notices, keyboard, pasted pictures, the glossary, the call-outs, and large text."""

import base64

import cv2
import numpy as np
import pytest

from tests.browser.canvas import words
from tests.browser.layout import still_box
from tests.stand_in import draw_chest


def _focus_ring(page):
    """The width of the outline round what has the focus, or round its label."""
    return page.evaluate(
        """() => {
          const width = (node) => {
            const style = node && getComputedStyle(node);
            return style && style.outlineStyle !== "none" ? parseFloat(style.outlineWidth) : 0;
          };
          return Math.max(width(document.activeElement), width(document.activeElement.closest("label")));
        }"""
    )


def test_a_link_that_asks_for_what_is_not_there_says_so_and_the_page_works(visit, address):
    page = visit(f"{address}?example=none&width=999")
    page.wait_for_selector(".cxr-asked li")
    said = page.locator(".cxr-asked").text_content()
    assert "example=none" in said and "width=999" in said
    page.get_by_role("button", name="Put these notices away").click()
    assert page.locator(".cxr-asked").count() == 0
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")


def test_a_link_to_a_word_beyond_the_impression_says_so(visit, address):
    page = visit(f"{address}?example=quiet&word=77")
    page.wait_for_selector(".cxr-word")
    assert "word 77" in page.locator(".cxr-notices").text_content()


def test_pictures_that_changed_after_the_answer_are_told_until_there_is_a_new_one(example, tmp_path):
    page = example("quiet")
    stale = page.locator(".cxr-stale")
    assert stale.is_hidden()
    page.get_by_role("tab", name="Your X-rays").click()
    page.locator('#upload-lateral button[aria-label="Clear"]').click()
    stale.wait_for(state="visible")
    page.locator("#run").click()
    stale.wait_for(state="hidden")
    cv2.imwrite(str(tmp_path / "side.png"), draw_chest(90, 80, lateral=True))
    page.locator("#upload-lateral input[type=file]").set_input_files(str(tmp_path / "side.png"))
    stale.wait_for(state="visible")


def test_arrow_keys_move_between_the_panels(visit):
    page = visit()
    page.get_by_role("tab", name="Explain").focus()
    for key, name in (
        ("ArrowRight", "Trust"),
        ("End", "About"),
        ("ArrowRight", "Explain"),
        ("ArrowLeft", "About"),
        ("Home", "Explain"),
    ):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent.trim()") == name
        assert page.get_by_role("tab", name=name).get_attribute("aria-selected") == "true"
    assert _focus_ring(page) >= 2


def test_passing_the_settings_by_keyboard_asks_for_nothing_and_shows_where_it_is(page, captioners):
    encoded = {name: one.encoded for name, one in captioners.items()}
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    page.locator("#decoding input:checked").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert _focus_ring(page) >= 2
    page.locator("#checkpoint input:checked").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert _focus_ring(page) >= 2
    page.keyboard.press("Tab")
    page.wait_for_timeout(400)
    assert asked == [] and {name: one.encoded for name, one in captioners.items()} == encoded


def test_the_header_names_the_checkpoint_that_answers(example):
    page = example("quiet")
    page.locator("#checkpoint").get_by_label("three-by-three").check()
    page.wait_for_function("document.querySelector('.cxr-model').textContent.trim() === 'Model ready: three-by-three'")


def test_a_term_explains_itself_by_pointer_and_by_keyboard(page):
    term, tip = page.locator("#viewer .cxr-term", has_text="Log probability"), page.locator("#cxr-term-means")
    term.hover()
    assert tip.is_visible() and "logarithm" in tip.text_content()
    assert term.get_attribute("aria-describedby") == "cxr-term-means"
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.mouse.move(5, 5)
    term.focus()
    assert tip.is_visible()
    term.evaluate("(term) => term.blur()")
    page.locator(".cxr-word").first.click()
    assert tip.is_hidden()


def test_a_tap_explains_a_term_within_the_window_of_a_phone(example):
    page = example("quiet", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.locator("#viewer .cxr-term", has_text="Log probability").tap()
    box = page.locator("#cxr-term-means").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_a_medical_word_is_explained_where_it_is_chosen(example):
    page = example("effusion")
    page.locator(".cxr-word", has_text="effusion").click()
    assert "Fluid" in page.locator(".cxr-word-means").text_content()
    page.locator(".cxr-word", has_text="large").click()
    assert page.locator(".cxr-word-means").is_hidden()


def test_the_call_outs_are_put_away_for_good(example):
    page = example("quiet")
    notes = page.locator(".cxr-callouts")
    assert notes.is_visible() and notes.locator("li b").all_text_contents() == ["A word.", "Its map.", "Its certainty."]
    notes.get_by_role("button").click()
    assert notes.is_hidden()
    page.reload()
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")
    assert page.locator(".cxr-callouts").is_hidden()


@pytest.mark.parametrize(
    ("width", "panels"),
    [
        (390, {"Greedy and beam": ".cxr-ranking", "Score": ".cxr-scores", "Class": ".cxr-class-open"}),
        pytest.param(768, {}, marks=pytest.mark.long),
        pytest.param(1366, {}, marks=pytest.mark.long),
    ],
)
def test_text_at_twice_its_size_grows_and_nothing_runs_out_of_the_window(example, width, panels):
    page = example("quiet", viewport={"width": width, "height": 844})
    size = "parseFloat(getComputedStyle(document.querySelector('.cxr-run')).fontSize)"
    before = page.evaluate(size)
    page.add_style_tag(content="html { font-size: 200% !important; }")
    assert page.evaluate(size) == pytest.approx(2 * before)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(words(page)) > 3
    for name, content in panels.items():
        page.get_by_role("tab", name=name, exact=True).click()
        page.locator(content).wait_for()
        inner = page.locator(content).evaluate("(node) => node.getBoundingClientRect().right")
        assert max(page.evaluate("document.documentElement.scrollWidth"), inner) <= width, name


@pytest.mark.parametrize("width", [390, pytest.param(768, marks=pytest.mark.long)])
def test_the_answer_comes_into_view_below_the_header_with_its_tabs(example, width):
    page = example("quiet", viewport={"width": width, "height": 844}, reduced_motion="reduce")
    tab = still_box(page.get_by_role("tab", name="Explain"))
    header = still_box(page.locator("#header"))
    assert tab["y"] >= header["y"] + header["height"] - 1


def test_the_pictures_stay_where_they_are_while_a_map_is_computed(example):
    page = example("quiet")
    page.locator(".cxr-method").select_option("occlusion")
    page.locator(".cxr-ask").wait_for()
    height = page.locator(".cxr-methods").bounding_box()["height"]  # of what stands above the pictures
    page.evaluate("document.querySelector('.cxr-methods .cxr-work').hidden = false")
    assert page.locator(".cxr-methods").bounding_box()["height"] == height
    page.evaluate("document.querySelector('.cxr-methods .cxr-work').hidden = true")
    page.evaluate("document.querySelector('.cxr-ask').hidden = true")
    assert page.locator(".cxr-methods").bounding_box()["height"] == height


@pytest.mark.parametrize("width", [390, pytest.param(1280, marks=pytest.mark.long)])
def test_every_panel_is_reached_without_a_menu(visit, width):
    page = visit(viewport={"width": width, "height": 844})
    names = ["Explain", "Greedy and beam", "What if", "Score", "Lesson", "About"]
    assert set(names) <= {name.strip() for name in page.locator("#panels [role=tab]").all_text_contents()}
    assert page.get_by_role("button", name="More tabs").count() == 0
    for tab in page.locator("#panels [role=tab]").all():
        box = tab.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 24
        tab.click()
        assert tab.get_attribute("aria-selected") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


PASTE = """(text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "image.png", { type: "image/png" }));
  const target = document.activeElement || document.body;
  target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def test_pasted_pictures_become_the_frontal_and_then_the_lateral(visit):
    page = visit()
    _, data = cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (80, 60), np.uint8))
    text = base64.b64encode(data.tobytes()).decode()
    page.evaluate(PASTE, text)
    page.wait_for_selector("#preview-frontal img")
    page.evaluate(PASTE, text)
    page.wait_for_selector("#preview-lateral img")
    page.wait_for_function("document.querySelector('#paste-said').textContent === 'Pasted as the lateral view.'")
    page.evaluate(PASTE, text)
    page.wait_for_function("document.querySelector('#paste-said').textContent.startsWith('Both views are there')")
    page.locator("#run").click()
    page.wait_for_selector(".cxr-word")
