"""What the page's evidence costs: one word on trial, each further word, and a method on random weights."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.timing import Row

TRIAL, WEIGHTS = 2.0, 15.0  # seconds that were aimed at, on two idle cores


def rows(checkpoint: str | Path | None, entries: Sequence[dict[str, Any]]) -> list[Row]:
    """Measure on the examples, with as many areas, orders and studies as the page takes.

    Args:
        checkpoint: folder; None for the default one.
        entries: the examples, with whole paths, see `captioner.phantom.read_cases`; two with findings are needed.

    Returns:
        list of Row. Cold is the first trial of a process: its graphs are built in it.
    """
    import captioner
    from captioner.checkpoint.store import DEFAULT
    from explain import trial
    from panels.server.model_pool import ModelPool

    model = captioner.load(checkpoint)
    (cold, further), (warm, _) = (_trials(model, entry) for entry in entries[:2])
    pool = ModelPool({"measured": Path(checkpoint or DEFAULT)}, captioner.load)
    first = captioner.read_study(entries[0]["frontal"], entries[0]["lateral"])
    pool.get("measured").caption(first)  # a visitor who asks has an impression

    def on_random_weights() -> None:
        trial.on_random_weights(pool.copy("measured"), "grad-cam", entries, writer=pool.get("measured"))

    weights, again = (_seconds(on_random_weights) for _ in range(2))
    return [
        _row("One word on trial, cold", cold, TRIAL),
        _row("One word on trial, another study", warm, TRIAL),
        _row("A further word of the same study", further, TRIAL),
        _row("A method on random weights, the first time", weights, WEIGHTS),
        _row("The same again", again, WEIGHTS),
    ]


def _trials(model: Any, entry: dict[str, Any]) -> tuple[float, float]:
    """Seconds for the first word of a study, and for its last one."""
    import captioner
    from captioner.images.preprocessing import prepare
    from explain.methods.base import method
    from explain.trial import measure

    study = captioner.read_study(entry["frontal"], entry["lateral"])
    caption = model.caption(study)
    pictures: Any = prepare(study, model.config["preparation"])
    known: dict[Any, Any] = {}

    def trial(word: int) -> None:
        def explained(place: int | None, progress: object) -> Any:
            return method("grad-cam").explain(model, pictures, caption)

        measure(model, pictures, caption, "grad-cam", word, known, explained, lambda done, of: False)

    return _seconds(lambda: trial(0)), _seconds(lambda: trial(len(caption.words) - 1))


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _row(what: str, seconds: float, target: float) -> Row:
    return Row(what, f"{seconds:.1f} s", seconds / target, 1.0, f"{target:g} s")
