"""The page in German: by the address and by the browser, on every panel, without English left over."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from captioner.language import PLACEHOLDER, speaking, text
from panels.shell import catalogues
from panels.shell.deep_link import PANELS
from tests.browser.canvas import leaving, words
from tests.browser.conftest import LAPTOP
from tests.browser.test_readers import press

# Gradio's own words for waiting are in the page, and shown to nobody (panels/shell/page.css).
SHOWN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    const left = parent.closest("script, style, [lang=en], .meta-text, .meta-text-center, .progress-text");
    if (!left && node.textContent.trim()) found.push(node.textContent);
  }
  for (const node of document.body.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
    if (!node.closest("[lang=en]")) for (const name of ["aria-label", "title", "placeholder", "alt"])
      if (node.getAttribute(name)) found.push(node.getAttribute(name));
  return found.map((said) => said.replace(/\\s+/g, " ").trim());
}"""


# Words that longer English sentences have and German ones have not. What the model wrote is marked with lang="en".
ENGLISH = re.compile(r"\b(the|of|and|which|this|that|with|from|are|has|its)\b", re.IGNORECASE)


VERSION = re.compile(r"\b\d+\.\d+\.\d+\b")  # is no number, and the same in every language


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
    [
        ("?lang=de", "en-US", "de"),
        ("", "de-DE", "de"),
        pytest.param("?lang=en", "de-DE", "en", marks=pytest.mark.long),
        pytest.param("", "fr-FR", "en", marks=pytest.mark.long),
    ],
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


@pytest.fixture(scope="module")
def kept_in_german(keep, address):
    page = keep()
    page.goto(f"{address}?lang=de")
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")
    return page


@pytest.fixture
def in_german(kept_in_german):
    """One page in German with the example "quiet", for the tests that only look at its panels; Explain is open."""
    page = kept_in_german
    page.set_viewport_size(LAPTOP)
    page.locator('#panels [role="tab"][data-tab-id="explain"]').click()
    yield page
    assert page.complaints == []


def test_no_english_sentence_is_left_on_any_panel(in_german, captioners):
    page = in_german
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


def _numbers(page):
    """What is shown that has a number with English's marks, and with German's."""
    shown = [re.sub(VERSION, "", said) for said in page.evaluate(SHOWN)]
    return {
        marks: sorted({said for said in shown if re.search(pattern, said)})
        for marks, pattern in (("english", r"\d\.\d|\d%"), ("german", r"\d,\d|\d %"))
    }


def test_numbers_are_written_as_german_writes_them_on_every_panel(in_german):
    page = in_german
    press(page, "frontal", 2, 4)  # what the pointer is over is told, and the list of words that read there
    page.wait_for_selector("#viewer .cxr-reader")
    over = _numbers(page)
    shares = r"\d,\d\d % der Aufmerksamkeit, \d+,\d-mal ein gleicher Anteil"
    assert over["english"] == [] and re.search(shares, " ".join(over["german"]))
    there = {"compare": ".cxr-ranking td", "what-if": ".cxr-sheet-controls", "lesson": ".cxr-lesson article"}
    english, german = {}, {}
    for panel in PANELS:
        tab = page.locator(f'#panels [role="tab"][data-tab-id="{panel}"]')
        if tab.count():
            tab.click()
            page.locator(f'#panels [data-tab-id="{panel}"][aria-selected="true"]').wait_for()
            page.wait_for_selector(there.get(panel, "body"))
        found = _numbers(page)
        english[panel], german[panel] = found["english"], " ".join(found["german"])
    assert {panel: said for panel, said in english.items() if said} == {}
    assert re.search("\u2212\\d,\\d\\d", german["explain"])
    assert "×1,00" in german["what-if"] and re.search("\u2212\\d,\\d\\d", german["compare"])


def test_the_model_s_words_and_the_saved_numbers_stay_english(in_german, example):
    page, other = in_german, example("quiet")
    said = words(page.locator("#viewer"))
    assert said == words(other)
    with page.expect_download() as saved:
        page.click("#viewer .cxr-json")
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


def parameters(page):
    return {name: found[0] for name, found in parse_qs(urlsplit(page.url).query).items()}


def test_a_link_in_the_head_switches_the_language_and_keeps_the_address(visit, address):
    page = visit(f"{address}?example=quiet&checkpoint=three-by-three&word=2")
    page.wait_for_selector(".cxr-word")
    link = page.locator("a.cxr-language")
    assert link.all_text_contents() == ["Deutsch"]
    assert [link.get_attribute(name) for name in ("lang", "hreflang")] == ["de", "de"]
    with leaving(page):
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.documentElement.lang === 'de'")
        page.wait_for_selector(".cxr-word")
    kept = {"example": "quiet", "checkpoint": "three-by-three", "word": "2"}
    assert parameters(page) == {**kept, "lang": "de"} and page.get_by_role("tab", name=german("What if")).count()
    with leaving(page):
        page.get_by_role("link", name="English", exact=True).click()
        page.wait_for_function("document.documentElement.lang === 'en'")
        page.wait_for_selector(".cxr-word")
    assert parameters(page) == {**kept, "lang": "en"}


WHOLE, EMBEDDED = "", "&embed&example=quiet"


@pytest.mark.parametrize(
    ("code", "query"),
    [
        ("de", WHOLE),
        ("en", EMBEDDED),
        pytest.param("en", WHOLE, marks=pytest.mark.long),
        pytest.param("de", EMBEDDED, marks=pytest.mark.long),
    ],
)
def test_the_switch_is_in_reach_of_a_finger_and_named_in_its_own_language(visit, address, code, query):
    page = visit(f"{address}?lang={code}{query}", viewport={"width": 390, "height": 844})
    page.wait_for_selector(".cxr-model[data-state=ready]", state="attached")
    left, right, height = page.evaluate(
        """() => {
          const box = document.querySelector("a.cxr-language").getBoundingClientRect();
          return [box.left, box.right, box.height];
        }"""
    )
    assert 0 <= left <= right - 24 and right <= 390 and height >= 24
    other = next(name for known, name in catalogues.NAMES.items() if known != code)
    assert page.get_by_role("link", name=other).count() == 1  # its whole name, where a code is seen


@pytest.mark.parametrize(
    "viewport",
    [
        {"width": 390, "height": 844},
        pytest.param({"width": 1280, "height": 800}, marks=pytest.mark.long),
    ],
    ids=["phone", "laptop"],
)
def test_german_is_longer_and_nothing_overflows(in_german, viewport):
    page = in_german
    page.set_viewport_size(viewport)
    for panel in PANELS:
        tab = page.locator(f'#panels [role="tab"][data-tab-id="{panel}"]')
        if tab.count():
            tab.click()
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
