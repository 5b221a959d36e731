"""The finding head against a computation by hand, and what it tells the decoder."""

import numpy as np
import pytest

from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.models.finding_head import (
    CONDITIONS,
    SMALLEST_SHARE,
    FindingHead,
    decide,
    positions,
    side_of_map,
)
from captioner.reports.findings import FINDINGS, PLACES, SIDED

GRID, DEPTH, UNITS, N = (2, 3), 4, 5, len(FINDINGS)
EFFUSION, HEART = FINDINGS.index("effusion"), FINDINGS.index("cardiomegaly")


@pytest.fixture
def head():
    made, rng = FindingHead(UNITS, DEPTH), np.random.default_rng(3)
    for weight in made.weights:
        weight.assign(rng.normal(size=weight.shape))
    return made


@pytest.fixture
def image_features():
    return np.abs(np.random.default_rng(4).normal(size=(2, 12, DEPTH))).astype(np.float32)


def looked(head, image_features, shown):
    cells = np.repeat(np.array(shown, np.float32), 6, axis=1)
    return {name: np.asarray(value) for name, value in head(image_features, cells, grid=GRID).items()}


def by_hand(head, image_features, shown):
    """Logits of presence and places, and the maps, one study, one finding and one cell at a time."""
    where = np.asarray(positions(GRID))[0]
    presence, places, maps = np.zeros((2, N)), np.zeros((2, N, 4)), np.zeros((2, N, 12))
    for study in range(2):
        scores, evidence, place = np.full((12, N), -np.inf), np.zeros((12, N)), np.zeros((12, 4 * N))
        for cell in range(12):
            view = cell // 6
            if not shown[study][view]:
                continue
            seen = np.concatenate([image_features[study, cell], where[cell % 6]])
            hidden = np.maximum(seen @ np.asarray(head.hidden[view].kernel) + np.asarray(head.hidden[view].bias), 0)
            scores[cell], evidence[cell], place[cell] = (
                hidden @ np.asarray(layer[view].kernel) + np.asarray(layer[view].bias)
                for layer in (head.score, head.evidence, head.place)
            )
        for finding in range(N):
            weights = np.exp(scores[:, finding] - scores[:, finding].max())
            weights /= weights.sum()
            maps[study, finding] = weights
            presence[study, finding] = weights @ evidence[:, finding]
            places[study, finding] = [weights @ place[:, kind * N + finding] for kind in range(4)]
            # The frontal view's cells are 0 1 2 / 3 4 5: the picture's left half, the patient's right, is 0 and 3.
            share = weights[[2, 5]].sum() + SMALLEST_SHARE, weights[[0, 3]].sum() + SMALLEST_SHARE
            places[study, finding, :2] += np.log(share[0] / share[1]) * np.array([1, -1])
    return presence, places, maps


@pytest.mark.parametrize("shown", [[(1, 1), (1, 1)], [(1, 0), (0, 1)]], ids=["both views", "one view each"])
def test_every_finding_pools_its_evidence_by_its_own_attention(head, image_features, shown):
    found = looked(head, image_features, shown)
    for name, expected in zip(("presence", "places", "maps"), by_hand(head, image_features, shown)):
        assert found[name] == pytest.approx(expected, abs=1e-4)
    assert found["maps"].sum(axis=-1) == pytest.approx(1, abs=1e-5)
    assert found["view_evidence"].sum(axis=-1) == pytest.approx(found["presence"], abs=1e-4)


def test_a_missing_view_has_no_weight_and_no_evidence(head, image_features):
    found = looked(head, image_features, [(1, 0), (0, 1)])
    assert not found["maps"][0, :, 6:].any() and not found["maps"][1, :, :6].any()
    assert not found["view_evidence"][0, :, 1].any() and not found["view_evidence"][1, :, 0].any()
    other = image_features.copy()
    other[0, 6:], other[1, :6] = 9.0, 9.0
    assert looked(head, other, [(1, 0), (0, 1)])["presence"] == pytest.approx(found["presence"], abs=1e-5)


def test_positions_tell_left_from_right_and_top_from_bottom():
    where = np.asarray(positions((4, 4)))[0].reshape(4, 4, -1)
    assert (where[:, 0, 1] < 0).all() and (where[:, 3, 1] > 0).all()
    assert (where[0, :, 0] < 0).all() and (where[3, :, 0] > 0).all()
    assert len(np.unique(where.reshape(16, -1).round(4), axis=0)) == 16


def test_the_side_is_where_the_attention_lies_and_its_mirror_image_has_the_other():
    maps = np.zeros((3, 1, 2 * 16), np.float32)  # a grid of 4 x 4, frontal and lateral
    maps[0, 0, 4 + 3] = 1.0  # the right edge of the frontal picture: the patient's left
    maps[1, 0, 4 + 0] = 1.0  # its mirror image
    maps[2, 0, 16 + 3] = 1.0  # on the lateral view, which shows no sides
    left, mirrored, lateral = np.asarray(side_of_map(maps, (4, 4)))[:, 0]
    assert left > 5 and mirrored == pytest.approx(-left) and lateral == 0


OPACITY = FINDINGS.index("airspace opacity")
RULES = {"thresholds": [0.5] * N, "side": 1.0, "zone": 0.0}


def told(presence=(), places=(), given=None):
    """One study's conditions `(13, 5)`; `presence` and `places` are what differs from logits of -9."""
    logits, where = np.full((1, N), -9.0, np.float32), np.full((1, N, 4), -9.0, np.float32)
    for finding, logit in dict(presence).items():
        logits[0, finding] = logit
    for (finding, place), logit in dict(places).items():
        where[0, finding, PLACES.index(place)] = logit
    return np.asarray(decide(logits, where, RULES, given)).reshape(N, 5)


