"""The table of docs/evidence.md, from two small evaluations whose numbers are known."""

import json

import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.evaluation import markdown_tables
from explain.__main__ import main
from explain.benchmark.aggregate import against, summarise
from explain.benchmark.methods_table import MARK, read, summary
from explain.benchmark.tables import beside_attention


def _record(study, pointing, deletion, side=None):
    found = {
        "study": study,
        "position": 0,
        "finding": "effusion",
        "spread": [0.7, 0.2, 0.3, 0.5],
        "side": side,
        "zone": None,
        "named_side": None if side is None else "right",
        "named_zone": None,
        "deletion": deletion,
        "insertion": 0.5,
        "hidden": {"grounded": True, "p": 0.02},
    }
    if pointing is not None:
        views = {"frontal": pointing, "lateral": None, "better": pointing}
        found |= {
            "pointing": {**views, "chosen": pointing},
            "pointing_strict": {**views, "chosen": pointing},
            "overlap": {name: value and 0.5 for name, value in views.items()},
        }
    return found


def _result(masks, count=12):
    names = [f"study {number}" for number in range(count)]
    methods = {
        "attention": [_record(name, masks and False, 0.4, None if masks else False) for name in names],
        "grad-cam": [_record(name, masks and True, 0.1, None if masks else True) for name in names],
    }
    places = {
        key: value
        for key, value in _record("x", masks and False, 0.3).items()
        if key in ("pointing", "pointing_strict", "overlap", "deletion", "insertion")
    }
    pictures = dict.fromkeys(("shown", "blank", "other", "frontal", "lateral", "moved", "guessed"), 0.5)
    words = [
        {
            "study": name,
            "position": 0,
            "finding": "effusion",
            "pictures": pictures,
            "random": places,
            "centre": {**places, "deletion": 0.35},
        }
        for name in names
    ]
    own = {
        "maps": np.array([[[[1, 2, 3]]]] * count),
        "views": [[True]] * count,
        "studies": list(range(count)),
        "stages": {"output": [0.5, 0.5], "encoder": [0, 0]},
        "after": [0.25] * count,
    }
    return {
        "checkpoint": "tiny",
        "data": "phantoms" if masks else "val split",
        "studies": count,
        "words": count,
        "titles": {"attention": "Attention", "grad-cam": "Grad-CAM"},
        "seconds_a_word": {"attention": 0.01, "grad-cam": 0.02},
        **summarise(words, methods, randomisation={"grad-cam": own}),
    }


@pytest.fixture
def folders(tmp_path):
    for name, masks in (("phantoms", True), ("real", None)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "evidence.json").write_text(json.dumps(_result(masks)))
    return [tmp_path / "phantoms", tmp_path / "real"]


def test_each_number_comes_from_where_it_can_be_measured(folders):
    text = summary(read(folders))
    rows = {
        line.split("|")[1].strip(): [part.strip() for part in line.split("|")[2:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    }
    assert rows["**Attention**"][:4] == ["12 / 12", *["0.000 (0.000 to 0.000)"] * 2, "0.000 (0.000 to 0.000), 12 words"]
    assert rows["**Grad-CAM**"][1] + ", 12 words" == rows["**Grad-CAM**"][3] == "1.000 (1.000 to 1.000), 12 words"
    assert rows["**Grad-CAM**"][6] == " / ".join(["-0.200 (-0.200 to -0.200)"] * 2) and rows["**Attention**"][
        6
    ].startswith("0.100")
    told = "depends (0.25 against 1.00, difference −0.75 to −0.75, 12 studies)"
    assert rows["**Grad-CAM**"][9] == f"{told}; {told}" and rows["**Attention**"][9] == "-"
    assert rows["the middle"][6] == "0.050" and rows["even chance, random order"][3] == "0.500"
    assert "Attention beside Grad-CAM, 12 words: worse in pointing game (by 1.000, 1.000 to 1.000), " in text
    assert "worse in deletion area (by 0.300, 0.300 to 0.300) and side (by 1.000" in text
    assert summary(read(folders[::-1])) == text


def test_one_evaluation_alone_is_enough(folders):
    assert "| - | - |" in summary(read(folders[1:])) and "On 12 finding words" in summary(read(folders[:1]))


def test_what_a_handful_of_words_say_is_left_out(folders):
    path = folders[1] / "evidence.json"
    path.write_text(json.dumps(_result(None, 9)))
    (row,) = (line for line in summary(read(folders)).splitlines() if line.startswith("| **Grad-CAM** |"))
    cells = [part.strip() for part in row.split("|")[2:-1]]
    assert cells[0] == "12 / 9" and cells[1] == "1.000 (1.000 to 1.000)" and cells[3] == "-, 9 words"
    assert cells[6] == "-0.200 (-0.200 to -0.200) / -"


def test_better_is_more_of_some_measures_and_less_of_others():
    methods = {"attention": [_record(name, True, 0.1) for name in "ab"], "occlusion": [_record("a", False, 0.4)]}
    found = against(methods)["occlusion"]
    assert (found["pointing"]["value"], found["deletion"]["value"]) == (1, pytest.approx(0.3))
    assert found["side"]["value"] is None and found["deletion"]["words"] == 1
    assert against({"occlusion": methods["occlusion"]}) == {}


def test_what_is_not_clear_is_called_so():
    methods = {
        name: [_record(study, None, area) for study, area in zip("abcd", areas)]
        for name, areas in (("attention", (0.1, 0.4, 0.2, 0.3)), ("grad-cam", (0.4, 0.1, 0.3, 0.2)))
    }
    result = {"against": against(methods), "titles": {"grad-cam": "Grad-CAM"}}
    assert beside_attention(result) == ["- Attention beside Grad-CAM, 4 words: not clearly different in anything."]


def test_the_command_puts_the_table_between_its_marks(folders, tmp_path, capsys):
    page = tmp_path / "README.md"
    first, last = markdown_tables.marks(MARK)
    page.write_text(f"before\n\n{first}\nold\n{last}\n\nafter\n")
    for _ in range(2):
        assert main(["table", *map(str, folders), "--into", str(page)]) == 0
    text = summary(read(folders))
    assert page.read_text() == f"before\n\n{first}\n{text}{last}\n\nafter\n" and capsys.readouterr().out == text * 2


def test_what_is_no_evaluation_is_refused(folders, tmp_path):
    with pytest.raises(BadInput, match="no evidence.json"):
        read([tmp_path])
    (folders[0] / "evidence.json").write_text(json.dumps({**_result(True), "checkpoint": "another"}))
    with pytest.raises(BadInput, match="different checkpoints"):
        read(folders)
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(BadInput, match="no place"):
        markdown_tables.put(tmp_path / "page.md", MARK, "x")
