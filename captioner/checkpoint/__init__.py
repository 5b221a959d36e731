"""Checkpoint folders: written whole or not at all, checked when they are read."""

from captioner.checkpoint.store import (
    DEFAULT,
    WEIGHTS_ROOT,
    assign,
    available,
    load,
    named_weights,
    read_card,
    read_config,
    read_weights,
    save,
)

__all__ = [
    "DEFAULT",
    "WEIGHTS_ROOT",
    "assign",
    "available",
    "load",
    "named_weights",
    "read_card",
    "read_config",
    "read_weights",
    "save",
]
