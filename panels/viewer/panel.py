"""The panel that explains one study: its impression word by word, with the maps."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from captioner import BadInput, Study, read_study
from captioner.images.orientation import orientation
from captioner.language import text
from captioner.sentence import worded
from explain.methods import attention
from explain.report.parts import shown_views
from explain.truth import of_example, of_own
from panels.findings import draft
from panels.findings import panel as findings
from panels.server.jobs import MODEL, Stops
from panels.server.sessions import Remade
from panels.server.upload_folder import GONE
from panels.shell import deep_link, notice
from panels.viewer import export, go_on, method
from panels.viewer import word_viewer as viewer
from panels.viewer.pictures import shrink
from panels.viewer.session import Encoded, SearchSettings, Session, StudyKey

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool
    from panels.shell.sidebar import Sidebar

# What the viewer's module asks for: maps, other impressions, files, and an end to what it no longer waits for.
_WISHES = ("maps", "slow_maps", "steer", "trial", "mend", "go_on", "file", "slow_file", "stop")


def _encoded(pool: ModelPool, key: StudyKey) -> Encoded:
    """Read a study and run the encoder once.

    Raises:
        BadInput: as of `captioner.read_study`; the files are gone.
    """
    if not all(Path(path).is_file() for path in key[:2] if path):
        raise BadInput(text(GONE))
    full = read_study(key.frontal, key.lateral or None, mend=key.mended)
    small = Study(shrink(full.frontal), full.lateral and shrink(full.lateral), full.notices, full.mendings)
    sizes = {view.name: view.pixels.shape for view in full.views}
    model = pool.get(key.checkpoint)
    return Encoded(small, sizes, model.encode(full), attention.extent(model.coverage))


def answer(
    pool: ModelPool,
    frontal: str | None,
    lateral: str | None,
    checkpoint: str | None,
    decoding: str,
    width: float,
    length_penalty: float,
    example: Any,
    session: Session | None,
    *,
    mended: tuple[str, ...] | None = None,
) -> tuple[dict[str, Any], Session]:
    """The impression of a study with everything the viewer shows.

    Args:
        example: the entry of captioner.phantom.read_cases that the two files belong to; None for a visitor's own.
        mended: names of mendings to do to the pictures; None for those that were done to the same files before.

    Returns:
        (the viewer's answer, Session). Input that cannot be used gives an answer that says so, and a warning.
    """
    if not frontal and not lateral:
        return viewer.refusal(text("Choose an example or upload a frontal X-ray first.")), Session()
    try:
        if not frontal:
            raise BadInput(text("A frontal view is needed: swap the two views, or add one."))
        checkpoint = checkpoint or next(iter(pool.names), "")
        model = pool.get(checkpoint)
        key = StudyKey(
            str(frontal),
            str(lateral or ""),
            checkpoint,
            _mended(session, frontal, lateral) if mended is None else mended,
        )
        if session is None or session.key != key:
            session = Session(key, Remade(lambda: _encoded(pool, key)))
        study, features, extent = session.study, session.features, session.extent
        caption = model.caption(
            features, decoding=decoding, beam_width=int(width), length_penalty=float(length_penalty)
        )
    except BadInput as error:
        gr.Warning(escape(worded(str(error)), quote=False))
        return viewer.refusal(str(error)), Session()
    # Another session, and not this one changed: explanations of the caption before may still be at work on it.
    known = of_example(example, caption.text) if example else of_own(frontal)
    search = SearchSettings(decoding, int(width), float(length_penalty))
    session = replace(
        session,
        search=search,
        caption=caption,
        example=example or None,
        truth=known,
        token=secrets.token_hex(8),
        maps={},
    )
    settings = {**search._asdict(), "checkpoint": checkpoint}
    result = viewer.payload(study, caption, extent, checkpoint, session.sizes, example or None, settings, known)
    shown = shown_views(study, caption)
    result["findings"] = findings.payload(
        model,
        caption,
        model.findings(features) if model.has_findings else None,
        [view.name for view in shown],
        [orientation(view.pixels, view.name) for view in shown],
        extent,
        example["impression"] if example else None,
    )
    result["mendings"] = [{"name": each.name, "offer": each.offer} for each in study.mendings]
    result["mended"] = list(session.key.mended)
    result["id"] = session.token
    title = f"{result['checkpoint']}, {result['search']}, log probability {caption.log_prob:.2f}"
    return result, replace(session, title=title)


def _mended(session: Session | None, frontal: str | None, lateral: str | None) -> tuple[str, ...]:
    """What was mended in these very files before."""
    same = session is not None and session.key[:2] == (str(frontal), str(lateral or ""))
    return session.key.mended if same and session is not None else ()


def asked_before(
    session: Session,
    frontal: str | None,
    lateral: str | None,
    checkpoint: str,
    decoding: str,
    width: float,
    length_penalty: float,
) -> bool:
    """Whether the session answers these very inputs already; the comparison looks at the beam's settings, too."""
    key = StudyKey(str(frontal), str(lateral or ""), checkpoint, _mended(session, frontal, lateral))
    return session.key == key and session.search == SearchSettings(decoding, int(width), float(length_penalty))


class Panel(NamedTuple):
    """What other parts of the page work with.

    Attributes:
        viewer: the word viewer.
        session: gr.State of a Session, or None before the first caption.
        stops: what each visitor no longer waits for.
    """

    viewer: gr.HTML
    session: gr.State
    stops: Stops


def build(pool: ModelPool, side: Sidebar, entries: Sequence[dict[str, Any]]) -> Panel:
    """Lay out the panel and wire the side to it.

    Args:
        pool: panels.server.model_pool.ModelPool.
        side: panels.shell.sidebar.Sidebar.
        entries: the examples, as captioner.phantom.read_cases gives them.

    Returns:
        Panel.
    """
    view = viewer.build("viewer", "viewer/explain.js", _WISHES, {"METHODS": method.catalogue()})
    session = gr.State(None, time_to_live=3600)
    example = gr.State(None)

    settings: list[gr.Radio | gr.Slider] = [side.decoding, side.width, side.length_penalty, side.checkpoint]
    inputs = [*side.uploads, side.checkpoint, *settings[:3], example, session]
    outputs = [view, session]
    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", **private}

    def write(*values: Any) -> Any:
        return answer(pool, *values)

    def write_again(*values: Any) -> Any:
        # Only where there is an impression already, and only for another one: leaving a field asks for nothing.
        session = values[-1]
        if session is None or session.encoded is None or asked_before(session, *values[:6]):
            return gr.skip(), gr.skip()
        return answer(pool, *values)

    def mend(event: gr.EventData, *values: Any) -> Any:
        session, asked = values[-1], event._data if isinstance(event._data, dict) else {}
        if session is None or session.encoded is None or asked.get("id") != session.token:
            return gr.skip(), gr.skip()
        done = session.key.mended
        return answer(pool, *values, mended=done[:-1] if asked.get("undo") else (*done, str(asked.get("name"))))

    def pick(event: gr.EventData) -> tuple[Any, ...]:
        entry = next((entry for entry in entries if entry["name"] == event._data.get("name")), None)
        if entry is None:
            raise gr.Error(text("There is no example of that name."), print_exception=False)
        asked = deep_link.read(event._data.get("link"), pool.names)
        return entry["frontal"], entry["lateral"], entry, *[asked.get(name, gr.skip()) for name in deep_link.SETTINGS]

    # Whoever asks for something else before the first is answered, such as the page's own example, gets the last one.
    last: dict[str, Any] = {"trigger_mode": "always_last", **private}
    side.run.click(write, inputs, outputs, **MODEL, **last)
    if side.gallery is not None:
        picked = side.gallery.pick(pick, None, [*side.uploads, example, *settings], show_progress="hidden", **last)
        picked.success(write, inputs, outputs, **MODEL, **last)
    # A file of the visitor's own, or another order: it is not the example any longer.
    own: dict[str, Any] = {"fn": lambda: None, "inputs": None, "outputs": example, **quick}
    for upload in side.uploads:
        for touched in (upload.upload, upload.clear):
            touched(**own)
            touched(None, None, None, js=notice.CHANGED, **quick)
    swapped = side.swap.click(None, side.uploads, side.uploads, js="(frontal, lateral) => [lateral, frontal]", **quick)
    again: dict[str, Any] = {"show_progress": "minimal", **MODEL, **last}
    swapped.then(**own).then(write_again, inputs, outputs, **again)
    gr.on([component.input for component in settings], write_again, inputs, outputs, **again)
    view.mend(mend, inputs, outputs, **again)
    stops = Stops()
    method.build(pool, view, session, stops)
    findings.build(pool, view, session)
    draft.build(pool, view, session)
    export.build(pool, view, session, stops)
    go_on.build(pool, view, session)
    return Panel(view, session, stops)
