"""A study with an impression and maps that are known by hand, for the tests of the report."""

from types import SimpleNamespace

import numpy as np

from captioner import Study, View
from captioner.caption import Alternative, Caption, Finding, Hypothesis, Word
from captioner.reports.findings import FINDINGS
from explain.heatmap import WHOLE
from explain.methods.base import Explanation

HOSTILE = '</script><img src=x onerror="alert(1)">&amp;\u2028${data}$data'


def study(lateral=True, frontal=(300, 360)):
    """Grey ramps, so that a view is told from the other and from its mirror image."""
    ramp = np.tile(np.linspace(20, 200, frontal[1]).astype(np.uint8), (frontal[0], 1))
    side = View("lateral", np.full((400, 200), 90, np.uint8)) if lateral else None
    return Study(View("frontal", ramp), side, ("The frontal picture is a colour photograph.",))


def caption(texts=("large", "heart", "."), beams=1, lateral=True):
    """An impression; the word at place n has the probability 1 / (n + 2)."""
    words = []
    for number, text in enumerate(texts):
        log_prob = -float(np.log(number + 2))
        others = (
            Alternative(text, number + 4, log_prob),
            Alternative("<end>", 2, -3.0),
            Alternative("clear", 30, -4.0),
        )
        words.append(Word(text, number + 4, log_prob, others))
    total = sum(word.log_prob for word in words)
    found = tuple(Hypothesis(tuple(words), total - 0.5 - beam, -0.5, total / 2 - beam) for beam in range(beams))
    search = ("greedy", 1) if beams == 1 else ("beam", beams)
    return Caption(found, *search, 0.7, (True, lateral), ("A notice of the model.",))


def explanation(count=3, shape=(4, 4), signed=False, method="attention", grid=True, lateral=True, details=None):
    """Maps of random numbers; those of a missing view are zero."""
    maps = np.random.default_rng(3).random((count, 2, *shape), np.float32)
    if signed:
        maps -= 0.5
    if not lateral:
        maps[:, 1] = 0
    places = tuple(range(count))
    return Explanation(
        method, maps, places, tuple(place + 4 for place in places), (None,) * count, grid, signed, WHOLE, details or {}
    )


def findings():
    """Three findings: seen and not written, written (as "large heart") and not seen, and neither."""
    known = {
        "cardiomegaly": (0.09, 0.4, None, 0.069),
        "effusion": (0.62, 0.3, "left", 0.041),
        "hernia": (0.02, 0.3, None, None),
    }
    maps = np.random.default_rng(7).random((3, 2, 4, 4), np.float32)
    return tuple(
        Finding(name, share, cut, share >= cut, None, side, None, grid / grid.sum(), np.zeros(2, np.float32), base)
        for (name, (share, cut, side, base)), grid in zip(known.items(), maps)
    )


def explained_findings(method="attention"):
    """Those findings with maps: their own by attention, else random ones of the first two."""
    seen = findings()
    if method == "attention":
        maps, names = np.stack([finding.map for finding in seen]), tuple(finding.name for finding in seen)
    else:
        maps, names = explanation(2, signed=True).maps, tuple(finding.name for finding in seen[:2])
    places = tuple(FINDINGS.index(name) for name in names)
    signed = method != "attention"
    return seen, Explanation(method, maps, places, (), (None,) * len(names), True, signed, WHOLE, {}, names)


def model(folder=None, name="tiny", size=64):
    """What the report asks of a model that has already answered."""
    return SimpleNamespace(
        name=name, folder=folder, has_attention=True, config={"model": "attention", "preparation": {"size": size}}
    )
