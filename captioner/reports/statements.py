"""Whether a sentence of an impression states anything, and which of a text's sentences repeat or say nothing.

A sentence states something when it names a finding (stated or denied), denies, calls something normal or unchanged,
tells what the thirteen findings do not cover (low lung volumes, a tortuous aorta), or recommends; and when it does not
break off: "left upper lobe" and "no acute" state nothing.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from captioner.reports.findings import FINDINGS, all_mentions
from captioner.reports.negation import words

# Two words that may state a finding together where neither does alone: finding, one of these, one of those.
PAIRS = (
    (
        "cardiomegaly",
        "(?:enlarg~|borderline|big|prominent|increased|large|globular)",
        "(?:heart|cardiac|cardiomediastinal|mediastinal|cardiopericardial|silhouette)",
    ),
    ("effusion", "(?:fluid|collections?)", "(?:pleural|fissur~)"),
    ("pneumothorax", "air", "pleural"),
    ("airspace opacity", "(?:air|airspace|alveolar|space)", "(?:disease|process|changes?)"),
    ("atelectasis", "collapse", "(?:lobe|lobar|lung|lingular?|segmental|basilar|base|partial)"),
    ("atelectasis", "loss", "volume"),
    ("edema or congestion", "failure", "(?:heart|cardiac|ventricular|early|acute|overt|mild)"),
    ("edema or congestion", "decompensation", "cardiac"),
    ("edema or congestion", "overload", "(?:fluid|volume)"),
    (
        "edema or congestion",
        "(?:engorge~|redistribution|fullness|prominent|prominence|increased)",
        "(?:vascular|venous|vasculature|vascularity)",
    ),
    ("edema or congestion", "hypertension", "venous"),
    ("nodule or mass", "metastatic", "disease"),
    ("nodule or mass", "lesions?", "(?:lung|pulmonary|lobe|hilar|cavitary|coin)"),
    ("nodule or mass", "(?:cancer|carcinoma)", "(?:lung|bronchogenic)"),
    ("emphysema or COPD", "(?:obstructive|chronic)", "disease"),
    ("emphysema or COPD", "air", "trapping"),
    ("emphysema or COPD", "(?:hyper|over)", "(?:inflat~|expan~|aerat~|disten~)"),
    ("scarring or interstitial change", "interstitium", "(?:prominent|prominence|thickened)"),
    ("scarring or interstitial change", "markings", "(?:increased|prominent|prominence|coarse|coarsened|chronic)"),
    (
        "scarring or interstitial change",
        "(?:thickening|cap|capping)",
        "(?:pleural|apical|biapical|septal|peribronchial|bronchial|fissur~)",
    ),
    ("scarring or interstitial change", "plaques?", "pleural"),
    ("scarring or interstitial change", "parenchymal", "(?:pleuro|pleural)"),
    ("bone", "(?:abnormalit~|lesions?|injur~|destruction|metasta~)", "(?:vertebral|bony|osseous|bone)"),
    ("bone", "height", "loss"),
    ("device", "(?:lines?)", "(?:central|venous|ij|iv|jugular|subclavian|picc|ng|og|support)"),
    (
        "device",
        "valves?",
        "(?:replacement|prosthetic|artificial|mechanical|mitral|aortic|replaced|pulmonic|prosthesis)",
    ),
    ("device", "bypass", "coronary"),
    ("device", "bod(?:y|ies)", "foreign"),
    ("device", "(?:material|instruments?)", "(?:surgical|metallic)"),
    ("hernia", "stomach", "intrathoracic"),
)
# Which finding each of PAIRS states, float32 (pairs, 13).
FINDINGS_OF_PAIRS = np.array([[finding == name for name in FINDINGS] for finding, *_ in PAIRS], np.float32)
_PAIRS = [(words(one), words(other)) for _, one, other in PAIRS]

_DENIALS = "no|not|without|neither|nor|never|none|negative|free|absent|resolved|cleared|removed|excluded|unlikely"
_NORMALITY = "normal|clear|unremarkable|stable|unchanged|intact|satisfactory|improved|healthy|similar|quiet"
_OTHER = (
    "tortuous|tortuosity|ectasia|ectatic|aneurysm|dilated|unfolded|atherosclero~|arteriosclero~|volumes|hypoinflat~|"
    "hypoventilat~|expanded|aerated|crowding|elevat~|eventration|blunt~|widened|widening|shift|deviat~|rotation|"
    "tubercul~|sarcoid~|infectio~|inflammat~|malignan~|adenopathy|lymphadenopathy|aspiration|bronchitis|asthma|"
    "obstructi~|lucency|lucencies|enlarge~|borderline|failure|overload|injury|postop~|postsurg~|resection|surgery|"
    "limited|obscured|deformit~|worse|worsen~|worsening|improvement|increased|decreased|progress~|abnormal|old"
)
_ADVICE = (
    "recommend~|consider~|suggest~|correlat~|followup|follow|advised?|warranted|helpful|evaluation|evaluate|obtain~|"
    "repeat|discussed|notified|notification|communicated|called|please|indicated|comparison~|compared?|document~"
)
_DENYING = words(*_DENIALS.split("|"))
_STATING = words(*"|".join((_DENIALS, _NORMALITY, _OTHER, _ADVICE)).split("|"))
# A sentence that ends so is broken off.
_DANGLING = words(
    *(
        "a|an|the|no|not|without|neither|nor|of|in|on|at|with|within|to|for|from|by|and|or|versus|than|as|is|are|was|"
        "were|be|been|has|have|had|may|might|could|can|would|should|if|when|which|that|this|these|there|it|its|any|"
        "some|other|represent|represents|representing|reflect|due|secondary|related|consistent|compatible|"
        "concerning|suspicious|suggestive|acute|active|focal|small|large|mild|moderate|minimal|severe|mildly|"
        "moderately|minimally|slightly|very|new|chronic|definite|evidence|pleural|pulmonary|cardiopulmonary|cardiac|"
        "upper|lower|middle|thoracic|airspace|radiographic|recommend|consider"
    ).split("|")
)


@lru_cache(maxsize=1 << 14)
def states_alone(word: str) -> bool:
    """Whether a sentence with this word states something, whatever else is in it."""
    return bool(_STATING.fullmatch(word) or all_mentions(word))


def is_dangling(word: str) -> bool:
    """Whether a sentence that ends with this word is broken off."""
    return bool(_DANGLING.fullmatch(word))


def is_closing(word: str) -> bool:
    """Whether any sentence can end with this word, and states something then, without naming a finding or denying."""
    states = states_alone(word) and not all_mentions(word) and not _DENYING.fullmatch(word)
    return bool(states) and not is_dangling(word) and not any(map(any, pairs_of(word)))


def can_be_ruled(tokens: Iterable[str]) -> bool:
    """Whether a vocabulary has what the rules for sentences need: a full stop, and a word that closes any sentence."""
    tokens = set(tokens)
    return "." in tokens and any(map(is_closing, tokens))


def pairs_of(word: str) -> tuple[tuple[bool, bool], ...]:
    """For each of PAIRS, whether the word is one of the first and whether it is one of the second words."""
    return tuple((bool(one.fullmatch(word)), bool(other.fullmatch(word))) for one, other in _PAIRS)


def is_statement(sentence: str) -> bool:
    """Whether a sentence states something and is not broken off.

    Args:
        sentence: cleaned words without a full stop.

    >>> is_statement("left upper lobe"), is_statement("no acute"), is_statement("no acute disease")
    (False, False, True)
    """
    tokens = sentence.split()
    if not tokens or is_dangling(tokens[-1]):
        return False
    if any(states_alone(token) for token in tokens):
        return True
    found = [pairs_of(token) for token in tokens]
    return any(
        any(one[place][0] for one in found) and any(other[place][1] for other in found) for place in range(len(PAIRS))
    )


def sentences(text: str) -> list[str]:
    """The sentences of a cleaned caption, without their full stops."""
    return [sentence for sentence in (part.strip() for part in re.split(r"(?:^|\s)\.(?=\s|$)", text)) if sentence]


def repetitions(text: str) -> list[str]:
    """The sentences of a cleaned caption that were there before, word for word."""
    found = sentences(text)
    return [sentence for place, sentence in enumerate(found) if sentence in found[:place]]


def empty_sentences(text: str) -> list[str]:
    """The sentences of a cleaned caption that state nothing; one empty string for a caption without any word."""
    return [sentence for sentence in sentences(text) or [""] if not is_statement(sentence)]
