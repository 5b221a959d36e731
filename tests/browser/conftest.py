"""One browser and one server for all tests that drive the page."""

import os
import shutil
from pathlib import Path

import pytest

from captioner import load
from panels.server.model_pool import ModelPool
from panels.viewer import method
from tests.browser import what_if
from tests.browser.canvas import answered_by_beam, collect_complaints
from tests.browser.schemes import show_in
from tests.stand_in import StandIn, serve, write_examples

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # one process for all pages of a server, which keeps what it has compiled of their scripts
]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
LAPTOP = {"width": 1440, "height": 900}
HERE = Path(__file__).parent
WAIT = 40_000  # milliseconds for what does happen: Gradio's page alone takes ten seconds on a busy machine
REAL_WAIT = 90_000  # the same where a network computes, and its graphs are traced


def pytest_collection_modifyitems(items):
    """A failing test here gets one more try: browser and server share two cores with the rest of the suite.

    The summary names what needed it (*rerun*): a fault in the page or in the test all the same.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


def chromium():
    """The path of Debian's Chromium; None without it.

    The shell without a window first: the whole browser draws its own tab strip for every page, for more time than ours.
    """
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser():
    """Chromium; without it the tests are skipped, except in CI, where it must be there."""
    path = chromium()
    if not path:
        reason = "no Chromium on this machine (apt install chromium-headless-shell, or set CHROMIUM to its path)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def captioners():
    """The stand-ins on the pool, by name."""
    return {
        "default": StandIn("default"),
        "three-by-three": StandIn("three-by-three", grid=(3, 3), coverage=(192 / 224, 192 / 224)),
        "no-attention": StandIn("no-attention", has_attention=False),
    }


@pytest.fixture(scope="session")
def address(captioners, tmp_path_factory):
    """The address of a page that serves the stand-ins."""
    pool = ModelPool({name: name for name in captioners}, captioners.__getitem__).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url


@pytest.fixture(scope="session")
def visitors(browser, address):
    """What visitors with an ordinary browser share, scripts above all: a page of its own takes a quarter less to open.

    A page of this machine stays open in it, or the process of the pages would end with the last visitor.
    """
    context = browser.new_context(viewport=LAPTOP)
    context.new_page().goto(f"{address}theme.css")
    yield context
    context.close()


@pytest.fixture
def watched(browser, visitors):
    """A function that makes an empty page for one visitor; any complaint in the console fails the test."""
    contexts, pages, complaints = [], [], []

    def make(viewport=LAPTOP, timeout=WAIT, color_scheme=None, reduced_motion=None, **options):
        if options:  # such as a language or a touch screen, which a page cannot be given later
            contexts.append(browser.new_context(viewport=viewport, **options))
        page = (contexts[-1] if options else visitors).new_page()
        pages.append(page)
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        page.set_default_timeout(timeout)
        return collect_complaints(page, complaints)

    yield make
    for page in pages:
        if page.context is visitors and not page.is_closed():
            forget(page)
    for context in contexts:
        context.close()
    assert complaints == []


def forget(page):
    """Close a page, with all that it keeps beyond itself: the next visitor is another one."""
    if page.url.startswith("http"):
        page.evaluate("() => localStorage.clear()")
    page.context.clear_cookies()
    page.close()


@pytest.fixture
def visit(watched, address):
    """A function that opens the page for one visitor."""

    def open_page(url=address, **options):
        page = watched(**options)
        page.goto(url)
        page.wait_for_selector(".cxr-viewer", state="attached")
        return page

    return open_page


@pytest.fixture
def example(visit):
    """A function that opens the page and chooses an example."""

    def choose(name="quiet", **options):
        page = visit(**options)
        page.click(f'#examples button[data-name="{name}"]')
        page.wait_for_selector(".cxr-word")
        return page

    return choose


@pytest.fixture
def bench(example):
    """A function that opens the What if panel with an example."""

    def choose(name="quiet", **options):
        return what_if.opened(example(name, **options))

    return choose


@pytest.fixture
def unchanged(bench):
    """The What if panel of "quiet" as it opens."""
    return bench()


@pytest.fixture(scope="session")
def real_address(tiny_checkpoint, tmp_path_factory):
    """The address of a page with a small real captioner: its graphs are traced once for all tests that ask it."""
    # Loaded anew for each copy, as the page does: a test of the weights makes its copy's random.
    pool = ModelPool({"tiny": tiny_checkpoint}, load, method.warm).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url


@pytest.fixture
def real(watched, real_address):
    """A function that opens the page of the real captioner with an example, found by a beam."""

    def open_page(name="quiet", **options):
        return answered_by_beam(watched(timeout=REAL_WAIT, **options), real_address, name)

    return open_page


@pytest.fixture(scope="module")
def keep(browser):
    """A function that makes an empty page which stays for the tests of a module: to open one is most of their cost.

    Whoever shares it puts it back before each test, and asserts after it that `page.complaints` is empty.
    """
    contexts = []

    def make(timeout=WAIT):
        contexts.append(browser.new_context(viewport=LAPTOP))
        page = contexts[-1].new_page()
        page.set_default_timeout(timeout)
        return collect_complaints(page, [])

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def kept_page(keep, address):
    """One page with the example "quiet", kept for the tests of a module."""
    page = keep()
    page.goto(address)
    page.click('#examples button[data-name="quiet"]')
    page.wait_for_selector(".cxr-word")
    return page


@pytest.fixture
def page(kept_page):
    """A page with the example "quiet" as if it was just chosen: first word, its settings, no focus, at its top."""
    page = kept_page
    page.emulate_media(reduced_motion="no-preference")
    show_in(page, "light")
    page.mouse.move(5, 400)
    page.evaluate(
        """() => {
          const find = (selector) => document.querySelector(selector);
          const set = (selector, key, value) => {
            find(selector)[key] = value;
            find(selector).dispatchEvent(new Event("input", { bubbles: true }));
          };
          find(".cxr-readers:not([hidden]) .cxr-readers-close")?.click();
          find(".cxr-film-reset").click();
          find(".cxr-word").click();
          set(".cxr-opacity", "value", "75");
          set(".cxr-colours", "value", "inferno");
          set('.cxr-choice input[value="word"]', "checked", true);
          set('.cxr-choice input[value="smooth"]', "checked", true);
          document.activeElement.blur();
          scrollTo(0, 0);
        }"""
    )
    yield page
    assert page.complaints == []
