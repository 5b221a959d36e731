"""One prediction against one reference: by hand, and what is shown of it."""

import pytest

from captioner import BadInput
from panels import score


def test_scores_and_findings_by_hand():
    found = score.score("No acute disease.", "no disease .")
    assert (found["reference"], found["prediction"]) == ("no acute disease .", "no disease .")
    # Words: 3 of 3 and a brevity penalty exp(1 - 4/3); of the two pairs, only "disease ." stands in the reference.
    assert found["bleu"][0] == pytest.approx(0.716531, abs=1e-5)
    assert found["bleu"][1] == pytest.approx(0.716531 * 0.5**0.5, abs=1e-5)
    assert found["seed_bleu"][2] == pytest.approx(0.570027, abs=1e-5)  # which rises where fewer word groups match
    assert found["rouge_l"] == pytest.approx(0.8356, abs=1e-4)
    assert found["findings"] == {"agreed": [], "missed": [], "made_up": []}


def test_findings_are_agreed_missed_or_made_up():
    found = score.score("Small left effusion. Cardiomegaly. No nodule.", "left effusion . rib fracture . no edema .")
    assert found["findings"] == {"agreed": ["effusion"], "missed": ["cardiomegaly"], "made_up": ["bone"]}
    words = found["prediction"].split()
    stated = found["mentions"]["prediction"]
    places = {mention["finding"]: words[mention["start"] : mention["end"]] for mention in stated}
    assert places["effusion"] == ["effusion"] and "fracture" in places["bone"]


def test_overlapping_findings_share_a_mark_and_the_graver_one_colours_it():
    findings = {"agreed": ["effusion"], "missed": ["pneumothorax"], "made_up": []}
    found = [{"finding": name, "start": 1, "end": 2} for name in ("effusion", "pneumothorax")]
    shown = score.marked("small hydropneumothorax .", found, findings)
    assert shown.startswith('small <mark class="cxr-missed"') and shown.endswith("</mark> .")
    assert 'title="effusion: agreed, pneumothorax: missed"' in shown


def test_a_finding_of_two_words_is_one_mark():
    findings = {"agreed": [], "missed": ["bone"], "made_up": []}
    shown = score.marked("old rib fracture .", [{"finding": "bone", "start": 1, "end": 3}], findings)
    assert shown.count("<mark") == 1 and ">rib fracture<" in shown


@pytest.mark.parametrize("text", ["", "  ", "1. 2.", "...", "x" * (score.LONGEST + 1)])
def test_what_cannot_be_scored_is_one_sentence(text):
    with pytest.raises(BadInput, match="impression"):
        score.score(text, "no acute disease .")


def test_a_prediction_without_a_word_scores_nothing():
    found = score.score("right effusion", "")
    assert found["bleu"] == [0, 0, 0, 0] and found["rouge_l"] == 0 and found["findings"]["missed"] == ["effusion"]
    assert "no word at all" in score.render(found)


def test_typed_text_is_never_markup():
    found = score.score("<img src=x onerror=alert(1)> effusion", "<script>alert(1)</script> effusion")
    shown = score.render(found | {"reference": "<b> effusion", "mentions": {"reference": [], "prediction": []}})
    assert "<script" not in shown and "<img" not in shown and "<b>" not in shown and "&lt;b&gt; effusion" in shown


def test_two_normal_texts_agree():
    assert "agree that the chest is normal" in score.render(score.score("normal chest", "no acute disease ."))
