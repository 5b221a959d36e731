"""What is shown of one prediction against one reference."""

from captioner.evaluation.impression_score import KINDS, score
from captioner.evaluation.see_or_say import see_or_say
from captioner.language import speaking
from explain import truth
from panels.score.panel import GRAVER, MARKS, WITHIN, Piece, pieces, render
from tests.captioner.test_seen_and_written import head


def test_each_thing_that_may_become_of_a_finding_has_its_words():
    assert tuple(MARKS) == tuple(WITHIN) == KINDS and sorted(GRAVER) == sorted(KINDS)


def test_overlapping_findings_share_a_mark_and_the_graver_one_colours_it():
    findings = {"agreed": ["effusion"], "missed": ["pneumothorax"], "made_up": []}
    found = [{"finding": name, "start": 1, "end": 2} for name in ("effusion", "pneumothorax")]
    said = "effusion: agreed, pneumothorax: missed"
    expected = [Piece("small"), Piece("hydropneumothorax", "missed", said), Piece(".")]
    assert pieces("small hydropneumothorax .", found, findings) == expected


def test_a_finding_of_two_words_is_one_mark():
    findings = {"agreed": [], "missed": ["bone"], "made_up": []}
    shown = pieces("old rib fracture .", [{"finding": "bone", "start": 1, "end": 3}], findings, unknown=[0])
    assert shown == [Piece("old", unknown=True), Piece("rib fracture", "missed", "bone: missed"), Piece(".")]


def test_a_prediction_without_a_word_scores_nothing():
    found = score("right effusion", "")
    assert found["bleu"] == [0, 0, 0, 0] and found["rouge_l"] == 0 and found["findings"]["missed"] == ["effusion"]
    assert "no word at all" in render(found)


def test_typed_text_is_never_markup():
    found = score("<img src=x onerror=alert(1)> effusion", "<script>alert(1)</script> effusion")
    shown = render(found | {"reference": "<b> effusion", "mentions": {"reference": [], "prediction": []}})
    assert "<script" not in shown and "<img" not in shown and "<b>" not in shown and "&lt;b&gt; effusion" in shown


def test_a_line_on_top_says_what_became_of_each_finding():
    texts = "moderate left effusion", "moderate right pleural effusion . cardiomegaly ."
    shown = render(score(*texts), verdict=truth.verdict(*texts))
    line = "Effusion: finding right, side wrong (left is true, right is said). Cardiomegaly: made up."
    assert f"<span>Verdict: </span>{line}</p>" in shown
    assert "<b>" not in render(score(*texts), verdict="<b>") and "Verdict" not in render(score(*texts))


def test_two_normal_texts_agree():
    assert "agree that the chest is normal" in render(score("normal chest", "no acute disease ."))


def test_the_right_finding_on_the_wrong_side_is_a_mark_of_its_own():
    found = score("moderate left effusion", "moderate right pleural effusion .")
    assert found["findings"]["side_wrong"] == ["effusion"] and found["findings"]["agreed"] == []
    shown = render(found)
    assert shown.count('<mark class="cxr-side_wrong" title="effusion: finding right, side wrong"') == 2
    assert "Side left out" not in shown and "Stated and denied" not in shown


def test_a_text_that_states_and_denies_is_marked_on_both_places():
    found = score("right effusion", "no effusion . right effusion .")
    assert found["findings"]["contradictory"] == ["effusion"]
    assert render(found).count('<mark class="cxr-contradictory" title') == 3


def test_an_examples_reference_is_what_was_planted_and_unknown_words_are_marked():
    found = score("zebra effusion", "left effusion .")
    assert "What was planted" in render(found, planted=True) and "The radiologist" in render(found)
    shown = render(found, unknown=[0])
    assert '<span class="cxr-unknown"' in shown and "could not have written" in shown
    assert "could not have written" not in render(found)


def test_a_table_says_of_each_finding_whether_it_was_not_seen_or_not_said():
    rows = see_or_say("left effusion, hernia", "cardiomegaly .", head(effusion=(0.8, "left")))
    scored = score("left effusion", "cardiomegaly .")
    assert "Not seen, or not said?" not in render(scored)
    shown = render(scored, rows=rows)
    shown = shown[shown.index("Not seen, or not said?") : shown.index("Findings are found by rules")]
    assert shown.count("<tr><th") == 3 and shown.index("effusion") < shown.index("cardiomegaly")
    assert "<td>left</td><td>left (80%)</td><td>no</td><td>Seen, but not said.</td>" in shown
    assert "Not seen, so not said." in shown and "a word from language" in shown


def test_another_language_words_all_but_the_two_texts():
    texts = "moderate left effusion", "moderate right pleural effusion . cardiomegaly ."
    with speaking("de"):
        shown = render(score(*texts), verdict=truth.verdict(*texts))
    assert "Befund richtig, Seite falsch" in shown and "Erfunden" in shown and "Das Modell" in shown
    assert "moderate left <mark" in shown and "moderate right pleural <mark" in shown
    assert "Made up" not in shown and "The model" not in shown and "Verdict" not in shown
