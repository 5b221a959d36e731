"""Visitors who do everything at once: impressions, every method, Trust with random weights, changed pictures.

`python -m pytest tests/robustness/test_mixed_load.py -m "long or not long" -s`: two visitors with a small network;
then thirty with all the checkpoints that the page comes with, or as many as CXR_VISITORS says, the costliest methods
first. It prints what the main process held at rest, at the most, and afterwards.

In the ordinary suite visitors come together in test_load.py, and tests/panels/server/test_memory.py has memory go back.
"""

import itertools
import os
import threading
import time

import pytest

from captioner.checkpoint import store
from explain.methods.base import METHODS, method
from panels.server import memory
from tests.robustness.server import ask, begin_session, dashboard_process, listener, page_open, state, upload

WAIT = 5400  # seconds, on a machine that does much else
MOST = 2 << 30  # bytes of the main process; decoders are processes of their own
MINUTES = 3  # in which the memory must be back; the promise is one, on a machine of one's own
MANY = int(os.environ.get("CXR_VISITORS", 30))
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def served(request, tmp_path_factory, tiny_checkpoint):
    """A page: its process, its address and the names of its checkpoints."""
    tiny = request.param == "tiny"
    options = ["--checkpoint", tiny_checkpoint] if tiny else []
    names = list(store.by_name([tiny_checkpoint] if tiny else store.available()))
    with dashboard_process(tmp_path_factory.mktemp("page"), *options) as (process, address):
        yield process.pid, address, names


class Visitor:
    """One visitor, with a checkpoint and a method of explanation of his own.

    Args:
        address: of the page.
        picture: that was uploaded to it.
        name: of the visit.
        checkpoint: name.
        method: name in METHODS.
    """

    def __init__(self, address, picture, name, checkpoint, method):
        self.address, self.picture, self.name = address, picture, name
        self.checkpoint, self.method = checkpoint, method

    def does_everything(self, random_weights):
        """An impression, all maps, the evidence of a word, changed pictures, and if so the test on random weights."""
        with page_open(self.address, self.name):
            self._looks_at_everything(random_weights)

    def _looks_at_everything(self, random_weights):
        shown = begin_session(self.address, self.picture, self.checkpoint, self.name)
        wish = {"id": shown["id"], "method": self.method, "number": 1}
        event = "slow_maps" if method(self.method).slow else "maps"
        assert self._told("viewer", event, {**wish, "word": None})["state"] == "done"
        assert self._told("trust", "wanted", {**wish, "word": 0})["state"] == "done"
        before = self._told("what-if", "wanted", {"number": 1})
        paint = [{"fill": "blurred", "top": 0.5, "left": 0.5, "bottom": 1, "right": 1}]
        changes = {"frontal": {"brightness": 20, "paint": paint}, "text": "no effusion"}
        after = self._told("what-if", "changed", {"study": before["study"], "number": 2, **changes})
        assert after["state"] == "caption" and after["changed"]
        tests = [self._told("trust", "test", {**wish, "number": 2}) for _ in range(random_weights)]
        assert all(test["state"] == "done" for test in tests)

    def _told(self, element, event, wish):
        inputs = [None, None] if element == "what-if" else [None]
        *_, told = ask(self.address, listener(self.address, element, event), inputs, self.name, wish)
        assert told["success"], told
        return told["output"]["data"][0]


def visitors_of(address, picture, checkpoints, count):
    """Visitors among whom every checkpoint and every method occurs; attention only where a checkpoint has it."""
    every = itertools.product(reversed(METHODS), checkpoints)
    pairs = [pair for pair in every if pair != ("attention", "simple")]
    for number, (kind, checkpoint) in zip(range(count), itertools.cycle(pairs)):
        yield Visitor(address, picture, f"visitor{number}", checkpoint, kind)


@pytest.mark.parametrize("served, count", [("tiny", 2), ("all", MANY)], indirect=["served"])
def test_visitors_who_do_everything_at_once_fit_into_two_gigabytes(served, chest, count):
    process, address, checkpoints = served
    picture = upload(address, chest)
    for checkpoint in checkpoints:
        Visitor(address, picture, f"first of {checkpoint}", checkpoint, "occlusion").does_everything(False)
    time.sleep(memory.EVERY + 1)  # the page gives memory back by itself
    rest, most, wrong = state(process)[0], 0, []

    def come(visitor, random_weights):
        try:
            visitor.does_everything(random_weights)
        except Exception as error:
            wrong.append((visitor.name, visitor.checkpoint, visitor.method, repr(error)))

    # Random weights take minutes per method and come one after the other: once per method is as much memory as always.
    tried, threads = set(), []
    for visitor in visitors_of(address, picture, checkpoints, count):
        threads.append(threading.Thread(target=come, args=(visitor, visitor.method not in tried), daemon=True))
        tried.add(visitor.method)
    for thread in threads:
        thread.start()
    end = time.monotonic() + WAIT
    while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
        most = max(most, state(process)[0])
        time.sleep(0.05)
    assert wrong == [] and not any(thread.is_alive() for thread in threads)
    left = time.monotonic()
    while (held := state(process)[0]) > 1.1 * rest and time.monotonic() < left + MINUTES * 60:
        time.sleep(0.2)
    print(f"at rest {rest >> 20} MB, at the most {most >> 20} MB,", end=" ")
    print(f"{held >> 20} MB {time.monotonic() - left:.0f} s after the last had left")
    assert most < MOST
    assert held <= 1.1 * rest
