"""The panels behind the first one, and what goes round it: comparison, score, about, swap, link, JSON."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest

from tests.browser.canvas import chosen, words
from tests.browser.schemes import SCHEMES
from tests.browser.test_page import CONTRAST
from tests.stand_in import BEAM_SENTENCE, DROPPED, SENTENCES, draw_chest

DARK, BRIGHT = (SENTENCES[key].split() for key in ("dark", "bright"))


def _open(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def _map(page, panel):
    """The opacity of the frontal map in one panel's viewer, uint8 list."""
    return np.array(
        page.evaluate(
            """(panel) => {
          const canvas = document.querySelector(`#${panel} .cxr-view[data-view="frontal"] canvas`);
          const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return [...data].filter((_, index) => index % 4 === 3 && index % 97 === 0);
        }""",
            panel,
        )
    )


@pytest.fixture
def compared(example):
    page = example("quiet")
    _open(page, "Greedy and beam")
    page.wait_for_selector("#compare .cxr-word")
    return page


def test_both_impressions_stand_one_above_the_other_and_either_word_shows_its_map(compared):
    page = compared
    rows = page.evaluate(
        """() => [0, 1].map((row) => [...document.querySelectorAll("#compare .cxr-column")]
          .map((column) => column.children[row]).filter((cell) => cell.matches(".cxr-word"))
          .map((cell) => cell.textContent).join(" "))"""
    )
    assert rows == [SENTENCES["dark"], BEAM_SENTENCE]
    same = page.locator("#compare .cxr-column:not(.cxr-differs)")
    for column in range(same.count()):
        assert len(set(same.nth(column).locator(".cxr-word").all_text_contents())) == 1
    assert "log probability" in page.locator("#compare .cxr-searches").text_content()

    first = _map(page, "compare")
    below = page.locator("#compare .cxr-word[aria-label^='Beam: cardiomegaly']")
    below.click()
    page.mouse.move(5, 500)
    assert below.get_attribute("aria-selected") == "true"
    assert page.locator("#compare .cxr-word[aria-selected=true]").count() == 1
    assert page.locator("#compare .cxr-word-from").text_content() == "beam search, width 3"
    assert np.abs(_map(page, "compare").astype(int) - first).max() > 5
    page.keyboard.press("ArrowUp")
    assert page.locator("#compare .cxr-word[aria-selected=true]").get_attribute("aria-label").startswith("Greedy: ")
    assert page.locator("#compare .cxr-word-from").text_content() == "greedy search"


def test_the_beam_can_be_opened_to_what_it_dropped(compared):
    page = compared
    assert page.locator("#beam .cxr-ranking tbody tr").count() == 3
    assert page.locator("#beam .cxr-dropped").count() == len(DROPPED)
    branch = page.locator("#beam details").first
    lost = branch.locator(".cxr-dropped").first
    assert lost.is_visible() and "fell below" in lost.text_content()
    branch.locator("summary").first.click()
    assert lost.is_hidden()


def test_the_comparison_follows_study_and_width(compared):
    page = compared
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_selector(f"#compare .cxr-word[aria-label^='Greedy: {BRIGHT[0]}']")
    page.locator("#beam-width input[type=number]").fill("2")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelectorAll('#beam .cxr-ranking tbody tr').length === 2")
    _open(page, "Explain")
    page.wait_for_selector("#beam-width", state="hidden")
    page.locator("#viewer .cxr-word").first.focus()
    page.keyboard.press("ArrowRight")  # and only the viewer on show takes the keys
    assert chosen(page.locator("#viewer")) == BRIGHT[1]
    assert page.locator("#compare .cxr-word[aria-selected=true]").text_content() == BRIGHT[0]


def test_before_any_study_the_panels_say_what_to_do(visit):
    page = visit()
    _open(page, "Greedy and beam")
    page.get_by_text("Where do the two searches part?").wait_for()
    _open(page, "Score")
    page.get_by_text("Choose an example, or bring your own pictures, first.").wait_for()


def test_score_marks_findings_in_both_texts(example):
    page = example("effusion")
    _open(page, "Score")
    page.wait_for_selector("#score mark.cxr-agreed")
    assert page.locator("#reference textarea").input_value() == "right effusion ."
    page.locator("#reference textarea").fill("<img src=x onerror=alert(1)> Cardiomegaly. Effusion.")
    page.locator("#score-run").click()
    page.wait_for_selector("#score .cxr-text mark.cxr-missed")
    assert page.locator("#score .cxr-text mark.cxr-missed").all_text_contents() == [
        "cardiomegaly (cardiomegaly: missed)"
    ]
    assert page.locator("#score .cxr-text mark.cxr-made_up").count() == 1  # atelectasis
    assert page.locator("#score img").count() == 0
    page.click('#examples button[data-name="quiet"]')  # what was typed stays, the prediction is the new one
    page.wait_for_function("document.querySelector('#score').textContent.includes('heart size is normal')")
    assert "Cardiomegaly" in page.locator("#reference textarea").input_value()


def test_about_says_that_uploads_are_not_kept(visit):
    page = visit()
    _open(page, "About")
    page.get_by_text("came without a card").wait_for()
    assert "not kept" in page.locator("#about").text_content()


