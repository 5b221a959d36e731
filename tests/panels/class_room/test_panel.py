"""What the browsers of a class are told: the page's own answers, and what nobody gets however it asks."""

import itertools
import json

import cv2
import httpx
import numpy as np
import pytest

from captioner import BadInput
from captioner.phantom import read_cases
from explain.quiz import case_of_example
from panels.class_room import qr_code
from panels.class_room.answer import CHOICES, NOTHING, Answer, read
from panels.class_room.case import Cases
from panels.class_room.panel import ClassRoom
from panels.class_room.rooms import Rooms
from panels.class_room.tally import tally, true_findings
from panels.server.model_pool import ModelPool
from tests.robustness.server import API, listener
from tests.stand_in import SENTENCES, StandIn, serve, write_examples

BASE = "https://page.example/cxr/"
EFFUSION = {"finding": "effusion", "frontal": [0.25, 0.75], "lateral": None}


def planted_examples(folder):
    """The two drawn examples; of the second a finding is planted on the frontal view, in its lower left quarter."""
    write_examples(folder)
    mask = np.zeros((300, 240), np.uint8)
    mask[150:, :120] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    entries = read_cases(folder)
    entries[1]["findings"] = [{"name": "effusion", "words": ["effusion"], "masks": ["mask.png", None]}]
    return entries


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    return planted_examples(tmp_path_factory.mktemp("examples"))


@pytest.fixture
def captioner():
    return StandIn("default")


@pytest.fixture
def room(entries, captioner):
    return ClassRoom(Rooms(), Cases(ModelPool({"default": "default"}, lambda folder: captioner), entries))


@pytest.fixture
def opened(room):
    """The teacher's key and two students' seats, in a room on both examples."""
    wall = room.act({"do": "open", "cases": ["effusion", "quiet"], "base": BASE, "number": 1})
    seats = [room.act({"do": "join", "code": wall["code"]})["seat"] for _ in range(2)]
    return wall["key"], seats


def look(room, **secret):
    return room.act({"do": "look", **secret})


def test_a_lesson_from_the_opening_of_the_room_to_its_end(room, opened, captioner):
    key, (first, second) = opened
    assert room.act({"do": "answer", "seat": first, "at": 0, "answer": EFFUSION})["own"]["frontal"] == (0.25, 0.75)
    room.act({"do": "answer", "seat": second, "at": 0, "answer": {"finding": NOTHING, "frontal": [0.9, 0.1]}})
    wall = look(room, key=key)
    assert (wall["state"], wall["joined"], wall["answered"], wall["revealed"]) == ("wall", 2, 2, False)
    assert [view["name"] for view in wall["views"]] == ["frontal", "lateral"]
    assert captioner.encoded == 0
    told = room.act({"do": "reveal", "key": key})
    assert told["told"]["right"] == 1 and told["model"] is None and told["truth"]["text"] == "right effusion ."
    assert room.ask_model({"key": key, "number": 9})["model"]["text"] == SENTENCES["bright"]
    for secret in ({"key": key}, {"seat": first}, {"seat": second}) * 10:
        shown = look(room, **secret)
        assert np.asarray(shown["model"]["maps"]).shape == (2, 7, 7) and shown["told"] == told["told"]
    assert captioner.encoded == 1  # once for the case, and not once for each who looks
    assert look(room, seat=first)["own"] == {"finding": "effusion", "frontal": (0.25, 0.75), "lateral": None}
    late = room.act({"do": "answer", "seat": second, "at": 0, "answer": EFFUSION})
    assert late["state"] == "refused" and "too late" in late["message"]
    after = room.act({"do": "go", "key": key, "at": 1})
    assert (after["at"], after["answered"], after["revealed"], "told" in after) == (1, 0, False, False)
    assert look(room, seat=first)["own"] is None
    assert room.act({"do": "close", "key": key})["state"] == "closed"
    assert look(room, seat=first)["state"] == look(room, key=key)["state"] == "closed" and len(room.rooms) == 0


