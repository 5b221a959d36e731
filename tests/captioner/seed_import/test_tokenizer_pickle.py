"""The tokenizer's pickle is read and never run."""

import collections
import datetime
import os
import pickle
import struct
import sys
import types

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captioner.errors import BadInput
from captioner.seed_import.tokenizer_pickle import MAX_BYTES, TOKENIZERS, read_tokenizer

WORDS = ["<unk>", ".", "<cls>", "<end>", "no", "effusion"]


def keras_tokenizer(monkeypatch, module="keras_preprocessing.text", words=WORDS, **changed):
    """An object that pickles exactly as Keras' tokenizer of that module does, without having the package."""
    made = type("Tokenizer", (), {"__module__": module})
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[module].Tokenizer = made
    tokenizer = made()
    index = {word: number for number, word in enumerate(words, 1)}
    counts = collections.defaultdict(int)
    counts.update(dict.fromkeys(words, 3))
    state = {
        "word_counts": collections.OrderedDict((word, 3) for word in words),
        "word_docs": counts,
        "filters": "",
        "split": " ",
        "lower": True,
        "num_words": None,
        "document_count": 3,
        "char_level": False,
        "oov_token": "<unk>",
        "index_docs": collections.defaultdict(int, {1: 3}),
        "word_index": index,
        "index_word": {number: word for word, number in index.items()},
    }
    tokenizer.__dict__.update({**state, **changed})
    return tokenizer


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "tokenizer.pkl"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("module", sorted(module for module, _ in TOKENIZERS))
def test_reads_the_tokenizer_of_every_module_and_protocol(monkeypatch, write, module, protocol):
    read = read_tokenizer(write(pickle.dumps(keras_tokenizer(monkeypatch, module), protocol=protocol)))
    assert read.words == tuple(WORDS)
    assert read.unknown == "<unk>"


def test_ids_decide_the_order_and_not_the_dictionary(monkeypatch, write):
    tokenizer = keras_tokenizer(monkeypatch, word_index={"b": 2, "a": 1, "<unk>": 3})
    assert read_tokenizer(write(pickle.dumps(tokenizer))).words == ("a", "b", "<unk>")


class Runs:
    """Pickles as a call, the way an attack does."""

    def __init__(self, called, *arguments):
        self.reduced = called, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_call_is_refused_by_name_and_not_run(tmp_path, write, protocol):
    target = tmp_path / "proof"
    path = write(pickle.dumps(Runs(os.mkdir, str(target)), protocol=protocol))
    with pytest.raises(BadInput, match=rf"tokenizer.pkl names {os.mkdir.__module__}.mkdir"):
        read_tokenizer(path)
    assert not target.exists()


@pytest.mark.parametrize(
    "called, named",
    [
        (eval, "eval"),
        (getattr, "getattr"),
        (__import__, "__import__"),
        (datetime.date, "datetime.date"),
        (dict, "dict"),
        (collections.Counter, "collections.Counter"),
        (os.system, "system"),
    ],
)
def test_a_call_hidden_inside_a_tokenizer_is_refused_by_name(monkeypatch, write, called, named):
    tokenizer = keras_tokenizer(monkeypatch, word_index={"a": Runs(called, "1")})
    with pytest.raises(BadInput, match=named):
        read_tokenizer(write(pickle.dumps(tokenizer)))


def opcodes(*parts):
    return b"\x80\x02" + b"".join(parts) + b"."


DEFAULT, ORDERED = b"ccollections\ndefaultdict\n", b"ccollections\nOrderedDict\n"


