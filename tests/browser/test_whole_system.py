"""`python dashboard.py` as a person starts it, with real networks, from the command line to the maps in Chromium."""

import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.browser.canvas import heat, words
from tests.stand_in import draw_chest, free_port

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def started(*options):
    """The dashboard as a process of its own; yields its address as soon as it answers."""
    port = free_port()
    command = [sys.executable, "dashboard.py", "--port", str(port), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            for _ in range(600):
                assert process.poll() is None, process.stdout.read()
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module")
def real_address():
    if not (ROOT / "weights" / "default" / "config.json").is_file() or not (ROOT / "examples" / "index.json").is_file():
        pytest.skip("weights/default or examples/ is not in this copy")
    with started() as url:
        yield url


def test_the_default_checkpoint_captions_an_example(visit, real_address):
    page = visit(real_address)
    page.locator("#examples button").first.click()
    page.wait_for_selector(".cxr-word", timeout=60_000)
    assert len(words(page)) >= 2
    first = heat(page).copy()
    page.keyboard.press("ArrowRight")
    assert np.abs(heat(page).astype(int) - first).max() > 5
    page.goto("about:blank")  # before the server goes, which an open page would complain about


@pytest.mark.long
def test_a_pair_of_2500_pixel_pictures_goes_all_the_way(visit, real_address, tmp_path):
    for name, lateral in (("frontal", False), ("lateral", True)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), draw_chest(2500, 2048, lateral))
    page = visit(real_address)
    page.wait_for_selector(".cxr-word", timeout=60_000)  # the example that the page opens with
    page.get_by_role("tab", name="Your X-rays").click()
    for name in ("frontal", "lateral"):
        page.locator(f'#upload-{name} button[aria-label="Clear"]').click()
        page.locator(f"#upload-{name} input[type=file]").set_input_files(str(tmp_path / f"{name}.png"))
        page.wait_for_selector(f"#preview-{name} img")
    page.locator("#run").click()
    page.wait_for_function("document.querySelector('#viewer').textContent.includes('2048 × 2500')")
    name = page.locator("#checkpoint input:checked").get_attribute("value")
    assert name in page.locator(".cxr-run").text_content()
    assert words(page)
    shares = [int(share.rstrip("%")) for share in page.locator(".cxr-share").all_text_contents()]
    assert sum(shares) in (99, 100, 101)
    assert all(heat(page, view)[..., 3].max() > 0 for view in ("frontal", "lateral"))
    page.locator("#decoding").get_by_label("Beam").check()
    page.wait_for_function("document.querySelector('.cxr-run').textContent.includes('beam')")
    page.goto("about:blank")
