"""What a checkpoint writes: `predict` for one study or many, `batch` for very many."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.command_line import (
    add_decoding_options,
    add_length_penalty,
    add_mend,
    add_search_options,
    check_length_penalty,
)
from captioner.errors import BadInput
from captioner.quiet import import_tensorflow

if TYPE_CHECKING:  # it imports TensorFlow, which takes seconds
    from captioner.captioner import Captioner


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this file to the parser's."""
    predict = commands.add_parser("predict", help="the impression of one study, or of many")
    predict.add_argument("frontal", nargs="?", help="PNG, JPEG or DICOM")
    predict.add_argument("lateral", nargs="?", help="may be left out")
    predict.add_argument(
        "--studies", type=Path, help="a CSV with the columns study,frontal,lateral, and mend if need be"
    )
    predict.add_argument("--out", type=Path, help="with --studies: a JSON line for each study; - for standard output")
    predict.add_argument("--json", action="store_true", help="words, log probabilities and attention as JSON")
    predict.add_argument(
        "--findings", action="store_true", help="a table of what the finding head sees, beside the impression"
    )
    predict.add_argument(
        "--export", type=Path, metavar="DIR", help="answer from what `export` wrote, instead of from a checkpoint"
    )
    predict.add_argument(
        "--server",
        metavar="URL",
        help="with --export: TensorFlow Serving that serves it, such as http://127.0.0.1:8501/v1/models/cxr, "
        "or grpc://127.0.0.1:8500/cxr (extra: grpc)",
    )
    predict.add_argument("--draft", metavar="TEXT", help="an impression to put on trial before the finding head")
    add_mend(predict)
    _add_without_maps(predict)
    add_decoding_options(predict)
    add_length_penalty(predict)
    predict.set_defaults(run=_predict)

    batch = commands.add_parser("batch", help="very many studies, on several cores or machines (extra: batch)")
    batch.add_argument(
        "--studies", required=True, help="a CSV with study,frontal,lateral: a path, or s3://... and so on"
    )
    batch.add_argument("--export", type=Path, required=True, help="what `export` wrote, at this path on every machine")
    batch.add_argument("--out", required=True, help="folder for predictions.jsonl, or an address likewise")
    batch.add_argument("--workers", type=int, default=2, help="processes of a core each (2)")
    _add_without_maps(batch)
    add_search_options(batch)
    add_length_penalty(batch)
    batch.set_defaults(run=_batch)


def _add_without_maps(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--without-maps",
        action="store_true",
        help="leave the maps of words and findings out of the JSON (null): a line of a hundredth",
    )


def _predict(options: argparse.Namespace) -> None:
    if bool(options.studies) == bool(options.frontal) or bool(options.studies) != bool(options.out):
        raise BadInput("predict needs either FRONTAL [LATERAL], or --studies and --out.")
    check_length_penalty(options)
    if options.studies and (options.findings or options.draft is not None):
        raise BadInput("--findings and --draft are for one study; each line of --studies holds its findings anyway.")
    if options.studies and options.mend:
        raise BadInput("--mend is for one study; in a table the column mend says it for each.")
    if options.server and not options.export:
        raise BadInput("--server needs --export, the folder that the server serves: it says how pictures are prepared.")
    if options.export and (options.checkpoint or options.studies or options.draft is not None):
        raise BadInput("--export is for one study, without --checkpoint or --draft; for many see `captioner batch`.")
    import captioner

    decoding = {
        "decoding": options.decoding,
        "beam_width": options.beam_width,
        "length_penalty": options.length_penalty,
    }
    if options.studies:
        from captioner.serving.batch_prediction import predict_studies

        predict_studies(options.studies, options.out, options.checkpoint, not options.without_maps, **decoding)
        return
    study = captioner.read_study(options.frontal, options.lateral, mend=options.mend)
    if not options.server:
        import_tensorflow()
    from captioner.serving.answer import answer, findings_table, trials_table
    from captioner.serving.served_model import ServedModel, behind, in_process

    model: Captioner | ServedModel
    if options.export:
        model = ServedModel(options.export, behind(options.server) if options.server else in_process(options.export))
    else:
        model = captioner.load(options.checkpoint)
    if options.findings and not model.has_findings:
        raise BadInput(f"The checkpoint {model.name} has no finding head: it writes impressions alone.")
    maps = not options.without_maps
    caption, findings, found = answer(model, study, Path(options.frontal).name, options.draft, maps=maps, **decoding)
    for notice in caption.notices:
        print(notice, file=sys.stderr)
    for each in () if options.json else study.mendings:
        print(f'{each.offer}: --mend "{each.name}"', file=sys.stderr)
    print(json.dumps(found) if options.json else caption.text)
    if options.findings and not options.json and findings is not None:
        print(f"\n{findings_table(findings, caption.text)}")
    if options.draft is not None and not options.json:
        print(f"\n{trials_table(found['trials'])}")


def _batch(options: argparse.Namespace) -> None:
    from captioner.serving.ray_batch import predict_table

    if options.workers < 1:
        raise BadInput("--workers must be at least 1.")
    check_length_penalty(options)
    search = {"decoding": options.decoding}
    if options.decoding == "beam":
        search |= {"beam_width": options.beam_width, "length_penalty": options.length_penalty}
    counts = predict_table(
        options.studies, options.export, options.out, options.workers, not options.without_maps, **search
    )
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if counts["failed"]:
        raise BadInput(
            f"{counts['failed']} of the {counts['studies']} studies could not be read; {options.out} says why. "
            "Run it again to try them again."
        )
