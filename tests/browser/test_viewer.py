"""The word viewer, driven in Chromium as a person would: click, hover, keys, play, and how the maps are drawn."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from explain import heatmap
from tests.browser.canvas import chosen, heat, set_opacity, words
from tests.browser.layout import still_box
from tests.stand_in import SENTENCES, StandIn

DARK = SENTENCES["dark"].split()


def _maps(views=(True, True)):
    """The attention of the stand-in's words for the example "quiet": float32 (words, views, rows, columns)."""
    model = StandIn()
    return np.stack([model._word(text, number, views).attention for number, text in enumerate(DARK)])


def test_an_example_gives_words_maps_and_shares(page):
    assert words(page) == DARK
    assert chosen(page) == DARK[0]
    shares = page.locator(".cxr-share").all_text_contents()
    expected = _maps()[0].sum(axis=(1, 2))
    assert shares == [f"{round(share * 100)}%" for share in expected.tolist()]
    for view in ("frontal", "lateral"):
        assert heat(page, view)[..., 3].max() > 0
        assert page.locator(f'.cxr-view[data-view="{view}"] img').evaluate("(image) => image.naturalWidth") == 240
    assert page.locator(".cxr-alternatives li").count() == 5
    assert "no acute disease ." in page.locator(".cxr-reference").text_content()
    assert "Not for clinical use" in page.locator(".cxr-warning").text_content()


def test_arrow_keys_step_and_both_maps_follow(page):
    before = [heat(page, view).copy() for view in ("frontal", "lateral")]
    page.keyboard.press("ArrowRight")  # nothing has the keyboard yet: the page listens
    assert chosen(page) == DARK[1]
    for view, old in zip(("frontal", "lateral"), before):
        assert np.abs(heat(page, view).astype(int) - old).max() > 20
    page.locator('.cxr-word[aria-selected="true"]').focus()
    for key, word in (
        ("End", DARK[-1]),
        ("ArrowRight", DARK[-1]),
        ("ArrowLeft", DARK[-2]),
        ("Home", DARK[0]),
        ("ArrowUp", DARK[0]),
        ("ArrowDown", DARK[1]),
    ):
        page.keyboard.press(key)
        assert chosen(page) == word
        assert page.evaluate("document.activeElement.textContent") == word


def test_the_next_frame_shows_the_next_word_without_asking_the_server(page):
    """Counted in frames: how long a frame takes is for the benchmarks, and this machine may be busy."""
    page.evaluate(
        """() => {
          const canvas = document.querySelector('.cxr-view[data-view="frontal"] canvas');
          const pixels = () => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          const sum = () => pixels().reduce((a, b) => a + b, 0);
          window.shownInTheNextFrame = [];
          let last = sum();
          document.addEventListener("keydown", () => requestAnimationFrame(() => setTimeout(() => {
            const now = sum();  // after the frame that follows the key
            window.shownInTheNextFrame.push(now !== last);
            last = now;
          })), true);
        }"""
    )
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for press in range(20):
        page.keyboard.press("ArrowRight" if press < 10 else "ArrowLeft")
        page.wait_for_function(f"window.shownInTheNextFrame.length === {press + 1}")
    assert page.evaluate("window.shownInTheNextFrame") == [True] * 20
    assert not [url for url in asked if "/queue/join" in url or "/run/" in url]


def test_hover_previews_and_a_click_stays(page):
    first = heat(page).copy()
    page.locator(".cxr-word").nth(3).hover()
    assert page.locator(".cxr-word.cxr-on").text_content() == DARK[3]
    assert page.locator(".cxr-word-title").text_content() == DARK[3]
    assert chosen(page) == DARK[0]
    page.mouse.move(5, 400)
    assert page.locator(".cxr-word.cxr-on").text_content() == DARK[0]
    np.testing.assert_array_equal(heat(page), first)
    page.locator(".cxr-word").nth(3).click()
    page.mouse.move(5, 400)
    assert chosen(page) == DARK[3]


