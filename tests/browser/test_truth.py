"""Examples say that they are drawn and what was planted; the verdict and the outline stand beside the impression."""

import json

import cv2
import numpy as np
import pytest

from panels.server.model_pool import ModelPool
from tests.browser.layout import boxes
from tests.stand_in import SENTENCES, StandIn, draw_chest, serve

SQUARE = (0.25, 0.5, 0.5, 0.75)  # top, left, bottom, right of what is planted in the frontal picture


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A page with two examples; in the first an effusion on the left lies in a square, the other shows nothing."""
    folder = tmp_path_factory.mktemp("planted")
    for name, bright in (("fluid", True), ("quiet", False)):
        cv2.imwrite(str(folder / f"{name}.png"), draw_chest(200, 200, bright=bright))
    mask = np.zeros((200, 200), np.uint8)
    mask[50:100, 100:150] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    finding = {"name": "effusion", "side": "left", "zone": "lower", "words": ["effusion"], "masks": ["mask.png", None]}
    entries = [
        {
            "name": "fluid",
            "title": "Fluid",
            "frontal": "fluid.png",
            "lateral": None,
            "impression": "left effusion . atelectasis .",
            "findings": [finding],
        },
        {
            "name": "quiet",
            "title": "Quiet",
            "frontal": "quiet.png",
            "lateral": None,
            "impression": "no acute disease .",
            "findings": [],
        },
    ]
    (folder / "index.json").write_text(json.dumps(entries), encoding="utf-8")
    with serve(ModelPool({"one": "one"}, lambda name: StandIn(name)).start(), folder) as url:
        yield url


def _show(page, name="fluid"):
    page.click(f'#examples button[data-name="{name}"]')
    page.wait_for_function(f"document.querySelector('.cxr-reference').textContent.toLowerCase().includes('“{name}”')")


def test_the_card_and_the_impression_say_that_it_is_drawn_and_how_right_the_model_was(visit, planted):
    page = visit(planted)
    assert set(page.locator(".cxr-drawn").all_text_contents()) == {"computer-drawn"}
    _show(page)
    assert SENTENCES["bright"].startswith("large right pleural effusion with overlying atelectasis")
    assert "phantom drawn by a computer" in page.locator(".cxr-reference").text_content()
    assert (
        page.locator(".cxr-judged")
        .text_content()
        .startswith("Atelectasis: finding right. Effusion: finding right, side wrong (left is true, right is said).")
    )
    assert page.locator(".cxr-judged").get_attribute("data-right") == "false"
    _show(page, "quiet")
    assert page.locator(".cxr-judged").get_attribute("data-right") == "true"
    assert page.locator(".cxr-planted").is_hidden()  # nothing was planted


def test_the_outline_comes_after_the_first_look_and_one_key_takes_it_away(visit, planted):
    page = visit(planted)
    _show(page)
    edge = page.locator('.cxr-view[data-view="frontal"] .cxr-planted-edge')
    assert edge.is_hidden() and not page.locator(".cxr-outline").is_checked()
    page.keyboard.press("ArrowRight")
    assert edge.is_visible() and page.locator(".cxr-outline").is_checked()
    frontal = '.cxr-view[data-view="frontal"]'
    picture, shape = boxes(page, f"{frontal} .cxr-picture", f"{frontal} .cxr-planted-edge polygon")
    top, left, bottom, right = SQUARE
    assert shape["x"] - picture["x"] == pytest.approx(left * picture["width"], abs=4)
    assert shape["y"] - picture["y"] == pytest.approx(top * picture["height"], abs=4)
    assert shape["width"] == pytest.approx((right - left) * picture["width"], abs=7)
    assert shape["height"] == pytest.approx((bottom - top) * picture["height"], abs=7)
    page.keyboard.press("o")
    assert edge.is_hidden()
    page.reload()  # what a visitor switched off stays off
    _show(page)
    page.keyboard.press("ArrowRight")
    assert page.locator(".cxr-planted-edge").is_hidden()
    page.locator(".cxr-outline").check()
    assert page.locator(".cxr-planted-edge").is_visible()
