"""One page for two visitors: each reads the same answer in his own language, and what programs read is English."""

import csv
import io
import json
import zipfile

import cv2
import httpx
import numpy as np
import pytest

from captioner.reports.findings import FINDINGS
from panels.server.model_pool import ModelPool
from tests.robustness.server import API, ask, listener, upload
from tests.stand_in import StandIn, serve, write_examples

WAIT = 60
BLANK = {
    "en": "The frontal picture is blank: there is nothing in it to describe.",
    "de": "Das frontale Bild ist leer: Es gibt darin nichts zu beschreiben.",
}
DAMAGED = {
    "en": "broken.png is damaged or cut off: it cannot be decoded.",
    "de": "broken.png ist beschädigt oder abgeschnitten und lässt sich nicht lesen.",
}
LEFT_OUT = {"en": "notes.txt: not a picture", "de": "notes.txt: kein Bild"}
ALONE = {"en": "alone", "de": "einzeln"}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url


def visitor(code):
    """A browser that reads that language."""
    return httpx.Client(headers={"accept-language": code}, timeout=WAIT)


@pytest.fixture
def batch(tmp_path):
    """A zip of two blank frontal views, a broken picture, and what is no picture."""
    with zipfile.ZipFile(tmp_path / "batch.zip", "w") as archive:
        for name in ("blank.png", "grey.png"):
            archive.writestr(name, cv2.imencode(".png", np.full((80, 60), 90, np.uint8))[1].tobytes())
        archive.writestr("broken.png", b"\x89PNG\r\n\x1a\nnothing more")
        archive.writestr("notes.txt", b"x")
    return tmp_path / "batch.zip"


def test_a_batch_is_shown_in_the_visitor_s_language_and_saved_in_english(address, batch):
    rows = {}
    for code in ("de", "en"):
        with visitor(code) as browser:
            files = upload(address, batch, browser)

            def answer(event, data, wish=None, element="batch"):
                number = listener(address, element, event)
                *_, told = ask(address, number, data, code, wish, browser)  # noqa: B023 (asked at once)
                shown = told["output"]["data"][0]
                return shown["value"] if "value" in shown else shown

            seen = answer("change", [[files]], element="batch-files")
            assert seen["left_out"] == [LEFT_OUT[code]] and [study["how"] for study in seen["studies"]] == 3 * [
                ALONE[code]
            ]
            answer("begin", [None, "default", "greedy", 3, 0.7], {"number": 1, "place": None})
            rows[code] = [answer("study", [None], {"number": 2 + place, "place": place})["rows"][0] for place in (0, 2)]
            assert rows[code][0]["notices"][0] == BLANK[code] and rows[code][1]["error"] == DAMAGED[code]
    for german, english in zip(rows["de"], rows["en"]):
        assert (german["json"], german["csv"]) == (english["json"], english["csv"])
    assert json.loads(rows["de"][0]["json"])["notices"][0] == BLANK["en"]
    assert next(csv.reader(io.StringIO(rows["de"][1]["csv"])))[-1] == DAMAGED["en"]


def test_the_endpoints_speak_english_to_everybody(address, tmp_path):
    paths = tmp_path / "blank.png", tmp_path / "broken.png"
    cv2.imwrite(str(paths[0]), np.full((80, 60), 90, np.uint8))
    paths[1].write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    told = []
    with visitor("de") as browser:
        for path in paths:
            data = [upload(address, path, browser), None, "default", "greedy", 3, 0.7]
            event = browser.post(f"{address}{API}/call/caption?lang=de", json={"data": data}).json()["event_id"]
            told.append(browser.get(f"{address}{API}/call/caption/{event}?lang=de").text)
    answer = json.loads(told[0].split("event: complete\ndata: ")[1].splitlines()[0])[0]
    assert answer["notices"][0] == BLANK["en"]
    assert "event: error" in told[1] and DAMAGED["en"] in told[1]


def test_two_visitors_of_one_class_room_each_read_their_language(address):
    number = listener(address, "class-room", "act")

    def act(code, wish):
        with visitor(code) as browser:
            body = {"data": [], "fn_index": number, "session_hash": code, "event_data": wish}
            return browser.post(f"{address}{API}/run/predict", json=body).json()["data"][0]

    wall = act("en", {"do": "open", "cases": ["effusion"], "base": address, "lang": "de"})
    assert wall["link"] == f"{address}?class={wall['code']}&lang=de"
    assert act("en", {"do": "open", "cases": ["effusion"], "base": address, "lang": "xx"})["link"].count("lang") == 0
    seat = act("de", {"do": "join", "code": wall["code"]})["seat"]
    fields = {code: act(code, {"do": "look", "seat": seat})["views"][0]["fields"][2][2] for code in ("de", "en", "de")}
    assert fields["en"].endswith(", lower zone") and fields["de"].endswith(", Unterfeld")
    refused = {code: act(code, {"do": "answer", "seat": seat, "at": 0, "answer": {}})["message"] for code in fields}
    assert refused == {"en": "Pick a finding first.", "de": "Wählen Sie zuerst einen Befund."}
    sent = {"finding": FINDINGS[1], "frontal": [0.5, 0.5]}
    assert act("de", {"do": "answer", "seat": seat, "at": 0, "answer": sent})["own"]["finding"] == FINDINGS[1]
    told = {code: act(code, {"do": "reveal", "key": wall["key"]})["told"]["findings"] for code in fields}
    assert told["de"] == told["en"]  # names of findings are data: the browser says them
