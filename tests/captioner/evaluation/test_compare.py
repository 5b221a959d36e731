"""Several sets of predictions compared: made up, so that it is known which is better."""

import json

from captioner.evaluation import figures
from captioner.evaluation import tables as score_table
from captioner.evaluation.compare import compare

REFERENCES = ["no acute disease .", "small effusion .", "cardiomegaly .", "clear lungs .", "nodule ."] * 4


def test_compare_finds_the_better_row_better():
    half = [text if place % 2 else "clear ." for place, text in enumerate(REFERENCES)]
    result = compare(REFERENCES, {"half": half, "all": REFERENCES}, "half", samples=200)
    for score in ("macro_f1", "cider_d", "rouge_l", "bleu_2", "seed_bleu_1", "balanced_accuracy"):
        assert result["difference"]["all"][score]["high"] <= 0 > result["difference"]["all"][score]["value"]
    assert result["bootstrap"] == {"samples": 200, "level": 0.95, "seed": 0}


def test_compare_is_repeatable_and_plain_json():
    rows = {"own": REFERENCES[1:] + REFERENCES[:1]}
    first = compare(REFERENCES, rows, "own", samples=50)
    assert first == compare(REFERENCES, rows, "own", samples=50)
    assert json.loads(json.dumps(first, allow_nan=False)) == first


def test_all_of_macro_f1_counts_as_lost_only_when_nothing_is_left():
    assert compare(REFERENCES, {"own": ["clear ."] * 20}, "own", samples=5)["shuffled_loss"] is None
    same = ["effusion ."] * 6  # shuffling changes nothing
    assert compare(same, {"own": same}, "own", samples=5)["shuffled_loss"] == 0


def test_the_table_has_a_row_a_row_and_a_row_a_finding():
    result = compare(REFERENCES, {"own": REFERENCES, "other": ["clear ."] * 20}, "own", samples=20)
    lines = score_table.table(result).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 2 + 2 + 13
    assert table[2].startswith("| **own** | 1.000 (1.000 to 1.000) |") and table[3].startswith("| other | 0.000")
    assert "| hernia | 0 | 0 | - | - | - | - |" in lines
    assert len({line.count("|") for line in table[:4]}) == len({line.count("|") for line in table[4:]}) == 1


def test_figures_of_rows_without_any_finding():
    """All normal: no bar to draw, and balanced accuracy undefined."""
    result = compare(["clear ."] * 5, {"own": ["clear ."] * 5}, "own", samples=5)
    for draw in (figures.findings_figure, figures.scores_figure):
        assert draw(result).get_axes()
