"""The decoder alone, on a checkpoint's encoder: what it takes over, that the encoder is unchanged, and its captions."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest

import captioner
from captioner.__main__ import main
from captioner.checkpoint import store as checkpoint
from captioner.checkpoint.store import named_weights
from captioner.errors import BadInput
from captioner.models import network_class
from captioner.models.attention import AttentionCaptioner
from captioner.models.densenet import ENCODERS
from captioner.reports.collection import read_collection
from captioner.reports.findings import FINDINGS
from captioner.training.augmentation import Augmentation
from captioner.training.basis import follow
from captioner.training.examples import Example, PictureStore
from captioner.training.feature_batches import FeatureBatches, FeatureStore
from captioner.training.recipes import RECIPES
from captioner.training.trainer import Training
from captioner.training.warm_start import average_weights, start_from
from captioner.vocabulary import Vocabulary

pytestmark = pytest.mark.usefixtures("without_graphs")

WORDS = ("no", "acute", "effusion", "cardiomegaly", "large", "small", "left", "right", "pleural", "opacity", ".")
DECODER = RECIPES["decoder"]
TARGETS = ["normal", "Cardiomegaly", "Pleural Effusion"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The model.safetensors of a checkpoint of another size, widths and preparation than any recipe has."""
    keras.utils.set_random_seed(5)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", *WORDS])
    network = AttentionCaptioner(ENCODERS["densenet-tiny"], len(vocabulary), 3, (3, 3), depth=8, units=6, embedding=4)
    config = {
        "name": "first",
        "model": "attention",
        "decoding": {"max_words": 10, "length_penalty": 0.7},
        "preparation": {"name": "area", "size": 96, "channels": 1, "mean": 0.4, "std": 0.3},
        "targets": TARGETS,
        "training": {"hours": 1.5},
    }
    folder = tmp_path_factory.mktemp("weights") / "first"
    checkpoint.save(folder, network, vocabulary, config, halve=False)
    return folder / "model.safetensors"


@pytest.fixture(scope="module", params=[pytest.param("simple", marks=pytest.mark.long), "chained-context"])
def trained(request, collection, weights, tmp_path_factory):
    """A training of two short phases, and what it said."""
    out, said = tmp_path_factory.mktemp("runs") / request.param, []
    phases = tuple(
        dataclasses.replace(phase, epochs=1, batch=8, phantoms=phase.goal == "captions") for phase in DECODER.phases
    )
    recipe = dataclasses.replace(DECODER, phases=phases, phantoms=1, max_words=5)
    Training(collection, out, request.param, recipe, encoder_weights=weights, limit=16, say=said.append).run()
    return request.param, out, said


def test_the_checkpoint_follows_encoder_size_preparation_words_and_findings(trained, weights):
    name, out, _ = trained
    config = json.loads((out / "checkpoint" / "config.json").read_text())
    assert config["model"] == name and config["targets"] == TARGETS
    assert config["training"]["before"] == {"hours": 1.5}
    assert config["preparation"] == {"name": "area", "size": 96, "channels": 1, "mean": 0.4, "std": 0.3}
    network = config["network"]
    assert (network["depth"], network["units"], network["embedding"], network["grid"]) == (8, 6, 4, [3, 3])
    vocabularies = [(folder / "vocabulary.json").read_text() for folder in (out / "checkpoint", weights.parent)]
    assert vocabularies[0] == vocabularies[1]


def test_the_encoder_kept_still_and_the_rest_did_not(trained, weights):
    _, out, _ = trained
    before, after = checkpoint.read_weights(weights), checkpoint.read_weights(out / "progress" / "last.npz")
    encoder = {variable.path for variable in captioner.load(weights.parent).network.encoder.variables}
    assert encoder <= set(after)
    for name in encoder:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    assert not np.array_equal(before["embedding/embeddings"], after["embedding/embeddings"])


def test_it_captions_greedily_and_with_a_beam(trained, collection):
    name, out, said = trained
    model = captioner.load(out / "checkpoint")
    report = read_collection(collection).reports[0]
    study = captioner.read_study(report.frontal[0], report.lateral[0])
    for decoding in ("greedy", "beam"):
        caption = model.caption(study, decoding=decoding, beam_width=4)
        for word in caption.words:
            assert (word.attention is None) == (name == "simple")
    assert any("goes through the encoder once" in line for line in said)
    epochs = [json.loads(line) for line in (out / "progress" / "history.jsonl").read_text().splitlines()]
    assert [epoch["goal"] for epoch in epochs] == [phase.goal for phase in DECODER.phases]
    assert all(np.isfinite(epoch["train_loss"]) for epoch in epochs)
    assert ("train_attention_loss" in epochs[0]) == (name != "simple")


def test_features_of_a_picture_are_what_the_encoder_makes_of_it(weights):
    network = captioner.load(weights.parent).network
    store = PictureStore(96)
    rng = np.random.default_rng(1)
    indices = [store.add(rng.integers(0, 255, (100, 80), np.uint8)) for _ in range(3)]
    preparation = {"channels": 1, "mean": 0.4, "std": 0.3}
    kept = FeatureStore(network.encoder, store, preparation)
    pictures = (np.stack([store[index] for index in indices])[..., None] / 255 - 0.4) / 0.3
    expected = np.asarray(network.encoder(pictures.astype(np.float32)))
    np.testing.assert_allclose(np.stack([kept[index] for index in indices]), expected, atol=2e-3)
    examples = [
        Example("1", (0,), (1,), "no effusion .", np.zeros(3, np.float32)),
        Example("2", (2,), (), "effusion .", np.ones(3, np.float32)),
    ]
    batches = FeatureBatches(
        examples,
        kept,
        preparation,
        Vocabulary(["<pad>", "<start>", "<end>", "<unk>", *WORDS]),
        (3, 3),
        steps=5,
        batch=2,
    )
    inputs, answers, _ = batches[0]
    assert sorted(inputs) == ["features", "mask", "tokens"] and answers["attention"].shape == (2, 5, 18)
    np.testing.assert_array_equal(inputs["mask"], [[True, True], [True, False]])
    np.testing.assert_array_equal(inputs["features"][0, 1], kept[1].astype(np.float32))
    assert (inputs["features"][1, 1] == 0).all()


def test_an_example_is_drawn_alike_in_whichever_batch_it_comes(weights):
    store = PictureStore(32)
    index = store.add(np.random.default_rng(1).integers(0, 255, (40, 50), np.uint8))
    examples = [Example(str(n), (index,), (index,), "no effusion .", np.zeros(2, np.float32)) for n in range(6)]
    from captioner.training.dataset import StudyBatches

    batches = StudyBatches(
        examples,
        store,
        {"channels": 1},
        Vocabulary(["<pad>", "<start>", "<end>", "<unk>", *WORDS]),
        None,
        6,
        4,
        augmentation=Augmentation(),
        word_dropout=0.3,
        seed=3,
    )
    whole, _, _ = batches.rows(0, 4)
    parts = [batches.rows(start, start + 2)[0] for start in (0, 2)]
    for name, values in whole.items():
        np.testing.assert_array_equal(values, np.concatenate([part[name] for part in parts]))
    assert sorted(batches[0][1]) == ["findings", "tokens"]  # no attention without a grid


@pytest.mark.parametrize("path", [None, "chexnet.h5"])
def test_without_a_checkpoint_there_is_nothing_to_follow(path):
    with pytest.raises(BadInput, match="--encoder-weights"):
        follow(DECODER, path)


def test_a_checkpoint_of_another_kind_is_refused(weights, tmp_path, collection, capsys):
    shutil.copytree(weights.parent, tmp_path / "other")
    config = json.loads((tmp_path / "other" / "config.json").read_text())
    del config["targets"]
    (tmp_path / "other" / "config.json").write_text(json.dumps(config))
    assert (
        main(
            [
                "train",
                "--data",
                str(collection),
                "--out",
                str(tmp_path / "out"),
                "--recipe",
                "decoder",
                "--model",
                "simple",
                "--encoder-weights",
                str(tmp_path / "other" / "model.safetensors"),
            ]
        )
        == 2
    )
    assert capsys.readouterr().err.count("\n") == 1


def test_the_table_of_words_is_that_of_the_own_vocabulary(tmp_path):
    rules = {"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0}
    settings = {"depth": 6, "units": 5, "embedding": 4, "head": 3, "rules": rules, "told_once": True}
    network = network_class("simple")(ENCODERS["densenet-tiny"], 9, 2, (2, 2), **settings)
    own = np.eye(*network.said.table.shape, dtype=np.float32)
    network.said.table.assign(own)
    others = {name: np.ones(variable.shape, np.float32) for name, variable in named_weights(network).items()}
    np.savez(tmp_path / "other.npz", **others)
    start_from(network, [tmp_path / "other.npz"], {}, lambda line: None)
    np.testing.assert_array_equal(network.said.table, own)
    assert all(
        (np.array(variable) == 1).all()
        for name, variable in named_weights(network).items()
        if name != "said/statements"
    )


def test_the_mean_of_several_trainings(tmp_path):
    for number, values in enumerate(([1.0, 2.0], [3.0, 6.0], [5.0, 1.0])):
        np.savez(tmp_path / f"{number}.npz", kernel=np.array([values], np.float16), bias=np.float32([number]))
    paths = [tmp_path / f"{number}.npz" for number in range(3)]
    mean = average_weights(paths)
    np.testing.assert_allclose(mean["kernel"], [[3.0, 3.0]])
    np.testing.assert_allclose(mean["bias"], [1.0])
    np.testing.assert_array_equal(average_weights(paths[:1])["kernel"], [[1.0, 2.0]])
    np.savez(tmp_path / "other.npz", kernel=np.zeros((1, 3), np.float16), bias=np.zeros(1, np.float32))
    with pytest.raises(BadInput, match="another network"):
        average_weights([paths[0], tmp_path / "other.npz"])
