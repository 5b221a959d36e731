"""The page: `python dashboard.py`. Layout and wiring only; what it shows is computed in captioner/ and explain/."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# All are read when the libraries are imported: no telemetry, and no start-up chatter over the one line that matters.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow's own pool of memory never shrinks: with the system's, what one visitor needed goes back after him.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

from panels.server import address, start  # noqa: E402

if __name__ == "__main__":
    start.refuse()
with address.hidden_port():
    import gradio as gr

from captioner import BadInput, load  # noqa: E402
from captioner.checkpoint import store as checkpoint  # noqa: E402
from captioner.images import decoder_pool  # noqa: E402
from captioner.language import text  # noqa: E402
from captioner.phantom import read_cases  # noqa: E402
from captioner.quiet import import_tensorflow  # noqa: E402
from panels.about import panel as about  # noqa: E402
from panels.batch import panel as batch  # noqa: E402
from panels.case_gallery import panel as case_gallery  # noqa: E402
from panels.class_room import panel as class_room  # noqa: E402
from panels.compare import panel as compare  # noqa: E402
from panels.lesson import panel as lesson  # noqa: E402
from panels.quiz import panel as quiz  # noqa: E402
from panels.score import panel as score  # noqa: E402
from panels.server import api as endpoints  # noqa: E402
from panels.server import memory, security_headers, upload_folder
from panels.server.closed_blocks import ClosedBlocks, in_every_language  # noqa: E402
from panels.server.model_pool import ModelPool  # noqa: E402
from panels.shell import header, notice, opening, sidebar, theme  # noqa: E402
from panels.trust import panel as trust  # noqa: E402
from panels.viewer import method  # noqa: E402
from panels.viewer import panel as explain
from panels.what_if import panel as what_if  # noqa: E402

EXAMPLES = Path(__file__).resolve().parent / "examples"
MINUTE = 60
# How many requests may wait. The next visitor is told so, and the page asks again (panels/shell/retry_full_queue.js).
QUEUE = 64
SESSIONS = 64  # visitors whose impression and maps are kept, the last: some 3 MB each


def build(pool: ModelPool, examples_folder: Path = EXAMPLES) -> gr.Blocks:
    """The page for the checkpoints of `pool`, as Blocks that are not launched yet."""
    page = in_every_language(lambda: _build(pool, examples_folder))
    return page.queue(max_size=QUEUE, api_open=False)


def _build(pool: ModelPool, examples_folder: Path) -> ClosedBlocks:
    with ClosedBlocks(
        title=text("Chest X-ray impressions, word by word"),
        fill_width=True,
        analytics_enabled=False,
        delete_cache=(5 * MINUTE, 30 * MINUTE),  # uploads are deleted after 35 minutes at the latest
    ) as page:
        head = header.build(pool)
        entries, cases = read_cases(examples_folder), read_cases(examples_folder / "gallery")
        with gr.Row(elem_id="sheet"):
            study = sidebar.build(pool, entries, cases)
            with gr.Column(elem_id="answer"):
                notice.build(page, pool, [*entries, *cases])
                tabs = gr.Tabs(elem_id="panels", overflow_behavior="wrap")
            with tabs:
                with gr.Tab(text("Explain"), id="explain"):
                    panel = explain.build(pool, study, [*entries, *cases])
                with gr.Tab(text("Trust"), id="trust"):
                    trust.build(pool, panel, entries)
                with gr.Tab(text("Greedy and beam"), id="compare") as tab:
                    compare.build(pool, study, panel, tab)
                with gr.Tab(text("What if"), id="what-if") as tab:
                    what_if.build(pool, panel, tab)
                with gr.Tab(text("Score"), id="score") as tab:
                    score.build(panel, tab, pool)
                with gr.Tab(text("Batch"), id="batch"):
                    batch.build(page, pool, study)
                with gr.Tab(text("Lesson"), id="lesson"):
                    lesson.build(pool, study, entries)
                with gr.Tab(text("Quiz"), id="quiz"):
                    quiz.build(pool, study, [*entries, *cases])
                with gr.Tab(text("Class"), id="class"):
                    class_room.build(pool, [*entries, *cases])
                with gr.Tab(text("Gallery"), id="gallery", visible=bool(cases)):
                    case_gallery.build(examples_folder / "gallery", cases)
                with gr.Tab(text("About"), id="about") as tab:
                    about.build(pool, study, tab)
        if entries:
            opening.build(page, pool, entries)
        endpoints.build(pool, study)
        sidebar.follow(study, tabs.children)
        header.wire(page, pool, study.checkpoint, head)
    return page


def settings(examples_folder: Path = EXAMPLES, mcp: bool = False, embed_from: Sequence[str] = ()) -> dict[str, Any]:
    """The arguments of `launch` that every start of the page shares: its looks, and what it keeps closed."""
    return {
        "theme": theme.theme(),
        "head": theme.head(),
        "max_file_size": "160mb",
        "allowed_paths": [str(examples_folder)],
        "footer_links": ["api"],
        "run_history": False,
        "enable_monitoring": False,
        "state_session_capacity": SESSIONS,
        "pwa": False,
        "ssr_mode": False,
        "app_kwargs": security_headers.app_kwargs(mcp, embed_from),
    }


def _load(folder: Path) -> Any:
    """The captioner in a folder; nothing of TensorFlow's start-up is printed over the page's address."""
    import_tensorflow()
    return load(folder)


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the page until interrupted. Exit status 2, with one line that says why, when it cannot be started."""
    try:
        chosen = start.checked(argv)
        folders = checkpoint.available()
        if chosen.checkpoint:
            first = checkpoint.local(chosen.checkpoint).resolve()
            checkpoint.read_config(first)
            folders = [first, *(folder for folder in folders if folder.resolve() != first)]
        decoder_pool.pool().start()
        pool = ModelPool(checkpoint.by_name(folders), _load, method.warm, let_go=memory.give_back)
        upload_folder.sweep(upload_folder.keep_apart(), 30 * MINUTE)
        memory.keep_small()
        page = build(pool)
        pool.start()
        page.launch(
            server_name=chosen.host,
            server_port=chosen.port,
            share=chosen.share,
            auth=chosen.auth,
            mcp_server=chosen.mcp,
            **settings(mcp=chosen.mcp, embed_from=chosen.embed_from),
        )
    except (BadInput, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
