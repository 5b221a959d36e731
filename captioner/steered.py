"""What the decoder writes when it is told something else than what the finding head found.

A switch changes what conditions the decoder, and nothing else: the pictures, the head's probabilities and its maps stay
as they are. `captioner.evaluation.steering` measures over many studies whether the decoder listens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite
from typing import TYPE_CHECKING, Any, get_args

from captioner.caption import Caption, Hypothesis
from captioner.decoding.comparison import align
from captioner.errors import BadInput
from captioner.reports.claims import Side, claims, side_of
from captioner.reports.findings import FINDINGS, SIDED
from captioner.sentence import Sentence, joined

if TYPE_CHECKING:
    from captioner.captioner import Captioner, Features

SIDES = get_args(Side)
ONLY = Sentence(
    "A switch changes what conditions the decoder, nothing else: the pictures, the maps and the finding head's "
    "probabilities stay as they are."
)


@dataclass(frozen=True, eq=False)
class Steered:
    """Two impressions of one study.

    Attributes:
        steer: what was switched: finding -> False, True (the side is left to the head), "left", "right", "bilateral".
        before: Caption of what the finding head found.
        after: Caption of what was told instead, by the same search.
    """

    steer: dict[str, bool | str]
    before: Caption
    after: Caption


def checked(steer: Any) -> dict[str, bool | str]:
    """Switches that came from outside.

    Raises:
        BadInput: it is no mapping from findings to what they can be switched to.
    """
    if not isinstance(steer, Mapping):
        raise BadInput(
            Sentence("Switches are given as an object: a finding, and true, false, left, right or bilateral.")
        )
    found: dict[str, bool | str] = {}
    for name, wanted in steer.items():
        if name not in FINDINGS:
            raise BadInput(
                Sentence(
                    "There is no such finding to switch: the findings are {findings}.",
                    findings=joined(", ", map(Sentence, FINDINGS)),
                )
            )
        if not (isinstance(wanted, bool) or (isinstance(wanted, str) and wanted in SIDES)):
            raise BadInput(
                Sentence("{name} can be switched to true, false, {sides}.", name=Sentence(name), sides=", ".join(SIDES))
            )
        if wanted in SIDES and name not in SIDED:
            raise BadInput(Sentence("{name} has no side.", name=Sentence(name)))
        found[name] = wanted
    return found


def compare_with_steering(
    model: Captioner, features: Features, caption: Caption, steer: Mapping[str, bool | str]
) -> Steered:
    """Search once more, with some findings told otherwise.

    Args:
        model: Captioner.
        features: of the study.
        caption: of it, as the head would have it; its search is asked again.
        steer: of `checked`; none gives the caption itself.

    Raises:
        BadInput: the decoder is told nothing.
    """
    if not steer:
        return Steered({}, caption, caption)
    after = model.caption(
        features,
        decoding=caption.decoding,
        beam_width=caption.beam_width,
        length_penalty=caption.length_penalty,
        steer=steer,
    )
    return Steered(dict(steer), caption, after)


def as_dict(steered: Steered) -> dict[str, Any]:
    """For the page: `before` and `after`, each with `text` and `words` (`text`, `probability`, `other`: the place of
    the same word in the other impression, or None); `steer`; `sentence`, what came of it; `only`."""
    best = [caption.hypotheses[0] for caption in (steered.before, steered.after)]
    texts = [[word.text for word in hypothesis.words] for hypothesis in best]
    same = [(first, second) for first, second, equal in align(*texts) if equal]
    return {
        "steer": steered.steer,
        "before": _words(best[0], dict(same)),
        "after": _words(best[1], {second: first for first, second in same}),
        "sentence": sentence(steered),
        "only": ONLY,
    }


def sentence(steered: Steered) -> Sentence:
    """What became of the impression, in plain words: which findings it states now, and which it no longer does."""
    if not steered.steer:
        return Sentence("Nothing is switched: the decoder is told what the finding head found.")
    if steered.before.text == steered.after.text:
        return Sentence("The impression stays the same, word for word: the decoder does not follow.")
    was, now = (
        {claim.finding: side_of(found, claim.finding) for claim in found if not claim.denied}
        for found in (claims(steered.before.text), claims(steered.after.text))
    )
    told = []
    for finding in FINDINGS:
        if finding in now and finding not in was:
            told.append(Sentence("it now states {finding}", finding=named(finding, now[finding])))
        elif finding in was and finding not in now:
            told.append(Sentence("it no longer states {finding}", finding=named(finding, was[finding])))
        elif finding in now and was[finding] != now[finding]:
            before, after = named(finding, was[finding]), named(finding, now[finding])
            told.append(Sentence("{before} becomes {after}", before=before, after=after))
    if not told:
        return Sentence("The wording changes, and no finding does.")
    return Sentence("The impression changes: {changes}.", changes=joined("; ", told))


def named(finding: str, side: str | None) -> Sentence:
    """A finding with its side: "effusion, left"."""
    if not side:
        return Sentence(finding)
    where = Sentence("both sides") if side == "bilateral" else Sentence(side)
    return Sentence("{finding}, {side}", finding=Sentence(finding), side=where)


def _words(hypothesis: Hypothesis, other: dict[int | None, int | None]) -> dict[str, Any]:
    return {
        "text": hypothesis.text,
        "words": [
            {
                "text": word.text,
                "probability": exp(word.log_prob) if isfinite(word.log_prob) else 0.0,
                "other": other.get(place),
            }
            for place, word in enumerate(hypothesis.words)
        ],
    }
