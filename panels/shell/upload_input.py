"""The study to explain: two files as they come, and what our own reader makes of them."""

from typing import NamedTuple

import gradio as gr
from gradio.data_classes import FileData, ListFiles

from captioner import BadInput
from captioner.images.study import read_view
from captioner.language import text
from panels.shell import template
from panels.viewer.pictures import data_url, shrink


class Uploads(NamedTuple):
    """The two upload components, frontal and lateral."""

    frontal: gr.File
    lateral: gr.File


def preview(path: str | None) -> str:
    """A small picture of an upload as HTML, or the sentence why it cannot be read; empty for no upload."""
    if not path:
        return ""
    try:
        view = shrink(read_view(path), 300)
    except BadInput as error:
        return template.render("shell/preview.html", refusal=str(error))
    return template.render("shell/preview.html", refusal=None, picture=data_url(view.pixels))


def _path(payload: ListFiles | FileData | None) -> str | None:
    """The path of the one file that was uploaded."""
    return payload.path if isinstance(payload, FileData) else None


def _upload(name: str, label: str) -> gr.File:
    # Any kind of file may come: DICOM files often have no ending, and our own reader says what is wrong with a file.
    with gr.Column():
        upload = gr.File(label=label, file_count="single", type="filepath", height=104, elem_id=f"upload-{name}")
        picture = gr.HTML(apply_default_css=False, js_on_load=None, elem_id=f"preview-{name}")
    # gr.File's own way leaves an empty temporary file behind each time it is read; the path has been checked already.
    upload.preprocess = _path
    upload.change(
        preview,
        upload,
        picture,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=2,
        concurrency_id="preview",
    )
    return upload


def build() -> Uploads:
    """The two uploads with their previews; returns Uploads."""
    with gr.Row(elem_id="uploads"):
        uploads = Uploads(_upload("frontal", text("Frontal")), _upload("lateral", text("Lateral (optional)")))
    gr.HTML(template.render("shell/upload_note.html"), apply_default_css=False, js_on_load=None)
    return uploads
