"""What wording alone could reach: what a reference states, and the scores of who is told it."""

import pytest

from captioner.evaluation.ceiling import ceiling, stated_findings, table
from captioner.reports.findings import FINDINGS


@pytest.mark.parametrize(
    "reference, stated",
    [
        ("no acute disease .", {}),
        ("cardiomegaly . right effusion . no edema .", {"cardiomegaly": True, "effusion": "right"}),
        ("bilateral effusions . pneumonia .", {"effusion": True, "airspace opacity": True}),
    ],
)
def test_what_a_reference_states_and_where(reference, stated):
    assert stated_findings(reference) == {**dict.fromkeys(FINDINGS, False), **stated}


def test_who_writes_the_references_has_all_and_the_constant_none_of_the_findings():
    references = ["left effusion .", "no acute disease .", "cardiomegaly ."]
    normal = "no acute disease ."
    result = ceiling(references, references, ["effusion .", normal, normal], normal)
    assert result["told"]["macro_f1"] == result["told"]["balanced_accuracy"] == result["told"]["rouge_l"] == 1
    assert result["constant"]["macro_f1"] == 0 and result["constant"]["balanced_accuracy"] == 0.5
    assert result["plain"]["macro_f1"] == pytest.approx(0.5) and result["plain"]["balanced_accuracy"] == 0.75
    lines = table(result)
    assert len(lines) == 5 and lines[2].startswith("| told what the reference states | 1.000 | 1.000 |")
