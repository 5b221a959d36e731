"""The Trust panel, on a page with a small real captioner."""

import threading
from pathlib import Path

import pytest

from explain.method import Stopped
from panels import trust
from tests.browser.test_methods import _method, _there, real, real_address  # noqa: F401
from tests.browser.test_page import CONTRAST


def _trust(page):
    page.get_by_role("tab", name="Trust", exact=True).click()


def _judged(page):
    page.wait_for_selector("#trust .cxr-verdict")


@pytest.fixture
def judged(real):  # noqa: F811
    page = real()
    _trust(page)
    _judged(page)
    return page


def test_the_word_is_put_on_trial_and_every_word_gets_its_mark(judged):
    page = judged
    assert page.locator("#trust .cxr-verdict").count() == 1
    assert page.locator("#trust svg[role=img]").count() >= 3
    for drawn in page.locator("#trust svg[role=img]").all():
        assert drawn.get_attribute("aria-label")
    kinds = page.locator("#trust .cxr-trust-words .cxr-word").evaluate_all("(all) => all.map((one) => one.dataset.evidence)")
    assert kinds and set(kinds) <= {"grounded", "elsewhere", "guessed"}
    page.wait_for_selector("#trust [data-passes]")
    page.get_by_role("tab", name="Explain", exact=True).click()
    assert page.locator("#viewer .cxr-word").evaluate_all("(all) => all.map((one) => one.dataset.evidence)") == kinds
    label = page.locator("#viewer .cxr-word").first.get_attribute("aria-label")
    assert any(words in label for words in ("language", "rests on", "not on the area"))


def test_word_and_method_are_one_choice_with_the_viewer(judged):
    page = judged
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


def test_a_slow_method_is_tried_when_it_is_asked_for_and_can_be_stopped(judged):
    page = judged
    page.select_option("#trust .cxr-trust-method", "smooth-grad")
    page.locator("#trust .cxr-ask").click()
    page.locator("#trust .cxr-halt").click()
    page.get_by_text("Go on with the test").click()
    _judged(page)
    page.get_by_text("Test the method on random weights").wait_for()


@pytest.mark.parametrize("how", ["stop", "leave"])
def test_who_has_stopped_or_left_keeps_nobody_waiting(real, monkeypatch, how):  # noqa: F811
    begun, ended = threading.Event(), threading.Event()

    def forever(shelf, checkpoint, name, entries, progress):
        begun.set()
        ended.wait(120)  # and never asks whether it is wanted
        raise Stopped

    monkeypatch.setattr(trust, "test_of_weights", forever)
    first, second = real(), real()
    try:
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
        _method(second, "smooth-grad")
        _there(second)
        assert not ended.is_set()
    finally:
        ended.set()


def test_another_study_is_another_trial(judged):
    page = judged
    before = page.locator("#trust .cxr-trust-words").get_attribute("data-id")
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_function("(id) => document.querySelector('#trust .cxr-trust-words').dataset.id !== id", arg=before)
    _judged(page)


def test_before_any_study_the_panel_says_what_to_do(visit):
    page = visit()
    _trust(page)
    page.get_by_text("this panel tests whether the map of a word is true").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_contrast(real, scheme):  # noqa: F811
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed (pip install axe-playwright-python)"
    )
    page = real(color_scheme=scheme)
    _trust(page)
    _judged(page)
    page.wait_for_selector("#trust [data-passes]")
    assert page.evaluate(CONTRAST) == []
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    serious = [entry for entry in found["violations"] if entry["impact"] in ("serious", "critical")]
    assert serious == [], [(entry["id"], node["html"][:200]) for entry in serious for node in entry["nodes"]]


def test_no_figure_is_wider_than_a_phone(real):  # noqa: F811
    page = real(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, reduced_motion="reduce")
    _trust(page)
    _judged(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
