"""A checkpoint there and back, and every way in which a folder can be broken."""

import json
import shutil

import numpy as np
import pytest

from captioner import checkpoint
from captioner.errors import BadInput
from captioner.study import Study, View

@pytest.fixture(scope="module")
def folder(tiny_checkpoint, tmp_path_factory):
    return shutil.copytree(tiny_checkpoint, tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def model(folder):
    return checkpoint.load(folder)


@pytest.fixture
def copy(folder, tmp_path):
    """A copy of the folder that a test may break."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(1)
    return Study(*(View(name, rng.integers(0, 255, (90, 70), np.uint8)) for name in ("frontal", "lateral")), notices=())


def test_loaded_it_captions(model, study):
    caption = model.caption(study, decoding="beam", beam_width=4)
    assert caption.text == " ".join(word.text for word in caption.words)
    assert len(caption.hypotheses) == 4 and caption.views == (True, True)
    best = caption.hypotheses[0]
    assert caption.log_prob == pytest.approx(sum(word.log_prob for word in best.words) + (best.end_log_prob or 0), abs=1e-4)
    for word in caption.words:
        assert word.attention.shape == (2, 2, 2) and word.attention.dtype == np.float32
        assert word.attention.sum() == pytest.approx(1, abs=1e-5)
        assert len(word.alternatives) == 5 and word.view_share.shape == (2,)


def test_features_can_be_kept(model, study):
    features = model.encode(study)
    for decoding in ("greedy", "beam"):
        assert model.caption(features, decoding=decoding).as_dict() == model.caption(study, decoding=decoding).as_dict()


def test_width_one_is_greedy(model, study):
    greedy, beam = model.caption(study), model.caption(study, decoding="beam", beam_width=1)
    assert greedy.as_dict() == beam.as_dict()


def test_a_typed_text_is_scored_word_by_word(model, study):
    scored = model.score_text(study, "No acute pancake.")
    tokens = [*model.vocabulary.encode("no acute pancake ."), model.vocabulary.end]
    features = model.encode(study)
    forced = model.decoder.force(features.memory, features.mask, tokens)
    assert scored.text == "no acute pancake ." and scored.words[2].token_id == model.vocabulary.unknown
    assert [word.log_prob for word in scored.words] == pytest.approx(list(forced.log_probs[:-1]), abs=1e-5)
    assert scored.end_log_prob == pytest.approx(float(forced.log_probs[-1]), abs=1e-5)
    assert scored.log_prob == pytest.approx(sum(word.log_prob for word in scored.words) + scored.end_log_prob, abs=1e-4)


def test_a_missing_lateral_gets_no_attention_and_a_notice(model, study):
    caption = model.caption(Study(study.frontal, None, ()))
    assert caption.views == (True, False) and len(caption.notices) == 1
    assert all((word.attention[1] == 0).all() for word in caption.words)


def test_the_most_words_are_kept_to(model, study):
    assert len(model.caption(study, max_words=2).words) <= 2


@pytest.mark.parametrize("wrong", [{"decoding": "sample"}, {"decoding": "beam", "beam_width": 0},
                                   {"decoding": "beam", "beam_width": 11}, {"length_penalty": -1}, {"max_words": 0}])
def test_wrong_settings_are_refused(model, study, wrong):
    with pytest.raises(ValueError):
        model.caption(study, **wrong)


def test_weights_are_halved_in_size_and_still_theirs(folder, model):
    arrays = checkpoint.read_weights(folder / "weights.npz")
    assert {array.dtype.name for array in arrays.values()} == {"float16", "float32"}
    kernel = arrays["projection/kernel"]
    np.testing.assert_array_equal(kernel.astype(np.float32), model.network.projection.kernel.numpy())


def test_saving_again_replaces_and_leaves_nothing_beside(folder, model):
    checkpoint.save(folder, model.network, model.vocabulary, checkpoint.read_config(folder))
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert (folder / "card.md").read_text() == "# Tiny\n"
    assert checkpoint.available(folder.parent) == [folder]


def rewrite(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    config.update(changes)
    (folder / "config.json").write_text(json.dumps(config))


def with_weights(folder, arrays):
    np.savez(folder / "weights.npz", **arrays)
    files = json.loads((folder / "config.json").read_text())["files"]
    rewrite(folder, files={**files, "weights.npz": checkpoint._checksum(folder / "weights.npz")})


@pytest.mark.parametrize("break_it, says", [
    (lambda folder: (folder / "config.json").unlink(), "no config.json"),
    (lambda folder: (folder / "config.json").write_text("{"), "config.json cannot be read"),
    (lambda folder: (folder / "config.json").write_text("[1]"), "lacks"),
    (lambda folder: (folder / "config.json").write_text("5"), "config.json cannot be read"),
    (lambda folder: rewrite(folder, format=99), "format 99"),
    (lambda folder: rewrite(folder, format="x" * 1000), "x; this program reads format 1"),
    (lambda folder: rewrite(folder, model="unheard"), "cannot be built"),
    (lambda folder: rewrite(folder, network={}), "cannot be built"),
    (lambda folder: rewrite(folder, network=None), "cannot be built"),
    (lambda folder: (folder / "weights.npz").unlink(), "weights.npz is missing"),
    (lambda folder: (folder / "vocabulary.json").unlink(), "vocabulary.json is missing"),
    (lambda folder: (folder / "weights.npz").write_bytes((folder / "weights.npz").read_bytes()[:-500]), "copied only in part"),
    (lambda folder: (folder / "vocabulary.json").write_text("{}"), "damaged"),
    (lambda folder: with_weights(folder, {"projection/kernel": np.zeros((2, 2), np.float32)}), "lack"),
    (lambda folder: with_weights(folder, {"x": np.array([None])}), "not a readable weights file"),
    (lambda folder: with_weights(folder, {"x": np.array([np.nan])}), "finite"),
])
def test_a_broken_folder_is_one_sentence(copy, break_it, says):
    break_it(copy)
    with pytest.raises(BadInput, match=says) as error:
        checkpoint.load(copy)
    assert "\n" not in str(error.value)


def test_a_misshapen_weight_is_named_and_nothing_is_assigned(copy, model):
    arrays = checkpoint.read_weights(copy / "weights.npz")
    before = model.network.projection.kernel.numpy()
    with pytest.raises(BadInput, match="projection/bias"):
        checkpoint.assign(model.network, {**arrays, "projection/bias": np.zeros(3)}, "tiny")
    np.testing.assert_array_equal(before, model.network.projection.kernel.numpy())


def test_no_folder(tmp_path):
    with pytest.raises(BadInput):
        checkpoint.load(tmp_path / "nowhere")
