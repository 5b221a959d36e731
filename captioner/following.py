"""Training on from a checkpoint: the same encoder, pictures, words and findings, with a decoder of one's own."""

import dataclasses
from pathlib import Path

from captioner.checkpoint import VOCABULARY, read_config
from captioner.errors import BadInput
from captioner.models.encoder import EncoderConfig
from captioner.targets import Targets
from captioner.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class Followed:
    """What a training takes from the checkpoint that it follows.

    Attributes:
        recipe: Recipe, of the checkpoint's encoder, picture size and widths.
        preparation: of the pictures, without their size.
        vocabulary: Vocabulary.
        targets: Targets.
        training: how the checkpoint was trained, of its `config.json`.
    """

    recipe: object
    preparation: dict
    vocabulary: Vocabulary
    targets: Targets
    training: dict


def follow(recipe, weights):
    """Fill what a recipe leaves open (`encoder` None, phases of `size` None) from the checkpoint that holds `weights`.

    Args:
        recipe: Recipe.
        weights: path of a checkpoint's `weights.npz`; None when none was named.

    Raises:
        BadInput: no checkpoint, or one that this project did not train.
    """
    if weights is None or Path(weights).suffix != ".npz":
        raise BadInput("This recipe trains the decoder alone: name the weights.npz of a checkpoint with --encoder-weights.")
    folder = Path(weights).parent
    config = read_config(folder)
    network, preparation = config["network"], dict(config["preparation"])
    if "targets" not in config or preparation.get("name", "area") != "area":
        raise BadInput(f"{folder.name} is no checkpoint that this program trained, so its encoder cannot be trained on from.")
    try:
        size = int(preparation.pop("size"))
        recipe = dataclasses.replace(
            recipe, encoder=EncoderConfig.from_dict(network["encoder"]), depth=network["depth"], units=network["units"],
            embedding=network["embedding"],
            phases=tuple(dataclasses.replace(phase, size=phase.size or size) for phase in recipe.phases))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{folder.name} does not describe its encoder as this program does: {error}.") from error
    return Followed(recipe, preparation, Vocabulary.load(folder / VOCABULARY), Targets(config["targets"]),
                    config.get("training", {}))
