"""What the model writes when its pictures are changed, and how likely it finds a text before and after the change."""

from dataclasses import dataclass
from math import exp, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.caption import Caption, Hypothesis
from captioner.decoding.comparison import align
from captioner.images.perturbation import Changes, intervene
from captioner.images.study import BLANK, Study
from captioner.numbers import percent
from captioner.reports.claims import claims, side_of
from captioner.reports.collection import clean
from captioner.sentence import Number, Sentence, joined

if TYPE_CHECKING:  # it imports TensorFlow
    from captioner.captioner import Captioner, Features

STEADY = 0.05  # a probability that moves by less has not moved, for the sentence
OTHER_SIDE = {"left": "right", "right": "left"}
END = "(end)"  # stands for the end of the impression among its words


@dataclass(frozen=True, eq=False)
class Weighed:
    """One text under the pictures as they were, and as they are now.

    Attributes:
        name: whose text it is: "before", "after" or "typed".
        before, after: Hypothesis, the same words.
    """

    name: str
    before: Hypothesis
    after: Hypothesis


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of the changes.

    Attributes:
        caption: Caption of the changed study; the one before when no picture was changed.
        texts: tuple of Weighed: the impression before; the one after, when it differs; the typed one, if any.
        changed: whether a picture was changed.
        unseen: whether nothing is left to be seen: every view blank, covered in one shade or left out.
        mirrored: whether the frontal view was mirrored, so that the patient's sides change places.
        unknown: words of the typed text that the model does not know; it reads each as the same unknown word.
    """

    caption: Caption
    texts: tuple[Weighed, ...]
    changed: bool
    unseen: bool = False
    mirrored: bool = False
    unknown: tuple[str, ...] = ()


def compare_with_changes(
    model: "Captioner", study: Study, features: "Features", caption: Caption, changes: Changes, typed: str = ""
) -> Outcome:
    """Caption the changed study, and weigh the texts under both.

    Only the changed study is encoded. A word's probability is that of teacher forcing: given the pictures and the words
    before it in the same text.

    Args:
        model: Captioner.
        study: Study, unchanged.
        features: Features of it.
        caption: Caption of it.
        changes: captioner.images.perturbation.Changes.
        typed: another impression; "" for none.

    Returns:
        Outcome.

    Raises:
        BadInput: changes that this study cannot take.
    """
    now, after, seen = features, caption, study
    if not changes.nothing:
        seen = intervene(study, changes)
        now = model.encode(seen)
        after = model.caption(
            now, decoding=caption.decoding, beam_width=caption.beam_width, length_penalty=caption.length_penalty
        )
    texts = [("before", caption.text)]
    if after.text != caption.text:
        texts.append(("after", after.text))
    if typed:
        texts.append(("typed", typed))
    weighed = []
    for name, text in texts:
        before = model.score_text(features, text)
        weighed.append(Weighed(name, before, before if changes.nothing else model.score_text(now, text)))
    unseen = all(np.ptp(view.pixels) <= BLANK for view in seen.views)
    unknown = tuple(dict.fromkeys(word for word in clean(typed).split() if word not in model.vocabulary))
    return Outcome(after, tuple(weighed), not changes.nothing, unseen, changes.frontal.mirrored, unknown)


def _probability(log_prob: float) -> float:
    return exp(log_prob) if isfinite(log_prob) else 0.0


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data: what `/what_if` answers, and most of what the panel shows."""
    texts = []
    for weighed in outcome.texts:
        words = [
            {
                "text": word.text,
                "before": _probability(word.log_prob),
                "after": _probability(now.log_prob),
                "known": word.text not in outcome.unknown,
            }
            for word, now in zip(weighed.before.words, weighed.after.words)
        ]
        before, after = weighed.before.end_log_prob, weighed.after.end_log_prob
        if before is not None and after is not None:
            words.append({"text": END, "before": _probability(before), "after": _probability(after), "known": True})
        texts.append(
            {
                "whose": weighed.name,
                "text": " ".join(word.text for word in weighed.before.words),
                "words": words,
                "log_prob": {"before": weighed.before.log_prob, "after": weighed.after.log_prob},
            }
        )
    first = [word.text for word in outcome.texts[0].before.words]
    second = [word.text for word in outcome.caption.words]
    return {
        "before": texts[0]["text"],
        "after": outcome.caption.text,
        "changed": outcome.changed,
        "alignment": [{"before": i, "after": j, "same": same} for i, j, same in align(first, second)],
        "texts": texts,
        "unseen": outcome.unseen,
        "unknown": list(outcome.unknown),
        "sentence": sentence(
            outcome.changed, outcome.caption.text, texts, outcome.unseen, outcome.mirrored, outcome.unknown
        ),
    }


