"""What there is to learn from: `download`, `explore`, `phantoms`, and `import-seed` for the 2021 system's files."""

import argparse
from pathlib import Path

from captioner.quiet import import_tensorflow


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this file to the parser's."""
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
    phantoms.add_argument(
        "--examples", action="store_true", help="the studies that examples/ holds, instead of random ones"
    )
    phantoms.add_argument("--gallery", action="store_true", help="the cases that examples/gallery/ holds, likewise")
    phantoms.set_defaults(run=_phantoms)

    download = commands.add_parser("download", help="fetch the collection from its public addresses")
    download.add_argument("--out", type=Path, required=True)
    download.add_argument("--examples", type=int, help="just this many studies")
    download.add_argument("--base-url", help="another address than the collection's own")
    download.set_defaults(run=_download)


def _explore(options: argparse.Namespace) -> None:
    from captioner.explore.page import explore

    print(
        f"written: {explore(options.data, options.out)} (real reports and pictures: for local use, not to be published)"
    )


def _import_seed(options: argparse.Namespace) -> None:
    from captioner.seed_import.convert import import_seed

    import_tensorflow()
    import_seed(options.weights, options.tokenizer, options.out)
    print(f"checkpoint written to {options.out}")


def _phantoms(options: argparse.Namespace) -> None:
    from captioner import phantom

    if options.examples:
        phantom.write_examples(options.out)
    elif options.gallery:
        phantom.write_gallery(options.out)
    else:
        phantom.write(options.out, options.count, options.seed)


def _download(options: argparse.Namespace) -> None:
    from captioner.download.indiana import download

    print(
        download(options.out, examples=options.examples, **({"base_url": options.base_url} if options.base_url else {}))
    )
