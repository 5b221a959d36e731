"""Turns, shares, and what nobody listens to: at the real server, whose captions take as long as a test lets them."""

import threading
from types import SimpleNamespace

import httpx
import pytest

from panels.server import visitors
from panels.server.model_pool import ModelPool
from tests.robustness.server import API, ask, until, upload
from tests.robustness.test_load import caption_function
from tests.stand_in import StandIn, serve, write_examples

WAIT = 200


class Held(StandIn):
    """Captions when it may, and notes the order."""

    def __init__(self):
        super().__init__("default")
        self.may, self.begun = threading.Event(), []

    def caption(self, study, **options):
        self.begun.append(options["length_penalty"])
        assert self.may.wait(WAIT)
        return super().caption(study, **options)


@pytest.fixture
def served(tmp_path):
    model = Held()
    examples = write_examples(tmp_path)
    with serve(ModelPool({"default": "default"}, lambda folder: model).start(), examples) as url:
        picture = upload(url, tmp_path / "quiet-frontal.png")
        with httpx.Client(base_url=url, timeout=WAIT) as client:
            yield SimpleNamespace(url=url, client=client, model=model, picture=picture, function=caption_function(url))
            model.may.set()


def question(served, mark):
    """What is sent for a caption, with a length penalty by which it is known."""
    return [served.picture, None, "default", "greedy", 3, mark]


def join(served, visitor, mark):
    body = {"data": question(served, mark), "fn_index": served.function, "session_hash": visitor}
    return served.client.post(f"{API}/queue/join", json=body)


def listen(served, visitor, mark, told):
    told.append(list(ask(served.url, served.function, question(served, mark), visitor))[-1])


def waiting(served):
    return served.client.get(f"{API}/queue/status").json()["queue_size"]


def test_who_listens_goes_before_who_does_not(served):
    """Many questions that nobody listens to, and one that somebody does."""
    for number in range(20):
        assert join(served, f"gone{number}", 0.1).status_code == 200
    until(lambda: served.model.begun == [0.1])
    told = []
    visitor = threading.Thread(target=listen, args=(served, "ann", 0.9, told))
    visitor.start()
    until(lambda: waiting(served) == 20 and visitors._listening["ann"])
    served.model.may.set()
    visitor.join(WAIT)
    assert told[0]["success"] and served.model.begun[:2] == [0.1, 0.9]


def stay(served, visitor):
    """Listen until all that the visitor asked is answered."""
    address = f"{served.url}{API}/queue/data"
    with httpx.stream("GET", address, params={"session_hash": visitor}, timeout=WAIT) as stream:
        for _ in stream.iter_lines():
            pass


def test_the_second_of_one_visitor_comes_after_the_first_of_another(served):
    threads = []
    for visitor, marks in (("ann", (0.1, 0.2, 0.3)), ("ben", (0.4,))):
        for mark in marks:
            join(served, visitor, mark).raise_for_status()
        threads.append(threading.Thread(target=stay, args=(served, visitor)))
        threads[-1].start()
        until(lambda visitor=visitor: visitors._listening[visitor] and served.model.begun == [0.1])
    served.model.may.set()
    for thread in threads:
        thread.join(WAIT)
    assert served.model.begun == [0.1, 0.2, 0.4, 0.3]  # 0.1 was begun when ben came


def test_one_visitor_has_only_so_many_places(served):
    answers = [join(served, "ann", 0.1).status_code for _ in range(visitors.MOST + 3)]
    assert answers == [200] * visitors.MOST + [429] * 3
    assert "questions waiting" in join(served, "ann", 0.1).text
    assert join(served, "ben", 0.2).status_code == 200


def test_what_nobody_listens_to_is_taken_out(served, monkeypatch):
    monkeypatch.setattr(visitors, "UNHEARD", 0.3)
    for number in range(20):
        join(served, f"gone{number}", 0.1)
    until(lambda: waiting(served) == 0)
    served.model.may.set()
    until(lambda: not visitors._sweeps)
    assert served.model.begun == [0.1]


def test_an_answer_that_is_fetched_a_little_later_is_there(served):
    """As from a shell: ask, read the number, ask for the answer."""
    served.model.may.set()
    event = served.client.post(f"{API}/call/caption", json={"data": question(served, 0.5)}).json()
    until(lambda: served.model.begun == [0.5])
    told = served.client.get(f"{API}/call/caption/{event['event_id']}").text
    assert "event: complete" in told


def test_who_has_left_is_not_wanted_and_who_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(visitors, "REMEMBERED", 10)
    for number in range(30):
        visitors._touch(f"v{number}")
    assert len(visitors._heard) == 10 and visitors.wanted("v29") and not visitors.wanted("v3")
