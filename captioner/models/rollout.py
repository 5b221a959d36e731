"""Greedy captions of a whole batch on any Keras backend: what training scores itself by, each epoch.

The page and the command line decode with `captioner.decoding`, which is TensorFlow.
"""

import numpy as np
from keras import ops

FAR_BELOW = -1e9


def greedy_ids(network, vocabulary, batch, steps):
    """Token ids `(B, steps)` of the greedy captions, padded after the end token.

    Args:
        network: one of `captioner.models`.
        batch: dict of `pictures` and `mask` as `network.encode` takes them.
        steps: most tokens, the end token among them.
    """
    mask = ops.convert_to_tensor(batch["mask"])
    memory = network.encode(ops.convert_to_tensor(batch["pictures"]), mask, training=False)
    constants, state = network.begin(memory, mask)
    never = np.zeros(len(vocabulary), np.float32)
    never[vocabulary.never] = FAR_BELOW
    token = np.full(len(batch["mask"]), vocabulary.start, np.int32)
    ids = np.full((len(token), steps), vocabulary.pad, np.int32)
    open_still = np.ones(len(token), bool)
    for step in range(steps):
        logits, state, _ = network.step(memory, constants, state, ops.convert_to_tensor(token))
        token = (ops.convert_to_numpy(logits) + never).argmax(axis=-1).astype(np.int32)
        ids[open_still, step] = token[open_still]
        open_still &= token != vocabulary.end
        if not open_still.any():
            break
    return ids
