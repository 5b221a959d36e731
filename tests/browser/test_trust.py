"""The Trust panel, on a page with a small real captioner."""

import re
import threading
import time
from pathlib import Path

import pytest

from explain import trial
from explain.methods.base import Stopped
from tests.browser.canvas import answered_by_beam
from tests.browser.conftest import LAPTOP, REAL_WAIT
from tests.browser.schemes import show_in
from tests.browser.test_methods import _method, _there
from tests.browser.test_page import CONTRAST


def _trust(page):
    page.get_by_role("tab", name="Trust", exact=True).click()


def _judged(page):
    page.wait_for_selector("#trust .cxr-verdict")


def _open_judged(page, address):
    answered_by_beam(page, address)
    _trust(page)
    _judged(page)
    return page


@pytest.fixture(scope="module")
def kept_judged(keep, real_address):
    return _open_judged(keep(timeout=REAL_WAIT), real_address)


@pytest.fixture
def judged(kept_judged):
    """One page for the tests that leave word and method as they are, with the trial of the first word."""
    page = kept_judged
    show_in(page, "light")
    page.set_viewport_size(LAPTOP)
    _trust(page)
    yield page
    assert page.complaints == []


@pytest.fixture
def judged_anew(watched, real_address):
    """A page of its own with the trial of the first word."""
    return _open_judged(watched(timeout=REAL_WAIT), real_address)


def test_the_word_is_put_on_trial_and_every_word_gets_its_mark(judged):
    page = judged
    assert page.locator("#trust .cxr-verdict").count() == 1
    assert page.locator("#trust svg[role=img]").count() >= 3
    for drawn in page.locator("#trust svg[role=img]").all():
        assert drawn.get_attribute("aria-label")
    kinds = page.locator("#trust .cxr-trust-words .cxr-word").evaluate_all(
        "(all) => all.map((one) => one.dataset.evidence)"
    )
    assert kinds and set(kinds) <= {"grounded", "elsewhere", "guessed"}
    page.wait_for_selector("#trust [data-dependence]")
    page.get_by_role("tab", name="Explain", exact=True).click()
    assert page.locator("#viewer .cxr-word").evaluate_all("(all) => all.map((one) => one.dataset.evidence)") == kinds
    label = page.locator("#viewer .cxr-word").first.get_attribute("aria-label")
    assert any(words in label for words in ("language", "rests on", "hardly on the area", "not this area"))


def test_the_random_areas_can_be_stepped_through_beside_the_marked_one(judged):
    page = judged
    figure = page.locator("#trust .cxr-place[data-kind=random]")
    assert page.locator("#trust .cxr-place").count() == 3 and figure.locator("svg").count() == 2
    said, path = figure.locator(".cxr-step-said"), figure.locator("clipPath path").first
    seen = [(said.inner_text(), path.get_attribute("d"))]
    for name in ("The next random area", "The random area before", "The random area before"):
        figure.get_by_role("button", name=name).click()
        seen.append((said.inner_text(), path.get_attribute("d")))
    assert [text for text, _ in seen] == ["1 of 99", "2 of 99", "1 of 99", "99 of 99"]
    assert seen[0] == seen[2] and figure.locator(".cxr-hidden-edge").first.get_attribute("d") == seen[3][1]


def test_word_and_method_are_one_choice_with_the_viewer(judged_anew):
    page = judged_anew
    page.locator("#trust .cxr-trust-words .cxr-word").nth(1).click()
    page.wait_for_function("!document.querySelector('#trust .cxr-verdict')")
    _judged(page)
    page.select_option("#trust .cxr-trust-method", "grad-cam")
    page.wait_for_function("!document.querySelector('#trust .cxr-verdict')")
    _judged(page)
    page.get_by_role("tab", name="Explain", exact=True).click()
    assert page.locator("#viewer .cxr-method").input_value() == "grad-cam"
    assert page.locator("#viewer .cxr-word").nth(1).get_attribute("aria-selected") == "true"
    _method(page, "attention")
    _trust(page)
    page.wait_for_function("document.querySelector('#trust .cxr-trust-method').value === 'attention'")


def test_a_slow_method_is_tried_when_it_is_asked_for_and_can_be_stopped(judged_anew):
    page = judged_anew
    page.select_option("#trust .cxr-trust-method", "smooth-grad")
    offered = page.locator("#trust .cxr-ask")
    assert re.search(r"\(about .*(second|minute)", offered.text_content())  # the wait, before it begins
    offered.click()
    page.locator("#trust .cxr-halt").press("Enter")  # at once: the trial may take no longer than a pointer
    page.get_by_text("Go on with the test").click()
    _judged(page)
    page.get_by_text("Test the method on random weights").wait_for()


@pytest.mark.parametrize("how", ["stop", pytest.param("leave", marks=pytest.mark.long)])
def test_work_that_nobody_waits_for_ends_and_keeps_nobody_waiting(real, monkeypatch, how):
    begun, ended = threading.Event(), threading.Event()

    def until_unwanted(model, name, entries, progress, writer):
        begun.set()
        while not progress(0, 1):
            time.sleep(0.05)
        ended.set()
        raise Stopped

    monkeypatch.setattr(trial, "on_random_weights", until_unwanted)
    first, second = real(), real()
    first.select_option("#viewer .cxr-method", "feature-occlusion")
    _trust(first)
    _judged(first)
    if first.locator("#trust .cxr-ask").is_visible():
        first.locator("#trust .cxr-ask").click()
    assert begun.wait(60)
    if how == "stop":
        first.locator("#trust .cxr-halt").click()
    else:
        first.close()
    assert ended.wait(60)
    _method(second, "smooth-grad")
    _there(second)


def test_another_study_is_another_trial(judged):
    page = judged
    before = page.locator("#trust .cxr-trust-words").get_attribute("data-id")
    page.locator('#examples button[aria-pressed="false"]').first.click()
    page.wait_for_function("(id) => document.querySelector('#trust .cxr-trust-words').dataset.id !== id", arg=before)
    _judged(page)


def test_before_any_study_the_panel_says_what_to_do(visit):
    page = visit()
    _trust(page)
    page.get_by_text("this panel tests whether the map of a word is true").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_contrast(judged, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed (pip install axe-playwright-python)"
    )
    page = judged
    show_in(page, scheme)
    page.wait_for_selector("#trust [data-dependence]")
    assert page.evaluate(CONTRAST) == []
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    serious = [entry for entry in found["violations"] if entry["impact"] in ("serious", "critical")]
    assert serious == [], [(entry["id"], node["html"][:200]) for entry in serious for node in entry["nodes"]]


def test_no_figure_is_wider_than_a_phone(judged):
    page = judged
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.documentElement.scrollWidth <= 390")
