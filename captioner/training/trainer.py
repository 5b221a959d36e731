"""Training in phases: first the encoder on the collection's findings, then encoder and decoder on the impressions.

Backend-neutral Keras: the same code trains with TensorFlow on a CPU and with JAX or PyTorch on a GPU.
"""

import dataclasses
import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import cv2
import keras
import numpy as np

from captioner.checkpoint.store import assign, check_replaceable, named_weights, read_weights, save
from captioner.errors import BadInput
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.findings import FINDINGS, label_all
from captioner.reports.statements import can_be_ruled
from captioner.reports.targets import Targets
from captioner.training.compilations import Compilations
from captioner.training.curve import draw_curve
from captioner.training.decisions import rules_of
from captioner.training.distribution import strategy_for
from captioner.training.objective import terms_of
from captioner.training.phase_data import phase_data
from captioner.training.progress import (
    AVERAGE,
    BEST,
    LAST,
    agrees,
    append_history,
    clear,
    read_history,
    read_state,
    restore_optimizer,
    save_arrays,
    save_optimizer,
    write_state,
)
from captioner.training.recipes import RECIPES
from captioner.training.rewards import Rewards
from captioner.training.schedule import ClockedCosine, WarmCosine
from captioner.training.self_critical import SelfCritical
from captioner.training.source import read_source
from captioner.training.validation import validate_captions, validate_findings
from captioner.training.warm_start import follow, start_from
from captioner.training.weight_average import WeightAverage
from captioner.vocabulary import Vocabulary

