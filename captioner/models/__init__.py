"""The networks: one encoder, and one file for each captioner.

Every captioner's network offers the same calls, and decoding and the explanations need no others:

    image_features = network.encode(pictures (B, 2, rows, columns, channels), mask (B, 2))  # (B, P, depth)
    features = network.features(pictures (B, views, rows, columns, channels))  # (B, views, R, C, F), views apart
    image_features = network.project(features (B, 2, R, C, F), mask (B, 2))    # (B, P, depth): the other half of encode
    constants, state = network.begin(image_features, mask)                     # a tuple of (B, ...), and (B, S)
    logits, state, attention = network.step(image_features, constants, state, token (B,))  # (B, V), (B, S), (B, P)
    network.grid                                          # (rows, columns) of one view; P = 2 * rows * columns

The state is one row of numbers per hypothesis, whatever the network keeps in it. A network without attention says so in
`network.has_attention` and gives attention `(B, 0)`.
"""

from importlib import import_module
from typing import Any

NETWORKS = {
    "attention": ("captioner.models.attention", "AttentionCaptioner"),
    "simple": ("captioner.models.simple", "SimpleCaptioner"),
    "chained-context": ("captioner.models.chained_context", "ChainedContextCaptioner"),
    "seed": ("captioner.models.seed", "SeedCaptioner"),
}
WORD_TABLE = "said"  # the layer whose weight follows from the vocabulary and is not learned: `captioner.models.said`


def network_class(name: str) -> Any:
    """The class of the network called `name` in a checkpoint's configuration; KeyError for an unknown one."""
    module, cls = NETWORKS[name]
    return getattr(import_module(module), cls)


def is_learned(name: str) -> bool:
    """Whether training changes the weight of that name, of `captioner.checkpoint.store.named_weights`.

    >>> is_learned("gru_cell/kernel"), is_learned("said/statements")
    (True, False)
    """
    return name.split("/")[0] != WORD_TABLE
