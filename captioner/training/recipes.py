"""How long, how large and how fast to train: the phases of a training, for a CPU and for a GPU."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from captioner.models.densenet import EncoderConfig
    from captioner.models.efficientnet_lite import EfficientNetLiteConfig


@dataclass(frozen=True)
class Phase:
    """One stretch of training at one picture size, with its own warm-up and cosine.

    Attributes:
        goal: "findings" (the encoder alone), "captions" (words, findings and the attention of placed words), or
            "rewards" (as captions, with impressions that the decoder writes itself, see
            `captioner.training.self_critical`).
        size: pixels of the square picture; None for that of the checkpoint that is followed, see
            `captioner.training.basis`.
        epochs: at the most.
        rate: peak learning rate.
        end: share of `rate` that the cosine ends at, so that a next phase can go on from there.
        batch: studies per step.
        freeze_encoder: whether the encoder keeps still, its batch statistics too.
        frozen_stages: how many of the encoder's first stages keep still, with the stem, where the whole does not: they
            have the largest pictures and the fewest weights, so that they cost most and learn least.
        share: of the time that `--minutes` gives, see `captioner.training.schedule.ClockedCosine`.
        from_features: whether each picture goes through the frozen encoder once, as it is: quick, without augmentation.
        pooling: how many cells, in each direction, are averaged into one while captions are learned from features: a
            quarter of the cells is a quarter of the work, and the attention, which knows no grid, reads them all
            afterwards.
        phantoms: whether phantom studies are mixed in.
        abnormal_weight: how often an abnormal study is drawn for captions, relative to a normal one.
        patience: epochs without a better validation score before the phase ends early.
        mean_from: the epoch from which on the weights of all epochs are averaged evenly; the phase ends with that mean,
            not with its best epoch (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better
            Generalization", arXiv 1803.05407). None, or a phase that ends before it, ends with the best epoch.
    """

    goal: str
    size: int | None
    epochs: int
    rate: float
    end: float = 0.0
    batch: int = 16
    freeze_encoder: bool = False
    frozen_stages: int = 0
    phantoms: bool = True
    abnormal_weight: float = 2.5
    patience: int = 12
    mean_from: int | None = None
    from_features: bool = False
    pooling: int = 1
    share: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """A training from beginning to end.

    Attributes:
        encoder: name in `captioner.models.densenet.ENCODERS`, or a configuration; None for that of the checkpoint that
            is followed, with its words, findings and preparation (see `captioner.training.basis`).
        phases: in order; the picture size of the last is the checkpoint's.
        depth, units, embedding, dropout: of the captioner.
        phantoms: phantom studies mixed into the training.
        hard_phantoms: as many more that have a finding which is missed often, see
            `captioner.training.examples.phantom_seeds`.
        held_out_phantoms: phantoms that nothing is learned from, for the thresholds of a decoder that is told the
            findings, see `captioner.training.decisions.raised`.
        phantom_weight: how often a phantom is drawn, relative to a real study of its kind.
        word_dropout: share of input words hidden from the decoder.
        smoothing: label smoothing of the words.
        words_weight, findings_weight, grounding_weight: of the three losses while captions are learned.
        weight_decay: of AdamW.
        min_count: how often a word must occur in the training captions to get into the vocabulary.
        min_studies: how many studies must name a finding to make it a target.
        place_targets: whether a finding with its side or its zone is a target of its own.
        max_words: tokens a caption is cut to.
        head: units of the finding head's hidden layer; 0 trains a network without one.
        told: whether the decoder is told what the finding head found. Then the head keeps still while the decoder
            learns to word what the captions state.
        attention_units: of the attention's hidden layer; None for as many as `units`.
        presence_weight, places_weight, maps_weight: of the finding head's three losses.
        other_pictures: share of told captions that are learned on the pictures of another study, see
            `captioner.training.dataset.StudyBatches`.
        composed: share of told captions that are put together from sentences of several, see
            `captioner.training.composed_captions`.
        average: share of the averaged weights that stays at each step, see `captioner.training.weight_average`; 0
            averages nothing.
        strong: whether pictures are changed as far as `captioner.training.augmentation.STRONG` goes.
        picture_weight, box_weight: how often a labelled picture without and with boxes is drawn while findings are
            learned.
        mixed: share of the studies that are mixed with another one while findings are learned, see
            `captioner.training.mixing`.
        drop_path: how often the encoder learns without its last block, see
            `captioner.models.efficientnet_lite.EfficientNetLiteConfig`.
    """

    encoder: str | EncoderConfig | EfficientNetLiteConfig | None
    phases: tuple[Phase, ...]
    depth: int = 256
    units: int = 256
    embedding: int = 128
    dropout: float = 0.3
    phantoms: int = 500
    hard_phantoms: int = 0
    held_out_phantoms: int = 200
    phantom_weight: float = 1.2
    word_dropout: float = 0.15
    smoothing: float = 0.1
    words_weight: float = 4.0
    findings_weight: float = 2.0
    grounding_weight: float = 12.0
    weight_decay: float = 0.05
    min_count: int = 3
    min_studies: int = 15
    place_targets: bool = True
    max_words: int = 40
    head: int = 0
    told: bool = False
    attention_units: int | None = None
    presence_weight: float = 2.5
    places_weight: float = 0.4
    maps_weight: float = 10.0
    other_pictures: float = 0.6
    composed: float = 0.0
    average: float = 0.0
    strong: bool = False
    picture_weight: float = 0.8
    box_weight: float = 2.5
    mixed: float = 0.0
    drop_path: float = 0.0


def without_places(recipe: Recipe) -> Recipe:
    """The control of a recipe: the same training in all but that nothing teaches the network where a finding lies.

    Neither masks, boxes, sides nor zones count, in the words' attention, in the finding head or among the targets;
    pictures with boxes are drawn as those without. Reports still name sides, which the decoder learns as words.
    """
    return replace(
        recipe,
        grounding_weight=0.0,
        maps_weight=0.0,
        places_weight=0.0,
        place_targets=False,
        box_weight=recipe.picture_weight,
    )


# With a decoder that is told what the finding head found.
_told = partial(
    Recipe,
    dropout=0.2,
    head=96,
    told=True,
    attention_units=64,
    grounding_weight=60.0,
    composed=0.5,
    average=0.998,
    strong=True,
    max_words=28,
)

# The decoder alone, on image features of a quarter of the cells.
_from_features = partial(Phase, freeze_encoder=True, from_features=True, pooling=2)

RECIPES = {
    # Two cores, from ImageNet's weights (give them with --encoder-weights): about an hour and a half.
    "imagenet": Recipe(
        "efficientnet-lite0",
        (
            Phase("findings", 128, 8, 6e-4, end=0.4, phantoms=False),
            Phase("findings", 160, 5, 3e-4, end=0.1, phantoms=False),
            Phase("captions", 160, 2, 1e-3, end=0.5, freeze_encoder=True, abnormal_weight=4.0),
            Phase("captions", 160, 5, 4e-4, abnormal_weight=4.0),
            Phase("rewards", 160, 5, 2e-4, freeze_encoder=True, abnormal_weight=2.0, from_features=True),
        ),
        dropout=0.2,
    ),
    # Two cores and no outside weights: a small DenseNet, about two hours.
    "cpu": Recipe(
        "densenet-small",
        (
            Phase("findings", 112, 6, 8e-4, end=0.77, batch=32, phantoms=False),
            Phase("findings", 128, 8, 6e-4, end=0.1, phantoms=False),
            Phase("captions", 128, 2, 1e-3, end=0.5, freeze_encoder=True),
            Phase("captions", 128, 10, 6e-4, end=0.51),
            Phase("captions", 128, 7, 3e-4, abnormal_weight=4.0),
            Phase("captions", 128, 6, 5e-4, abnormal_weight=4.0),
        ),
        dropout=0.2,
    ),
    # Two cores, from ImageNet's weights or on from an earlier checkpoint's (--encoder-weights), with the findings and
    # boxes of both collections: an hour.
    "told": _told(
        "efficientnet-lite0-fine",
        (
            Phase("findings", 192, 14, 4e-4, end=0.02, frozen_stages=2, mean_from=4),
            _from_features("captions", None, 30, 2e-3, batch=32, abnormal_weight=5.0),
        ),
        phantoms=1200,
        hard_phantoms=700,
        mixed=0.5,
        drop_path=0.15,
    ),
    # `told` from the weights of ImageNet, short, to be compared with its control (`without_places`): half an hour.
    "told-short": _told(
        "efficientnet-lite0-fine",
        (
            Phase("findings", 128, 7, 8e-4, end=0.02, frozen_stages=2),
            _from_features("captions", None, 6, 2e-3, batch=32, abnormal_weight=5.0),
        ),
        phantoms=250,
    ),
    # The same network on one GPU, with larger pictures, by the clock: --minutes 9.
    # Compiling takes a good part of the decoder's share on JAX, so that no time is left for rewards.
    "gpu": _told(
        "efficientnet-lite0-fine",
        (
            Phase("findings", 224, 1000, 8e-4, end=0.02, batch=64, share=0.68),
            Phase(
                "captions",
                None,
                1000,
                2e-3,
                end=0.02,
                batch=64,
                freeze_encoder=True,
                abnormal_weight=5.0,
                from_features=True,
                share=0.32,
            ),
        ),
        held_out_phantoms=40,  # half a second each to render, by the clock
        mixed=0.5,
        drop_path=0.15,
    ),
    # The decoder alone, told what the finding head of the checkpoint that --encoder-weights names has found.
    "told-decoder": _told(
        None,
        (_from_features("captions", None, 30, 2e-3, batch=32, abnormal_weight=5.0),),
    ),
    # The decoder alone, on the encoder of the checkpoint that --encoder-weights names: minutes on two cores.
    "decoder": Recipe(
        None,
        (Phase("captions", None, 12, 1e-3, batch=32, freeze_encoder=True, abnormal_weight=4.0, from_features=True),),
        dropout=0.3,
    ),
    # On from a checkpoint with larger pictures, which is a finer grid: an hour on one core.
    "further": Recipe(
        None,
        (
            Phase("findings", 192, 5, 4e-4, end=0.1, phantoms=False),
            Phase("captions", 192, 1, 5e-4, freeze_encoder=True, abnormal_weight=4.0),
            Phase("captions", 192, 4, 4e-4, abnormal_weight=4.0),
        ),
        dropout=0.2,
    ),
    # On from a checkpoint with what its own impressions are worth, see `captioner.training.self_critical`.
    "rewards": Recipe(
        None,
        (Phase("rewards", None, 8, 2e-4, freeze_encoder=True, abnormal_weight=2.0, from_features=True),),
        dropout=0.2,
    ),
    # Minutes on anything: to see that it runs.
    "smoke-told": _told(
        "efficientnet-tiny",
        (
            Phase("findings", 64, 3, 1e-3, batch=8, frozen_stages=1, share=0.4, mean_from=2),
            _from_features("captions", None, 2, 1e-3, batch=8, share=0.4),
            _from_features("rewards", None, 1, 1e-3, batch=8, share=0.2),
        ),
        depth=16,
        units=16,
        embedding=8,
        phantoms=4,
        held_out_phantoms=4,
        min_count=1,
        min_studies=1,
        head=8,
        attention_units=8,
        average=0.9,
        mixed=0.5,
        drop_path=0.15,
        max_words=6,
    ),
    "smoke": Recipe(
        "densenet-tiny",
        (
            Phase("findings", 64, 1, 1e-3, batch=8),
            Phase("captions", 64, 2, 1e-3, batch=8),
        ),
        depth=16,
        units=16,
        embedding=8,
        phantoms=4,
        min_count=1,
        min_studies=1,
        max_words=6,
    ),
}
