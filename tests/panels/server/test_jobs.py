"""Long work behind the page: what the browser is told, and how it is stopped."""

import threading
import time

import pytest

from captioner import BadInput
from explain.methods.base import Stopped
from panels.server import jobs
from panels.server.jobs import FAILED, MODEL, SLOW, Job, Stops, finish, number, told


@pytest.fixture(autouse=True)
def given_back(monkeypatch):
    """How often memory was given back."""
    times = []
    monkeypatch.setattr(jobs.memory, "give_back", lambda: times.append(1))
    return times


def _steps(count, pause=0.02):
    def work(progress):
        for step in range(count):
            if progress(step, count):
                raise Stopped
            time.sleep(pause)
        return {"answer": count}

    return work


def test_the_browser_is_told_how_far_it_is_and_then_the_result():
    said = list(told(7, _steps(30), lambda: False, id="a"))
    assert all(each["number"] == 7 and each["id"] == "a" for each in said)
    assert said[-1] == {"number": 7, "id": "a", "state": "done", "answer": 30}
    assert [each["state"] for each in said[:-1]] == ["working"] * (len(said) - 1) and len(said) > 2
    assert said[-2]["done"] > 0 and said[-2]["of"] == 30


def test_work_stops_where_it_stands_and_work_that_was_taken_back_never_begins():
    stops, done = Stops(), []

    def work(progress):
        done.append(1)
        while not progress(1, 100):
            time.sleep(0.01)
        raise Stopped

    steps = told(3, work, lambda: stops.stopped("ann", "maps", 3))
    assert next(steps)["state"] == "working"
    stops.stop("ben", "maps", 9)
    stops.stop("ann", "file", 9)
    assert next(steps)["state"] == "working"  # another visitor's, another kind
    stops.stop("ann", "maps", 3)
    assert [each["state"] for each in steps][-1] == "stopped"
    assert [each["state"] for each in told(2, work, lambda: stops.stopped("ann", "maps", 2))] == ["stopped"]
    assert len(done) == 1 and not stops.stopped("ann", "maps", 4)


def test_stop_is_told_at_once_and_the_place_is_free_when_the_work_has_ended():
    stops, deaf, left, begun = Stops(), threading.Event(), [], []

    def work(progress):
        deaf.wait(30)
        left.append(progress(1, 2))

    steps = told(1, work, lambda: stops.stopped("ann", "maps", 1))
    next(steps), next(steps)
    stops.stop("ann", "maps", 1)
    assert [each["state"] for each in steps] == ["stopped"] and not left
    following = told(2, lambda progress: begun.append(1) or {}, lambda: False)
    assert [next(following)["state"] for _ in range(4)] == ["working"] * 4 and not begun  # it waits for its place
    elsewhere = told(3, lambda progress: {"answer": 1}, lambda: False, MODEL)
    assert list(elsewhere)[-1]["state"] == "done"  # another place is free
    deaf.set()
    assert list(following)[-1]["state"] == "done" and begun == [1]
    assert left == [True]  # when it asks, it hears that nobody waits


def test_who_gives_up_waiting_for_a_place_takes_none():
    hold, given_up = threading.Event(), []
    first = told(1, lambda progress: hold.wait(30) and {}, lambda: False)
    next(first), next(first)
    second = told(2, lambda progress: {}, lambda: bool(given_up))
    next(second), next(second)
    given_up.append(1)
    assert [each["state"] for each in second] == ["stopped"]
    third = told(3, lambda progress: {}, lambda: False)
    next(third), next(third)
    third.close()  # the visitor has gone
    hold.set()
    assert list(first)[-1]["state"] == "done"
    assert list(told(4, lambda progress: {}, lambda: False))[-1]["state"] == "done"


def test_begun_and_stopped_twenty_times_leaves_one_thread_at_the_most():
    running, most = [], []
    numbers, lock = Stops(), threading.Lock()

    def work(progress):
        with lock:
            running.append(1)
            most.append(len(running))
        try:
            for step in range(10):
                if progress(step, 10):
                    raise Stopped
                time.sleep(0.02)
            return {}
        finally:
            with lock:
                running.pop()

    for wish in range(1, 21):
        steps = told(wish, work, lambda wish=wish: numbers.stopped("ann", "maps", wish))
        next(steps)
        next(steps)
        numbers.stop("ann", "maps", wish)
        assert [each["state"] for each in steps][-1] == "stopped"
        # One that works, and one that has given its place back and is about to end; other threads come and go.
        assert sum(thread.name == "explanation" for thread in threading.enumerate()) <= 2
    assert list(told(21, work, lambda: False))[-1]["state"] == "done"
    assert max(most) == 1 and not running


def test_slow_work_gives_memory_back_before_the_next_begins_and_quick_work_does_not(given_back):
    for place, times in ((MODEL, 0), (SLOW, 1)):
        given_back.clear()
        finish(lambda progress: None, lambda: False, place)
        assert finish(lambda progress: len(given_back), lambda: False, place) == times


def test_an_answer_that_is_waited_for_in_one_piece():
    assert finish(lambda progress: 7, lambda: False) == 7
    with pytest.raises(Stopped):
        finish(_steps(100), lambda: True)


def test_what_is_remembered_of_visitors_is_bounded():
    stops = Stops()
    for visitor in range(1500):
        stops.stop(visitor, "maps", 1)
    assert len(stops._last) == 1000 and stops.stopped(1499, "maps", 1)


def test_a_visitor_who_leaves_ends_the_work():
    ended = threading.Event()

    def work(progress):
        while not progress(1, 2):
            time.sleep(0.01)
        ended.set()

    steps = iter(Job(work, lambda: False))
    next(steps)
    steps.close()
    assert ended.wait(5)


def test_a_refusal_is_its_sentence_and_a_fault_is_none_of_the_visitors_business(capsys):
    def refuse(progress):
        raise BadInput("Not this one.")

    def break_(progress):
        raise RuntimeError("/secret/path")

    assert list(told(1, refuse, lambda: False))[-1] == {"number": 1, "state": "refused", "message": "Not this one."}
    assert list(told(1, break_, lambda: False))[-1]["message"] == FAILED
    assert "secret" in capsys.readouterr().err


def test_a_number_that_is_none_counts_as_one():
    for asked in (None, [], {}, {"number": "3"}, {"number": -1}, {"number": True}, {"number": 1e9}):
        assert number(asked) == 1
    assert number({"number": 12}) == 12
