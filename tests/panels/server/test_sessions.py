"""What is kept of a visitor: no copies of answers, little once he has left, and his study when he comes back."""

import os
import threading
import time
from types import SimpleNamespace

import httpx
import pytest
from gradio.state_holder import SessionState

from panels.server import sessions
from panels.server.model_pool import ModelPool
from panels.server.sessions import Remade, Visit
from panels.viewer.session import Session
from tests.robustness.server import API, START, ask, begin_session, listener, until, upload
from tests.stand_in import StandIn, serve, write_examples


class Seen(StandIn):
    """Counts its looks at a study as it came."""

    looks = 0

    def encode(self, study):
        self.looks += 1
        return super().encode(study)


@pytest.fixture
def served(tmp_path, monkeypatch):
    holders, model = [], Seen("default")

    class Held(sessions.Sessions):
        def __init__(self):
            super().__init__()
            holders.append(self)

    monkeypatch.setattr(sessions, "Sessions", Held)
    monkeypatch.setattr(sessions, "LEFT", 0.2)
    examples = write_examples(tmp_path)
    with serve(ModelPool({"default": "default"}, lambda folder: model).start(), examples) as url:
        picture = upload(url, tmp_path / "quiet-frontal.png")
        yield SimpleNamespace(url=url, model=model, picture=picture, holder=holders[-1])


def kept(served, visitor):
    """What is kept of the viewer of a visitor."""
    values = served.holder.session_data[visitor].state_data.values()
    return next(value for value in values if isinstance(value, Session))


def leave(served, visitor):
    """Open the heartbeat of a page, as a browser does, and close it."""
    with httpx.stream("GET", f"{served.url}{API}/heartbeat/{visitor}", timeout=START) as stream:
        lines = stream.iter_lines()  # which closes the stream when it is forgotten
        next(lines)
        assert not served.holder.session_data[visitor].is_closed
    until(lambda: served.holder.session_data[visitor].is_closed)


def going_on(served, visitor, token):
    """The answer to a wish that needs what the encoder makes of the study."""
    wish = {"id": token, "number": 1, "prefix": [10]}
    *_, told = ask(served.url, listener(served.url, "viewer", "go_on"), [None], visitor, wish)
    return told


def test_who_has_left_is_kept_little_of_and_finds_his_study_again(served, monkeypatch):
    token = begin_session(served.url, served.picture, "default", "ann")["id"]
    here, before = kept(served, "ann"), going_on(served, "ann", token)["output"]["data"][0]
    here.maps["a map"] = "of it"
    looks, words = served.model.looks, here.caption.text
    leave(served, "ann")
    until(lambda: here.encoded._value is None and not here.maps)
    assert kept(served, "ann").caption.text == words and served.model.looks == looks
    monkeypatch.setattr(sessions, "LEFT", 1000)  # or it is given up again while it is used
    again = going_on(served, "ann", token)["output"]["data"][0]
    assert again == before and again["state"] == "done" and served.model.looks == looks + 1


def test_whose_page_is_open_keeps_everything_though_his_files_are_gone(served):
    token = begin_session(served.url, served.picture, "default", "ben")["id"]
    here = kept(served, "ben")
    time.sleep(1.5)  # more than `LEFT`, and more than a second, at which Gradio looks
    os.unlink(here.key.frontal)
    assert here.encoded._value is not None and going_on(served, "ben", token)["output"]["data"][0]["state"] == "done"


def test_who_comes_back_is_here_again(served):
    begin_session(served.url, served.picture, "default", "eve")
    leave(served, "eve")
    leave(served, "eve")  # which looks that the visit is not closed between


def test_where_the_files_are_gone_a_sentence_says_so(served):
    token = begin_session(served.url, served.picture, "default", "dan")["id"]
    leave(served, "dan")
    until(lambda: kept(served, "dan").encoded._value is None)
    os.unlink(kept(served, "dan").key.frontal)
    told = going_on(served, "dan", token)["output"]["data"][0]
    assert told["state"] == "refused" and told["message"] == "Give the files again: they are here no longer."


def test_after_an_hour_nothing_is_kept(served, monkeypatch):
    begin_session(served.url, served.picture, "default", "kim")
    monkeypatch.setattr(sessions, "FORGOTTEN", 0.2)
    until(lambda: "kim" not in served.holder.session_data)
    assert "kim" not in served.holder.time_last_used


def test_no_copies_are_kept_of_what_a_page_shows(served):
    begin_session(served.url, served.picture, "default", "lea")
    visit = served.holder.session_data["lea"]
    assert type(visit) is Visit and visit.config_values == {}


def test_a_visit_has_all_that_gradio_expects_of_it(served):
    blocks = served.holder.blocks
    assert set(vars(SessionState(blocks))) == set(vars(Visit(blocks)))


def test_a_value_is_made_once_for_all_who_ask_at_once_and_again_when_it_was_given_up():
    made, together = [], threading.Barrier(8)

    def make():
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    value, got = Remade(make), []

    def ask_for_it():
        together.wait()
        got.append(value.get())

    threads = [threading.Thread(target=ask_for_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and set(got) == set(made)
    value.let_go()
    assert value.get() is not got[0] and len(made) == 2


def test_a_value_that_cannot_be_made_is_tried_again():
    tries = iter([ValueError("not now"), None])

    def make():
        if (error := next(tries)) is not None:
            raise error
        return "made"

    value = Remade(make)
    with pytest.raises(ValueError, match="not now"):
        value.get()
    assert value.get() == "made"


def test_a_session_without_a_study_gives_nothing_up_and_says_that_there_is_none():
    session = Session()
    session.maps["a map"] = "of it"
    session.let_go()
    assert session.maps == {}
    with pytest.raises(ValueError, match="no study"):
        session.features  # noqa: B018
