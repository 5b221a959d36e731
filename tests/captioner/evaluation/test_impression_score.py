"""One prediction against one reference, by hand."""

import pytest

from captioner import BadInput
from captioner.evaluation.impression_score import KINDS, LONGEST, score


def test_scores_and_findings_by_hand():
    found = score("No acute disease.", "no disease .")
    assert (found["reference"], found["prediction"]) == ("no acute disease .", "no disease .")
    # Words: 3 of 3 and a brevity penalty exp(1 - 4/3); of the two pairs, only "disease ." stands in the reference.
    assert found["bleu"][0] == pytest.approx(0.716531, abs=1e-5)
    assert found["bleu"][1] == pytest.approx(0.716531 * 0.5**0.5, abs=1e-5)
    assert found["seed_bleu"][2] == pytest.approx(0.570027, abs=1e-5)  # which rises where fewer word groups match
    assert found["rouge_l"] == pytest.approx(0.8356, abs=1e-4)
    assert found["findings"] == dict.fromkeys(KINDS, [])


def test_findings_are_agreed_missed_or_made_up():
    found = score("Small left effusion. Cardiomegaly. No nodule.", "left effusion . rib fracture . no edema .")
    expected = {"agreed": ["effusion"], "missed": ["cardiomegaly"], "made_up": ["bone"]}
    assert found["findings"] == dict.fromkeys(KINDS, []) | expected
    words = found["prediction"].split()
    stated = found["mentions"]["prediction"]
    places = {mention["finding"]: words[mention["start"] : mention["end"]] for mention in stated}
    assert places["effusion"] == ["effusion"] and "fracture" in places["bone"]


@pytest.mark.parametrize("text", ["", "  ", "1. 2.", "...", "x" * (LONGEST + 1)])
def test_what_cannot_be_scored_is_one_sentence(text):
    with pytest.raises(BadInput, match="impression"):
        score(text, "no acute disease .")


def test_a_pasted_list_is_read_line_by_line():
    found = score("IMPRESSION:\n- No pneumothorax\n- Small left effusion\n- Cardiomegaly", "left effusion .")
    assert found["findings"]["agreed"] == ["effusion"] and found["findings"]["missed"] == ["cardiomegaly"]
    assert "impression" not in found["reference"].split()
