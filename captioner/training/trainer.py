"""Training in phases: first the encoder on the collection's findings, then encoder and decoder on the impressions.

Backend-neutral Keras: the same code trains with TensorFlow on a CPU and with JAX or PyTorch on a GPU.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np

from captioner.checkpoint.store import check_replaceable, save
from captioner.errors import BadInput
from captioner.models.efficientnet_lite import freeze_stages
from captioner.reports.statements import can_be_ruled
from captioner.training.basis import PREPARATION, basis_of
from captioner.training.compilations import Compilations
from captioner.training.curve import draw_curve
from captioner.training.decisions import rules_from
from captioner.training.distribution import strategy_for
from captioner.training.finding_scores import word_pointing
from captioner.training.objective import Terms, terms_of
from captioner.training.phase_data import PhaseData, phase_data
from captioner.training.progress import Progress
from captioner.training.recipes import RECIPES, Phase, Recipe
from captioner.training.rewards import Rewards
from captioner.training.schedule import ClockedCosine, WarmCosine
from captioner.training.self_critical import SelfCritical
from captioner.training.source import read_source
from captioner.training.validation import validate_captions, validate_findings
from captioner.training.warm_start import start_from
from captioner.training.weight_average import WeightAverage

CHECKPOINT = "checkpoint"  # its folder in --out
MINUTE = 60.0  # seconds between two validations of a training by the clock, at the least
TRAINING_PER_VALIDATION = 8.0  # how much longer than validating a training by the clock trains in between


class Training:
    """One training: its data, its network and the folder that keeps both its progress and its result.

    Args:
        data: folder of a collection, or several, or a file that `captioner pack` wrote; see
            `captioner.training.source.read_source`.
        out: folder to keep progress in (`progress/`) and to write the checkpoint to.
        model: name of the network.
        recipe: Recipe, or the name of one in `captioner.training.recipes.RECIPES`.
        seed: of everything random.
        resume: go on from the progress in `out` instead of starting anew.
        encoder_weights: CheXNet's `.h5`, ImageNet's `.pth`, or the `model.safetensors` of a checkpoint, to start from,
            or a list of the latter, whose mean it is (`captioner.training.warm_start.average_weights`);
            None starts from chance.
        limit: train and validate on the first studies only (to rehearse).
        strategy: one of `captioner.training.distribution.STRATEGIES`. Of several workers each keeps its own progress,
            and the first writes the checkpoint.
        minutes: end by the clock, each phase after its share; None ends by the recipe's epochs.
        say: called with each line of progress.

    Raises:
        BadInput: no data, progress in `out` that belongs to another training, or a strategy that cannot train the
            recipe.
    """

    def __init__(
        self,
        data: str | Path | Sequence[str | Path],
        out: str | Path,
        model: str = "attention",
        recipe: Recipe | str = "cpu",
        seed: int = 1,
        resume: bool = False,
        encoder_weights: str | Path | Sequence[str | Path] | None = None,
        limit: int | None = None,
        strategy: str = "none",
        minutes: float | None = None,
        say: Callable[[str], object] = print,
    ) -> None:
        starts = [encoder_weights] if isinstance(encoder_weights, (str, Path)) else list(encoder_weights or ())
        self.recipe = RECIPES[recipe] if isinstance(recipe, str) else recipe
        self.strategy = strategy_for(strategy, self.recipe)  # before TensorFlow runs anything
        cv2.setNumThreads(1)  # the network needs the cores
        keras.utils.set_random_seed(seed)
        self.out, self.say, self.seed, self.model = Path(out), say, seed, model
        self.deadline = None if minutes is None else time.monotonic() + 60.0 * minutes
        check_replaceable(self.out / CHECKPOINT)  # now, and not after hours
        self.source = read_source(data, limit)
        say(self.source.summary)
        if not self.source.reports["train"] or not self.source.reports["val"]:
            raise BadInput(f"{self.source.name} has too few studies to train on.")
        self.basis = basis_of(self.recipe, self.source, starts[0] if starts else None)
        self.recipe, self.preparation = self.basis.recipe, self.basis.preparation
        self.vocabulary, self.targets = self.basis.vocabulary, self.basis.targets
        with self.strategy.scope():
            self.network = self.basis.network(model)
        self.findings_config: dict[str, Any] = {}
        self.compilations = Compilations()
        self.progress = Progress(
            self.out / (f"progress-{self.strategy.worker}" if self.strategy.worker else "progress"),
            {"model": model, "seed": seed, "recipe": dataclasses.asdict(self.recipe)},
        )
        if resume and self.progress.resume(self.network):
            return
        self.progress.start_anew()
        if starts:
            start_from(self.network, starts, PREPARATION, say)

    def _learned_grid(self, phase: Phase) -> tuple[int, int]:
        """The grid that a phase learns on, see `Phase.pooling`."""
        rows, columns = self.basis.grid(phase)
        return rows // phase.pooling, columns // phase.pooling

    def run(self) -> None:
        """Train through the phases that are left, then write the checkpoint and the curve."""
        for number in range(self.progress.state["phase"], len(self.recipe.phases)):
            self._run_phase(number, self.recipe.phases[number])
        if self.strategy.worker:
            return
        self.save_checkpoint()
        draw_curve(self.history(), self.out / "curve.png")
        self.say(f"checkpoint written to {self.out}")

    def history(self) -> list[dict[str, Any]]:
        """The scores of every epoch so far, a dict each."""
        return self.progress.history()

    def save_checkpoint(self) -> None:
        """Write the best weights of the last phase as a checkpoint folder into `out`."""
        self.progress.restore_best(self.network)
        self._write_checkpoint()

    def _write_checkpoint(self) -> None:
        """The network as it is as a checkpoint folder."""
        config = {
            "name": self.out.name,
            "model": self.model,
            "preparation": {**self.preparation, "size": self.recipe.phases[-1].size},
            "decoding": {
                "max_words": self.recipe.max_words,
                "length_penalty": 0.7,
                "sentence_rules": can_be_ruled(self.vocabulary.tokens),
                "says_what_it_is_told": self.recipe.told,
            },
            "targets": list(self.targets.names),
            **({"findings": self.findings_config} if self.findings_config else {}),
            "training": {
                **self.progress.state["described"],
                "hours": round(self.progress.state["seconds"] / 3600, 2),
                **({} if self.basis.training is None else {"before": self.basis.training}),
                "collections": ["iu", *["nih"] * bool(self.source.pictures["train"])],
            },
        }
        learned, self.network.grid = self.network.grid, self.basis.grid(self.recipe.phases[-1])
        save(self.out / CHECKPOINT, self.network, self.vocabulary, config)
        self.network.grid = learned

    def _data(self, number: int, phase: Phase) -> PhaseData:
        """The batches of a phase, see `captioner.training.phase_data.PhaseData`."""
        return phase_data(
            phase,
            self.recipe,
            self.source,
            self.network,
            self.vocabulary,
            self.targets,
            self.preparation,
            self.basis.grid(phase),
            phantoms=self.progress.folder,
            seed=self.seed + 1000 * number,
            by_the_clock=bool(self.deadline),
            say=self.say,
        )

    def _run_phase(self, number: int, phase: Phase) -> None:
        data = self._data(number, phase)
        training = data.training
        network, progress, state = self.network, self.progress, self.progress.state
        network.grid = self.basis.grid(phase)
        network.encoder.trainable = not phase.freeze_encoder
        if phase.frozen_stages:
            freeze_stages(network.encoder, phase.frozen_stages)
        if self.recipe.told:
            network.freeze_findings(phase.goal != "findings")
            if phase.goal != "findings":
                self._decide(data)  # before the decoder's graph is made of the thresholds
        network.grid = self._learned_grid(phase)
        clock = self._clock(phase)
        with self.strategy.scope():
            optimizer, terms = self._compile(phase, len(training), data.findings, clock)
        if state["epoch"]:
            progress.restore_optimizer(optimizer)
        average = (
            WeightAverage(network, self.recipe.average) if self.recipe.average and phase.goal != "rewards" else None
        )
        if average and state["epoch"]:
            progress.restore_average(average, state["epoch"] * len(training))
        if phase.goal == "rewards":
            critic = SelfCritical(
                network, self.vocabulary, Rewards([report.impression for report in self.source.reports["train"]])
            )
        callbacks = [callback for callback in (average, clock) if callback]
        validated, cost = time.monotonic(), 0.0
        for epoch in range(state["epoch"], phase.epochs):
            started = time.monotonic()
            training.start_at(epoch)
            # A bar within the epoch where somebody watches; in a log, one line per epoch is enough.
            watched = int(sys.stdout.isatty())
            if phase.goal == "rewards":
                if clock:
                    optimizer.learning_rate.assign(clock.rate_now())
                trained = critic.epoch(training, np.random.default_rng((self.seed, number, epoch)), clock)
            else:
                trained = self.strategy.train_epoch(network, terms, training, epoch, watched, callbacks)
            pause = max(MINUTE, TRAINING_PER_VALIDATION * cost)
            if clock and not clock.over and time.monotonic() - validated < min(pause, clock.seconds / 4):
                state["epoch"], state["seconds"] = epoch + 1, state["seconds"] + time.monotonic() - started
                continue
            validating = time.monotonic()
            with average.in_place() if average else nullcontext():
                scores = self._validate(phase, data)
                seconds = time.monotonic() - started
                losses_now = {f"train_{name}": value for name, value in trained.items()}
                if progress.keep_best(scores["score"], network) and self.deadline:
                    self._write_checkpoint()  # whatever ends a machine's time, the best weights are there and usable
                if phase.mean_from and epoch + 1 >= phase.mean_from:
                    progress.take_into_mean(network, epoch + 1 - phase.mean_from)
            self._record(number, phase, epoch, {**losses_now, **scores}, seconds, optimizer, average)
            validated = time.monotonic()
            cost = validated - validating
            if state["stale"] >= phase.patience and not clock:
                self.say(f"no better score in {phase.patience} epochs: phase {number + 1} ends early")
                break
            if clock and clock.over:
                break
        # The next phase goes on from here and counts its own best anew: scores of different phases do not compare.
        if phase.mean_from and progress.restore_mean(network):
            scores = self._validate(phase, data)
            told = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
            self.say(f"phase {number + 1}: the mean of its epochs from {phase.mean_from} on  {told}")
        elif self.recipe.head:
            progress.restore_best(network)
        state.update(phase=number + 1, epoch=0, best=None, stale=0)
        progress.keep(network, optimizer=None)
        if self.compilations.told:
            self.say(f"phase {number + 1}: {self.compilations.summary()} so far")

    def _clock(self, phase: Phase) -> ClockedCosine | None:
        """The phase's share of the minutes that are left; None without a limit."""
        if self.deadline is None:
            return None
        left = self.recipe.phases[self.progress.state["phase"] :]
        seconds = (self.deadline - time.monotonic()) * phase.share / sum(each.share for each in left)
        return ClockedCosine(phase.rate, seconds, phase.end)

    def _decide(self, data: PhaseData) -> None:
        """Choose on the validation split what of the findings the decoder is told, and calibrate the head."""
        outputs, examples = self.strategy.predict(self.network, data.whole), data.whole.examples
        self.network.rules, self.findings_config = rules_from(examples, outputs, self.source.reports, data.held_out)

    def _compile(
        self, phase: Phase, steps: int, findings: dict[str, keras.losses.Loss], clock: ClockedCosine | None
    ) -> tuple[keras.optimizers.Optimizer, Terms]:
        """Give the network an optimizer and the losses of a phase; both come back, name -> (loss, what it counts)."""
        network, recipe = self.network, self.recipe
        optimizer = keras.optimizers.AdamW(
            phase.rate if clock else WarmCosine(phase.rate, phase.epochs * steps, phase.end),
            weight_decay=recipe.weight_decay,
            global_clipnorm=1.0,
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        terms = terms_of(phase, recipe, findings, network.has_attention)
        network.compile(
            optimizer,
            {name: loss for name, (loss, _) in terms.items()},
            loss_weights={name: weight for name, (_, weight) in terms.items()},
        )
        optimizer.build(network.trainable_variables)
        return optimizer, terms

    def _validate(self, phase: Phase, data: PhaseData) -> dict[str, float]:
        """The scores of the epoch: `score` is what the best epoch is chosen by."""
        if phase.goal == "findings":
            outputs = self.strategy.predict(self.network, data.validation)
            grid = self.basis.grid(phase) if self.recipe.head else None
            return validate_findings(data.validation.examples, outputs, grid)
        scores = validate_captions(self.network, self.vocabulary, data.validation, self.recipe.max_words)
        if data.boxes is not None:
            attention = self.strategy.predict(self.network, data.boxes)["attention"]
            scores["pointing"] = word_pointing(data.boxes.examples, attention, self._learned_grid(phase))
            scores["score"] += scores["pointing"]
        return scores

    def _record(
        self,
        number: int,
        phase: Phase,
        epoch: int,
        scores: dict[str, float],
        seconds: float,
        optimizer: keras.optimizers.Optimizer,
        average: WeightAverage | None = None,
    ) -> None:
        state = self.progress.state
        state["epoch"], state["seconds"] = epoch + 1, state["seconds"] + seconds
        self.progress.add(
            {
                "phase": number,
                "goal": phase.goal,
                "size": phase.size,
                "epoch": epoch + 1,
                "seconds": round(seconds, 1),
                **scores,
            },
        )
        self.progress.keep(self.network, optimizer, average)
        shown = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
        self.say(
            f"phase {number + 1}/{len(self.recipe.phases)} {phase.goal} {phase.size} px  "
            f"epoch {epoch + 1}/{phase.epochs}  {seconds:.0f} s  {shown}"
        )
