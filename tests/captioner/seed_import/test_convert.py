"""The seed's files become a checkpoint that gives the same answers; what does not fit is named."""

import json
import os
import pickle
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

import captioner
from benchmarks.seed_files import WORDS, tokenizer_pickle, write_seed_files
from captioner.checkpoint.store import available, load, named_weights
from captioner.errors import BadInput
from captioner.images.study import Study, View
from captioner.pretrained.legacy_hdf5 import read_arrays
from captioner.seed_import.convert import FRONTAL_TWICE, import_seed, read_vocabulary, weight_name, weight_shapes
from tests.conftest import SHARED

FIXTURE = Path(os.environ.get("CXR_SEED_FILES", SHARED.parent / "seed-checkpoint"))
HDF5, PICKLE = "Encoder_Decoder_global_attention.h5", "tokenizer.pkl"
ANSWERS = FIXTURE / "Encoder_Decoder_global_attention.json"
CASES = json.loads(ANSWERS.read_text())["cases"] if ANSWERS.is_file() else [None]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The shared checkpoint, imported and loaded."""
    if not ANSWERS.is_file():
        pytest.skip("the checkpoint in the seed's format is not on this machine (set CXR_SEED_FILES)")
    return load(import_seed(FIXTURE / HDF5, FIXTURE / PICKLE, tmp_path_factory.mktemp("weights") / "seed"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["images"][0].split("_")[0] if case else "absent")
def test_greedy_gives_the_seed_s_own_answers(model, collection_folder, case):
    study = captioner.read_study(*[collection_folder / "images" / name for name in case["images"]])
    caption = model.caption(study)
    assert [word.token_id for word in caption.words] == case["token_ids"]
    assert caption.text == case["text"]
    probabilities = np.exp([word.log_prob for word in caption.words])
    np.testing.assert_allclose(probabilities, case["probabilities"], atol=1e-4)
    attention = np.array([word.attention.reshape(-1) for word in caption.words])
    np.testing.assert_allclose(attention, case["attention"], atol=1e-4)
    assert caption.words[0].attention.shape == (2, 3, 3) and caption.notices == ()


def test_a_study_with_one_picture_uses_it_twice_and_says_so(model, collection_folder):
    frontal = collection_folder / "images" / CASES[0]["images"][0]
    alone, twice = model.caption(captioner.read_study(frontal)), model.caption(captioner.read_study(frontal, frontal))
    assert FRONTAL_TWICE in alone.notices
    assert [word.token_id for word in alone.words] == [word.token_id for word in twice.words]
    for ours, theirs in zip(alone.words, twice.words):
        np.testing.assert_allclose(ours.attention, theirs.attention, atol=1e-6)


def test_the_folder_says_what_it_is_and_the_page_lists_it(model):
    assert model.config["preparation"] == {"name": "seed", "size": 224, "channels": 3, "missing_lateral": "repeat"}
    assert model.grid == (3, 3) and model.coverage == (192 / 224, 192 / 224) and model.has_attention
    assert model.folder in available(model.folder.parent)
    assert len(model.vocabulary) == 1387
    assert [model.vocabulary.word(number) for number in range(5)] == ["<pad>", "<unk>", ".", "<cls>", "<end>"]
    assert "import-seed" in (model.folder / "README.md").read_text()


# From here on without the shared files.


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Random files in the seed's format with 40 words."""
    return write_seed_files(tmp_path_factory.mktemp("made"), words=40, seed=2)


@pytest.fixture
def changed(made, tmp_path):
    """A copy of the random weights for a test to spoil."""
    path = tmp_path / HDF5
    path.write_bytes(made[0].read_bytes())
    return path


def test_it_agrees_with_a_plain_loop_over_keras_own_layers(made, tmp_path):
    from benchmarks.plain_loop import PlainLoop

    pictures = np.random.default_rng(9).integers(0, 256, (2, 300, 280), np.uint8)
    paths = [tmp_path / "frontal.png", tmp_path / "lateral.png"]
    for path, pixels in zip(paths, pictures):
        cv2.imwrite(str(path), pixels)
    tokens, probabilities, attention = PlainLoop.of_file(made[0]).caption(*paths)
    model = load(import_seed(*made, tmp_path / "imported"))
    assert {name: tuple(weight.shape) for name, weight in named_weights(model.network).items()} == weight_shapes(41)
    caption = model.caption(Study(View("frontal", pictures[0]), View("lateral", pictures[1]), ()))
    assert len(tokens) == 29 and len(set(tokens)) > 3  # or the test would prove little
    assert [word.token_id for word in caption.words] == tokens
    np.testing.assert_allclose(np.exp([word.log_prob for word in caption.words]), probabilities, atol=1e-4)
    np.testing.assert_allclose([word.attention.reshape(-1) for word in caption.words], attention, atol=1e-4)


