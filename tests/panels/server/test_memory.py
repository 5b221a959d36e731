"""Memory goes back to the system; checkpoints that nobody asks for are given up; what a session keeps is bounded."""

import gc
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from explain.heatmap import WHOLE
from explain.methods.base import Explanation
from panels.server import memory
from panels.server.model_pool import ModelPool
from panels.viewer import method
from tests.stand_in import StandIn

ROOT = Path(__file__).resolve().parents[3]


FREED = """
from panels.server import memory

before = memory.held()
parts = [bytes(50_000) for _ in range(4000)]  # below the size at which the system maps a part of its own
last = bytes(50_000)
taken = memory.held()
del parts
memory.give_back()
print(taken - before, memory.held() - before, len(last))
"""


def test_what_is_free_goes_back_to_the_system():
    # In a process of its own: in one that has run other tests, what they freed would be taken again, and nothing grows.
    told = subprocess.run([sys.executable, "-c", FREED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    taken, left, _ = map(int, told.split())
    assert taken > 150 << 20
    assert left < 60 << 20


def test_a_process_that_has_grown_gives_back_by_itself(monkeypatch):
    monkeypatch.setattr(memory, "EVERY", 0.01)
    given, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(memory, "give_back", given.set)
    memory.keep_small(stop)
    assert given.wait(30)
    stop.set()


def test_two_checkpoints_are_kept_those_asked_for_last():
    let_go = []
    pool = ModelPool(dict.fromkeys("abc", "folder"), lambda folder: StandIn(), let_go=lambda: let_go.append(1))
    first = pool.get("a")
    given_up = weakref.ref(pool.get("b"))
    assert pool.get("a") is first and not let_go
    pool.get("c")
    gc.collect()
    assert given_up() is None and let_go == [1]
    assert pool.get("a") is first
    assert pool.state("b")[0] == "ready"  # it will be loaded again when it is asked for
    assert pool.get("b").name == "stand-in"


@pytest.mark.parametrize("rows", [8, 400])
def test_a_session_keeps_maps_of_four_megabytes_at_the_most(monkeypatch, rows):
    class Made:
        contrastive = True

        def explain(self, model, pictures, caption, words, against, progress):
            maps = np.ones((1, 2, rows, 64), np.float32)
            return Explanation("occlusion", maps, tuple(words), (1,), (None,), False, False, WHOLE)

    monkeypatch.setattr(method, "check", lambda model, name: name)
    monkeypatch.setattr(method, "method", lambda name: Made())
    monkeypatch.setattr(method, "coarse", lambda found: found)
    session = SimpleNamespace(maps={}, pictures=None, caption=None)
    for word in range(100):
        method.explanation(StandIn(), session, "occlusion", word)
    assert 1 < len(session.maps) <= method.KEPT and ("occlusion", 99, None) in session.maps
    assert sum(found.maps.nbytes for found in session.maps.values()) <= method.KEPT_BYTES
