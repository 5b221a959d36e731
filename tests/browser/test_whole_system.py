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
def untrained(tmp_path_factory):
    """A checkpoint folder of a small network that has learned nothing: every part of it is real but its judgement."""
    import keras

    from captioner.checkpoint import store as checkpoint
    from captioner.models.attention import AttentionCaptioner
    from captioner.models.densenet import ENCODERS
    from captioner.vocabulary import Vocabulary

    keras.utils.set_random_seed(3)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "heart", "."])
    network = AttentionCaptioner(ENCODERS["densenet-tiny"], len(vocabulary), 3, (2, 2), depth=8, units=8, embedding=4)
    config = {
        "name": "untrained",
        "model": "attention",
        "preparation": {"name": "area", "size": 64, "channels": 1},
        "decoding": {"max_words": 6, "length_penalty": 0.7},
    }
    folder = tmp_path_factory.mktemp("weights") / "untrained"
    checkpoint.save(folder, network, vocabulary, config)
    return folder


def test_a_pair_of_2500_pixel_pictures_goes_all_the_way(visit, untrained, tmp_path):
    for name, lateral in (("frontal", False), ("lateral", True)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), draw_chest(2500, 2048, lateral))
    with started("--checkpoint", str(untrained)) as url:
        page = visit(url)
        page.wait_for_selector('.cxr-model[data-state="ready"]', timeout=60_000)
        page.get_by_role("tab", name="Your X-rays").click()
        for name in ("frontal", "lateral"):
            page.locator(f"#upload-{name} input[type=file]").set_input_files(str(tmp_path / f"{name}.png"))
            page.wait_for_selector(f"#preview-{name} img")
        page.locator("#run").click()
        page.wait_for_selector(".cxr-result:not([hidden])", timeout=30_000)
        assert "untrained" in page.locator(".cxr-run").text_content()
        assert words(page)
        shares = [int(share.rstrip("%")) for share in page.locator(".cxr-share").all_text_contents()]
        assert sum(shares) in (99, 100, 101)
        assert all(heat(page, view)[..., 3].max() > 0 for view in ("frontal", "lateral"))
        page.locator("#decoding").get_by_label("Beam").check()
        page.wait_for_function("document.querySelector('.cxr-run').textContent.includes('beam')")
        page.goto("about:blank")  # before the server goes, which an open page would complain about


def test_the_default_checkpoint_captions_an_example(visit):
    if not (ROOT / "weights" / "default" / "config.json").is_file() or not (ROOT / "examples" / "index.json").is_file():
        pytest.skip("weights/default or examples/ is not in this copy")
    with started() as url:
        page = visit(url)
        page.locator("#examples button").first.click()
        page.wait_for_selector(".cxr-word", timeout=60_000)
        assert len(words(page)) >= 2
        first = heat(page).copy()
        page.keyboard.press("ArrowRight")
        assert np.abs(heat(page).astype(int) - first).max() > 5
        page.goto("about:blank")
