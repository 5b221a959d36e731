"""Explanation methods in the viewer, on a page with small real captioners."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.browser.canvas import heat, set_opacity
from tests.browser.schemes import SCHEMES


def _method(page, name):
    page.select_option("#viewer .cxr-method", name)


def _there(page):
    """Waits for a map that is not the attention's."""
    page.wait_for_function(
        """() => {
          const top = document.querySelector("#viewer .cxr-scalebar-top");
          return top?.textContent && !top.closest(".cxr-scalebar").hidden && !top.textContent.includes("in one cell");
        }"""
    )


def test_a_quick_method_gives_every_word_its_map(real):
    page = real()
    before = heat(page)
    _method(page, "grad-cam")
    _there(page)
    page.wait_for_function("document.querySelector('#viewer .cxr-methods .cxr-work').hidden")
    assert np.abs(heat(page).astype(int) - before).max() > 0
    page.locator("#viewer .cxr-word").nth(1).click()
    assert page.locator("#viewer .cxr-word-maps b").count() == 2  # at once, nothing is asked for again
    _method(page, "attention")
    page.locator("#viewer .cxr-word").nth(0).click()
    page.mouse.move(5, 600)
    page.wait_for_timeout(200)
    assert (heat(page) == before).all()


def test_both_signs_are_drawn_and_said(real):
    page = real()
    _method(page, "feature-occlusion")
    _there(page)
    colours = heat(page, "frontal").reshape(-1, 4), heat(page, "lateral").reshape(-1, 4)
    seen = np.concatenate(colours)
    seen = seen[seen[:, 3] > 40]
    warm, cold = (seen[:, 0] > seen[:, 2]).any(), (seen[:, 0] < seen[:, 2]).any()
    said = page.locator("#viewer .cxr-word-maps").text_content()
    assert warm or cold
    assert cold == ("spoke against the word (blue)" in said)
    assert page.locator("#viewer .cxr-colours").is_disabled()
    assert page.locator("#viewer .cxr-scalebar-low").text_content().startswith("\u2212")


@pytest.mark.long
def test_a_slow_method_waits_to_be_asked_for_the_next_word(real):
    page = real()
    _method(page, "integrated-gradients")
    _there(page)
    assert "misses" in page.locator("#viewer .cxr-word-maps").text_content()  # the completeness gap
    page.locator("#viewer .cxr-word").nth(1).click()
    page.locator("#viewer .cxr-ask").click()
    _there(page)
    page.locator("#viewer .cxr-word").nth(0).click()
    assert page.locator("#viewer .cxr-word-maps b").count() == 2  # the first is kept


def test_a_comparison_names_both_words(real):
    page = real()
    _method(page, "grad-cam")
    _there(page)
    page.wait_for_timeout(300)
    other = page.locator("#viewer .cxr-against option").nth(1)
    page.select_option("#viewer .cxr-against", other.get_attribute("value"))
    page.wait_for_function("document.querySelector('#viewer .cxr-word-maps').textContent.includes('rather than')")
    page.locator("#viewer .cxr-word").nth(1).click()
    page.wait_for_timeout(300)
    assert page.locator("#viewer .cxr-against").input_value() == ""
    _method(page, "attention")
    assert page.locator("#viewer .cxr-against").is_disabled()


@pytest.mark.parametrize("name", ["smooth-grad", pytest.param("feature-occlusion", marks=pytest.mark.long)])
def test_the_link_brings_back_the_method_and_how_it_is_drawn(real, watched, name):
    page = real()
    page.locator("#viewer .cxr-word").nth(1).click()
    _method(page, name)
    _there(page)
    page.locator('#viewer input[value="raw"]').check()
    set_opacity(page, 40)
    page.locator("#viewer .cxr-copy").click()
    page.wait_for_function("location.search.includes('method')")
    other = watched(timeout=60_000)
    other.goto(page.url)
    _there(other)  # asked for without a press, even where it costs seconds
    assert other.locator("#viewer .cxr-method").input_value() == name
    assert other.locator("#viewer .cxr-word").nth(1).get_attribute("aria-selected") == "true"
    assert other.locator("#viewer .cxr-opacity-value").text_content() == "40%"
    for visitor in (page, other):
        visitor.mouse.move(5, 5)
        visitor.evaluate("document.activeElement.blur()")
    assert np.abs(heat(other).astype(int) - heat(page)).max() <= 1
    other.click('#examples button[data-name="effusion"]')
    other.wait_for_function("document.querySelector('#viewer .cxr-reference').textContent.includes('right effusion')")
    assert other.locator("#viewer .cxr-method").input_value() == name  # the method stays, the word was the link's
    assert other.locator("#viewer .cxr-word").nth(0).get_attribute("aria-selected") == "true"


