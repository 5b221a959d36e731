"""Wrong pictures are noticed, and right ones are left alone, on pictures that nothing was fitted to."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest

from captioner import phantom, read_study
from captioner.errors import BadInput
from captioner.images import gate, gate_fit
from captioner.images.study import read_view

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*[a-z]-frontal.png"))
EXAMPLES = [path for path in EXAMPLES if "mask" not in path.name]


def views(path):
    lateral = path.with_name(path.name.replace("-frontal", "-lateral"))
    return [cv2.imread(str(one), cv2.IMREAD_GRAYSCALE) for one in (path, lateral)]


def test_features_of_a_picture_worked_out_by_hand():
    """A ramp from left to right: every edge points to the right, and each row of greys is the same."""
    ramp = np.tile(np.linspace(0, 255, 128), (96, 1))
    found = gate.features(ramp)
    greys, edges = found[:256].reshape(16, 16), found[256:].reshape(8, 8, 12)
    assert np.allclose(greys, greys[0]) and (np.diff(greys[0]) > 0).all() and abs(greys.mean()) < 1e-5
    assert edges.argmax(-1).ravel().tolist() == [0] * 64 and (edges[..., 1:11] < 1e-6).all()
    turned = gate.features(255 - ramp)  # in the negative they all turn round
    assert np.allclose(turned[:256], -found[:256], atol=1e-4)
    assert turned[256:].reshape(8, 8, 12).argmax(-1).ravel().tolist() == [6] * 64


def test_probabilities_are_those_of_a_softmax():
    weights = {
        "mean": np.zeros(2),
        "hidden": np.eye(2),
        "hidden_bias": np.array([0.0, -1.0]),
        "output": np.array([[1.0, 0.0], [0.0, 1.0]]),
        "output_bias": np.array([0.0, np.log(3)]),
    }
    found = gate.probabilities(np.array([[0.0, -5.0], [np.log(3), 1.0]]), weights)
    np.testing.assert_allclose(found, [[0.25, 0.75], [0.5, 0.5]])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_raise_no_doubt(path):
    frontal, lateral = views(path)
    assert (
        gate.doubts(frontal, "frontal") == gate.doubts(lateral, "lateral") == gate.pair_doubts(frontal, lateral) == ()
    )


@pytest.mark.parametrize("name", gate_fit.TRANSFORMS)
def test_changed_phantoms_are_doubted_and_the_sentence_says_what_would_mend_them(name):
    kind, transform = gate_fit.TRANSFORMS[name]
    pictures = [pixels for path in EXAMPLES for pixels in views(path)]
    found = [gate.judge(np.ascontiguousarray(transform(pixels))).doubt for pixels in pictures]
    assert found.count(None) == 0 and found.count(kind) >= len(found) * 0.8


def test_two_pictures_in_one_and_one_picture_twice_are_doubted():
    for path in EXAMPLES:
        frontal, lateral = views(path)
        assert gate.judge(gate_fit.side_by_side(frontal, lateral)).doubt == "two in one"
        again = cv2.imdecode(cv2.imencode(".jpg", frontal, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 0)
        assert "given twice" in gate.pair_doubts(frontal, cv2.resize(again, (300, 200)))[0]


def test_two_views_of_one_kind_are_doubted():
    (first, other), (second, another) = (views(path) for path in EXAMPLES[:2])
    assert "Both pictures look like frontal views" in gate.pair_doubts(first, second)[0]
    assert "Both pictures look like lateral views" in gate.pair_doubts(other, another)[0]


def foreign():
    """name -> path of the pictures that pydicom and scikit-image bring along, none of them a chest X-ray.

    Slices, ultrasound, test patterns and secondary captures; photographs of people, animals and things, textures, pages
    of writing, cells and stars.
    """
    dicom = Path(pydicom.__file__).parent / "data" / "test_files"
    photographs = Path(importlib.util.find_spec("skimage").submodule_search_locations[0]) / "data"
    paths = [*dicom.glob("*.dcm"), *photographs.glob("*.png"), *photographs.glob("*.jpg"), *photographs.glob("*.tif")]
    return {path.name: path for path in sorted(paths)}


def distinct(pictures):
    """The pictures of a dict that are none of those before them again, in another transfer syntax or another size."""
    kept = {}
    for name, pixels in pictures.items():
        if all(gate.correlation(pixels, other) < 0.995 for other in kept.values()):
            kept[name] = pixels
    return kept


def test_pictures_of_other_things_are_doubted():
    read = {}
    for name, path in foreign().items():
        try:
            pixels = read_view(path).pixels
        except BadInput:
            continue
        if np.ptp(pixels) > 2:  # of a blank one something else is told
            read[name] = pixels
    pictures = distinct(read)
    passed = [name for name, pixels in pictures.items() if gate.judge(pixels).doubt is None]
    print(f"{len(pictures) - len(passed)} of {len(pictures)} pictures are doubted, not {passed}")
    assert len(pictures) >= 35
    assert len(passed) <= 0.1 * len(pictures), passed


def test_a_study_says_it(tmp_path):
    frontal, lateral = views(EXAMPLES[0])
    cv2.imwrite(str(tmp_path / "negative.png"), 255 - frontal)
    cv2.imwrite(str(tmp_path / "lateral.png"), lateral)
    notices = read_study(tmp_path / "negative.png", tmp_path / "lateral.png").notices
    assert notices == ("The frontal picture looks like a negative, in which bone is dark: invert it.",)


def test_a_fit_tells_two_kinds_of_rows_apart():
    """The fit itself, on rows that a line separates."""
    random = np.random.default_rng(0)
    kinds = random.integers(0, len(gate.KINDS), 3000)
    rows = random.normal(size=(3000, 40)).astype(np.float32)
    rows[np.arange(3000), kinds] += 6
    weights = gate_fit.fit(rows, kinds)
    assert (gate.probabilities(rows, weights).argmax(axis=1) == kinds).mean() > 0.97


@pytest.mark.long
def test_two_hundred_phantoms_raise_doubts_in_two_of_a_hundred_at_most():
    made = [phantom.render(seed, gate_fit.SIZE) for seed in range(200_000, 200_200)]
    doubted = [gate.judge(pixels).doubt is not None for one in made for pixels in (one.frontal, one.lateral)]
    assert np.mean(doubted) <= 0.02


def test_real_pictures_that_nothing_was_fitted_to(collection_folder):
    rates = gate_fit.measure(gate_fit.collection_views(collection_folder, "val"))
    assert rates["false alarms"] <= 0.02 and rates["pairs: false alarms"] <= 0.03
    assert min(rates[name] for name in (*gate_fit.TRANSFORMS, "two in one", "pairs: doubled")) >= 0.95
