"""One study, its impression and the reasons for each word, as one HTML file that opens offline.

Everything is inside the file: pictures, numbers of the maps, the script that draws them (report.html, report.css,
report.js). The file asks no other place for anything, and its content policy forbids it to.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import BadInput
from captioner.images.orientation import orientation
from captioner.images.study import Study
from captioner.numbers import decimal
from captioner.template import environment, trusted
from explain import dicom_output, heatmap
from explain.methods.base import METHODS
from explain.methods.base import method as method_called
from explain.methods.question import Findings
from explain.report import animation, figure
from explain.report import evidence as report_evidence
from explain.report import findings as report_findings
from explain.report import parts as report_parts
from explain.report.data import as_json, coarse, payload, strength
from explain.truth import UNKNOWN, Truth

if TYPE_CHECKING:
    from captioner.caption import Caption, Finding
    from captioner.captioner import Captioner, Features
    from explain.methods.base import Explanation

_HERE = Path(__file__).parent
_TEMPLATES = environment(_HERE)


def write_report(
    frontal: str | Path,
    lateral: str | Path | None,
    method: str,
    out: str | Path,
    checkpoint: str | Path | None = None,
    decoding: str = "greedy",
    beam_width: int = 3,
    progress: Callable[[int, int], object] | None = None,
    dicom: str | Path | None = None,
    dicom_maps: str = "auto",
    mend: Sequence[str] = (),
) -> tuple[Path, Path, Path]:
    """Caption a study, explain every word, and write the report: `out`, and a PNG and a GIF beside it.

    Args:
        frontal, lateral: paths of the pictures; the lateral may be None.
        method: name in explain.methods.base.METHODS.
        out: path of the HTML file; its folder is made where it does not exist.
        checkpoint: folder of the checkpoint; None for weights/default.
        decoding, beam_width: as in Captioner.caption.
        progress: as in explain.methods.base.Method.explain; counts anew for the map and for the evidence.
        dicom: folder for the maps and the impression as DICOM objects, see `explain.dicom_output`; None for none.
        dicom_maps: what the maps are written as there, one of `explain.dicom_output.KINDS`.
        mend: names of mendings to do to the pictures first, as `captioner.read_study` takes them.

    Returns:
        the paths written: HTML, PNG with all words, GIF that walks through them.

    Raises:
        BadInput: a picture or a checkpoint that cannot be used, a method that is unknown or not for this checkpoint,
            or an `out` that is not named as an HTML file, or whose PNG or GIF would replace one of the pictures; with
            `dicom` views that are no DICOM files, or mendings: the objects belong to the files as they are.
        Stopped: `progress` returned True; nothing is written.
    """
    import captioner

    out = Path(out)
    if out.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"The report is an HTML file: {out} must end in .html.")
    written = out, out.with_suffix(".png"), out.with_suffix(".gif")
    for given in (frontal, lateral):
        if given and Path(given).resolve() in [path.resolve() for path in written]:
            raise BadInput(f"The report would replace the picture {Path(given).name}: give it another name.")
    if method not in METHODS:
        raise BadInput(f"There is no method {method!r}: the methods are {', '.join(METHODS)}.")
    if dicom is not None and mend:
        raise BadInput("Objects for DICOM viewers belong to the files as they are: leave --dicom out, or --mend.")
    views = dicom_output.sources(frontal, lateral) if dicom is not None else ()
    study = captioner.read_study(frontal, lateral or None, mend=mend)
    model = captioner.load(checkpoint)
    if method == "attention" and not model.has_attention:
        raise BadInput(f"The checkpoint {model.name} has no attention to show: choose another method.")
    caption = model.caption(study, decoding=decoding, beam_width=beam_width)
    explanations: tuple[Explanation, ...] = ()
    evidence = None
    if caption.words:
        explanations = (method_called(method).explain(model, study, caption, progress=progress),)
        evidence = report_evidence.measure(model, study, caption, explanations[0], progress)
    seen = explained_findings(model, study, caption, method, progress)
    page = report_html(model, study, caption, explanations, evidence, seen=seen)
    pictures = still_and_moving(model, study, caption, explanations[0] if explanations else None)
    out.parent.mkdir(parents=True, exist_ok=True)
    for path, content in zip(written, (page.encode("utf-8"), *pictures)):
        _replace(path, content)
    if dicom is not None:
        explained = explanations[0] if explanations else None
        findings = seen[0] if seen else None
        dicom_output.write_objects(Path(dicom), views, model, caption, explained, findings, dicom_maps)
    return written


def explained_findings(
    model: Captioner,
    study: Study | Features,
    caption: Caption,
    method: str,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[tuple[Finding, ...], Explanation] | None:
    """What the finding head says of a study, and the maps of it by a method; None of a checkpoint without one.

    A slow method explains the findings that are seen, written or unsure.

    Args:
        model, study, caption: as of `report_html`; the study may be Features of it.
        method: name in METHODS.
        progress: as in `explain.methods.base.Method.explain`.
    """
    if not model.has_findings:
        return None
    made = method_called(method)
    features = model.encode(study) if isinstance(study, Study) else study
    if features.prepared is None:
        raise ValueError("these features are of no study")
    findings = model.findings(features)
    names = report_findings.worth_explaining(findings, caption.text, made.slow)
    return findings, made.explain(model, features.prepared, Findings(names), progress=progress)


def _replace(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all: whoever is killed in between leaves what was there before."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def report_html(
    model: Captioner,
    study: Study,
    caption: Caption,
    explanations: Sequence[Explanation],
    evidence: dict[int, Any] | None = None,
    written: datetime | None = None,
    truth: Truth | None = None,
    seen: tuple[Sequence[Finding], Explanation] | None = None,
) -> str:
    """The report as the text of one HTML file.

    Args:
        model: captioner.captioner.Captioner, or anything with its name, config, folder and has_attention.
        study: captioner.Study.
        caption: captioner.Caption of that study by that model.
        explanations: Explanations of words of `caption.hypotheses[0]`; with more than one the reader can switch.
        evidence: what `explain.report.evidence.measure` found for the first of them; None leaves it out.
        written: datetime of the report; now when None.
        truth: explain.truth.Truth about the study and the caption; None where there is no reference.
        seen: of `explained_findings`; None leaves the findings out.

    Returns:
        str.
    """
    explanations, evidence = [coarse(explanation) for explanation in explanations], evidence or {}
    views = report_parts.shown_views(study, caption)
    names = [view.name for view in views]
    data = payload(caption, explanations, views)
    for place, word in enumerate(caption.words):
        data["words"][place]["evidence"] = (
            report_evidence.entry(word.text, evidence[place]) if place in evidence else None
        )
    if seen is not None:
        seen = seen[0], coarse(seen[1])
        lie = [orientation(view.pixels, view.name) for view in views]
        data["findings"] = report_findings.payload(seen[0], caption.text, seen[1], names, lie)
    style, script = ((_HERE / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    written = written or datetime.now()
    search = report_parts.search(caption)
    return _TEMPLATES.get_template("report.html").render(
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        style=trusted(style),
        script=trusted(script),
        data=trusted(as_json(data)),
        warning=animation.WARNING,
        run=f"{model.name} · {search} · log probability {decimal(caption.log_prob)}",
        caption=caption,
        truth=truth,
        unknown=UNKNOWN,
        notices=report_parts.notices(study, caption),
        views=[report_parts.view_figure(view) for view in views],
        maps=[report_parts.about_maps(explanation, model) for explanation in explanations],
        evidence=report_evidence.about(explanations[0], evidence) if evidence and explanations else None,
        findings=report_findings.section(seen[0], caption.text, seen[1]) if seen is not None else None,
        table=report_parts.word_table(caption, data, names),
        settings=report_parts.settings(model, study, caption, written),
        card=report_parts.checkpoint_card(model),
        date=f"{written.day} {written:%B %Y}",
    )


def still_and_moving(
    model: Captioner,
    study: Study,
    caption: Caption,
    explanation: Explanation | None = None,
    truth: Truth | None = None,
) -> tuple[bytes, bytes]:
    """`(PNG, GIF)` as bytes: all words in one figure, and a walk through them. Signed maps show what spoke for a word.

    Args:
        model, study, caption: as in `report_html`.
        explanation: Explanation of all words of the caption; None for the bare pictures.
        truth: as in `report_html`.
    """
    words, maps, moving, extent, about = caption.words, None, None, heatmap.WHOLE, "no map"
    if explanation is not None and explanation.positions == tuple(range(len(words))):
        explanation = coarse(explanation)
        positive = replace(explanation, maps=np.maximum(np.nan_to_num(explanation.maps), 0))
        # As attention is: each word sums to 1 over both views, so the figure's shares are those of the page.
        maps = positive.maps if explanation.grid else coarse(positive, report_parts.FINEST_IN_FIGURE).maps
        total = maps.sum(axis=(1, 2, 3), keepdims=True)
        maps = np.divide(maps, total, out=np.zeros_like(maps), where=total > 0)
        tops = [strength(values, explanation.grid) for values in positive.maps]
        moving = np.minimum(positive.maps, np.reshape(tops, (-1, 1, 1, 1)))
        extent, about = explanation.extent, method_called(explanation.method).title
        if explanation.signed:
            about += " (only what spoke for the word)"
    words = tuple(replace(word, attention=None if maps is None else maps[number]) for number, word in enumerate(words))
    title = f"{about}, {model.name}, {report_parts.search(caption)}"
    drawn = figure.all_words(
        study, words, extent, title=f"{title}, log probability {caption.log_prob:.2f}", truth=truth
    )
    return figure.png(drawn), animation.gif(animation.frames(study, words, moving, extent, title, truth))
