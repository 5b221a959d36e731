"""Words and ids: by hand, and there and back for anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import BadInput
from captioner.vocabulary import Vocabulary

SPECIAL = ["<pad>", "<start>", "<end>", "<unk>"]


def test_words_by_count_then_alphabet():
    vocabulary = Vocabulary.of(["no effusion .", "no nodule .", "no effusion ."], min_count=2)
    assert vocabulary.tokens == (*SPECIAL, ".", "no", "effusion")
    assert (vocabulary.pad, vocabulary.start, vocabulary.end, vocabulary.unknown) == (0, 1, 2, 3)
    assert vocabulary.encode("no nodule .") == [5, 3, 4]
    assert vocabulary.decode([1, 5, 6, 4, 2, 5]) == "no effusion ."


@given(st.lists(st.text("abcdefg", min_size=1, max_size=5), min_size=1))
def test_there_and_back(words):
    text = " ".join(words)
    vocabulary = Vocabulary.of([text], min_count=1)
    assert vocabulary.decode([vocabulary.start, *vocabulary.encode(text), vocabulary.end]) == text


def test_saved_and_loaded_with_other_special_tokens(tmp_path):
    written = Vocabulary(["<pad>", "<unk>", ".", "<cls>", "<end>", "clear"], start="<cls>")
    written.save(tmp_path / "vocabulary.json")
    read = Vocabulary.load(tmp_path / "vocabulary.json")
    assert (read.tokens, read.start, read.end, read.unknown) == (written.tokens, 3, 4, 1)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"tokens": ["a"]}',
        "[" * 100_000,
        json.dumps(
            {"pad": "<pad>", "start": "<start>", "end": "<end>", "unknown": "<unk>", "tokens": [*SPECIAL, "a", "a"]}
        ),
        json.dumps({"pad": "<pad>", "start": "<start>", "end": "<end>", "unknown": "<unk>", "tokens": [*SPECIAL, 5]}),
        json.dumps({"pad": ["<pad>"], "start": "<start>", "end": "<end>", "unknown": "<unk>", "tokens": SPECIAL}),
        json.dumps({"pad": "<pad>", "start": "<start>", "end": "<end>", "unknown": "<unk>", "tokens": "abc"}),
    ],
)
def test_what_is_no_vocabulary_is_refused(tmp_path, content):
    (tmp_path / "vocabulary.json").write_text(content)
    with pytest.raises(BadInput):
        Vocabulary.load(tmp_path / "vocabulary.json")
