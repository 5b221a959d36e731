"""The page: `python dashboard.py`. Layout and wiring only; what it shows is computed in captioner/ and explain/."""

import argparse
import os
import sys
from pathlib import Path

# Both are read when the libraries are imported: no telemetry, and no start-up chatter over the one line that matters.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import gradio as gr  # noqa: E402

from captioner import BadInput, checkpoint, load  # noqa: E402
from panels import (  # noqa: E402
    about, compare, endpoints, examples, explain, headers, lesson,
    look, masthead, mcp_tools, method, score, side, trust, uploads, what_if,
)  # fmt: skip
from panels.shelf import Shelf  # noqa: E402

ROOT = Path(__file__).resolve().parent
EXAMPLES = ROOT / "examples"
MINUTE = 60
QUEUE = 64  # how many may wait; who comes then is told so, and the page asks again by itself (panels/patient.js)


def build(shelf, examples_folder=EXAMPLES):
    """The page for the checkpoints on `shelf`, as gr.Blocks that is not launched yet."""
    with gr.Blocks(
        title="Chest X-ray impressions, word by word",
        fill_width=True,
        analytics_enabled=False,
        delete_cache=(5 * MINUTE, 30 * MINUTE),  # uploads are gone after 35 minutes at the latest
    ) as page:
        head = masthead.build(shelf)
        entries = examples.read(examples_folder)
        with gr.Row(elem_id="sheet"):
            study = side.build(shelf, entries)
            with gr.Column(elem_id="answer"), gr.Tabs(elem_id="panels", overflow_behavior="wrap") as tabs:
                with gr.Tab("Explain", id="explain"):
                    panel = explain.build(shelf, study, entries)
                with gr.Tab("Trust", id="trust"):
                    trust.build(shelf, panel, entries)
                with gr.Tab("Greedy and beam", id="compare") as tab:
                    compare.build(shelf, study, panel, tab)
                with gr.Tab("What if", id="what-if") as tab:
                    what_if.build(shelf, panel, tab)
                with gr.Tab("Score", id="score") as tab:
                    score.build(panel, tab)
                with gr.Tab("Lesson", id="lesson"):
                    lesson.build(shelf, study, entries)
                with gr.Tab("About", id="about") as tab:
                    about.build(shelf, study, tab)
        endpoints.build(shelf, study)
        side.follow(study, tabs.children)
        page.load(
            masthead.follow(shelf), None, head, show_progress="hidden", concurrency_limit=None, api_visibility="private"
        )
    return page.queue(max_size=QUEUE)


def settings(examples_folder=EXAMPLES):
    """The arguments of `launch` that every start of the page shares: its looks, and what it keeps closed."""
    return {
        "theme": look.theme(),
        "head": look.head(),
        "max_file_size": "160mb",
        "allowed_paths": [str(examples_folder)],
        "footer_links": ["api"],
        "run_history": False,
        "enable_monitoring": False,
        "state_session_capacity": 200,
        "pwa": False,
        "ssr_mode": False,
        "app_kwargs": headers.app_kwargs(),
    }


def _name_and_password(text):
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise argparse.ArgumentTypeError("give it as USER:PASSWORD")
    return name, password


def arguments(argv=None):
    """The command line, parsed."""
    parser = argparse.ArgumentParser(
        description="Chest X-ray impressions with a heatmap for every word, as a web page."
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen on (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=int(os.environ.get("GRADIO_SERVER_PORT", 7860)),
        help="port to listen on (default: %(default)s)",
    )
    parser.add_argument(
        "--checkpoint", metavar="DIR", help="checkpoint folder to start with (default: weights/default)"
    )
    parser.add_argument("--share", action="store_true", help="make a public link through Gradio's servers")
    parser.add_argument(
        "--auth", type=_name_and_password, metavar="USER:PASSWORD", help="ask visitors for this name and password"
    )
    parser.add_argument("--mcp", action="store_true", help="offer the endpoints as tools to MCP clients, too")
    return parser.parse_args(argv)


def main(argv=None):
    """Serve the page until interrupted. Exit status 2, with one line that says why, when it cannot be started."""
    chosen = arguments(argv)
    folders = {folder.name: folder for folder in checkpoint.available()}
    try:
        if chosen.mcp:
            mcp_tools.check()
        if chosen.checkpoint:
            first = Path(chosen.checkpoint).resolve()
            checkpoint.read_config(first)
            folders = {first.name: first} | {name: folder for name, folder in folders.items() if name != first.name}
        shelf = Shelf(folders, load, method.warm)
        uploads.keep_apart()
        page = build(shelf)
        shelf.start()
        page.launch(
            server_name=chosen.host, server_port=chosen.port, share=chosen.share, auth=chosen.auth,
            mcp_server=chosen.mcp, **settings(),
        )
    except (BadInput, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
