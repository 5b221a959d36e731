"""Long work behind the page: what the browser is told, and how it is stopped."""

import threading
import time

from captioner import BadInput
from explain.method import Stopped
from panels.progress import FAILED, Job, Stops, number, told


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


def test_stop_frees_the_place_even_while_the_work_does_not_ask():
    stops, deaf, left = Stops(), threading.Event(), []

    def work(progress):
        deaf.wait(30)
        left.append(progress(1, 2))

    steps = told(1, work, lambda: stops.stopped("ann", "maps", 1))
    next(steps), next(steps)
    stops.stop("ann", "maps", 1)
    begun = time.monotonic()
    assert [each["state"] for each in steps] == ["stopped"] and time.monotonic() - begun < 10
    deaf.set()
    while not left:
        time.sleep(0.01)
    assert left == [True]  # when it asks, it hears that nobody waits


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
