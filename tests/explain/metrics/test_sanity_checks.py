"""Randomisation: the order of the groups, the ranks by hand, and weights that come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.checkpoint.store import named_weights
from captioner.images.preprocessing import prepare
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.findings import FINDINGS
from explain.methods.base import Stopped, method
from explain.metrics.sanity_checks import cascade, kept, randomised, similarity, stages


def snapshot(network):
    return {name: np.array(value) for name, value in named_weights(network).items()}


def test_groups_go_from_the_words_to_the_pictures_and_miss_nothing(tiny):
    groups = stages(tiny.network)
    assert list(groups)[:6] == ["output", "decoder", "attention", "first state", "projection", "encoder's last norm"]
    assert list(groups)[-1] == "encoder block 1"
    assert sorted(sum(groups.values(), [])) == sorted(named_weights(tiny.network))


def test_a_table_that_was_not_learned_stays_as_it_is():
    rules = {"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0}
    settings = {"depth": 6, "units": 5, "embedding": 4, "head": 3, "rules": rules}
    network = network_class("attention")(ENCODERS["densenet-tiny"], 9, 2, (2, 2), told_once=True, **settings)
    every = set(named_weights(network))
    assert every - set(sum(stages(network).values(), [])) == {"said/statements"} < every
    assert not any(stage.startswith("said") for stage in stages(network))


def test_the_cascade_keeps_the_numbers_and_the_weights_come_back(tiny):
    before = snapshot(tiny.network)
    with kept(tiny.network):
        first, *rest = cascade(tiny.network)
        after = snapshot(tiny.network)
    assert first == "output" and rest
    assert not np.array_equal(after["projection/kernel"], before["projection/kernel"])
    for name, values in before.items():
        np.testing.assert_array_equal(np.sort(after[name], axis=None), np.sort(values, axis=None))
        np.testing.assert_array_equal(named_weights(tiny.network)[name], values)


def test_weights_come_back_after_a_failure(tiny):
    before = snapshot(tiny.network)
    with pytest.raises(RuntimeError), kept(tiny.network):
        list(cascade(tiny.network))
        raise RuntimeError
    assert all(np.array_equal(value, before[name]) for name, value in snapshot(tiny.network).items())


def test_spearman_by_hand():
    assert similarity([1, 2, 3], [10, 20, 1000]) == pytest.approx(1)
    assert similarity([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    # Ranks 1 2 3 4 and 1.5 1.5 3 4: centred products 4.5, squares 5 and 4.5.
    assert similarity([1, 2, 3, 4], [0, 0, 5, 6]) == pytest.approx(4.5 / np.sqrt(5 * 4.5))
    assert similarity([1, 2], [3, 3]) == 0


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=20), st.randoms())
def test_spearman_is_symmetric_and_bounded(values, random):
    other = values[:]
    random.shuffle(other)
    assert similarity(values, other) == pytest.approx(similarity(other, values))
    assert -1 - 1e-9 <= similarity(values, other) <= 1 + 1e-9


def test_attention_ignores_the_output_and_changes_below_it(tiny, study):
    question = (prepare(study, tiny.config["preparation"]), [4, 6], [0, 1])
    before = snapshot(tiny.network)
    told = []
    found = randomised(tiny, [method("attention")], [question], progress=lambda done, of: told.append((done, of)))
    own = found["attention"]
    assert len(own["maps"]) == 2 and own["studies"] == [0, 0] and list(own["stages"]) == list(stages(tiny.network))
    assert own["stages"]["output"] == pytest.approx([1, 1])
    assert min(own["stages"]["encoder block 1"]) < 0.99
    assert told == [(number, len(own["stages"])) for number in range(1, len(own["stages"]) + 1)]
    assert own["after"] == pytest.approx(own["stages"]["encoder block 1"])
    assert all(np.array_equal(value, before[name]) for name, value in snapshot(tiny.network).items())


def test_more_draws_are_averaged_and_a_curve_of_few_studies_costs_less(tiny, study):
    prepared, calls = prepare(study, tiny.config["preparation"]), []

    class Counted(type(method("attention"))):
        def explain(self, *asked, **more):
            calls.append(asked)
            return super().explain(*asked, **more)

    questions, groups, told = [(prepared, [4, 6], [0, 1]), (prepared, [6], [0])], len(stages(tiny.network)), []
    found = randomised(tiny, [Counted()], questions, draws=3, curve=1, progress=lambda *at: told.append(at))[
        "attention"
    ]
    assert len(calls) == 2 + (groups - 1) + 2 * 3 and told[-1] == (groups + 2, groups + 2)
    assert len(found["stages"]["output"]) == 2 and len(found["after"]) == 3
    single = randomised(tiny, [method("attention")], questions)["attention"]
    assert found["stages"]["encoder block 1"] == pytest.approx(single["after"][:2], abs=1e-5)
    assert found["after"] != pytest.approx(single["after"], abs=1e-5)


def test_it_can_be_stopped(tiny, study):
    question = (prepare(study, tiny.config["preparation"]), [4], [0])
    before = snapshot(tiny.network)
    with pytest.raises(Stopped):
        randomised(tiny, [method("attention")], [question], progress=lambda done, of: done == 2)
    assert all(np.array_equal(value, before[name]) for name, value in snapshot(tiny.network).items())


def test_efficientnets_layers_are_grouped_by_stage():
    from captioner.models.attention import AttentionCaptioner
    from captioner.models.efficientnet_lite import EfficientNetLiteConfig

    encoder = EfficientNetLiteConfig(depths=(1, 1, 1, 1, 1, 1, 1), widths=(4,) * 7, expansion=1, stem=4)
    network = AttentionCaptioner(encoder, 6, 2, (2, 2), depth=4, units=4, embedding=4)
    assert list(stages(network)) == [
        "output",
        "decoder",
        "attention",
        "first state",
        "projection",
        *(f"encoder block {number}" for number in range(7, 0, -1)),
        "encoder's stem",
    ]
