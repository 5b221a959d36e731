"""The gallery's cases and what the default checkpoint made of them: they belong together, and to the weights."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import explain
from captioner import BadInput, load, phantom, read_study
from captioner.phantom import gallery, wording
from captioner.phantom.findings import settle
from captioner.training.examples import PHANTOM_SEED
from explain import case_gallery
from explain.benchmark.cases import PHANTOM_SEED as EVALUATION_SEED
from tests.stand_in import SENTENCES, ToldStandIn, write_examples

FOLDER = Path(explain.__file__).resolve().parent.parent / "examples" / "gallery"
PLAN = gallery.cases()


@pytest.fixture(scope="module")
def entries():
    return phantom.read_cases(FOLDER)


@pytest.fixture(scope="module")
def told():
    return case_gallery.read(FOLDER)


def test_no_seed_is_training_s_or_an_evaluation_s():
    seeds = [seed for _, _, seed, _ in PLAN]
    assert len(set(seeds)) == len(PLAN) == 36 and min(seeds) == gallery.FIRST_SEED
    assert min(seeds) - max(PHANTOM_SEED, EVALUATION_SEED) >= 100_000


def test_the_shipped_cases_are_those_of_the_plan(entries):
    """One is drawn again in full; of the others the words and the files are checked."""
    assert [(entry["name"], entry["title"], entry["seed"]) for entry in entries] == [case[:3] for case in PLAN]
    for entry, (_, _, seed, wanted) in zip(entries, PLAN, strict=True):
        assert entry["impression"] == wording.word(seed, settle(seed, wanted))[0]
        assert bool(case_gallery.findings_of(entry)) == bool(wanted)
        names = [entry["frontal"], entry["lateral"], *(mask for each in entry["findings"] for mask in each["masks"])]
        for name in names:
            assert cv2.imread(str(FOLDER / name), cv2.IMREAD_GRAYSCALE).shape == (gallery.SIZE, gallery.SIZE)
    made = phantom.render(PLAN[8][2], gallery.SIZE, PLAN[8][3])
    for view, pixels, mask in zip(("frontal", "lateral"), (made.frontal, made.lateral), made.findings[0].masks):
        shown = cv2.imread(entries[8][view], cv2.IMREAD_GRAYSCALE).astype(int)
        assert np.abs(shown - pixels).mean() < 3  # as JPEG
        file = entries[8]["findings"][0]["masks"][view == "lateral"]
        assert ((cv2.imread(str(FOLDER / file), cv2.IMREAD_GRAYSCALE) > 127) == mask).all()
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2 << 20


def test_what_is_told_belongs_to_the_shipped_weights(read_once, entries, told):
    """`python -m explain gallery` renews it; three cases are asked about again."""
    model = load()
    assert told["weights"] == model.config["files"][case_gallery.WEIGHTS] and told["checkpoint"] == model.name
    assert list(told["cases"]) == [entry["name"] for entry in entries]
    for entry in (entries[0], entries[7], entries[34]):
        assert case_gallery.told_of(model, entry) == told["cases"][entry["name"]]


@pytest.fixture
def drawn(tmp_path):
    """A normal chest, and an effusion whose outline is the left half of the frontal view, as the stand-in sees them."""
    folder = write_examples(tmp_path)
    mask = np.zeros((300, 240), np.uint8)
    mask[:, :120] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    index = json.loads((folder / "index.json").read_text())
    index[1]["findings"] = [{"name": "effusion", "words": ["effusion"], "masks": ["mask.png", "nowhere.png"]}]
    (folder / "index.json").write_text(json.dumps(index))
    return folder


class Kept(ToldStandIn):
    """With weights that can be named."""

    def __init__(self):
        super().__init__("kept")
        self.config["files"] = {case_gallery.WEIGHTS: "abc"}


def test_an_answer_is_sorted_by_what_it_says_and_where_its_map_is(drawn):
    quiet, effusion = phantom.read_cases(drawn)
    model = Kept()
    found = case_gallery.told_of(model, effusion)
    assert found["impression"] == SENTENCES["bright"] and found["outcomes"] == ["made_up"]  # the atelectasis
    assert (found["planted"], found["named"], found["sides"], found["sides_right"], found["made_up"]) == (1, 1, 1, 1, 1)
    (head,) = [
        each for each in model.findings(read_study(effusion["frontal"], effusion["lateral"])) if each.name == "effusion"
    ]
    strongest = np.unravel_index(head.map[0].argmax(), head.map[0].shape)[1]
    assert (found["place"], found["inside"]) == (("on", 1) if strongest < 3 else ("off", 0))
    assert strongest != 3 and found["views"] == 1 and found["chance"] == 0.5
    calm = case_gallery.told_of(model, quiet)
    assert calm["outcomes"] == ["right"] and calm["place"] == "none" and calm["planted"] == calm["views"] == 0


def test_what_is_written_is_read_and_summed_up(drawn):
    assert case_gallery.read(drawn) is None
    written = case_gallery.write(drawn, phantom.read_cases(drawn), Kept())
    assert case_gallery.read(drawn) == written and written["weights"] == "abc"
    said = case_gallery.summary(written)
    assert said.startswith(
        "Of 1 planted findings the checkpoint “kept” names 1, 1 of 1 on the right side, and makes up 1."
    )
    assert "1 of 2 cases are right in everything; saying that nothing is there is right of 1." in said
    assert "of 1 views, where a place at random would be on 0.5" in said


def test_where_there_is_nothing_to_ask_about_or_to_write_to_it_says_so(drawn, tmp_path):
    with pytest.raises(BadInput, match="holds no cases"):
        case_gallery.write(tmp_path / "none", [], Kept())
    with pytest.raises(BadInput, match="cannot be written"):
        case_gallery.write(tmp_path / "none", phantom.read_cases(drawn), Kept())