def sentence(
    changed: bool,
    after: str,
    texts: list[dict[str, Any]],
    unseen: bool = False,
    mirrored: bool = False,
    unknown: tuple[str, ...] = (),
) -> Sentence:
    """What happened, in plain words.

    Args:
        changed: whether a picture was changed.
        after: the impression now.
        texts: as in `as_dict`.
        unseen, mirrored, unknown: as in Outcome.
    """
    told = [Sentence("This is what the model writes without seeing anything.")] if unseen else []
    if changed:
        same = after == texts[0]["text"]
        told.append(Sentence("The impression stays the same.") if same else Sentence("The impression changes."))
        moved = max(texts[0]["words"], key=lambda word: abs(word["after"] - word["before"]), default=None)
        if moved is None or abs(moved["after"] - moved["before"]) < STEADY:
            told.append(Sentence("No probability of its words moves by as much as five points."))
        else:
            told.append(
                Sentence(
                    "Most moves {what}: from {before} to {after}.",
                    what=Sentence("its end") if moved["text"] == END else f"“{moved['text']}”",
                    before=percent(moved["before"]),
                    after=percent(moved["after"]),
                )
            )
    if mirrored:
        told += _sides(texts[0]["text"], after)
    typed = next((text for text in texts if text["whose"] == "typed"), None)
    if typed:
        own = next((text for text in texts if text["text"] == after), texts[0])
        told.append(_odds(typed["log_prob"]["after"] - own["log_prob"]["after"]))
    if unknown:
        words = ", ".join(f"“{word}”" for word in unknown)
        told.append(
            Sentence("The model does not know {words}: it read it as unknown.", words=words)
            if len(unknown) == 1
            else Sentence("The model does not know {words}: it read each as unknown.", words=words)
        )
    if not told:
        return Sentence("Nothing is changed yet: paint on a view, move a slider, or type an impression.")
    return joined(" ", told)


def _sides(before: str, after: str) -> list[Sentence]:
    """What became of each finding's side in a mirrored picture."""
    was, now = claims(before), claims(after)
    told = []
    for finding in dict.fromkeys(claim.finding for claim in was if not claim.denied):
        side, other = side_of(was, finding), side_of(now, finding)
        if side not in OTHER_SIDE:
            continue
        if not any(claim.finding == finding and not claim.denied for claim in now):
            made = Sentence("The {side} {finding} is not named any longer in the mirrored view.")
        elif other == OTHER_SIDE[side]:
            made = Sentence(
                "The {finding} was {side} and is {other} in the mirrored view: the side was read from the picture."
            )
        elif other:
            made = Sentence("The {finding} was {side} and is {other} in the mirrored view, not {turned}.")
        else:
            made = Sentence("The {finding} was {side} and is without a side in the mirrored view, not {turned}.")
        told.append(
            made.filled(
                finding=Sentence(finding),
                side=Sentence(side),
                other=Sentence(other or ""),
                turned=Sentence(OTHER_SIDE[side]),
            )
        )
    return told


def _odds(difference: float) -> Sentence:
    """How a typed text's log probability compares with that of the model's own impression."""
    if abs(difference) < 0.05:
        return Sentence("Your text is as likely to the model as its own impression.")
    times = exp(min(abs(difference), 50.0))
    amount = (
        Sentence("more than a million") if times >= 1e6 else Number(f"{times:,.0f}" if times >= 10 else f"{times:.1f}")
    )
    if difference > 0:
        return Sentence("Your text is {amount} times more likely to the model than its own impression.", amount=amount)
    return Sentence("Your text is {amount} times less likely to the model than its own impression.", amount=amount)
