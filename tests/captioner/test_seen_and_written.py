"""The states between head and words, and drafts on trial, on built cases."""

import numpy as np
import pytest

from captioner.caption import Finding
from captioner.errors import BadInput
from captioner.reports.findings import FINDINGS
from captioner.seen_and_written import LONGEST_DRAFT, Agreement, Verdict, on_trial, standings


def head(**seen):
    """Records of all findings, at 5% where nothing else is said: name -> (probability, side); thresholds are 30%."""
    records = []
    for name in FINDINGS:
        probability, side = seen.get(name, (0.05, None))
        sides = None if side is None else (float(side != "right"), float(side != "left"))
        records.append(
            Finding(
                name=name,
                probability=probability,
                threshold=0.3,
                stated=probability >= 0.3,
                side_probabilities=sides,
                side=side,
                zone=None,
                map=np.full((2, 2, 2), 0.125, np.float32),
                evidence=np.zeros(2, np.float32),
                base_rate=0.02,
            )
        )
    return records


# what the head gives effusion, its side | the impression | the state
STATES = """
0.80 left | small left effusion . | seen and written
0.80 left | effusion . | seen and written
0.80 None | left effusion . | seen and written
0.80 bilateral | bilateral effusions . | seen and written
0.80 left | right effusion . | written, not seen
0.80 left | bilateral effusions . | written, not seen
0.80 bilateral | left effusion . | written, not seen
0.80 left | no acute disease . | seen, not written
0.80 left | no effusion . | seen, not written
0.09 None | left effusion . | written, not seen
0.09 None | no effusion . | neither seen nor written
0.09 None | no acute disease . | neither seen nor written
0.28 None | no acute disease . | unsure
0.33 left | no acute disease . | unsure
0.33 left | left effusion . | unsure
0.28 None | left effusion . | unsure
0.33 left | right effusion . | written, not seen
"""


def case(line):
    seen, text, state = (part.strip() for part in line.split("|"))
    probability, side = seen.split()
    return float(probability), None if side == "None" else side, text, state


def of(name, standings_):
    return next(standing for standing in standings_ if standing.finding == name)


@pytest.mark.parametrize("line", STATES.strip().splitlines())
def test_the_state_of_built_cases(line):
    probability, side, text, state = case(line)
    found = standings(head(effusion=(probability, side)), text)
    assert [standing.finding for standing in found] == list(FINDINGS)
    assert of("effusion", found).agreement == state
    others = {standing.agreement for standing in found if standing.finding != "effusion"}
    assert others == {Agreement.NEITHER}


def test_a_wrong_side_is_told_from_a_finding_that_is_not_seen():
    sides, unseen = (
        of("effusion", standings(head(effusion=seen), "right effusion .")) for seen in ((0.8, "left"), (0.09, None))
    )
    assert (sides.other_side, sides.seen_side, sides.written_side) == (True, "left", "right")
    assert (unseen.other_side, unseen.seen_side, unseen.written_side) == (False, None, "right")
    assert sides.sentence == "The impression says effusion, right; the head sees it on the other side (left, 80%)."
    assert unseen.sentence == "The impression says effusion, right; the head gives it 9%."


def test_the_words_that_state_a_finding_are_linked():
    text = "no pneumothorax . left effusion . stable effusion ."
    standing = of("effusion", standings(head(effusion=(0.8, "left")), text))
    assert [text.split()[start:end] for start, end in standing.words] == [["effusion"], ["effusion"]]
    denied = of("pneumothorax", standings(head(pneumothorax=(0.8, None)), text))
    assert denied.words == () and denied.denied and denied.agreement == Agreement.UNWRITTEN
    assert denied.sentence == "The head sees pneumothorax, 80%; the impression denies it."


@pytest.mark.parametrize("side", ["left", "right", "bilateral"])
@pytest.mark.parametrize("probability", [0.05, 0.28, 0.33, 0.9])
@pytest.mark.parametrize("text", ["", "left effusion .", "right effusion .", "no effusion .", "effusion . no edema ."])
def test_left_and_right_are_treated_alike(side, probability, text):
    mirror = {"left": "right", "right": "left"}
    mirrored = " ".join(mirror.get(word, word) for word in text.split())
    one = standings(head(effusion=(probability, side)), text)
    other = standings(head(effusion=(probability, mirror.get(side, side))), mirrored)
    assert [standing.agreement for standing in one] == [standing.agreement for standing in other]


# what the head gives effusion, its side | the draft | verdicts on effusion
TRIALS = """
0.80 left | Left effusion | supported
0.80 left | Right effusion | not supported
0.80 left | Effusion | supported
0.80 left | No effusion | not supported
0.80 left | No left effusion | not supported
0.80 left | Left pneumothorax, no effusion | not supported
0.80 left | No right effusion | supported missing
0.80 left | No large effusion | unsure missing
0.80 left | Cardiomegaly | missing
0.80 left | - left effusion\\n- right effusion | supported not_supported
0.05 None | Left effusion | not supported
0.05 None | No effusion | supported
0.05 None | Cardiomegaly |
0.33 left | Left effusion | unsure
0.33 left | Cardiomegaly |
"""


@pytest.mark.parametrize("line", TRIALS.strip().splitlines())
def test_the_verdicts_on_a_draft(line):
    seen, draft, expected = (part.strip() for part in line.split("|"))
    probability, side = seen.split()
    record = (float(probability), None if side == "None" else side)
    trials = on_trial(head(effusion=record), draft.replace("\\n", "\n"))
    verdicts = [trial.verdict.replace(" ", "_") for trial in trials if trial.finding.name == "effusion"]
    assert verdicts == expected.replace("not supported", "not_supported").split()


def test_every_claim_of_a_draft_has_a_verdict_and_a_place_on_the_pictures():
    trials = on_trial(head(cardiomegaly=(0.9, None)), "IMPRESSION:\n1. Left nodule\n2. No pneumothorax")
    assert [(trial.finding.name, trial.verdict) for trial in trials] == [
        ("nodule or mass", Verdict.NOT_SUPPORTED),
        ("pneumothorax", Verdict.SUPPORTED),
        ("cardiomegaly", Verdict.MISSING),
    ]
    assert [trial.claim is None for trial in trials] == [False, False, True]
    assert [(trial.title, trial.words) for trial in trials] == [
        ("nodule or mass, left", "nodule"),
        ("no pneumothorax", "pneumothorax"),
        ("cardiomegaly", ""),
    ]
    assert all(trial.finding.map.shape == (2, 2, 2) and trial.sentence.endswith(".") for trial in trials)


def test_a_denial_of_what_is_seen_says_where_it_is_seen():
    trial = on_trial(head(effusion=(0.8, "left")), "No effusion")[0]
    assert trial.sentence == "The draft denies effusion; the head sees it on the left, 80%."
    trial = on_trial(head(cardiomegaly=(0.8, None)), "No cardiomegaly")[0]
    assert trial.sentence == "The draft denies cardiomegaly; the head sees it, 80%."


@pytest.mark.parametrize("draft", ["", "  \n. ", "1.", "x" * (LONGEST_DRAFT + 1)])
def test_a_draft_without_a_word_or_without_end_is_refused(draft):
    with pytest.raises(BadInput, match="draft"):
        on_trial(head(), draft)
