"""A tiny collection in both forms, counted by hand, and its page: one file, escaped, without a reference outside."""

import csv
import re
from html.parser import HTMLParser
from xml.sax.saxutils import escape as xml_escape

import cv2
import numpy as np
import pytest

from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.explore import figures
from captioner.explore.page import explore
from captioner.explore.samples import sample, stated_by_word
from captioner.explore.survey import survey
from captioner.reports.collection import split_of
from captioner.reports.findings import FINDINGS

ATTACK = "<script>alert(1)</script>"
# uid, MeSH, indication, findings, impression, pictures as (name, view, rows, columns, seed)
STUDIES = [
    (
        "1",
        "normal",
        "Cough.",
        "Clear.",
        "No acute disease.",
        [("f", "Frontal", 40, 40, 1), ("l", "Lateral", 40, 40, 2)],
    ),
    (
        "2",
        "Cardiomegaly;Pleural Effusion/left",
        f"{ATTACK} & pain",
        "",
        "Cardiomegaly. Left effusion.",
        [("f", "Frontal", 50, 40, 3), ("l", "Lateral", 40, 40, 4)],
    ),
    ("3", "normal", "", "", "No acute disease.", [("f", "Frontal", 40, 40, 1)]),  # study 1's frontal again
    ("4", "Opacity/lung/base/right", "XXXX cough", "Right opacity.", "Stable chest", [("f", "Frontal", 40, 40, 5)]),
    ("5", "normal", "Cough.", "Clear.", "XXXX", [("f", "Frontal", 40, 40, 6)]),
    ("6", "normal", "Cough.", "Clear.", "Normal chest.", []),
]


def stem(uid, name):
    return f"{uid}_IM-000{uid}-{1001 if name == 'f' else 2001}"


def write_pictures(folder):
    folder.mkdir(parents=True)
    for uid, *_, pictures in STUDIES:
        for name, _, rows, columns, seed in pictures:
            pixels = np.random.default_rng(seed).integers(0, 255, (rows, columns), np.uint8)
            cv2.imwrite(str(folder / f"{stem(uid, name)}.png"), pixels)


