"""Every method on offer says what it shows and where it is from."""

from explain.methods.base import METHODS
from explain.methods.sources import SOURCES


def test_every_method_has_a_sentence_and_a_paper():
    assert list(SOURCES) == list(METHODS)
    for source in SOURCES.values():
        assert source.meaning.endswith(".") and source.meaning.count(". ") == 0
        assert "arXiv" in source.paper
