"""From two chest X-rays to the predicted impression of the report, word by word.

    import captioner
    model = captioner.load()
    study = captioner.read_study("frontal.png", "lateral.png")
    caption = model.caption(study, decoding="beam", beam_width=3)

TensorFlow takes seconds to import, so nothing here imports it before `load` is called.
"""

from captioner.caption import Alternative, Caption, Hypothesis, Word
from captioner.errors import BadInput
from captioner.study import Study, View, read_study

__all__ = ["Alternative", "BadInput", "Caption", "Hypothesis", "Study", "View", "Word", "load", "read_study"]


def load(folder=None):
    """Load a checkpoint folder (default: `weights/default`) as a `captioner.checkpoint.Captioner`.

    Raises:
        BadInput: the folder is missing, incomplete, damaged or of a layout that is not known.
    """
    from captioner.checkpoint import load as load_checkpoint

    return load_checkpoint(folder)
