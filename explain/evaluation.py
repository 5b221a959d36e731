"""Judge the explanations of a checkpoint on phantoms whose findings are known, or on a split of the collection.

`evaluate_explanations` runs every method over finding words and writes evidence.json, evidence.md, words.jsonl and
figures. The measures themselves are in `grounding`, `sides`, `evidence`, `faithfulness` and `randomisation`.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from captioner.errors import BadInput
from explain.cases import PHANTOMS, collection_cases, phantom_cases
from explain.evaluation_table import table
from explain.method import METHODS, method
from explain.randomisation import randomised
from explain.summary import summarise
from explain.trial import Effort, Trial

COUNT = 60
SLOW_COUNT = 8  # studies for the methods that take seconds a word
# Studies whose maps are compared while the weights become random; a slow method explains the first word of each.
RANDOMISED, SLOW_RANDOMISED = 8, 3


def quick():
    """The names of the methods that take less than a second for a whole caption."""
    return tuple(name for name in METHODS if not method(name).slow)


def evaluate_explanations(data, checkpoint=None, out=None, count=COUNT, methods=None, slow_count=SLOW_COUNT,
                          split="val", effort=Effort(), say=None):
    """Judge methods by evidence. Ctrl-C ends the measuring early: what was measured is judged and written.
    Once more, while weights become random, it leaves that out.

    Args:
        data: "phantoms", or the folder of the collection.
        checkpoint: checkpoint folder; the default one when None.
        out: folder for the files; nothing is written when None.
        count: studies with a finding word.
        methods: names in `explain.method.METHODS`; all that the checkpoint can do when None. The slow ones see the
            first `slow_count` studies only, and the table says so.
        slow_count: see `methods`.
        split: of the collection.
        effort: Effort.
        say: called with a line about the progress; None prints to standard error.

    Returns:
        dict, the content of evidence.json.

    Raises:
        BadInput: the checkpoint or the data cannot be read, or a method is unknown or has nothing to work with.
    """
    from captioner.checkpoint import load

    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    if count < 1:
        raise BadInput("evaluate-explanations needs at least one study.")
    model = load(checkpoint)
    chosen = _methods(model, methods)
    phantoms = str(data) == PHANTOMS
    cases = phantom_cases(count) if phantoms else collection_cases(data, split, count)
    done = _Measured(chosen)
    try:
        for number, case in enumerate(cases, 1):
            done.add(model, Trial(model, case, effort), slow_count)
            say(f"{number} of {count}: {case.name}, {len(done.words)} words so far")
    except KeyboardInterrupt:
        if not done.studies:
            raise
        say(f"stopped: the {done.studies} studies measured so far are judged")
    if not done.words:
        raise BadInput(f"The vocabulary of {model.name} has no word for any finding of these studies.")
    about = {
        "checkpoint": model.name, "data": PHANTOMS if phantoms else f"{split} split", "studies": done.studies,
        "words": len(done.words), "unknown_words": done.unknown, "grid": list(model.grid),
        "effort": asdict(effort),
        "seconds_a_word": {name: sorted(some)[len(some) // 2] for name, some in done.seconds.items()},
        "titles": {name: each.title for name, each in chosen.items()},
    }
    result = {**about, **summarise(done.words, done.records, done.generated)}
    if out is not None:
        _write(Path(out), result, done)  # what took longest is safe
    say("weights become random")
    try:
        random = _randomised(model, chosen, done.questions)
    except KeyboardInterrupt:
        say("stopped: the randomisation is left out")
        return result
    result = {**about, **summarise(done.words, done.records, done.generated, random, done.maps)}
    if out is not None:
        _write(Path(out), result, done)
    return result


class _Measured:
    """What was measured so far; a study counts whole or not at all."""

    def __init__(self, methods):
        self.methods, self.studies, self.unknown = methods, 0, 0
        self.words, self.questions = [], []
        self.records, self.generated, self.seconds = ({name: [] for name in methods} for _ in range(3))
        self.maps = {name: {"maps": [], "views": [], "studies": []} for name in methods}

    def add(self, model, trial, slow_count):
        if trial.positions:
            quick_ones = [each for each in self.methods.values() if not each.slow]
            slow_ones = [each for each in self.methods.values() if each.slow and self.studies < slow_count]
            words, records, seconds, maps = trial.words(), {}, {}, {}
            for each in quick_ones + slow_ones:
                started = perf_counter()
                maps[each.name] = explanation = each.explain(model, *trial.question())
                seconds[each.name] = (perf_counter() - started) / len(trial.positions)
                records[each.name] = trial.maps(explanation)
            generated = trial.generated(quick_ones)
            self.words += words
            for name in records:
                self.records[name] += records[name]
                self.generated[name] += generated.get(name, [])
                self.seconds[name].append(seconds[name])
                for part, values in zip(self.maps[name], (maps[name].maps, [trial.mask] * len(words),
                                                          [trial.case.name] * len(words)), strict=True):
                    self.maps[name][part] += list(values)
            if self.studies < RANDOMISED:
                self.questions.append(trial.question())
            self.studies += 1
        self.unknown += len(trial.case.words) - len(trial.positions)


def _methods(model, names):
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


def _randomised(model, chosen, questions):
    found = {}
    for slow in (False, True):
        some = [each for each in chosen.values() if each.slow == slow]
        if some:
            few = [(study, tokens, positions[:1]) for study, tokens, positions in questions[:SLOW_RANDOMISED]]
            found |= randomised(model, some, few if slow else questions)
    return found


def _write(out, result, done):
    from explain import evaluation_figures

    out.mkdir(parents=True, exist_ok=True)
    (out / "evidence.json").write_text(json.dumps(_plain(result), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / "evidence.md").write_text(table(result), encoding="utf-8")
    with open(out / "words.jsonl", "w", encoding="utf-8") as file:
        for word in done.words:
            file.write(json.dumps(_plain({"kind": "word", **word})) + "\n")
        for kind, by_method in (("reference", done.records), ("generated", done.generated)):
            for name, some in by_method.items():
                for record in some:
                    file.write(json.dumps(_plain({"kind": kind, "method": name, **record})) + "\n")
    for name, figure in evaluation_figures.figures(result).items():
        figure.savefig(out / f"{name}.png", dpi=150)


def _plain(value):
    """Without NaN, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and value != value else value
