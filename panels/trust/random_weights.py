"""The card that says whether a method's maps depend on what the network has learned."""

from typing import Any

from captioner.language import later, text
from captioner.numbers import decimal
from captioner.sentence import worded
from explain.benchmark.tables import dependence
from explain.metrics import weight_dependence
from panels.trust import card

STAGES = (
    later("output"),
    later("decoder"),
    later("attention"),
    later("first state"),
    later("finding head"),
    later("projection"),
    later("encoder's last norm"),
    later("encoder's stem"),
)
"""The stages of `explain.metrics.sanity_checks.stages`, by which weights are made random."""


def _stage(name: str) -> str:
    """A stage in the language of the page; one that is neither of STAGES nor numbered as it is."""
    number = name.rpartition(" ")[2]
    return text("encoder block {number}", number=number) if number.isdecimal() else text(name)


def randomisation(judged: dict[str, Any], studies: int) -> str:
    """Whether the method depends on what the network has learned.

    Args:
        judged: of `explain.benchmark.aggregate.judge_randomisation`.
        studies: how many it was measured on.
    """
    title = text("Does the method depend on the weights?")
    found = dependence(judged)
    stages = [(stage, each["value"]) for stage, each in judged["stages"].items() if each["value"] is not None]
    others = found.others["value"]
    if others is None or not stages:
        return card.render("weights", title, too_few=True)

    def x(step: int) -> float:
        return card.across(step / max(len(stages) - 1, 1))

    def y(value: float) -> float:
        return round(card.down((float(value) + 0.25) / 1.25), 1)

    said = worded(weight_dependence.sentence(found))
    measured = text(
        "Measured on {count} examples with this checkpoint, for the method and not for this word; the line follows "
        "some of them.",
        count=studies,
    )
    by_stage = "; ".join(f"{_stage(stage)} {worded(decimal(value))}" for stage, value in stages)
    return card.render(
        "weights",
        title,
        f"{said} {measured}",
        too_few=False,
        verdict=found.verdict,
        words=worded(weight_dependence.words(found)),
        box=card.BOX,
        label=f"{said} {text('By stage: {stages}.', stages=by_stage)}",
        zero=y(0),
        one=y(1),
        others=y(others),
        points=card.points((x(step), y(max(value, -0.25))) for step, (_, value) in enumerate(stages)),
        first=_stage(stages[0][0]),
        last=_stage(stages[-1][0]),
    )
