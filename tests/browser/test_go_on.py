"""Go on from here: another word is taken and the model writes on from it, on a page with a small real captioner."""

from pathlib import Path

import pytest

from captioner import read_study
from tests.browser.canvas import chosen, heat
from tests.stand_in import write_examples

SPOKEN = {".": "full stop", "<end>": "end of impression"}


@pytest.fixture(scope="module")
def model(loaded, tiny_checkpoint):
    """The captioner of the page, by itself."""
    return loaded(tiny_checkpoint)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The study of the example "quiet"."""
    folder = write_examples(tmp_path_factory.mktemp("examples"))
    return read_study(folder / "quiet-frontal.png", folder / "quiet-lateral.png")


def written(model, study, prefix=()):
    """The caption that the page's settings give."""
    return model.caption(study, decoding="beam", beam_width=3, length_penalty=0.7, prefix=prefix)


def alternative(page, text):
    return page.locator("#viewer button.cxr-alternative-text", has_text=text).first


def gone_on(page):
    """The words that the new impression has from the other word on."""
    page.wait_for_selector("#viewer .cxr-gone-on")
    return page.locator("#viewer .cxr-gone-on .cxr-word").all_text_contents()


def other_than(word, ends=False):
    """An alternative of a word that was not chosen; whether it may end the impression."""
    return next(one for one in word.alternatives if one.token_id != word.token_id and (one.text == "<end>") == ends)


def test_the_model_writes_on_from_another_word_as_the_captioner_does(real, model, study):
    page, before = real(), written(model, study)
    at = min(1, len(before.words) - 1)
    page.locator("#viewer .cxr-word").nth(at).click()
    other = other_than(before.words[at])
    alternative(page, SPOKEN.get(other.text, other.text)).click()
    after = written(model, study, [*(word.token_id for word in before.words[:at]), other.token_id])
    assert gone_on(page) == [word.text for word in after.words[at:]]
    assert after.words[at].text == other.text
    old = page.locator("#viewer .cxr-words > .cxr-word").all_text_contents()
    assert old == [word.text for word in before.words]
    told = page.locator("#viewer .cxr-gone-on-state").text_content().replace("\u2212", "-")
    assert f"log probability {after.log_prob:.2f}, as written {before.log_prob:.2f}" in told
    # The other word is chosen, with its own probability and its own maps.
    assert chosen(page) == other.text
    assert page.locator("#viewer .cxr-log-prob").text_content().replace("\u2212", "-") == f"{other.log_prob:.2f}"
    shares = page.locator("#viewer .cxr-share").all_text_contents()
    assert [float(share.strip("<>%")) for share in shares] == pytest.approx(after.words[at].view_share * 100, abs=1)
    assert heat(page)[..., 3].max() > 0
    page.locator("#viewer .cxr-gone-on-close").click()
    assert page.locator("#viewer .cxr-gone-on").count() == 0 and chosen(page) == before.words[at].text


@pytest.mark.long
def test_on_from_a_word_of_the_new_impression(real, model, study):
    page, before = real(), written(model, study)
    first = other_than(before.words[0])
    page.locator("#viewer .cxr-word").first.click()
    alternative(page, SPOKEN.get(first.text, first.text)).click()
    second = written(model, study, [first.token_id])
    assert gone_on(page) == [word.text for word in second.words]
    other = other_than(second.words[1])
    page.locator("#viewer .cxr-gone-on .cxr-word").nth(1).click()
    alternative(page, SPOKEN.get(other.text, other.text)).click()
    third = written(model, study, [first.token_id, other.token_id])
    page.wait_for_function("document.querySelector('#viewer .cxr-gone-on-same').textContent !== ''")
    assert page.locator("#viewer .cxr-gone-on-same").text_content() == first.text
    assert gone_on(page) == [word.text for word in third.words[1:]]


def test_the_end_can_be_chosen_too(real, model, study):
    page, before = real(), written(model, study)
    at = next(at for at, word in enumerate(before.words) if "<end>" in [one.text for one in word.alternatives])
    page.locator("#viewer .cxr-word").nth(at).click()
    alternative(page, "end of impression").click()
    assert gone_on(page) == []
    assert "ends the impression there" in page.locator("#viewer .cxr-gone-on-state").text_content()
    assert page.locator("#viewer .cxr-words > .cxr-word").count() == len(before.words)


def test_by_keyboard_on_a_phone_and_axe_finds_nothing(real):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page = real(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.locator("#viewer button.cxr-alternative-text").first.press("Enter")
    page.wait_for_selector("#viewer .cxr-gone-on-close")
    assert page.evaluate("document.activeElement.closest('.cxr-gone-on') !== null") or not gone_on(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    assert [rule["id"] for rule in page.evaluate("axe.run('#viewer')")["violations"]] == []
    page.locator("#viewer .cxr-gone-on-close").press("Enter")
    assert page.evaluate("document.activeElement.className").startswith("cxr-word")
