"""The losses by hand."""

import numpy as np
import pytest
from keras import ops

from captioner.training.losses import AttentionLoss, FindingsLoss, WordLoss, finding_weights, mean_auc


def test_findings_loss_weighs_positives():
    loss = FindingsLoss([3.0, 1.0], [1.0, 1.0])
    logits = np.array([[0.0, 0.0]], "float32")
    assert float(loss(np.array([[1.0, 0.0]]), logits)) == pytest.approx((3 * np.log(2) + np.log(2)) / 2, rel=1e-5)
    heavier = FindingsLoss([3.0, 1.0], [3.0, 1.0])
    assert float(heavier(np.array([[1.0, 0.0]]), logits)) == pytest.approx((9 * np.log(2) + np.log(2)) / 4, rel=1e-5)


def test_finding_weights():
    truth = np.array([[1, 0], [0, 0], [0, 0], [0, 0], [0, 1]])
    np.testing.assert_allclose(finding_weights(truth), [2, 2])
    assert finding_weights(np.eye(1000)[:, :1]).max() == 6


def test_word_loss_is_cross_entropy_and_smoothing_mixes_in_the_uniform():
    logits = np.log(np.array([[[0.7, 0.2, 0.1]]], "float32"))
    assert float(WordLoss(0.0)(np.array([[0]]), logits)) == pytest.approx(-np.log(0.7), rel=1e-5)
    uniform = -np.log([0.7, 0.2, 0.1]).mean()
    assert float(WordLoss(0.1)(np.array([[0]]), logits)) == pytest.approx(-0.9 * np.log(0.7) + 0.1 * uniform, rel=1e-5)


def attention_loss(attention, mask):
    return float(ops.squeeze(AttentionLoss().call(np.array([[mask]], "float32"), np.array([[attention]], "float32"))))


def test_grounding_loss_is_the_attention_outside_the_mask_in_each_view():
    assert attention_loss([0.25, 0.25, 0.5, 0.0], [0.0, 0.5, 0.0, 0.0]) == pytest.approx(-np.log(0.25), rel=1e-3)
    both = attention_loss([0.25, 0.25, 0.5, 0.0], [1.0, 0.0, 1.0, 0.0])
    assert both == pytest.approx(-(np.log(0.25) + np.log(0.5)) / 2, rel=1e-3)
    # Both views inside is better than one view alone, however well that one is hit.
    assert attention_loss([0.5, 0, 0.5, 0], [1, 0, 1, 0]) < attention_loss([1, 0, 0, 0], [1, 0, 1, 0])


def test_mean_auc_counts_pairs():
    truth = np.array([[1], [1], [0], [0]])
    assert mean_auc(truth, np.array([[0.9], [0.4], [0.5], [0.1]]), min_count=2)[0] == pytest.approx(0.75)
    assert mean_auc(truth, np.zeros((4, 1)), min_count=2)[0] == pytest.approx(0.5)
    assert mean_auc(truth, np.zeros((4, 1)), min_count=3) == (0.5, {})
