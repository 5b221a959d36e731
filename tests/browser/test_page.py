"""The page around the viewer: uploads, bad input, the search, checkpoints, several visitors, phones, dark, loading."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from panels.server.model_pool import ModelPool
from tests.browser.canvas import chosen, heat, refresh, words
from tests.browser.layout import boxes
from tests.browser.schemes import show_in
from tests.stand_in import BEAM_SENTENCE, SENTENCES, StandIn, draw_chest, serve

DARK, BRIGHT = (SENTENCES[key].split() for key in ("dark", "bright"))


def _upload(page, frontal=None, lateral=None):
    page.get_by_role("tab", name="Your X-rays").click()
    for view, path in (("frontal", frontal), ("lateral", lateral)):
        if path is not None:
            page.locator(f"#upload-{view} input[type=file]").set_input_files(str(path))
            page.wait_for_selector(f"#preview-{view} .cxr-preview")


def _write(page):
    page.locator("#run").click()


@pytest.fixture
def chest(tmp_path):
    """A frontal of 16 bits and a lateral, neither square."""
    frontal, lateral = tmp_path / "chest.png", tmp_path / "side.jpg"
    cv2.imwrite(str(frontal), draw_chest(500, 400, bright=True).astype(np.uint16) * 257)
    cv2.imwrite(str(lateral), draw_chest(420, 300, lateral=True))
    return frontal, lateral


def test_of_two_examples_in_quick_succession_the_last_is_shown(visit, captioners, monkeypatch):
    """The first is still being read when the second is chosen, as happens to whoever is quicker than the page's own."""
    page, model = visit(), captioners["default"]
    encode, reading, go_on = model.encode, threading.Event(), threading.Event()

    def slow(study):
        reading.set()
        go_on.wait(30)
        return encode(study)

    monkeypatch.setattr(model, "encode", slow)
    page.click('#examples button[data-name="quiet"]')
    assert reading.wait(30)
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_timeout(500)
    go_on.set()
    page.wait_for_function("document.querySelector('#viewer').textContent.includes('right effusion .')")
    assert words(page) == BRIGHT
    assert page.get_attribute('#examples button[data-name="effusion"]', "aria-pressed") == "true"


def test_two_uploads_become_an_impression_and_keep_their_shape(visit, chest):
    page = visit()
    _upload(page, *chest)
    assert page.locator("#preview-frontal img").evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [
        240,
        300,
    ]
    _write(page)
    page.wait_for_selector(".cxr-word")
    assert words(page) == BRIGHT
    for view, shape in (("frontal", 400 / 500), ("lateral", 300 / 420)):
        for part in ("img", "canvas"):
            box = page.locator(f'.cxr-view[data-view="{view}"] {part}').bounding_box()
            assert box["width"] / box["height"] == pytest.approx(shape, rel=0.02)
    assert "400 × 500 pixels" in page.locator('.cxr-view[data-view="frontal"] .cxr-reading').text_content()
    assert page.locator(".cxr-reference").is_hidden()


def test_a_missing_lateral_is_said(visit, chest):
    page = visit()
    _upload(page, chest[0])
    _write(page)
    page.wait_for_selector(".cxr-word")
    assert "lateral" in page.locator(".cxr-notices").text_content()
    assert "There is no lateral view" in page.locator(".cxr-absent").text_content()
    assert page.locator(".cxr-share").all_text_contents() == ["100%"]
    assert page.locator(".cxr-balance").is_hidden()


def test_junk_gets_one_sentence_and_the_page_goes_on(visit, chest, tmp_path):
    page = visit()
    junk = tmp_path / "<img src=x onerror=alert(1)>.png"
    junk.write_bytes(b"no picture at all" * 20)
    page.on("dialog", lambda dialog: pytest.fail("the name of a file was run as a program"))
    _upload(page, junk)
    preview = page.locator("#preview-frontal").text_content()
    _write(page)
    page.wait_for_selector(".cxr-refusal:not([hidden])")
    sentence = page.locator(".cxr-refusal").text_content()
    assert sentence.strip() == preview.strip() and "onerror" in sentence and sentence.endswith(".")
    assert page.locator('[data-testid="toast-body"]').count() == 1
    assert page.locator("img[src=x]").count() == 0
    page.locator('#upload-frontal button[aria-label="Clear"]').click()
    _upload(page, chest[0])
    _write(page)
    page.wait_for_selector(".cxr-word")
    assert words(page) == BRIGHT


def test_nothing_chosen_asks_for_a_picture(visit, chest):
    page = visit()
    page.get_by_role("tab", name="Your X-rays").click()
    _write(page)
    page.wait_for_selector(".cxr-refusal:not([hidden])")
    assert "frontal X-ray" in page.locator(".cxr-refusal").text_content()
    _upload(page, lateral=chest[1])
    _write(page)
    page.wait_for_function("document.querySelector('.cxr-refusal').textContent.includes('frontal view is needed')")


def test_another_search_uses_the_kept_features(example, captioners):
    page = example()
    encoded = captioners["default"].encoded
    assert page.locator("#beam-width").count() == 0 or page.locator("#beam-width").is_hidden()
    page.locator("#decoding").get_by_label("Beam").check()
    page.wait_for_function(f"document.querySelector('.cxr-words').textContent === {BEAM_SENTENCE.replace(' ', '')!r}")
    assert "beam search, width 3" in page.locator(".cxr-run").text_content()
    page.locator("#beam-width input[type=number]").fill("7")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('.cxr-run').textContent.includes('width 7')")
    page.locator("#decoding").get_by_label("Greedy").check()
    page.wait_for_function("document.querySelector('.cxr-run').textContent.includes('greedy')")
    assert words(page) == DARK
    assert captioners["default"].encoded == encoded


