"""What a training stands on before its first step: words, findings and preparation of the pictures, and the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.checkpoint.store import VOCABULARY, read_config
from captioner.decoding.token_tables import statement_table
from captioner.errors import BadInput
from captioner.models import network_class
from captioner.models.densenet import ENCODERS, EncoderConfig
from captioner.models.efficientnet_lite import EfficientNetLiteConfig
from captioner.reports.findings import FINDINGS
from captioner.reports.targets import Targets
from captioner.vocabulary import Vocabulary

if TYPE_CHECKING:
    import keras

    from captioner.training.recipes import Phase, Recipe
    from captioner.training.source import Source

PREPARATION = {"name": "area", "channels": 1, "mean": 0.5, "std": 0.25}


@dataclass(frozen=True)
class Basis:
    """What the network is made for.

    Attributes:
        recipe: with nothing left open: an encoder, and phases of a picture size each.
        preparation: of the pictures, without their size.
        vocabulary, targets: the words and findings that are learned.
        training: how the checkpoint that is followed was trained, of its `config.json`; None where none is followed.
    """

    recipe: Recipe
    preparation: dict[str, Any]
    vocabulary: Vocabulary
    targets: Targets
    training: dict[str, Any] | None = None

    @property
    def encoder(self) -> EncoderConfig | EfficientNetLiteConfig:
        """The encoder's configuration."""
        encoder = self.recipe.encoder
        assert encoder is not None  # `follow` has filled it in
        config = ENCODERS[encoder] if isinstance(encoder, str) else encoder
        if self.recipe.drop_path and isinstance(config, EfficientNetLiteConfig):
            return replace(config, drop_path=self.recipe.drop_path)
        return config

    def grid(self, phase: Phase) -> tuple[int, int]:
        """Rows and columns of the features of one picture of a phase."""
        assert phase.size is not None
        cells = phase.size // self.encoder.stride
        return cells, cells

    def network(self, model: str) -> keras.Model:
        """The network of that name as the recipe asks for it, with random weights and the grid of the last phase."""
        recipe = self.recipe
        told: dict[str, Any] = {}
        if recipe.head:
            told["head"] = recipe.head
        if recipe.told:
            told["rules"] = {"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0}
            told |= {"attend_told": network_class(model).has_attention, "told_once": True}
        if recipe.attention_units:
            told["attention_units"] = recipe.attention_units
        network = network_class(model)(
            self.encoder,
            len(self.vocabulary),
            len(self.targets),
            self.grid(recipe.phases[-1]),
            depth=recipe.depth,
            units=recipe.units,
            embedding=recipe.embedding,
            dropout=recipe.dropout,
            name=model.replace("-", "_"),
            **told,
        )
        if network.said is not None:
            network.said.table.assign(statement_table(self.vocabulary.tokens))
        return network


def basis_of(recipe: Recipe, source: Source, weights: str | Path | None) -> Basis:
    """What a training of a recipe stands on.

    Args:
        recipe: one without an encoder follows a checkpoint, and takes words and findings from it.
        source: the data, whose words and findings they are otherwise.
        weights: the first of the files that the training starts from; None where it starts from none.

    Raises:
        BadInput: there is no checkpoint to follow, see `follow`, or too few studies name any finding.
    """
    if recipe.encoder is None:
        basis = follow(recipe, weights)
    else:
        train = source.reports["train"]
        words = [*(report.impression for report in train), *source.box_captions()]
        targets = Targets.of(train, recipe.min_studies, recipe.place_targets)
        basis = Basis(recipe, PREPARATION, Vocabulary.of(words, recipe.min_count), targets)
    if not basis.targets.names:
        raise BadInput(f"{source.name} has too few studies: no finding is named in {recipe.min_studies} of them.")
    return replace(basis, recipe=replace(basis.recipe, phases=_sized(basis.recipe.phases)))


def follow(recipe: Recipe, weights: str | Path | None) -> Basis:
    """Fill what a recipe leaves open (`encoder` None, phases of `size` None) from the checkpoint that holds `weights`.

    Args:
        recipe: Recipe.
        weights: path of a checkpoint's `model.safetensors` or `weights.npz`; None when none was named.

    Raises:
        BadInput: no checkpoint, or one that this project did not train.
    """
    if weights is None or Path(weights).suffix not in (".safetensors", ".npz"):
        raise BadInput(
            "This recipe trains the decoder alone: name the model.safetensors of a checkpoint with --encoder-weights."
        )
    folder = Path(weights).parent
    config = read_config(folder)
    network, preparation = config["network"], dict(config["preparation"])
    if "targets" not in config or preparation.get("name", "area") != "area":
        raise BadInput(
            f"{folder.name} is no checkpoint that this program trained, so its encoder cannot be trained on from."
        )
    try:
        size = int(preparation.pop("size"))
        recipe = replace(
            recipe,
            encoder=EncoderConfig.from_dict(network["encoder"]),
            depth=network["depth"],
            units=network["units"],
            embedding=network["embedding"],
            phases=tuple(replace(phase, size=phase.size or size) for phase in recipe.phases),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{folder.name} does not describe its encoder as this program does: {error}.") from error
    return Basis(
        recipe,
        preparation,
        Vocabulary.load(folder / VOCABULARY),
        Targets(config["targets"]),
        config.get("training", {}),
    )


def _sized(phases: Sequence[Phase]) -> tuple[Phase, ...]:
    """The phases with the size of the one before where they leave it out."""
    sized: list[Phase] = []
    for phase in phases:
        sized.append(phase if phase.size else replace(phase, size=sized[-1].size))
    return tuple(sized)
