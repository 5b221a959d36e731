"""Files to take away."""

import base64
import io
import json

import pytest
from PIL import Image

from captioner import BadInput
from panels.viewer import export
from panels.viewer.session import StudyKey

SEEN = {"over": "word", "colours": "inferno", "smooth": True, "opacity": 0.7}


def _write(tiny, session, kind, name):
    said = []
    file = export.write(tiny, session, {"kind": kind, "method": name, **SEEN}, lambda *at: said.append(at) and False)
    return file["name"], base64.b64decode(file["url"].partition("base64,")[2]), said


@pytest.mark.parametrize(
    "name", ["grad-cam", *(pytest.param(name, marks=pytest.mark.long) for name in ("attention", "smooth-grad"))]
)
def test_the_report_opens_by_itself_and_holds_the_evidence(tiny, session, name):
    title, data, said = _write(tiny, session, "report", name)
    page = data.decode("utf-8")
    assert title == f"frontal-tiny-{name}.html" and "http-equiv" in page and said
    assert "The evidence" in page and "80 × 90 pixels" in page  # the study as it came


def test_the_report_does_without_the_files_once_they_are_gone(tiny, session):
    from dataclasses import replace

    gone = replace(session, key=StudyKey("/nowhere/frontal.png", "", "tiny"))
    assert b"The evidence" in _write(tiny, gone, "report", "grad-cam")[1]


@pytest.mark.parametrize("name", ["attention", pytest.param("occlusion", marks=pytest.mark.long)])
def test_figure_and_walk_are_pictures(tiny, session, name):
    title, data, _ = _write(tiny, session, "figure", name)
    assert Image.open(io.BytesIO(data)).format == "PNG" and title.endswith(".png")
    walk = Image.open(io.BytesIO(_write(tiny, session, "animation", name)[1]))
    assert walk.format == "GIF" and walk.n_frames == len(session.caption.words)


def test_the_numbers_are_the_captions_or_the_maps(tiny, session):
    name, data, _ = _write(tiny, session, "json", "attention")
    told = json.loads(data)
    assert name == "frontal-tiny-caption.json" and told.pop("checkpoint") == "tiny"
    assert told.pop("truth") == session.truth.as_dict() and told == session.caption.as_dict(None)
    content = json.loads(_write(tiny, session, "json", "integrated-gradients")[1])
    assert content["signed"] is True and [word["position"] for word in content["words"]] == list(
        range(len(session.caption.words))
    )
    first = content["words"][0]
    assert set(first["details"]) == {"target", "baseline", "gap"} and len(first["map"]) == 2


def test_another_kind_of_file_is_refused(tiny, session):
    with pytest.raises(BadInput):
        export.write(tiny, session, {"kind": "weights", "method": "attention"}, lambda *at: False)


def test_every_file_carries_the_truth_the_method_and_the_checkpoint(tiny, session):
    from dataclasses import replace

    from explain.truth import of_example

    entry = {"name": "fluid", "title": "Fluid", "impression": "left effusion ."}
    known = replace(session, example=entry, truth=of_example(entry, session.caption.text))
    name, data, _ = _write(tiny, known, "report", "grad-cam")
    page = data.decode()
    assert name == "fluid-tiny-grad-cam.html" and known.truth.verdict in page and "phantom drawn by a computer" in page
    for kind, ending in (("figure", "png"), ("animation", "gif")):
        told, other = (_write(tiny, one, kind, "grad-cam") for one in (known, session))
        assert told[0] == f"fluid-tiny-grad-cam.{ending}" and told[1] != other[1]
    content = json.loads(_write(tiny, known, "json", "grad-cam")[1])
    assert content["truth"] == {**known.truth.as_dict()} and content["checkpoint"] == "tiny"
    assert content["method"] == "grad-cam" and content["study"] == "fluid"


def test_the_name_of_a_file_holds_nothing_but_plain_letters(session):
    from dataclasses import replace

    from explain.truth import Truth
    from panels.viewer.export import stem

    odd = replace(session, truth=Truth("../a b<c>", ""))
    assert stem(odd, "attention") == "a-b-c-tiny-attention"