def test_play_walks_to_the_end_and_stops(page):
    page.locator(".cxr-word").nth(len(DARK) - 3).click()
    page.mouse.move(5, 400)
    play = page.locator(".cxr-play")
    play.click()
    assert play.get_attribute("aria-pressed") == "true" and play.get_attribute("aria-label") == "Pause"
    page.wait_for_function("document.querySelector('.cxr-play').getAttribute('aria-pressed') === 'false'")
    assert page.locator('.cxr-word[aria-selected="true"]').evaluate(
        "(word) => word === word.parentElement.lastElementChild"
    )
    page.locator('.cxr-word[aria-selected="true"]').focus()
    page.keyboard.press("Space")  # from the end it begins again
    assert chosen(page) == DARK[0]
    page.keyboard.press("Space")
    assert play.get_attribute("aria-pressed") == "false"


def _expected(page, map_, colours, opacity, smooth, extent=heatmap.WHOLE):
    """What Python paints for a map at the size of the canvas."""
    shape = heat(page).shape[:2]
    strength = heatmap.spread(map_, shape, extent, smooth)
    return heatmap.colour_table(colours)[np.round(strength * 255).astype(int)], strength * opacity


@pytest.mark.parametrize(("draw", "colours"), [("raw", "cividis"), ("smooth", "inferno")])
@pytest.mark.parametrize("scale", ["word", "impression"])
def test_the_browser_paints_what_python_paints(page, draw, colours, scale):
    page.locator(f'.cxr-choice input[value="{draw}"]').check()
    page.locator(f'.cxr-choice input[value="{scale}"]').check()
    page.locator(".cxr-colours").select_option(colours)
    set_opacity(page, 100)
    page.locator(".cxr-word").nth(2).click()
    page.mouse.move(5, 400)
    colour, alpha = _expected(page, heatmap.scale(_maps(), scale)[2, 0], colours, 1.0, draw == "smooth")
    painted = heat(page).astype(float)
    difference = np.abs(painted[..., 3] / 255 - alpha)
    # Raw cells may differ by the one pixel that lies on a border between two cells.
    assert np.quantile(difference, 0.95) < 0.02
    strong = alpha > 0.3
    assert strong.any()
    assert np.quantile(np.abs(painted[..., :3] - colour)[strong], 0.95) < 12


def test_opacity_colours_and_cells_change_the_map_at_once(page):
    seen = [heat(page).copy()]
    changes = [
        lambda: set_opacity(page, 20),
        lambda: page.locator(".cxr-colours").select_option("viridis"),
        lambda: page.locator('.cxr-choice input[value="raw"]').check(),
    ]
    for change in changes:
        change()
        seen.append(heat(page).copy())
        assert np.abs(seen[-1].astype(int) - seen[-2]).max() > 10
    assert seen[1][..., 3].max() <= round(0.2 * 255)
    set_opacity(page, 0)
    assert heat(page)[..., 3].max() == 0


def test_contours_run_where_the_map_passes_a_quarter_a_half_and_three_quarters(page):
    page.locator('.cxr-choice input[value="contour"]').check()
    drawn = heat(page)[..., 3] > 60
    strength = heatmap.spread(heatmap.scale(_maps())[0, 0], drawn.shape)
    near = [np.abs(strength - level) < 0.06 for level in (0.25, 0.5, 0.75)]
    assert 0.001 < drawn.mean() < 0.2
    assert np.any(near, axis=0)[drawn].mean() > 0.9
    assert all((drawn & band).any() for band in near)


