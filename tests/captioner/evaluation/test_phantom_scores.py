"""Scores on phantoms, of a model that says what it is told, counted by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from captioner.evaluation import phantom_scores

PLANTED = ["small left pleural effusion .", "no acute abnormality .", "cardiomegaly . right pneumothorax ."]
SAID = ["small right pleural effusion .", "cardiomegaly .", "cardiomegaly . left upper lobe mass ."]


class Parrot:
    """A model that says SAID, one after the other."""

    def __init__(self):
        self.said = iter(SAID)

    def encode(self, study):
        return study

    def caption(self, features, **settings):
        return SimpleNamespace(text=next(self.said), ended=True)


@pytest.fixture
def row(monkeypatch):
    picture = np.zeros((8, 8), np.uint8)

    def render(seed, size):
        planted = PLANTED[seed - phantom_scores.FIRST_SEED]
        return SimpleNamespace(impression=planted, frontal=picture, lateral=picture)

    monkeypatch.setattr(phantom_scores.phantom, "render", render)
    return phantom_scores.phantom_scores(Parrot(), len(PLANTED), {"greedy": {}})["rows"]["greedy"]


def test_what_is_planted_stated_and_made_up_is_counted(row):
    # Planted: an effusion, a large heart, a pneumothorax. Said of them: the effusion and one heart; besides, a heart
    # and a mass that are not there.
    assert (row["planted"], row["stated"], row["made_up"]) == (3, 2, 2)
    sides = row["sides"]
    assert (sides["right"], sides["wrong"], sides["no_side"], sides["not_stated"]) == (0, 1, 0, 1)
    assert row["nonsense"]["repeated"] == row["nonsense"]["contradictory"] == 0
