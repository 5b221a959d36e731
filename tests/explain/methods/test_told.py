"""What the decoder is told while words are explained: what wrote a caption, or what a typed text states."""

import numpy as np
import pytest

from captioner import Study
from captioner.images.study import View
from captioner.reports.findings import FINDINGS
from explain.methods.base import method
from explain.methods.question import ask

EFFUSION, ATELECTASIS = FINDINGS.index("effusion"), FINDINGS.index("atelectasis")


@pytest.fixture(scope="module")
def model(told_checkpoint, loaded):
    return loaded(told_checkpoint)


@pytest.fixture(scope="module")
def study():
    pixels = np.random.default_rng(7).integers(0, 255, (2, 64, 64), np.uint8)
    return Study(View("frontal", pixels[0]), View("lateral", pixels[1]))


def told_of(model, study, tokens):
    return ask(model, study, tokens).asked.told.reshape(len(FINDINGS), 5)


def test_a_caption_is_explained_as_it_was_written(model, study):
    for steer in (None, {"effusion": "left"}, {"effusion": False, "atelectasis": True}):
        caption = model.caption(study, steer=steer)
        maps = method("attention").explain(model, study, caption).maps
        for word, found in zip(caption.words, maps):
            np.testing.assert_allclose(found, word.attention, atol=1e-6)
    assert np.isnan(told_of(model, study, model.caption(study))).all()


def test_what_was_steered_is_told_again(model, study):
    told = told_of(model, study, model.caption(study, steer={"effusion": "left", "atelectasis": False}))
    np.testing.assert_array_equal(told[EFFUSION, :3], [1, 1, 0])
    np.testing.assert_array_equal(told[ATELECTASIS], np.zeros(5))
    assert np.isnan(np.delete(told, [EFFUSION, ATELECTASIS], axis=0)).all()


@pytest.mark.parametrize(
    "text, row",
    [
        ("left effusion .", [1, 1, 0, np.nan, np.nan]),
        ("effusion .", [1] + [np.nan] * 4),
        ("no effusion .", [np.nan] * 5),
    ],
)
def test_a_typed_text_is_explained_by_a_decoder_that_is_told_what_it_states(model, study, text, row):
    tokens = model.vocabulary.encode(text)
    told = told_of(model, study, tokens)
    np.testing.assert_array_equal(told[EFFUSION], np.float32(row))
    # It answers as the decoder does that is told the same.
    features = model.encode(study)
    forced = model.decoder.force(features.image_features, features.mask, tokens, told.reshape(1, -1))
    found = method("attention").explain(model, study, tokens)
    np.testing.assert_allclose(found.details["target"], forced.log_probs, atol=1e-5)
    gradients = method("grad-cam").explain(model, study, tokens)
    np.testing.assert_allclose(gradients.details["target"], forced.log_probs, atol=1e-4)
