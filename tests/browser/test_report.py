"""The report, opened from a file in Chromium as a person would: click, keys, and how the maps are drawn."""

import base64
import re

import numpy as np
import pytest

from explain import heatmap
from explain.metrics.area_occlusion import AreaOcclusion
from explain.metrics.picture_share import PictureShare
from explain.report.page import report_html
from tests.browser.conftest import LAPTOP
from tests.explain import reported

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def opened(watched, tmp_path):
    """A function that writes a report and opens it; a complaint in the console or a call to anywhere fails the test."""
    called = []

    def open_report(explanations, caption=None, evidence=None, **options):
        path = tmp_path / "report.html"
        caption = caption or reported.caption()
        text = report_html(reported.model(), reported.study(), caption, explanations, evidence)
        path.write_text(text, encoding="utf-8")
        page = watched(**options)
        page.on("request", lambda request: called.append(request.url[:60]))
        page.goto(path.as_uri())
        page.wait_for_selector('.word[aria-selected="true"]')
        return page

    yield open_report
    assert [url for url in called if not url.startswith(("file:", "data:"))] == []


def canvas(page, view=0):
    """int `(rows, columns, 4)`: the map drawn over a view, red, green, blue and opacity."""
    height, values = page.evaluate(
        """(view) => {
          const canvas = document.querySelectorAll(".view canvas")[view];
          const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let text = "";
          for (let i = 0; i < image.data.length; i += 8192)
            text += String.fromCharCode(...image.data.subarray(i, i + 8192));
          return [canvas.height, btoa(text)];
        }""",
        view,
    )
    return np.frombuffer(base64.b64decode(values), np.uint8).reshape(height, -1, 4).astype(int)


def test_a_click_and_the_keys_choose_a_word_and_both_maps_follow(opened):
    page = opened([reported.explanation()])
    before = [canvas(page, view) for view in (0, 1)]
    assert all(picture[..., 3].max() > 0 for picture in before)
    page.locator(".word").nth(1).click()
    assert page.locator("#title").text_content() == "heart" and page.locator("#probability").text_content() == "33%"
    assert page.locator("#alternatives li").all_text_contents()[1] == "end of impression5%"
    for view, old in zip((0, 1), before):
        assert np.abs(canvas(page, view) - old).max() > 20
    expected = reported.explanation().maps[1].sum(axis=(1, 2))
    shares = [f"{share:.0%}" for share in expected / expected.sum()]
    assert page.locator(".share").all_text_contents() == shares
    for key, text in (
        ("ArrowRight", "full stop"),
        ("ArrowRight", "full stop"),
        ("Home", "large"),
        ("ArrowDown", "heart"),
    ):
        page.keyboard.press(key)
        assert page.locator("#title").text_content() == text
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")  # nothing has the keyboard: the page listens
    assert page.locator("#title").text_content() == "large"
    np.testing.assert_array_equal(canvas(page), before[0])


def test_the_canvas_shows_what_the_heatmap_says(opened):
    page = opened([reported.explanation()])
    drawn = canvas(page)
    heat = heatmap.spread(heatmap.scale(reported.explanation().maps)[0, 0], drawn.shape[:2])
    # Strength is opacity: 0.75 of it at the most.
    assert np.abs(drawn[..., 3] / 255 / 0.75 - heat).mean() < 0.01
    page.select_option("#cells", "raw")
    cells = heatmap.spread(heatmap.scale(reported.explanation().maps)[0, 0], drawn.shape[:2], smooth=False)
    assert np.abs(canvas(page)[..., 3] / 255 / 0.75 - cells).mean() < 0.01


def test_maps_with_two_signs_have_two_colours_and_the_method_can_be_switched(opened):
    signed = reported.explanation(method="occlusion", signed=True, grid=False)
    page = opened([reported.explanation(), signed])
    page.select_option("#method", "1")
    page.select_option("#cells", "raw")
    drawn = canvas(page)
    middle = (np.arange(4) * 2 + 1) * drawn.shape[0] // 8, (np.arange(4) * 2 + 1) * drawn.shape[1] // 8
    red_over_blue = drawn[middle[0]][:, middle[1]]
    np.testing.assert_array_equal(red_over_blue[..., 0] > red_over_blue[..., 2], signed.maps[0, 0] > 0)
    assert page.locator("#scale-low").text_content() == "against"


