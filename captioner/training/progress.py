"""The folder in which a training keeps how far it is: its state, its weights and the scores of every epoch."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from captioner.errors import BadInput

HISTORY, STATE, LAST, BEST, OPTIMIZER = "history.jsonl", "state.json", "last.npz", "best.npz", "optimizer.npz"
AVERAGE = "average.npz"


def clear(progress: Path) -> None:
    """Remove the progress of an earlier training.

    Raises:
        BadInput: the folder holds anything else; nothing is removed.
    """
    if not os.path.lexists(progress):
        return
    own = {f"{name}{new}" for name in (HISTORY, STATE) for new in ("", ".new")}
    own |= {f"{Path(name).stem}{new}.npz" for name in (LAST, BEST, AVERAGE, OPTIMIZER) for new in ("", ".new")}
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


def read_state(progress: Path) -> dict[str, Any] | None:
    """How far the training is, as `write_state` wrote it; None where there is none."""
    path = progress / STATE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def write_state(progress: Path, state: dict[str, Any]) -> None:
    """Write down how far the training is: after everything else, so that a broken write is not taken for progress."""
    fresh = progress / (STATE + ".new")
    fresh.write_text(json.dumps(state), encoding="utf-8")
    fresh.rename(progress / STATE)


def append_history(progress: Path, entry: dict[str, Any]) -> None:
    """Add the scores of one epoch."""
    with open(progress / HISTORY, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def read_history(progress: Path) -> list[dict[str, Any]]:
    """The scores of every epoch so far."""
    path = progress / HISTORY
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def save_arrays(path: Path, variables: Mapping[str, Any]) -> None:
    """Write variables or arrays, by name, into an `.npz`, which is there whole or not at all."""
    fresh = path.with_suffix(".new.npz")
    np.savez(fresh, **{name: keras.ops.convert_to_numpy(variable) for name, variable in variables.items()})
    fresh.rename(path)


def save_optimizer(progress: Path, optimizer: Any) -> None:
    """Write down the optimizer's variables, in their order; None removes what an earlier phase left."""
    if optimizer is None:
        (progress / OPTIMIZER).unlink(missing_ok=True)
    else:
        save_arrays(progress / OPTIMIZER, {str(i): variable for i, variable in enumerate(optimizer.variables)})


def restore_optimizer(progress: Path, optimizer: Any) -> None:
    """Give the optimizer the variables that `save_optimizer` wrote, where there are any."""
    if not (progress / OPTIMIZER).is_file():
        return
    with np.load(progress / OPTIMIZER, allow_pickle=False) as kept:
        for index, variable in enumerate(optimizer.variables):
            variable.assign(kept[str(index)])
