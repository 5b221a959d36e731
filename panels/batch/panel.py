"""The panel that answers many studies, given as a zip or as many files.

The browser asks for one study after the other and keeps the answers: here nothing is kept but where the files are, who
stops only stops asking, and who leaves is not worked for. Each study waits for its turn in the queue, those of all
batches in a place of their own, and lets captions and explanations of other visitors go first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.data_classes import FileData, ListFiles

from captioner import BadInput
from captioner.images.limits import shown_name
from captioner.images.pairing import Rule
from captioner.language import text
from captioner.sentence import Sentence
from captioner.serving.upload_batch import HEADER, HOW, MOST_STUDIES, Answered, UploadBatch, csv_line
from panels.server import modules, visitors
from panels.server.jobs import BATCH, MODEL, SLOW, number
from panels.server.upload_folder import GONE
from panels.shell import template

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool
    from panels.shell.sidebar import Sidebar

FIRST = (MODEL["concurrency_id"], SLOW["concurrency_id"])  # what goes before a study of a batch
MOST_LEFT_OUT = 20  # that are named


@dataclass(frozen=True)
class Begun:
    """A visitor's batch: its files, and how they are answered once it has begun.

    Attributes:
        files: the studies.
        checkpoint: its name; None before the batch has begun.
        search: arguments of `Captioner.caption`.
    """

    files: UploadBatch
    checkpoint: str | None = None
    search: dict[str, Any] | None = None


def look(paths: list[str] | None) -> tuple[dict[str, Any], Begun | None]:
    """What the files hold, before anything is answered.

    Args:
        paths: of the uploaded files.

    Returns:
        (what the browser is told, Begun or None).
    """
    if not paths:
        return {"kind": "look", "state": "empty"}, None
    try:
        files = UploadBatch([Path(path) for path in paths])
    except BadInput as error:
        return {"kind": "look", "state": "refused", "message": str(error)}, None
    studies = [
        {
            "study": group.study,
            "pictures": [shown_name(name) for name in group.pictures],
            "how": HOW[group.rule],
            "alone": group.rule is Rule.ALONE,
        }
        for group in files.groups
    ]
    left_out = [
        Sentence("{name}: {reason}", name=shown_name(name), reason=reason)
        for name, reason in files.left_out[:MOST_LEFT_OUT]
    ]
    told = {"studies": studies, "left_out": left_out, "more_left_out": len(files.left_out) - len(left_out)}
    return {"kind": "look", "state": "seen", **told}, Begun(files)


def told(answered: Answered) -> dict[str, Any]:
    """One study as the browser shows and saves it."""
    line = answered.line
    return {
        "study": answered.row.study,
        "pictures": [shown_name(name) for name in (answered.row.frontal, answered.row.lateral) if name],
        "how": answered.paired_by,
        "alone": answered.alone,
        "text": line.get("text"),
        "stated": answered.stated,
        "notices": line.get("notices", []),
        "error": line.get("error"),
        "csv": answered.as_csv(),
        "json": json.dumps(line) + "\n",
    }


def _paths(payload: ListFiles | FileData | None) -> list[str] | None:
    """The paths of the files that were uploaded."""
    return [each.path for each in payload.root] if isinstance(payload, ListFiles) else None


def build(page: gr.Blocks, pool: ModelPool, side: Sidebar) -> None:
    """Lay out the panel and wire it.

    Args:
        page: whose queue tells whether others wait.
        pool: panels.server.model_pool.ModelPool.
        side: panels.shell.sidebar.Sidebar, whose checkpoint and search are used.
    """
    files = gr.File(
        label=text("A zip, or many files: at most {most} studies", most=MOST_STUDIES),
        file_count="multiple",
        type="filepath",
        height=150,
        elem_id="batch-files",
    )
    # As in panels/shell/upload_input.py: the paths have been checked, and no copy is made.
    files.preprocess = _paths
    out = gr.HTML(
        value={"kind": "look", "state": "empty"},
        html_template=template.render("batch/batch.html"),
        js_on_load=modules.start("batch/batch.js", ["begin", "study"], HEADER=csv_line(HEADER)),
        apply_default_css=False,
        elem_id="batch",
    )
    batch = gr.State(None, time_to_live=3600)

    def begin(event: gr.EventData, batch: Any, checkpoint: Any, decoding: Any, width: Any, penalty: Any) -> Any:
        count = number(event._data)
        if batch is None:
            return {
                "kind": "refused",
                "number": count,
                "message": text(GONE),
            }, None
        search = {"decoding": decoding, "beam_width": int(width), "length_penalty": float(penalty)}
        checkpoint = checkpoint or next(iter(pool.names), None)
        by = (
            text("{checkpoint}, beam search, width {width}", checkpoint=checkpoint, width=int(width))
            if decoding == "beam"
            else text("{checkpoint}, greedy search", checkpoint=checkpoint)
        )
        return {"kind": "begun", "number": count, "by": by}, Begun(batch.files, checkpoint, search)

    def study(event: gr.EventData, batch: Any) -> dict[str, Any]:
        count, place = number(event._data), event._data.get("place")
        head = {"number": count, "place": place}
        try:
            if batch is None or batch.search is None:
                raise BadInput(text(GONE))
            if not isinstance(place, int) or not 0 <= place < len(batch.files.groups):
                raise BadInput(text("There is no such study among these files."))
            visitors.after_others(page._queue, FIRST)
            answered = batch.files.answer(place, pool.get(batch.checkpoint), **batch.search)
        except BadInput as error:
            return {"kind": "refused", **head, "message": str(error)}
        return {"kind": "study", **head, "rows": [told(each) for each in answered]}

    # "minimal" writes the place in the queue where panels/viewer/queue_place.js reads it.
    private: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", **BATCH}
    files.change(look, files, [out, batch], trigger_mode="always_last", **private)
    settings = [side.checkpoint, side.decoding, side.width, side.length_penalty]
    out.begin(begin, [batch, *settings], [out, batch], trigger_mode="multiple", **private)
    out.study(study, batch, out, trigger_mode="multiple", **private)