def test_before_the_reveal_nothing_tells_answers_truth_or_model(room, opened):
    """Whatever a student, or the teacher, asks for in whatever words."""
    key, (first, second) = opened
    room.act({"do": "answer", "seat": first, "at": 0, "answer": EFFUSION})
    room.ask_model({"key": key})
    secrets = ({"seat": second}, {"key": key}, {"key": second}, {"seat": key}, {"seat": first, "key": second})
    for secret, what in itertools.product(secrets, ("look", "go", "answer", "reveals", "ask_model", None)):
        for more in ({}, {"at": 1, "revealed": True, "told": True, "own": True, "case": "effusion"}):
            told = room.act({"do": what, **secret, **more})
            pictures = told.pop("views", [])
            for view in pictures:
                view = {name: value for name, value in view.items() if name != "url"}
                assert "effusion" not in json.dumps(view)
            assert "effusion" not in json.dumps(told) and "0.75" not in json.dumps(told), (secret, what, more)
            room.act({"do": "go", "key": key, "at": 0})
            room.act({"do": "answer", "seat": first, "at": 0, "answer": EFFUSION})


def test_only_the_teacher_reveals_moves_on_and_closes(room, opened):
    key, (seat, _) = opened
    code = look(room, key=key)["code"]
    for do, wrong in itertools.product(("reveal", "go", "close"), ({}, {"key": seat}, {"key": code}, {"seat": key})):
        assert room.act({"do": do, "at": 1, **wrong})["state"] in ("closed", "refused")
    assert room.ask_model({"key": seat})["state"] == "closed"
    wall = look(room, key=key)
    assert (wall["at"], wall["revealed"], wall["joined"]) == (0, False, 2)


def test_who_has_seen_all_is_told_that_in_a_word(room, opened):
    key, (seat, _) = opened
    shown = look(room, key=key)
    assert room.act({"do": "look", "key": key, "seen": shown["version"]}) == {"number": 0, "state": "same"}
    assert "views" not in room.act({"do": "look", "seat": seat, "has": 0})
    room.act({"do": "answer", "seat": seat, "at": 0, "answer": EFFUSION})
    assert room.act({"do": "look", "key": key, "seen": shown["version"], "has": 0})["answered"] == 1


NONSENSE = (None, True, -1, 0.5, 1e308, "", "x", [], {}, [[]], ["a"], {"do": {}}, {"do": "open"})


@pytest.mark.parametrize(
    "name", ["do", "key", "seat", "code", "cases", "base", "at", "answer", "number", "seen", "has"]
)
def test_nonsense_in_every_place_is_answered_with_a_sentence(room, opened, name):
    key, (seat, _) = opened
    for value, do in itertools.product(NONSENSE, ("open", "join", "answer", "reveal", "go", "look", "close")):
        for secret in ({}, {"seat": seat}):
            told = room.act({"do": do, "cases": ["quiet"], "base": BASE, **secret, name: value})
            assert told["state"] in ("wall", "seat", "same", "closed", "refused")
            assert told["state"] not in ("closed", "refused") or len(told["message"]) > 10
    for value in NONSENSE:
        assert room.act(value)["state"] == "refused"
    assert look(room, key=key)["state"] == "wall"


def test_the_tally_of_answers_worked_out_by_hand(entries):
    given = [Answer("effusion", (0.25, 0.75)), Answer("effusion", (0.75, 0.25)), Answer("hernia", None, (0.5, 0.5))]
    case = case_of_example(entries[1])
    told = tally(case, given)
    assert told["findings"] == [
        {"name": "effusion", "count": 2, "true": True},
        {"name": "hernia", "count": 1, "true": False},
    ]
    assert (told["answered"], told["right"], told["guessed"]) == (3, 2, round(1 / 14, 4))
    frontal, lateral = told["marks"]
    assert (frontal["view"], frontal["count"], frontal["inside"]) == ("frontal", 2, 1)
    assert frontal["chance"] == 0.25  # a quarter of the picture
    assert (lateral["count"], lateral["inside"], lateral["chance"]) == (1, None, None)
    assert np.sum(frontal["map"]) == pytest.approx(2, abs=0.05)
    assert tally(case, given[::-1]) == told
    json.dumps(told, allow_nan=False)


