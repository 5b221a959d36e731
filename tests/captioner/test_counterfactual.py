"""Changed pictures and texts weighed under both: by a stand-in whose probabilities are known, and by a real network."""

import json
from math import exp

import numpy as np
import pytest

from captioner import Study, View
from captioner.counterfactual import END, as_dict, compare_with_changes, sentence
from captioner.images.perturbation import GRID, Changes, ViewChange, intervene
from tests.stand_in import SENTENCES, StandIn, draw_chest


def drawn(bright=False):
    views = View("frontal", draw_chest(300, 240, bright=bright)), View("lateral", draw_chest(300, 240, lateral=True))
    return Study(*views)


def test_the_changed_study_is_captioned_and_every_text_weighed_under_both():
    model, study = StandIn("default"), drawn()
    features = model.encode(study)
    caption = model.caption(features)
    white = Changes(ViewChange(brightness=100))
    encoded_before = model.encoded
    outcome = compare_with_changes(model, study, features, caption, white, "Large effusion.")
    assert model.encoded == encoded_before + 1  # the changed study alone
    told = as_dict(outcome)
    assert (told["before"], told["after"]) == (SENTENCES["dark"], SENTENCES["bright"])
    assert [text["whose"] for text in told["texts"]] == ["before", "after", "typed"]
    assert told["texts"][2]["text"] == "large effusion ."
    darker = exp((features.mean - intervene(study, white).frontal.pixels.mean()) / 255)
    for text in told["texts"]:
        words = text["words"]
        assert words[-1]["text"] == END
        for word in words[:-1]:
            assert word["after"] / word["before"] == pytest.approx(darker, rel=1e-6)
    first = [word["text"] for word in told["texts"][0]["words"][:-1]]
    assert [column["before"] for column in told["alignment"] if column["before"] is not None] == list(range(len(first)))
    json.dumps(told, allow_nan=False)


def test_without_changes_nothing_is_encoded_and_both_are_the_same():
    model, study = StandIn("default"), drawn()
    features = model.encode(study)
    outcome = compare_with_changes(model, study, features, model.caption(features), Changes())
    assert model.encoded == 1 and not outcome.changed and len(outcome.texts) == 1
    assert outcome.texts[0].before is outcome.texts[0].after
    assert "Nothing is changed yet" in as_dict(outcome)["sentence"]


def test_teacher_forcing_gives_the_words_of_an_unchanged_study_their_own_probabilities(loaded, tiny_checkpoint):
    model = loaded(tiny_checkpoint)
    study = drawn()
    features = model.encode(study)
    caption = model.caption(features)
    again = compare_with_changes(model, study, features, caption, Changes(ViewChange(contrast=2)))
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
        (
            True,
            "wet .",
            [_text("before", "clear .", [0.8, 0.9], [0.004, 0.9])],
            "changes. Most moves “clear”: from 80% to <1%",
        ),
        (True, "", [_text("before", "", [], [])], "No probability"),
        (
            False,
            "clear .",
            [_text("before", "clear .", [0.8], [0.8], (-2, -2)), _text("typed", "wet", [0.1], [0.1], (-5, -5))],
            "20 times less likely",
        ),
        (
            False,
            "clear .",
            [_text("before", "clear .", [0.8], [0.8], (-6, -6)), _text("typed", "wet", [0.1], [0.1], (-5, -5))],
            "2.7 times more likely",
        ),
        (
            False,
            "clear .",
            [_text("before", "clear .", [0.8], [0.8], (-5, -5)), _text("typed", "wet", [0.1], [0.1], (-5, -5))],
            "as likely to the model as",
        ),
        (
            False,
            "clear .",
            [_text("before", "clear .", [0.8], [0.8], (-5, -5)), _text("typed", "wet", [0.1], [0.1], (-1e9, -1e9))],
            "more than a million times less",
        ),
    ],
)
def test_the_sentence_says_what_happened(changed, after, texts, expected):
    assert expected in sentence(changed, after, texts)


@pytest.mark.parametrize(
    ("changes", "unseen"),
    [
        (Changes(), False),
        (Changes(ViewChange(presence="blank")), False),
        (Changes(ViewChange(presence="blank"), ViewChange(presence="absent")), True),
        (Changes(ViewChange(presence="blank"), ViewChange(mask=np.full((GRID, GRID), 3, np.uint8))), True),
        (Changes(ViewChange(presence="blank"), ViewChange(mask=np.full((GRID, GRID), 4, np.uint8))), False),  # blurred
    ],
)
def test_nothing_is_left_to_be_seen_when_every_view_is_plain_or_gone(changes, unseen):
    model, study = StandIn("default"), drawn()
    features = model.encode(study)
    told = as_dict(compare_with_changes(model, study, features, model.caption(features), changes))
    assert told["unseen"] == unseen
    assert told["sentence"].startswith("This is what the model writes without seeing anything.") == unseen


def test_a_typed_word_that_is_in_no_vocabulary_is_told():
    model, study = StandIn("default"), drawn()
    features = model.encode(study)
    outcome = compare_with_changes(model, study, features, model.caption(features), Changes(), "Heart is a zeppelin.")
    told = as_dict(outcome)
    assert told["unknown"] == ["a", "zeppelin"]
    assert [word["text"] for word in told["texts"][-1]["words"] if not word["known"]] == ["a", "zeppelin"]
    assert "The model does not know “a”, “zeppelin”" in told["sentence"]


def test_a_mirrored_view_changes_left_and_right_before_it_is_painted():
    pixels = np.arange(240, dtype=np.uint8).reshape(4, 60)
    np.testing.assert_array_equal(intervened := intervene_frontal(pixels, ViewChange(mirrored=True)), pixels[:, ::-1])
    mask = np.zeros((GRID, GRID), np.uint8)
    mask[:, : GRID // 2] = 1
    painted = intervene_frontal(pixels, ViewChange(mirrored=True, mask=mask))
    assert not painted[:, :30].any() and np.array_equal(painted[:, 30:], intervened[:, 30:])


def intervene_frontal(pixels, asked):
    return intervene(Study(View("frontal", pixels), None), Changes(asked)).frontal.pixels


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("right effusion .", "left effusion .", "The effusion was right and is left in the mirrored view: the side"),
        (
            "right effusion .",
            "small right effusion .",
            "The effusion was right and is right in the mirrored view, not left.",
        ),
        (
            "left effusion .",
            "effusion .",
            "The effusion was left and is without a side in the mirrored view, not right.",
        ),
        ("left effusion .", "no effusion .", "The left effusion is not named any longer in the mirrored view."),
    ],
)
def test_a_mirrored_view_tells_what_became_of_the_side(before, after, said):
    texts = [{"whose": "before", "text": before, "words": [], "log_prob": {"before": -1.0, "after": -1.0}}]
    assert said in sentence(True, after, texts, mirrored=True)
    assert "mirrored" not in sentence(True, after, texts)
