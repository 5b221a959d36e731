"""The command line: `python -m captioner COMMAND`.

Exit status 0, or 2 with one line on standard error that says what was wrong with which file.
"""

import argparse
import json
import os
import sys
from importlib import import_module
from pathlib import Path

from captioner.errors import BadInput
from captioner.quiet import import_tensorflow

# TensorFlow's start-up chatter would bury the one line that matters. Set before it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments=None):
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except BadInput as error:
        print(str(error), file=sys.stderr)
        return 2
    except BrokenPipeError:
        _drop_output()
        return 0
    except OSError as error:
        # A write that fails names no file: it was the one that --out names, or the output.
        return _refused(error, error.filename or getattr(options, "out", None))
    try:
        sys.stdout.flush()  # else the last of it would fail after the end, with a traceback
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        return _refused(error)
    return 0


def _refused(error, place=None):
    print(f"{error.strerror or error}: {place or 'standard output'}", file=sys.stderr)
    if place is None:
        _drop_output()
    return 2


def _drop_output():
    """What is still to be written goes nowhere: the reader has left, or there is no room."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; the usage is for --help."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def _parser():
    parser = _Parser(
        prog="python -m captioner", description="From two chest X-rays to the predicted impression. Not for clinical use.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    predict = commands.add_parser("predict", help="the impression of one study, or of many")
    predict.add_argument("frontal", nargs="?", help="PNG, JPEG or DICOM")
    predict.add_argument("lateral", nargs="?", help="may be left out")
    predict.add_argument("--studies", type=Path, help="a CSV with the columns study,frontal,lateral")
    predict.add_argument("--out", type=Path, help="with --studies: a JSON line for each study")
    predict.add_argument("--json", action="store_true", help="words, log probabilities and attention as JSON")
    _decoding_options(predict)
    predict.set_defaults(run=_predict)

    train = commands.add_parser("train", help="train a captioner on the collection")
    train.add_argument("--data", type=Path, required=True, help="folder of the collection")
    train.add_argument("--out", type=Path, required=True, help="folder for progress, curve and checkpoint")
    train.add_argument("--model", default="attention", choices=["attention", "simple", "chained-context"])
    train.add_argument("--recipe", default="cpu", choices=["cpu", "imagenet", "gpu", "decoder", "further", "rewards", "smoke"])
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--resume", action="store_true", help="go on where the last run in --out stopped")
    train.add_argument("--encoder-weights", type=Path, help="CheXNet's .h5, ImageNet's .pth, or the weights.npz of a checkpoint")
    train.add_argument("--phantoms", type=int, help="phantom studies mixed in (the recipe's own number when left out)")
    train.add_argument("--strategy", default="none", choices=["none", "mirrored", "multi-worker"],
                       help="train on all devices of this machine, or of all machines that TF_CONFIG names")
    train.add_argument("--limit", type=int, help="use the first studies only, to rehearse")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="score checkpoints on the collection, beside the baselines, in one table")
    evaluate.add_argument("--data", type=Path, required=True)
    evaluate.add_argument("--split", default="val", choices=["train", "val", "test"])
    evaluate.add_argument("--out", type=Path, required=True)
    _decoding_options(evaluate, many=True)
    evaluate.add_argument("--all", action="store_true", help="all checkpoints in weights/, the default one first")
    evaluate.add_argument("--into", nargs="+", type=Path, default=[], metavar="FILE",
                          help="Markdown files whose table between its two marks is replaced")
    evaluate.set_defaults(run=_evaluate)

    export = commands.add_parser("export", help="a checkpoint as a TensorFlow SavedModel, for TensorFlow Serving")
    export.add_argument("--checkpoint", type=Path, help="a checkpoint folder (weights/default when left out)")
    export.add_argument("--out", type=Path, required=True, help="a new folder; TensorFlow Serving wants a number for its name")
    export.set_defaults(run=_export)

    explore = commands.add_parser("explore", help="look at the collection before training on it: one HTML file")
    explore.add_argument("--data", type=Path, required=True, help="folder of the collection")
    explore.add_argument("--out", type=Path, required=True, help="folder for explore.html")
    explore.set_defaults(run=_explore)

    seed = commands.add_parser("import-seed", help="turn the 2021 system's files into a checkpoint folder")
    seed.add_argument("--weights", type=Path, required=True, help="Encoder_Decoder_global_attention.h5")
    seed.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.pkl (never executed)")
    seed.add_argument("--out", type=Path, required=True)
    seed.set_defaults(run=_import_seed)

    phantoms = commands.add_parser("phantoms", help="render chest phantoms with known findings")
    phantoms.add_argument("--count", type=int, default=8)
    phantoms.add_argument("--seed", type=int, default=0)
    phantoms.add_argument("--out", type=Path, required=True)
    phantoms.add_argument("--examples", action="store_true", help="the studies that examples/ holds, instead of random ones")
    phantoms.set_defaults(run=_phantoms)

    download = commands.add_parser("download", help="fetch the collection from its public addresses")
    download.add_argument("--out", type=Path, required=True)
    download.add_argument("--examples", type=int, help="just this many studies")
    download.add_argument("--base-url", help="another address than the collection's own")
    download.set_defaults(run=_download)
    # `explain` and `evaluate-explanations` belong to the half of the house that builds on this one: it is asked by its
    # name, so that nothing here imports it.
    import_module("explain.command").add(commands)
    return parser


def _decoding_options(parser, many=False):
    parser.add_argument("--checkpoint", type=Path, action="append" if many else "store",
                        help="a checkpoint folder (weights/default when left out)" + "; may be given several times" * many)
    parser.add_argument("--decoding", default="greedy", choices=["greedy", "beam"])
    parser.add_argument("--beam-width", type=int, default=3, choices=range(1, 11), metavar="1..10")
    parser.add_argument("--length-penalty", type=float, metavar="0..2")


def _predict(options):
    if bool(options.studies) == bool(options.frontal) or bool(options.studies) != bool(options.out):
        raise BadInput("predict needs either FRONTAL [LATERAL], or --studies and --out.")
    if options.length_penalty is not None and not 0 <= options.length_penalty <= 2:
        raise BadInput("--length-penalty must lie between 0 and 2.")
    import captioner

    decoding = {"decoding": options.decoding, "beam_width": options.beam_width, "length_penalty": options.length_penalty}
    if options.studies:
        from captioner.batch import predict_studies

        import_tensorflow()
        predict_studies(options.studies, options.out, options.checkpoint, **decoding)
        return
    study = captioner.read_study(options.frontal, options.lateral)
    import_tensorflow()
    caption = captioner.load(options.checkpoint).caption(study, **decoding)
    for notice in caption.notices:
        print(notice, file=sys.stderr)
    print(json.dumps(caption.as_dict(study=Path(options.frontal).name)) if options.json else caption.text)


def _train(options):
    import dataclasses

    from captioner.recipe import RECIPES
    from captioner.training import Training

    recipe = RECIPES[options.recipe]
    if options.phantoms is not None:
        recipe = dataclasses.replace(recipe, phantoms=options.phantoms)
    Training(options.data, options.out, options.model, recipe, options.seed, options.resume, options.encoder_weights,
             options.limit, options.strategy, say=lambda line: print(line, flush=True)).run()


def _evaluate(options):
    from captioner.evaluation import evaluate

    if options.all and options.checkpoint:
        raise BadInput("evaluate takes either --checkpoint or --all.")
    checkpoints = options.checkpoint
    if options.all:
        from captioner.checkpoint import available

        checkpoints = available()
        if not checkpoints:
            raise BadInput("There is no checkpoint in weights/.")
    import_tensorflow()
    evaluate(options.data, options.split, checkpoints, options.decoding, options.beam_width, options.length_penalty,
             options.out, options.into)


def _export(options):
    import_tensorflow()
    from captioner.export import export

    export(options.checkpoint, options.out)
    print(f"SavedModel written to {options.out}")


def _explore(options):
    from captioner.explore import explore

    print(f"written: {explore(options.data, options.out)} (real reports and pictures: for local use, not to be published)")


def _import_seed(options):
    from captioner.seed_checkpoint import import_seed

    import_tensorflow()
    import_seed(options.weights, options.tokenizer, options.out)
    print(f"checkpoint written to {options.out}")


def _phantoms(options):
    from captioner import phantom

    if options.examples:
        phantom.write_examples(options.out)
    else:
        phantom.write(options.out, options.count, options.seed)


def _download(options):
    from captioner.download import download

    print(download(options.out, examples=options.examples, **({"base_url": options.base_url} if options.base_url else {})))


if __name__ == "__main__":
    sys.exit(main())
