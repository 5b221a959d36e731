"""The batch panel's answers, and that its studies let other visitors go first."""

import threading
import zipfile
from types import SimpleNamespace

import cv2
import httpx
import pytest

from panels.batch.panel import look
from panels.server import visitors
from panels.server.model_pool import ModelPool
from tests.robustness.server import API, ask, listener, upload
from tests.stand_in import SENTENCES, StandIn, draw_chest, serve, write_examples


@pytest.fixture
def studies(tmp_path):
    """A zip of a dark and a bright study, and a broken picture."""
    with zipfile.ZipFile(tmp_path / "studies.zip", "w") as archive:
        for name, bright in (("quiet", False), ("effusion", True)):
            for view in ("frontal", "lateral"):
                data = cv2.imencode(".png", draw_chest(300, 240, view == "lateral", bright))[1].tobytes()
                archive.writestr(f"{name}-{view}.png", data)
        archive.writestr("<b>broken.png", b"\x89PNG\r\n\x1a\nnothing more")
        archive.writestr("notes.txt", b"x")
    return tmp_path / "studies.zip"


def test_a_look_tells_what_is_there_or_why_not(studies, tmp_path):
    told, begun = look([str(studies)])
    assert told["state"] == "seen" and begun.search is None
    assert [study["pictures"] for study in told["studies"]] == [
        ["quiet-frontal.png", "quiet-lateral.png"],
        ["effusion-frontal.png", "effusion-lateral.png"],
        ["<b>broken.png"],
    ]
    assert told["left_out"] == ["notes.txt: not a picture"] and told["more_left_out"] == 0
    assert look(None) == ({"kind": "look", "state": "empty"}, None)
    told, begun = look([str(tmp_path / "gone.zip")])
    assert told["state"] == "refused" and "no longer here" in told["message"] and begun is None


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url


def asked(address, event, visitor, data, wish=None, element="batch"):
    *_, told = ask(address, listener(address, element, event), data, visitor, wish)
    return told["output"]["data"][0]


def changed(answer):
    """The value of an answer, which Gradio may send as an update of a component."""
    return answer["value"] if isinstance(answer, dict) and "value" in answer else answer


def test_through_the_queue_each_visitor_has_answers_to_his_own_files(address, studies):
    data = [upload(address, studies)]
    settings = [None, "default", "greedy", 3, 0.7]
    for visitor in ("one", "two"):
        assert changed(asked(address, "change", visitor, [data], element="batch-files"))["state"] == "seen"
    assert changed(asked(address, "study", "one", [None], {"number": 1, "place": 0}))["kind"] == "refused"
    begun = changed(asked(address, "begin", "one", settings, {"number": 1, "place": None}))
    assert begun == {"kind": "begun", "number": 1, "by": "default, greedy search"}
    for place, text in ((1, SENTENCES["bright"]), (0, SENTENCES["dark"])):
        answer = changed(asked(address, "study", "one", [None], {"number": 2, "place": place}))
        (row,) = answer["rows"]
        assert answer["number"] == 2 and row["text"] == text and f'"text": "{text}"' in row["json"]
    (broken,) = changed(asked(address, "study", "one", [None], {"number": 3, "place": 2}))["rows"]
    assert broken["text"] is None and broken["error"].startswith("<b>broken.png is damaged")  # shown as text alone
    # A visitor who has begun nothing, or asks for what is not there, has one sentence and no study of another.
    for visitor, wish in (
        ("two", {"place": 0}),
        ("three", {"place": 0}),
        ("one", {"place": 3}),
        ("one", {"place": "x"}),
    ):
        refused = changed(asked(address, "study", visitor, [None], {"number": 4, **wish}))
        assert refused["kind"] == "refused" and "rows" not in refused


def test_no_path_that_a_visitor_types_is_opened(address, tmp_path):
    (tmp_path / "mine.zip").write_bytes(b"PK\5\6" + bytes(18))
    wish = {"path": str(tmp_path / "mine.zip"), "meta": {"_type": "gradio.FileData"}}
    joined = {"data": [[wish]], "fn_index": listener(address, "batch-files", "change"), "session_hash": "four"}
    httpx.post(f"{address}{API}/queue/join", json=joined, timeout=60).raise_for_status()
    told = httpx.get(f"{address}{API}/queue/data", params={"session_hash": "four"}, timeout=60).text
    assert '"success":false' in told.replace(" ", "") and "studies" not in told


def queue_of(*places, working=()):
    events = [SimpleNamespace(concurrency_id=place) for place in places]
    jobs = [[SimpleNamespace(concurrency_id=place)] for place in working]
    return SimpleNamespace(
        event_queue_per_concurrency_id={"all": SimpleNamespace(queue=events)}, active_jobs=[None, *jobs]
    )


@pytest.mark.parametrize("queue", [queue_of("model"), queue_of(working=["explanations"])])
def test_a_study_waits_while_others_ask_and_not_for_ever(queue):
    places = ("model", "explanations")
    waiting = threading.Thread(target=visitors.after_others, args=(queue, places, 3600), daemon=True)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    queue.event_queue_per_concurrency_id["all"].queue.clear()
    queue.active_jobs.clear()
    waiting.join(60)
    assert not waiting.is_alive()
    visitors.after_others(queue_of("model"), places, patience=0.05)  # a busy page is no end to it
    visitors.after_others(queue_of("batch", "score", working=["batch"]), places, 3600)  # these are not waited for