@pytest.mark.long
def test_the_link_brings_back_a_comparison(real, watched):
    page = real()
    _method(page, "grad-cam")
    _there(page)
    page.wait_for_timeout(300)
    token = page.locator("#viewer .cxr-against option").nth(1).get_attribute("value")
    page.select_option("#viewer .cxr-against", token)
    page.wait_for_function("document.querySelector('#viewer .cxr-word-maps').textContent.includes('rather than')")
    page.locator("#viewer .cxr-copy").click()
    page.wait_for_function("location.search.includes('against')")
    other = watched(timeout=60_000)
    other.goto(page.url)
    other.wait_for_function("document.querySelector('#viewer .cxr-word-maps')?.textContent.includes('rather than')")
    assert other.locator("#viewer .cxr-against").input_value() == token


def test_stop_leaves_the_page_usable(real, monkeypatch):
    from explain.methods.occlusion import Occlusion

    def forever(self, model, question, report):
        for step in range(10_000):
            report(step, 10_000)
            time.sleep(0.02)
        raise AssertionError("nobody stopped it")

    page = real()
    monkeypatch.setattr(Occlusion, "_maps", forever)
    _method(page, "occlusion")
    page.wait_for_function("(document.querySelector('#viewer .cxr-methods progress').value || 0) > 0")
    page.locator("#viewer .cxr-methods .cxr-halt").click()
    page.get_by_text("Stopped before the map was done.").first.wait_for()
    _method(page, "smooth-grad")  # the same place in the queue: it is free again
    _there(page)
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_function("document.querySelector('#viewer .cxr-reference').textContent.includes('right effusion')")


def test_one_visitors_maps_are_not_anothers(real):
    first, second = real("quiet"), real("effusion")
    for page in (first, second):
        _method(page, "feature-occlusion")
    for page in (first, second):
        _there(page)
    assert (heat(first) != heat(second)).any()


def test_files_are_saved_as_the_page_shows_them(real, tmp_path):
    page = real()
    _method(page, "grad-cam")
    _there(page)
    for button, ending in (("report", "html"), ("figure", "png"), ("animation", "gif"), ("json", "json")):
        name = f"quiet-tiny-grad-cam.{ending}"
        with page.expect_download() as waited:
            page.locator(f"#viewer .cxr-{button}").click()
        assert waited.value.suggested_filename == name
        waited.value.save_as(tmp_path / name)
        page.get_by_text(f"saved: {name}").first.wait_for()
        assert (tmp_path / name).stat().st_size > 500
    told = json.loads((tmp_path / "quiet-tiny-grad-cam.json").read_text(encoding="utf-8"))
    assert told["method"] == "grad-cam"


def test_without_attention_the_page_says_so_and_offers_the_others(visit):
    page = visit()
    page.locator("#checkpoint").get_by_label("no-attention").check()
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector("#viewer .cxr-word")
    page.get_by_text("This checkpoint has no attention").first.wait_for()
    assert page.locator("#viewer .cxr-method").input_value() != "attention"
    assert page.locator("#viewer .cxr-method option[value=attention]").is_disabled()


def test_a_visitor_who_waits_is_told_the_place_in_the_queue(real, monkeypatch):
    from captioner.captioner import Captioner

    own = {"locale": "en-US"}  # a browser of its own each: one opens six connections to a server, and no more
    first, second, third = real(**own), real(**own), real(**own)
    at_once, told = Captioner.caption, threading.Event()

    def when_the_third_was_told(self, *values, **named):
        told.wait(60)
        return at_once(self, *values, **named)

    monkeypatch.setattr(Captioner, "caption", when_the_third_was_told)
    try:
        for page in (first, second, third):
            page.click('#examples button[data-name="effusion"]')
        third.wait_for_selector(".cxr-queue:not([hidden])")
        said = third.locator(".cxr-queue").text_content()
    finally:
        told.set()
    assert "you are number" in said and " of " in said
    third.wait_for_selector(".cxr-queue", state="hidden")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious_with_a_map_by_another_method(real, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed (pip install axe-playwright-python)"
    )
    page = real(color_scheme=scheme)
    _method(page, "feature-occlusion")
    _there(page)
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    serious = [entry for entry in found["violations"] if entry["impact"] in ("serious", "critical")]
    assert serious == [], [(entry["id"], node["html"][:200]) for entry in serious for node in entry["nodes"]]


def test_the_bar_fits_a_phone(real):
    page = real(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, reduced_motion="reduce")
    page.mouse.move(2, 2)
    _method(page, "smooth-grad")
    _there(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
