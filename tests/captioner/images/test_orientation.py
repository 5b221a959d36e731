"""Which way round a picture lies: mirrored ones are doubted, and what shows no side says so."""

import cv2
import numpy as np
import pytest

from captioner.images import orientation, orientation_fit
from captioner.images.orientation import MIRRORED, UNKNOWN, USUAL
from tests.stand_in import ROOT_EXAMPLES

FILMS = [path for path in sorted(ROOT_EXAMPLES.glob("*al.png")) if "mask" not in path.name]


def _film(path):
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), path.stem.rsplit("-", 1)[1]


@pytest.mark.parametrize("path", FILMS, ids=lambda path: path.stem)
def test_an_example_lies_the_usual_way_and_its_mirror_image_does_not(path):
    pixels, view = _film(path)
    assert orientation.orientation(pixels, view) == USUAL
    assert orientation.orientation(pixels[:, ::-1], view) == MIRRORED


@pytest.mark.parametrize("view", ["frontal", "lateral"])
def test_the_mirror_image_gets_the_rest_of_the_probability(view):
    pixels, _ = _film(FILMS[0])
    there = orientation.usual_probability(pixels, view)
    assert there + orientation.usual_probability(pixels[:, ::-1], view) == pytest.approx(1, abs=1e-6)


def test_a_picture_that_is_its_own_mirror_image_shows_no_side():
    half = np.random.default_rng(0).integers(0, 255, (80, 40)).astype(np.uint8)
    assert orientation.orientation(np.hstack([half, half[:, ::-1]]), "frontal") == UNKNOWN
    assert orientation.orientation(np.full((40, 40), 7, np.uint8), "lateral") == UNKNOWN


def test_the_fit_finds_which_half_is_the_brighter_one_though_some_were_mirrored():
    random, films = np.random.default_rng(1), []
    for number in range(60):
        film = random.normal(100, 8, (32, 32))
        film[:, :16] += 40
        films.append(np.clip(film if number % 10 else film[:, ::-1], 0, 255).astype(np.uint8))
    weights = orientation_fit.fit(films, rounds=3)
    scores = np.array([orientation.features(film) @ weights for film in films])
    assert ((scores < 0) == (np.arange(60) % 10 == 0)).all()


def test_on_the_collection_few_frontal_pictures_are_doubted_and_most_mirrored_ones_are(collection_folder):
    found = orientation_fit.measure(orientation_fit._by_view(collection_folder, odd=True))
    assert found["called_mirrored"] < 0.03 and found["found_mirrored"] > 0.85
