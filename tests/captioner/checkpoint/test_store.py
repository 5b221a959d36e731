"""A checkpoint there and back, and every way in which a folder can be broken."""

import json
import shutil

import numpy as np
import pytest
from safetensors import numpy as safetensors

from captioner.checkpoint import store as checkpoint
from captioner.checkpoint.validate import checksum
from captioner.errors import BadInput
from captioner.images.study import Study, View


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
    assert caption.log_prob == pytest.approx(
        sum(word.log_prob for word in best.words) + (best.end_log_prob or 0), abs=1e-4
    )
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
    forced = model.decoder.force(features.image_features, features.mask, tokens)
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"decoding": "sample"},
        {"decoding": "beam", "beam_width": 0},
        {"decoding": "beam", "beam_width": 11},
        {"length_penalty": -1},
        {"max_words": 0},
    ],
)
def test_wrong_settings_are_refused(model, study, wrong):
    with pytest.raises(ValueError):
        model.caption(study, **wrong)


def test_weights_are_halved_in_size_and_still_theirs(folder, model):
    arrays = checkpoint.read_weights(folder / "model.safetensors")
    assert {array.dtype.name for array in arrays.values()} == {"float16", "float32"}
    kernel = arrays["projection/kernel"]
    np.testing.assert_array_equal(kernel.astype(np.float32), model.network.feature_projection.kernel.numpy())


def test_saving_again_replaces_and_leaves_nothing_beside(folder, model):
    checkpoint.save(folder, model.network, model.vocabulary, checkpoint.read_config(folder))
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert (folder / "README.md").read_text() == "# Tiny\n"
    assert checkpoint.available(folder.parent) == [folder]


def rewrite(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    config.update(changes)
    (folder / "config.json").write_text(json.dumps(config))


def with_weights(folder, arrays):
    with_bytes(folder, safetensors.save(arrays))


def with_bytes(folder, data):
    """Other weights, with a checksum that fits."""
    (folder / "model.safetensors").write_bytes(data)
    files = json.loads((folder / "config.json").read_text())["files"]
    rewrite(folder, files={**files, "model.safetensors": checksum(folder / "model.safetensors")})


def headed(header, numbers=b"", length=None):
    """Bytes of the safetensors format, whatever the header says."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(header) if length is None else length).to_bytes(8, "little") + header + numbers


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def as_it_was(folder):
    """Turn a checkpoint into one of version 0.2: a NumPy archive, and the card under its old name."""
    arrays = checkpoint.read_weights(folder / "model.safetensors")
    np.savez_compressed(folder / "weights.npz", **arrays)
    (folder / "model.safetensors").unlink()
    (folder / "README.md").rename(folder / "card.md")
    files = json.loads((folder / "config.json").read_text())["files"]
    del files["model.safetensors"]
    rewrite(folder, files={**files, "weights.npz": checksum(folder / "weights.npz")})
    return arrays


def test_a_checkpoint_of_the_older_layout_is_read_and_saved_in_the_new_one(copy, model, study):
    arrays = as_it_was(copy)
    older = checkpoint.load(copy)
    assert older.caption(study).as_dict() == model.caption(study).as_dict()
    assert checkpoint.read_card(copy) == "# Tiny\n"
    checkpoint.save(copy, older.network, older.vocabulary, checkpoint.read_config(copy))
    assert {path.name for path in copy.iterdir()} == {
        "config.json",
        "vocabulary.json",
        "model.safetensors",
        "README.md",
    }
    assert (copy / "README.md").read_text() == "# Tiny\n"
    again = checkpoint.read_weights(copy / "model.safetensors")
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype and again[name].tobytes() == array.tobytes()


def test_a_broken_archive_of_the_older_layout_is_one_sentence(copy):
    as_it_was(copy)
    np.savez(copy / "weights.npz", x=np.array([None]))
    with pytest.raises(BadInput, match="copied only in part"):
        checkpoint.load(copy)
    files = json.loads((copy / "config.json").read_text())["files"]
    rewrite(copy, files={**files, "weights.npz": checksum(copy / "weights.npz")})
    with pytest.raises(BadInput, match="weights.npz is not a readable weights file"):
        checkpoint.load(copy)


def test_other_programs_read_the_weights(folder, model):
    """By the format's own description, with nothing but JSON and NumPy."""
    data = (folder / "model.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    places = json.loads(data[8 : 8 + length])
    assert places.keys() == checkpoint.named_weights(model.network).keys()
    for name, variable in checkpoint.named_weights(model.network).items():
        begin, end = places[name]["data_offsets"]
        kind = {"F16": np.float16, "F32": np.float32}[places[name]["dtype"]]
        array = np.frombuffer(data[8 + length :][begin:end], kind).reshape(places[name]["shape"])
        np.testing.assert_array_equal(array.astype(np.float32), variable.numpy())


@pytest.mark.parametrize(
    "break_it, says",
    [
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda folder: (folder / "config.json").write_text("[1]"), "lacks"),
        (lambda folder: (folder / "config.json").write_text("5"), "config.json cannot be read"),
        (lambda folder: rewrite(folder, format=99), "format 99"),
        (lambda folder: rewrite(folder, format="x" * 1000), "x; this program reads format 1"),
        (lambda folder: rewrite(folder, model="unheard"), "cannot be built"),
        (lambda folder: rewrite(folder, network={}), "cannot be built"),
        (lambda folder: rewrite(folder, network=None), "cannot be built"),
        (lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors is missing"),
        (lambda folder: (folder / "vocabulary.json").unlink(), "vocabulary.json is missing"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(
                (folder / "model.safetensors").read_bytes()[:-500]
            ),
            "copied only in part",
        ),
        (lambda folder: (folder / "vocabulary.json").write_text("{}"), "damaged"),
        (lambda folder: with_weights(folder, {"projection/kernel": np.zeros((2, 2), np.float32)}), "lack"),
        (lambda folder: with_weights(folder, {"x": np.array([1])}), "finite"),
        (lambda folder: with_bytes(folder, b""), "not a readable weights file"),
        (lambda folder: with_bytes(folder, headed(b"{}", length=1 << 62)), "its header is too long"),
        (lambda folder: with_bytes(folder, headed(b"[" * 100_000)), "not a readable weights file"),
        (lambda folder: with_bytes(folder, headed({"x": entry("F32", [2], 0, 8)}, bytes(4))), "not a readable weights"),
        (lambda folder: with_bytes(folder, headed({"x": entry("F32", [1 << 62], 0, 4)}, bytes(4))), "not a readable"),
        (
            lambda folder: with_bytes(folder, headed({"x": entry("F32", [1], 0, 4)}, bytes(99))),
            "not a readable weights",
        ),
        (
            lambda folder: with_bytes(
                folder, headed({"x": entry("F32", [1], 0, 4), "y": entry("F32", [1], 0, 4)}, bytes(4))
            ),
            "not a readable weights",
        ),
        (lambda folder: with_bytes(folder, headed({"x": entry("BF16", [1], 0, 2)}, bytes(2))), "of the type BF16"),
        (lambda folder: with_weights(folder, {"x": np.array([np.nan])}), "finite"),
        (lambda folder: with_weights(folder, {"x": np.array([3e38], np.float32)}), "too large for a weight"),
        (lambda folder: with_weights(folder, {"x": np.array([-1e300])}), "too large for a weight"),
    ],
)
def test_a_broken_folder_is_one_sentence(copy, break_it, says):
    break_it(copy)
    with pytest.raises(BadInput, match=says) as error:
        checkpoint.load(copy)
    assert "\n" not in str(error.value)


def test_a_misshapen_weight_is_named_and_nothing_is_assigned(copy, model):
    arrays = checkpoint.read_weights(copy / "model.safetensors")
    before = model.network.feature_projection.kernel.numpy()
    with pytest.raises(BadInput, match="projection/bias"):
        checkpoint.assign(model.network, {**arrays, "projection/bias": np.zeros(3)}, "tiny")
    np.testing.assert_array_equal(before, model.network.feature_projection.kernel.numpy())


def test_no_folder(tmp_path):
    with pytest.raises(BadInput):
        checkpoint.load(tmp_path / "nowhere")


def test_numbers_that_overflow_are_one_sentence_or_make_no_difference(folder, study):
    model, outcomes = checkpoint.load(folder), set()
    features = model.encode(study)
    for variable in checkpoint.named_weights(model.network).values():
        before = variable.numpy()
        variable.assign(np.full(variable.shape, 3e38, np.float32))
        for ask in (model.caption, lambda features: model.score_text(features, "no effusion")):
            try:
                hypothesis = ask(features)
                outcomes.add(np.isfinite([word.log_prob for word in hypothesis.words]).all())
            except BadInput as error:
                outcomes.add(str(error))
        variable.assign(before)
    assert outcomes == {True, "The checkpoint tiny gives no numbers for this study: its weights are not sound."}


def test_an_encoder_that_overflows_is_one_sentence(folder, study):
    model = checkpoint.load(folder)
    model.network.feature_projection.kernel.assign(
        np.full(model.network.feature_projection.kernel.shape, 3e38, np.float32)
    )
    with pytest.raises(BadInput, match="tiny gives no numbers for this study"):
        model.caption(study)


def test_checkpoints_go_by_the_name_in_their_configuration(tmp_path):
    told = {"default": '{"name": "attention"}', "twin": '{"name": "attention"}', "torn": "{", "odd": '{"name": 3}'}
    for folder, config in told.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / checkpoint.CONFIG).write_text(config)
    folders = [tmp_path / name for name in told]
    assert checkpoint.by_name(folders) == dict(zip(("attention", "twin", "torn", "odd"), folders))
