"""What each shipped checkpoint answers for three examples, kept in one file. After new weights, renew it:

python -m tests.captioner.golden_outputs
"""

import json
from pathlib import Path

import numpy as np

import captioner
from captioner.checkpoint.store import available

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden_outputs.json")
EXAMPLES = ("normal", "cardiomegaly-and-effusion", "right-upper-lobe-opacity")


def outputs(folder):
    """Of one checkpoint: example -> decoding -> text, log probabilities and the cell each word's attention peaks in."""
    model = captioner.load(folder)
    found = {}
    for name in EXAMPLES:
        paths = [ROOT / "examples" / f"{name}-{view}.png" for view in ("frontal", "lateral")]
        features = model.encode(captioner.read_study(*paths))
        found[name] = {
            decoding: described(model.caption(features, decoding=decoding)) for decoding in ("greedy", "beam")
        }
    return found


def described(caption):
    """A caption as the golden file holds it; a peak is `[view, row, column]`, None without attention."""
    return {
        "text": caption.text,
        "log_prob": round(caption.log_prob, 4),
        "word_log_probs": [round(word.log_prob, 4) for word in caption.words],
        "peaks": [peak(word.attention) for word in caption.words],
    }


def peak(attention):
    """The cell that holds most of the attention `(views, rows, columns)`."""
    if attention is None:
        return None
    return [int(place) for place in np.unravel_index(np.argmax(attention), attention.shape)]


def write():
    """Write the golden file anew."""
    found = {folder.name: outputs(folder) for folder in available()}
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
