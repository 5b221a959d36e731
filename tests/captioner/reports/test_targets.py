"""MeSH terms as targets, by hand."""

from types import SimpleNamespace

import numpy as np

from captioner.reports.targets import Targets, terms_of


def report(mesh, impression="clear lungs ."):
    return SimpleNamespace(mesh=mesh, impression=impression)


def test_a_term_gives_its_heading_its_side_and_its_zone():
    assert terms_of(("Opacity/lung/upper lobe/right/streaky", "normal"), "no effusion . cardiomegaly .") == {
        "Opacity",
        "Opacity/right",
        "Opacity/upper lobe",
        "normal",
        "impression: cardiomegaly",
    }


def test_targets_are_counted_by_study_and_encoded_in_order():
    reports = [report(("Opacity/left", "Opacity/left")), report(("Opacity/right",)), report(("normal",))]
    targets = Targets.of(reports, min_studies=1)
    assert targets.names == ("Opacity", "Opacity/left", "Opacity/right", "normal")
    assert Targets.of(reports, min_studies=2).names == ("Opacity",)
    assert Targets.of(reports, min_studies=1, places=False).names == ("Opacity", "normal")
    np.testing.assert_array_equal(targets.encode(("Opacity/right/small",), "clear lungs ."), [1, 0, 1, 0])
