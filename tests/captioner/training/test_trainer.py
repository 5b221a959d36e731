"""A small training from a folder of the collection's form to a checkpoint that captions, and its resumption."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

import captioner
from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.reports.collection import read_collection
from captioner.reports.targets import Targets
from captioner.training.augmentation import Augmentation
from captioner.training.dataset import StudyBatches
from captioner.training.examples import Example, PictureStore
from captioner.training.recipes import RECIPES, Phase
from captioner.training.trainer import Training
from captioner.training.validation import validation_scores
from captioner.vocabulary import Vocabulary

pytestmark = pytest.mark.usefixtures("without_graphs")

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "left", "effusion", "."])


@pytest.fixture(scope="module")
def trained(collection, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "smoke"
    few = ["--recipe", "smoke", "--phantoms", "2", "--limit", "6"]
    assert main(["train", "--data", str(collection), "--out", str(out), *few]) == 0
    return out


def history(out):
    return [json.loads(line) for line in (out / "progress" / "history.jsonl").read_text().splitlines()]


def test_it_ends_in_a_checkpoint_that_captions(trained, collection):
    model = captioner.load(trained / "checkpoint")
    report = read_collection(collection).reports[0]
    caption = model.caption(captioner.read_study(report.frontal[0], report.lateral[0]), decoding="beam")
    assert caption.words and caption.words[0].attention.shape == (2, 2, 2)
    assert (trained / "curve.png").stat().st_size > 5000
    assert [entry["goal"] for entry in history(trained)] == ["findings", "captions", "captions"]
    assert all(np.isfinite(entry["train_loss"]) for entry in history(trained))
    assert {"macro_f1", "balanced_accuracy", "cider_d", "rouge_l"} <= set(history(trained)[-1])


@pytest.mark.long  # test_told_training.py ends with such a phase
def test_a_phase_of_rewards_samples_and_is_judged(collection, tmp_path):
    rewards = Phase("rewards", 64, 1, 1e-3, batch=8, freeze_encoder=True, from_features=True)
    recipe = dataclasses.replace(RECIPES["smoke"], phantoms=1, phases=(rewards,))
    Training(collection, tmp_path / "rewarded", recipe=recipe, limit=8, say=lambda line: None).run()
    last = history(tmp_path / "rewarded")[-1]
    assert last["goal"] == "rewards" and np.isfinite(last["train_reward"]) and "macro_f1" in last
    assert (tmp_path / "rewarded" / "checkpoint" / "model.safetensors").is_file()


def test_a_batch_tells_the_captions_of_its_own_studies():
    examples = [
        Example(str(number), (0,), (), text, np.zeros(1, np.float32))
        for number, text in enumerate(("left effusion .", "effusion .", "left ."))
    ]
    store = PictureStore(32)
    store.add(np.zeros((32, 32), np.uint8))
    batches = StudyBatches(
        examples,
        store,
        {"mean": 0.5, "std": 0.25},
        VOCABULARY,
        grid=(1, 1),
        steps=5,
        batch=2,
        augmentation=Augmentation(),
        seed=4,
    )
    for index in range(2):
        answers = batches[index][1]["tokens"]
        assert [VOCABULARY.decode(row) for row in answers.tolist()] == batches.captions(index)


def weights(path):
    """All weights of the network in one vector."""
    with np.load(path) as arrays:
        return np.concatenate([arrays[name].ravel() for name in sorted(arrays.files)])


def test_resumed_it_takes_the_steps_that_it_would_have_taken(collection, tmp_path):
    """Stopped after one of three epochs. Without dropout, which alone is drawn anew, both go the same way."""
    captions = Phase("captions", 64, 3, 3e-3, batch=6, patience=3, freeze_encoder=True, from_features=True)
    phases = (dataclasses.replace(captions, epochs=1), captions)  # the encoder keeps still: its gradients cost most
    recipe = dataclasses.replace(RECIPES["smoke"], phantoms=2, dropout=0.0, phases=phases)

    def keep_what_a_stop_leaves(line):
        if line.startswith("phase 2/2") and "epoch 1/3" in line:
            shutil.copytree(tmp_path / "whole", tmp_path / "stopped")

    Training(collection, tmp_path / "whole", recipe=recipe, limit=10, say=keep_what_a_stop_leaves).run()
    at_the_stop = weights(tmp_path / "stopped" / "progress" / "last.npz")
    Training(collection, tmp_path / "stopped", recipe=recipe, resume=True, limit=10, say=lambda line: None).run()
    whole, resumed = history(tmp_path / "whole"), history(tmp_path / "stopped")
    assert [(entry["phase"], entry["epoch"]) for entry in resumed] == [(0, 1), *((1, epoch) for epoch in range(1, 4))]
    losses = [[entry["train_loss"] for entry in entries] for entries in (resumed, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    ended, expected = (weights(tmp_path / name / "progress" / "last.npz") for name in ("stopped", "whole"))
    way = np.linalg.norm(expected - at_the_stop)
    assert way > 0.05 and np.linalg.norm(ended - expected) < 0.01 * way
    other = dataclasses.replace(recipe, dropout=0.9)
    with pytest.raises(BadInput, match="another training"):
        Training(collection, tmp_path / "stopped", recipe=other, resume=True, say=lambda line: None)


@pytest.mark.parametrize("place", ["checkpoint/notes.txt", "progress/notes.txt", "progress/phantoms/1/x", "progress"])
def test_a_folder_that_holds_anything_else_is_not_wiped(collection, tmp_path, place):
    mine = tmp_path / place
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("years of work")
    with pytest.raises(BadInput, match="nothing is (removed|written over it)"):
        Training(collection, tmp_path, recipe=RECIPES["smoke"], say=lambda line: None)
    assert mine.read_text() == "years of work"


def test_a_handful_of_studies_is_too_few(collection, tmp_path):
    with pytest.raises(BadInput, match="too few studies"):
        Training(collection, tmp_path / "cpu", recipe=RECIPES["cpu"], say=lambda line: None)


def test_the_same_seed_draws_the_same_and_another_differs():
    store = PictureStore(32)
    index = store.add(np.random.default_rng(1).integers(0, 255, (40, 50), np.uint8))
    examples = [Example(str(n), (index,), (index,), "left effusion .", np.zeros(2, np.float32)) for n in range(6)]

    def first(seed):
        batches = StudyBatches(
            examples, store, {"channels": 1}, VOCABULARY, (2, 2), 6, 3, augmentation=Augmentation(), seed=seed
        )
        return batches[0][0]["pictures"]

    np.testing.assert_array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_a_mask_follows_its_picture():
    """A bright square and its mask stay together under augmentation, on the right word, in the right cells."""
    size, grid = 64, (4, 4)
    square = np.zeros((size, size), bool)
    square[8:24, 40:56] = True
    store = PictureStore(size)
    index = store.add((255 * square).astype(np.uint8))
    masks = np.stack([square, np.zeros_like(square)])
    example = Example("p", (index,), (index,), "left effusion .", np.zeros(1, np.float32), {1: masks})
    still = Augmentation(contrast=0, brightness=0, gamma=0, noise=0)
    batches = StudyBatches(
        [example] * 8, store, {"channels": 1}, VOCABULARY, grid, 6, 8, augmentation=still, lateral_dropout=0.0, seed=4
    )
    inputs, answers, weights = batches[0]
    np.testing.assert_array_equal(weights["attention"], [[0, 1, 0, 0, 0, 0]] * 8)
    seen = inputs["pictures"][:, 0, :, :, 0].reshape(8, 4, 16, 4, 16).mean(axis=(2, 4)).reshape(8, 16)
    np.testing.assert_allclose(answers["attention"][:, 1, :16], seen, atol=0.02)
    assert (answers["attention"][:, 1, 16:] == 0).all()
    np.testing.assert_array_equal(inputs["tokens"][0], [1, 4, 5, 6, 0, 0])
    np.testing.assert_array_equal(answers["tokens"][0], [4, 5, 6, 2, 0, 0])
    np.testing.assert_array_equal(weights["tokens"][0], [1, 1, 1, 1, 0, 0])


def test_augmentation_never_mirrors():
    rng = np.random.default_rng(0)
    for _ in range(200):
        assert np.linalg.det(Augmentation().matrix(100, rng)[:, :2]) > 0.5


def test_the_score_of_an_epoch_prefers_findings_to_the_constant():
    references = ["no acute disease .", "small left effusion .", "cardiomegaly ."]
    assert (
        validation_scores(references, references)["score"]
        > validation_scores(references, ["no acute disease ."] * 3)["score"]
    )


def test_targets_of_the_phantoms_are_the_collection_s(collection):
    assert "normal" in Targets.of(read_collection(collection).reports, min_studies=1).names


def test_no_data_is_one_sentence(tmp_path, capsys):
    assert main(["train", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
