"""The evidence of one example is what it was when the weights were shipped."""

import json

import pytest

from tests.explain.golden_evidence import GOLDEN, found

NEAR = 5e-3  # a probability that differs by more was measured otherwise


def test_the_evidence_of_an_example_is_as_it_was(read_once):
    expected, now = json.loads(GOLDEN.read_text(encoding="utf-8")), found()
    assert now["text"] == expected["text"]
    assert [(word["word"], word["short"]) for word in now["words"]] == [
        (word["word"], word["short"]) for word in expected["words"]
    ]
    for word, kept in zip(now["words"], expected["words"], strict=True):
        *numbers, p = word["numbers"]
        *before, kept_p = kept["numbers"]
        assert numbers == pytest.approx(before, abs=NEAR), word["word"]
        assert p == pytest.approx(kept_p, abs=0.02), word["word"]  # two of 99 areas may lie that near
    assert now["areas"] == pytest.approx(expected["areas"], abs=NEAR)
