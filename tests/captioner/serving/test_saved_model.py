"""A SavedModel that runs where this project is not, and answers as the project does."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

import captioner
from captioner.__main__ import main
from captioner.checkpoint import store as checkpoint
from captioner.images.preprocessing import squashed
from captioner.images.study import Study, View
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.statements import empty_sentences, repetitions
from captioner.serving.saved_model import _being_written as being_written
from captioner.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "normal", "effusion", "."])
MODELS = ("attention", "simple", "chained-context")
ELSEWHERE = """
import json, sys
import numpy as np
import tensorflow as tf

try:
    import captioner
    sys.exit("the project is on the path")
except ImportError:
    pass
folder, *models = sys.argv[1:]
inputs = np.load(folder + "/inputs.npz")
for name in models:
    found = {}
    loaded = tf.saved_model.load(f"{folder}/{name}-saved/1")
    pictures, mask = tf.constant(inputs["pictures"]), tf.constant(inputs["mask"])
    beam = {"beam_width": tf.constant(3), "length_penalty": tf.constant(0.7)}
    score = {"tokens": tf.constant(inputs["tokens"])}
    for signature, more in (("greedy", {}), ("beam", beam), ("score", score)):
        answer = loaded.signatures[signature](pictures=pictures, mask=mask, **more)
        found |= {f"{signature} {key}": value.numpy() for key, value in answer.items()}
    for key, value in found.items():
        found[key] = value.astype("U") if value.dtype == object else value
    np.savez(f"{folder}/{name}-answers.npz", **found)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Checkpoints of all three networks with random weights, exported, and what they answered in another process."""
    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(8)
    pictures = rng.integers(0, 255, (3, 2, 90, 70), dtype=np.uint8)
    np.savez(folder / "originals.npz", pictures=pictures)
    small = np.stack([[squashed(view, 64) for view in study] for study in pictures])  # (3, 2, 64, 64)
    np.savez(
        folder / "inputs.npz",
        pictures=small,
        mask=np.array([[True, True], [True, False], [True, True]]),
        tokens=np.array([[4, 6, 7, 2], [5, 2, 0, 0], [6, 6, 6, 6]], np.int32),
    )
    for number, name in enumerate(MODELS):
        keras.utils.set_random_seed(20 + number)
        network = network_class(name)(
            ENCODERS["densenet-tiny"], len(VOCABULARY), 3, (2, 2), depth=8, units=8, embedding=4
        )
        network.output_dense.kernel.assign(4 * network.output_dense.kernel)  # opinions strong enough to differ by study
        network.output_dense.bias.assign([0, 0, -1, 0, 0, 0, 0, 0])  # and no hurry to end
        config = {
            "name": name,
            "model": name,
            "decoding": {"max_words": 7, "length_penalty": 0.7, "sentence_rules": name == "attention"},
            "preparation": {"name": "area", "size": 64, "channels": 1, "mean": 0.5, "std": 0.25},
        }
        checkpoint.save(folder / name, network, VOCABULARY, config, halve=False)
        assert main(["export", "--checkpoint", str(folder / name), "--out", str(folder / f"{name}-saved" / "1")]) == 0
    subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, str(folder), *MODELS],
        check=True,
        cwd=folder,
        timeout=600,
        stderr=subprocess.DEVNULL,
    )
    return folder


def test_the_rules_for_sentences_go_with_the_export(folder):
    texts = {}
    for name in MODELS:
        with np.load(folder / f"{name}-answers.npz") as answers:
            texts[name] = [*answers["greedy text"].ravel(), *answers["beam text"].ravel()]
    faulty = {name: [bool(repetitions(t) or empty_sentences(t)) for t in found if t] for name, found in texts.items()}
    assert not any(faulty["attention"]) and all(texts["attention"])
    assert any(faulty["simple"]) and any(faulty["chained-context"])


@pytest.fixture(scope="module")
def studies(folder):
    with np.load(folder / "originals.npz") as kept:
        views = kept["pictures"]
    return [
        Study(View("frontal", frontal), View("lateral", lateral) if number != 1 else None, ())
        for number, (frontal, lateral) in enumerate(views)
    ]


@pytest.fixture(scope="module", params=MODELS)
def pair(request, folder):
    """The project's own captioner, its graphs built once, and what the SavedModel said."""
    with np.load(folder / f"{request.param}-answers.npz") as answers:
        return captioner.load(folder / request.param), dict(answers)


def test_greedy_says_what_the_project_says(pair, studies):
    model, answers = pair
    for row, study in enumerate(studies):
        caption = model.caption(study)
        ids = [word.token_id for word in caption.words]
        assert answers["greedy text"][row] == caption.text
        assert list(answers["greedy tokens"][row][: len(ids)]) == ids
        assert all(token in (VOCABULARY.end, VOCABULARY.pad) for token in answers["greedy tokens"][row][len(ids) :])
        assert " ".join(answers["greedy words"][row]).split() == caption.text.split()
        np.testing.assert_allclose(
            answers["greedy log_probs"][row][: len(ids)], [word.log_prob for word in caption.words], atol=1e-4
        )
        assert answers["greedy log_prob"][row] == pytest.approx(caption.log_prob, abs=1e-3)
        if model.has_attention and ids:
            ours = np.stack([word.attention for word in caption.words])
            np.testing.assert_allclose(answers["greedy attention"][row][: len(ids)], ours, atol=1e-4)
    assert model.has_attention == ("greedy attention" in answers)


def test_the_beam_is_ranked_as_the_project_ranks_it(pair, studies):
    model, answers = pair
    for row, study in enumerate(studies):
        caption = model.caption(study, decoding="beam", beam_width=3, length_penalty=0.7)
        assert list(answers["beam text"][row]) == [hypothesis.text for hypothesis in caption.hypotheses]
        np.testing.assert_allclose(
            answers["beam score"][row], [hypothesis.score for hypothesis in caption.hypotheses], atol=1e-4
        )
        np.testing.assert_allclose(answers["beam log_prob"][row], [h.log_prob for h in caption.hypotheses], atol=1e-3)


def test_given_tokens_are_as_likely_as_the_project_finds_them(pair, studies, folder):
    model, answers = pair
    tokens = np.load(folder / "inputs.npz")["tokens"]
    for row, study in enumerate(studies):
        features = model.encode(study)
        given = [token for token in tokens[row].tolist() if token != VOCABULARY.pad]
        forced = model.decoder.force(features.image_features, features.mask, given)
        np.testing.assert_allclose(answers["score log_probs"][row][: len(given)], forced.log_probs, atol=1e-4)
        assert (answers["score log_probs"][row][len(given) :] == 0).all()


def test_what_stands_beside_it(folder):
    facts = json.loads((folder / "simple-saved" / "1" / "assets.extra" / "signatures.json").read_text())
    assert facts["attention"] is False and facts["size"] == 64 and facts["vocabulary"][6] == "effusion"


def test_a_folder_that_holds_something_is_left_alone(folder, capsys):
    assert main(["export", "--checkpoint", str(folder / "simple"), "--out", str(folder)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_second_export_to_the_same_place_is_refused_while_the_first_writes(tmp_path, capsys):
    out = tmp_path / "1"
    with being_written(out):
        assert main(["export", "--checkpoint", str(tmp_path), "--out", str(out)]) == 2
        assert "Another export is writing" in capsys.readouterr().err
        assert (tmp_path / ".1.part").is_dir()


def test_an_export_that_fails_leaves_nothing(tmp_path, capsys):
    assert main(["export", "--checkpoint", str(tmp_path / "none"), "--out", str(tmp_path / "1")]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and list(tmp_path.iterdir()) == []