def test_a_finding_is_told_from_its_threshold_on_and_its_places_only_then():
    names = {"left": 1.0, "right": 0.9, "upper": 0.1, "lower": 0.2}
    places = {(finding, name): logit for finding in (OPACITY, EFFUSION) for name, logit in names.items()}
    assert told({OPACITY: 0.5}, places)[OPACITY].tolist() == [1, 1, 0, 0, 1]
    assert not told({OPACITY: 0.49}, places).any()
    assert told({OPACITY: 0.5}, places).sum() == 3
    # Impressions hardly ever say at which height an effusion lies.
    assert told({EFFUSION: 0.5}, places)[EFFUSION].tolist() == [1, 1, 0, 0, 0]


def test_both_sides_may_be_told_and_a_finding_without_a_side_has_none():
    both = {(EFFUSION, "left"): 2.0, (EFFUSION, "right"): 3.0, (HEART, "left"): 5.0}
    assert told({EFFUSION: 1.0, HEART: 1.0}, both)[EFFUSION].tolist() == [1, 1, 1, 0, 0]
    assert told({HEART: 1.0}, both)[HEART].tolist() == [1, 0, 0, 0, 0]
    assert "cardiomegaly" not in SIDED and "effusion" in SIDED


def test_what_is_given_is_told_and_the_rest_is_left_to_the_head():
    given = np.full((1, CONDITIONS), np.nan, np.float32).reshape(1, N, 5)
    given[0, EFFUSION, 0] = 1.0  # on, the side left to the head
    given[0, HEART] = [0, 0, 0, 0, 0]
    given = given.reshape(1, -1)
    answer = told({HEART: 3.0, 4: 3.0}, {(EFFUSION, "right"): 2.0}, given)
    assert answer[EFFUSION].tolist() == [1, 0, 1, 0, 0]
    assert not answer[HEART].any() and answer[4, 0] == 1 and answer.sum() == 3


@pytest.mark.parametrize("name", ["attention", "simple", "chained-context"])
def test_only_what_the_decoder_is_told_changes_when_it_is_given(name):
    network = network_class(name)(
        ENCODERS["densenet-tiny"], 9, 2, GRID, depth=6, units=5, embedding=4, head=3, rules=RULES, attention_units=4
    )
    rng = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    features = rng.normal(size=(1, 2, *GRID, network.encoder.output_shape[-1])).astype(np.float32)
    mask = np.array([[True, True]])
    shown = network.project(features, mask)
    own = np.asarray(network.conditions(network.examine(shown, mask)))
    nothing = np.full((1, CONDITIONS), np.nan, np.float32)
    token = np.array([1], np.int32)

    def logits(given):
        constants, state = network.begin(shown, mask, given)
        return np.asarray(network.step(shown, constants, state, token)[0])

    assert logits(None) == pytest.approx(logits(nothing), abs=1e-6)
    assert logits(None) == pytest.approx(logits(own), abs=1e-6)
    assert np.abs(logits(None) - logits(1 - own)).max() > 1e-3


def test_the_attention_looks_where_the_head_found_what_is_told():
    network = network_class("attention")(
        ENCODERS["densenet-tiny"], 9, 2, GRID, depth=6, units=5, embedding=4, head=3, rules=RULES, attend_told=True
    )
    rng = np.random.default_rng(0)
    for variable in network.trainable_variables:
        if "attend_" not in variable.path:
            variable.assign(rng.normal(size=variable.shape))
    network.attend_score.kernel.assign(np.zeros((5, 1)))  # no cell is dearer than another by what it shows
    features = rng.normal(size=(1, 2, *GRID, network.encoder.output_shape[-1])).astype(np.float32)

    def attention(mask, *told):
        shown, mask = network.project(features, np.array([mask])), np.array([mask])
        given = np.zeros((1, N, 5), np.float32)
        given[0, list(told), 0] = 1.0
        constants, state = network.begin(shown, mask, given.reshape(1, -1))
        maps = np.asarray(network.examine(shown, mask)["maps"])[0]
        return np.asarray(network.step(shown, constants, state, np.array([1], np.int32))[2])[0], maps

    for mask in ((True, True), (True, False)):
        found, maps = attention(mask, EFFUSION)
        np.testing.assert_allclose(found, maps[EFFUSION], atol=1e-6)
        found, maps = attention(mask, EFFUSION, HEART)
        product = maps[EFFUSION] * maps[HEART]
        np.testing.assert_allclose(found, product / product.sum(), atol=1e-6)
        found, maps = attention(mask)
        even = maps[0] > 0
        np.testing.assert_allclose(found, even / even.sum(), atol=1e-6)
    network.attend_stated.kernel.assign(np.full(N, 2.0))
    found, maps = attention((True, True), EFFUSION)
    np.testing.assert_allclose(found, maps[EFFUSION] ** 2 / (maps[EFFUSION] ** 2).sum(), atol=1e-6)


def test_a_network_without_a_head_keeps_the_configuration_of_older_checkpoints():
    plain = network_class("attention")(ENCODERS["densenet-tiny"], 9, 2, GRID, depth=6, units=5, embedding=4)
    assert not {"head", "rules", "attention_units", "attend_told"} & plain.get_config().keys()
    made = network_class("attention")(
        ENCODERS["densenet-tiny"], 9, 2, GRID, depth=6, units=5, embedding=4, head=3, rules=RULES
    )
    again = network_class("attention").from_config(made.get_config())
    assert [weight.shape for weight in again.weights] == [weight.shape for weight in made.weights]
    assert again.rules == RULES
