"""Findings as what is explained: a head that can be worked out with a pencil, and identities on a random network."""

import numpy as np
import pytest
import tensorflow as tf

from captioner import Study
from captioner.captioner import Captioner
from captioner.errors import BadInput
from captioner.reports.findings import FINDINGS
from explain.methods.base import METHODS, method
from explain.methods.empty_picture import empty_pictures
from explain.methods.graphs import graphs_of
from explain.methods.question import Findings, ask
from explain.metrics.masking import Hiding
from tests.explain.linear_model import (
    ATTENTION,
    CELL,
    CONFIG,
    EVIDENCE,
    GRID,
    SLOPE,
    VOCABULARY,
    LinearNetwork,
    cells,
    pictures,
    stretched,
)

EFFUSION, BONE = FINDINGS.index("effusion"), FINDINGS.index("bone")
SCALE, OFFSET = 1.5, -0.25
QUICK = {
    "integrated-gradients": {"steps": 4, "batch": 3},
    "smooth-grad": {"samples": 4, "batch": 3},
    "occlusion": {"patch": 0.5},
}


class LinearHead(LinearNetwork):
    """An effusion is what the cells say for the word, bone is minus half of it; the others are 0."""

    finding_head = "there"

    def examine(self, image_features, mask):
        evidence = tf.reduce_sum(image_features * EVIDENCE.reshape(1, 8, 2), axis=(1, 2))[:, None]  # (B, 1)
        of_each = tf.one_hot([EFFUSION], len(FINDINGS)) - 0.5 * tf.one_hot([BONE], len(FINDINGS))  # (1, 13)
        maps = tf.tile(ATTENTION.reshape(1, 1, 8), (tf.shape(evidence)[0], len(FINDINGS), 1))
        return {"presence": evidence * of_each, "maps": maps}


@pytest.fixture(scope="module")
def linear():
    config = {**CONFIG, "findings": {"calibration": [(SCALE, OFFSET)] * len(FINDINGS)}}
    return Captioner(LinearHead(), VOCABULARY, config)


@pytest.fixture(scope="module")
def told(told_checkpoint, loaded):
    return loaded(told_checkpoint)


def explained(name, model, study, *findings, **settings):
    return method(name, **{**QUICK.get(name, {}), **settings}).explain(model, study, Findings(findings or FINDINGS))


def test_a_cell_costs_its_slope_times_its_distance_from_the_mean(linear):
    views, mask = pictures()
    found = explained("feature-occlusion", linear, (views, mask), "effusion", "bone", "hernia")
    mean = cells(views[..., 0])
    expected = SCALE * SLOPE * (mean - mean.mean(axis=(1, 2), keepdims=True))
    np.testing.assert_allclose(found.maps, [expected, -expected / 2, 0 * expected], atol=1e-5)
    assert found.findings == ("effusion", "bone", "hernia") and found.positions == (EFFUSION, BONE, 12)
    logit = (SLOPE * mean).sum() + EVIDENCE[..., 1].sum()
    np.testing.assert_allclose(
        found.details["target"], [SCALE * logit + OFFSET, -SCALE * logit / 2 + OFFSET, OFFSET], rtol=1e-4
    )


def test_integrated_gradients_give_each_pixel_its_slope_times_its_way(linear):
    views, mask = pictures()
    found = explained("integrated-gradients", linear, (views, mask), "bone", "effusion")
    expected = SCALE * stretched(SLOPE) / CELL**2 * (views - empty_pictures(views, "blurred", {}))[..., 0]
    np.testing.assert_allclose(found.maps, [-expected / 2, expected], atol=1e-5)
    assert np.abs(found.details["gap"]).max() < 1e-4


def test_grad_cam_is_the_rectified_evidence_of_each_view(linear):
    views, mask = pictures()
    mean = cells(views[..., 0])
    bright, dark = (EVIDENCE[..., feature].mean(axis=(1, 2))[:, None, None] for feature in (0, 1))
    expected = SCALE * np.maximum(bright * mean + dark * (1 - mean), 0)
    np.testing.assert_allclose(explained("grad-cam", linear, (views, mask), "effusion").maps[0], expected, atol=1e-5)


