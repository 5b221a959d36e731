"""Self-critical training: the decoder writes impressions itself and learns from what they are worth.

REINFORCE with the other samples of the same study as the baseline (Kool et al. 2019, "Buy 4 REINFORCE samples, get a
baseline for free!"), after self-critical sequence training, which takes the greedy caption for it (Rennie et al. 2017,
arXiv 1612.00563). The references stay in every batch, so that wording and attention do not drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from captioner.reports.findings import PLACES
from captioner.training.rollout import sampled_ids

if TYPE_CHECKING:
    import keras

    from captioner.training.dataset import StudyBatches
    from captioner.training.rewards import Rewards
    from captioner.vocabulary import Vocabulary


def advantages(rewards: np.ndarray) -> np.ndarray:
    """How much better each sample of a study is than the mean of the others, `(B, S)` -> `(B, S)`; S at least 2.

    >>> advantages(np.array([[1.0, 3.0]])).tolist()
    [[-2.0, 2.0]]
    """
    rewards = np.asarray(rewards, np.float64)
    count = rewards.shape[1]
    return (rewards - rewards.mean(axis=1, keepdims=True)) * count / (count - 1)


class SelfCritical:
    """Epochs of self-critical training of a compiled network.

    Args:
        network: one of `captioner.models`, compiled with a WordLoss without smoothing (a negative weight of a smoothed
            loss would push every word at once).
        vocabulary: Vocabulary.
        rewards: `captioner.training.rewards.Rewards`.
        samples: impressions sampled for each study.
        steps: tokens that samples and references are cut to, if the batches do not cut them shorter.
        share: what the references' words count, in comparison with an advantage of `scale`.
        scale: reward that counts as one.
    """

    def __init__(
        self,
        network: keras.Model,
        vocabulary: Vocabulary,
        rewards: Rewards,
        samples: int = 3,
        steps: int = 24,
        share: float = 0.3,
        scale: float = 3.0,
    ) -> None:
        self.network, self.vocabulary, self.rewards = network, vocabulary, rewards
        self.samples, self.steps, self.share, self.scale = samples, steps, share, scale

    def epoch(self, batches: StudyBatches, rng: np.random.Generator, clock: Any = None) -> dict[str, float]:
        """Go through `batches` (StudyBatches with captions) once, or until the clock (ClockedCosine) is over.

        Returns:
            dict of "reward", the mean of the samples', and "loss".
        """
        earned: list[float] = []
        losses: list[float] = []
        for index in range(len(batches)):
            if clock and clock.over and losses:
                break
            inputs, answers, weights = batches[index]
            steps = min(self.steps, inputs["tokens"].shape[1])
            ids = sampled_ids(self.network, self.vocabulary, inputs, steps, self.samples, rng)  # (B, S, T)
            references = batches.captions(index)
            told = self._told(inputs) if "conditions" in inputs else None  # (B, conditions_size)
            written = [
                [self.vocabulary.decode(row) for row in ids[:, sample].tolist()] for sample in range(self.samples)
            ]
            asked = () if told is None else (told.reshape(len(told), -1, 1 + len(PLACES))[..., 0] > 0.5,)  # (B, 13)
            worth = np.stack([self.rewards.each(references, texts, *asked) for texts in written], axis=1)  # (B, S)
            earned.append(worth.mean())
            losses.append(
                self.network.train_on_batch(
                    *self._mixed(inputs, answers, weights, ids, advantages(worth), told), return_dict=True
                )["loss"]
            )
        return {"reward": float(np.mean(earned)), "loss": float(np.mean(losses))}

    def _told(self, inputs: dict[str, Any]) -> Any:
        """What the finding head tells the decoder of each study, `(B, conditions_size)`."""
        seen = {name: ops.convert_to_tensor(inputs[name]) for name in inputs if name not in ("tokens", "conditions")}
        found = self.network.examine(self.network.image_features_of(seen), seen["mask"])
        return ops.convert_to_numpy(self.network.conditions(found))

    def _mixed(
        self,
        inputs: dict[str, Any],
        answers: Any,
        weights: Any,
        ids: np.ndarray,
        advantage: np.ndarray,
        told: Any = None,
    ) -> Any:
        """One batch of B studies with B references and, after them, S * B samples."""
        steps, vocabulary = ids.shape[-1], self.vocabulary
        sampled = ids.transpose(1, 0, 2).reshape(-1, steps)  # (S * B, T)
        before = np.concatenate([np.full((len(sampled), 1), vocabulary.start, np.int32), sampled[:, :-1]], axis=1)
        written = (sampled != vocabulary.pad) * advantage.T.reshape(-1, 1) / self.scale  # (S * B, T)
        tokens = np.concatenate([inputs["tokens"][:, :steps], before])
        new_answers = {**answers, "tokens": np.concatenate([answers["tokens"][:, :steps], sampled])}
        new_weights = {
            **weights,
            "tokens": np.concatenate([self.share * weights["tokens"][:, :steps], written]).astype(np.float32),
        }
        if "attention" in answers:
            # Only the references' words have a known place.
            where, known = answers["attention"][:, :steps], weights["attention"][:, :steps]
            new_answers["attention"] = np.concatenate([where, *[np.zeros_like(where)] * self.samples])
            new_weights["attention"] = np.concatenate([known, *[np.zeros_like(known)] * self.samples])
        mixed = {**inputs, "tokens": tokens}
        if told is not None:
            # The references' words follow from what they state; the samples were written of what the head found.
            mixed["conditions"] = np.concatenate([inputs["conditions"], *[told] * self.samples])
        return mixed, new_answers, new_weights
