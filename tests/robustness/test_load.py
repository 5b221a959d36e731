"""Many visitors at once on the loopback: each gets the answer to his own study or is told his place, and none is lost.

`python -m pytest tests/robustness/test_load.py -m "long or not long"`: 30 visitors with four studies each, too.
"""

import ctypes
import gc
import os
import threading
import time

import cv2
import httpx
import numpy as np
import pytest

from captioner import Study
from captioner.caption import Caption
from panels.server.model_pool import ModelPool
from tests.robustness.server import API, ask, upload
from tests.stand_in import StandIn, serve, write_examples

MOST = 300  # seconds for the whole test


class Shades(StandIn):
    """Names the mean brightness of the frontal view, so that every study has an answer of its own."""

    def caption(self, study, decoding="greedy", beam_width=3, length_penalty=0.7, max_words=None):
        features = self.encode(study) if isinstance(study, Study) else study
        time.sleep(0.02)
        found = (self._hypothesis(f"shade {round(features.mean)}", features.views, 0.7),)
        return Caption(found, decoding, 1, 0.7, features.views, features.notices)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    model = Shades("default")
    pool = ModelPool({"default": "default"}, lambda folder: model).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url


def memory():
    """Resident bytes of this process, in which the server runs, without what the allocator keeps for later."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # the visitors run here too
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def caption_function(address):
    """The number by which the page's queue knows `/caption`."""
    functions = httpx.get(f"{address}config", timeout=MOST).json()["dependencies"]
    return next(function["id"] for function in functions if function["api_name"] == "caption")


def visit(address, function, shade, folder, session):
    """One visitor: upload a picture of one shade, wait in the queue as the page does; `(text, places told)`."""
    path = folder / f"{session}.png"
    cv2.imwrite(str(path), np.full((64, 64), shade, np.uint8))
    places = []
    for told in ask(address, function, [upload(address, path), None, "default", "greedy", 3, 0.7], session):
        if told["msg"] == "estimation":
            places.append(told["rank"])
    assert told["success"], told
    return told["output"]["data"][0]["text"], places


@pytest.mark.parametrize("visitors, studies", [(12, 1), pytest.param(30, 4, marks=pytest.mark.long)])
def test_all_are_served_and_none_mixed_up(address, tmp_path, visitors, studies):
    function = caption_function(address)
    visit(address, function, 7, tmp_path, "first")
    begin, wrong, served, waited = memory(), [], [], []

    def come(number):
        try:
            for study in range(studies):
                shade = (number * studies + study) % 200 + 20
                text, places = visit(address, function, shade, tmp_path, f"v{number}s{study}")
                waited.extend(places)
                served.append(text)
                if text != f"shade {shade}":
                    wrong.append((number, study, shade, text, places))
        except Exception as error:
            wrong.append((number, repr(error)))

    threads = [threading.Thread(target=come, args=(number,), daemon=True) for number in range(visitors)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + MOST
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == [] and len(served) == visitors * studies
    assert max(place for place in waited if place is not None) >= 1  # somebody waited, and was told where he stood
    assert memory() - begin < 80 << 20
    status = httpx.get(f"{address}{API}/queue/status", timeout=MOST).json()
    assert status["queue_size"] == 0


def test_a_full_queue_is_said(address, tmp_path):
    """65 and more wait for one model: those beyond the queue's length are told at once, and the others are served."""
    function, answers = caption_function(address), []
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), np.full((64, 64), 90, np.uint8))
    picture = upload(address, path)
    with httpx.Client(timeout=MOST) as client:
        for number in range(120):
            data = {
                "data": [picture, None, "default", "greedy", 3, 0.7],
                "fn_index": function,
                "session_hash": f"q{number}",
            }
            answers.append(client.post(f"{address}{API}/queue/join", json=data).status_code)
    assert set(answers) <= {200, 503} and answers.count(200) >= 64
    end = time.monotonic() + MOST
    while httpx.get(f"{address}{API}/queue/status", timeout=MOST).json()["queue_size"] and time.monotonic() < end:
        time.sleep(0.1)
    assert visit(address, function, 31, tmp_path, "last")[0] == "shade 31"
