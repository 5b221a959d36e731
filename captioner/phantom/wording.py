"""The impression and the MeSH terms of a phantom, in the wording of the Indiana University collection.

Templates are the stock phrases of radiology. The words between asterisks are those that name the finding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.phantom.anatomy import stream

if TYPE_CHECKING:
    from captioner.phantom.findings import Settled

NORMAL = (
    (14, "no acute cardiopulmonary abnormality"),
    (6, "no active disease"),
    (6, "no acute cardiopulmonary findings"),
    (5, "no acute cardiopulmonary abnormalities"),
    (6, "no acute disease"),
    (5, "no acute cardiopulmonary disease"),
    (5, "no acute cardiopulmonary process"),
    (4, "no evidence of active disease"),
    (3, "no acute pulmonary disease"),
    (2, "normal chest"),
    (3, "no acute radiographic cardiopulmonary process"),
    (2, "clear lungs"),
    (2, "negative for acute abnormality"),
    (2, "no acute pulmonary findings"),
    (2, "heart size is normal . lungs are clear"),
    (1, "normal heart size . clear lungs"),
    (1, "clear lungs . no acute cardiopulmonary abnormality"),
)
ALSO_NORMAL = (
    "no acute cardiopulmonary abnormality",
    "no acute disease",
    "no acute cardiopulmonary findings",
    "no acute cardiopulmonary disease",
    "no acute cardiopulmonary process",
    "no active disease",
)
BESIDE = ("heart size is normal", "no pneumothorax", "no pleural effusion", "heart size normal")
QUIET = (
    "cardiomegaly",
    "hyperinflation",
    "granuloma",
    "hernia",
    "scarring",
    "pacemaker",
    "port",
    "aorta",
    "low volumes",
    "atelectasis",
)

# name -> templates; {size} and {degree} end in a space or are empty.
TEMPLATES = {
    "cardiomegaly": (
        "{degree}*cardiomegaly*",
        "{degree}*cardiomegaly*",
        "heart is {adverb}*enlarged*",
        "{adverb}*enlarged* heart",
        "*cardiomegaly* without acute disease",
    ),
    "effusion": (
        "{size}{side} pleural *effusion*",
        "{size}{side} pleural *effusion*",
        "{size}{side} *effusion*",
        "{size}{side} sided pleural *effusion*",
    ),
    "effusion/bilateral": (
        "{size}bilateral pleural *effusions*",
        "bilateral pleural *effusions*",
        "{size}bilateral *effusions*",
    ),
    "nodule": (
        "{place} pulmonary *nodule*",
        "*nodule* in the {place}",
        "{size}{place} *nodule*",
        "{place} *nodule* . recommend ct for further evaluation",
        "pulmonary *nodule* in the {place}",
    ),
    "mass": (
        "{place} *mass*",
        "*mass* in the {place}",
        "large {place} *mass* suspicious for *neoplasm*",
        "{place} *mass* . recommend ct chest for further evaluation",
    ),
    "opacity": (
        "{place} *opacity*",
        "{place} airspace *opacity*",
        "{place} *airspace* disease",
        "{place} *consolidation* consistent with *pneumonia*",
        "{place} *pneumonia*",
        "{place} *infiltrate*",
        "patchy *opacity* in the {place}",
        "*opacity* in the {place} may represent *pneumonia*",
    ),
    "atelectasis": (
        "{degree}{side} basilar *atelectasis*",
        "subsegmental *atelectasis* in the {side} base",
        "platelike *atelectasis* {side} base",
        "{side} basilar *atelectasis*",
        "minimal {side} basilar *atelectasis*",
    ),
    "atelectasis/bilateral": (
        "bibasilar *atelectasis*",
        "minimal bibasilar *atelectasis*",
        "bibasilar subsegmental *atelectasis*",
    ),
    "pneumothorax": (
        "{size}{side} apical *pneumothorax*",
        "{size}{side} *pneumothorax*",
        "{size}{side} sided *pneumothorax*",
    ),
    "hyperinflation": (
        "*hyperexpanded* lungs",
        "*hyperinflated* lungs",
        "*emphysema* without acute disease",
        "*emphysema*",
        "*copd*",
        "*hyperexpanded* but clear lungs",
        "changes of *copd*",
    ),
    "granuloma": (
        "*calcified* *granuloma* in the {place}",
        "{place} *calcified* *granuloma*",
        "{place} *granuloma*",
        "*calcified* {place} *granuloma*",
    ),
    "hernia": ("{size}*hiatal* *hernia*", "{size}*hiatal* *hernia*", "probable {size}*hiatal* *hernia*"),
    "edema": (
        "pulmonary vascular *congestion*",
        "mild pulmonary *edema*",
        "interstitial pulmonary *edema*",
        "pulmonary *edema*",
        "mild pulmonary vascular *congestion*",
    ),
    "scarring": ("{side} apical *scarring*", "*scarring* in the {side} apex", "{side} upper lobe *scarring*"),
    "scarring/bilateral": ("biapical *scarring*", "bilateral apical *scarring*"),
    "pacemaker": ("{side} chest *pacemaker*", "{side} subclavian *pacemaker*", "{side} sided *pacemaker*"),
    "port": (
        "{side} subclavian *catheter*",
        "{side} subclavian venous *catheter*",
        "{side} central venous *catheter*",
        "{side} chest *port*",
    ),
    "aorta": ("*tortuous* *aorta*", "*tortuous* thoracic *aorta*", "mildly *tortuous* *aorta*"),
    "aorta/calcified": ("*tortuous* calcified *aorta*", "*tortuous* and calcified *aorta*"),
    "low volumes": (
        "*low* lung *volumes*",
        "*low* lung *volumes*",
        "*low* lung *volumes* with bronchovascular crowding",
    ),
}

_PLACES = {"upper": ("upper lobe",), "middle": ("middle lobe", "midlung"), "lower": ("lower lobe", "lung base", "base")}


def word(seed: int, settled: Sequence[Settled]) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Put a phantom into words.

    Args:
        settled: the findings, Wanted with side, zone and degree filled in.

    Returns:
        (impression, mesh, words): the impression in lower-case words and full stops; the MeSH terms, `("normal",)` when
        nothing was planted; and for each finding the tuple of words of the impression that name it.
    """
    rng = stream(seed, "wording")
    if not settled:
        weights = [weight for weight, _ in NORMAL]
        return _pick(rng, [text for _, text in NORMAL], weights) + " .", ("normal",), ()
    for _ in range(40):
        sentences, mesh, words = [], [], []
        for ask in settled:
            text, terms = _sentence(rng, ask)
            words.append(tuple(dict.fromkeys(re.findall(r"\*(\w+)\*", text))))
            sentences.append(text.replace("*", ""))
            mesh += terms
        around = _around(rng, settled)
        if _clear(sentences, around, words):
            break
    before, after = around
    return " . ".join(before + sentences + after) + " .", tuple(mesh), tuple(words)