@pytest.mark.parametrize(
    "content",
    [
        opcodes(DEFAULT, b"cbuiltins\nint\n", b"\x85R", b"}", b"b"),  # attributes for a dictionary
        opcodes(DEFAULT, ORDERED, b"\x85R"),  # another factory
        opcodes(b"cbuiltins\nint\n", b"X\x01\x00\x00\x003", b"\x85R"),  # int itself called
        opcodes(ORDERED, b"K\x01", b"\x85R"),
        opcodes(b"ckeras_preprocessing.text\nTokenizer\n", b"K\x01", b"\x85\x81"),  # the tokenizer with an argument
        opcodes(b"ckeras_preprocessing.text\nTokenizer.__init__.__globals__\n"),
        opcodes(b"ckeras_preprocessing.text\nTokenizer\n", b")\x81", b"X\x01\x00\x00\x00a", b"b"),
        opcodes(b"ckeras_preprocessing.text\nTokenizer\n", b"}", b"b"),  # attributes for the class
        opcodes(b"\x82\x01"),  # the extension registry
        opcodes(b"K\x01", b"Q"),  # a persistent id
        opcodes(b"(", b"cos\nsystem\n", b"o"),
        opcodes(b"(", b"X\x01\x00\x00\x00a", b"ios\nsystem\n"),
        opcodes(b"K\x01"),
        opcodes(b"}"),
        opcodes(b"("),
        opcodes(b"(t0"),
        opcodes(b"\x85"),
        opcodes(b"h\x05"),
        opcodes(),
        opcodes(b"}", b"(", b"K\x01", b"u"),
        opcodes(b"}", b")", b"K\x01", b"s"),
        opcodes(b"K\x01K\x02"),
        b"",
        b".",
        b"\x80",
        b"not a pickle",
        opcodes(b"X\xff\xff\xff\x7fa"),
        opcodes(b"L" + b"9" * 9999 + b"L\n"),
        opcodes(b"\x8e" + struct.pack("<Q", 1 << 62)),
    ],
)
def test_what_no_tokenizer_holds_is_refused(write, content):
    with pytest.raises(BadInput, match="^tokenizer.pkl .*[.]$"):
        read_tokenizer(write(content))


@pytest.mark.parametrize(
    "changed",
    [
        {"word_index": {}},
        {"word_index": {"a": 2}},
        {"word_index": {"a": 1, "b": 1}},
        {"word_index": {1: "a"}},
        {"word_index": {"a": True}},
        {"word_index": [1]},
        {"word_index": {"a": 1.0}},
        {"oov_token": "unheard"},
        {"oov_token": 3},
        {"word_index": {"a": int}},
    ],
)
def test_a_tokenizer_that_makes_no_vocabulary_is_refused(monkeypatch, write, changed):
    with pytest.raises(BadInput, match="^tokenizer.pkl holds a tokenizer wh|^tokenizer.pkl holds a tokenizer without"):
        read_tokenizer(write(pickle.dumps(keras_tokenizer(monkeypatch, **changed))))


def test_nested_keys_cannot_take_for_ever(write):
    doubled = b"K\x01" + b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(60))
    with pytest.raises(BadInput):
        read_tokenizer(write(opcodes(b"}", doubled, b"K\x01", b"s")))


def test_missing_and_huge_files_are_refused(tmp_path, write):
    with pytest.raises(BadInput, match="absent.pkl cannot be read"):
        read_tokenizer(tmp_path / "absent.pkl")
    path = write(b"")
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(BadInput, match="too many for a tokenizer"):
        read_tokenizer(path)


PIECES = [
    b"}",
    b"]",
    b")",
    b"(",
    b"K\x01",
    b"q\x00",
    b"h\x00",
    b"s",
    b"u",
    b"t",
    b"\x85",
    b"R",
    b"b",
    b"\x81",
    b"N",
    b"\x93",
    b"\x94",
    b"X\x01\x00\x00\x00a",
    DEFAULT,
    ORDERED,
    b"cos\nsystem\n",
    b"ckeras_preprocessing.text\nTokenizer\n",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES)).map(lambda parts: opcodes(*parts)))
def test_no_bytes_bring_anything_but_a_plain_refusal(write, content):
    with pytest.raises(BadInput):
        read_tokenizer(write(content))


def test_a_truncated_tokenizer_is_refused(monkeypatch, write):
    content = pickle.dumps(keras_tokenizer(monkeypatch), protocol=2)
    for length in range(0, len(content) - 1, 7):
        with pytest.raises(BadInput):
            read_tokenizer(write(content[:length]))
