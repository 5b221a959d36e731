"""The gallery in the browser: cards, filters, the way to the Explain panel and to a quiz."""

import json
from pathlib import Path

import pytest

from captioner.phantom import read_cases
from explain import case_gallery
from panels.server.model_pool import ModelPool
from panels.shell.deep_link import case_code
from tests.browser.canvas import words
from tests.browser.schemes import SCHEMES
from tests.browser.test_page import CONTRAST
from tests.stand_in import SENTENCES, ToldStandIn, serve, write_examples

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def with_cases(tmp_path_factory):
    """The address of a page whose gallery has two cases, each with what the stand-in says of it."""
    model, folder = ToldStandIn("default"), write_examples(tmp_path_factory.mktemp("examples"))
    (folder / "gallery").mkdir()
    index = json.loads((write_examples(folder / "gallery") / "index.json").read_text(encoding="utf-8"))
    for number, entry in enumerate(index, 1):
        entry["name"] = f"case-{number:02d}"
    (folder / "gallery" / "index.json").write_text(json.dumps(index), encoding="utf-8")
    model.config["files"] = {case_gallery.WEIGHTS: "abc"}
    case_gallery.write(folder / "gallery", read_cases(folder / "gallery"), model)
    with serve(ModelPool({"default": "default"}, lambda _: model).start(), folder) as url:
        yield url


def shown(page):
    return page.locator(".cxr-gallery-card:visible .cxr-title").all_text_contents()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_cases_are_filtered_explained_and_turned_into_a_quiz(visit, with_cases, scheme):
    page = visit(with_cases, color_scheme=scheme, **(PHONE if scheme == "dark" else {}))
    page.get_by_role("tab", name="Gallery").click()
    page.wait_for_selector(".cxr-gallery-card")
    assert shown(page) == ["Drawn <quiet>", "Drawn <effusion>"]
    assert page.locator(".cxr-gallery-count").text_content() == "2 of 2 cases"
    assert "a place at random" not in page.locator(".cxr-gallery-summary").text_content()  # these have no outlines
    assert page.evaluate(CONTRAST) == []
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []

    page.locator("[data-filter=finding]").select_option("effusion")
    assert shown(page) == ["Drawn <effusion>"]
    page.locator("[data-filter=outcome]").select_option("right")
    assert shown(page) == [] and page.locator(".cxr-gallery-quiz").is_hidden()
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelector('.cxr-gallery-count').textContent === '2 of 2 cases'")
    page.locator("[data-filter=outcome]").select_option("made_up")
    assert page.locator(".cxr-gallery-quiz").get_attribute("href").endswith(f"?quiz={case_code('case-02')}")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]

    page.locator(".cxr-gallery-card:visible").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer .cxr-word", state="visible")
    assert words(page) == SENTENCES["bright"].split()
    assert "phantom drawn by a computer" in page.locator("#viewer .cxr-reference").text_content()


def test_a_link_leads_to_a_case(visit, with_cases):
    page = visit(f"{with_cases}?example=case-02")
    page.wait_for_selector("#viewer .cxr-word")
    assert words(page) == SENTENCES["bright"].split() and page.locator(".cxr-asked").count() == 0
