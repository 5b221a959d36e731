"""Judge the explanations of a checkpoint on phantoms whose findings are known, or on a split of the collection.

`evaluate_explanations` runs every method over finding words and writes evidence.json, evidence.md, words.jsonl and
figures. The measures themselves are in `explain.metrics`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from captioner.errors import BadInput
from explain.benchmark.aggregate import summarise
from explain.benchmark.cases import PHANTOMS, collection_cases, phantom_cases
from explain.benchmark.measure import Budget, FindingBenchmark, WordBenchmark
from explain.benchmark.tables import table
from explain.methods.base import METHODS, method
from explain.methods.graphs import living
from explain.methods.question import Findings
from explain.metrics.sanity_checks import randomised

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from explain.methods.base import Method

COUNT = 60
SLOW_COUNT = 8  # studies for the methods that take seconds per word
# Studies whose maps are compared with a random network's; a slow method explains the first word of each.
RANDOMISED, SLOW_RANDOMISED = 12, 8
DRAWS, SLOW_DRAWS = 3, 2  # wholly random networks
# Of these studies those that are followed while the weights become random, group by group: that is a curve for the
# figure; the verdict comes from all of them and the wholly random networks.
CURVE, SLOW_CURVE = 3, 1


def quick() -> tuple[str, ...]:
    """The names of the methods that take less than a second for a whole caption."""
    return tuple(name for name in METHODS if not method(name).slow)


def evaluate_explanations(
    data: str | Path,
    checkpoint: str | Path | None = None,
    out: str | Path | None = None,
    count: int = COUNT,
    methods: Sequence[str] | None = None,
    slow_count: int = SLOW_COUNT,
    split: str = "val",
    budget: Budget = Budget(),
    say: Callable[[str], object] | None = None,
) -> dict[str, Any]:
    """Judge methods by evidence. Ctrl-C ends the measuring early: what was measured is judged and written.
    Once more, while weights become random, it leaves that out.

    Args:
        data: "phantoms", or the folder of the collection.
        checkpoint: checkpoint folder; the default one when None.
        out: folder for the files; nothing is written when None.
        count: studies with a finding word.
        methods: names in `explain.methods.base.METHODS`; all that the checkpoint can do when None. The slow ones see
            the first `slow_count` studies only, and the table says so.
        slow_count: see `methods`.
        split: of the collection.
        budget: Budget.
        say: called with a line about the progress; None prints to standard error.

    Returns:
        dict, the content of evidence.json.

    Raises:
        BadInput: the checkpoint or the data cannot be read, or a method is unknown or has nothing to work with.
    """
    from captioner.checkpoint.store import load

    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    if count < 1:
        raise BadInput("The evaluation needs at least one study.")
    model = load(checkpoint)
    chosen = _methods(model, methods)
    phantoms = str(data) == PHANTOMS
    cases = phantom_cases(count) if phantoms else collection_cases(data, split, count)
    done = _Measured(chosen)
    try:
        for number, case in enumerate(cases, 1):
            findings = FindingBenchmark(model, case, budget) if model.has_findings else None
            done.add(model, WordBenchmark(model, case, budget), slow_count, findings)
            say(f"{number} of {count}: {case.name}, {len(done.words)} words so far")
    except KeyboardInterrupt:
        if not done.studies:
            raise
        say(f"stopped: the {done.studies} studies measured so far are judged")
    if not done.words:
        raise BadInput(f"The vocabulary of {model.name} has no word for any finding of these studies.")
    about = {
        "checkpoint": model.name,
        "data": PHANTOMS if phantoms else f"{split} split",
        "studies": done.studies,
        "words": len(done.words),
        "unknown_words": done.unknown,
        "grid": list(model.grid),
        "budget": asdict(budget),
        "seconds_a_word": {name: sorted(some)[len(some) // 2] for name, some in done.seconds.items()},
        "titles": {name: each.title for name, each in {**done.finding_methods, **chosen}.items()},
    }
    result = {**about, **done.summary()}
    if out is not None:
        _write(Path(out), result, done)  # what took longest is safe
    say("weights become random")
    try:
        with living(model):  # one set of graphs for all that follows
            random = _randomised(model, chosen, done.questions)
            random_findings = _randomised(model, done.finding_methods, done.finding_questions)
    except KeyboardInterrupt:
        say("stopped: the randomisation is left out")
        return result
    result = {**about, **done.summary(random, random_findings)}
    if out is not None:
        _write(Path(out), result, done)
    return result


class _Measured:
    """What was measured so far; a study counts whole or not at all.

    Of findings, the head's own weights are always on trial, which stand under the name of attention.
    """

    def __init__(self, methods: dict[str, Method]) -> None:
        self.methods, self.studies, self.unknown = methods, 0, 0
        self.finding_methods = {"attention": method("attention"), **methods}
        self.finding_items: list[dict[str, Any]] = []
        self.finding_records: dict[str, list[Any]] = {name: [] for name in self.finding_methods}
        self.finding_questions: list[Any] = []
        self.words: list[dict[str, Any]] = []
        self.questions: list[Any] = []
        self.records: dict[str, list[Any]] = {name: [] for name in methods}
        self.generated: dict[str, list[Any]] = {name: [] for name in methods}
        self.seconds: dict[str, list[float]] = {name: [] for name in methods}

    def summary(self, random: Any = None, random_findings: Any = None) -> dict[str, Any]:
        """`explain.benchmark.aggregate.summarise` of the words, and under "finding_maps" of the findings, if any."""
        found = summarise(self.words, self.records, self.generated, random)
        if self.finding_items:
            found["finding_maps"] = summarise(self.finding_items, self.finding_records, (), random_findings)
        return found

    def add(
        self, model: Captioner, trial: WordBenchmark, slow_count: int, findings: FindingBenchmark | None = None
    ) -> None:
        if trial.positions:
            quick_ones = [each for each in self.methods.values() if not each.slow]
            slow_ones = [each for each in self.methods.values() if each.slow and self.studies < slow_count]
            words, records, seconds = trial.words(), {}, {}
            for each in quick_ones + slow_ones:
                started = perf_counter()
                explanation = each.explain(model, *trial.question())
                seconds[each.name] = (perf_counter() - started) / len(trial.positions)
                records[each.name] = trial.maps(explanation)
            generated = trial.generated(quick_ones)
            if findings is not None and findings.items:
                self._add_findings(model, findings, slow_count)
            self.words += words
            for name in records:
                self.records[name] += records[name]
                self.generated[name] += generated.get(name, [])
                self.seconds[name].append(seconds[name])
            if self.studies < RANDOMISED:
                self.questions.append(trial.question())
            self.studies += 1
        self.unknown += len(trial.case.words) - len(trial.positions)

    def _add_findings(self, model: Captioner, trial: FindingBenchmark, slow_count: int) -> None:
        items = trial.words()
        records = {
            name: trial.maps(each.explain(model, *trial.question()))
            for name, each in self.finding_methods.items()
            if not each.slow or self.studies < slow_count
        }
        self.finding_items += items
        for name, some in records.items():
            self.finding_records[name] += some
        if self.studies < RANDOMISED:
            self.finding_questions.append(trial.question())


def _methods(model: Captioner, names: Sequence[str] | None) -> dict[str, Method]:
    """name -> Method, those asked for."""
    if names is None:
        names = [name for name in METHODS if name != "attention" or model.has_attention]
    for name in names:
        if name not in METHODS:
            raise BadInput(f"There is no method {name}: the methods are {', '.join(METHODS)}.")
        if name == "attention" and not model.has_attention:
            raise BadInput(f"The checkpoint {model.name} has no attention to judge.")
    if not names:
        raise BadInput("There is no method to judge.")
    return {name: method(name) for name in names}


def _randomised(model: Captioner, chosen: dict[str, Method], questions: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for slow in (False, True):
        some = [each for each in chosen.values() if each.slow == slow]
        if some and questions:
            few = [_first_of(question) for question in questions[:SLOW_RANDOMISED]]
            asked, draws, curve = (few, SLOW_DRAWS, SLOW_CURVE) if slow else (questions, DRAWS, CURVE)
            found |= randomised(model, some, asked, draws=draws, curve=curve)
    return found


def _first_of(question: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    """A question about the first word, or the first finding, alone."""
    study, tokens, positions = question
    if isinstance(tokens, Findings):
        return study, tokens.only(slice(0, 1)), None
    return study, tokens, positions[:1]


def _write(out: Path, result: dict[str, Any], done: Any) -> None:
    from explain.benchmark import figures as evaluation_figures

    out.mkdir(parents=True, exist_ok=True)
    (out / "evidence.json").write_text(json.dumps(_plain(result), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / "evidence.md").write_text(table(result), encoding="utf-8")
    with open(out / "words.jsonl", "w", encoding="utf-8") as file:
        for word in done.words:
            file.write(json.dumps(_plain({"kind": "word", **word})) + "\n")
        for kind, by_method in (
            ("reference", done.records),
            ("generated", done.generated),
            ("finding", done.finding_records),
        ):
            for name, some in by_method.items():
                for record in some:
                    file.write(json.dumps(_plain({"kind": kind, "method": name, **record})) + "\n")
    for name, figure in evaluation_figures.figures(result).items():
        figure.savefig(out / f"{name}.png", dpi=150)


def _plain(value: Any) -> Any:
    """Without NaN, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and value != value else value
