"""The evidence in the report: for every word, whether the pictures and the marked area made it likelier."""

from html import escape

import numpy as np

from explain.evidence import RANDOM, SHARE, SIGNIFICANT, Hider, picture_shares, verdict
from explain.method import ask, method as method_called


def measure(model, study, caption, explanation, progress=None, random=RANDOM):
    """Put every explained word on trial.

    Args:
        model, study, caption: as in `explain.report.report_html`.
        explanation: Explanation of words of the caption, with its maps as they came.
        progress: as in `explain.method.Method.explain`.
        random: areas to compare the marked one with.

    Returns:
        dict from a word's place to its `(PictureShare, Grounding)`.

    Raises:
        Stopped: `progress` returned True.
    """
    question = ask(model, study, caption, explanation.positions)
    shares = picture_shares(model, question)
    hider = Hider(model, question, random=random, progress=progress)
    return {
        position: (shares[number], hider.of(number, explanation.maps[number], explanation.extent))
        for number, position in enumerate(explanation.positions)
    }


def entry(word, found):
    """What the page shows of one word's evidence: a verdict, its short form, and probabilities with what was shown.

    Args:
        word: its text.
        found: `(PictureShare, Grounding)`.
    """
    pictures, area = found
    rows = [("this study", pictures.shown), ("the frontal alone", pictures.frontal), ("the lateral alone", pictures.lateral),
            ("black pictures", pictures.blank), ("another patient's pictures", pictures.other),
            ("the marked area hidden", area.hidden), ("another area hidden", float(np.median(area.random)))]  # fmt: skip
    short = "guessed from language" if pictures.guessed else "rests on the area" if area.grounded else "not on the area"
    return {
        "verdict": verdict(word, pictures, area),
        "short": short,
        "guessed": bool(pictures.guessed),
        "grounded": bool(area.grounded and not pictures.guessed),
        "shown": [{"name": name, "probability": float(value)} for name, value in rows if value is not None],
    }


def about(explanation, found):
    """How the evidence was measured, as HTML."""
    random = max((len(area.random) for _, area in found.values()), default=0)
    title = escape(method_called(explanation.method).title)
    return (
        f"<article><h3>The evidence</h3><p>A word's probability is measured again with other pictures: black ones, two "
        f"other patients' (phantoms, the mean over them), either view alone. Where neither black nor other pictures move "
        f"it by a quarter, the word was guessed from language. The marked area is the {SHARE:.0%} of all pixels where the "
        f"map ({title}) is strongest; it is blurred away, and so are {random} random areas of that size. The word rests "
        f"on the marked area when so few of those take away as much that p is at most {SIGNIFICANT:g}. "
        "The test is made word by word: of many words, one in twenty passes it by chance.</p></article>"
    )
