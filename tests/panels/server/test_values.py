"""Whatever values are sent to an endpoint, it answers, or says in one sentence what it may be; the log stays clean."""

import itertools
import json

import httpx
import pytest

from panels.server.model_pool import ModelPool
from tests.robustness.server import API, upload
from tests.stand_in import StandIn, serve, write_examples

WAIT = 240
NONSENSE = (None, True, -1, 0, 0.5, 11, 1e308, "", "x", "3", "<b>", [], {}, [[]], ["a"], {"a": 1})
ENDPOINTS = {
    "caption": ["FILE", None, "default", "greedy", 3, 0.7, ["frontal: invert"]],
    "compare": ["FILE", None, "default", 3, 0.7, None],
    "go_on": ["FILE", None, "default", "greedy", 3, 0.7, "no", None],
    "what_if": ["FILE", None, "default", "greedy", 3, 0.7, None, "", None],
    "score": ["no effusion", "small effusion .", "FILE", None, "default"],
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    examples = write_examples(tmp_path_factory.mktemp("examples"))
    with serve(ModelPool({"default": "default"}, lambda folder: StandIn("default")).start(), examples) as url:
        with httpx.Client(base_url=url, timeout=WAIT) as client:
            yield client, upload(url, examples / "quiet-frontal.png")


def told(client, endpoint, data):
    """`(kind of the event, its data)` that an endpoint ends with."""
    call = client.post(f"{API}/call/{endpoint}", json={"data": data})
    if call.status_code != 200:
        return "error", {"error": call.text}
    answer = client.get(f"{API}/call/{endpoint}/{call.json()['event_id']}").text
    kind, _, rest = answer.rpartition("event: ")[2].partition("\ndata: ")
    return kind, json.loads(rest)


def asked(endpoint, picture):
    return [picture if value == "FILE" else value for value in ENDPOINTS[endpoint]]


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("caption", NONSENSE),
        *(pytest.param(name, NONSENSE[::3], id=name) for name in ENDPOINTS if name != "caption"),
        *(
            pytest.param(name, NONSENSE, id=f"{name} all", marks=pytest.mark.long)
            for name in ENDPOINTS
            if name != "caption"
        ),
    ],
)
def test_every_value_in_every_place(served, endpoint, values, capfd):
    client, picture = served
    sound = asked(endpoint, picture)
    assert told(client, endpoint, sound)[0] == "complete", told(client, endpoint, sound)
    for place, value in itertools.product(range(len(sound)), values):
        kind, answer = told(client, endpoint, [*sound[:place], value, *sound[place + 1 :]])
        sentence = answer["error"] if kind == "error" else "This one was answered."
        assert isinstance(sentence, str) and len(sentence) > 10 and "Traceback" not in sentence, (place, value)
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("count", [0, 1, 20])
def test_too_few_and_too_many(served, count, capfd):
    client, _ = served
    kind, answer = told(client, "caption", [None] * count)
    assert kind == "error" and len(answer["error"]) > 10
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_settings_left_out_at_the_end_have_their_defaults(served, endpoint):
    client, picture = served
    sound = asked(endpoint, picture)
    needed = 2 if endpoint == "score" else 1
    answers = [told(client, endpoint, sound[:count]) for count in (needed, needed + 2)]
    assert answers[0] == answers[1] and answers[0][0] == "complete"


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (6, "frontal: invert", "mend must be a list of names"),
        (6, ["frontal: tear up"], "no such mending"),
        (3, None, "decoding must be greedy or beam"),
        (4, 2.5, "beam_width must be a whole number from 1 to 10"),
    ],
)
def test_the_sentence_says_what_it_may_be(served, place, value, sentence):
    client, picture = served
    sound = asked("caption", picture)
    assert sentence in told(client, "caption", [*sound[:place], value, *sound[place + 1 :]])[1]["error"]


def test_a_text_beyond_the_bound_is_refused(served):
    client, _ = served
    assert client.post(f"{API}/call/score", json={"data": ["x" * (2 << 20), ""]}).status_code == 413
