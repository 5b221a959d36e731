"""The findings beside the impression, driven in Chromium by pointer and by keys, and the decoder steered."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from captioner import load
from panels.server.model_pool import ModelPool
from panels.viewer import method
from tests.browser.canvas import chosen, heat, refresh
from tests.browser.layout import still_box
from tests.browser.schemes import SCHEMES
from tests.stand_in import StandIn, ToldStandIn, serve, write_examples

PHONE = {"width": 390, "height": 844}
SHOWN = ["effusion, right", "cardiomegaly", "edema or congestion", "atelectasis"]


@pytest.fixture(scope="module")
def told_address(tmp_path_factory):
    """The address of a page with a stand-in that has a finding head, and one that has none."""
    captioners = {"told": ToldStandIn("told"), "silent": StandIn("silent")}
    pool = ModelPool({name: name for name in captioners}, captioners.__getitem__).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url


def _open_findings(page, address):
    page.goto(address)
    page.click('#examples button[data-name="effusion"]')
    page.wait_for_selector(".cxr-finding")
    page.wait_for_function("document.querySelector('.cxr-words').textContent.includes('effusion')")
    return page


@pytest.fixture
def told(watched, told_address):
    """A function that opens the page with the example "effusion" and its findings."""

    def open_page(**options):
        return _open_findings(watched(**options), told_address)

    return open_page


@pytest.fixture(scope="module")
def kept_findings(keep, told_address):
    return _open_findings(keep(), told_address)


@pytest.fixture
def listed(kept_findings):
    """That page, shared by the tests which only choose findings: the first word is chosen, and no finding."""
    page = kept_findings
    page.locator("#viewer .cxr-readers-close").evaluate("(button) => button.click()")
    page.locator(".cxr-word").first.click()
    page.mouse.move(5, 400)
    yield page
    assert page.complaints == []


def finding(page, name):
    return page.locator(f'.cxr-finding:has(.cxr-finding-name:text-is("{name}"))')


def names(page):
    return page.locator(".cxr-finding:visible .cxr-finding-name").all_text_contents()


def linked_words(page):
    return page.locator(".cxr-word.cxr-linked").all_text_contents()


def test_findings_stand_likeliest_first_and_the_rest_is_folded(listed):
    page = listed
    assert names(page) == SHOWN
    states = page.locator(".cxr-finding:visible .cxr-finding-state").all_text_contents()
    assert states == ["seen and written", "seen, not written", "unsure", "written, not seen"]
    assert page.locator(".cxr-findings-apart li").all_text_contents() == [
        "The head sees cardiomegaly, 55%; the impression does not say it.",
        "The head is unsure of edema or congestion, 32% with a threshold of 30%; the impression does not say it.",
        "The impression says atelectasis, right; the head gives it 6%.",
    ]
    bar = finding(page, "effusion, right").locator(".cxr-finding-length").evaluate("(bar) => bar.style.width")
    assert float(bar.rstrip("%")) == pytest.approx(82)
    page.click(".cxr-findings-more")
    assert len(names(page)) == 13 and page.get_attribute(".cxr-findings-more", "aria-expanded") == "true"
    page.click(".cxr-findings-more")
    assert names(page) == SHOWN


def test_below_the_verdict_it_is_told_whether_what_is_wrong_was_not_seen_or_not_said(told):
    page = told()
    assert page.locator(".cxr-judged").text_content() == "Effusion: finding and side right. Atelectasis: made up."
    assert page.locator(".cxr-faults li").all_text_contents() == [
        "Atelectasis: Said without being seen, a word from language; the reference does not state it. "
        "The head gives it 6% with a threshold of 30%."
    ]
    page.click('#examples button[data-name="quiet"]')  # nothing to be found, and nothing found
    page.wait_for_function("document.querySelector('.cxr-words').textContent.includes('lungs')")
    expect(page.locator(".cxr-faults li")).to_have_count(0)


def test_a_finding_shows_its_map_and_its_words_without_asking_the_server(listed):
    page, asked = listed, []
    before = [heat(page, view).copy() for view in ("frontal", "lateral")]
    page.on("request", lambda request: asked.append(request.url))
    finding(page, "effusion, right").click()
    for view, old in zip(("frontal", "lateral"), before):
        assert np.abs(heat(page, view).astype(int) - old).max() > 20
    expected = ToldStandIn()._finding("effusion", 0.8, "right", (True, True)).map.sum(axis=(1, 2))
    assert page.locator(".cxr-share").all_text_contents() == [f"{round(100 * share)}%" for share in expected.tolist()]
    assert linked_words(page) == ["effusion"]
    card = page.locator(".cxr-finding-card")
    assert card.is_visible() and not page.locator(".cxr-word-card").is_visible()
    assert "The head sees effusion, right, 82%, and the impression says so." in card.inner_text()
    label = page.get_attribute('.cxr-view[data-view="frontal"] canvas', "aria-label")
    assert label.startswith("Heatmap of “effusion, right” on the frontal view")
    # The way to the word, and from the word back to the finding.
    card.locator(".cxr-finding-link").first.click()
    assert chosen(page) == "effusion" and page.locator(".cxr-word-card").is_visible()
    assert "cxr-linked" in finding(page, "effusion, right").get_attribute("class")
    page.click(".cxr-word-card .cxr-finding-link")
    assert finding(page, "effusion, right").get_attribute("aria-selected") == "true"
    finding(page, "effusion, right").click()  # a second press puts the word back
    assert page.locator(".cxr-word-card").is_visible() and linked_words(page) == []
    assert not [url for url in asked if "/queue/join" in url or "/run/" in url]


def test_findings_by_keys(listed):
    page = listed
    finding(page, "effusion, right").focus()
    for key, name in (
        ("ArrowDown", "cardiomegaly"),
        ("ArrowRight", "edema or congestion"),
        ("End", "atelectasis"),
        ("ArrowDown", "atelectasis"),
        ("Home", "effusion, right"),
    ):
        page.keyboard.press(key)
        assert page.locator('.cxr-finding[aria-selected="true"] .cxr-finding-name').text_content() == name
        assert page.evaluate("document.activeElement.querySelector('.cxr-finding-name').textContent") == name
    assert "effusion, right: 82%" in page.locator(".cxr-spoken").text_content()
    page.keyboard.press("Escape")
    assert page.locator('.cxr-finding[aria-selected="true"]').count() == 0
    assert page.locator('.cxr-finding[tabindex="0"]').count() == 1


def test_steering_shows_what_the_decoder_would_write(listed):
    page = listed
    before = page.locator(".cxr-words").text_content()
    finding(page, "effusion, right").click()
    card = page.locator(".cxr-finding-card")
    assert "there, right" in card.inner_text() and "nothing else" in card.inner_text()
    card.get_by_label("left").check()
    steered = page.locator(".cxr-steered")
    page.wait_for_function("document.querySelector('.cxr-steered-words')?.textContent.includes('left')")
    assert steered.locator("mark").all_text_contents() == ["left"]
    assert "effusion, right becomes effusion, left" in steered.inner_text()
    assert "right" in steered.locator("s").first.text_content()
    assert page.locator(".cxr-words").text_content() == before  # the impression itself stays
    assert steered.locator(".cxr-moved").count() > 0  # the stand-in is less sure of every word then
    card.get_by_label("off").check()
    page.wait_for_function(
        "document.querySelector('.cxr-steered-said').textContent.includes('no longer states effusion')"
    )
    page.click(".cxr-steered-back")
    assert not steered.is_visible() and card.get_by_label("as found").is_checked()


@pytest.mark.long
def test_two_switches_together_and_a_new_example_takes_them_back(told):
    page = told()
    finding(page, "cardiomegaly").click()
    assert page.locator(".cxr-steer label").all_text_contents() == ["as found", "on", "off"]  # it has no side
    page.locator(".cxr-finding-card").get_by_label("on", exact=True).check()
    page.wait_for_function(
        "document.querySelector('.cxr-steered-said')?.textContent.includes('now states cardiomegaly')"
    )
    finding(page, "effusion, right").click()
    page.locator(".cxr-finding-card").get_by_label("left").check()
    page.wait_for_function("document.querySelector('.cxr-steered h3').textContent.includes('effusion left')")
    said = page.locator(".cxr-steered-said").text_content()
    assert "cardiomegaly" in said and "effusion, left" in said
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_function("document.querySelector('.cxr-words').textContent.includes('lungs')")
    assert not page.locator(".cxr-steered").is_visible() and page.locator(".cxr-finding-card").is_hidden()


def test_a_draft_on_trial_shows_each_claim_s_verdict_and_its_place(told):
    page = told()
    before = heat(page).copy()
    page.click(".cxr-draft summary")
    page.click(".cxr-draft-ask")
    page.wait_for_function("document.querySelector('.cxr-draft-said').textContent.includes('Type or paste a draft')")
    page.fill(".cxr-draft-text", "Left effusion. No pneumothorax.")
    page.click(".cxr-draft-ask")
    page.wait_for_selector(".cxr-claim")
    claims = page.locator(".cxr-claim")
    assert claims.evaluate_all("(all) => all.map((one) => one.dataset.verdict)") == [
        "not supported",
        "supported",
        "missing",
    ]
    assert claims.locator(".cxr-claim-title").all_text_contents() == [
        "effusion, left",
        "no pneumothorax",
        "cardiomegaly",
    ]
    assert "the head sees it on the right, 82%" in claims.first.text_content()
    assert "1 supported, 1 not supported, 1 missing" in page.locator(".cxr-draft-said").text_content()
    claims.first.focus()
    page.keyboard.press("Enter")
    assert finding(page, "effusion, right").get_attribute("aria-selected") == "true"
    assert claims.first.get_attribute("aria-pressed") == "true"
    assert np.abs(heat(page).astype(int) - before).max() > 20
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_function("document.querySelector('.cxr-words').textContent.includes('lungs')")
    assert claims.count() == 0 and page.input_value(".cxr-draft-text").startswith("Left effusion")


def address_holds(page, name):
    page.wait_for_function("(name) => new URLSearchParams(location.search).get('finding') === name", arg=name)


def test_the_address_keeps_the_chosen_finding(told, told_address):
    page = told()
    page.wait_for_function("document.querySelector('.cxr-words').textContent.includes('effusion')")
    finding(page, "cardiomegaly").click()
    address_holds(page, "cardiomegaly")
    finding(page, "effusion, right").click()
    address_holds(page, "effusion")
    shown = '.cxr-finding[aria-selected="true"] .cxr-finding-name'
    refresh(page)
    page.wait_for_function(f"document.querySelector('{shown}')?.textContent === 'effusion, right'")
    assert page.locator(".cxr-finding-card").is_visible() and linked_words(page) == ["effusion"]
    finding(page, "effusion, right").click()  # back to the word
    address_holds(page, None)
    finding(page, "cardiomegaly").click()
    address_holds(page, "cardiomegaly")
    page.go_back()
    address_holds(page, None)
    page.wait_for_function("document.querySelector('.cxr-finding-card').hidden")
    page.go_forward()
    page.wait_for_function(f"document.querySelector('{shown}')?.textContent === 'cardiomegaly'")
    # Another study, and the finding is no longer asked for.
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_function("document.querySelector('.cxr-words').textContent.includes('lungs')")
    address_holds(page, None)
    page.goto(f"{told_address}?example=effusion&finding=tea")
    page.wait_for_selector("#notices .cxr-asked")
    assert "The link asks for finding=tea, and the findings are" in page.locator("#notices .cxr-asked").inner_text()


def test_a_place_leads_to_the_findings_that_read_it(listed):
    page = listed
    entry = ToldStandIn()._finding("effusion", 0.8, "right", (True, True)).map[0]
    row, column = np.unravel_index(entry.argmax(), entry.shape)
    box = still_box(page.locator('.cxr-view[data-view="frontal"] canvas'))
    at = {
        "x": (column + 0.5) / entry.shape[1] * box["width"],
        "y": (row + 0.5) / entry.shape[0] * box["height"],
    }
    page.locator('.cxr-view[data-view="frontal"] canvas').click(position=at)
    reader = page.locator('.cxr-reader[data-kind="finding"]', has_text="effusion, right (finding)")
    assert f"{entry.max() * 2 * entry.size:.1f} times an even share" in reader.text_content()
    listed = page.locator('.cxr-reader[data-kind="finding"] .cxr-reader-word').all_text_contents()
    assert not any("pneumothorax" in name for name in listed)  # neither seen nor written
    reader.click()
    assert finding(page, "effusion, right").get_attribute("aria-selected") == "true"
    assert (
        reader.get_attribute("aria-pressed") == "true" and page.locator(".cxr-reader[aria-pressed=true]").count() == 1
    )


@pytest.fixture(scope="module")
def real_address(told_checkpoint, tmp_path_factory):
    """A page with a small real captioner that has a finding head."""
    pool = ModelPool({"told": told_checkpoint}, load, method.warm).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url


def test_a_quick_method_maps_a_chosen_finding(visit, real_address):
    page = visit(f"{real_address}?example=effusion&finding=effusion", timeout=60_000)
    page.wait_for_selector(".cxr-finding-card:not([hidden])")
    pooled = heat(page).copy()
    page.select_option("#viewer .cxr-method", "grad-cam")  # quick: at once, and for all findings
    top = page.locator("#viewer .cxr-scalebar-top")
    expect(top).to_have_text("strongest", timeout=60_000)
    assert np.abs(heat(page).astype(int) - pooled).max() > 0
    assert "not of a finding" in page.locator("#viewer .cxr-against").inner_text()
    page.select_option("#viewer .cxr-method", "attention")
    page.wait_for_function("document.querySelector('#viewer .cxr-scalebar-top').textContent.includes('in one cell')")
    assert (heat(page) == pooled).all()


@pytest.mark.long
def test_a_slow_method_maps_a_chosen_finding_and_waits_to_be_asked_for_the_next(visit, real_address):
    page = visit(f"{real_address}?example=effusion&finding=effusion", timeout=60_000)
    page.wait_for_selector(".cxr-finding-card:not([hidden])")
    pooled = heat(page).copy()
    page.select_option("#viewer .cxr-method", "integrated-gradients")
    card, ask = page.locator(".cxr-finding-card"), page.locator("#viewer .cxr-ask")
    expect(card).to_contain_text("log odds over blurred ones", timeout=60_000)
    assert "against the finding" in card.inner_text()
    page.click(".cxr-findings-more")
    finding(page, "hernia").click()  # slow: the next one waits for a press
    expect(card).to_contain_text("There is no map of “hernia” by this method yet.")
    expect(ask).to_contain_text("Compute the map of “hernia”")
    ask.click()
    expect(card).to_contain_text("log odds over blurred ones", timeout=60_000)
    finding(page, "effusion, left").click()
    page.select_option("#viewer .cxr-method", "attention")
    page.wait_for_function("document.querySelector('#viewer .cxr-scalebar-top').textContent.includes('in one cell')")
    assert (heat(page) == pooled).all()


@pytest.mark.long
def test_on_a_small_laptop_films_words_and_the_first_findings_are_seen_at_once(told):
    page = told(viewport={"width": 1366, "height": 768})
    assert page.locator(".cxr-callouts").is_visible()  # the fullest page: the first minute
    for seen in (".cxr-words", '.cxr-view[data-view="frontal"] .cxr-picture', ".cxr-findings-head", ".cxr-finding"):
        box = still_box(page.locator(seen).first)
        assert box["y"] >= 0 and box["y"] + box["height"] <= 768, seen


def test_a_checkpoint_without_a_finding_head_says_so_in_one_sentence(example):
    page = example()
    assert page.locator(".cxr-draft").is_hidden()
    assert page.locator(".cxr-findings-without").text_content() == (
        "This checkpoint has no finding head: it writes impressions alone."
    )
    assert page.locator(".cxr-finding").count() == 0 and page.locator(".cxr-findings-list").is_hidden()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_on_a_phone_everything_fits_and_axe_has_no_complaint(told, scheme):
    page = told(viewport=PHONE, color_scheme=scheme)
    finding(page, "atelectasis").click()
    page.click(".cxr-draft summary")
    page.fill(".cxr-draft-text", "Left effusion. No pneumothorax.")
    page.click(".cxr-draft-ask")
    page.wait_for_selector(".cxr-claim")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('#viewer')")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == []


def test_score_says_of_each_finding_whether_it_was_not_seen_or_not_said(told):
    page = told()
    page.get_by_role("tab", name="Score").click()
    # An example fills in what it was made to show, and may do so after the tab is there.
    page.wait_for_function("document.querySelector('#reference textarea').value.includes('effusion')")
    page.fill("#reference textarea", "Right effusion. Cardiomegaly. Hernia.")
    page.click("#score-run")
    page.wait_for_function("document.querySelector('.cxr-three')?.textContent.includes('hernia')")
    rows = {
        row[0]: row[-1] for row in (line.split("\t") for line in page.locator(".cxr-three").inner_text().split("\n"))
    }
    assert rows["effusion"] == "Seen and said." and rows["cardiomegaly"] == "Seen, but not said."
    assert rows["hernia"] == "Not seen, so not said."
