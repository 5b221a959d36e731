"""The whole evidence of one example by the default checkpoint, kept in one file. After new weights, renew it:

python -m tests.explain.golden_evidence
"""

import json
from pathlib import Path

import captioner
from explain.methods.base import method
from explain.metrics.deletion_insertion import compare
from explain.report import evidence

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden_evidence.json")
EXAMPLE = "left-effusion"


def found():
    """The impression; for each word its verdict and the numbers behind it; the first word's areas under its curves."""
    model = captioner.load()
    study = captioner.read_study(*(ROOT / "examples" / f"{EXAMPLE}-{view}.png" for view in ("frontal", "lateral")))
    caption = model.caption(study)
    maps = method("attention").explain(model, study, caption)
    curves = compare(model, study, caption, 0, maps.maps[0], maps.extent, steps=10, random=3)
    words = []
    for place, (pictures, area) in evidence.measure(model, study, caption, maps).items():
        numbers = pictures.blank, pictures.other, area.before, area.hidden, area.middle, area.corrected_p
        words.append(
            {
                "word": caption.words[place].text,
                "short": evidence.entry("", (pictures, area))["short"],
                "numbers": [round(float(each), 4) for each in numbers],
            }
        )
    return {
        "text": caption.text,
        "words": words,
        "areas": [
            round(each, 4)
            for one in (curves.method, *curves.random, curves.centre)
            for each in (one.deletion_area, one.insertion_area)
        ],
    }


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(found(), indent=1) + "\n", encoding="utf-8")