def test_the_newer_naming_gives_the_same_weights(made, tmp_path):
    newer = tmp_path / "newer"
    newer.mkdir()
    files = write_seed_files(newer, words=40, seed=2, old_names=False)
    with h5py.File(files[0]) as file:
        assert "image_encoder/conv1_conv/kernel:0" in file
    first, second = (read_arrays(path, weight_shapes(41), weight_name) for path in (made[0], files[0]))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def spoil(place, values):
    def change(file):
        if place in file:
            del file[place]
        if values is not None:
            file[place] = values

    return change


@pytest.mark.parametrize(
    "change, told",
    [
        (spoil("bkdense/bkdense/bias:0", None), "lacks the array projection/bias"),
        (spoil("image_encoder/conv1/conv/kernel:0", None), "lacks the array conv1_conv/kernel"),
        (spoil("decoder/dense_4/kernel:0", np.zeros(3)), "holds the extra array decoder/dense_4/kernel:0"),
        (spoil("image_encoder/conv1/conv/bias:0", np.zeros(64)), "the extra array image_encoder/conv1/conv/bias:0"),
        (spoil("decoder/dense_3/bias:0", np.zeros(8)), r"decoder/dense_3/bias:0 in the shape \(8,\), not \(41,\)"),
        (spoil("image_encoder/bn/gamma:0", np.full(1024, np.nan)), "in image_encoder/bn/gamma:0 that are not finite"),
        (spoil("image_encoder/conv1_bn/gamma:0", np.zeros(64)), "holds the array conv1_bn/gamma twice"),
    ],
)
def test_arrays_that_do_not_fit_are_named_and_nothing_is_left(made, changed, tmp_path, change, told):
    with h5py.File(changed, "a") as file:
        change(file)
    out = tmp_path / "weights" / "seed"
    with pytest.raises(BadInput, match=f"^{HDF5} .*{told}"):
        import_seed(changed, made[1], out)
    assert not out.parent.exists()


def test_a_tokenizer_of_another_size_is_named(made, tmp_path):
    other = tmp_path / "other.pkl"
    other.write_bytes(tokenizer_pickle({word: number for number, word in enumerate(WORDS, 1)}))
    with pytest.raises(BadInput, match=r"in the shape \((41, 300|512, 41|41,)\), not \((5, 300|512, 5|5,)\)"):
        import_seed(made[0], other, tmp_path / "out")


@pytest.mark.parametrize("index", [{"<unk>": 1, "<cls>": 2}, {"<end>": 1, "<unk>": 2}])
def test_a_tokenizer_without_the_special_words_is_named(tmp_path, index):
    path = tmp_path / PICKLE
    path.write_bytes(tokenizer_pickle(index))
    with pytest.raises(BadInput, match=f"{PICKLE} has no word <"):
        read_vocabulary(path)


def test_an_attack_in_the_tokenizer_is_refused_before_the_weights_are_read(made, tmp_path):
    path, target = tmp_path / PICKLE, tmp_path / "proof"

    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(target),)

    path.write_bytes(pickle.dumps(Attack()))
    with pytest.raises(BadInput, match="names posix.mkdir|names nt.mkdir"):
        import_seed(made[0], path, tmp_path / "out")
    assert not target.exists() and not (tmp_path / "out").exists()


def test_nothing_but_a_checkpoint_is_written_over(made, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(BadInput, match="mine holds thesis.txt, which is no part of a checkpoint"):
        import_seed(*made, mine)
    with pytest.raises(BadInput, match="thesis.txt is there already"):
        import_seed(*made, mine / "thesis.txt")
    assert (mine / "thesis.txt").read_text() == "years of work"


def test_a_break_while_writing_leaves_nothing(made, tmp_path, monkeypatch):
    out = tmp_path / "weights" / "seed"

    def full(*arguments, **values):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("captioner.checkpoint.store.write_file", full)
    with pytest.raises(BadInput, match="cannot be written: No space left on device"):
        import_seed(*made, out)
    assert list(out.parent.iterdir()) == []
