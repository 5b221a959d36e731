"""What if: its door, what it weighs, its sentence, its endpoint. Painting is tested in tests/browser/test_what_if.py."""

import base64
import json
from dataclasses import replace
from math import exp

import cv2
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from hypothesis import given
from hypothesis import strategies as st

from captioner import BadInput, Study, View, load
from captioner.intervene import FILLS, GRID, Changes, ViewChange, intervene
from panels import what_if, what_if_asked
from panels.explain import Session
from panels.shelf import Shelf
from tests.stand_in import SENTENCES, StandIn, draw_chest, serve, write_examples


def encoded(mask):
    return base64.b64encode(mask.tobytes()).decode()


def drawn(bright=False):
    views = View("frontal", draw_chest(300, 240, bright=bright)), View("lateral", draw_chest(300, 240, lateral=True))
    return Study(*views)


# ---- the door --------------------------------------------------------------------------------------------------------


def test_what_a_browser_sends_becomes_changes():
    mask = np.random.default_rng(1).integers(0, len(FILLS) + 1, (GRID, GRID), np.uint8)
    asked = {"frontal": {"brightness": -20, "contrast": 2, "mask": encoded(mask)}, "lateral": {"presence": "absent"}}
    changes = what_if_asked.changes({**asked, "swap": False})
    assert (changes.frontal.brightness, changes.frontal.contrast, changes.frontal.presence) == (-20, 2, "shown")
    assert np.array_equal(changes.frontal.mask, mask) and changes.lateral.presence == "absent"
    assert what_if_asked.changes(None).nothing and what_if_asked.changes({}).nothing


