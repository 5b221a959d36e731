"""The page in German: by the address and by the browser, on every panel, without English left over."""

import re

import pytest

from captioner.language import speaking, text
from panels.shell.deep_link import PANELS
from tests.browser.canvas import words


def german(sentence, **values):
    with speaking("de"):
        return text(sentence, **values)


@pytest.mark.parametrize(
    ("query", "locale", "code"),
    [("?lang=de", "en-US", "de"), ("", "de-DE", "de"), ("?lang=en", "de-DE", "en"), ("", "fr-FR", "en")],
)
def test_address_and_browser_choose_the_language(visit, address, query, locale, code):
    page = visit(f"{address}{query}", locale=locale)
    with speaking(code):
        page.get_by_role("tab", name=text("Your X-rays"), exact=True).wait_for()
        page.get_by_role("tab", name=text("What if"), exact=True).wait_for()
    assert page.evaluate("[document.documentElement.lang, navigator.language.slice(0, 2)]") == [code, code]


def test_an_unknown_language_is_said_and_the_page_is_english(visit, address):
    page = visit(f"{address}?lang=xx", locale="de-DE")
    page.wait_for_selector(".cxr-asked li")
    assert page.locator(".cxr-asked li").text_content() == "The link asks for lang=xx, and the languages are en, de."
    assert page.get_by_role("button", name="Put these notices away").is_visible()


def test_the_model_s_words_and_the_saved_numbers_stay_english(visit, address):
    page = visit(f"{address}?lang=de")
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")
    said = words(page)
    other = visit(f"{address}?lang=en")
    other.click('#examples button[data-name="quiet"]')
    other.wait_for_selector(".cxr-word")
    assert said == words(other)
    with page.expect_download() as saved:
        page.click(".cxr-json")
    with other.expect_download() as again:
        other.click(".cxr-json")
    assert saved.value.path().read_bytes() == again.value.path().read_bytes()
    page.wait_for_function(
        "(said) => document.querySelector('.cxr-export-said').textContent.startsWith(said)", arg=german("Numbers")
    )


def test_a_link_keeps_the_language(visit, address):
    page = visit(f"{address}?lang=de")
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")
    page.click(".cxr-copy")
    page.wait_for_function("location.search.includes('example=quiet')")
    assert re.search(r"[?&]lang=de(&|$)", page.evaluate("location.search"))


@pytest.mark.parametrize(
    "viewport", [{"width": 1280, "height": 800}, {"width": 390, "height": 844}], ids=["laptop", "phone"]
)
def test_german_is_longer_and_nothing_overflows(visit, address, viewport):
    page = visit(f"{address}?lang=de", viewport=viewport)
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")
    for panel in PANELS:
        tab = page.locator(f'#panels [role="tab"][data-tab-id="{panel}"]')
        if tab.count():
            tab.click()
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
