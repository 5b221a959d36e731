"""Whether a finding was not seen or not said, case by case."""

import pytest

from captioner.evaluation.see_or_say import faults, see_or_say
from tests.captioner.test_seen_and_written import head


@pytest.mark.parametrize(
    ("reference", "impression", "seen", "sentence"),
    [
        ("left effusion", "left effusion .", (0.8, "left"), "Seen and said."),
        ("effusion", "left effusion .", (0.8, "left"), "Seen and said."),
        ("left effusion", "left effusion .", (0.8, None), "Seen and said."),
        ("left effusion", "effusion .", (0.8, None), "Seen and said, but on no side: the head does not tell one."),
        ("left effusion", "effusion .", (0.8, "left"), "but not on which side, although the head has it right."),
        ("left effusion", "effusion .", (0.8, "right"), "Seen on another side, and said without a side."),
        ("left effusion", "clear .", (0.8, "left"), "Seen, but not said."),
        ("left effusion", "no effusion .", (0.8, "left"), "Seen, but not said."),
        ("left effusion", "clear .", (0.8, "right"), "Seen, on another side, and not said."),
        ("left effusion", "clear .", (0.05, None), "Not seen, so not said."),
        ("left effusion", "left effusion .", (0.05, None), "Said without being seen: a word from language."),
        ("left effusion", "right effusion .", (0.05, None), "Said without being seen, and of another side:"),
        ("left effusion", "right effusion .", (0.8, "left"), "Seen where the reference has it, but said of another"),
        ("left effusion", "right effusion .", (0.8, "right"), "both on another side than the reference"),
        ("left effusion", "left effusion .", (0.8, "right"), "Seen on another side, and said of the right one."),
        ("No effusion.", "effusion .", (0.8, None), "Seen and said; the reference does not state it."),
        ("Clear lungs", "effusion .", (0.05, None), "Said without being seen, a word from language; the reference"),
        ("Clear lungs", "clear .", (0.8, None), "Seen, but not said; the reference does not state it either."),
    ],
)
def test_what_became_of_an_effusion(reference, impression, seen, sentence):
    (row,) = see_or_say(reference, impression, head(effusion=seen))
    assert row.finding == "effusion" and sentence in row.sentence
    assert row.seen == (seen[0] > 0.5) and row.probability == seen[0]


def test_what_nobody_states_has_no_row_and_the_references_findings_come_first():
    assert see_or_say("Clear lungs.", "no effusion .", head()) == ()
    rows = see_or_say("Hernia.", "cardiomegaly .", head(effusion=(0.8, "left")))
    assert [(row.finding, row.reference, row.impression, row.seen) for row in rows] == [
        ("hernia", True, False, False),
        ("cardiomegaly", False, True, False),
        ("effusion", False, False, True),
    ]
    assert rows[2].seen_side == "left" and rows[0].reference_side is None


@pytest.mark.parametrize(
    ("reference", "impression", "seen", "told"),
    [
        ("left effusion", "left effusion .", (0.8, "left"), []),
        ("effusion", "left effusion .", (0.8, "left"), []),
        ("Clear lungs", "clear .", (0.8, "left"), []),  # seen alone: the impression is right
        ("left effusion", "clear .", (0.09, None), ["Effusion: Not seen, so not said."]),
        ("left effusion", "clear .", (0.8, "left"), ["Effusion: Seen, but not said."]),
        (
            "left effusion",
            "right effusion .",
            (0.8, "left"),
            ["Effusion: Seen where the reference has it, but said of "],
        ),
        ("left effusion", "effusion .", (0.8, "left"), ["Effusion: Seen and said, but not on which side"]),
        ("Clear lungs", "effusion .", (0.8, None), ["Effusion: Seen and said; the reference does not state it."]),
    ],
)
def test_a_wrong_impression_is_told_whether_it_was_not_seen_or_not_said(reference, impression, seen, told):
    found = faults(reference, impression, head(effusion=seen))
    assert len(found) == len(told) and all(part in whole for part, whole in zip(told, found))
    share = {0.8: "80%", 0.09: "9%"}[seen[0]]
    assert all(whole.endswith(f" The head gives it {share} with a threshold of 30%.") for whole in found)
