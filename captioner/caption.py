"""What the right half of the house is handed: a caption, its words and their evidence. Plain data, no TensorFlow."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from captioner.numbers import plain_map
from captioner.sentence import Sentence

NO_LATERAL = Sentence(
    "The lateral view is missing: the model saw the frontal view alone, and all attention lies there."
)


@dataclass(frozen=True)
class Alternative:
    """A token that could have been in a word's place.

    Attributes:
        text: the token as written; `<end>` means "the impression ends here".
        token_id: its id in the checkpoint's vocabulary.
        log_prob: natural logarithm of its probability at this step, <= 0.
        barred: whether the rules for sentences kept the search from choosing it; its probability is the network's own.
    """

    text: str
    token_id: int
    log_prob: float
    barred: bool = False


@dataclass(frozen=True, eq=False)
class Word:
    """One word (or full stop) of an impression.

    Attributes:
        text: the word as written.
        token_id: its id in the checkpoint's vocabulary.
        log_prob: natural logarithm of its probability given the pictures and the words before it, <= 0.
        alternatives: the five likeliest tokens at this step, likeliest first; the word itself is among them when it
            ranks there.
        attention: float32 `(views, rows, columns)`, non-negative, summing to 1 over all three: how the decoder spread
            its attention when it chose this word. View 0 is the frontal, view 1 the lateral; a missing lateral is all
            zeros. None for a model without attention.
    """

    text: str
    token_id: int
    log_prob: float
    alternatives: tuple[Alternative, ...] = ()
    attention: np.ndarray | None = None

    @property
    def view_share(self) -> np.ndarray | None:
        """float32 `(views,)`, the share of the attention that each view got; None without attention."""
        return None if self.attention is None else self.attention.sum(axis=(1, 2))


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """One finished sequence of a search.

    Attributes:
        words: its words, in order, without start and end tokens.
        log_prob: log probability of the whole sequence: the sum over its words, and `end_log_prob` when it ended.
        end_log_prob: log probability of the end token after the last word; None when the length limit cut it off.
        score: what the search ranked by: `log_prob / length ** length_penalty` (length counts the end token).
    """

    words: tuple[Word, ...]
    log_prob: float
    end_log_prob: float | None
    score: float

    @property
    def text(self) -> str:
        """The words joined by single spaces, as the collection's captions are written."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, eq=False)
class Finding:
    """What the finding head says of one finding.

    Attributes:
        name: one of `captioner.reports.findings.FINDINGS`.
        probability: 0 to 1, calibrated on validation where the checkpoint keeps a calibration.
        threshold: 0 to 1; the decoder is told the finding from this probability on.
        stated: whether it is told it.
        side_probabilities: of the patient's left and right, 0 to 1 each; None for a finding without a side.
        side: "left", "right", "bilateral" or None, as the decoder is told it.
        zone: "upper", "lower" or None, likewise.
        map: float32 `(views, rows, columns)`, the weights with which the head pooled its evidence: non-negative,
            summing to 1 over both views; a missing view is all zeros.
        evidence: float32 `(views,)`, what each view adds to the finding's logit; 0 for a missing view.
        base_rate: share of the training studies that state the finding; None where the checkpoint does not know.
    """

    name: str
    probability: float
    threshold: float
    stated: bool
    side_probabilities: tuple[float, float] | None
    side: str | None
    zone: str | None
    map: np.ndarray
    evidence: np.ndarray
    base_rate: float | None


@dataclass(frozen=True)
class Condition:
    """What the decoder was told of one finding, whatever the words say.

    Attributes:
        finding: one of `captioner.reports.findings.FINDINGS`.
        stated: whether to state it.
        side: "left", "right", "bilateral" or None.
        zone: "upper", "lower" or None.
        steered: whether the caller said so, and not the finding head.
    """

    finding: str
    stated: bool
    side: str | None
    zone: str | None
    steered: bool


@dataclass(frozen=True, eq=False)
class Caption:
    """A predicted impression.

    Attributes:
        hypotheses: ranked, best first; greedy search has one.
        decoding: "greedy" or "beam".
        beam_width: hypotheses kept at each step; 1 for greedy.
        length_penalty: exponent of the length normalisation; 0 ranks by plain log probability.
        views: bool per view `(frontal, lateral)`: False where the view was missing.
        conditions: what the decoder was told of each finding, in the order of `FINDINGS`; none for a decoder that is
            told nothing.
        given: how many words at the start of every hypothesis were given to the search, and not chosen by it.
        notices: sentences that the reader of this caption should see (a missing lateral, swapped views, a colour
        photograph).
    """

    hypotheses: tuple[Hypothesis, ...]
    decoding: str
    beam_width: int
    length_penalty: float
    views: tuple[bool, ...]
    notices: tuple[str, ...] = field(default=())
    conditions: tuple[Condition, ...] = field(default=())
    given: int = 0

    @property
    def text(self) -> str:
        """The best hypothesis as text."""
        return self.hypotheses[0].text

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of the best hypothesis."""
        return self.hypotheses[0].words

    @property
    def log_prob(self) -> float:
        """Log probability of the best hypothesis, end token included."""
        return self.hypotheses[0].log_prob

    @property
    def ended(self) -> bool:
        """Whether the best hypothesis ended by itself, and was not cut off by the length limit."""
        return self.hypotheses[0].end_log_prob is not None

    def as_dict(self, study: str | None = None) -> dict[str, Any]:
        """The caption as plain data; what `--json` and `predictions.jsonl` hold is `captioner.serving.answer`."""
        return {
            "study": study,
            "text": self.text,
            "log_prob": self.log_prob,
            "words": [
                {
                    "text": word.text,
                    "token_id": word.token_id,
                    "log_prob": word.log_prob,
                    "attention": None if word.attention is None else plain_map(word.attention),
                }
                for word in self.words
            ],
            "notices": list(self.notices),
        }