def test_the_link_brings_back_example_settings_and_word(example, visit):
    page = example("effusion")
    page.locator("#decoding").get_by_label("Beam").check()
    page.wait_for_function("document.querySelector('.cxr-run').textContent.includes('beam')")
    page.locator("#viewer .cxr-word").nth(2).click()
    page.locator(".cxr-copy").click()
    page.wait_for_function("location.search.includes('word')")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert asked == {
        "example": "effusion",
        "decoding": "beam",
        "width": "3",
        "length_penalty": "0.7",
        "checkpoint": "default",
        "word": "3",
        "method": "attention",
    }

    other = visit(page.url)
    other.wait_for_selector("#viewer .cxr-word")
    assert words(other) == BEAM_SENTENCE.split() and chosen(other) == BEAM_SENTENCE.split()[2]
    assert other.locator("#decoding").get_by_label("Beam").is_checked()
    assert other.locator('#examples button[data-name="effusion"]').get_attribute("aria-pressed") == "true"
    other.click('#examples button[data-name="quiet"]')  # the word of the link is for the example of the link
    other.wait_for_function("document.querySelector('.cxr-reference').textContent.includes('no acute disease')")
    assert chosen(other) == BEAM_SENTENCE.split()[0]


@pytest.mark.parametrize(
    "query",
    [
        "?example=%3Cb%3E",
        pytest.param("?example=nothing&word=3", marks=pytest.mark.long),
        pytest.param("?word=2", marks=pytest.mark.long),
    ],
)
def test_a_link_to_no_example_is_a_plain_page(visit, address, query):
    page = visit(address + query)
    page.wait_for_selector(".cxr-empty", state="visible")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("?example=quiet&width=99&word=-4", marks=pytest.mark.long),
        "?example=quiet&word=1e9999&method=none&opacity=%3Cb%3E&draw=x&scale=[]&colours=hot&against=1",
    ],
)
def test_settings_that_make_no_sense_leave_the_example_as_it_is(visit, address, query):
    page = visit(address + query)
    page.wait_for_selector("#viewer .cxr-word")
    assert words(page) == DARK and chosen(page) == DARK[0]


def test_the_caption_is_downloaded_as_json(page, tmp_path):
    with page.expect_download() as download:
        page.locator(".cxr-json").click()
    assert download.value.suggested_filename == "quiet-default-caption.json"
    download.value.save_as(tmp_path / "caption.json")
    caption = json.loads((tmp_path / "caption.json").read_text(encoding="utf-8"))
    assert caption["study"] == "quiet" and [word["text"] for word in caption["words"]] == DARK
    assert np.array(caption["words"][0]["attention"]).sum() == pytest.approx(1, abs=1e-5)


def test_the_two_views_change_places(visit, tmp_path):
    for name, bright in (("frontal", False), ("lateral", True)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), draw_chest(400 if bright else 300, 300, bright=bright))
    page = visit()
    _open(page, "Your X-rays")
    for name in ("frontal", "lateral"):
        page.locator(f"#upload-{name} input[type=file]").set_input_files(str(tmp_path / f"{name}.png"))
        page.wait_for_selector(f"#preview-{name} img")
    page.locator("#run").click()
    page.wait_for_selector("#viewer .cxr-word")
    assert words(page) == DARK
    assert page.locator(".cxr-copy").is_hidden()  # no link leads to a visitor's own pictures
    page.locator("#swap").click()
    page.wait_for_function(f"document.querySelector('.cxr-words').textContent === {''.join(BRIGHT)!r}")
    pictures = [page.locator(f"#preview-{name} img") for name in ("frontal", "lateral")]
    widths = [picture.evaluate("(image) => image.naturalWidth") for picture in pictures]
    assert widths == [225, 300]  # of 400 rows and 300 columns, and of 300 and 300


PANELS = {"Greedy and beam": "#compare .cxr-word", "Score": "#score .cxr-texts", "About": "#about-card p"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_panel_has_contrast_enough(example, scheme):
    page = example(color_scheme=scheme)
    for name, ready in PANELS.items():
        _open(page, name)
        page.wait_for_selector(ready)
        page.mouse.move(5, 400)
        assert page.evaluate(CONTRAST) == [], name


# Gradio dims each part of a panel while it computes, and lights it up again over some frames.
LIT = """() => {
  for (let node of document.querySelectorAll("h2, p, th, td, .cxr-word")) {
    if (!node.checkVisibility()) continue;
    for (; node; node = node.parentElement) if (getComputedStyle(node).opacity !== "1") return false;
  }
  return true;
}"""


def test_axe_finds_nothing_serious_in_any_panel(example):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed (pip install axe-playwright-python)"
    )
    page = example()
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    for name, ready in PANELS.items():
        _open(page, name)
        page.wait_for_selector(ready)
        page.wait_for_function(LIT)
        found = page.evaluate("axe.run(document)")
        serious = [entry["id"] for entry in found["violations"] if entry["impact"] in ("serious", "critical")]
        assert serious == [], (name, [node["html"][:200] for entry in found["violations"] for node in entry["nodes"]])


def test_no_panel_is_wider_than_a_phone(example):
    page = example(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, reduced_motion="reduce")
    for name, ready in PANELS.items():
        _open(page, name)
        page.wait_for_selector(ready)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
