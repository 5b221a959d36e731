"""The shipped checkpoints answer as they did when they were shipped: nothing that only moves code changes a word."""

import json

import pytest

from captioner.checkpoint.store import available
from tests.captioner.golden_outputs import GOLDEN, outputs

EXPECTED = json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_every_shipped_checkpoint_has_its_golden_outputs():
    assert sorted(EXPECTED) == sorted(folder.name for folder in available())


@pytest.mark.parametrize("folder", available(), ids=lambda folder: folder.name)
def test_texts_log_probabilities_and_attention_are_as_they_were(read_once, folder):
    found = outputs(folder)
    for example, decodings in EXPECTED[folder.name].items():
        for decoding, expected in decodings.items():
            answer = found[example][decoding]
            assert answer["text"] == expected["text"], (example, decoding)
            assert answer["peaks"] == expected["peaks"], (example, decoding)
            assert answer["log_prob"] == pytest.approx(expected["log_prob"], abs=2e-3)
            assert answer["word_log_probs"] == pytest.approx(expected["word_log_probs"], abs=2e-3)
