import warnings

import pytest

from captioner.errors import BadInput
from captioner.images.limits import LONGEST_NAME, decoding, shown_name


@pytest.mark.parametrize(
    "path, name",
    [
        ("/secret/folder/frontal.png", "frontal.png"),
        ("my  x\tray.png", "my xray.png"),
        ("a\nb\r\x1b[31m\x00c.png", "ab[31mc.png"),
        ("gnp.\u202eexe.png", "gnp.exe.png"),
        ("line\u2028break.png", "linebreak.png"),
        ("bro\udcffken.png", "broken.png"),
        ("Röntgen 胸部.dcm", "Röntgen 胸部.dcm"),
        ("", "The file"),
        ("\x01\x02", "The file"),
        ("/", "The file"),
    ],
)
def test_shown_name(path, name):
    assert shown_name(path) == name


def test_a_long_name_loses_its_middle():
    name = shown_name("a" * 200 + "z" * 50 + ".png")
    assert len(name) == LONGEST_NAME and name.startswith("aaa") and "…" in name and name.endswith("zz.png")


@pytest.mark.parametrize("error", [OSError, SyntaxError, KeyError, RecursionError, AssertionError])
def test_whatever_a_decoder_raises_becomes_one_sentence(error):
    with pytest.raises(BadInput) as caught, decoding("x"):
        raise error("patient Vermeulen")
    assert str(caught.value) == "x is damaged or cut off: it cannot be decoded."
    assert caught.value.__suppress_context__ and caught.value.__cause__ is None


def test_memory_that_is_not_there_is_said():
    with pytest.raises(BadInput, match="^x takes more time or memory to decode"), decoding("x"):
        raise MemoryError


def test_a_refusal_passes_through_and_the_next_decoder_may_run():
    with pytest.raises(BadInput, match="^mine$"), decoding("x"):
        raise BadInput("mine")
    with decoding("x"):
        pass


def test_a_person_can_still_interrupt():
    with pytest.raises(KeyboardInterrupt), decoding("x"):
        raise KeyboardInterrupt


def test_warnings_are_silent_inside_and_back_afterwards():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with decoding("x"):
            warnings.warn("patient Vermeulen", stacklevel=1)
        warnings.warn("mine", stacklevel=1)
    assert [str(item.message) for item in warned] == ["mine"]
