"""The page in German: by the address and by the browser, on every panel, without English left over."""

import re

import pytest

from captioner.language import PLACEHOLDER, speaking, text
from panels.shell import catalogues
from panels.shell.deep_link import PANELS
from tests.browser.canvas import words

SHOWN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!parent.closest("script, style, [lang=en]") && node.textContent.trim()) found.push(node.textContent);
  }
  for (const node of document.body.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
    if (!node.closest("[lang=en]")) for (const name of ["aria-label", "title", "placeholder", "alt"])
      if (node.getAttribute(name)) found.push(node.getAttribute(name));
  return found.map((said) => said.replace(/\\s+/g, " ").trim());
}"""


# Words that longer English sentences have and German ones have not. What the model wrote is marked with lang="en".
ENGLISH = re.compile(r"\b(the|of|and|which|this|that|with|from|are|has|its)\b", re.IGNORECASE)


def english_sentences():
    """A pattern for each sentence that is another one in German, its placeholders standing for anything."""
    entries = [
        one for one, two in catalogues.catalogue("de").items() if two != one and PLACEHOLDER.sub("", one).strip()
    ]
    return [re.compile(".+".join(map(re.escape, PLACEHOLDER.split(one)[::2]))) for one in entries]


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


def test_no_english_sentence_is_left_on_any_panel(visit, address, captioners):
    page = visit(f"{address}?lang=de")
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")
    english, written, left = english_sentences(), captioners["default"].vocabulary.tokens, {}
    for panel in PANELS:
        tab = page.locator(f'#panels [role="tab"][data-tab-id="{panel}"]')
        if tab.count():
            tab.click()
            page.locator(f'#panels [data-tab-id="{panel}"][aria-selected="true"]').wait_for()
        shown = {
            re.sub("„[^“]*“", "„“", said) for said in page.evaluate(SHOWN)
        }  # what is quoted was written by the model
        assert german("What if") in shown
        others = {said for said in shown if not set(re.findall(r"\w+", said.lower())) <= set(written)}
        left[panel] = {said for said in others if ENGLISH.search(said) or any(each.fullmatch(said) for each in english)}
    assert {panel: said for panel, said in left.items() if said} == {}


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
