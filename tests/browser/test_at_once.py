"""All words at once, and methods side by side: small pictures of every map, on a page with a small real captioner."""

from pathlib import Path

import numpy as np
import pytest

from explain.methods.base import METHODS, method
from tests.browser.canvas import chosen, words
from tests.browser.schemes import SCHEMES
from tests.stand_in import SENTENCES, StandIn

DARK = SENTENCES["dark"].split()
QUICK = [name for name in METHODS if not method(name).slow]


def brightness(page, selector):
    """How bright each small picture is on average, in the order of the page."""
    return page.locator(f"{selector} canvas").evaluate_all(
        """(all) => all.map((canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let sum = 0;
          for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
          return sum / data.length;
        })"""
    )


def test_every_word_has_a_small_picture_of_both_views(example):
    page = example()
    page.locator("#viewer .cxr-all-words summary").click()
    grid = page.locator("#viewer .cxr-all-words-grid")
    grid.locator(".cxr-small-name").nth(len(DARK) - 1).wait_for()  # the panel tells of its opening a moment later
    names = grid.locator(".cxr-small-name").all_text_contents()
    assert names == ["full stop" if word == "." else word for word in DARK]
    model = StandIn()
    shares = [model._word(text, at, (True, True)).attention.sum(axis=(1, 2)) for at, text in enumerate(DARK)]
    told = grid.locator(".cxr-small-said").all_text_contents()
    assert told == [f"{round(float(front) * 100)}% · {round(float(side) * 100)}%" for front, side in shares]
    assert grid.locator("canvas").count() == 2 * len(DARK)
    bright = brightness(page, "#viewer .cxr-all-words-grid")
    assert min(bright) > 1 and len(set(bright)) > len(DARK)
    grid.locator(".cxr-small").nth(4).click()
    assert chosen(page) == DARK[4]
    assert grid.locator('[aria-pressed="true"]').count() == 1
    page.locator("#viewer .cxr-colours").select_option("viridis")
    assert np.abs(np.subtract(brightness(page, "#viewer .cxr-all-words-grid"), bright)).max() > 0.5


def _computed(page, count):
    """Wait until that many methods have their small pictures and say where they are strongest."""
    page.wait_for_function(
        """(count) => [...document.querySelectorAll("#viewer .cxr-side-by-side-grid .cxr-small-said")]
          .filter((one) => one.textContent.includes(";")).length === count""",
        arg=count,
    )


def test_the_quick_methods_come_by_themselves_and_the_slow_ones_wait(real):
    page = real()
    page.locator("#viewer .cxr-side-by-side summary").click()
    tiles = page.locator("#viewer .cxr-side-by-side-grid .cxr-small")
    tiles.nth(len(METHODS) - 1).wait_for()
    assert tiles.locator(".cxr-small-name").all_text_contents() == [method(name).title for name in METHODS]
    said = page.locator("#viewer .cxr-side-by-side-grid .cxr-small-said")
    _computed(page, len(QUICK))
    slow = [text for name, text in zip(METHODS, said.all_text_contents()) if name not in QUICK]
    assert slow == ["takes seconds: not computed yet"] * (len(METHODS) - len(QUICK))
    # A small picture becomes the large one, and says the same of it.
    tile = tiles.nth(list(METHODS).index("grad-cam"))
    places = tile.locator(".cxr-small-said").text_content().split("; ")
    tile.click()
    assert page.locator("#viewer .cxr-method").input_value() == "grad-cam"
    assert page.locator("#viewer .cxr-word-maps li:not(.cxr-remark)").all_text_contents() == places
    assert tile.get_attribute("aria-pressed") == "true"


@pytest.mark.long
def test_the_slow_methods_come_when_asked(real):
    page = real()
    page.locator("#viewer .cxr-side-by-side summary").click()
    page.locator("#viewer .cxr-side-by-side-all").click()
    _computed(page, len(METHODS))
    assert page.locator("#viewer .cxr-side-by-side-all").is_hidden()


def test_what_takes_seconds_can_be_stopped(real):
    page = real()
    page.locator("#viewer .cxr-side-by-side summary").click()
    page.locator("#viewer .cxr-side-by-side-all").click()
    halt = page.locator("#viewer .cxr-side-by-side-halt")
    halt.press("Enter")
    halt.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_on_a_phone_they_fit_and_axe_finds_nothing(example, scheme):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page = example(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert words(page) == DARK
    for part in ("all-words", "side-by-side"):
        page.locator(f"#viewer .cxr-{part} summary").press("Enter")
        page.wait_for_selector(f"#viewer .cxr-{part}[open] .cxr-small")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    assert [rule["id"] for rule in page.evaluate("axe.run('#viewer')")["violations"]] == []
