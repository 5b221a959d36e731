"""Attention as a method: the network's own numbers, untouched."""

import numpy as np

from captioner import Study
from explain.methods import attention
from explain.methods.base import method
from tests.explain.linear_model import ATTENTION, EFFUSION, STOP, pictures


def test_the_maps_are_what_the_network_attended_to(linear):
    found = method("attention").explain(linear, pictures(), [EFFUSION, STOP])
    np.testing.assert_array_equal(found.maps, [ATTENTION, ATTENTION])


def test_it_is_the_attention_of_the_captions_words(tiny, study):
    for views in (study, Study(study.frontal, None)):
        words = tiny.score_text(views, "no acute effusion .").words
        found = method("attention").explain(tiny, views, [word.token_id for word in words])
        np.testing.assert_allclose(found.maps, attention.maps(words), atol=1e-6)
        np.testing.assert_allclose(found.maps.sum(axis=(1, 2, 3)), 1, atol=1e-5)
