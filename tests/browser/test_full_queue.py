"""More visitors than the queue may hold: the page asks again by itself, and says what it does."""

import pytest

from tests.browser.canvas import words
from tests.stand_in import SENTENCES

JOIN = "**/queue/join*"


@pytest.fixture
def full(visit):
    """A page whose server has no room: what it asks for is refused as Gradio refuses it."""
    refuse = {"status": 503, "json": {"detail": "Queue is full. Max size is 64 and size is 64."}}
    page = visit(timeout=30_000)
    page.wait_for_selector('.cxr-model[data-state="ready"]')
    page.clock.install()
    page.route(JOIN, lambda route: route.fulfill(**refuse))
    page.click('#examples button[data-name="quiet"]')
    page.get_by_text("asks again by itself").wait_for()
    return page


@pytest.fixture
def watched(browser):
    """As everywhere, but the browser may complain in its console of each 503 that is sent here."""
    contexts = []

    def make(timeout, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(timeout)
        return page

    yield make
    for context in contexts:
        context.close()


def test_who_finds_the_queue_full_waits_and_is_answered(full):
    assert full.locator('[data-testid="toast-body"]').count() == 0
    full.clock.fast_forward(30_000)
    full.unroute(JOIN)
    full.wait_for_selector("#viewer .cxr-word")
    assert words(full) == SENTENCES["dark"].split()
    full.wait_for_selector(".cxr-queue", state="hidden")


def test_who_waits_too_long_is_told_what_to_do_and_may_ask_again(full):
    full.clock.fast_forward(125_000)
    full.get_by_text("ask again a little later").wait_for()
    full.unroute(JOIN)
    full.click('#examples button[data-name="effusion"]')
    full.wait_for_function("document.querySelector('#viewer .cxr-words').textContent.includes('effusion')")
    full.wait_for_selector(".cxr-queue", state="hidden")