def _clear(sentences: list[str], around: tuple[list[str], list[str]], words: Sequence[tuple[str, ...]]) -> bool:
    """Whether each naming word is found first where it is meant, and not denied elsewhere."""
    for number, mine in enumerate(words):
        elsewhere = " ".join(around[0] + around[1] + sentences[:number] + sentences[number + 1 :]).split()
        if any(each in elsewhere for each in mine):
            return False
    return True


def _around(rng: np.random.Generator, settled: Sequence[Settled]) -> tuple[list[str], list[str]]:
    """Sentences before and after the findings' own."""
    names = {ask.name for ask in settled}
    if names <= set(QUIET):
        chance = rng.random()
        if chance < 0.5:
            return [], [_pick(rng, ALSO_NORMAL)]
        return ([_pick(rng, ALSO_NORMAL)], []) if chance < 0.65 else ([], [])
    if rng.random() < 0.25:
        beside = [
            text
            for text in BESIDE
            if not ("heart" in text and names & {"cardiomegaly", "edema"})
            and not ("effusion" in text and "effusion" in names)
        ]
        return [], [_pick(rng, beside)]
    return [], []


def _sentence(rng: np.random.Generator, ask: Settled) -> tuple[str, list[str]]:
    both = ask.side == "bilateral" and ask.name + "/bilateral" in TEMPLATES
    calcified = ask.name == "aorta" and ask.degree > 0.5
    key = ask.name + ("/bilateral" if both else "/calcified" if calcified else "")
    place, lobe = _place(rng, ask)
    size = {
        "nodule": "small " if ask.degree < 0.4 else "",
        "effusion": _size(ask.degree, 0.55, "moderate "),
        "pneumothorax": _size(ask.degree, 0.45, "moderate "),
        "hernia": _size(ask.degree, 0.4, "large "),
    }.get(ask.name, "")
    mild = ask.degree < 0.4
    degree = "mild " if mild else "moderate " if ask.degree > 0.8 else ""
    text = _pick(rng, TEMPLATES[key]).format(
        size=size,
        side=ask.side,
        place=place,
        degree=degree,
        adverb={"mild ": "mildly ", "moderate ": "moderately "}.get(degree, ""),
    )
    return text, _mesh(ask, lobe, size.strip(), degree.strip(), text)


