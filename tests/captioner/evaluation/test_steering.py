"""Whether the decoder listens, counted by hand on decoders that listen well, badly and not at all."""

import json
from types import SimpleNamespace

import pytest

from captioner.checkpoint.store import load
from captioner.errors import BadInput
from captioner.evaluation import steering
from captioner.evaluation.steering import (
    listening_cost,
    measure_steering,
    not_held,
    outcomes,
    steer_study,
    steering_scores,
    switches,
    table,
)


class Decoder:
    """Writes what it is told; without a switch an effusion on the left. `deaf` ones change nothing."""

    name = "listening"
    decoder = SimpleNamespace(conditions_size=65)
    config: dict = {"decoding": {}}

    def __init__(self, deaf=(), also=()):
        self.deaf, self.also = deaf, also

    def encode(self, study):
        return study

    def caption(self, features, steer=None):
        stated = {"effusion": "left"}
        for name, wanted in (steer or {}).items():
            if wanted in self.deaf:
                continue
            stated.pop(name, None)
            if wanted is not False:
                stated[name] = "" if wanted is True else wanted
            stated |= dict.fromkeys(self.also, "")
        sentences = [f"{side} {name} .".strip() for name, side in stated.items()]
        return SimpleNamespace(text=" ".join(sentences) or "no acute disease .")


@pytest.mark.parametrize(
    ("before", "after", "wanted", "expected"),
    [
        ("left effusion .", "clear .", False, {"off": True, "others": False}),
        ("left effusion .", "left effusion .", False, {"off": False, "others": False}),
        ("left effusion .", "no effusion . cardiomegaly .", False, {"off": True, "others": True}),
        ("clear .", "effusion .", True, {"on": True, "others": False}),
        ("clear .", "no effusion .", True, {"on": False, "others": False}),
        ("left effusion .", "right effusion .", "right", {"side": True, "side_of_all": True, "others": False}),
        ("left effusion .", "left effusion .", "right", {"side": False, "side_of_all": False, "others": False}),
        ("left effusion .", "effusion .", "right", {"side": False, "side_of_all": False, "others": False}),
        ("left effusion .", "clear .", "right", {"side": None, "side_of_all": False, "others": False}),
    ],
)
def test_what_a_switch_did(before, after, wanted, expected):
    assert outcomes(before, after, "effusion", wanted) == {**dict.fromkeys(steering.MEASURES), **expected}


def test_what_is_switched():
    assert switches("effusion", True) == (False, "left", "right")
    assert switches("effusion", False) == (True, "left", "right")
    assert switches("cardiomegaly", False) == (True,)  # it has no side


def scores(model, count=4, names=("effusion", "cardiomegaly")):
    before = model.caption(None).text
    rows = [steer_study(model, None, names, before) for _ in range(count)]
    return steering_scores(rows, dict.fromkeys(names, 20), samples=20)


def test_a_decoder_that_listens_reaches_every_target():
    found = scores(Decoder())
    assert {name: score["value"] for name, score in found["macro"].items()} == {
        "off": 1, "on": 1, "side": 1, "side_of_all": 1, "others": 0,
    }  # fmt: skip
    assert found["met"] == dict.fromkeys(("off", "on", "side", "others"), True)
    assert found["findings"]["effusion"]["off"] == {"value": 1, "low": 1, "high": 1, "yes": 4, "of": 4}
    assert found["findings"]["effusion"]["side"]["of"] == 8 and found["findings"]["cardiomegaly"]["on"]["of"] == 4
    assert found["findings"]["cardiomegaly"]["off"]["value"] is None and found["macro"]["off"]["findings"] == 1


def test_a_deaf_decoder_reaches_none_but_the_last():
    found = scores(Decoder(deaf=(True, False, "left", "right")))
    assert found["macro"]["off"]["value"] == 0 and found["macro"]["on"]["value"] == 0
    # The impression has its effusion on the left: it follows where that is wanted.
    assert found["macro"]["side"]["value"] == 0.5
    assert found["met"] == {"off": False, "on": False, "side": False, "others": True}


def test_other_findings_that_change_are_counted():
    found = scores(Decoder(also=("hernia",)))
    assert found["macro"]["others"]["value"] == 1 and found["met"]["others"] is False


def test_the_macro_mean_counts_a_rare_finding_as_much_as_a_common_one():
    yes, no = outcomes("", "effusion .", "effusion", True), outcomes("", "", "effusion", True)
    rows = [{"effusion": [yes], "bone": [no]}, {"effusion": [yes]}, {"effusion": [yes]}]
    assert steering_scores(rows, {"effusion": 3, "bone": 1}, samples=20)["macro"]["on"]["value"] == 0.5


def test_from_the_collection_to_a_file(collection, tmp_path, monkeypatch):
    monkeypatch.setattr("captioner.checkpoint.store.load", lambda checkpoint: Decoder())
    told = []
    found = measure_steering(collection, "train", None, tmp_path / "new" / "out.json", least=1, say=told.append)
    assert json.loads((tmp_path / "new" / "out.json").read_text()) == found
    assert found["studies"] > 0 and found["findings"] and told[-1].endswith("studies steered")
    text = table(found)
    assert set(found["ceiling"]) == {"told", "plain", "constant"} and "| told what the reference states |" in text
    assert "at least 0.90" in text and "at most 0.10" in text and "**macro**" in text
    with pytest.raises(BadInput, match="No finding is stated by 999"):
        measure_steering(collection, "train", least=999)


def test_what_it_costs_to_be_held_by_hand():
    """One of two abnormal studies is named when the search is held, none when it is not; a half of balanced accuracy
    is what "always normal" gets."""
    references = ["left effusion .", "no acute disease .", "left effusion ."]
    normal = "no acute disease ."
    cost = listening_cost(references, ["left effusion .", normal, normal], [normal] * 3)
    assert cost["balanced_accuracy"]["held"] == pytest.approx(0.75)
    assert cost["balanced_accuracy"]["free"] == pytest.approx(0.5)
    difference = cost["macro_f1"]["difference"]
    assert difference["value"] == pytest.approx(cost["macro_f1"]["held"]) and difference["low"] >= 0
    same = listening_cost(references, references, references)
    assert all(set(each["difference"].values()) == {0.0} for each in same.values())  # paired: the same samples


def test_the_search_is_let_go_and_the_network_is_the_same(told_checkpoint):
    model = load(told_checkpoint)
    assert not_held(model) is None
    model.config["decoding"]["says_what_it_is_told"] = True
    free = not_held(model)
    assert free.network is model.network and not free.decoder.says_what_it_is_told
    assert model.config["decoding"]["says_what_it_is_told"]


def test_the_cost_stands_below_the_table(collection, monkeypatch):
    held, free = Decoder(), Decoder()
    monkeypatch.setattr("captioner.checkpoint.store.load", lambda checkpoint: held)
    monkeypatch.setattr(steering, "not_held", lambda model: free)
    found = measure_steering(collection, "train", least=1)
    assert found["listening"]["cider_d"]["difference"]["value"] == 0
    assert "| CIDEr-D |" in table(found)


def test_a_decoder_that_is_told_nothing_cannot_be_steered(collection, monkeypatch):
    silent = Decoder()
    silent.decoder = SimpleNamespace(conditions_size=0)
    monkeypatch.setattr("captioner.checkpoint.store.load", lambda checkpoint: silent)
    with pytest.raises(BadInput, match="cannot be steered"):
        measure_steering(collection)
