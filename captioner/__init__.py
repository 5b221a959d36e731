"""From two chest X-rays to the predicted impression of the report, word by word.

    import captioner
    model = captioner.load()
    study = captioner.read_study("frontal.png", "lateral.png")
    caption = model.caption(study, decoding="beam", beam_width=3)

TensorFlow takes seconds to import, so nothing here imports it before `load` is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from captioner.caption import Alternative, Caption, Hypothesis, Word
from captioner.errors import BadInput
from captioner.images.study import Study, View, read_study

if TYPE_CHECKING:
    from captioner.captioner import Captioner

__all__ = ["Alternative", "BadInput", "Caption", "Hypothesis", "Study", "View", "Word", "load", "read_study"]


def load(folder: str | Path | None = None) -> Captioner:
    """Load a checkpoint folder (default: `weights/default`) as a `captioner.captioner.Captioner`.

    Args:
        folder: of the checkpoint, or the address of a model repository on the Hugging Face Hub: `hf://OWNER/NAME`.

    Raises:
        BadInput: the folder is missing, incomplete, damaged or of a layout that is not known, or the repository cannot
            be had.
    """
    from captioner.checkpoint.store import load as load_checkpoint

    return load_checkpoint(folder)
