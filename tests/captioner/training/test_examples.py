"""The phantoms that a training keeps."""

from pathlib import Path

import numpy as np
import pytest

from captioner.phantom.findings import draw
from captioner.training import examples


def test_a_phantom_whose_writing_was_cut_off_is_rendered_again(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "PHANTOM_SIZE", 64)
    whole = np.savez_compressed

    def cut_off(path, **arrays):
        whole(path, **arrays)
        written = Path(path).read_bytes()
        Path(path).write_bytes(written[: len(written) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(np, "savez_compressed", cut_off)
        with pytest.raises(KeyboardInterrupt):
            examples.phantom_study(examples.PHANTOM_SEED, tmp_path)
    again = examples.phantom_study(examples.PHANTOM_SEED, tmp_path)
    kept = examples.phantom_study(examples.PHANTOM_SEED, tmp_path)
    for first, second in zip(again, kept):
        np.testing.assert_array_equal(first, second)


def test_hard_phantoms_follow_the_others_and_each_has_a_finding_that_is_missed_often():
    seeds = examples.phantom_seeds(50, 30)
    assert seeds[:50] == list(range(examples.PHANTOM_SEED, examples.PHANTOM_SEED + 50))
    assert len(set(seeds)) == 80 and seeds == sorted(seeds) and seeds[-1] < 200_000
    planted = [{wanted.name for wanted in draw(seed)} for seed in range(seeds[50], seeds[-1] + 1)]
    assert [bool(names & examples.HARD_KINDS) for names in planted].count(True) == 30
