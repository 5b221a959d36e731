"""A training of a decoder that is told the findings: both collections, the clock and averaged weights."""

import json

import numpy as np
import pytest
import tensorflow as tf

import captioner
from captioner.checkpoint.store import named_weights
from captioner.decoding.token_tables import statement_table
from captioner.errors import BadInput
from captioner.reports.findings import FINDINGS
from captioner.training.examples import VALIDATION_SEED, phantom_seeds
from captioner.training.feature_batches import pooled
from captioner.training.recipes import RECIPES
from captioner.training.source import read_source
from captioner.training.trainer import Training

pytestmark = pytest.mark.usefixtures("without_graphs")


FEW = 8  # studies, and labelled pictures, of each split


class Watched(Training):
    """Keeps all weights as they were before the first phase and after each."""

    def run(self):
        self.kept, self.judged, self.decided = [self._weights()], [], []
        super().run()

    def _run_phase(self, number, phase):
        super()._run_phase(number, phase)
        self.kept.append(self._weights())

    def _validate(self, phase, data):
        self.judged.append(self._weights())
        return super()._validate(phase, data)

    def _decide(self, data):
        self.decided.append([example.uid for example in data.whole.examples[-data.held_out :]])
        super()._decide(data)

    def _weights(self):
        return {name: np.array(variable) for name, variable in named_weights(self.network).items()}


@pytest.fixture(scope="module")
def training(collection, labelled_pictures, tmp_path_factory):
    """One training through all phases, for all tests of this file."""
    out = tmp_path_factory.mktemp("runs") / "told"
    training = Watched([collection, labelled_pictures], out, recipe="smoke-told", limit=FEW, say=lambda line: None)
    training.run()
    return training


@pytest.fixture(scope="module")
def told(training):
    return training.out


@pytest.mark.long
def test_graphs_take_the_steps_that_are_taken_without(training, collection, labelled_pictures, tmp_path):
    tf.config.run_functions_eagerly(False)
    try:
        out = tmp_path / "graphs"
        Training([collection, labelled_pictures], out, recipe="smoke-told", limit=FEW, say=lambda line: None).run()
    finally:
        tf.config.run_functions_eagerly(True)
    losses = [[entry["train_loss"] for entry in history(out)] for out in (tmp_path / "graphs", training.out)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_thresholds_are_chosen_on_phantoms_that_nothing_is_learned_from_whenever_they_are_chosen(training):
    held_out = [f"phantom {VALIDATION_SEED + number}" for number in range(RECIPES["smoke-told"].held_out_phantoms)]
    assert training.decided == [held_out] * sum(phase.goal != "findings" for phase in training.recipe.phases)
    assert VALIDATION_SEED > max(phantom_seeds(1200, 700))


def moved(training, phase):
    """Names of the weights that a phase changed, and of those that it left as they were."""
    before, after = training.kept[phase : phase + 2]
    changed = {name for name in before if (before[name] != after[name]).any()}
    return changed, set(before) - changed


def history(out):
    return [json.loads(line) for line in (out / "progress" / "history.jsonl").read_text().splitlines()]


def test_it_ends_in_a_checkpoint_that_sees_points_and_is_steered(told, collection):
    model = captioner.load(told / "checkpoint")
    frontal = next((collection / "images").glob("*"))
    study = captioner.read_study(frontal)
    findings = model.findings(study)
    assert [finding.name for finding in findings] == list(FINDINGS)
    assert all(0 <= finding.base_rate <= 1 for finding in findings)
    np.testing.assert_array_equal(model.network.said.table, statement_table(model.vocabulary.tokens))
    caption = model.caption(study, steer={"effusion": "left"})
    assert [each.side for each in caption.conditions if each.finding == "effusion"] == ["left"]
    assert {"squamous"} & {*model.vocabulary.tokens} == set() and "nodule" in model.vocabulary


def test_the_checkpoint_reads_every_cell_though_its_decoder_learned_on_fewer(told):
    size, stride = 64, 8
    assert [phase.pooling for phase in RECIPES["smoke-told"].phases] == [1, 2, 2]
    assert captioner.load(told / "checkpoint").grid == (size // stride, size // stride)


def test_cells_are_pooled_block_by_block():
    cells = np.arange(2 * 4 * 6 * 1, dtype=np.float32).reshape(2, 4, 6, 1)
    small = pooled(cells, 2)
    assert small.shape == (2, 2, 3, 1)
    assert small[0, 0, 0, 0] == np.mean([0, 1, 6, 7]) and small[1, 1, 2, 0] == 24 + np.mean([16, 17, 22, 23])
    assert pooled(cells, 1) is cells
    assert pooled(cells[:, :3], 2).shape == (2, 1, 3, 1)  # what fills no block is left out


def test_frozen_stages_keep_still_and_the_others_learn(training):
    encoder = {variable.path for variable in training.network.encoder.variables}
    changed, still = (names & encoder for names in moved(training, 0))
    frozen = {name for name in encoder if "/stem_" in f"/{name}" or "/stage1_" in f"/{name}"}
    assert frozen and frozen <= still and changed
    for phase in (1, 2):
        assert not moved(training, phase)[0] & encoder


def test_a_phase_ends_with_the_mean_of_its_last_epochs(training):
    assert RECIPES["smoke-told"].phases[0].mean_from == 2
    second, third, mean = training.judged[1:4]  # epochs 2 and 3 as they were judged, and then their mean
    after = training.kept[1]
    assert any((second[name] != third[name]).any() for name in second)
    for name, value in after.items():
        np.testing.assert_allclose(value, (second[name] + third[name]) / 2, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(value, mean[name])


def test_every_phase_is_scored(told):
    entries = history(told)
    assert [entry["goal"] for entry in entries] == [*["findings"] * 3, "captions", "captions", "rewards"]
    assert {"auc", "picture_auc", "side", "pointing", "score"} <= entries[0].keys()
    assert all(0 <= entry["pointing"] <= 1 for entry in entries if entry["goal"] == "captions")
    assert all(np.isfinite(entry["train_loss"]) for entry in entries)


def test_two_collections_are_read_and_no_third(collection, labelled_pictures):
    source = read_source([collection, labelled_pictures])
    patients = {name: {picture.patient for picture in pictures} for name, pictures in source.pictures.items()}
    assert patients["train"] and patients["val"] and not patients["train"] & patients["val"]
    for twice in ([collection, collection], [labelled_pictures, labelled_pictures, collection]):
        with pytest.raises(BadInput, match="second collection"):
            read_source(twice)
    with pytest.raises(BadInput, match="no reports"):
        read_source(labelled_pictures)


def test_the_head_keeps_still_while_the_decoder_learns(training):
    head = {name for name in training.kept[0] if name.startswith("finding_")}
    assert head & moved(training, 0)[0]
    for phase in (1, 2):
        changed, still = moved(training, phase)
        assert head <= still and "output_dense/kernel" in changed
