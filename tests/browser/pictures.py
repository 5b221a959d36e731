"""Pictures of the page for docs/: `python -m tests.browser.pictures`, or some of them, `... pictures trust class`.

Chromium shows the page as it is started by `python dashboard.py`, with its own weights and examples, at 1280 x 800.
"""

import io
import random
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, chromium
from tests.browser.what_if import READY
from tests.robustness.server import ROOT, dashboard_process, listener
from tests.robustness.test_class_of_thirty import Student

NAME = "page.example"  # by which the page is shown, and no address of a machine
CASE = "Left pleural effusion"
PICKED = ["effusion"] * 17 + ["atelectasis"] * 4 + ["airspace opacity"] * 2 + ["nothing abnormal"]
SIZE = {"width": 1280, "height": 800}
WAIT = 120_000  # milliseconds


def open_tab(page, panel):
    """One of the panels of the page."""
    page.locator(f'#panels [role="tab"][data-tab-id="{panel}"]').click()


def example(page, address, panel="explain", there="#viewer .cxr-word", name="left-effusion"):
    """An example, and a panel of the page, of which what is `there` comes last."""
    page.goto(f"{address}?example={name}")
    page.wait_for_selector("#viewer .cxr-word")
    open_tab(page, panel)
    page.wait_for_selector(there)


def explain(page, address):
    """The word "effusion" and its map."""
    example(page, address)
    page.locator("#viewer .cxr-word", has_text="effusion").click()


def what_if(page, address):
    """The frontal view mirrored, and what becomes of the side."""
    example(page, address, "what-if", "#what-if .cxr-bars tbody tr")
    page.get_by_label("mirrored, frontal", exact=True).check()
    page.wait_for_timeout(1000)
    page.wait_for_function(READY)


def gallery(page, address):
    """What the model misses of the gallery."""
    example(page, address, "gallery", ".cxr-gallery-card")
    missed = page.locator('[data-filter="outcome"] option', has_text="misses something").get_attribute("value")
    page.locator('[data-filter="outcome"]').select_option(missed)


def trust(page, address):
    """The word "effusion" on trial, by the method whose map is the model's attention."""
    example(page, address, "trust", "#trust .cxr-trust-words .cxr-word")
    page.locator("#trust .cxr-trust-words .cxr-word", has_text="effusion").click()
    page.wait_for_function("document.querySelector('#trust .cxr-verdict')?.textContent.includes('“effusion”')")
    page.wait_for_selector("#trust [data-dependence]")
    page.wait_for_selector("#trust .cxr-work", state="hidden")


def class_room(page, address):
    """The wall after the reveal, the marks of a made-up class around the place and some where others look first."""
    page.goto(address)
    open_tab(page, "class")
    page.wait_for_selector(".cxr-class-code:enabled")
    for box in page.locator(".cxr-class-cases label").all():
        box.locator("input").set_checked(box.text_content() == CASE)
    page.get_by_role("button", name="Open the room").click()
    page.wait_for_selector(".cxr-wall-code")
    code = re.sub(r"\W", "", page.locator(".cxr-wall-code").text_content().removeprefix("Code:"))
    local = address.replace(NAME, "127.0.0.1")
    function, draw = listener(local, "class-room", "act"), random.Random(17)
    for number, finding in enumerate(PICKED):
        student = Student(local, function, number)
        student.join(code)
        astray = number % 8 == 7
        where = {
            "frontal": [draw.gauss(0.3 if astray else 0.7, 0.06), draw.gauss(0.74, 0.05)],
            "lateral": [draw.gauss(0.62, 0.1), draw.gauss(0.75, 0.05)],
        }
        marked = where if finding != "nothing abnormal" else {}
        student.act(do="answer", seat=student.seat, at=0, answer={"finding": finding, **marked})
    page.wait_for_function(f"document.querySelector('.cxr-wall-count b').textContent === '{len(PICKED)}'")
    page.get_by_role("button", name="Reveal").click()
    page.wait_for_selector(".cxr-wall-pair section:nth-child(2) canvas")


def save(page, path):
    """The page as a PNG in all its colours, packed as well as it can be."""
    page.mouse.move(5, 790)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, optimize=True)
    print(f"{path}: {Path(path).stat().st_size >> 10} KB")


PICTURES = {
    "page": explain,
    "compare": partial(example, panel="compare", there="#compare .cxr-word", name="nodule"),
    "trust": trust,
    "what-if": what_if,
    "score": partial(example, panel="score", there="#score mark.cxr-agreed"),
    "lesson": partial(example, panel="lesson", there="#lesson h2, #lesson h3"),
    "class": class_room,
    "gallery": gallery,
}

if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as folder,
        dashboard_process(folder) as (_, address),
        sync_playwright() as driver,
    ):
        rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
        browser = driver.chromium.launch(executable_path=chromium(), args=[*FLAGS, rules])
        for name in sys.argv[1:] or PICTURES:
            page = browser.new_context(viewport=SIZE, locale="en-GB", reduced_motion="reduce").new_page()
            page.set_default_timeout(WAIT)
            PICTURES[name](page, address.replace("127.0.0.1", NAME))
            save(page, ROOT / "docs" / f"{name}.png")
