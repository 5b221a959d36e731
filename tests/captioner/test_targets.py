"""MeSH terms as targets, by hand."""

import numpy as np

from captioner.targets import Targets, terms_of


def test_a_term_gives_its_heading_its_side_and_its_zone():
    assert terms_of(("Opacity/lung/upper lobe/right/streaky", "normal")) == {
        "Opacity", "Opacity/right", "Opacity/upper lobe", "normal"}


def test_targets_are_counted_by_study_and_encoded_in_order():
    meshes = [("Opacity/left", "Opacity/left"), ("Opacity/right",), ("normal",)]
    targets = Targets.of(meshes, least=1)
    assert targets.names == ("Opacity", "Opacity/left", "Opacity/right", "normal")
    assert Targets.of(meshes, least=2).names == ("Opacity",)
    np.testing.assert_array_equal(targets.encode(("Opacity/right/small",)), [1, 0, 1, 0])
