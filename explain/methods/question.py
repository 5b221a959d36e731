"""What a method is asked about: the log probabilities of words, or the log odds of findings, of one study.

Words and Findings answer the same calls, so that a method explains either without knowing which it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from captioner import conditions
from captioner.errors import BadInput
from captioner.reports.findings import FINDINGS
from captioner.sentence import Sentence

if TYPE_CHECKING:
    import tensorflow as tf

    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.preprocessing import Prepared
    from captioner.images.study import Study
    from explain.methods.graphs import Graphs


@dataclass(frozen=True, eq=False)
class Words:
    """Words of a sequence, by teacher forcing. The number of a word is its log probability given the pictures and the
    words before it; against an alternative it is log p(word) - log p(alternative), which asks why this and not that.

    Attributes:
        tokens: int32 `(T,)`, the sequence.
        positions: int32 `(W,)`, the places in it of the words that are meant.
        alternatives: int32 `(W,)`, the token that each is compared with, -1 for nothing.
        told: float32 `(1, conditions_size)`, what the decoder is told instead of what the finding head found; NaN
            leaves a number to the head.
    """

    tokens: np.ndarray
    positions: np.ndarray
    alternatives: np.ndarray
    told: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    def only(self, numbers: slice | Sequence[int]) -> Words:
        """Some of them."""
        return replace(self, positions=self.positions[numbers], alternatives=self.alternatives[numbers])

    def values(self, graphs: Graphs, features: Any, mask: np.ndarray) -> np.ndarray:
        """Their numbers from features `(N, 2, R, C, F)`: float32 `(W, N)`."""
        return graphs.of_features(features, mask, self.told, *self._sequence()).numpy()[self.positions]

    def probabilities(self, graphs: Graphs, projected: Any, mask: np.ndarray) -> np.ndarray:
        """Their probabilities, whatever they are compared with, from what `graphs.projected` gave: float64 `(W, N)`."""
        tokens, _ = self._sequence()
        values = graphs.of_projected(projected, mask, self.told, tokens, np.full_like(tokens, -1))  # (T, N)
        return np.exp(values.numpy()[self.positions].astype(np.float64))

    def features_gradient(self, graphs: Graphs, features: Any, mask: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """Features of one study `(1, 2, R, C, F)` -> numbers `(W,)`, their gradients `(W, 2, R, C, F)`."""
        return graphs.features_gradient(features, mask, self.told, *self._sequence(), self.positions)

    def pixels_gradient(self, graphs: Graphs, pictures: Any, mask: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """Pictures `(N, 2, size, size, channels)` -> numbers `(W, N)`, gradients `(W, N, 2, size, size, channels)`."""
        return graphs.pixels_gradient(pictures, mask, self.told, *self._sequence(), self.positions)

    def attention(self, graphs: Graphs, features: Any, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the network itself attended to: weights `(W, P)` that sum to 1, and the numbers `(W,)`."""
        if not getattr(graphs.network, "has_attention", True):
            raise ValueError("this checkpoint has no attention to show")
        image_features = graphs.network.project(features, mask[None], training=False)  # (1, P, depth)
        forced = graphs.decoder.force(image_features, mask[None], self.tokens, self.told)
        return forced.attention[self.positions], forced.log_probs[self.positions]

    def _sequence(self) -> tuple[np.ndarray, np.ndarray]:
        """Tokens, and what each is compared with, int32 `(T,)` twice, up to the last word that is meant: what comes
        after a word does not change its probability."""
        against = np.full(len(self.tokens), -1, np.int32)
        against[self.positions] = self.alternatives
        end = int(self.positions.max()) + 1
        return self.tokens[:end], against[:end]


