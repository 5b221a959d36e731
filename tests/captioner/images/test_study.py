import os
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import captioner
from captioner.errors import BadInput
from captioner.images import gate, limits, study, view_classifier
from captioner.images.study import read_study, read_view
from tests.captioner.images.dicom_files import dicom_bytes, gradient


@pytest.fixture
def write(tmp_path):
    """Writes a picture (an array) or bytes to a file of that name; returns its path."""

    def write(content, name="frontal.png"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            Image.fromarray(content).save(path)
        return path

    return write


def test_two_views(write):
    frontal, lateral = gradient(40, 60), gradient(80, 50)[::-1]
    read = read_study(write(frontal), str(write(lateral, "lateral.tiff")))
    assert [view.name for view in read.views] == ["frontal", "lateral"] and read.views[1] is read.lateral
    np.testing.assert_array_equal(read.frontal.pixels, frontal)
    np.testing.assert_array_equal(read.lateral.pixels, lateral)
    assert read.frontal.pixels.dtype == np.uint8 and read.frontal.pixels.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        read.frontal.pixels[0, 0] = 1
    with pytest.raises(AttributeError):
        read.frontal = read.lateral


@pytest.mark.parametrize("missing", [None, ""])
def test_one_view(write, missing):
    read = read_study(write(gradient()), missing)
    assert read.lateral is None and read.views == (read.frontal,)


@pytest.mark.parametrize("missing", [None, ""])
def test_the_frontal_view_is_needed(write, missing):
    with pytest.raises(BadInput, match="frontal view is missing"):
        read_study(missing, write(gradient()))


def test_the_bytes_count_and_not_the_name(write):
    data = write(gradient()).read_bytes()
    for name in ("picture.dcm", "picture", "picture.jpg", "picture.txt"):
        np.testing.assert_array_equal(read_view(write(data, name)).pixels, gradient())
    for name in ("radiograph.png", "IM0001"):
        np.testing.assert_array_equal(read_view(write(dicom_bytes(gradient()), name), "lateral").pixels, gradient())
    assert read_view(write(data), "lateral").name == "lateral"


def test_the_top_level_names_are_these():
    assert captioner.read_study is read_study and captioner.Study is study.Study and captioner.View is study.View


def one_sentence(*paths):
    with pytest.raises(BadInput) as caught:
        read_study(*paths)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 250 and ". " not in sentence
    assert caught.value.__cause__ is None
    return sentence


def test_the_sentence_names_the_file_at_fault_without_its_folder(write, tmp_path):
    sentence = one_sentence(write(gradient()), write(b"", "side view.png"))
    assert sentence == "side view.png is empty."
    assert str(tmp_path) not in sentence


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "is empty"),
        (b"hello, I am not a picture", "is not a picture"),
        (b"\x89PNG\r\n\x1a\n", "is damaged or cut off"),
        (b"\xff\xd8\xff\xe0 and nothing else", "is damaged or cut off"),
        (b"\0" * 128 + b"DICM", "is a DICOM file without a picture"),
        (gradient(1, 1), "is too small"),
    ],
)
def test_bad_files(write, content, sentence):
    assert one_sentence(write(content)).startswith(f"frontal.png {sentence}")


def test_what_is_no_file(tmp_path):
    assert one_sentence(tmp_path / "nowhere.png") == "nowhere.png does not exist."
    (tmp_path / "folder.png").mkdir()
    assert one_sentence(tmp_path / "folder.png") == "folder.png is a folder, not a picture."
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for ever
    assert one_sentence(tmp_path / "pipe.png") == "pipe.png is not a file."
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.png"))
        assert one_sentence(tmp_path / "socket.png") == "socket.png is not a file."
    assert one_sentence("/dev/zero") == "zero is not a file."
    assert "cannot be opened" in one_sentence("null\0character.png")
    assert "cannot be opened" in one_sentence("x" * 5000)
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    assert "loop.png cannot be opened" in one_sentence(tmp_path / "loop.png")
    assert one_sentence(tmp_path / "folder.png" / ".." / "a" / "b.png") == "b.png does not exist."


def test_a_file_that_may_not_be_read(write, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = write(gradient())
    monkeypatch.setattr("builtins.open", refuse)
    assert one_sentence(path) == "frontal.png may not be opened: permission denied."


def test_too_many_bytes(write, monkeypatch):
    monkeypatch.setattr(study, "MAX_BYTES", 1 << 20)
    path = write(gradient())
    with open(path, "ab") as file:
        file.truncate((1 << 20) + 1)
    assert one_sentence(path) == "frontal.png is too large: more than 1 MB."


def test_the_largest_picture_fits_into_the_most_bytes():
    assert limits.MAX_PIXELS * 2 < limits.MAX_BYTES


def test_a_colour_photograph_is_answered_with_a_notice(write):
    noise = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8).repeat(20, 0).repeat(20, 1)
    read = read_study(write(noise))
    assert read.frontal.pixels.shape == (180, 180)
    assert any("frontal picture is in colour" in notice for notice in read.notices)
    read = read_study(write(gradient()), write(noise, "lateral.png"))
    assert any("lateral picture is in colour" in notice for notice in read.notices)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_is_answered_with_a_notice(write, level):
    read = read_study(write(np.full((40, 60), level, np.uint8)))
    assert read.notices == ("The frontal picture is blank: there is nothing in it to describe.",)


def test_one_picture_given_twice_is_told(write):
    path = write(gradient())
    assert read_study(path, path).notices == ("The same picture was given as frontal and as lateral view.",)


@pytest.fixture
def judge(monkeypatch):
    """Makes the judge say these probabilities of being lateral, by the pictures' heights."""

    def judge(by_height):
        monkeypatch.setattr(view_classifier, "lateral_probability", lambda pixels: by_height[pixels.shape[0]])
        for doubts in ("doubts", "pair_doubts"):  # what a gradient looks like is no matter here
            monkeypatch.setattr(gate, doubts, lambda *pictures: ())

    return judge


@pytest.mark.parametrize(
    "frontal, lateral, told",
    [(0.9, 0.1, True), (0.9, 0.5, False), (0.5, 0.1, False), (0.1, 0.9, False), (1.0, 1.0, False), (0.0, 0.0, False)],
)
def test_swapped_views_need_two_witnesses(write, judge, frontal, lateral, told):
    judge({40: frontal, 50: lateral})
    notices = read_study(write(gradient(40)), write(gradient(50), "lateral.png")).notices
    assert [("swapped" in notice) for notice in notices] == ([True] if told else [])


@pytest.mark.parametrize("probability, told", [(0.99, True), (0.9, False), (0.01, False)])
def test_a_lateral_given_alone_as_frontal(write, judge, probability, told):
    judge({40: probability})
    notices = read_study(write(gradient(40))).notices
    assert [("looks like a lateral" in notice) for notice in notices] == ([True] if told else [])


def test_real_views_that_are_swapped(collection_folder):
    def path(ending):
        return Path(collection_folder) / "images" / f"3_IM-1384-{ending}.jpg"

    assert read_study(path(1001), path(2001)).notices == ()
    assert "swapped" in read_study(path(2001), path(1001)).notices[0]
    assert "looks like a lateral" in read_study(path(2001)).notices[0]
