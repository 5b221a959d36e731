"""How long a visitor is told to wait."""

from types import SimpleNamespace

import pytest

from panels.server import jobs
from panels.server.jobs import Stops, answers
from panels.server.waits import AT_FIRST, Waits


def test_the_median_of_what_was_measured_takes_the_place_of_the_first_guess():
    waits = Waits({"maps": 3.0})
    assert waits.expected("maps", "smooth-grad") == 3
    for seconds in (8, 20, 9):
        waits.took("maps", "smooth-grad", seconds)
    assert waits.expected("maps", "smooth-grad") == 9
    assert waits.expected("maps", "occlusion") == 3  # of another method nothing is known yet
    assert waits.said("smooth-grad") == {"maps": "about 9 seconds"}


def test_what_was_known_already_and_what_nobody_is_told_of_does_not_count():
    waits = Waits({"maps": 3.0})
    waits.took("maps", "occlusion", 0.01)
    waits.took("file", "occlusion", 50)
    assert waits.expected("maps", "occlusion") == 3 and waits.expected("file", "occlusion") is None


def test_the_last_ones_count():
    waits = Waits({"maps": 3.0})
    for seconds in [100] * 50 + [2] * 9:
        waits.took("maps", "occlusion", seconds)
    assert waits.expected("maps", "occlusion") == 2


@pytest.mark.parametrize("kind", AT_FIRST)
def test_every_answer_tells_what_to_expect_of_the_next(monkeypatch, kind):
    monkeypatch.setattr(jobs, "WAITS", Waits())
    clock = iter([10.0, 52.0])
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    event, request = SimpleNamespace(_data={"number": 1}), SimpleNamespace(session_hash="ann")
    *_, last = answers(event, request, Stops(), kind, lambda progress: {"found": 1}, method="grad-cam")
    assert last["state"] == "done" and last["found"] == 1 and last["waits"][kind] == "about 40 seconds"