@dataclass(frozen=True)
class Findings:
    """Findings, by the finding head. The number of a finding is the log odds of its calibrated probability.

    Attributes:
        names: of `captioner.reports.findings.FINDINGS`, each once.

    Raises:
        ValueError: no name, an unknown one, or one twice.

    >>> Findings(("effusion",)).only(slice(0, 1)).names
    ('effusion',)
    """

    names: tuple[str, ...] = FINDINGS

    def __post_init__(self) -> None:
        unknown = [name for name in self.names if name not in FINDINGS]
        if unknown:
            raise ValueError(f"the findings are {', '.join(FINDINGS)}, not {unknown[0]!r}")
        if not self.names or len(set(self.names)) < len(self.names):
            raise ValueError("name at least one finding, and each once")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def positions(self) -> np.ndarray:
        """int32 `(W,)`: their numbers in FINDINGS."""
        return np.array([FINDINGS.index(name) for name in self.names], np.int32)

    @property
    def alternatives(self) -> np.ndarray:
        """int32 `(W,)`, all -1: a finding is compared with nothing."""
        return np.full(len(self), -1, np.int32)

    def only(self, numbers: slice | Sequence[int]) -> Findings:
        """Some of them."""
        return Findings(tuple(np.array(self.names, object)[numbers]))

    def values(self, graphs: Graphs, features: Any, mask: np.ndarray) -> np.ndarray:
        """As of `Words.values`."""
        return graphs.findings(features, mask).numpy()[self.positions]

    def probabilities(self, graphs: Graphs, projected: Any, mask: np.ndarray) -> np.ndarray:
        """Their calibrated probabilities, from what `graphs.projected` gave: float64 `(W, N)`."""
        log_odds = graphs.findings_of_projected(projected, mask).numpy()[self.positions]
        return 1 / (1 + np.exp(-log_odds.astype(np.float64)))

    def features_gradient(self, graphs: Graphs, features: Any, mask: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """As of `Words.features_gradient`."""
        return graphs.findings_features_gradient(features, mask, self.positions)

    def pixels_gradient(self, graphs: Graphs, pictures: Any, mask: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """As of `Words.pixels_gradient`."""
        return graphs.findings_pixels_gradient(pictures, mask, self.positions)

    def attention(self, graphs: Graphs, features: Any, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The weights with which the head pooled its evidence, `(W, P)` that sum to 1, and the numbers `(W,)`."""
        image_features = graphs.network.project(features, mask[None], training=False)  # (1, P, depth)
        maps = np.asarray(graphs.network.examine(image_features, mask[None])["maps"])[0]  # (13, P)
        return maps[self.positions], self.values(graphs, features, mask)[:, 0]


@dataclass(frozen=True, eq=False)
class Question:
    """What a method is asked, checked and in arrays.

    Attributes:
        pictures: float32 `(2, size, size, channels)`, prepared as the network wants them.
        mask: bool `(2,)`, which views there are.
        asked: Words or Findings, W of them.
    """

    pictures: np.ndarray
    mask: np.ndarray
    asked: Words | Findings


def ask(
    model: Captioner,
    study: Study | Prepared,
    tokens: npt.ArrayLike | Caption | Findings,
    positions: Sequence[int] | None = None,
    alternatives: Mapping[int, int] | None = None,
) -> Question:
    """Check what a method was asked, see `explain.methods.base.Method.explain`; returns a Question.

    Raises:
        ValueError: a place or a token that does not exist.
        BadInput: findings of a checkpoint without a finding head.
    """
    asked: Words | Findings
    if isinstance(tokens, Findings):
        if positions is not None or alternatives:
            raise ValueError("findings have no places in a sequence, and are compared with nothing")
        if not model.has_findings:
            raise BadInput(
                Sentence("The checkpoint {name} has no finding head: it writes impressions alone.", name=model.name)
            )
        asked = tokens
    else:
        asked = _words(model, tokens, positions, alternatives)
    return Question(*pictures_of(model, study), asked)


def pictures_of(model: Captioner, study: Study | Prepared) -> tuple[np.ndarray, np.ndarray]:
    """A study as the network wants it: float32 `(2, size, size, channels)`, and bool `(2,)`, which views there are."""
    if not isinstance(study, tuple):
        from captioner.images.preprocessing import prepare

        prepared: Any = prepare(study, model.config["preparation"])
    else:
        prepared = study
    pictures, mask = (np.asarray(part) for part in prepared)
    return pictures.astype(np.float32), mask.astype(bool)


def _words(
    model: Captioner,
    tokens: npt.ArrayLike | Caption,
    positions: Sequence[int] | None,
    alternatives: Mapping[int, int] | None,
) -> Words:
    words = getattr(tokens, "words", None)
    ids: Any = tokens if words is None else [word.token_id for word in words]
    sequence = np.asarray(ids, np.int32).reshape(-1)  # (T,)
    size = len(model.vocabulary)
    meant = np.flatnonzero(sequence != model.vocabulary.end) if positions is None else np.asarray(positions, np.int32)
    places = meant.astype(np.int32).reshape(-1)  # (W,)
    others = dict(alternatives or {})
    if not len(places):
        raise ValueError("there is no word to explain")
    if places.min() < 0 or places.max() >= len(sequence):
        raise ValueError(f"the places lie between 0 and {len(sequence) - 1}, not {places.tolist()}")
    if others.keys() - set(places.tolist()):
        raise ValueError("an alternative is given for a place that is not explained")
    for token in (*sequence, *others.values()):
        if not 0 <= token < size:
            raise ValueError(f"{token} is no token of a vocabulary of {size}")
    against = np.array([others.get(int(place), -1) for place in places], np.int32)  # (W,)
    return Words(sequence, places, against, _told(model, tokens, sequence))


def _told(model: Captioner, tokens: npt.ArrayLike | Caption, sequence: np.ndarray) -> np.ndarray:
    """What to tell the decoder while a sequence is explained, see `Words.told`.

    A caption is explained as it was written: what its decoder was steered to is told again. A sequence that somebody
    else wrote is explained by a decoder that is told, beside what the head found, what the sequence states: it asks
    where the network looks when it has to say this.
    """
    if not model.decoder.conditions_size:
        return np.zeros((1, 0), np.float32)
    if hasattr(tokens, "words"):
        return conditions.steered_again(getattr(tokens, "conditions", ())).reshape(1, -1)
    text = " ".join(model.vocabulary.word(int(token)) for token in sequence if token != model.vocabulary.end)
    return conditions.stated_in(text).reshape(1, -1)
