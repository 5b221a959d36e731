"""Letters burnt into a picture are warned of; what merely stands in a row is not."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from captioner import phantom, read_study
from captioner.images import burnt_in_letters, limits
from captioner.images import burnt_in_letters_measured as measured
from captioner.images.burnt_in_letters import lines
from tests.captioner.images.dicom_files import dicom_bytes
from tests.conftest import SHARED

GROUND, INK = 60, 220
WARNING = "Letters seem to be burnt into the {} picture"


def page(text="", height=14, size=(256, 256), face="DejaVuSans", at=(30, 40)):
    """A flat picture with a line of letters, capitals of `height` pixels."""
    font = ImageFont.truetype(str(measured.FONTS / f"{face}.ttf"), round(height / 0.73))
    picture = Image.new("L", size, GROUND)
    ImageDraw.Draw(picture).text(at, text, INK, font)
    return np.array(picture)


def row(draw, count=12, step=16):
    """A flat picture with something in a row: `draw(picture, number, (x, y))`."""
    picture = page()
    for number in range(count):
        draw(picture, number, (24 + step * number, 60))
    return picture


def zigzag():
    picture = page()
    corners = [(20 + 8 * corner, 60 + 10 * (corner % 2)) for corner in range(25)]
    cv2.polylines(picture, [np.array(corners, np.int32)], False, INK, 2)
    return picture


def ruler():
    picture = row(lambda to, n, at: cv2.line(to, at, (at[0], at[1] + (7 if n % 10 else 12)), INK, 1), 24, 8)
    cv2.line(picture, (20, 60), (236, 60), INK, 1)
    return picture


def grainy(picture, deviation):
    grain = np.random.default_rng(1).normal(0, deviation, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


NO_LETTERS = {
    "blank": page(),
    "black": np.zeros((256, 256), np.uint8),
    "smallest": np.zeros((limits.SHORTEST_SIDE, limits.SHORTEST_SIDE), np.uint8),
    "a strip": np.zeros((limits.SHORTEST_SIDE, 3000), np.uint8),
    "R": page("R", 20),
    "L": page("L", 20),
    "AP": page("AP"),
    "LT LAT": page("LT LAT"),
    "ribs": np.tile((40 + 120 * (np.arange(256) // 6 % 2)).astype(np.uint8)[:, None], (1, 256)),
    "a grid": np.tile((40 + 120 * (np.arange(256) // 6 % 2)).astype(np.uint8), (256, 1)),
    "round clips": row(lambda to, n, at: cv2.circle(to, at, 4, INK, -1)),
    "round clips side by side": row(lambda to, n, at: cv2.circle(to, at, 3, INK, -1), 20, 8),
    "rings": row(lambda to, n, at: cv2.circle(to, at, 5, INK, 2)),
    "a chain": row(lambda to, n, at: cv2.circle(to, at, 5, INK, 1), 20, 10),
    "clips": row(lambda to, n, at: cv2.line(to, at, (at[0] + 4, at[1] + 9), INK, 2), 20, 9),
    "a ruler": ruler(),
    "a wire": zigzag(),
    "noise": np.random.default_rng(0).integers(0, 256, (512, 512)).astype(np.uint8),
    "grain": grainy(page(size=(512, 512)), 20),
}


@pytest.mark.parametrize("name", NO_LETTERS)
def test_what_is_no_line_of_letters(name):
    assert lines(NO_LETTERS[name]) == []


@pytest.mark.parametrize("text", ["ANNA", "SMITH, JOHN", "Lucia Pereira", "12.03.1958", "ID 0048213"])
@pytest.mark.parametrize("face", ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono"])
def test_bright_letters_and_dark_ones_are_found(text, face):
    picture = page(text, face=face)
    assert lines(picture) and lines(255 - picture)
    assert bool(lines(picture[:, ::-1]))  # nothing is read, so a picture may be mirrored


def test_a_line_is_where_the_letters_are_at_each_size():
    """At a scale of 4 the picture is searched at a quarter of its pixels, and the box is told in its own."""
    for size, height in ((256, 12), (1024, 24), (4096, 60)):
        picture = page("SMITH, JOHN", height, (size, size), at=(size // 8, size // 4))
        inked = np.argwhere(picture > GROUND)
        top, left, bottom, right = *inked.min(axis=0), *inked.max(axis=0) + 1
        near = 0.4 * height
        boxes = lines(picture)
        assert any(np.allclose(box, (left, top, right, bottom), atol=near) for box in boxes), (boxes, inked.min(0))


def test_letters_too_faint_to_be_meant_are_none():
    picture = page("SMITH, JOHN")
    faint = np.where(picture > GROUND, GROUND + (picture.astype(int) - GROUND) // 8, picture).astype(np.uint8)
    assert lines(picture) and not lines(faint)


def test_letters_stay_found_in_an_even_grain():
    assert lines(grainy(page("SMITH, JOHN"), 8))


def test_whatever_the_picture_holds_few_components_and_lines_are_looked_at(monkeypatch):
    """Noise of any grain: the work that is not OpenCV's own is bounded."""
    seen = []
    chains, line = burnt_in_letters._chains, burnt_in_letters._line
    monkeypatch.setattr(burnt_in_letters, "_chains", lambda boxes: seen.append(len(boxes)) or chains(boxes))
    monkeypatch.setattr(burnt_in_letters, "_line", lambda *all_of_it: seen.append("line") or line(*all_of_it))
    random = np.random.default_rng(3)
    for grain in (1, 2, 4, 8):
        small = random.integers(0, 256, (2048 // grain, 2048 // grain)).astype(np.uint8)
        seen.clear()
        lines(cv2.resize(small, (2048, 2048), interpolation=cv2.INTER_NEAREST))
        counts = [count for count in seen if count != "line"]
        assert len(counts) == 8 and max(counts) <= burnt_in_letters.MOST_GLYPHS  # four scales, two polarities
        assert 0 < max(counts) and seen.count("line") <= 8 * burnt_in_letters.MOST_LINES


def test_phantoms_raise_no_alarm():
    for seed in range(300_000, 300_002):
        made = phantom.render(seed, 256)
        assert lines(made.frontal) == lines(made.lateral) == []


def test_a_study_warns_of_each_view_that_has_letters(tmp_path):
    named, plain = tmp_path / "named.png", tmp_path / "plain.png"
    cv2.imwrite(str(named), page("SMITH, JOHN"))
    cv2.imwrite(str(plain), page("R", 20))

    def warned(*paths):
        notices = read_study(*paths).notices
        return [
            view for view in ("frontal", "lateral") if any(each.startswith(WARNING.format(view)) for each in notices)
        ]

    assert warned(named, plain) == ["frontal"] and warned(plain, named) == ["lateral"]
    assert warned(named) == ["frontal"] and warned(plain) == []
    assert warned(named, named) == ["frontal", "lateral"]


@pytest.mark.parametrize(
    ("said", "own_word"),
    [({}, False), ({"BurnedInAnnotation": "NO"}, False), ({"BurnedInAnnotation": "YES"}, True)],
)
def test_each_view_is_warned_of_once_and_a_denial_is_not_believed(tmp_path, said, own_word):
    path = tmp_path / "a.dcm"
    path.write_bytes(dicom_bytes(page("SMITH, JOHN"), **said))
    about = [each for each in read_study(path).notices if "burnt into" in each]
    assert len(about) == 1 and about[0].startswith("The file of the frontal picture says") == own_word


@pytest.mark.parametrize("height", [8, 12, 26, 48])
def test_letters_that_are_drawn_to_measure_are_as_tall_as_is_said(height, monkeypatch):
    monkeypatch.setattr(measured, "words", lambda random: "HHH")
    random = np.random.default_rng(4)
    for _ in range(20):
        cover = measured.lettering(measured.words(random), height, random)
        assert abs(int((cover.max(axis=1) > 0.5).sum()) - height) <= 1 + height // 16


@pytest.mark.parametrize("ink", measured.INKS)
def test_letters_are_drawn_to_measure_only_where_they_are_seen(ink):
    random = np.random.default_rng(4)
    drawn = measured.burnt_in(np.full((256, 256), 130, np.uint8), 14, ink, "inside", random)
    letters = np.abs(drawn.astype(int) - 130) > measured.VISIBLE - 15  # JPEG takes some of it
    assert letters.sum() > 200 and letters[:3].sum() == letters[-3:].sum() == 0


@pytest.mark.parametrize(("ink", "ground"), [("white", 250), ("black", 5)])
def test_letters_that_nobody_could_see_are_not_drawn_to_measure(ink, ground):
    random = np.random.default_rng(4)
    assert measured.burnt_in(np.full((256, 256), ground, np.uint8), 14, ink, "inside", random) is None


@pytest.mark.long
def test_two_hundred_phantoms_raise_alarms_in_two_of_a_hundred_at_most():
    found = [lines(pixels) for pixels in measured.phantom_pictures(measured.PHANTOMS, 256).values()]
    assert np.mean([bool(each) for each in found]) <= 0.02


def test_real_pictures_that_nothing_was_tuned_on(collection_folder):
    """Some hold words; they are counted as alarms here."""
    pictures = list(measured.collection_pictures(collection_folder).values())[::3]
    assert np.mean([bool(lines(pixels)) for pixels in pictures]) <= 0.02
    told = measured.hits(pictures, (10, 16, 26), 20)
    assert np.mean([each["found"] for each in told]) >= 0.9


@pytest.mark.long
def test_patients_that_nothing_was_tuned_on_by_how_their_films_were_taken():
    """PORTABLE is written on a third of the films taken from the front, at the bedside, and on none of the others."""
    folder = SHARED.parent / "nih-cxr"
    if not folder.is_dir():
        pytest.skip("NIH ChestX-ray14 is not on this machine")
    pictures = measured.nih_pictures(folder)
    position = {each.name: each.position for each in measured.read_nih(folder)}
    found = {name: bool(lines(pixels)) for name, pixels in pictures.items()}
    assert np.mean([found[name] for name in found if position[name] == "PA"]) <= 0.02
    assert np.mean([found[name] for name in found if position[name] == "AP"]) >= 0.2
