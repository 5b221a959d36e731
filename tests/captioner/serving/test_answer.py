"""What the command line answers: findings, claims and a draft on trial, with a finding head and without."""

import json

import cv2
import numpy as np
import pytest

import captioner
from captioner.__main__ import main
from captioner.checkpoint import how_often_right, store
from captioner.checkpoint.how_often_right import Case
from captioner.images.preprocessing import squashed
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.claims import claims
from captioner.reports.findings import FINDINGS
from captioner.seen_and_written import on_trial
from captioner.serving.answer import answer
from captioner.vocabulary import Vocabulary

WORDS = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", ".", "left", "effusion", "nodule", "normal", "no"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny checkpoint with a finding head, a decoder under the rules for sentences, and random weights."""
    network = network_class("attention")(
        ENCODERS["densenet-tiny"],
        len(WORDS),
        2,
        (2, 2),
        depth=8,
        units=8,
        embedding=4,
        head=4,
        rules={"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0},
    )
    rng = np.random.default_rng(5)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(scale=0.7, size=variable.shape))
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    config = {
        "name": "tiny",
        "model": "attention",
        "preparation": {"name": "area", "size": 64, "mean": 0.5, "std": 0.25},
        "decoding": {"max_words": 8, "length_penalty": 0.7, "sentence_rules": True},
    }
    store.save(folder, network, WORDS, config, halve=False)
    return folder


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "frontal.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 255, (90, 70), np.uint8))
    return path


def test_the_findings_stand_in_the_json(folder, picture, capsys):
    assert main(["predict", str(picture), "--checkpoint", str(folder), "--json", "--draft", "Left effusion"]) == 0
    found = json.loads(capsys.readouterr().out)
    records = captioner.load(folder).findings(captioner.read_study(picture))
    assert [each["name"] for each in found["findings"]] == list(FINDINGS)
    for each, record in zip(found["findings"], records):
        assert each["probability"] == pytest.approx(record.probability, abs=1e-6)
        np.testing.assert_allclose(each["map"], record.map, atol=1e-6)
        assert each["stated"] == record.stated and each["sentence"]
    stated = [(claim["finding"], claim["side"], claim["denied"]) for claim in found["claims"]]
    assert stated == [(claim.finding, claim.side, claim.denied) for claim in claims(found["text"])]
    assert [trial["claim"] and trial["claim"]["side"] for trial in found["trials"]][0] == "left"
    assert found["trials"][0]["finding"] == "effusion" and found["trials"][0]["title"] == "effusion, left"
    effusion = next(record for record in records if record.name == "effusion")
    np.testing.assert_allclose(found["trials"][0]["map"], effusion.map, atol=1e-6)


def test_a_draft_on_trial_is_printed_as_a_table(folder, picture, capsys):
    draft = "Left effusion. No nodule."
    assert main(["predict", str(picture), "--checkpoint", str(folder), "--draft", draft]) == 0
    impression, blank, head, *rows = capsys.readouterr().out.splitlines()
    assert impression and not blank and head.split() == ["verdict", "claim", "probability", "threshold", "side"]
    records = captioner.load(folder).findings(captioner.read_study(picture))
    trials = on_trial(records, draft)
    assert len(rows) == len(trials) and [trial.title for trial in trials[:2]] == ["effusion, left", "no nodule or mass"]
    for row, trial in zip(rows, trials):
        assert row.startswith(str(trial.verdict)) and trial.title in row and f"{trial.finding.probability:.3f}" in row


def test_the_findings_are_printed_as_a_table(folder, picture, capsys):
    assert main(["predict", str(picture), "--checkpoint", str(folder), "--findings"]) == 0
    impression, blank, head, *rows = capsys.readouterr().out.splitlines()
    assert impression and not blank and head.split()[:3] == ["finding", "probability", "threshold"]
    shares = [float(row[len(max(FINDINGS, key=len)) :].split()[0]) for row in rows]
    assert len(rows) == len(FINDINGS) and shares == sorted(shares, reverse=True)


def test_claims_carry_how_often_they_were_right(folder, picture):
    model = captioner.load(folder)
    study = captioner.read_study(picture)
    _, _, before = answer(model, study)
    heads = how_often_right.HEADS
    cases = [Case(share, head, number < 7) for share in (0.1, 0.4, 0.6, 0.9) for head in heads for number in range(10)]
    path = how_often_right.save(folder, cases, "val")
    try:
        _, _, after = answer(model, study)
    finally:
        path.unlink()
    assert before["text"] == after["text"] and len(before["claims"]) == len(after["claims"])
    assert all(claim["cases"] is None for claim in before["claims"])
    known = [(claim["right"], claim["cases"]) for claim in after["claims"] if not claim["denied"]]
    assert known == [(7, 10)] * len(known)


def test_a_checkpoint_without_a_head_says_so(tiny_checkpoint, picture, capsys):
    model = captioner.load(tiny_checkpoint)
    _, findings, found = answer(model, captioner.read_study(picture))
    assert findings is None and found["findings"] is None
    for asked in (["--findings"], ["--json", "--draft", "left effusion"]):
        assert main(["predict", str(picture), "--checkpoint", str(tiny_checkpoint), *asked]) == 2
        assert "has no finding head" in capsys.readouterr().err


def test_the_findings_are_a_signature_of_the_export(folders, picture):
    import tensorflow as tf

    export = folders / "told-export" / "1"
    said = json.loads((export / "assets.extra" / "signatures.json").read_text())["findings"]
    frontal = squashed(cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE), 64)
    pictures, mask = np.stack([frontal, np.zeros_like(frontal)])[None], np.array([[True, False]])
    signature = tf.saved_model.load(str(export)).signatures["findings"]
    found = {name: value.numpy()[0] for name, value in signature(pictures=pictures, mask=mask).items()}
    records = captioner.load(folders / "told").findings(captioner.read_study(picture))
    for number, record in enumerate(records):
        assert found["probability"][number] == pytest.approx(record.probability, abs=1e-4)
        assert said[record.name] == pytest.approx(record.threshold)
        np.testing.assert_allclose(found["map"][number], record.map, atol=1e-4)
        np.testing.assert_allclose(found["evidence"][number], record.evidence, atol=1e-3)
    effusion = FINDINGS.index("effusion")
    assert found["side_probability"][effusion] == pytest.approx(records[effusion].side_probabilities, abs=1e-4)


MANY = ["--studies", "a.csv", "--out", "b.jsonl"]


@pytest.mark.parametrize("asked", [[*MANY, "--findings"], [*MANY, "--draft", "y"]])
def test_options_that_do_not_go_together_are_refused(asked, capsys):
    assert main(["predict", *asked]) == 2
    assert capsys.readouterr().err.count("\n") == 1
