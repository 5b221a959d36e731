"""Self-critical training: the decoder writes impressions itself and learns from what they are worth.

REINFORCE with the other samples of the same study as the baseline (Kool et al. 2019, "Buy 4 REINFORCE samples, get a
baseline for free!"), after self-critical sequence training, which takes the greedy caption for it (Rennie et al. 2017,
arXiv 1612.00563). The references stay in every batch, so that wording and attention do not drift.
"""

import numpy as np

from captioner.models.rollout import sampled_ids


def advantages(rewards):
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
        rewards: `captioner.rewards.Rewards`.
        samples: impressions sampled for each study.
        steps: tokens that samples and references are cut to, if the batches do not cut them shorter.
        share: what the references' words count, in comparison with an advantage of `scale`.
        scale: reward that counts as one.
    """

    def __init__(self, network, vocabulary, rewards, samples=3, steps=24, share=0.3, scale=3.0):
        self.network, self.vocabulary, self.rewards = network, vocabulary, rewards
        self.samples, self.steps, self.share, self.scale = samples, steps, share, scale

    def epoch(self, batches, rng):
        """Go through `batches` (StudyBatches with captions) once.

        Returns:
            dict of "reward", the mean of the samples', and "loss".
        """
        earned, losses = [], []
        for index in range(len(batches)):
            inputs, answers, weights = batches[index]
            steps = min(self.steps, inputs["tokens"].shape[1])
            ids = sampled_ids(self.network, self.vocabulary, inputs, steps, self.samples, rng)  # (B, S, T)
            references = batches.captions(index)
            worth = np.stack([self.rewards.each(references, [self.vocabulary.decode(row) for row in ids[:, sample].tolist()])
                              for sample in range(self.samples)], axis=1)  # (B, S)
            earned.append(worth.mean())
            losses.append(self.network.train_on_batch(*self._mixed(inputs, answers, weights, ids, advantages(worth)),
                                                      return_dict=True)["loss"])
        return {"reward": float(np.mean(earned)), "loss": float(np.mean(losses))}

    def _mixed(self, inputs, answers, weights, ids, advantage):
        """One batch of B studies with B references and, after them, S * B samples."""
        steps, vocabulary = ids.shape[-1], self.vocabulary
        sampled = ids.transpose(1, 0, 2).reshape(-1, steps)  # (S * B, T)
        before = np.concatenate([np.full((len(sampled), 1), vocabulary.start, np.int32), sampled[:, :-1]], axis=1)
        written = (sampled != vocabulary.pad) * advantage.T.reshape(-1, 1) / self.scale  # (S * B, T)
        tokens = np.concatenate([inputs["tokens"][:, :steps], before])
        new_answers = {"tokens": np.concatenate([answers["tokens"][:, :steps], sampled]),
                       "findings": answers["findings"]}
        new_weights = {"tokens": np.concatenate([self.share * weights["tokens"][:, :steps], written]).astype(np.float32),
                       "findings": weights["findings"]}
        if "attention" in answers:
            # Only the references' words have a known place.
            where, known = answers["attention"][:, :steps], weights["attention"][:, :steps]
            new_answers["attention"] = np.concatenate([where, *[np.zeros_like(where)] * self.samples])
            new_weights["attention"] = np.concatenate([known, *[np.zeros_like(known)] * self.samples])
        return {**inputs, "tokens": tokens}, new_answers, new_weights
