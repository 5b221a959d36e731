import json

import cv2
import numpy as np
import pytest

from captioner.images import view_classifier, view_classifier_fit


def test_the_coefficients_are_few_and_finite():
    assert view_classifier.coefficients().shape == (257,) and np.isfinite(view_classifier.coefficients()).all()
    assert view_classifier.COEFFICIENTS.stat().st_size < 5000


def picture(seed, shape=(256, 256)):
    blur = cv2.GaussianBlur(np.random.default_rng(seed).random(shape), (0, 0), min(shape) / 16)
    return cv2.normalize(blur, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_it_does_not_matter_which_way_a_view_faces(seed):
    pixels = picture(seed)
    there, mirrored = view_classifier.lateral_probability(pixels), view_classifier.lateral_probability(pixels[:, ::-1])
    assert there == pytest.approx(mirrored, abs=1e-9)


@pytest.mark.parametrize("shape", [(512, 420), (300, 700), (2048, 2500)])
def test_the_shape_and_the_resolution_hardly_matter(shape):
    pixels = picture(1)
    other = cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_LINEAR)
    assert view_classifier.lateral_probability(other) == pytest.approx(
        view_classifier.lateral_probability(pixels), abs=0.03
    )


@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_picture_gives_a_number(level):
    assert 0 <= view_classifier.lateral_probability(np.full((40, 40), level, np.uint8)) <= 1


def test_features_by_hand():
    pixels = np.zeros((16, 16), np.uint8)
    pixels[3, 0] = 160  # one bright pixel at the left edge: half in the mean, half in the distance, in row 3
    features = view_classifier.features(pixels)
    mean, distance = features[:128].reshape(16, 8), features[128:256].reshape(16, 8)
    spread = pixels.std() + 1
    assert distance[3, 0] == pytest.approx(80 / spread) and np.count_nonzero(distance.round(6)) == 1
    assert mean[3, 0] - mean[0, 0] == pytest.approx(80 / spread) and features[256] == 1


def stand_in(lateral, seed):
    """A picture with what tells the projections apart: two dark lungs side by side, or one in the middle."""
    random = np.random.default_rng(seed)
    pixels = np.full((64, 64), 200, np.uint8)
    for centre in [(32, 32)] if lateral else [(18, 32), (46, 32)]:
        cv2.ellipse(pixels, centre, (10 + int(random.integers(4)), 22), float(random.normal(0, 4)), 0, 360, 60, -1)
    return cv2.add(pixels, random.integers(0, 20, pixels.shape, np.uint8))


def test_fit_separates_what_can_be_separated():
    truth = np.arange(60) % 2 == 1
    weights = view_classifier_fit.fit([stand_in(lateral, seed) for seed, lateral in enumerate(truth)], truth)
    fresh = [
        view_classifier.features(stand_in(lateral, 1000 + seed)) @ weights > 0 for seed, lateral in enumerate(truth)
    ]
    np.testing.assert_array_equal(fresh, truth)


def test_fit_stands_where_the_gradient_is_zero():
    truth = np.arange(40) % 2 == 1
    pictures = [stand_in(lateral, seed) for seed, lateral in enumerate(truth)]
    weights = view_classifier_fit.fit(pictures, truth, seed=3)
    random = np.random.default_rng(3)
    rows = [view_classifier.features(pixels) for pixels in pictures]
    for _ in range(view_classifier_fit.VARIATIONS):
        rows += [view_classifier.features(view_classifier_fit.varied(pixels, random)) for pixels in pictures]
    design, truth = np.array(rows), np.tile(truth, view_classifier_fit.VARIATIONS + 1)
    slope = design.T @ (1 / (1 + np.exp(-design @ weights)) - truth) / len(truth)
    slope[:-1] += view_classifier_fit.PENALTY * weights[:-1]
    np.testing.assert_allclose(slope, 0, atol=1e-9)


def test_measured_on_real_studies_that_were_not_fitted(collection_folder):
    studies = view_classifier_fit.read_pictures(collection_folder, odd=True)
    rates = view_classifier_fit.measure(studies)
    assert rates["pairs"] > 500, "too few pairs to measure a rate of half a percent"
    assert rates["accuracy"] > 0.99
    assert rates["false_swap"] < 0.005 and rates["found_swap"] > 0.9, json.dumps(rates)
    assert rates["false_alone"] < 0.005 and rates["found_alone"] > 0.9, json.dumps(rates)
