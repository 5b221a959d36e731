"""A SavedModel that runs where this project is not, and answers as the project does."""

import inspect
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

import captioner
from captioner.__main__ import main
from captioner.captioner import Captioner
from captioner.checkpoint import store as checkpoint
from captioner.images.preprocessing import squashed
from captioner.images.study import Study, View
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.statements import empty_sentences, repetitions
from captioner.serving.saved_model import _being_written as being_written
from captioner.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "normal", "effusion", "."])
TOKENS = np.array([[4, 6, 7, 2], [5, 2, 0, 0], [6, 6, 6, 6]], np.int32)


def write_answers(folder):
    """Ask a SavedModel by all its signatures; without this project, whose modules it may not need."""
    import numpy as np
    import tensorflow as tf

    found = {}
    inputs, loaded = np.load(folder + "/inputs.npz"), tf.saved_model.load(folder + "/saved/1")
    pictures, mask = tf.constant(inputs["pictures"]), tf.constant(inputs["mask"])
    beam = {"beam_width": tf.constant(3), "length_penalty": tf.constant(0.7)}
    score = {"tokens": tf.constant(inputs["tokens"])}
    for signature, more in (("greedy", {}), ("beam", beam), ("score", score)):
        answer = loaded.signatures[signature](pictures=pictures, mask=mask, **more)
        found |= {f"{signature} {key}": value.numpy() for key, value in answer.items()}
    for key, value in found.items():
        found[key] = value.astype("U") if value.dtype == object else value
    np.savez(folder + "/answers.npz", **found)


ELSEWHERE = f"""
import sys
try:
    import captioner
    sys.exit("the project is on the path")
except ImportError:
    pass
{inspect.getsource(write_answers)}
write_answers(sys.argv[1])
"""


@pytest.fixture(scope="module")
def pictures():
    """Of three studies, uint8 (3, 2, 90, 70)."""
    return np.random.default_rng(8).integers(0, 255, (3, 2, 90, 70), dtype=np.uint8)


@pytest.fixture(scope="module")
def studies(pictures):
    return [
        Study(View("frontal", frontal), View("lateral", lateral) if number != 1 else None, ())
        for number, (frontal, lateral) in enumerate(pictures)
    ]


@pytest.fixture(scope="module", params=["attention", "chained-context", pytest.param("simple", marks=pytest.mark.long)])
def pair(request, pictures, tmp_path_factory):
    """The captioner of a checkpoint with random weights, and what its export answered, the first in another process.

    The third is a long run: an export without attention answers as its checkpoint in test_served_model.py.
    """
    name, folder = request.param, tmp_path_factory.mktemp("export")
    small = np.stack([[squashed(view, 64) for view in study] for study in pictures])  # (3, 2, 64, 64)
    mask = np.array([[True, True], [True, False], [True, True]])
    np.savez(folder / "inputs.npz", pictures=small, mask=mask, tokens=TOKENS)
    keras.utils.set_random_seed(20)
    network = network_class(name)(ENCODERS["densenet-tiny"], len(VOCABULARY), 3, (2, 2), depth=8, units=8, embedding=4)
    network.output_dense.kernel.assign(4 * network.output_dense.kernel)  # opinions strong enough to differ by study
    network.output_dense.bias.assign([0, 0, -1, 0, 0, 0, 0, 0])  # and no hurry to end
    config = {
        "name": name,
        "model": name,
        "decoding": {"max_words": 7, "length_penalty": 0.7, "sentence_rules": name == "attention"},
        "preparation": {"name": "area", "size": 64, "channels": 1, "mean": 0.5, "std": 0.25},
    }
    checkpoint.save(folder / name, network, VOCABULARY, config, halve=False)
    assert main(["export", "--checkpoint", str(folder / name), "--out", str(folder / "saved" / "1")]) == 0
    if name == "attention":
        command = [sys.executable, "-I", "-c", ELSEWHERE, str(folder)]
        subprocess.run(command, check=True, cwd=folder, timeout=600, stderr=subprocess.DEVNULL)
    else:
        write_answers(str(folder))
    with np.load(folder / "answers.npz") as answers:
        return captioner.load(folder / name), dict(answers)


def test_the_rules_for_sentences_go_with_the_export(pair, studies):
    model, answers = pair
    if not model.config["decoding"]["sentence_rules"]:
        pytest.skip("a checkpoint without the rules")
    free = Captioner(model.network, model.vocabulary, {**model.config, "decoding": {"max_words": 7}})
    ruled = [*answers["greedy text"].ravel(), *answers["beam text"].ravel()]
    unruled = [free.caption(study, decoding).text for study in studies for decoding in ("greedy", "beam")]
    assert all(ruled) and not any(repetitions(text) or empty_sentences(text) for text in ruled)
    assert any(repetitions(text) or empty_sentences(text) for text in unruled)


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


def test_given_tokens_are_as_likely_as_the_project_finds_them(pair, studies):
    model, answers = pair
    for row, study in enumerate(studies):
        features = model.encode(study)
        given = [token for token in TOKENS[row].tolist() if token != VOCABULARY.pad]
        forced = model.decoder.force(features.image_features, features.mask, given)
        np.testing.assert_allclose(answers["score log_probs"][row][: len(given)], forced.log_probs, atol=1e-4)
        assert (answers["score log_probs"][row][len(given) :] == 0).all()


def test_what_stands_beside_it(pair):
    model, _ = pair
    facts = json.loads((model.folder.parent / "saved" / "1" / "assets.extra" / "signatures.json").read_text())
    assert facts["attention"] == model.has_attention and facts["size"] == 64 and facts["vocabulary"][6] == "effusion"


def test_a_folder_that_holds_something_is_left_alone(tiny_checkpoint, capsys):
    assert main(["export", "--checkpoint", str(tiny_checkpoint), "--out", str(tiny_checkpoint.parent)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_second_export_to_the_same_place_is_refused_while_the_first_writes(tmp_path, capsys):
    out = tmp_path / "1"
    with being_written(out):
        assert main(["export", "--checkpoint", str(tmp_path), "--out", str(out)]) == 2
        assert "Another export is writing" in capsys.readouterr().err
        assert (tmp_path / ".1.part").is_dir()


def test_what_a_killed_export_left_goes_when_the_next_one_comes(tmp_path):
    left = tmp_path / ".1.part"
    (left / "variables").mkdir(parents=True)
    (left / "saved_model.pb").write_bytes(b"half")
    with being_written(tmp_path / "1") as fresh:
        assert list(fresh.iterdir()) == []
        (fresh / "saved_model.pb").write_bytes(b"whole")
        fresh.rename(tmp_path / "1")
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
    assert (tmp_path / "1" / "saved_model.pb").read_bytes() == b"whole"


def test_an_export_that_fails_leaves_nothing(tmp_path, capsys):
    assert main(["export", "--checkpoint", str(tmp_path / "none"), "--out", str(tmp_path / "1")]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and list(tmp_path.iterdir()) == []
