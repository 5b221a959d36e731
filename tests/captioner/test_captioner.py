"""What a loaded checkpoint says of findings, and how its decoder is told something else."""

import numpy as np
import pytest

from captioner.checkpoint import store as checkpoint
from captioner.errors import BadInput
from captioner.images.study import Study, View
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.findings import FINDINGS, SIDED
from captioner.vocabulary import Vocabulary

WORDS = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "effusion", "left", "right", "."])
THRESHOLDS = [0.0] * len(FINDINGS)
FINDINGS_CONFIG = {"calibration": [[2.0, -0.5]] * len(FINDINGS), "base_rates": [0.125] * len(FINDINGS)}


@pytest.fixture(scope="module", params=["attention", pytest.param("simple", marks=pytest.mark.long)])
def model(request, tmp_path_factory):
    network = network_class(request.param)(
        ENCODERS["densenet-tiny"], len(WORDS), 2, (2, 2), depth=8, units=8, embedding=4, head=4,
        rules={"thresholds": THRESHOLDS, "side": 0.0, "zone": 0.0},
    )  # fmt: skip
    rng = np.random.default_rng(5)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(scale=0.7, size=variable.shape))
    folder = tmp_path_factory.mktemp("told") / "told"
    config = {
        "name": "told", "model": request.param, "preparation": {"name": "area", "size": 64, "mean": 0.5, "std": 0.25},
        "decoding": {"max_words": 6, "length_penalty": 0.7}, "findings": FINDINGS_CONFIG,
    }  # fmt: skip
    checkpoint.save(folder, network, WORDS, config, halve=False)
    return checkpoint.load(folder)


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(1)
    return Study(*(View(name, rng.integers(0, 255, (90, 70), np.uint8)) for name in ("frontal", "lateral")))


def test_thirteen_records_in_the_order_of_the_findings(model, study):
    findings = model.findings(study)
    assert tuple(finding.name for finding in findings) == FINDINGS
    for finding in findings:
        assert finding.map.shape == (2, 2, 2) and (finding.map >= 0).all()
        assert finding.map.sum() == pytest.approx(1, abs=1e-5)
        logit = np.log(finding.probability / (1 - finding.probability))
        assert logit == pytest.approx(2 * finding.evidence.sum() - 0.5, abs=1e-3)
        assert finding.threshold == pytest.approx(1 / (1 + np.exp(0.5)))
        assert finding.stated == (finding.probability >= finding.threshold)
        assert (finding.side_probabilities is None) == (finding.name not in SIDED)
        assert finding.base_rate == 0.125
    assert 0 < sum(finding.stated for finding in findings) < len(FINDINGS)


def test_findings_are_the_same_from_kept_features(model, study):
    first, second = model.findings(study), model.findings(model.encode(study))
    assert [finding.probability for finding in first] == [finding.probability for finding in second]


def test_the_head_looks_once_at_kept_features_whatever_is_told_in_between(model, study, monkeypatch):
    first, looks, look = model.findings(study), [], model._examine
    monkeypatch.setattr(model, "_examine", lambda *given: looks.append(given) or look(*given))
    kept = model.encode(study)
    told = model.caption(kept, steer={"effusion": "left"}).conditions  # what is told is never what was seen
    assert len(looks) == 1 and told != model.caption(kept).conditions and len(looks) == 2
    for one, other in zip(first, model.findings(kept)):
        assert (one.probability, one.side, one.stated) == (other.probability, other.side, other.stated)
        assert np.array_equal(one.map, other.map)
    assert len(looks) == 2


def test_a_missing_lateral_has_no_map_and_no_evidence(model, study):
    for finding in model.findings(Study(study.frontal, None)):
        assert not finding.map[1].any() and finding.evidence[1] == 0
        assert finding.map[0].sum() == pytest.approx(1, abs=1e-5)


def test_a_caption_says_what_the_decoder_was_told(model, study):
    findings, caption = model.findings(study), model.caption(study)
    assert [condition.finding for condition in caption.conditions] == list(FINDINGS)
    for finding, condition in zip(findings, caption.conditions):
        assert (condition.stated, condition.side, condition.zone) == (finding.stated, finding.side, finding.zone)
        assert not condition.steered and (condition.stated or condition.side is condition.zone is None)


