"""The lesson in the browser: its steps, answers, links, the way to the page and back, the back button, phones."""

from pathlib import Path

import pytest

from panels.lesson.steps import TITLES
from tests.browser.canvas import refresh
from tests.browser.layout import still_box
from tests.browser.schemes import SCHEMES
from tests.browser.test_page import CONTRAST

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def open_tab(page, name="Lesson"):
    page.get_by_role("tab", name=name, exact=True).click()


def on_step(page, number):
    page.wait_for_function(f"document.querySelector('.cxr-count')?.textContent.startsWith('Step {number} of')")
    page.wait_for_selector(".cxr-lesson article:not(.cxr-waiting)")


def answer(page, place):
    page.locator(".cxr-options input").nth(place).check()
    page.get_by_role("button", name="Check", exact=True).click()
    return page.locator(".cxr-told").text_content()


@pytest.fixture
def lesson(visit, address):
    """A function that opens the page at a step."""

    def opened(number=1, **options):
        page = visit(f"{address}?lesson={number}", **options)
        on_step(page, number)
        return page

    return opened


def test_a_question_is_checked_in_the_browser_and_explained(visit):
    page = visit()
    open_tab(page)
    on_step(page, 1)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("button", name="Check", exact=True).click()
    assert page.locator(".cxr-told").text_content() == "Choose an answer first."
    told = [answer(page, place) for place in range(page.locator(".cxr-options input").count())]
    right = [text for text in told if text.startswith("Right.")]
    assert len(right) == 1 and len(right[0]) > 40
    assert all(text.startswith("Not quite: try again. ") for text in told if text not in right)
    assert len(set(told)) == len(told)  # each answer has a reason of its own
    assert requests == []
    assert "1 of 10 questions answered" in page.locator(".cxr-progress").text_content()
    assert "answered" in page.locator(".cxr-lesson-steps button").first.get_attribute("aria-label")


def test_a_link_opens_its_step_and_a_refresh_keeps_step_and_progress(lesson):
    page = lesson(4)
    assert page.get_by_role("tab", name="Lesson", exact=True).get_attribute("aria-selected") == "true"
    assert page.locator(".cxr-step-title").text_content() == TITLES[3]
    assert answer(page, 1).startswith("Right.")
    refresh(page)
    on_step(page, 4)
    assert "1 of 10 questions answered" in page.locator(".cxr-progress").text_content()


FURTHER = [pytest.param(one, marks=pytest.mark.long) for one in ("0", str(len(TITLES) + 1), "2.5", "")]


@pytest.mark.parametrize("nonsense", ["<script>", *FURTHER])
def test_nonsense_in_the_link_is_the_first_step(visit, address, nonsense):
    page = visit(f"{address}?lesson={nonsense}")
    on_step(page, 1)


def test_the_back_button_goes_step_by_step(lesson):
    page = lesson(3)
    page.get_by_role("button", name="Next step").click()
    on_step(page, 4)
    page.locator(".cxr-lesson-steps button").nth(5).click()
    on_step(page, 6)
    assert page.url.endswith("lesson=6")
    page.go_back()
    on_step(page, 4)
    open_tab(page, "About")
    page.go_back()  # from another panel, too
    on_step(page, 3)
    page.wait_for_selector(".cxr-lesson", state="visible")
    page.go_forward()
    on_step(page, 4)


@pytest.mark.long
def test_a_step_found_by_hand_has_an_address_to_come_back_to(visit):
    page = visit()
    open_tab(page)
    on_step(page, 1)
    page.get_by_role("button", name="Next step").click()
    on_step(page, 2)
    page.go_back()
    on_step(page, 1)
    assert page.url.endswith("lesson=1")


def test_the_link_of_a_step_is_copied(lesson):
    page = lesson(2)
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.get_by_role("button", name="Copy a link to this step").click()
    page.get_by_text("Link copied").wait_for()
    assert page.evaluate("window.copied").endswith("/?lesson=2")


def test_a_step_shows_itself_on_the_page_and_leads_back(lesson):
    page = lesson(1)
    panels = {
        "explain": "#viewer .cxr-word",
        "compare": "#compare .cxr-word",
        "score": "#score .cxr-text",
        "what-if": ".cxr-bars tbody tr",
    }
    for number in (1, 4, 5, 8):  # one for each panel
        page.locator(".cxr-lesson-steps button").nth(number - 1).click()
        on_step(page, number)
        task = page.locator(".cxr-task").text_content()
        page.locator(".cxr-show").click()
        assert task in page.locator(".cxr-strip").text_content()
        panel = page.locator("#panels [role=tab][aria-selected=true]").get_attribute("data-tab-id")
        page.wait_for_selector(panels[panel])
        if panel == "what-if":
            page.wait_for_function("document.querySelector('.cxr-sentence').textContent.startsWith('The impression')")
        page.get_by_role("button", name="Back to the lesson").click()
        page.wait_for_selector(".cxr-lesson", state="visible")
        assert page.locator(".cxr-strip").count() == 0


def test_blanking_step_blanks_and_its_search_is_set(lesson):
    page = lesson(6)
    page.locator(".cxr-show").click()
    page.wait_for_function("document.querySelectorAll('.cxr-sheet input[value=blank]:checked').length === 2")
    page.get_by_role("button", name="Put the lesson away").click()
    assert page.locator(".cxr-strip").count() == 0
    open_tab(page, "Explain")
    page.wait_for_selector("#viewer .cxr-word")
    assert "greedy" in page.locator("#viewer .cxr-run").text_content()


def test_keyboard_alone_answers_and_goes_on(lesson):
    page = lesson(4)
    page.locator(".cxr-options input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.cxr-told').textContent.startsWith('Right.')")
    page.get_by_role("button", name="Next step").focus()
    page.keyboard.press("Enter")
    on_step(page, 5)
    assert page.evaluate("document.activeElement.className") == "cxr-step-title"


def test_on_a_phone_nothing_is_cut_off(lesson):
    page = lesson(7, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.wait_for_function("document.querySelector('.cxr-step-title').getBoundingClientRect().top < 844")
    page.locator(".cxr-show").tap()
    page.wait_for_selector(".cxr-bars tbody tr")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    back = still_box(page.get_by_role("button", name="Back to the lesson"))
    assert 0 <= back["y"] and back["y"] + back["height"] <= 844


@pytest.mark.parametrize("scheme", SCHEMES)
def test_contrast_and_axe(lesson, scheme):
    page = lesson(4, color_scheme=scheme)
    answer(page, 0)
    assert page.evaluate(CONTRAST) == []
    answer(page, 1)
    assert page.evaluate(CONTRAST) == []
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []
