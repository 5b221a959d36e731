"""How far a training is, kept in a folder: its state, its weights and the scores of every epoch."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from captioner.checkpoint.store import assign, named_weights, read_weights
from captioner.errors import BadInput
from captioner.training.weight_average import WeightAverage, weight_arrays

HISTORY, STATE, LAST, BEST, OPTIMIZER = "history.jsonl", "state.json", "last.npz", "best.npz", "optimizer.npz"
AVERAGE, MEAN = "average.npz", "mean.npz"


class Progress:
    """How far a training is, and the folder that keeps it.

    Args:
        folder: where it is kept; the training's own folder is the one above.
        described: model, seed and recipe of the training, which whoever goes on from here has to agree with.

    Attributes:
        state: `phase` and `epoch` that come next, `best` score of the phase, for how many epochs it is `stale`,
            `seconds` trained so far, and `described`.
    """

    def __init__(self, folder: Path, described: dict[str, Any]) -> None:
        self.folder, self.described = folder, described
        self.state: dict[str, Any] = {
            "phase": 0,
            "epoch": 0,
            "best": None,
            "stale": 0,
            "seconds": 0.0,
            "described": described,
        }

    def resume(self, network: keras.Model) -> bool:
        """Go on from what is kept, the network with its last weights; False where nothing is.

        Raises:
            BadInput: what is kept is of another training.
        """
        path = self.folder / STATE
        if not path.is_file():
            return False
        self.state = json.loads(path.read_text(encoding="utf-8"))
        if not agrees(self.state["described"], json.loads(json.dumps(self.described))):
            raise BadInput(
                f"{self.folder.parent} holds the progress of another training; give another --out or leave out "
                "--resume."
            )
        assign(network, read_weights(self.folder / LAST), str(self.folder))
        return True

    def start_anew(self) -> None:
        """Remove what an earlier training kept here.

        Raises:
            BadInput: the folder holds anything else; nothing is removed.
        """
        clear(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def history(self) -> list[dict[str, Any]]:
        """The scores of every epoch so far."""
        path = self.folder / HISTORY
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []

    def keep_best(self, score: float, network: keras.Model) -> bool:
        """Keep the weights of an epoch where its score is the best of its phase; returns whether it is."""
        if self.state["best"] is not None and not score > self.state["best"]:
            self.state["stale"] += 1
            return False
        self.state["best"], self.state["stale"] = score, 0
        _save_arrays(self.folder / BEST, named_weights(network))
        return True

    def restore_best(self, network: keras.Model) -> None:
        """Give the network the weights of the best epoch, where there is one."""
        if (self.folder / BEST).is_file():
            assign(network, read_weights(self.folder / BEST), str(self.folder))

    def take_into_mean(self, network: keras.Model, taken: int) -> None:
        """Take the weights of an epoch into the even mean of those of its phase, of which `taken` are in it."""
        now = weight_arrays(network)
        if taken:
            for name, value in read_weights(self.folder / MEAN).items():
                now[name] = value + (now[name] - value) / (taken + 1)
        _save_arrays(self.folder / MEAN, now)

    def restore_mean(self, network: keras.Model) -> bool:
        """Give the network the mean of `take_into_mean`, which then becomes the best; False where there is none."""
        if not (self.folder / MEAN).is_file():
            return False
        (self.folder / MEAN).replace(self.folder / BEST)
        self.restore_best(network)
        return True

    def add(self, entry: dict[str, Any]) -> None:
        """Add the scores of one epoch to the history."""
        with open(self.folder / HISTORY, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def keep(self, network: keras.Model, optimizer: Any, average: WeightAverage | None = None) -> None:
        """Write down how far the training is, the state last, so that a broken write is not taken for progress.

        Args:
            network: whose weights are kept.
            optimizer: whose variables are kept; None removes what an earlier phase left.
            average: of the weights, where one is made.
        """
        _save_arrays(self.folder / LAST, named_weights(network))
        if average and average.values is not None:
            _save_arrays(self.folder / AVERAGE, average.values)
        if optimizer is None:
            (self.folder / OPTIMIZER).unlink(missing_ok=True)
        else:
            _save_arrays(self.folder / OPTIMIZER, {str(i): each for i, each in enumerate(optimizer.variables)})
        fresh = self.folder / (STATE + ".new")
        fresh.write_text(json.dumps(self.state), encoding="utf-8")
        fresh.rename(self.folder / STATE)

    def restore_optimizer(self, optimizer: Any) -> None:
        """Give the optimizer the variables that were kept, where there are any."""
        if not (self.folder / OPTIMIZER).is_file():
            return
        with np.load(self.folder / OPTIMIZER, allow_pickle=False) as kept:
            for index, variable in enumerate(optimizer.variables):
                variable.assign(kept[str(index)])

    def restore_average(self, average: WeightAverage, steps: int) -> None:
        """Give an average of the weights its values after so many steps, where they were kept."""
        if (self.folder / AVERAGE).is_file():
            average.values, average.steps = read_weights(self.folder / AVERAGE), steps


def clear(progress: Path) -> None:
    """Remove the progress of an earlier training.

    Raises:
        BadInput: the folder holds anything else; nothing is removed.
    """
    if not os.path.lexists(progress):
        return
    own = {f"{name}{new}" for name in (HISTORY, STATE) for new in ("", ".new")}
    own |= {f"{Path(name).stem}{new}.npz" for name in (LAST, BEST, AVERAGE, MEAN, OPTIMIZER) for new in ("", ".new")}
    if progress.is_symlink() or not progress.is_dir():
        raise BadInput(f"{progress} is there already and is no folder of progress: nothing is removed.")
    for path in sorted(progress.rglob("*")):
        phantom = path.name == "phantoms" and path.is_dir() or path.parent.name == "phantoms" and path.suffix == ".npz"
        if path.name not in own and not phantom:
            raise BadInput(f"{progress} holds {path.name[:80]}, which no training wrote: nothing is removed.")
    shutil.rmtree(progress)


def agrees(kept: Any, described: Any) -> bool:
    """Whether two descriptions of a training agree in all that the kept one has: it may predate a setting.

    >>> agrees({"seed": 1}, {"seed": 1, "new": 2}), agrees({"seed": 1}, {"seed": 2})
    (True, False)
    """
    if isinstance(kept, dict) and isinstance(described, dict):
        return kept.keys() <= described.keys() and all(agrees(value, described[key]) for key, value in kept.items())
    if isinstance(kept, list) and isinstance(described, list):
        return len(kept) == len(described) and all(map(agrees, kept, described))
    return kept == described


def _save_arrays(path: Path, variables: Mapping[str, Any]) -> None:
    """Write variables or arrays, by name, into an `.npz`, which is there whole or not at all."""
    fresh = path.with_suffix(".new.npz")
    np.savez(fresh, **{name: keras.ops.convert_to_numpy(variable) for name, variable in variables.items()})
    fresh.rename(path)