def test_steering_changes_what_is_told_of_that_finding_alone(model, study):
    features = model.encode(study)
    plain = model.caption(features).conditions
    expected = {
        False: (False, None),
        "left": (True, "left"),
        "right": (True, "right"),
        "bilateral": (True, "bilateral"),
    }
    for wanted, told in expected.items():
        steered = {each.finding: each for each in model.caption(features, steer={"effusion": wanted}).conditions}
        effusion = steered.pop("effusion")
        assert (effusion.stated, effusion.side, effusion.steered) == (*told, True)
        assert list(steered.values()) == [each for each in plain if each.finding != "effusion"]
    away = dict.fromkeys(FINDINGS, False)
    assert not any(condition.stated for condition in model.caption(features, steer=away).conditions)
    log_probs = [
        model.caption(features, steer=None if steer is None else {"effusion": steer}).log_prob
        for steer in (None, False, "left", "right")
    ]
    assert len(set(log_probs)) >= 3


def test_steering_to_what_the_head_found_changes_nothing(model, study):
    features = model.encode(study)
    plain = model.caption(features)
    same = {condition.finding: condition.stated for condition in plain.conditions}
    again = model.caption(features, steer=same)
    assert again.as_dict() == plain.as_dict()
    assert [condition.side for condition in again.conditions] == [condition.side for condition in plain.conditions]


@pytest.mark.parametrize("steer", [{"unicorn": True}, {"effusion": "up"}, {"cardiomegaly": "left"}, {"effusion": None}])
def test_what_cannot_be_told_is_refused(model, study, steer):
    with pytest.raises(ValueError):
        model.caption(study, steer=steer)


def test_a_checkpoint_without_a_head_says_so(loaded, tiny_checkpoint, study):
    plain = loaded(tiny_checkpoint)
    assert not plain.has_findings and plain.caption(study).conditions == ()
    with pytest.raises(BadInput, match="no finding head"):
        plain.findings(study)
    with pytest.raises(BadInput, match="cannot be steered"):
        plain.caption(study, steer={"effusion": False})


@pytest.mark.parametrize("search", [{}, {"decoding": "beam", "beam_width": 4}])
def test_an_impression_goes_on_from_given_words_as_teacher_forcing_says(model, study, search):
    for text in ("no effusion", "left", "no effusion ."):
        tokens = model.tokens_of(text)
        caption = model.caption(study, prefix=tokens, **search)
        assert caption.text.startswith(text) and caption.given == len(tokens)
        for hypothesis in caption.hypotheses:
            ids = [word.token_id for word in hypothesis.words]
            end = [WORDS.end] if hypothesis.end_log_prob is not None else []
            features = model.encode(study)
            forced = model.decoder.force(features.image_features, features.mask, ids + end)
            assert hypothesis.log_prob == pytest.approx(float(forced.log_probs.sum()), abs=1e-4)
            np.testing.assert_allclose(
                [word.log_prob for word in hypothesis.words], forced.log_probs[: len(ids)], atol=1e-4
            )


def test_the_end_that_is_given_ends_the_impression(model, study):
    caption = model.caption(study, prefix=[*model.tokens_of("no effusion"), WORDS.end])
    assert caption.text == "no effusion" and caption.ended and caption.given == 2


def test_words_that_no_impression_can_go_on_from_are_refused(model, study):
    with pytest.raises(BadInput, match="does not know the word “oedema”"):
        model.tokens_of("no oedema")
    for prefix, told in (
        ([WORDS.end, 4], "after the end"),
        ([WORDS.unknown], "words that the checkpoint knows"),
        ([len(WORDS)], "words that the checkpoint knows"),
        ([4] * 7, "6 words at the most here, and 7"),
    ):
        with pytest.raises(BadInput, match=told):
            model.caption(study, prefix=prefix)


def test_where_the_rules_let_nothing_go_on_a_sentence_says_so(model, study, monkeypatch):
    monkeypatch.setattr(model.decoder, "ranked", lambda trace, penalty: ())
    with pytest.raises(BadInput, match="no impression go on from these words"):
        model.caption(study, prefix=model.tokens_of("no effusion"))
