"""Greedy and sampled captions of a whole batch on any Keras backend: what training scores itself by, and learns from.

The page and the command line decode with `captioner.decoding`, which is TensorFlow.
"""

import numpy as np
from keras import ops

FAR_BELOW = -1e9


def greedy_ids(network, vocabulary, batch, steps):
    """Token ids `(B, steps)` of the greedy captions, padded after the end token.

    Args:
        network: one of `captioner.models`.
        batch: dict of `mask`, and `pictures` or `features`, as the network's `call` takes them.
        steps: most tokens, the end token among them.
    """
    memory, mask = _memory(network, batch)
    return _roll_out(network, vocabulary, memory, mask, steps, lambda logits: logits)


def sampled_ids(network, vocabulary, batch, steps, samples, rng):
    """Token ids `(B, samples, steps)` drawn from the network's own probabilities; see `greedy_ids`."""
    memory, mask = _memory(network, batch)
    memory, mask = (ops.repeat(value, samples, axis=0) for value in (memory, mask))  # (B * samples, ...)
    # The largest of logits with Gumbel noise is a draw from their softmax.
    ids = _roll_out(network, vocabulary, memory, mask, steps, lambda logits: logits + rng.gumbel(size=logits.shape))
    return ids.reshape(-1, samples, steps)


def _memory(network, batch):
    seen = {name: ops.convert_to_tensor(batch[name]) for name in batch if name != "tokens"}
    return network.memory_of(seen), seen["mask"]


def _roll_out(network, vocabulary, memory, mask, steps, changed):
    constants, state = network.begin(memory, mask)
    never = np.zeros(len(vocabulary), np.float32)
    never[vocabulary.never] = FAR_BELOW
    token = np.full(len(mask), vocabulary.start, np.int32)
    ids = np.full((len(token), steps), vocabulary.pad, np.int32)
    open_still = np.ones(len(token), bool)
    for step in range(steps):
        logits, state, _ = network.step(memory, constants, state, ops.convert_to_tensor(token))
        token = (changed(ops.convert_to_numpy(logits)) + never).argmax(axis=-1).astype(np.int32)
        ids[open_still, step] = token[open_still]
        open_still &= token != vocabulary.end
        if not open_still.any():
            break
    return ids
