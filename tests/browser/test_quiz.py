"""The quiz in the browser: by keyboard alone, by touch, of a study of one's own, and what is hidden while it runs."""

from pathlib import Path

import pytest

from panels.shell.deep_link import case_code
from tests.browser.test_page import CONTRAST
from tests.stand_in import SENTENCES, write_examples

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
CODES = ",".join(map(case_code, ("effusion", "quiet")))


def picture(page, view):
    return page.locator(f'.cxr-marking-view[data-view="{view}"] .cxr-marking-picture')


def said(page, view):
    return page.locator(f'.cxr-marking-view[data-view="{view}"] .cxr-marking-said').text_content()


def told(page):
    page.wait_for_selector(".cxr-quiz-card")
    return page.locator(".cxr-quiz-told").inner_text()


@pytest.fixture
def linked(visit, address):
    """A function that opens the page with a quiz of two cases, by their names."""

    def opened(**options):
        page = visit(f"{address}?quiz=effusion,quiet", **options)
        page.wait_for_selector(".cxr-marking-picture img")
        return page

    return opened


def accessible(page):
    assert page.evaluate(CONTRAST) == []
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []


def test_a_linked_quiz_is_played_by_keyboard_alone_and_gives_nothing_away(linked):
    page = linked(reduced_motion="reduce")
    assert page.url.endswith(f"?quiz={CODES}")
    assert page.evaluate("document.activeElement.textContent") == "Case 1 of 2"
    seen = page.evaluate("document.body.innerText").lower()
    assert "drawn <" not in seen and SENTENCES["bright"] not in seen
    assert page.locator("#side").is_hidden() and page.locator("#panels [role=tab]").first.is_hidden()
    accessible(page)

    for view in ("frontal", "lateral"):
        while not picture(page, view).evaluate("(node) => node === document.activeElement"):
            page.keyboard.press("Tab")
        page.keyboard.press("ArrowLeft")  # the first one sets the mark in the middle
        assert said(page, view).startswith("Marked: centre, middle ")
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowDown", "Shift+ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    assert said(page, "lateral") == "Marked: picture’s left, lower third."  # no side is seen in the drawn chest
    page.keyboard.press("Delete")
    assert said(page, "lateral") == "Not marked."
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.parentElement.textContent") != "Nothing abnormal":
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # effusion, whose side is asked for next
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Side of effusion"
    page.keyboard.press("ArrowDown")  # left: the phantom's is on the right
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    shown = told(page)
    assert "Drawn <effusion>" in shown and "side wrong (right is true, left is said)" in shown
    assert SENTENCES["bright"] in shown and "made up" in shown  # the stand-in's atelectasis
    assert page.evaluate("document.activeElement.textContent") == "Drawn <effusion>"
    assert page.locator(".cxr-quiz-score").text_content().startswith("You: findings 1 of 1, sides 0 of 1.")
    assert page.locator('.cxr-pin[data-kind="model"]').count() == 2
    page.keyboard.press("ArrowLeft")
    assert said(page, "frontal").startswith("You: marked")  # it counts no longer
    accessible(page)

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cxr-quiz-form:not([hidden])")
    assert page.locator(".cxr-quiz-run h2").text_content() == "Case 2 of 2"
    page.get_by_label("Nothing abnormal").check()
    page.keyboard.press("Enter")
    assert "Nothing is there to be found" in told(page)
    page.get_by_role("button", name="See how it went").click()
    assert page.locator(".cxr-quiz-table tbody tr").count() == 2
    assert page.locator("#side").is_visible() and "quiz=" not in page.url


def test_on_a_phone_a_tap_marks_and_in_the_dark_all_is_seen(linked):
    page = linked(color_scheme="dark", **PHONE)
    box = picture(page, "frontal").bounding_box()
    picture(page, "frontal").tap(position={"x": box["width"] * 0.9, "y": box["height"] * 0.9})
    assert said(page, "frontal") == "Marked: picture’s right, lower zone."
    picture(page, "lateral").evaluate(
        """(node) => {
          const box = node.getBoundingClientRect(), at = { clientX: box.left + 5, clientY: box.top + 5, bubbles: true };
          node.dispatchEvent(new PointerEvent("pointerdown", { ...at, pointerType: "touch" }));
          node.dispatchEvent(new MouseEvent("click", at)); // as browsers do whose clicks are no pointer's
        }"""
    )
    assert said(page, "lateral") == "Marked: picture’s left, upper third."
    page.get_by_role("button", name="Answer", exact=True).tap()
    page.wait_for_function("document.querySelector('.cxr-quiz-missing').textContent.startsWith('Choose what you see')")
    page.locator(".cxr-quiz-type input").fill("small right effusion")
    page.get_by_role("button", name="Answer", exact=True).tap()
    assert "finding and side right" in told(page)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="End the quiz").tap()
    assert page.locator(".cxr-quiz-table tbody tr").count() == 1


def test_a_teacher_chooses_cases_or_brings_a_study_and_nonsense_is_said(visit, address, tmp_path):
    page = visit(f"{address}?quiz=quiet,gone")
    page.wait_for_selector(".cxr-asked")
    assert "quiz=quiet,gone" in page.locator(".cxr-asked").text_content()
    page.wait_for_selector(".cxr-quiz-begin", state="visible")
    assert page.locator(".cxr-quiz-lot").text_content() == "Start: 2 cases drawn by lot"

    page.get_by_text("Choose the cases").click()
    assert page.locator(".cxr-quiz-copy").is_disabled()
    page.locator(".cxr-quiz-cases").get_by_label("Drawn <effusion>").check()
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.locator(".cxr-quiz-copy").click()
    page.wait_for_function("window.copied")
    assert page.evaluate("window.copied").endswith(f"?quiz={case_code('effusion')}")

    page.get_by_text("A study of your own").click()
    page.locator("#quiz-reference").fill("moderate right effusion")
    page.get_by_role("button", name="Start with this study").click()
    page.wait_for_selector(".cxr-quiz .cxr-refusal:not([hidden])")
    assert "frontal X-ray" in page.locator(".cxr-quiz .cxr-refusal").text_content()
    page.get_by_role("tab", name="Your X-rays").click()
    page.locator("#upload-frontal input[type=file]").set_input_files(
        str(write_examples(tmp_path) / "effusion-frontal.png")
    )
    page.wait_for_selector("#preview-frontal .cxr-preview")
    page.get_by_role("button", name="Start with this study").click()
    page.wait_for_selector(".cxr-marking-picture img")
    assert page.locator(".cxr-marking-view").count() == 1
    picture(page, "frontal").click()
    page.get_by_label("Effusion", exact=True).check()
    page.get_by_role("button", name="Answer", exact=True).click()
    shown = told(page)
    assert "Where the finding lies is not known here" in shown and "side not said (right is true)" in shown
    assert "from its strongest place" in said(page, "frontal")
