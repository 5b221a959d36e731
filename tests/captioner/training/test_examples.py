"""The phantoms that a training keeps."""

from pathlib import Path

import numpy as np
import pytest

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
