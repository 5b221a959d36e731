"""`train` and what it reads: `pack`."""

import argparse
import os
from pathlib import Path

from captioner.quiet import import_tensorflow


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this file to the parser's."""
    train = commands.add_parser("train", help="train a captioner on the collection")
    train.add_argument(
        "--data", type=Path, required=True, nargs="+", help="folders of the collections, or the file that pack wrote"
    )
    train.add_argument("--out", type=Path, required=True, help="folder for progress, curve and checkpoint")
    train.add_argument("--model", default="attention", choices=["attention", "simple", "chained-context"])
    train.add_argument(
        "--recipe",
        default="cpu",
        choices=[
            "cpu",
            "imagenet",
            "told",
            "gpu",
            "told-short",
            "told-decoder",
            "decoder",
            "further",
            "rewards",
            "smoke",
            "smoke-told",
        ],
    )
    train.add_argument(
        "--without-places", action="store_true", help="the recipe's control: nothing teaches where a finding lies"
    )
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--resume", action="store_true", help="go on where the last run in --out stopped")
    train.add_argument(
        "--encoder-weights",
        type=Path,
        nargs="+",
        help="CheXNet's .h5, ImageNet's .pth, or a checkpoint's weights (.safetensors, .npz); of several, their mean",
    )
    train.add_argument("--phantoms", type=int, help="phantom studies mixed in (the recipe's own number when left out)")
    train.add_argument(
        "--strategy",
        default="none",
        choices=["none", "mirrored", "multi-worker"],
        help="train on all devices of this machine, or of all machines that TF_CONFIG names",
    )
    train.add_argument("--minutes", type=float, help="end by the clock, whatever the recipe's epochs")
    train.add_argument("--limit", type=int, help="use the first studies only, to rehearse")
    train.set_defaults(run=_train)

    pack = commands.add_parser("pack", help="one small file of all that a training reads, to carry to a GPU")
    pack.add_argument("--data", type=Path, required=True, nargs="+", help="folders of the collections")
    pack.add_argument("--size", type=int, default=224, help="pixels of the square pictures (224 when left out)")
    pack.add_argument("--phantoms", type=int, default=500, help="phantom studies rendered into it")
    pack.add_argument("--quality", type=int, default=88, help="of the pictures' WebP, 1 to 100 (88 when left out)")
    pack.add_argument("--out", type=Path, required=True, help="the file to write")
    pack.set_defaults(run=_pack)


def _train(options: argparse.Namespace) -> None:
    import dataclasses

    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":  # on a GPU, training may run without it
        import_tensorflow()
    from captioner.training.recipes import RECIPES, without_places
    from captioner.training.trainer import Training

    recipe = RECIPES[options.recipe]
    if options.without_places:
        recipe = without_places(recipe)
    if options.phantoms is not None:
        recipe = dataclasses.replace(recipe, phantoms=options.phantoms)
    Training(
        options.data,
        options.out,
        options.model,
        recipe,
        options.seed,
        options.resume,
        options.encoder_weights,
        options.limit,
        options.strategy,
        options.minutes,
        say=lambda line: print(line, flush=True),
    ).run()


def _pack(options: argparse.Namespace) -> None:
    from captioner.training.pack import pack

    written = pack(options.data, options.size, options.out, options.phantoms, options.quality)
    print(f"{written} It holds the collections' pictures and reports: for local use, not to be published.")
