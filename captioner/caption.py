"""What the right half of the house is handed: a caption, its words and their evidence. Plain data, no TensorFlow."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Alternative:
    """A token that could have stood in a word's place.

    Attributes:
        text: the token as written; `<end>` stands for "the impression ends here".
        token_id: its id in the checkpoint's vocabulary.
        log_prob: natural logarithm of its probability at this step, <= 0.
    """

    text: str
    token_id: int
    log_prob: float


@dataclass(frozen=True, eq=False)
class Word:
    """One word (or full stop) of an impression.

    Attributes:
        text: the word as written.
        token_id: its id in the checkpoint's vocabulary.
        log_prob: natural logarithm of its probability given the pictures and the words before it, <= 0.
        alternatives: the five likeliest tokens at this step, likeliest first; the word itself is among them when it ranks there.
        attention: float32 `(views, rows, columns)`, non-negative, summing to 1 over all three: how the decoder spread
            its attention when it chose this word. View 0 is the frontal, view 1 the lateral; a missing lateral is all zeros.
            None for a model without attention.
    """

    text: str
    token_id: int
    log_prob: float
    alternatives: tuple[Alternative, ...] = ()
    attention: np.ndarray | None = None

    @property
    def view_share(self):
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
    def text(self):
        """The words joined by single spaces, as the collection's captions are written."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, eq=False)
class Caption:
    """A predicted impression.

    Attributes:
        hypotheses: ranked, best first; greedy search has one.
        decoding: "greedy" or "beam".
        beam_width: hypotheses kept at each step; 1 for greedy.
        length_penalty: exponent of the length normalisation; 0 ranks by plain log probability.
        views: bool per view `(frontal, lateral)`: False where the view was missing.
        notices: sentences that the reader of this caption should see (a missing lateral, swapped views, a colour photograph).
    """

    hypotheses: tuple[Hypothesis, ...]
    decoding: str
    beam_width: int
    length_penalty: float
    views: tuple[bool, ...]
    notices: tuple[str, ...] = field(default=())

    @property
    def text(self):
        """The best hypothesis as text."""
        return self.hypotheses[0].text

    @property
    def words(self):
        """The words of the best hypothesis."""
        return self.hypotheses[0].words

    @property
    def log_prob(self):
        """Log probability of the best hypothesis, end token included."""
        return self.hypotheses[0].log_prob

    def as_dict(self, study=None):
        """The dictionary that `--json` and `predictions.jsonl` hold."""
        return {
            "study": study,
            "text": self.text,
            "log_prob": self.log_prob,
            "words": [
                {
                    "text": word.text,
                    "token_id": word.token_id,
                    "log_prob": word.log_prob,
                    "attention": None if word.attention is None else word.attention.tolist(),
                }
                for word in self.words
            ],
        }
