"""Subgroups: who is in each, scores by hand, and the command from folders to a card."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.evaluation import subgroups as groups
from captioner.evaluation.subgroups import groups_of_pictures, impression_rows, picture_rows
from captioner.reports.collection import sex_named
from captioner.reports.findings import FINDINGS
from captioner.reports.nih import LabelledPicture


@pytest.mark.parametrize(
    ("indication", "sex"),
    [
        ("XXXX-year-old female with chest pain", "F"),
        ("Male, cough.", "M"),
        ("67 year old WOMAN", "F"),
        ("this gentleman fell", "M"),
        ("woman whose male partner has tuberculosis", ""),
        ("dyspnea on exertion, manifest XXXX", ""),
        ("", ""),
    ],
)
def test_a_sex_is_taken_only_where_one_is_named(indication, sex):
    assert sex_named(indication) == sex


def test_scores_of_groups_worked_out_by_hand():
    references = ["left effusion .", "no acute disease .", "cardiomegaly .", "no acute disease ."]
    texts = ["left effusion .", "no acute disease .", "no acute disease .", "cardiomegaly ."]
    chosen = {"first": np.array([1, 1, 0, 0], bool), "last": np.array([0, 0, 1, 1], bool), "none": np.zeros(4, bool)}
    first, last = impression_rows(references, texts, chosen, "no acute disease .")
    assert (first["group"], first["studies"], first["abnormal"]) == ("first", 2, 1)
    assert first["macro_f1"]["value"] == first["balanced_accuracy"]["value"] == first["rouge_l"]["value"] == 1
    assert last["macro_f1"]["value"] == last["balanced_accuracy"]["value"] == 0
    assert last["constant_rouge_l"]["value"] > last["rouge_l"]["value"]


def picture(number, sex, age, position):
    return LabelledPicture(str(number), str(number), Path("x"), frozenset(), (), None, position, age, sex)


def test_who_is_in_each_group_of_pictures():
    found = groups_of_pictures([picture(0, "F", 39, "PA"), picture(1, "M", 40, "AP"), picture(2, "", None, "")])
    members = {name: np.flatnonzero(chosen).tolist() for name, chosen in found.items()}
    assert members == {
        "all": [0, 1, 2],
        "women": [0],
        "men": [1],
        "under 40": [0],
        "40 to 64": [1],
        "65 and older": [],
        "PA": [0],
        "AP": [1],
    }


def test_the_area_of_a_group_is_the_mean_over_its_findings_with_enough_of_both():
    truths = np.full((20, len(FINDINGS)), -1.0)
    truths[:, 0] = np.arange(20) >= 10  # ten of each, told apart without fault
    truths[:10, 1], truths[10:, 1] = 1, 0  # and told apart the wrong way round
    truths[:, 2] = np.arange(20) == 0  # one positive: too few
    probabilities = np.tile(np.linspace(0, 1, 20)[:, None], (1, len(FINDINGS)))
    chosen = {"all": np.ones(20, bool), "few": np.arange(20) < 4}
    (row,) = picture_rows(probabilities, truths, chosen, samples=20)
    assert (row["group"], row["pictures"], row["findings"]) == ("all", 20, 2)
    assert row["auc"]["value"] == row["auc"]["low"] == row["auc"]["high"] == 0.5
    truths[:, 1] = -1
    (row,) = picture_rows(probabilities, truths, chosen, samples=20)
    assert row["auc"]["value"] == 1


class Captioner:
    """Says "left effusion ." with a lateral, and nothing is wrong without."""

    name, has_findings = "stand-in", True

    def caption(self, study):
        return SimpleNamespace(text="left effusion ." if study.lateral is not None else "no acute disease .")

    def encode(self, study):
        return study

    def findings(self, study):
        mean = float(study.frontal.pixels.mean()) / 255
        return [SimpleNamespace(probability=mean) for _ in FINDINGS]


def test_from_folders_to_a_card(collection, labelled_pictures, monkeypatch, tmp_path):
    monkeypatch.setattr(groups, "load", lambda folder: Captioner())
    card = tmp_path / "README.md"
    card.write_text("# Card\n\n<!-- subgroups -->\n<!-- end of subgroups -->\n\nAfter.\n", encoding="utf-8")
    result = groups.subgroups([collection, labelled_pictures], "train", None, tmp_path / "out", [card])
    rows = {row["group"]: row for row in result["impressions"]}
    assert rows["all"]["studies"] == rows["sex not said"]["studies"] and "women, by the indication" not in rows
    withheld = rows["both views, lateral withheld"]
    assert withheld["studies"] == rows["both views"]["studies"] and withheld["macro_f1"]["value"] == 0
    assert withheld["rouge_l"] != rows["both views"]["rouge_l"]
    text = card.read_text(encoding="utf-8")
    assert text.endswith("After.\n") and "| both views, lateral withheld |" in text
    assert (tmp_path / "out" / "subgroups.md").read_text(encoding="utf-8") in text
    with pytest.raises(BadInput, match="one folder of the Indiana collection"):
        groups.subgroups([labelled_pictures], "train", None, tmp_path)
    card.write_text("# Card\n")
    with pytest.raises(BadInput, match="no place for the table"):
        groups.subgroups([collection], "train", None, tmp_path, [card])