def test_both_views_are_zoomed_and_moved_in_step(page):
    layers = page.locator(".cxr-picture img, .cxr-picture canvas")

    def shown():
        return set(layers.evaluate_all("(layers) => layers.map((layer) => layer.style.transform)"))

    page.locator(".cxr-zoom-in").click()
    assert len(shown()) == 1 and "scale(1.6)" in shown().pop()
    before = shown()
    frame = still_box(page.locator('.cxr-view[data-view="frontal"] .cxr-picture'))
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y - 30, steps=3)
    page.mouse.up()
    assert len(shown()) == 1 and shown() != before
    # The reading follows the picture: dragged far right, the left edge of the frame shows the first column.
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + frame["width"], y, steps=3)
    page.mouse.up()
    page.mouse.move(frame["x"] + 4, y)
    assert "column 1:" in page.locator('.cxr-view[data-view="frontal"] .cxr-reading').text_content()
    page.mouse.dblclick(x, y)
    assert shown() == {"none"}
    page.locator('.cxr-word[aria-selected="true"]').focus()
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert shown() == {"none"} and page.locator(".cxr-zoom-out").is_disabled()


def test_the_reading_under_the_pointer(page):
    canvas = still_box(page.locator('.cxr-view[data-view="lateral"] canvas'))
    reading = page.locator('.cxr-view[data-view="lateral"] .cxr-reading')
    page.mouse.move(canvas["x"] + canvas["width"] * 6.5 / 7, canvas["y"] + canvas["height"] * 1.5 / 7)
    value = _maps()[0, 1, 1, 6]
    expect(reading).to_contain_text(f"row 2, column 7: {value * 100:.2f}% of the attention")
    page.mouse.move(5, 400)
    expect(reading).to_have_text("240 × 300 pixels")


def test_a_screen_reader_hears_where_each_word_looked(page):
    page.keyboard.press("ArrowRight")
    spoken = page.locator(".cxr-spoken").text_content()
    assert re.match(
        r"size: probability \d+%; \d+% frontal, strongest at the picture’s [a-z]+, [a-z]+ zone; "
        r"\d+% lateral, strongest at the [a-z’ ]+, [a-z]+ third$",
        spoken,
    )
    label = page.locator('.cxr-view[data-view="frontal"] canvas').get_attribute("aria-label")
    assert label.startswith("Heatmap of “size” on the frontal view")
    assert page.locator(".cxr-words").get_attribute("role") == "listbox"
    assert page.locator('.cxr-word[tabindex="0"]').count() == 1


def test_alternatives_show_as_text_and_the_chosen_one_is_marked(example):
    page = example("effusion")
    texts = page.locator(".cxr-alternative-text").all_text_contents()
    assert "<b>left</b>" in texts and "end of impression" in texts
    assert page.locator(".cxr-alternatives .cxr-chosen .cxr-alternative-text").all_text_contents() == ["large"]
    widths = page.locator(".cxr-alternatives i").evaluate_all(
        "(bars) => bars.map((bar) => bar.getBoundingClientRect().width)"
    )
    assert widths == sorted(widths, reverse=True) and widths[0] > widths[-1]


def test_certain_words_are_tinted_more(page):
    certainty = np.array(
        page.locator(".cxr-word").evaluate_all(
            "(words) => words.map((word) => Number(word.style.getPropertyValue('--certainty')))"
        )
    )
    tints = page.locator(".cxr-word").evaluate_all(
        "(words) => words.map((word) => getComputedStyle(word).backgroundColor)"
    )
    opacity = np.array([float(re.split(r"[,/ ]+", tint.rstrip(")"))[-1]) for tint in tints])
    unchosen = np.arange(len(DARK)) > 0
    assert np.corrcoef(certainty[unchosen], opacity[unchosen])[0, 1] > 0.99


def test_the_figure_of_all_words_is_downloaded(page, tmp_path):
    with page.expect_download() as download:
        page.locator(".cxr-figure").click()
    download.value.save_as(tmp_path / "figure.png")
    data = (tmp_path / "figure.png").read_bytes()
    assert data.startswith(b"\x89PNG") and len(data) > 20_000
    with page.expect_download():  # and once more, unchanged
        page.locator(".cxr-figure").click()
