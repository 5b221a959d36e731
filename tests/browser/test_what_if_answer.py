"""What if, in the browser: what the model makes of a change or a typed impression, and how that is told."""

import re

from tests.browser.test_full_queue import JOIN
from tests.browser.what_if import READY, open_tab, sentence, settle, slide
from tests.stand_in import SENTENCES, StandIn


def test_a_white_view_changes_the_impression_and_both_stand_aligned(bench):
    page = bench()
    slide(page, "Brightness, frontal", 100)
    settle(page)
    assert sentence(page).startswith("The impression changes.")
    rows = page.evaluate(
        """() => [0, 1].map((row) => [...document.querySelectorAll(".cxr-both .cxr-column")]
          .map((column) => column.children[row]).filter((cell) => cell.matches(".cxr-token"))
          .map((cell) => cell.textContent).join(" "))"""
    )
    assert rows == [SENTENCES["dark"], SENTENCES["bright"]]
    words = page.locator(".cxr-bars th[scope=row]").all_text_contents()
    assert words[:3] == SENTENCES["dark"].split()[:3] and words[-1] == "end of impression"
    before, after = [
        page.locator(f".cxr-bars tr:nth-child(1) i.cxr-{bar}").evaluate("(bar) => bar.getBoundingClientRect().width")
        for bar in ("was", "is")
    ]
    assert before > after > 0
    page.get_by_label("new words").check()
    assert page.locator(".cxr-bars th[scope=row]").first.text_content() == SENTENCES["bright"].split()[0]
    page.get_by_role("button", name="Reset all").click()
    settle(page)
    assert "Nothing is changed yet" in sentence(page)


def test_a_typed_impression_is_weighed_and_never_markup(unchanged):
    page = unchanged
    page.locator("#what-if-text").fill("<img src=x onerror=alert(1)> effusion")
    page.get_by_role("button", name="Weigh it").click()
    settle(page)
    assert "likely to the model" in sentence(page)
    assert "effusion" in page.locator(".cxr-bars th[scope=row]").all_text_contents()
    assert page.locator("#what-if img").count() == 0
    page.locator("#what-if-text").fill("...")
    page.get_by_role("button", name="Weigh it").click()
    page.wait_for_selector("#what-if .cxr-refusal:not([hidden])")
    page.get_by_role("button", name="Take it away").click()
    settle(page)
    assert page.locator("#what-if .cxr-refusal").is_hidden() and "Nothing is changed yet" in sentence(page)


def test_a_wish_that_was_lost_is_asked_again(unchanged):
    """The queue takes the wish, and no answer ever comes; after twenty seconds the panel asks anew."""
    page, lost = unchanged, []

    def lose_the_first(route):
        wish = route.request.post_data or ""
        if lost or '"swap"' not in wish:
            return route.continue_()
        lost.append(wish)
        route.fulfill(status=200, content_type="application/json", body='{"event_id": "lost"}')

    page.clock.install()
    page.route(JOIN, lose_the_first)
    slide(page, "Brightness, frontal", 100)
    with page.expect_request(JOIN):
        page.clock.run_for(1000)
    assert lost and page.locator(".cxr-found[aria-busy]").count() == 1
    page.clock.run_for(20_000)
    page.wait_for_function(READY)
    assert sentence(page).startswith("The impression changes.")


def test_before_any_study_it_says_what_to_do(visit):
    page = visit()
    open_tab(page)
    page.get_by_text("What would the model say if this were not there?").wait_for()


def test_with_no_picture_left_the_headline_says_that_nothing_was_seen(unchanged):
    page = unchanged
    page.locator('.cxr-sheet[data-view="frontal"] input[value="blank"]').check()
    settle(page)
    assert "without seeing anything" not in sentence(page)  # the lateral is there
    page.locator('.cxr-sheet[data-view="lateral"] input[value="absent"]').check()
    settle(page)
    assert sentence(page).startswith("This is what the model writes without seeing anything.")


def test_a_word_that_the_model_does_not_know_is_marked(unchanged):
    page = unchanged
    page.locator("#what-if-text").fill("heart is flabbergasted .")
    page.get_by_role("button", name="Weigh it").click()
    page.wait_for_function("document.querySelectorAll('.cxr-unknown').length === 1")
    assert page.locator("th:has(.cxr-unknown)").text_content().startswith("flabbergasted")
    assert "The model does not know “flabbergasted”" in sentence(page)


def test_after_a_refusal_the_same_refusal_and_a_full_queue_nothing_stays_dimmed(bench):
    page = bench()
    for _ in range(2):
        page.locator("#what-if-text").fill("...")
        page.get_by_role("button", name="Weigh it").click()
        page.wait_for_selector("#what-if .cxr-refusal:not([hidden])")
        page.wait_for_function(READY)
    page.evaluate(
        """document.querySelector(".cxr-found").setAttribute("aria-busy", "true");
        document.dispatchEvent(new CustomEvent("cxr-full", { detail: { state: "refused", wish: { swap: false } } }))"""
    )
    assert page.evaluate(READY) and "was not weighed" in sentence(page)


def told_shares(page):
    """[(view, when, share)] of the small pictures of a word's maps."""
    labels = page.locator(".cxr-before-after canvas").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('aria-label'))"
    )
    return [tuple(re.fullmatch(r"(\w+), (\w+): (\d+%) of the attention for .*", label).groups()) for label in labels]


def test_the_map_after_stands_beside_the_map_before(bench):
    page = bench()
    before, alone = (StandIn()._word("heart", 0, views).view_share for views in ((True, True), (True, False)))
    share = [f"{round(float(part) * 100)}%" for part in before]
    page.locator(".cxr-look").first.press("Enter")
    assert told_shares(page) == [("frontal", "before", share[0]), ("lateral", "before", share[1])]
    assert page.evaluate("document.activeElement.className") == "cxr-look"
    page.locator('.cxr-sheet[data-view="lateral"] input[value="absent"]').check(force=True)
    settle(page)
    page.wait_for_function("document.querySelectorAll('.cxr-before-after canvas').length === 4")
    assert told_shares(page)[2:] == [
        ("frontal", "after", f"{round(float(alone[0]) * 100)}%"),
        ("lateral", "after", "0%"),
    ]
    page.locator('.cxr-sheet[data-view="lateral"] input[value="shown"]').check(force=True)
    slide(page, "Brightness, frontal", -60)
    settle(page)
    page.wait_for_function("document.querySelectorAll('.cxr-before-after canvas').length === 4")
    # The picture under the map is the changed one; the lateral stays.
    frontal, lateral, changed, same = page.locator(".cxr-before-after canvas").evaluate_all(
        "(all) => all.map((canvas) => canvas.toDataURL())"
    )
    assert frontal != changed and lateral == same
    page.locator(".cxr-look").first.click()
    assert page.locator(".cxr-before-after").is_hidden()
