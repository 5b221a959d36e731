"""How long, how large and how fast to train: the phases of a training, for a CPU and for a GPU."""

import math
from dataclasses import dataclass

import keras
from keras import ops


@dataclass(frozen=True)
class Phase:
    """One stretch of training at one picture size, with its own warm-up and cosine.

    Attributes:
        goal: "findings" (the encoder alone), "captions" (words, findings and the attention of placed words), or "rewards"
            (as captions, with impressions that the decoder writes itself, see `captioner.self_critical`).
        size: pixels of the square picture; None for that of the checkpoint that is followed, see `captioner.following`.
        epochs: at the most.
        rate: peak learning rate.
        end: share of `rate` that the cosine ends at, so that a next phase can go on from there.
        batch: studies a step.
        freeze_encoder: whether the encoder keeps still, its batch statistics too.
        from_features: whether each picture goes through the frozen encoder once, as it is: quick, without augmentation.
        phantoms: whether phantom studies are mixed in.
        abnormal_weight: how often an abnormal study is drawn for captions, relative to a normal one.
        patience: epochs without a better validation score before the phase ends early.
    """

    goal: str
    size: int | None
    epochs: int
    rate: float
    end: float = 0.0
    batch: int = 16
    freeze_encoder: bool = False
    phantoms: bool = True
    abnormal_weight: float = 2.5
    patience: int = 12
    from_features: bool = False


@dataclass(frozen=True)
class Recipe:
    """A training from beginning to end.

    Attributes:
        encoder: name in `captioner.models.encoder.ENCODERS`, or a configuration; None for that of the checkpoint that is
            followed, with its words, findings and preparation (see `captioner.following`).
        phases: in order; the picture size of the last is the checkpoint's.
        depth, units, embedding, dropout: of the captioner.
        phantoms: phantom studies mixed into the training.
        phantom_weight: how often a phantom is drawn, relative to a real study of its kind.
        word_dropout: share of input words hidden from the decoder.
        smoothing: label smoothing of the words.
        words_weight, findings_weight, grounding_weight: of the three losses while captions are learned.
        weight_decay: of AdamW.
        least_count: how often a word must stand in the training captions to get into the vocabulary.
        least_studies: how many studies must name a finding to make it a target.
        max_words: tokens a caption is cut to.
    """

    encoder: object
    phases: tuple[Phase, ...]
    depth: int = 256
    units: int = 256
    embedding: int = 128
    dropout: float = 0.3
    phantoms: int = 500
    phantom_weight: float = 1.2
    word_dropout: float = 0.15
    smoothing: float = 0.1
    words_weight: float = 4.0
    findings_weight: float = 2.0
    grounding_weight: float = 12.0
    weight_decay: float = 0.05
    least_count: int = 3
    least_studies: int = 15
    max_words: int = 40


RECIPES = {
    # Two cores, from ImageNet's weights (give them with --encoder-weights): about an hour and a half.
    "imagenet": Recipe("efficientnet-lite0", (
        Phase("findings", 128, 8, 6e-4, end=0.4, phantoms=False),
        Phase("findings", 160, 5, 3e-4, end=0.1, phantoms=False),
        Phase("captions", 160, 2, 1e-3, end=0.5, freeze_encoder=True, abnormal_weight=4.0),
        Phase("captions", 160, 5, 4e-4, abnormal_weight=4.0),
        Phase("rewards", 160, 5, 2e-4, freeze_encoder=True, abnormal_weight=2.0, from_features=True),
    ), dropout=0.2),
    # Two cores and no outside weights: a small DenseNet, about two hours.
    "cpu": Recipe("densenet-small", (
        Phase("findings", 112, 6, 8e-4, end=0.77, batch=32, phantoms=False),
        Phase("findings", 128, 8, 6e-4, end=0.1, phantoms=False),
        Phase("captions", 128, 2, 1e-3, end=0.5, freeze_encoder=True),
        Phase("captions", 128, 10, 6e-4, end=0.51),
        Phase("captions", 128, 7, 3e-4, abnormal_weight=4.0),
        Phase("captions", 128, 6, 5e-4, abnormal_weight=4.0),
    ), dropout=0.2),
    # One GPU: DenseNet-121 at 224 pixels, a 7 x 7 grid a view.
    "gpu": Recipe("densenet-121", (
        Phase("findings", 160, 30, 1e-3, end=0.3, batch=32),
        Phase("findings", 224, 30, 1e-3, batch=32),
        Phase("captions", 224, 10, 1e-3, end=0.3, batch=64, freeze_encoder=True),
        Phase("captions", 224, 20, 3e-4, batch=32),
    ), depth=512, units=512, embedding=256),
    # The decoder alone, on the encoder of the checkpoint that --encoder-weights names: minutes on two cores.
    "decoder": Recipe(None, (
        Phase("captions", None, 12, 1e-3, batch=32, freeze_encoder=True, abnormal_weight=4.0, from_features=True),
    ), dropout=0.3),
    # On from a checkpoint with larger pictures, which is a finer grid: an hour on one core.
    "further": Recipe(None, (
        Phase("findings", 192, 5, 4e-4, end=0.1, phantoms=False),
        Phase("captions", 192, 1, 5e-4, freeze_encoder=True, abnormal_weight=4.0),
        Phase("captions", 192, 4, 4e-4, abnormal_weight=4.0),
    ), dropout=0.2),
    # On from a checkpoint with what its own impressions are worth, see `captioner.self_critical`.
    "rewards": Recipe(None, (
        Phase("rewards", None, 8, 2e-4, freeze_encoder=True, abnormal_weight=2.0, from_features=True),
    ), dropout=0.2),
    # Minutes on anything: to see that it runs.
    "smoke": Recipe("densenet-tiny", (
        Phase("findings", 64, 1, 1e-3, batch=8),
        Phase("captions", 64, 2, 1e-3, batch=8),
    ), depth=16, units=16, embedding=8, phantoms=4, least_count=1, least_studies=1, max_words=12),
}


class WarmCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up over a share of the steps, then a cosine from `rate` to `rate * end`."""

    def __init__(self, rate, steps, end=0.0, warmup=0.03):
        self.rate, self.steps, self.end, self.warmup = rate, steps, end, warmup

    def __call__(self, step):
        done = ops.clip(ops.cast(step, "float32") / self.steps, 0.0, 1.0)
        cosine = self.end + (1 - self.end) * 0.5 * (1 + ops.cos(math.pi * done))
        return self.rate * cosine * ops.minimum(1.0, (done + 1e-3) / max(self.warmup, 1e-3))

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps, "end": self.end, "warmup": self.warmup}