def test_the_sliders_change_the_drawing(opened):
    page = opened([reported.explanation()])
    page.locator("#opacity").evaluate("(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    assert canvas(page)[..., 3].max() == 0
    page.locator("#opacity").evaluate("(slider) => { slider.value = 75; slider.dispatchEvent(new Event('input')); }")
    own = canvas(page)
    page.select_option("#over", "impression")
    top = reported.explanation().maps
    assert canvas(page)[..., 3].max() == pytest.approx(own[..., 3].max() * top[0].max() / top.max(), abs=2)


def test_the_evidence_follows_the_word(opened):
    pictures = PictureShare(0.8, 0.1, 0.2, 0.5, None)
    page = opened([reported.explanation()], evidence={0: (pictures, AreaOcclusion(0.8, 0.3, np.full(99, 0.7), 0.1))})
    assert "rests on the marked area" in page.locator("#verdict").text_content()
    assert page.locator("#shown li").all_text_contents()[:2] == ["this study80%", "the frontal alone50%"]
    page.keyboard.press("ArrowRight")
    assert not page.locator("#evidence").is_visible()


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_follows_the_colour_scheme(opened, viewport, scheme):
    long = reported.caption(texts=("cardiomegaly",) * 30 + ("pneumo" * 30,))
    page = opened([reported.explanation(31)], long, viewport=viewport, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    ground = re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (int(ground[0]) < 60) == (scheme == "dark")
    assert page.locator("header .warning").is_visible()
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible() and page.locator("header .warning").is_visible()


def test_hostile_words_do_nothing(opened):
    page = opened([reported.explanation()], caption=reported.caption(texts=("large", reported.HOSTILE, ".")))
    page.locator(".word").nth(1).click()
    assert page.locator("#title").text_content() == reported.HOSTILE
    assert page.locator("img").count() == 2


def test_a_finding_takes_the_words_place_and_its_words_are_linked(watched, tmp_path):
    seen = reported.explained_findings()
    caption = reported.caption(texts=("mild", "cardiomegaly", "."))
    path = tmp_path / "report.html"
    text = report_html(reported.model(), reported.study(), caption, [reported.explanation()], seen=seen)
    path.write_text(text, encoding="utf-8")
    page = watched()
    page.goto(path.as_uri())
    page.wait_for_selector('.word[aria-selected="true"]')
    before = [canvas(page, view) for view in (0, 1)]
    names = page.locator(".finding-name").all_text_contents()
    assert names == ["effusion, left", "cardiomegaly", "hernia"]
    page.locator(".finding").nth(1).click()
    for view, old in zip((0, 1), before):
        assert np.abs(canvas(page, view) - old).max() > 20
    assert page.locator("#title").text_content() == "cardiomegaly"
    assert page.locator("#probability").text_content() == "9%" and page.locator("#alternatives").is_hidden()
    assert page.locator(".word.linked").all_text_contents() == ["cardiomegaly"]
    assert "The impression says cardiomegaly; the head gives it 9%." in page.locator("#where").inner_text()
    shares = seen[0][0].map.sum(axis=(1, 2))
    assert page.locator(".share").all_text_contents() == [f"{share:.0%}" for share in shares]
    page.locator(".word").nth(1).click()  # and back: the word says which finding it states
    assert page.locator("#title").text_content() == "cardiomegaly" and page.locator("#alternatives").is_visible()
    assert page.locator(".finding.linked .finding-name").all_text_contents() == ["cardiomegaly"]
    page.locator(".finding").nth(0).focus()
    page.keyboard.press("Enter")
    assert page.locator("#title").text_content() == "effusion, left"
    page.keyboard.press("Enter")
    assert page.locator(".finding[aria-pressed='true']").count() == 0