def test_smooth_grad_of_a_linear_head_is_the_size_of_its_slope(linear):
    found = explained("smooth-grad", linear, pictures(), "effusion")
    np.testing.assert_allclose(found.maps[0], SCALE * np.abs(stretched(SLOPE)) / CELL**2, rtol=1e-4)


def test_attention_is_the_weights_that_the_head_pooled_with(linear, told, study):
    np.testing.assert_allclose(explained("attention", linear, pictures(), "bone").maps[0], ATTENTION, atol=1e-6)
    found = explained("attention", told, study)
    np.testing.assert_allclose(found.maps, [finding.map for finding in told.findings(study)], atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_the_number_is_the_log_odds_of_the_calibrated_probability(name, told, study):
    found = explained(name, told, study)
    assert found.maps.shape == ((13, 2, *GRID) if found.grid else (13, 2, 64, 64)) and np.isfinite(found.maps).all()
    assert found.findings == FINDINGS and found.token_ids == () and found.alternatives == (None,) * 13
    wanted = [finding.probability for finding in told.findings(study)]
    for target_of in [found.details["target"]] if "target" in found.details else []:  # with noise, it is another number
        np.testing.assert_allclose(1 / (1 + np.exp(-target_of)), wanted, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_findings_together_are_findings_one_by_one(name, told, study):
    names = ("bone", "effusion", "hernia", "device", "edema or congestion")
    together = explained(name, told, study, *names)
    for place, finding in enumerate(names):
        alone = explained(name, told, study, finding).maps[0]
        np.testing.assert_allclose(together.maps[place], alone, atol=1e-3 * np.abs(alone).max())


@pytest.mark.parametrize("name", METHODS)
def test_a_missing_view_is_zeros(name, told, study):
    found = explained(name, told, Study(study.frontal, None))
    assert (found.maps[:, 1] == 0).all() and np.abs(found.maps[:, 0]).max() > 0


def test_gradients_are_finite_differences(told, study):
    question = ask(told, study, Findings(("bone", "effusion")))
    graphs = graphs_of(told)
    features = graphs.features(question.pictures[None]).numpy()
    _, gradients = question.asked.features_gradient(graphs, features, question.mask)
    rng = np.random.default_rng(0)
    way = rng.standard_normal(features.shape).astype(np.float32)
    ends = np.concatenate([features + 1e-2 * way, features - 1e-2 * way])
    after, before = question.asked.values(graphs, ends, question.mask).T
    slopes = (gradients.numpy() * way).sum(axis=(1, 2, 3, 4))
    np.testing.assert_allclose(slopes, (after - before) / 2e-2, rtol=0.03, atol=1e-3)


def test_hiding_asks_for_the_probability_that_the_head_gives_the_pictures_that_are_left(told, study):
    question = ask(told, study, Findings(("effusion", "hernia")))
    hiding = Hiding(told, question)
    found = hiding.probabilities(hiding.ends)  # (2, 2): as they are, all hidden
    wanted = {finding.name: finding.probability for finding in told.findings(study)}
    np.testing.assert_allclose(found[:, 0], [wanted["effusion"], wanted["hernia"]], atol=1e-5)
    np.testing.assert_allclose(hiding.probabilities(hiding.ends, [1]), found[1:], rtol=1e-6)


def test_a_checkpoint_without_a_finding_head_says_so(tiny, study):
    with pytest.raises(BadInput, match="has no finding head"):
        method("grad-cam").explain(tiny, study, Findings(("effusion",)))


@pytest.mark.parametrize(
    ("wrong", "says"), [((), "at least one"), (("bone", "bone"), "each once"), (("tea leaves",), "'tea leaves'")]
)
def test_what_are_no_findings_is_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        Findings(wrong)


def test_findings_have_no_places_and_no_alternatives(told, study):
    for more in ({"positions": [0]}, {"alternatives": {0: 4}}):
        with pytest.raises(ValueError, match="no places in a sequence"):
            method("grad-cam").explain(told, study, Findings(("bone",)), **more)
