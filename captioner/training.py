"""Training in phases: first the encoder on the collection's findings, then encoder and decoder on the impressions.

Backend-neutral Keras: the same code trains with TensorFlow on a CPU and with JAX or PyTorch on a GPU.
"""

import dataclasses
import json
import shutil
import sys
import time
from pathlib import Path

import cv2
import keras
import numpy as np

from captioner import losses
from captioner.checkpoint import assign, named_weights, read_weights, save
from captioner.curve import draw_curve
from captioner.errors import BadInput
from captioner.feature_batches import FeatureBatches, FeatureStore
from captioner.findings import is_normal, label_all
from captioner.following import follow
from captioner.models import network_class
from captioner.models.encoder import ENCODERS
from captioner.models.rollout import greedy_ids
from captioner.recipe import RECIPES, WarmCosine
from captioner.reports import read_collection
from captioner.rewards import Rewards
from captioner.scores import score_all
from captioner.self_critical import SelfCritical
from captioner.strategy import strategy_for
from captioner.targets import Targets
from captioner.training_data import Augmentation, PictureStore, StudyBatches, phantom_examples, study_examples
from captioner.vocabulary import Vocabulary

PREPARATION = {"name": "area", "channels": 1, "mean": 0.5, "std": 0.25}
HISTORY, STATE, LAST, BEST, OPTIMIZER = "history.jsonl", "state.json", "last.npz", "best.npz", "optimizer.npz"


