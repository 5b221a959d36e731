"""The report, read back: one file that refers to nothing, with the numbers of the maps and no text taken as HTML."""

import base64
import io
import json
import re
from datetime import datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from captioner.errors import BadInput
from explain.metrics.area_occlusion import AreaOcclusion
from explain.metrics.picture_share import PictureShare
from explain.report.data import coarse, shares, strength
from explain.report.page import report_html, still_and_moving, write_report
from tests.explain import reported

VOID = {"meta", "img", "br", "input", "link", "hr"}
WRITTEN = datetime(2026, 3, 4, 5, 6)


class Page(HTMLParser):
    """A page's elements with their attributes, its visible text, and the text of its script and style elements."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text, self.inside = [], [], "", {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.inside.setdefault(self.open[-1], []).append(data)
        else:
            self.text += data

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def data(self):
        return json.loads(self.inside["script"][0])


def written(lateral=True, explanations=None, **options):
    """The parsed report of the known study."""
    caption = options.pop("caption", None) or reported.caption(lateral=lateral)
    found = [reported.explanation(lateral=lateral)] if explanations is None else explanations
    study = options.pop("study", None) or reported.study(lateral)
    model = options.pop("model", None) or reported.model()
    seen = options.pop("seen", None)
    return Page(report_html(model, study, caption, found, options.pop("evidence", None), WRITTEN, seen=seen))


def numbers(page, method=0):
    """float32 `(words, views, rows, columns)`: the maps that the page holds."""
    entry = page.data["methods"][method]
    decoded = [np.frombuffer(base64.b64decode(word["values"]), "<f4") for word in entry["words"]]
    return np.stack(decoded).reshape(len(decoded), -1, entry["rows"], entry["columns"])


def test_the_page_holds_the_words_the_settings_and_the_warning():
    page = written()
    for text in (
        "Not for clinical use. For research and teaching.",
        "Predicted impression",
        "tiny",
        "greedy search",
        "heart",
        "33%",
        "4 March 2026",
        "How the decoder spread its attention",
        "arXiv 1409.0473",
        "The frontal picture is a colour photograph.",
        "A notice of the model.",
        "end of impression 5%",
        "with the end token",
        "frontal, 360 × 300 pixels; lateral, 200 × 400 pixels",
    ):
        assert text in page.text
    words = [attributes for attributes in page.named("button") if attributes.get("class") == "word"]
    assert [word["style"] for word in words] == ["--certainty:0.5000", "--certainty:0.3333", "--certainty:0.2500"]


def test_nothing_in_the_file_lies_outside_it():
    page = written(explanations=[reported.explanation(), reported.explanation(method="occlusion", signed=True)])
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "a", "form", "audio", "video", "source")
        for name, value in attributes.items():
            assert name not in ("href", "srcset", "action") and not name.startswith("on")
            assert "//" not in (value or "") or value.startswith("data:")
            assert name != "src" or value.startswith("data:image/")
    for text in (*page.inside["style"], page.inside["script"][1]):
        assert not re.search(r"url\((?!data:)|@import|https?:|fetch\(|XMLHttpRequest|WebSocket|import\(", text)
    policy = next(meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy.split("script-src")[1]


def test_the_numbers_are_those_of_the_maps():
    attention, occlusion = reported.explanation(), reported.explanation(method="occlusion", signed=True, grid=False)
    page = written(explanations=[attention, occlusion])
    np.testing.assert_array_equal(numbers(page, 0), attention.maps)
    np.testing.assert_array_equal(numbers(page, 1), occlusion.maps)
    assert numbers(page, 1).min() < 0
    entry = page.data["methods"][0]["words"][1]
    assert entry["top"] == attention.maps[1].max()
    expected = attention.maps[1].sum(axis=(1, 2)) / attention.maps[1].sum()
    np.testing.assert_allclose(entry["share"], expected, rtol=1e-5)
    assert [method["signed"] for method in page.data["methods"]] == [False, True]
    assert "orange places spoke for the word, blue places spoke against it" in page.text
    assert "only what spoke for it" in page.text


def test_pixel_maps_are_averaged_and_said_to_be():
    fine = reported.explanation(shape=(160, 160), method="smooth-grad", grid=False)
    page = written(explanations=[fine], model=reported.model(size=160))
    assert numbers(page).shape == (3, 2, 53, 53)
    np.testing.assert_allclose(numbers(page).mean(axis=(2, 3)), fine.maps.mean(axis=(2, 3)), rtol=1e-4)
    assert "the 160 × 160 that the network was shown; this file keeps 53 × 53" in page.text
    small = reported.explanation(shape=(64, 64))
    assert coarse(small) is small
    exact = coarse(reported.explanation(shape=(128, 128), grid=False)).maps
    whole = reported.explanation(shape=(128, 128), grid=False).maps
    np.testing.assert_allclose(exact, whole.reshape(3, 2, 64, 2, 64, 2).mean(axis=(3, 5)), rtol=1e-5)


def test_strength_and_shares_by_hand():
    values = np.zeros((2, 10, 10), np.float32)
    values[0, 0, 0] = -8
    values[0, 1:3] = 2
    assert strength(values, grid=True) == 8
    assert strength(values, grid=False) == pytest.approx(np.percentile([8] + [2] * 20 + [0] * 79, 99))
    np.testing.assert_array_equal(shares(values), [1, 0])  # what spoke against the word has no share
    assert shares(-np.abs(values)) is None and strength(np.zeros((2, 3, 3)), True) == 0


@pytest.mark.parametrize("place", ["word", "alternative", "notice", "checkpoint", "card", "view"])
def test_hostile_text_stays_text(place, tmp_path):
    caption, study, model = reported.caption(), reported.study(), reported.model(folder=tmp_path)
    if place == "word":
        caption = reported.caption(texts=("large", reported.HOSTILE, "."))
    elif place == "alternative":
        object.__setattr__(caption.words[0].alternatives[2], "text", reported.HOSTILE)
    elif place == "notice":
        object.__setattr__(study, "notices", (reported.HOSTILE,))
    elif place == "checkpoint":
        model.name = reported.HOSTILE
    elif place == "card":
        (tmp_path / "README.md").write_text(f"# {reported.HOSTILE}\n\n- `{reported.HOSTILE}`", encoding="utf-8")
    else:
        object.__setattr__(study.lateral, "name", "lateral" + reported.HOSTILE)
    page = written(caption=caption, study=study, model=model)
    assert len(page.named("script")) == 2 and len(page.named("img")) == 2
    assert not any("onerror" in attributes for _, attributes in page.elements)
    shown = page.text if place != "view" else page.text.lower()
    assert reported.HOSTILE in shown
    assert (page.data["words"][1]["text"] == reported.HOSTILE) == (place == "word")


def test_pictures_are_bounded_keep_their_shape_and_carry_nothing_else():
    page = written(study=reported.study(frontal=(1500, 3000)))
    pictures = page.named("img")
    assert [(entry["width"], entry["height"]) for entry in pictures] == [("1024", "512"), ("200", "400")]
    picture = Image.open(io.BytesIO(base64.b64decode(pictures[0]["src"].split(",")[1])))
    assert picture.size == (1024, 512) and not picture.getexif()
    row = np.asarray(picture)[256].astype(int)
    np.testing.assert_allclose(row[[0, 511, 1023]], [20, 110, 200], atol=4)


def test_a_beam_shows_what_else_it_held():
    page = written(caption=reported.caption(beams=3))
    assert "What the beam held at the end" in page.text and page.text.count("large heart .") == 3
    assert "What the beam held" not in written().text


def test_a_study_without_a_lateral_says_so():
    page = written(lateral=False)
    assert page.data["views"] == ["frontal"] and len(page.named("canvas")) == 2  # the view's, and the scale's
    assert "There is no lateral view" in page.text
    assert numbers(page).shape[1] == 1
    assert page.data["methods"][0]["words"][0]["share"] == [1.0]


def test_an_impression_without_words_is_a_page_too():
    page = written(caption=reported.caption(texts=()), explanations=[])
    assert "ended the impression before its first word" in page.text
    still, moving = still_and_moving(reported.model(), reported.study(), reported.caption(texts=()))
    assert Image.open(io.BytesIO(still)).format == "PNG" and Image.open(io.BytesIO(moving)).n_frames == 1


def test_words_that_were_not_explained_and_the_completeness_gap():
    details = {"target": np.array([-1.0]), "baseline": np.array([-3.0]), "gap": np.array([-0.25])}
    page = written(explanations=[reported.explanation(1, method="integrated-gradients", details=details)])
    words = page.data["methods"][0]["words"]
    assert words[1:] == [None, None]
    said = "The pictures add 2.00 to the log probability over blurred ones; the map misses 0.250 of it."
    assert words[0]["facts"] == [said]


def test_the_card_is_rendered(tmp_path):
    (tmp_path / "README.md").write_text("# What it learned from\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", encoding="utf-8")
    page = written(model=reported.model(folder=tmp_path))
    assert "What it learned from" in page.text and "# What" not in page.text
    assert "no card" in written().text


def test_the_evidence_stands_beside_its_words():
    seen, guessed = PictureShare(0.8, 0.1, 0.2, 0.5, 0.6), PictureShare(0.8, 0.8, 0.8, None, None)
    random = np.linspace(0.7, 0.8, 99)
    evidence = {
        0: (seen, AreaOcclusion(0.8, 0.3, random, 0.1)),
        1: (guessed, AreaOcclusion(0.8, 0.3, random, 0.1)),
        2: (seen, AreaOcclusion(0.8, 0.75, random, 0.1)),
    }
    page = written(evidence=evidence)
    found = [word["evidence"] for word in page.data["words"]]
    assert [entry["short"] for entry in found] == ["rests on the area", "guessed from language", "hardly on the area"]
    assert [(entry["grounded"], entry["guessed"]) for entry in found] == [(True, False), (False, True), (False, False)]
    assert found[0]["verdict"].startswith("“large” rests on the marked area")
    assert {row["name"]: row["probability"] for row in found[0]["shown"]} == {
        "this study": 0.8,
        "the frontal alone": 0.5,
        "the lateral alone": 0.6,
        "black pictures": 0.1,
        "another patient's pictures": 0.2,
        "the marked area hidden": 0.3,
        "another area hidden": 0.75,
    }
    assert len(found[1]["shown"]) == 5
    for text in ("guessed from language", "99 random areas", "map (Attention)", "p is at most 0.05"):
        assert text in page.text
    assert "The evidence" not in written().text and written().data["words"][0]["evidence"] is None


@pytest.mark.parametrize(
    ("method", "lateral"), [("attention", True), pytest.param("occlusion", False, marks=pytest.mark.long)]
)
def test_a_report_of_files(read_once, method, lateral, tiny_checkpoint, tmp_path):
    study = reported.study(lateral)
    paths = [tmp_path / f"visitor-{view.name}.png" for view in study.views]
    for view, path in zip(study.views, paths):
        Image.fromarray(view.pixels).save(path)
    out = tmp_path / "new" / "report.html"
    files = write_report(paths[0], paths[1] if lateral else None, method, out, tiny_checkpoint, "beam", 2)
    assert [path.name for path in files] == ["report.html", "report.png", "report.gif"]
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    assert "visitor-" not in text and str(tmp_path) not in text
    count = len(page.data["words"])
    assert count == len(page.data["methods"][0]["words"]) > 0
    assert "beam search, width 2" in page.text
    first = page.data["words"][0]
    assert first["evidence"]["shown"][0]["probability"] == pytest.approx(np.exp(first["log_prob"]), rel=1e-3)
    assert Image.open(files[1]).format == "PNG"
    assert Image.open(files[2]).n_frames == count


def test_findings_stand_likeliest_first_with_their_maps_their_words_and_a_sentence():
    seen = reported.explained_findings()
    page = written(caption=reported.caption(texts=("large", "heart", "cardiomegaly", ".")), seen=seen)
    entries = page.data["findings"]["entries"]
    assert [entry["name"] for entry in entries] == ["effusion", "cardiomegaly", "hernia"]
    assert entries[0]["title"] == "effusion, left" and entries[0]["words"] == [] and 2 in entries[1]["words"]
    decoded = np.frombuffer(base64.b64decode(entries[0]["map"]["values"]), "<f4").reshape(2, 4, 4)
    np.testing.assert_array_equal(decoded, seen[0][1].map)
    assert sum(entries[0]["map"]["share"]) == pytest.approx(1)
    for text in (
        "The head sees effusion, left, 62%; the impression does not say it.",
        "The impression says cardiomegaly; the head gives it 9%.",
        "threshold 30%, 4% of training studies",
        "seen, not written",
        "pooled its evidence",
    ):
        assert text in page.text
    bars = [tag for tag in page.named("i") if (tag.get("style") or "").startswith(("width", "left"))]
    assert [bar["style"] for bar in bars[:3]] == ["width:62.00%", "left:4.10%", "left:30.00%"]
    assert len([one for one in page.named("button") if "finding" in one.get("class", "")]) == 3


def test_a_slow_method_explains_what_is_seen_or_written_and_the_page_says_so():
    page = written(seen=reported.explained_findings("occlusion"))
    assert [entry["map"] is None for entry in page.data["findings"]["entries"]] == [False, False, True]
    assert page.data["findings"]["layer"]["signed"] and "explains only the findings" in page.text
    assert "findings" not in written().data and "finding head" not in written().text


@pytest.mark.parametrize("method", ["grad-cam", pytest.param("occlusion", marks=pytest.mark.long)])
def test_a_report_of_a_checkpoint_with_a_finding_head(read_once, method, told_checkpoint, tmp_path):
    import captioner

    frontal = tmp_path / "visitor.png"
    Image.fromarray(reported.study(False).frontal.pixels).save(frontal)
    write_report(frontal, None, method, tmp_path / "report.html", told_checkpoint)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    model = captioner.load(told_checkpoint)
    wanted = sorted((one.probability for one in model.findings(captioner.read_study(frontal))), reverse=True)
    entries = page.data["findings"]["entries"]
    assert [entry["probability"] for entry in entries] == pytest.approx(wanted)
    assert any(entry["map"] for entry in entries) and page.data["findings"]["layer"]["name"] == method
    assert (method == "grad-cam") == all(entry["map"] for entry in entries)


def test_what_cannot_be_written_is_refused(tiny_checkpoint, tmp_path):
    frontal = tmp_path / "report.png"
    Image.fromarray(reported.study().frontal.pixels).save(frontal)
    before = frontal.read_bytes()
    for method, out, said in (
        ("attention", "report.html", "would replace the picture report.png"),
        ("attention", "other.txt", "must end in .html"),
        ("guess", "other.html", "There is no method 'guess'"),
    ):
        with pytest.raises(BadInput, match=re.escape(said)):
            write_report(frontal, None, method, tmp_path / out, tiny_checkpoint)
    assert frontal.read_bytes() == before and list(tmp_path.iterdir()) == [frontal]
