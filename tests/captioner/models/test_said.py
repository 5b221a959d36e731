"""What has been said, by hand, and what follows for what the decoder is told."""

import numpy as np
import pytest

from captioner.decoding.token_tables import statement_table
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.models.said import NAMES, Said, left_to_say
from captioner.reports.findings import FINDINGS
from captioner.vocabulary import Vocabulary

WORDS = "small left effusion airspace disease heart enlarged cardiomegaly lungs clear".split()
VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", ".", *WORDS])
RULES = {"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0}
GRID = (2, 2)


@pytest.fixture(scope="module")
def said():
    layer = Said(len(VOCABULARY))
    layer.table.assign(statement_table(VOCABULARY.tokens))
    return layer


def after(said, text):
    """The findings that finished sentences of a text state, and those that the sentence so far does."""
    memory = np.zeros((1, Said.size), np.float32)
    for token in VOCABULARY.encode(text):
        memory = said(memory, np.array([token], np.int32))
    memory = np.asarray(memory)[0]
    return tuple({name for name, there in zip(FINDINGS, memory[start:]) if there} for start in (0, NAMES))


@pytest.mark.parametrize(
    ("text", "finished", "here"),
    [
        ("", set(), set()),
        ("small left effusion", set(), {"effusion"}),
        ("small left effusion .", {"effusion"}, set()),
        ("effusion . effusion . cardiomegaly", {"effusion"}, {"cardiomegaly"}),
        ("effusion and cardiomegaly .", {"effusion", "cardiomegaly"}, set()),
        ("airspace", set(), set()),  # half of a finding
        ("left airspace disease .", {"airspace opacity"}, set()),
        ("enlarged heart .", {"cardiomegaly"}, set()),
        ("heart . enlarged .", set(), set()),  # halves of two sentences
        ("lungs clear .", set(), set()),
    ],
)
def test_a_finding_is_said_when_its_sentence_ends(said, text, finished, here):
    assert after(said, text) == (finished, here)


def test_a_finding_that_was_said_is_told_no_more_and_the_others_are():
    told = np.ones((1, NAMES * 5), np.float32)
    memory = np.zeros((1, Said.size), np.float32)
    memory[0, 1] = memory[0, NAMES + 2] = 1.0  # one in a finished sentence, one in this
    left = np.asarray(left_to_say(told, memory)).reshape(NAMES, 5)
    assert not left[1].any() and left.sum() == (NAMES - 1) * 5


@pytest.mark.parametrize("name", ["attention", "simple", "chained-context"])
def test_after_a_sentence_the_network_answers_as_one_that_is_told_the_rest(name):
    settings = {"depth": 6, "units": 5, "embedding": 4, "head": 3, "rules": RULES, "attention_units": 4}
    keeps, plain = (
        network_class(name)(ENCODERS["densenet-tiny"], len(VOCABULARY), 2, GRID, told_once=once, **settings)
        for once in (True, False)
    )
    rng = np.random.default_rng(0)
    for variable, other in zip(keeps.trainable_variables, plain.trainable_variables, strict=True):
        variable.assign(rng.normal(size=variable.shape))
        other.assign(variable)
    keeps.said.table.assign(statement_table(VOCABULARY.tokens))
    shown, mask = rng.normal(size=(1, 8, 6)).astype(np.float32), np.array([[True, True]])
    both, rest = np.zeros((2, 1, NAMES, 5), np.float32)
    both[0, [0, 1], 0] = rest[0, 0, 0] = 1.0  # cardiomegaly and effusion, and cardiomegaly alone
    constants, state = keeps.begin(shown, mask, both.reshape(1, -1))
    told_rest, _ = plain.begin(shown, mask, rest.reshape(1, -1))
    told_both, own = plain.begin(shown, mask, both.reshape(1, -1))
    ids = [VOCABULARY.start, *VOCABULARY.encode("small effusion . left")]
    for number, token in enumerate(ids):
        logits, state, _ = keeps.step(shown, constants, state, np.array([token], np.int32))
        told = told_rest if number >= 3 else told_both  # from the word after the full stop on
        wanted, own, _ = plain.step(shown, told, own, np.array([token], np.int32))
        np.testing.assert_allclose(np.asarray(logits), np.asarray(wanted), rtol=1e-4, atol=1e-5)
    other = np.asarray(plain.step(shown, told_both, own, np.array([4], np.int32))[0])
    assert np.abs(np.asarray(plain.step(shown, told_rest, own, np.array([4], np.int32))[0]) - other).max() > 1e-3


def test_the_memory_is_a_setting_that_older_checkpoints_do_not_have():
    settings = {"depth": 6, "units": 5, "embedding": 4, "head": 3, "rules": RULES}
    older = network_class("attention")(ENCODERS["densenet-tiny"], 9, 2, GRID, **settings)
    assert "told_once" not in older.get_config() and older.said is None
    newer = network_class("attention")(ENCODERS["densenet-tiny"], 9, 2, GRID, told_once=True, **settings)
    again = network_class("attention").from_config(newer.get_config())
    assert again.said is not None and len(newer.weights) == len(older.weights) + 1