class Training:
    """One training: its data, its network and the folder that keeps both its progress and its result.

    Args:
        data: folder of the collection, see `captioner.reports.read_collection`.
        out: folder to keep progress in (`progress/`) and to write the checkpoint to.
        model: name of the network.
        recipe: Recipe, or the name of one in `captioner.recipe.RECIPES`.
        seed: of everything random.
        resume: go on from the progress in `out` instead of starting anew.
        encoder_weights: CheXNet's `.h5`, ImageNet's `.pth`, or the `weights.npz` of a checkpoint, to start from; None
            starts from chance.
        limit: train and validate on the first studies only (to rehearse).
        strategy: one of `captioner.strategy.STRATEGIES`. Of several workers each keeps its own progress, and the first
            writes the checkpoint.
        say: called with each line of progress.

    Raises:
        BadInput: no data, progress in `out` that belongs to another training, or a strategy that cannot train the recipe.
    """

    def __init__(self, data, out, model="attention", recipe="cpu", seed=1, resume=False, encoder_weights=None, limit=None,
                 strategy="none", say=print):
        self.recipe = RECIPES[recipe] if isinstance(recipe, str) else recipe
        self.strategy = strategy_for(strategy, self.recipe)  # before TensorFlow runs anything
        cv2.setNumThreads(1)  # the network needs the cores
        keras.utils.set_random_seed(seed)
        self.out, self.say, self.seed, self.model = Path(out), say, seed, model
        self.progress = self.out / (f"progress-{self.strategy.worker}" if self.strategy.worker else "progress")
        self.collection = read_collection(data)
        say(self.collection.summary())
        self.reports = {name: self.collection.split(name)[:limit] for name in ("train", "val")}
        if not self.reports["train"] or not self.reports["val"]:
            raise BadInput(f"{data} has too few studies to train on.")
        self.before = {}
        if self.recipe.encoder is None:
            followed = follow(self.recipe, encoder_weights)
            self.before = {"before": followed.training}
            self.recipe, self.preparation = followed.recipe, followed.preparation
            self.vocabulary, self.targets = followed.vocabulary, followed.targets
        else:
            self.preparation = PREPARATION
            self.vocabulary = Vocabulary.of((report.impression for report in self.reports["train"]), self.recipe.least_count)
            self.targets = Targets.of(self.reports["train"], self.recipe.least_studies)
        if not self.targets.names:
            raise BadInput(f"{data} has too few studies: no finding is named in {self.recipe.least_studies} of them.")
        encoder = self.recipe.encoder
        self.encoder_config = ENCODERS[encoder] if isinstance(encoder, str) else encoder
        with self.strategy.scope():
            self.network = network_class(model)(
                self.encoder_config, len(self.vocabulary), len(self.targets), self._grid(self.recipe.phases[-1]),
                depth=self.recipe.depth, units=self.recipe.units, embedding=self.recipe.embedding,
                dropout=self.recipe.dropout, name=model.replace("-", "_"))
        if not self._prepare_progress(resume) and encoder_weights:
            self._start_from(encoder_weights)

    def _grid(self, phase):
        cells = phase.size // self.encoder_config.stride
        return cells, cells

    def _prepare_progress(self, resume):
        """Read the progress in `out`, or start anew; returns whether there was any to go on from."""
        described = {"model": self.model, "seed": self.seed, "recipe": dataclasses.asdict(self.recipe)}
        self.state = {"phase": 0, "epoch": 0, "best": None, "stale": 0, "seconds": 0.0, "described": described}
        if resume and (self.progress / STATE).is_file():
            self.state = json.loads((self.progress / STATE).read_text(encoding="utf-8"))
            if not _agrees(self.state["described"], json.loads(json.dumps(described))):
                raise BadInput(f"{self.out} holds the progress of another training; give another --out or leave out --resume.")
            assign(self.network, read_weights(self.progress / LAST), str(self.progress))
            return True
        shutil.rmtree(self.progress, ignore_errors=True)
        self.progress.mkdir(parents=True, exist_ok=True)
        return False

    def _start_from(self, path):
        """Give the encoder (and whatever else has the same name and shape) the weights of an earlier training.

        An HDF5 file is CheXNet's and a PyTorch file ImageNet's; both fill the encoder alone. An npz is a checkpoint's
        `weights.npz`.
        """
        if Path(path).suffix.lower() == ".pth":
            from captioner import imagenet

            imagenet.assign_encoder(self.network.encoder, imagenet.read(path), PREPARATION["mean"], PREPARATION["std"])
            self.say(f"encoder weights taken from {Path(path).name}")
            return
        if Path(path).suffix.lower() in (".h5", ".hdf5"):
            from captioner.chexnet import assign_encoder

            assign_encoder(self.network.encoder, path, PREPARATION["mean"], PREPARATION["std"])
            self.say(f"encoder weights taken from {Path(path).name}")
            return
        arrays, taken = read_weights(Path(path)), 0
        for name, variable in named_weights(self.network).items():
            if name in arrays and arrays[name].shape == tuple(variable.shape):
                variable.assign(arrays[name].astype(np.float32))
                taken += 1
        if not taken:
            raise BadInput(f"{Path(path).name} has no weight that fits this network.")
        self.say(f"{taken} weights taken from {Path(path).name}")

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
        path = self.progress / HISTORY
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def save_checkpoint(self):
        """Write the best weights of the last phase as a checkpoint folder into `out`."""
        if (self.progress / BEST).is_file():
            assign(self.network, read_weights(self.progress / BEST), str(self.progress))
        self.network.grid = self._grid(self.recipe.phases[-1])
        config = {
            "name": self.out.name, "model": self.model,
            "preparation": {**self.preparation, "size": self.recipe.phases[-1].size},
            "decoding": {"max_words": self.recipe.max_words, "length_penalty": 0.7},
            "targets": list(self.targets.names),
            "training": {**self.state["described"], "hours": round(self.state["seconds"] / 3600, 2), **self.before},
        }
        folder = self.out / "checkpoint"
        save(folder, self.network, self.vocabulary, config)

    def _data(self, number, phase):
        """The batches of a phase, for training and validation, and the positives' weights."""
        store = PictureStore(phase.size)
        train = study_examples(self.reports["train"], store, self.targets)
        val = study_examples(self.reports["val"], store, self.targets)
        real = len(train)
        if phase.phantoms:
            train += phantom_examples(self.recipe.phantoms, store, self.targets, self.progress)
        captions = phase.goal != "findings"
        common = dict(preparation=self.preparation, grid=self._grid(phase) if self.network.has_attention else None,
                      steps=self.recipe.max_words, vocabulary=self.vocabulary if captions else None)
        batches, batch = StudyBatches, 32
        if phase.from_features:
            self.say(f"each of {len(store)} pictures goes through the encoder once")
            batches, batch, store = FeatureBatches, 128, FeatureStore(self.network.encoder, store, self.preparation)
        abnormal = ~is_normal(label_all([example.caption for example in train]))
        weights = np.where(abnormal & captions, phase.abnormal_weight, 1.0)
        weights[real:] *= self.recipe.phantom_weight
        training = batches(
            train, store, batch=phase.batch, weights=weights, per_epoch=real, augmentation=Augmentation(),
            word_dropout=self.recipe.word_dropout, seed=self.seed + 1000 * number, **common)
        truth = np.stack([example.targets for example in train])
        findings = losses.FindingsLoss(losses.finding_weights(truth), losses.target_importance(truth))
        return training, batches(val, store, batch=batch, **common), findings

    def _run_phase(self, number, phase):
        training, validation, findings = self._data(number, phase)
        network, state = self.network, self.state
        network.grid = self._grid(phase)
        network.encoder.trainable = not phase.freeze_encoder
        with self.strategy.scope():
            optimizer, terms = self._compile(phase, len(training), findings)
        if state["epoch"] and (self.progress / OPTIMIZER).is_file():
            with np.load(self.progress / OPTIMIZER, allow_pickle=False) as kept:
                for index, variable in enumerate(optimizer.variables):
                    variable.assign(kept[str(index)])
        if phase.goal == "rewards":
            critic = SelfCritical(network, self.vocabulary, Rewards([report.impression for report in self.reports["train"]]))
        for epoch in range(state["epoch"], phase.epochs):
            started = time.monotonic()
            training.start_at(epoch)
            # A bar within the epoch where somebody watches; in a log, a line an epoch is enough.
            watched = int(sys.stdout.isatty())
            if phase.goal == "rewards":
                trained = critic.epoch(training, np.random.default_rng((self.seed, number, epoch)))
            else:
                trained = self.strategy.train_epoch(network, terms, training, epoch, watched)
            scores = self._validate(phase, validation)
            seconds = time.monotonic() - started
            losses_now = {f"train_{name}": value for name, value in trained.items()}
            self._record(number, phase, epoch, {**losses_now, **scores}, seconds, optimizer)
            if state["stale"] >= phase.patience:
                self.say(f"no better score in {phase.patience} epochs: phase {number + 1} ends early")
                break
        # The next phase goes on from here and counts its own best anew: scores of different phases do not compare.
        state.update(phase=number + 1, epoch=0, best=None, stale=0)
        self._keep(optimizer=None)

    def _compile(self, phase, steps, findings):
        """Give the network a new optimizer and the losses of a phase; both come back, name -> (loss, what it counts)."""
        network, recipe = self.network, self.recipe
        optimizer = keras.optimizers.AdamW(WarmCosine(phase.rate, phase.epochs * steps, phase.end),
                                           weight_decay=recipe.weight_decay, global_clipnorm=1.0)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        if phase.goal == "findings":
            terms = {"findings": (findings, 1.0)}
        else:
            smoothing = 0.0 if phase.goal == "rewards" else recipe.smoothing
            terms = {"tokens": (losses.WordLoss(smoothing), recipe.words_weight),
                     "findings": (findings, recipe.findings_weight)}
            if network.has_attention:
                terms["attention"] = (losses.GroundingLoss(), recipe.grounding_weight)
        network.compile(optimizer, {name: loss for name, (loss, _) in terms.items()},
                        loss_weights={name: weight for name, (_, weight) in terms.items()})
        optimizer.build(network.trainable_variables)
        return optimizer, terms

    def _validate(self, phase, validation):
        """The scores of the epoch: `score` is what the best epoch is chosen by."""
        if phase.goal == "findings":
            truth = np.concatenate([validation[index][1]["findings"] for index in range(len(validation))])
            logits = self.strategy.predict(self.network, validation)["findings"]
            auc, _ = losses.mean_auc(truth, logits)
            return {"auc": auc, "score": auc}
        predictions = []
        for index in range(len(validation)):
            ids = greedy_ids(self.network, self.vocabulary, validation[index][0], self.recipe.max_words)
            predictions += [self.vocabulary.decode(row) for row in ids.tolist()]
        return validation_scores([example.caption for example in validation.examples], predictions)

    def _record(self, number, phase, epoch, scores, seconds, optimizer):
        state = self.state
        state["epoch"], state["seconds"] = epoch + 1, state["seconds"] + seconds
        if state["best"] is None or scores["score"] > state["best"]:
            state["best"], state["stale"] = scores["score"], 0
            _save_arrays(self.progress / BEST, named_weights(self.network))
        else:
            state["stale"] += 1
        with open(self.progress / HISTORY, "a", encoding="utf-8") as file:
            file.write(json.dumps({"phase": number, "goal": phase.goal, "size": phase.size, "epoch": epoch + 1,
                                   "seconds": round(seconds, 1), **scores}) + "\n")
        self._keep(optimizer)
        shown = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
        self.say(f"phase {number + 1}/{len(self.recipe.phases)} {phase.goal} {phase.size} px  "
                 f"epoch {epoch + 1}/{phase.epochs}  {seconds:.0f} s  {shown}")

    def _keep(self, optimizer):
        """Write down where the training stands, the state last, so that a broken write is not taken for progress."""
        _save_arrays(self.progress / LAST, named_weights(self.network))
        if optimizer is None:
            (self.progress / OPTIMIZER).unlink(missing_ok=True)
        else:
            _save_arrays(self.progress / OPTIMIZER, {str(i): variable for i, variable in enumerate(optimizer.variables)})
        fresh = self.progress / (STATE + ".new")
        fresh.write_text(json.dumps(self.state), encoding="utf-8")
        fresh.rename(self.progress / STATE)