def _choose_checkpoint(page, name):
    page.locator("#checkpoint").get_by_label(name).check()
    page.wait_for_function(f"document.querySelector('.cxr-run').textContent.startsWith({name!r})")


def test_a_three_by_three_grid_lies_over_the_pixels_it_covers(example):
    page = example()
    _choose_checkpoint(page, "three-by-three")
    page.locator('.cxr-choice input[value="raw"]').check()
    map_ = heat(page)[..., 3]
    rows, columns = map_.shape
    assert map_[: int(rows * 0.85), : int(columns * 0.85)].any(axis=1).all()
    assert map_[int(rows * 0.865) :].max() == 0 and map_[:, int(columns * 0.865) :].max() == 0


def test_a_checkpoint_without_attention_says_so(example):
    page = example()
    _choose_checkpoint(page, "no-attention")
    assert words(page) == DARK
    assert "no attention" in page.locator(".cxr-word-maps").text_content()
    assert heat(page)[..., 3].max() == 0
    assert page.locator(".cxr-share").all_text_contents() == ["", ""]


def test_two_visitors_see_each_their_own_study(example):
    first, second = example("quiet"), example("effusion")
    for page, expected in ((first, DARK), (second, BRIGHT)):
        assert words(page) == expected
        page.locator("#decoding").get_by_label("Beam").check()
        page.wait_for_function("document.querySelector('.cxr-run').textContent.includes('beam')")
        page.locator("#decoding").get_by_label("Greedy").check()
        page.wait_for_function("document.querySelector('.cxr-run').textContent.includes('greedy')")
    assert words(first) == DARK and words(second) == BRIGHT


def test_a_refresh_begins_anew(example):
    page = example()
    refresh(page)
    page.wait_for_selector(".cxr-empty", state="visible")
    assert page.locator(".cxr-result").is_hidden()


def test_phone_stacks_the_views_and_nothing_is_cut_off(example):
    page = example(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, reduced_motion="reduce")
    frontal, lateral = boxes(page, *(f'.cxr-view[data-view="{view}"]' for view in ("frontal", "lateral")))
    assert frontal["y"] + frontal["height"] <= lateral["y"] + 1
    assert frontal["width"] > 330
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".cxr-word").nth(2).tap()
    assert chosen(page) == DARK[2]
    assert page.locator(".cxr-next").bounding_box()["height"] >= 44  # large enough for a thumb
    page.locator(".cxr-next").tap()
    assert chosen(page) == DARK[3]
    assert DARK[3] in page.locator(".cxr-now").text_content()


@pytest.mark.parametrize(("motion", "expected"), [("reduce", "0s"), ("no-preference", "0.12s")])
def test_reduced_motion_moves_nothing(page, motion, expected):
    page.emulate_media(reduced_motion=motion)
    assert page.locator(".cxr-balance-bar i").evaluate("(bar) => getComputedStyle(bar).transitionDuration") == expected


# Contrast as WCAG 2.1 defines it, of every text in the header, the side and the panels, against what lies behind it.
CONTRAST = """() => {
  const parse = (text) => {
    const n = text.match(/[\\d.]+/g).map(Number), unit = text.includes("srgb") ? 255 : 1;
    return [...n.slice(0, 3).map((v) => v * unit), n[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const ground = (node) => {
    const layers = [];
    for (let at = node; at && !layers.some((layer) => layer[3] === 1); at = at.parentElement)
      layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const linear = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const poor = [];
  for (const node of document.querySelectorAll("#header *, #side *, #answer *")) {
    const text = [...node.childNodes].map((child) => (child.nodeType === 3 ? child.data.trim() : "")).join("");
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    if (!text || !box.width || !box.height || style.clipPath !== "none" || style.fontSize === "0px") continue;
    if (style.visibility === "hidden" || node.closest(".cxr-picture")) continue;
    const back = ground(node), front = over(parse(style.color), back);
    const [more, less] = [light(front), light(back)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (more + 0.05) / (less + 0.05);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough_in_light_and_dark(page, scheme):
    show_in(page, scheme)
    assert page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
    assert page.evaluate(CONTRAST) == []
    page.get_by_role("tab", name="Your X-rays").click()
    assert page.evaluate(CONTRAST) == []
    page.get_by_role("tab", name="Examples").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed (pip install axe-playwright-python)"
    )
    show_in(page, scheme)
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    assert len(found["passes"]) > 20
    serious = [entry["id"] for entry in found["violations"] if entry["impact"] in ("serious", "critical")]
    assert serious == []


def test_the_keyboard_alone_reaches_an_example_the_words_and_the_settings(visit):
    page = visit()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.name") == "quiet":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".cxr-word")
    reached = []
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.className.toString()"))
        if "cxr-figure" in reached[-1]:
            break
    seen = [next((part for part in name.split() if part.startswith("cxr-")), "") for name in reached]
    order = ["cxr-word", "cxr-previous", "cxr-play", "cxr-next", "cxr-opacity", "cxr-colours", "cxr-figure"]
    assert [name for name in seen if name in order] == order
    page.keyboard.press("Shift+Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_the_page_answers_while_the_model_loads(visit, tmp_path):
    ready = threading.Event()

    def load(folder):
        ready.wait(20)
        return StandIn(folder)

    pool = ModelPool({"slow": "slow"}, load).start()
    try:
        with serve(pool, tmp_path) as url:
            page = visit(url)
            page.wait_for_selector('.cxr-model[data-state="loading"]')
            assert "loading" in page.locator(".cxr-model").text_content()
            ready.set()
            page.wait_for_selector('.cxr-model[data-state="ready"]')
            page.goto("about:blank")
    finally:
        ready.set()
