"""What the browser is given of the gallery."""

import json

import pytest

from captioner.phantom import read_cases
from explain import case_gallery
from panels.case_gallery import panel
from panels.shell import deep_link
from tests.stand_in import ToldStandIn, write_examples


@pytest.fixture
def folder(tmp_path):
    return write_examples(tmp_path)


def test_cards_and_filters_tell_the_same(folder):
    model = ToldStandIn("default")
    model.config["files"] = {case_gallery.WEIGHTS: "abc"}
    cases = read_cases(folder)
    told = case_gallery.write(folder, cases, model)
    shown = panel.payload(folder, cases)
    quiet, effusion = shown["cards"]
    assert quiet["title"] == "Drawn <quiet>" and quiet["code"] == deep_link.case_code("quiet")
    assert quiet["values"] == {"finding": [panel.NOTHING], "outcome": ["right"], "place": ["none"]}
    assert effusion["values"]["finding"] == ["effusion"] and ["made_up", "makes something up"] in effusion["marks"]
    assert all(picture.startswith("data:image/") for card in shown["cards"] for picture in card["pictures"])
    assert shown["filters"]["finding"] == [["effusion", "effusion", 1], [panel.NOTHING, panel.NOTHING, 1]]
    for kind, offered in shown["filters"].items():
        for value, _, count in offered:
            assert count == sum(value in card["values"][kind] for card in shown["cards"]) > 0
    assert shown["summary"] == case_gallery.summary(told) and json.dumps(shown)


def test_cases_of_which_nothing_was_written_down_are_shown_all_the_same(folder):
    shown = panel.payload(folder, read_cases(folder))
    assert shown["summary"] == panel.WITHOUT and len(shown["cards"]) == 2
    assert shown["filters"]["outcome"] == shown["filters"]["place"] == []
