"""What a phantom can have, and how each finding is put into the volume so that its mask is known in both views.

A finding may change the body (a larger heart), take the place of lung (fluid, air, consolidation) or be drawn in
closed form (a nodule, a lead). Each returns a trace: what it adds along every beam of both views, in mm or attenuation;
its mask is where the trace is over the kind's threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import BadInput
from captioner.phantom import anatomy, lesions
from captioner.phantom.anatomy import stream

if TYPE_CHECKING:
    from captioner.phantom.scene import Scene


@dataclass(frozen=True)
class Wanted:
    """A finding asked for. What is left out is drawn by seed.

    Attributes:
        name: one of KINDS.
        side: "left", "right" or "bilateral", where the kind has a side.
        zone: "upper", "middle" or "lower", where the kind has a zone.
        degree: 0 (slight) to 1 (marked).
    """

    name: str
    side: str | None = None
    zone: str | None = None
    degree: float | None = None


@dataclass(frozen=True)
class Settled:
    """A finding with everything decided.

    Attributes:
        name: one of KINDS.
        side, zone: as of Wanted; None where the kind has none, which a kind that has one need not ask.
        degree: 0 (slight) to 1 (marked).
    """

    name: str
    side: Any
    zone: Any
    degree: float


@dataclass(frozen=True)
class Kind:
    """How a finding is planted.

    Attributes:
        plant: function of (scene, wanted, rng) that changes the scene and returns the trace `(2, size, size)`.
        threshold: of the trace, for the mask; a share of its maximum where `relative`.
        sides, zones: with how often each is drawn.
        often: how often `render` draws the kind, relative to the others.
        apart: kinds it is not drawn with.
        alter: function of (body, degree) that changes the body first.
    """

    plant: Callable[[Scene, Settled, np.random.Generator], np.ndarray]
    threshold: float
    often: float
    sides: Mapping[str, float] | None = None
    zones: Mapping[str, float] | None = None
    relative: bool = False
    apart: tuple[str, ...] = ()
    alter: Callable[[anatomy.Body, float], anatomy.Body] | None = None


_EITHER = {"left": 1, "right": 1}
_ALSO_BOTH = {"left": 2, "right": 2, "bilateral": 1.4}
_ANY = {"upper": 1.2, "middle": 0.9, "lower": 1.2}

KINDS = {
    "cardiomegaly": Kind(lesions.heart, 6, 13, alter=anatomy.enlarge_heart, apart=("hyperinflation", "hernia")),
    "effusion": Kind(lesions.effusion, 12, 11, _ALSO_BOTH, {"lower": 1}, apart=("pneumothorax", "low volumes")),
    "nodule": Kind(lesions.nodule, 0.5, 10, _EITHER, _ANY, apart=("mass", "granuloma")),
    "mass": Kind(lesions.mass, 1.0, 5, _EITHER, _ANY, apart=("nodule", "opacity")),
    "opacity": Kind(lesions.opacity, 0.2, 13, {"left": 2, "right": 2.2}, _ANY, relative=True, apart=("mass", "edema")),
    "atelectasis": Kind(lesions.atelectasis, 0.8, 9, _ALSO_BOTH, {"lower": 1}, apart=("effusion",)),
    "pneumothorax": Kind(
        lesions.pneumothorax,
        0.2,
        6,
        _EITHER,
        {"upper": 1},
        relative=True,
        apart=("effusion", "edema", "hyperinflation"),
    ),
    "hyperinflation": Kind(
        lesions.lungs,
        0.2,
        10,
        relative=True,
        alter=anatomy.overinflate,
        apart=("cardiomegaly", "low volumes", "edema", "pneumothorax"),
    ),
    "granuloma": Kind(lesions.granuloma, 0.5, 10, _EITHER, _ANY, apart=("nodule", "aorta")),
    "hernia": Kind(lesions.hernia, 5, 5, None, {"lower": 1}, apart=("cardiomegaly",)),
    "edema": Kind(
        lesions.edema,
        0.25,
        6,
        {"bilateral": 1},
        relative=True,
        alter=anatomy.congest,
        apart=("hyperinflation", "opacity", "low volumes", "pneumothorax"),
    ),
    "scarring": Kind(lesions.scarring, 0.7, 7, _ALSO_BOTH, {"upper": 1}, apart=("pneumothorax",)),
    "pacemaker": Kind(lesions.pacemaker, 0.05, 4, {"left": 5, "right": 1}, apart=("port",)),
    "port": Kind(lesions.port, 0.05, 4, {"left": 1, "right": 2.5}, apart=("pacemaker",)),
    "aorta": Kind(lesions.aorta, 5, 6, alter=anatomy.unfold_aorta, apart=("granuloma",)),
    "low volumes": Kind(
        lesions.lungs, 0.2, 6, relative=True, alter=anatomy.underinflate, apart=("hyperinflation", "effusion", "edema")
    ),
}

NORMAL_SHARE = 0.38
TWO_SHARE = 0.33  # of the abnormal ones


def draw(seed: int) -> tuple[Wanted, ...]:
    """What the phantom of this seed has: a tuple of no, one or two Wanted."""
    rng = stream(seed, "findings")
    if rng.random() < NORMAL_SHARE:
        return ()
    names = list(KINDS)
    chosen = [_choice(rng, {name: kind.often for name, kind in KINDS.items()})]
    if rng.random() < TWO_SHARE:
        first = chosen[0]
        others = {
            name: KINDS[name].often
            for name in names
            if name != first and first not in KINDS[name].apart and name not in KINDS[first].apart
        }
        chosen.append(_choice(rng, others))
    return tuple(Wanted(name) for name in chosen)


def settle(seed: int, wanted: Sequence[str | Wanted]) -> tuple[Settled, ...]:
    """Fill in side, zone and degree of each finding asked for: names or Wanted.

    Raises:
        BadInput: a name, side, zone or degree that no phantom can have.
    """
    settled = []
    for number, ask in enumerate(wanted):
        ask = Wanted(ask) if isinstance(ask, str) else ask
        kind = KINDS.get(ask.name)
        if kind is None:
            raise BadInput(f"A phantom has no finding called {ask.name!r}; it can have {', '.join(KINDS)}.")
        rng = stream(seed, f"place {ask.name} {number}")
        parts: list[Any] = []
        for what, drawn, allowed in (("side", ask.side, kind.sides), ("zone", ask.zone, kind.zones)):
            choice = _choice(rng, allowed) if allowed else None
            if drawn is not None and drawn not in (allowed or ()):
                raise BadInput(f"A phantom's {ask.name} has no {what} {drawn!r}.")
            parts.append(drawn or choice)
        degree = rng.uniform() if ask.degree is None else float(ask.degree)
        if not 0 <= degree <= 1:
            raise BadInput(f"The degree of a phantom's {ask.name} is from 0 to 1, not {degree}.")
        settled.append(Settled(ask.name, parts[0], parts[1], degree))
    return tuple(settled)


def altered(body: anatomy.Body, wanted: Sequence[Settled]) -> anatomy.Body:
    """The body as the findings change it before anything is built."""
    for ask in wanted:
        alter = KINDS[ask.name].alter
        if alter:
            body = alter(body, ask.degree)
    return body


def plant(scene: Scene, ask: Settled, number: int) -> np.ndarray:
    """Put one finding into the scene; returns its mask, bool `(2, size, size)`."""
    kind = KINDS[ask.name]
    trace = kind.plant(scene, ask, stream(scene.body.seed, f"plant {ask.name} {number}"))
    return trace > kind.threshold * (trace.max() if kind.relative else 1)


def _choice(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    names = list(weights)
    share = np.array([weights[name] for name in names], float)
    return names[rng.choice(len(names), p=share / share.sum())]
