"""What if: requests, their limits, the sentence, the endpoint. For painting see tests/browser/test_what_if.py."""

import base64

import cv2
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from hypothesis import given
from hypothesis import strategies as st

from captioner import BadInput, Study, View
from captioner.counterfactual import compare_with_changes
from captioner.images.perturbation import FILLS, GRID, Changes, ViewChange
from explain.heatmap import WHOLE
from panels.server.model_pool import ModelPool
from panels.server.sessions import Remade
from panels.viewer.session import Encoded, Session, StudyKey
from panels.what_if import panel as what_if
from panels.what_if import request as what_if_request
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
    changes = what_if_request.changes({**asked, "swap": False})
    assert (changes.frontal.brightness, changes.frontal.contrast, changes.frontal.presence) == (-20, 2, "shown")
    assert np.array_equal(changes.frontal.mask, mask) and changes.lateral.presence == "absent"
    assert what_if_request.changes(None).nothing and what_if_request.changes({}).nothing


def test_rectangles_are_painted_one_over_the_other():
    whole = {"fill": "white", "top": 0, "left": 0, "bottom": 1, "right": 1}
    corner = {"fill": "blurred", "top": 0.5, "left": 0.5, "bottom": 1, "right": 1}
    mask = what_if_request.changes({"lateral": {"paint": [whole, corner]}}).lateral.mask
    assert (mask[: GRID // 2] == 3).all() and (mask[GRID // 2 :, GRID // 2 :] == 4).all()


RECTANGLE = {"top": 0, "left": 0, "bottom": 1, "right": 1}


@pytest.mark.parametrize(
    "asked",
    [
        [],
        "frontal",
        7,
        {"both": {}},
        {"frontal": []},
        {"frontal": {"colour": 1}},
        {"swap": 1},
        {"swap": "yes"},
        {"frontal": {"brightness": 101}},
        {"frontal": {"brightness": True}},
        {"frontal": {"brightness": float("nan")}},
        {"frontal": {"contrast": 0}},
        {"frontal": {"contrast": "2"}},
        {"frontal": {"presence": "absent"}},
        {"lateral": {"presence": "gone"}},
        {"frontal": {"presence": []}},
        {"frontal": {"mask": "AAAA"}},
        {"frontal": {"mask": "!" * 21848}},
        {"frontal": {"mask": "A" * 10**7}},
        {"frontal": {"mask": 5}},
        {"frontal": {"mask": encoded(np.full((GRID, GRID), 5, np.uint8))}},
        {"frontal": {"paint": RECTANGLE}},
        {"frontal": {"paint": [{**RECTANGLE, "fill": "red"}]}},
        {"frontal": {"paint": [{**RECTANGLE, "bottom": 2}]}},
        {"frontal": {"paint": [{**RECTANGLE, "right": 0}]}},
        {"frontal": {"paint": [{"top": 0}]}},
        {"frontal": {"paint": [RECTANGLE] * 33}},
        {"frontal": {"paint": [7]}},
    ],
)
def test_what_cannot_be_changed_is_one_sentence(asked):
    with pytest.raises(BadInput) as raised:
        what_if_request.changes(asked)
    assert str(raised.value).endswith(".") and len(str(raised.value)) < 200


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["frontal", "lateral", "swap", "paint", "mask", "brightness", "presence", "fill", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(JUNK)
def test_junk_is_refused_or_becomes_changes(asked):
    try:
        assert isinstance(what_if_request.changes(asked), Changes)
    except BadInput:
        pass


@pytest.mark.parametrize("typed", ["...", "x" * (what_if_request.LONGEST + 1), " . "])
def test_a_text_that_cannot_be_weighed_is_refused(typed):
    with pytest.raises(BadInput, match="impression"):
        what_if_request.impression(typed)


@pytest.mark.parametrize(
    ("typed", "expected"), [(None, ""), ("", ""), ("  ", ""), (7, ""), (" clear lungs ", "clear lungs")]
)
def test_a_text_is_stripped_and_may_be_missing(typed, expected):
    assert what_if_request.impression(typed) == expected


# ---- the panel -------------------------------------------------------------------------------------------------------


def begun(model, size):
    """A session with a study whose two pictures came in a size."""
    encoded = Encoded(drawn(), {"frontal": size, "lateral": size}, model.encode(drawn()), WHOLE)
    return Session(StudyKey("a", "b", "default"), Remade(lambda: encoded))


def test_a_large_upload_is_compared_with_itself_at_the_size_shown():
    model = StandIn("default")
    session = begun(model, (3000, 2400))
    features, kept = what_if.features_of(model, session, None)
    assert model.encoded == 2 and features is not session.features
    assert what_if.features_of(model, session, kept)[0] is features and model.encoded == 2
    kept.let_go()  # the visitor has left, and comes back
    assert what_if.features_of(model, session, kept)[0] is not None and model.encoded == 3
    same = begun(model, (300, 240))
    assert what_if.features_of(model, same, kept) == (same.features, None)


# ---- the endpoint ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    model = StandIn("default")
    folder = write_examples(tmp_path_factory.mktemp("examples"))
    with serve(ModelPool({"default": "default"}, lambda _: model).start(), folder) as url:
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


def test_each_word_s_maps_before_and_after_are_sent_for_every_text():
    model = StandIn()
    study = drawn()
    features, caption = model.encode(study), model.caption(study)
    changes = Changes(lateral=ViewChange(presence="absent"))
    outcome = compare_with_changes(model, study, features, caption, changes, "no effusion")
    maps = what_if.maps_of(outcome)
    assert [len(of_text) for of_text in maps] == [len(text.before.words) for text in outcome.texts]
    for text, of_text in zip(outcome.texts, maps):
        for word, now, told in zip(text.before.words, text.after.words, of_text):
            np.testing.assert_allclose(told["before"], word.attention, atol=1e-5)
            np.testing.assert_allclose(told["after"], now.attention, atol=1e-5)
            assert np.sum(told["after"][1]) == 0 < np.sum(told["before"][1])
    blind = StandIn(has_attention=False)
    outcome = compare_with_changes(blind, study, blind.encode(study), blind.caption(study), Changes(), "")
    assert what_if.maps_of(outcome) == [None]