def validation_scores(references, predictions):
    """The scores that an epoch is judged by; `score` weighs findings, normality and wording together."""
    every = score_all(references, predictions)
    scores = {
        "macro_f1": every["macro_f1"], "balanced_accuracy": every["balanced_accuracy"], "cider_d": every["cider_d"],
        "rouge_l": every["rouge_l"], "distinct": len(set(predictions)),
    }
    # A constant caption has macro F1 0, balanced accuracy 0.5 and CIDEr-D about 1.1: each counts by what it can gain.
    scores["score"] = scores["macro_f1"] + scores["balanced_accuracy"] + 0.3 * scores["cider_d"]
    return scores


def _agrees(kept, described):
    """Whether two descriptions of a training are the same, as far as the kept one goes: it may be from before a setting was."""
    if isinstance(kept, dict) and isinstance(described, dict):
        return kept.keys() <= described.keys() and all(_agrees(value, described[key]) for key, value in kept.items())
    if isinstance(kept, list) and isinstance(described, list):
        return len(kept) == len(described) and all(map(_agrees, kept, described))
    return kept == described


def _save_arrays(path, variables):
    fresh = path.with_suffix(".new.npz")
    np.savez(fresh, **{name: keras.ops.convert_to_numpy(variable) for name, variable in variables.items()})
    fresh.rename(path)