PREPARATION = {"name": "area", "channels": 1, "mean": 0.5, "std": 0.25}
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
        data,
        out,
        model="attention",
        recipe="cpu",
        seed=1,
        resume=False,
        encoder_weights=None,
        limit=None,
        strategy="none",
        minutes=None,
        say=print,
    ):
        starts = [encoder_weights] if isinstance(encoder_weights, (str, Path)) else list(encoder_weights or ())
        self.recipe = RECIPES[recipe] if isinstance(recipe, str) else recipe
        self.strategy = strategy_for(strategy, self.recipe)  # before TensorFlow runs anything
        cv2.setNumThreads(1)  # the network needs the cores
        keras.utils.set_random_seed(seed)
        self.out, self.say, self.seed, self.model = Path(out), say, seed, model
        self.deadline = None if minutes is None else time.monotonic() + 60.0 * minutes
        check_replaceable(self.out / CHECKPOINT)  # now, and not after hours
        self.progress = self.out / (f"progress-{self.strategy.worker}" if self.strategy.worker else "progress")
        self.source = read_source(data, limit)
        say(self.source.summary)
        if not self.source.reports["train"] or not self.source.reports["val"]:
            raise BadInput(f"{self.source.name} has too few studies to train on.")
        self.before = {}
        train = self.source.reports["train"]
        if self.recipe.encoder is None:
            followed = follow(self.recipe, starts[0] if starts else None)
            self.before = {"before": followed.training}
            self.recipe, self.preparation = followed.recipe, followed.preparation
            self.vocabulary, self.targets = followed.vocabulary, followed.targets
        else:
            self.preparation = PREPARATION
            self.vocabulary = Vocabulary.of(
                [*(report.impression for report in train), *self.source.box_captions()], self.recipe.min_count
            )
            self.targets = Targets.of(train, self.recipe.min_studies, self.recipe.place_targets)
        if not self.targets.names:
            raise BadInput(
                f"{self.source.name} has too few studies: no finding is named in {self.recipe.min_studies} of them."
            )
        self.recipe = dataclasses.replace(self.recipe, phases=_sized(self.recipe.phases))
        encoder = self.recipe.encoder
        self.encoder_config = ENCODERS[encoder] if isinstance(encoder, str) else encoder
        told = {}
        if self.recipe.head:
            told["head"] = self.recipe.head
        if self.recipe.told:
            told["rules"] = {"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0}
        if self.recipe.attention_units:
            told["attention_units"] = self.recipe.attention_units
        with self.strategy.scope():
            self.network = network_class(model)(
                self.encoder_config,
                len(self.vocabulary),
                len(self.targets),
                self._grid(self.recipe.phases[-1]),
                depth=self.recipe.depth,
                units=self.recipe.units,
                embedding=self.recipe.embedding,
                dropout=self.recipe.dropout,
                name=model.replace("-", "_"),
                **told,
            )
        self.findings_config = {}
        self.compilations = Compilations()
        if not self._prepare_progress(resume) and starts:
            start_from(self.network, starts, PREPARATION, say)

    def _grid(self, phase):
        cells = phase.size // self.encoder_config.stride
        return cells, cells

    def _learned_grid(self, phase):
        """The grid that a phase learns on, see `Phase.pooling`."""
        rows, columns = self._grid(phase)
        return rows // phase.pooling, columns // phase.pooling

    def _prepare_progress(self, resume):
        """Read the progress in `out`, or start anew; returns whether there was any to go on from."""
        described = {"model": self.model, "seed": self.seed, "recipe": dataclasses.asdict(self.recipe)}
        self.state = {"phase": 0, "epoch": 0, "best": None, "stale": 0, "seconds": 0.0, "described": described}
        kept = read_state(self.progress) if resume else None
        if kept is not None:
            self.state = kept
            if not agrees(kept["described"], json.loads(json.dumps(described))):
                raise BadInput(
                    f"{self.out} holds the progress of another training; give another --out or leave out --resume."
                )
            assign(self.network, read_weights(self.progress / LAST), str(self.progress))
            return True
        clear(self.progress)
        self.progress.mkdir(parents=True, exist_ok=True)
        return False

    def run(self):
        """Train through the phases that are left, then write the checkpoint and the curve."""
        for number in range(self.state["phase"], len(self.recipe.phases)):
            self._run_phase(number, self.recipe.phases[number])
        if self.strategy.worker:
            return
        self.save_checkpoint()
        draw_curve(self.history(), self.out / "curve.png")
        self.say(f"checkpoint written to {self.out}")

    def history(self):
        """The scores of every epoch so far, a dict each."""
        return read_history(self.progress)

    def save_checkpoint(self):
        """Write the best weights of the last phase as a checkpoint folder into `out`."""
        if (self.progress / BEST).is_file():
            assign(self.network, read_weights(self.progress / BEST), str(self.progress))
        self._write_checkpoint()

    def _write_checkpoint(self):
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
                **self.state["described"],
                "hours": round(self.state["seconds"] / 3600, 2),
                **self.before,
                "collections": ["iu", *["nih"] * bool(self.source.pictures["train"])],
            },
        }
        learned, self.network.grid = self.network.grid, self._grid(self.recipe.phases[-1])
        save(self.out / CHECKPOINT, self.network, self.vocabulary, config)
        self.network.grid = learned

    def _data(self, number, phase):
        """The batches of a phase, see `captioner.training.phase_data.PhaseData`."""
        return phase_data(
            phase,
            self.recipe,
            self.source,
            self.network,
            self.vocabulary,
            self.targets,
            self.preparation,
            self._grid(phase),
            phantoms=self.progress,
            seed=self.seed + 1000 * number,
            by_the_clock=bool(self.deadline),
            say=self.say,
        )

    def _run_phase(self, number, phase):
        data = self._data(number, phase)
        training = data.training
        network, state = self.network, self.state
        network.grid = self._grid(phase)
        network.encoder.trainable = not phase.freeze_encoder
        if phase.frozen_stages:
            _freeze_stages(network.encoder, phase.frozen_stages)
        if self.recipe.told:
            network.freeze_findings(phase.goal != "findings")
            if phase.goal != "findings":
                self._decide(data.whole)  # before the decoder's graph is made of the thresholds
        network.grid = self._learned_grid(phase)
        clock = self._clock(phase)
        with self.strategy.scope():
            optimizer, terms = self._compile(phase, len(training), data.findings, clock)
        if state["epoch"]:
            restore_optimizer(self.progress, optimizer)
        average = (
            WeightAverage(network, self.recipe.average) if self.recipe.average and phase.goal != "rewards" else None
        )
        if average and state["epoch"] and (self.progress / AVERAGE).is_file():
            average.values, average.steps = read_weights(self.progress / AVERAGE), state["epoch"] * len(training)
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
                scores = self._validate(phase, data.validation)
                seconds = time.monotonic() - started
                losses_now = {f"train_{name}": value for name, value in trained.items()}
                self._keep_best(scores)
            self._record(number, phase, epoch, {**losses_now, **scores}, seconds, optimizer, average)
            validated = time.monotonic()
            cost = validated - validating
            if state["stale"] >= phase.patience and not clock:
                self.say(f"no better score in {phase.patience} epochs: phase {number + 1} ends early")
                break
            if clock and clock.over:
                break
        # The next phase goes on from here and counts its own best anew: scores of different phases do not compare.
        if self.recipe.head and (self.progress / BEST).is_file():
            assign(network, read_weights(self.progress / BEST), str(self.progress))
        state.update(phase=number + 1, epoch=0, best=None, stale=0)
        self._keep(optimizer=None)
        if self.compilations.told:
            self.say(f"phase {number + 1}: {self.compilations.summary()} so far")

    def _clock(self, phase):
        """The phase's share of the minutes that are left; None without a limit."""
        if self.deadline is None:
            return None
        left = self.recipe.phases[self.state["phase"] :]
        seconds = (self.deadline - time.monotonic()) * phase.share / sum(each.share for each in left)
        return ClockedCosine(phase.rate, seconds, phase.end)

    def _decide(self, whole):
        """Choose on the validation studies `whole` what of the findings the decoder is told, and calibrate the head."""
        outputs = self.strategy.predict(self.network, whole)
        reports = self.source.reports
        stated = label_all([report.impression for report in reports["val"]])
        rates = label_all([report.impression for report in reports["train"]]).mean(axis=0)
        count = len(whole.examples)
        self.network.rules, self.findings_config = rules_of(
            [example.labels for example in whole.examples],
            outputs["presence"][:count],
            outputs["places"][:count],
            stated,
            rates,
        )

    def _compile(self, phase, steps, findings, clock):
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

    def _validate(self, phase, validation):
        """The scores of the epoch: `score` is what the best epoch is chosen by."""
        if phase.goal != "findings":
            return validate_captions(self.network, self.vocabulary, validation, self.recipe.max_words)
        outputs = self.strategy.predict(self.network, validation)
        return validate_findings(validation.examples, outputs, self._grid(phase) if self.recipe.head else None)

    def _keep_best(self, scores):
        """Write the weights down if the epoch was the best of its phase."""
        state = self.state
        if state["best"] is None or scores["score"] > state["best"]:
            state["best"], state["stale"] = scores["score"], 0
            save_arrays(self.progress / BEST, named_weights(self.network))
            if self.deadline:
                self._write_checkpoint()  # whatever ends a machine's time, the best weights are there and usable
        else:
            state["stale"] += 1

    def _record(self, number, phase, epoch, scores, seconds, optimizer, average=None):
        state = self.state
        state["epoch"], state["seconds"] = epoch + 1, state["seconds"] + seconds
        append_history(
            self.progress,
            {
                "phase": number,
                "goal": phase.goal,
                "size": phase.size,
                "epoch": epoch + 1,
                "seconds": round(seconds, 1),
                **scores,
            },
        )
        self._keep(optimizer, average)
        shown = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
        self.say(
            f"phase {number + 1}/{len(self.recipe.phases)} {phase.goal} {phase.size} px  "
            f"epoch {epoch + 1}/{phase.epochs}  {seconds:.0f} s  {shown}"
        )

    def _keep(self, optimizer, average=None):
        """Write down how far the training is, the state last."""
        save_arrays(self.progress / LAST, named_weights(self.network))
        if average and average.values is not None:
            save_arrays(self.progress / AVERAGE, average.values)
        save_optimizer(self.progress, optimizer)
        write_state(self.progress, self.state)


def _freeze_stages(encoder, stages):
    """Keep the stem and the first `stages` stages of an EfficientNet-Lite as they are, batch statistics included."""
    still = ("stem", *(f"stage{stage}_" for stage in range(1, stages + 1)))
    for layer in encoder.layers:
        if layer.name.startswith(still):
            layer.trainable = False


def _sized(phases):
    """The phases with the size of the one before where they leave it out."""
    sized = []
    for phase in phases:
        sized.append(phase if phase.size else dataclasses.replace(phase, size=sized[-1].size))
    return tuple(sized)