def test_what_there_is_to_pick():
    assert true_findings("no acute disease .") == [NOTHING] and true_findings("right effusion .") == ["effusion"]
    both = "enlarged heart . moderate right pleural effusion . no pneumothorax ."
    assert true_findings(both) == ["cardiomegaly", "effusion"]


@pytest.mark.parametrize(
    "value", [None, {}, {"finding": "x"}, {"finding": []}, *({"finding": "effusion", "frontal": p} for p in
    ([0.5], [0.5, 1.01], [-0.1, 0], ["0", 0], [True, 0], [float("nan"), 0], {"x": 1}, "ab", [0, 0, 0]))],
)  # fmt: skip
def test_what_is_no_answer_is_refused(value):
    with pytest.raises(BadInput):
        read(value)


def test_an_answer_is_read_as_it_was_given():
    assert read({**EFFUSION, "seat": "x"}) == Answer("effusion", (0.25, 0.75), None)
    assert all(read({"finding": name}) == Answer(name) for name in CHOICES)


@pytest.mark.parametrize(
    "base", ["http://10.0.0.7:7860/", "https://page.example/cxr/", "https://a-b.example/" + "x" * 80]
)
def test_the_qr_code_leads_to_the_room(base):
    link = qr_code.address(base, "BCD234")
    drawn = qr_code.modules(link)
    assert set(np.unique(drawn)) == {0, 255} and (drawn[: qr_code.QUIET] == 255).all() and drawn[4:11, 4].max() == 0
    read_back, _, _ = cv2.QRCodeDetector().detectAndDecode(np.kron(drawn, np.ones((8, 8), np.uint8)))
    assert read_back == link == f"{base}?class=BCD234"


@pytest.mark.parametrize(
    "base", [None, "", "ftp://x/", "javascript:alert(1)", "https://x/?a=b", "https://x y/", "https://" + "x" * 400]
)
def test_what_is_no_address_of_a_page_is_refused(base):
    with pytest.raises(BadInput, match="address"):
        qr_code.address(base, "BCD234")


def test_over_the_network_a_student_learns_no_more_than_that(tmp_path_factory):
    """The served page, asked by its open route as anybody may: before the reveal, and with another's words."""
    folder = tmp_path_factory.mktemp("examples")
    write_examples(folder)
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
    with serve(pool, folder) as url, httpx.Client(timeout=60) as client:
        function = listener(url, "class-room", "act")

        def act(wish, visitor):
            body = {"data": [], "fn_index": function, "session_hash": visitor, "event_data": wish}
            answer = client.post(f"{url}{API}/run/predict", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()["data"][0]

        wall = act({"do": "open", "cases": ["effusion"], "base": url}, "teacher")
        first, second = (act({"do": "join", "code": wall["code"]}, name)["seat"] for name in ("first", "second"))
        act({"do": "answer", "seat": first, "at": 0, "answer": EFFUSION}, "first")
        for visitor in ("first", "second", "teacher"):  # the name of a visit is no secret, and opens nothing
            told = act({"do": "look", "seat": second, "has": 0}, visitor)
            assert told["own"] is None and set(told) == {
                *("number", "state", "version", "at", "count", "minutes", "revealed", "own")
            }
            assert act({"do": "look"}, visitor)["state"] == "refused"
            assert act({"do": "reveal", "key": second}, visitor)["state"] == "closed"
        assert act({"do": "reveal", "key": wall["key"], "has": 0}, "elsewhere")["told"]["answered"] == 1
        assert act({"do": "look", "seat": second, "has": 0}, "second")["told"]["right"] == 1