def test_rectangles_are_painted_one_over_the_other():
    whole = {"fill": "white", "top": 0, "left": 0, "bottom": 1, "right": 1}
    corner = {"fill": "blurred", "top": 0.5, "left": 0.5, "bottom": 1, "right": 1}
    mask = what_if_asked.changes({"lateral": {"paint": [whole, corner]}}).lateral.mask
    assert (mask[: GRID // 2] == 3).all() and (mask[GRID // 2 :, GRID // 2 :] == 4).all()


RECTANGLE = {"top": 0, "left": 0, "bottom": 1, "right": 1}


@pytest.mark.parametrize(
    "asked",
    [
        [], "frontal", 7, {"both": {}}, {"frontal": []}, {"frontal": {"colour": 1}}, {"swap": 1}, {"swap": "yes"},
        {"frontal": {"brightness": 101}}, {"frontal": {"brightness": True}}, {"frontal": {"brightness": float("nan")}},
        {"frontal": {"contrast": 0}}, {"frontal": {"contrast": "2"}}, {"frontal": {"presence": "absent"}},
        {"lateral": {"presence": "gone"}}, {"frontal": {"presence": []}}, {"frontal": {"mask": "AAAA"}},
        {"frontal": {"mask": "!" * 21848}}, {"frontal": {"mask": "A" * 10**7}}, {"frontal": {"mask": 5}},
        {"frontal": {"mask": encoded(np.full((GRID, GRID), 5, np.uint8))}}, {"frontal": {"paint": RECTANGLE}},
        {"frontal": {"paint": [{**RECTANGLE, "fill": "red"}]}}, {"frontal": {"paint": [{**RECTANGLE, "bottom": 2}]}},
        {"frontal": {"paint": [{**RECTANGLE, "right": 0}]}}, {"frontal": {"paint": [{"top": 0}]}},
        {"frontal": {"paint": [RECTANGLE] * 33}}, {"frontal": {"paint": [7]}},
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_one_sentence(asked):
    with pytest.raises(BadInput) as raised:
        what_if_asked.changes(asked)
    assert str(raised.value).endswith(".") and len(str(raised.value)) < 200


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["frontal", "lateral", "swap", "paint", "mask", "brightness", "presence", "fill", "x"]), inner,
        max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(JUNK)
def test_junk_is_refused_or_becomes_changes(asked):
    try:
        assert isinstance(what_if_asked.changes(asked), Changes)
    except BadInput:
        pass


@pytest.mark.parametrize("typed", ["...", "x" * (what_if_asked.LONGEST + 1), " . "])
def test_a_text_that_cannot_be_weighed_is_refused(typed):
    with pytest.raises(BadInput, match="impression"):
        what_if_asked.text(typed)


@pytest.mark.parametrize(("typed", "expected"), [(None, ""), ("", ""), ("  ", ""), (7, ""), (" clear lungs ", "clear lungs")])
def test_a_text_is_stripped_and_may_be_missing(typed, expected):
    assert what_if_asked.text(typed) == expected


# ---- weighing --------------------------------------------------------------------------------------------------------


def test_the_changed_study_is_captioned_and_every_text_weighed_under_both():
    model, study = StandIn("default"), drawn()
    features = model.encode(study)
    caption = model.caption(features)
    white = Changes(ViewChange(brightness=100))
    encoded_before = model.encoded
    outcome = what_if.ask(model, study, features, caption, white, "Large effusion.")
    assert model.encoded == encoded_before + 1  # the changed study alone
    told = what_if.as_dict(outcome)
    assert (told["before"], told["after"]) == (SENTENCES["dark"], SENTENCES["bright"])
    assert [text["whose"] for text in told["texts"]] == ["before", "after", "typed"]
    assert told["texts"][2]["text"] == "large effusion ."
    darker = exp((features.mean - intervene(study, white).frontal.pixels.mean()) / 255)
    for text in told["texts"]:
        words = text["words"]
        assert words[-1]["text"] == what_if.END
        for word in words[:-1]:
            assert word["after"] / word["before"] == pytest.approx(darker, rel=1e-6)
    first = [word["text"] for word in told["texts"][0]["words"][:-1]]
    assert [column["before"] for column in told["alignment"] if column["before"] is not None] == list(range(len(first)))
    json.dumps(told, allow_nan=False)


def test_without_changes_nothing_is_encoded_and_both_are_the_same():
    model, study = StandIn("default"), drawn()
    features = model.encode(study)
    outcome = what_if.ask(model, study, features, model.caption(features), Changes())
    assert model.encoded == 1 and not outcome.changed and len(outcome.texts) == 1
    assert outcome.texts[0].before is outcome.texts[0].after
    assert "Nothing is changed yet" in what_if.as_dict(outcome)["sentence"]


def test_teacher_forcing_gives_the_words_of_an_unchanged_study_their_own_probabilities(tiny_checkpoint):
    model = load(tiny_checkpoint)
    study = drawn()
    features = model.encode(study)
    caption = model.caption(features)
    again = what_if.ask(model, study, features, caption, Changes(ViewChange(contrast=2)))
    for word, rescored in zip(caption.words, again.texts[0].before.words):
        assert rescored.log_prob == pytest.approx(word.log_prob, abs=1e-4)
    changed = model.score_text(intervene(study, Changes(ViewChange(contrast=2))), caption.text)
    assert again.texts[0].after.log_prob == pytest.approx(changed.log_prob, abs=1e-4)


def _text(whose, text, before, after, log_probs=(-1.0, -1.0)):
    words = [{"text": word, "before": b, "after": a} for word, b, a in zip(text.split(), before, after)]
    return {"whose": whose, "text": text, "words": words, "log_prob": dict(zip(("before", "after"), log_probs))}


@pytest.mark.parametrize(
    ("changed", "after", "texts", "expected"),
    [
        (True, "clear .", [_text("before", "clear .", [0.8, 0.9], [0.78, 0.9])], "stays the same. No probability"),
        (True, "clear .", [_text("before", "clear .", [0.8, 0.9], [0.2, 0.9])], "“clear”: from 80% to 20%"),
        (True, "wet .", [_text("before", "clear .", [0.8, 0.9], [0.004, 0.9])], "changes. Most moves “clear”: from 80% to under 1%"),
        (True, "", [_text("before", "", [], [])], "No probability"),
        (False, "clear .", [_text("before", "clear .", [0.8], [0.8], (-2, -2)), _text("typed", "wet", [0.1], [0.1], (-5, -5))], "20 times less likely"),
        (False, "clear .", [_text("before", "clear .", [0.8], [0.8], (-6, -6)), _text("typed", "wet", [0.1], [0.1], (-5, -5))], "2.7 times more likely"),
        (False, "clear .", [_text("before", "clear .", [0.8], [0.8], (-5, -5)), _text("typed", "wet", [0.1], [0.1], (-5, -5))], "as likely to the model as"),
        (False, "clear .", [_text("before", "clear .", [0.8], [0.8], (-5, -5)), _text("typed", "wet", [0.1], [0.1], (-1e9, -1e9))], "more than a million times less"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_happened(changed, after, texts, expected):
    assert expected in what_if.sentence(changed, after, texts)


def test_a_large_upload_is_compared_with_itself_at_the_size_shown():
    model = StandIn("default")
    session = Session(("a", "b", "default"), drawn(), {"frontal": (3000, 2400), "lateral": (3000, 2400)}, model.encode(drawn()))
    features, kept = what_if.features_of(model, session, None)
    assert model.encoded == 2 and features is not session.features
    assert what_if.features_of(model, session, kept)[0] is features and model.encoded == 2
    same = replace(session, sizes={"frontal": (300, 240), "lateral": (300, 240)})
    assert what_if.features_of(model, same, kept) == (session.features, None)


# ---- the endpoint ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    model = StandIn("default")
    folder = write_examples(tmp_path_factory.mktemp("examples"))
    with serve(Shelf({"default": "default"}, lambda _: model).start(), folder) as url:
        yield Client(url, verbose=False)


@pytest.fixture
def chest(tmp_path):
    cv2.imwrite(str(tmp_path / "chest.png"), draw_chest(300, 240))
    return handle_file(str(tmp_path / "chest.png"))


def test_the_endpoint_answers_a_client(client, chest):
    changes = {"frontal": {"paint": [{"fill": "white", "top": 0, "left": 0, "bottom": 1, "right": 1}]}}
    answer = client.predict(chest, chest, changes=changes, text="No edema.", api_name="/what_if")
    assert (answer["before"], answer["after"], answer["changed"]) == (SENTENCES["dark"], SENTENCES["bright"], True)
    assert [text["whose"] for text in answer["texts"]] == ["before", "after", "typed"]
    assert client.predict(chest, None, api_name="/what_if")["changed"] is False


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"changes": {"frontal": {"brightness": 1000}}}, "brightness must be a number from -100 to 100"),
        ({"changes": {"swap": True}}, "no lateral view"),
        ({"text": "x" * 700}, "600 characters"),
    ],
)
def test_the_endpoint_refuses_in_one_sentence(client, chest, named, sentence):
    with pytest.raises(AppError, match=sentence):
        client.predict(chest, None, api_name="/what_if", **named)
