"""Training under tf.distribute: two devices, and two workers on the loopback, take the steps of one machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.training.distribution import STRATEGIES, Alone, strategy_for, strategy_named
from captioner.training.recipes import RECIPES
from tests.stand_in import free_port

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import dataclasses, sys
from pathlib import Path
import numpy as np
import tensorflow as tf
from captioner.checkpoint.store import named_weights
from captioner.training.recipes import RECIPES, Phase
from captioner.training.trainer import Training

data, out, *strategies = sys.argv[1:]
if "mirrored" in strategies:
    device, = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
phase = Phase("captions", 64, 2, 1e-3, batch=8, freeze_encoder=True, from_features=True, phantoms=False)
recipe = dataclasses.replace(RECIPES["smoke"], dropout=0.0, max_words=4, phases=(phase,))
for strategy in strategies:
    training = Training(data, Path(out) / strategy, recipe=recipe, limit=16, strategy=strategy, say=lambda line: None)
    start = {name: np.asarray(variable) for name, variable in named_weights(training.network).items()}
    np.savez(training.progress.folder / "start.npz", **start)
    training.run()
"""


def trained(folder, collection, *processes):
    """Trainings at the same time, each `(strategies, environment)` in a process of its own, into `folder`."""
    started = []
    for strategies, more in processes:
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
        environment.pop("TF_CONFIG", None)
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(collection), str(folder), *strategies],
                cwd=ROOT,
                env={**environment, **more},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    try:
        for process in started:
            _, errors = process.communicate(timeout=900)
            assert process.returncode == 0, errors[-3000:]
    finally:
        for process in started:  # a worker waits for ever for one that failed
            process.kill()


@pytest.fixture(scope="module")
def runs(tmp_path_factory, collection):
    """The folders of the same training, alone and mirrored on two devices."""
    folder = tmp_path_factory.mktemp("distributed")
    trained(folder, collection, (("none", "mirrored"), {}))
    return folder


@pytest.fixture(scope="module")
def workers(runs, collection):
    """The folder of the same training by two workers."""
    cluster = {"worker": [f"127.0.0.1:{free_port()}" for _ in range(2)]}
    tasks = [{"cluster": cluster, "task": {"type": "worker", "index": worker}} for worker in range(2)]
    trained(runs, collection, *((("multi-worker",), {"TF_CONFIG": json.dumps(task)}) for task in tasks))
    return runs / "multi-worker"


def losses(folder):
    return [json.loads(line)["train_loss"] for line in (folder / "history.jsonl").read_text().splitlines()]


def weights(folder, name="last.npz"):
    """All weights of the network in one vector."""
    with np.load(folder / name) as arrays:
        return np.concatenate([arrays[name].ravel() for name in sorted(arrays.files)])


def apart(folder, other):
    """How far two trainings ended from each other, as a share of the way that the first one went."""
    way = np.linalg.norm(weights(folder) - weights(folder, "start.npz"))
    assert way > 0.05
    return np.linalg.norm(weights(folder) - weights(other)) / way


@pytest.mark.long
def test_two_devices_take_the_steps_of_one(runs):
    alone, mirrored = runs / "none" / "progress", runs / "mirrored" / "progress"
    assert losses(mirrored) == pytest.approx(losses(alone), rel=1e-5)
    assert apart(alone, mirrored) < 0.01


@pytest.mark.long
def test_two_workers_agree_with_each_other_and_take_the_steps_of_one(runs, workers):
    alone, first, second = runs / "none" / "progress", workers / "progress", workers / "progress-1"
    assert losses(first) == pytest.approx(losses(second), rel=1e-6)
    np.testing.assert_allclose(weights(first), weights(second), atol=1e-6)
    assert losses(first) == pytest.approx(losses(alone), rel=1e-5)
    assert apart(alone, first) < 0.01


@pytest.mark.long
def test_the_first_worker_writes_the_checkpoint(workers):
    assert (workers / "checkpoint" / "config.json").is_file()


def test_alone_needs_no_strategy():
    strategy = strategy_named("none")
    assert isinstance(strategy, Alone) and (strategy.worker, strategy.workers, strategy.replicas) == (0, 1, 1)


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "none"])
def test_phases_of_rewards_are_refused_before_anything_is_begun(monkeypatch, tmp_path, capsys, strategy):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for recipe in ("rewards", "imagenet"):
        arguments = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--recipe", recipe]
        assert main([*arguments, "--strategy", strategy]) == 2
        (sentence,) = capsys.readouterr().err.splitlines()
        assert sentence.startswith(f"--strategy {strategy} cannot share out a phase of rewards") and sentence.endswith(
            "."
        )
    assert list(tmp_path.iterdir()) == []


def test_the_recipes_that_the_refusal_names_have_no_rewards():
    with pytest.raises(BadInput) as refusal:
        strategy_for("mirrored", RECIPES["rewards"])
    for recipe in ("cpu", "gpu", "decoder", "further"):
        assert recipe in str(refusal.value) and all(phase.goal != "rewards" for phase in RECIPES[recipe].phases)
    assert isinstance(strategy_for("none", RECIPES["rewards"]), Alone)


@pytest.mark.parametrize(
    "config", ["", "{", "{}", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}']
)
def test_a_cluster_that_is_not_described_is_one_sentence(monkeypatch, config, tmp_path, capsys):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(BadInput, match="TF_CONFIG"):
        strategy_named("multi-worker")
    assert main(["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--strategy", "multi-worker"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