def _size(degree: float, border: float, otherwise: str) -> str:
    return "small " if degree < border else otherwise


def _place(rng: np.random.Generator, ask: Settled) -> tuple[str, str]:
    """(words, MeSH qualifier): such as ("right upper lobe", "upper lobe/right")."""
    if ask.zone is None or ask.side in (None, "bilateral"):
        return "", ""
    if ask.zone == "middle" and ask.side == "left":
        return _pick(rng, (("lingula", "lingula"), ("left midlung", "left")))
    lobe = _pick(rng, _PLACES[ask.zone])
    qualifier = {"lung base": f"base/{ask.side}", "midlung": ask.side}.get(lobe, f"{lobe}/{ask.side}")
    return f"{ask.side} {lobe}", qualifier


def _mesh(ask: Settled, lobe: str, size: str, degree: str, text: str) -> list[str]:
    side, tail = ask.side, f"/{size}" if size else ""
    headings = {
        "consolidation": "Consolidation/lung",
        "infiltrate": "Infiltrate/lung",
        "airspace": "Airspace Disease/lung",
        "opacity": "Opacity/lung",
        "pneumonia": "Pneumonia",
    }
    opacity = next((heading for name, heading in headings.items() if name in text), None)
    return {
        "cardiomegaly": ["Cardiomegaly" + (f"/{degree}" if degree else "")],
        "effusion": [f"Pleural Effusion/{side}{tail}"],
        "nodule": [f"Nodule/lung/{lobe}{tail}"],
        "mass": [f"Mass/lung/{lobe}" + ("/large" if "large" in text else "")],
        "opacity": [f"{opacity}/{lobe}" + ("/patchy" if "patchy" in text else "")],
        "atelectasis": [f"Pulmonary Atelectasis/base/{side}" + (f"/{degree}" if degree == "mild" else "")],
        "pneumothorax": [f"Pneumothorax/apex/{side}{tail}" if "apical" in text else f"Pneumothorax/{side}{tail}"],
        "hyperinflation": (
            ["Emphysema"]
            if "emphysema" in text
            else ["Pulmonary Disease, Chronic Obstructive"]
            if "copd" in text
            else []
        )
        + ["Lung/hyperdistention"],
        "granuloma": [f"Calcified Granuloma/lung/{lobe}"],
        "hernia": ["Hernia, Hiatal" + (tail if size == "large" else "")],
        "edema": [
            "Pulmonary Congestion"
            if "congestion" in text
            else "Pulmonary Edema/interstitial"
            if "interstitial" in text
            else "Pulmonary Edema"
        ],
        "scarring": [f"Cicatrix/lung/apex/{side}"],
        "pacemaker": [f"Implanted Medical Device/{side}"],
        "port": [f"Catheters, Indwelling/{side}"],
        "aorta": ["Aorta/tortuous"] + (["Calcinosis/aorta"] if "calcified" in text else []),
        "low volumes": ["Lung/hypoinflation"],
    }[ask.name]


def _pick(rng: np.random.Generator, choices: Sequence[Any], weights: Sequence[float] | None = None) -> Any:
    share = None if weights is None else [weight / sum(weights) for weight in weights]
    return choices[rng.choice(len(choices), p=share)]