@pytest.fixture(scope="module")
def csv_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("csv") / "made <b>"
    write_pictures(folder / "images")
    with open(folder / "indiana_reports.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow("uid MeSH Problems image indication comparison findings impression".split())
        for uid, mesh, indication, findings, impression, _ in STUDIES:
            problems = ";".join(term.split("/")[0] for term in mesh.split(";"))
            rows.writerow((uid, mesh, problems, "", indication, "", findings, impression))
    with open(folder / "indiana_projections.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("uid", "filename", "projection"))
        for uid, *_, pictures in STUDIES:
            rows.writerows((uid, stem(uid, name) + ".dcm.png", view) for name, view, *_ in pictures)
    return folder


@pytest.fixture(scope="module")
def xml_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xml") / "release"
    write_pictures(folder / "png")
    for uid, mesh, indication, findings, impression, pictures in STUDIES:
        sections = {"COMPARISON": "", "INDICATION": indication, "FINDINGS": findings, "IMPRESSION": impression}
        texts = "".join(
            f'<AbstractText Label="{name}">{xml_escape(text)}</AbstractText>' for name, text in sections.items()
        )
        majors = "".join(f"<major>{term}</major>" for term in mesh.split(";"))
        images = "".join(f'<parentImage id="CXR{stem(uid, name)}"/>' for name, *_ in pictures)
        (folder / f"{uid}.xml").write_text(
            f'<eCitation><uId id="CXR{uid}"/>{texts}<MeSH>{majors}</MeSH>{images}</eCitation>'
        )
    return folder


@pytest.fixture(scope="module", params=["csv", "xml"])
def found(request):
    return survey(request.getfixturevalue(f"{request.param}_folder"))


def test_what_was_dropped_and_what_is_missing(found):
    assert [report.uid for report in found.reports] == ["1", "2", "3", "4"]
    assert found.collection.dropped == {"without an impression": 1, "without a picture": 1}
    assert found.missing == {"indication": 1, "comparison": 6, "findings": 2, "impression": 0}
    assert found.redacted == {"indication": 1, "comparison": 0, "findings": 0, "impression": 1}


def test_pictures(found):
    assert found.pictures_a_study == {2: 2, 1: 2}
    assert found.sizes == {(40, 40): 5, (50, 40): 1}
    assert found.shared_pictures == [("1", "3")] and found.unreadable == ()
    assert found.shared_across_splits == (split_of("1") != split_of("3"))


def test_views_of_the_form_that_names_them(csv_folder):
    assert survey(csv_folder).views == {"both views": 2, "frontal only": 2, "lateral only": 0}


def test_texts(found):
    assert found.impressions == {"no acute disease .": 2, "cardiomegaly . left effusion .": 1, "stable chest": 1}
    assert found.lengths.tolist() == [3, 3, 3, 2]  # full stops are not words
    assert found.words == {
        "no": 2,
        "acute": 2,
        "disease": 2,
        "cardiomegaly": 1,
        "left": 1,
        "effusion": 1,
        "stable": 1,
        "chest": 1,
    }
    assert found.vocabulary[1] == {"least": 2, "words": 3, "unknown words": 5, "impressions with one": 2}


def test_findings_and_headings(found):
    one, other = FINDINGS.index("cardiomegaly"), FINDINGS.index("effusion")
    expected = np.zeros((13, 13), int)
    expected[np.ix_([one, other], [one, other])] = 1
    assert found.together.tolist() == expected.tolist()
    assert found.without_finding.tolist() == [True, False, True, True]
    assert found.headings == {"normal": 2, "Cardiomegaly": 1, "Pleural Effusion": 1, "Opacity": 1}
    assert found.sides == {"left": (1, 1, 1), "right": (1, 0, 0), "bilateral": (0, 0, 0)}


def test_splits_add_up_to_the_whole(found):
    wholes = {"studies": 4, "pictures": 6, "both views": found.views["both views"], "without a finding": 3}
    for key, whole in wholes.items():
        assert sum(split[key] for split in found.splits.values()) == whole
    assert found.splits["train"]["unseen words"] == 0
    assert found.splits["train"]["impression seen"] == found.splits["train"]["studies"]


def test_samples_come_from_the_training_split_where_it_has_any(found):
    assert {split_of(report.uid) for report in found.samples()} == {"train"}


class Page(HTMLParser):
    """Collects the elements of a page and checks that every one that is opened is closed."""

    VOID = {"meta", "img", "br", "link", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module", params=["csv", "xml"])
def page_text(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("explored") / "new" / "out"
    path = explore(request.getfixturevalue(f"{request.param}_folder"), out)
    assert [file.name for file in path.parent.iterdir()] == ["explore.html"]
    return path.read_text(encoding="utf-8")


def test_a_single_file_without_references_outside(page_text):
    page = Page(page_text)
    pictures = [attributes["src"] for tag, attributes in page.elements if tag == "img"]
    assert pictures and all(source.startswith("data:image/jpeg;base64,") for source in pictures)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        assert tag not in {"script", "link", "iframe", "object", "image"}
        for name in ("href", "xlink:href"):
            assert attributes.get(name, "#at-a-glance")[0] == "#" and attributes.get(name, "#at-a-glance")[1:] in ids
    assert all(target.startswith("#") and target[1:] in ids for target in re.findall(r"url\(([^)]*)\)", page_text))
    assert "@import" not in page_text
    tags = [tag for tag, _ in page.elements]
    assert tags.count("svg") == tags.count("figure") - tags.count("table") > 9


def test_every_figure_has_its_sentence_and_the_page_says_local_use(page_text):
    assert page_text.count("<figcaption>") == page_text.count("<figure>") >= 13
    assert "<figcaption></figcaption>" not in page_text
    assert "not to be published" in page_text and "CC BY-NC-ND" in page_text
    assert "50.0% of the impressions begin with “no acute”" in page_text


def test_text_of_the_collection_is_escaped(page_text):
    assert ATTACK not in page_text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; pain" in page_text
    assert "made <b>" not in page_text  # the folder's name


def test_labels_of_a_figure_are_escaped_and_no_mathematics():
    text = figures.svg(figures.bars([(ATTACK, 3), ("$x^2$", 1), ('--> "id="', 2), ("x" * 99, 0)]), "made", 'a & "b"')
    page = Page(text)
    assert not any(tag == "script" for tag, _ in page.elements)
    assert ATTACK in page.text and "$x^2$" in page.text
    assert dict(page.elements)["svg"]["aria-label"] == 'a & "b"'


@pytest.mark.parametrize(
    "part, whole, text",
    [
        (0, 9, "0%"),
        (1, 9999, "< 0.1%"),
        (1, 8, "12.5%"),
        (8, 8, "100.0%"),
        (0, 0, "–"),
    ],
)
def test_shares(part, whole, text):
    assert figures.share(part, whole) == text


def test_many_sizes_are_marks():
    few, many = ({(rows, 40): 1 for rows in range(40, 40 + number)} for number in (12, 13))
    assert figures.sizes(few).axes[0].patches and not figures.sizes(few).axes[0].collections
    (marks,) = figures.sizes(many).axes[0].collections
    assert marks.get_offsets().tolist() == [[40, rows] for rows in range(40, 53)]  # width across, height up


def test_the_words_of_a_finding_are_marked(csv_folder):
    stated = stated_by_word("no mass . left effusion .")
    assert [word for word, _ in stated] == ["no", "mass", ".", "left", "effusion", "."]
    assert {word: names for word, names in stated if names} == {"effusion": ["effusion"]}
    found = survey(csv_folder)
    text = sample(found.reports[1], found.sections_of(found.reports[1]))
    for word in ("cardiomegaly", "effusion"):
        assert f'<mark title="{word}">{word}</mark>' in text
    assert text.count("<mark") == 2


def test_a_picture_that_cannot_be_read_is_named_and_stops_nothing(tmp_path):
    write_pictures(tmp_path / "images")
    (tmp_path / "indiana_reports.csv").write_text(
        "uid,MeSH,Problems,findings,impression\n1,normal,normal,,Normal.\n4,normal,normal,,Normal.\n"
    )
    (tmp_path / "indiana_projections.csv").write_text(
        f"uid,filename,projection\n1,{stem('1', 'f')}.png,Frontal\n4,{stem('4', 'f')}.png,Frontal\n"
    )
    (tmp_path / "images" / f"{stem('4', 'f')}.png").write_bytes(b"no picture")
    found = survey(tmp_path)
    assert [picture.uid for picture in found.unreadable] == ["4"]
    assert [report.uid for report in found.samples()] == ["1"]
    text = explore(tmp_path, tmp_path / "out").read_text(encoding="utf-8")
    assert f"{stem('4', 'f')}.png" in text and "1 pictures cannot be read" in text


def test_nothing_to_look_at_is_bad_input(tmp_path):
    (tmp_path / "indiana_reports.csv").write_text("uid,MeSH,Problems,findings,impression\n1,normal,normal,,Normal.\n")
    (tmp_path / "indiana_projections.csv").write_text("uid,filename,projection\n")
    with pytest.raises(BadInput, match=tmp_path.name):
        explore(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command(csv_folder, tmp_path, capsys):
    assert main(["explore", "--data", str(csv_folder), "--out", str(tmp_path)]) == 0
    assert str(tmp_path / "explore.html") in capsys.readouterr().out and (tmp_path / "explore.html").is_file()
    assert main(["explore", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
