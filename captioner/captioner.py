"""A loaded checkpoint: a study goes in, its caption comes out."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from captioner.caption import Alternative, Caption, Hypothesis, Word
from captioner.decoding import Decoder
from captioner.frozen import frozen
from captioner.preparation import prepare
from captioner.reports import clean
from captioner.study import Study

NO_LATERAL = "The lateral view is missing: the model saw the frontal view alone, and all attention lies there."


@dataclass(frozen=True, eq=False)
class Features:
    """What the encoder made of a study; every search and width can start from it.

    Attributes:
        memory: float32 `(1, P, depth)`.
        mask: bool `(1, 2)`, which views there were.
        notices: sentences for the reader of the caption.
    """

    memory: tf.Tensor
    mask: tf.Tensor
    notices: tuple[str, ...]


class Captioner:
    """A network with its vocabulary and configuration, ready to caption.

    The encoder keeps the weights that it had at its first study (`captioner.frozen`).

    Attributes:
        name: as the configuration calls it.
        folder: where it was loaded from.
        config: the content of its config.json.
        vocabulary: Vocabulary.
        network, decoder: for explanations, which look inside.
    """

    def __init__(self, network, vocabulary, config, folder=None):
        self.network, self.vocabulary, self.config, self.folder = network, vocabulary, config, folder
        self.name = config["name"]
        self.decoder = Decoder(network, vocabulary)
        size, channels = config["preparation"]["size"], config["preparation"].get("channels", 1)
        self._encode = frozen(network, lambda pictures, mask: network.encode(pictures, mask, training=False), [
            tf.TensorSpec((1, 2, size, size, channels), tf.float32), tf.TensorSpec((1, 2), tf.bool)])

    @property
    def grid(self):
        """Rows and columns of the attention over one view."""
        return tuple(self.network.grid)

    @property
    def coverage(self):
        """Share of the picture's rows and columns that the grid lies over, from the top left corner; 1 for nearly all."""
        return tuple(self.config.get("coverage", (1.0, 1.0)))

    @property
    def has_attention(self):
        """Whether the network attends; else `Word.attention` is None."""
        return getattr(self.network, "has_attention", True)

    def encode(self, study):
        """Run the encoder over both views at once; returns Features."""
        pictures, mask = prepare(study, self.config["preparation"])
        notices = study.notices
        if study.lateral is None:
            notices = (*notices, self.config.get("missing_lateral_notice", NO_LATERAL))
        pictures, mask = tf.constant(pictures[None]), tf.constant(mask[None])  # (1, 2, rows, columns, channels), (1, 2)
        return Features(self._encode(pictures, mask), mask, tuple(notices))

    def caption(self, study, decoding="greedy", beam_width=3, length_penalty=None, max_words=None):
        """The predicted impression.

        Args:
            study: Study, or Features of one.
            decoding: "greedy" or "beam".
            beam_width: 1 to 10; greedy search does not use it.
            length_penalty: 0 to 2, see `captioner.decoding`; the checkpoint's own when None.
            max_words: most words; the checkpoint's own when None.

        Returns:
            Caption.

        Raises:
            ValueError: an unknown decoding, or a number out of range.
        """
        own = self.config["decoding"]
        penalty = float(own.get("length_penalty", 0.7) if length_penalty is None else length_penalty)
        most = int(own.get("max_words", 40) if max_words is None else max_words)
        if decoding not in ("greedy", "beam"):
            raise ValueError(f"decoding must be greedy or beam, not {decoding!r}")
        if not 1 <= int(beam_width) <= 10 or int(beam_width) != beam_width:
            raise ValueError(f"the beam width must be a whole number from 1 to 10, not {beam_width!r}")
        if not 0 <= penalty <= 2:
            raise ValueError(f"the length penalty must lie between 0 and 2, not {penalty!r}")
        if not 1 <= most <= 200:
            raise ValueError(f"the most words must lie between 1 and 200, not {most!r}")
        width = int(beam_width) if decoding == "beam" else 1
        features = self.encode(study) if isinstance(study, Study) else study
        sequences = self.decoder.search(features.memory, features.mask, width, most, penalty)
        return Caption(tuple(self._hypothesis(sequence, features.mask) for sequence in sequences), decoding, width, penalty,
                       tuple(bool(there) for there in features.mask[0].numpy()), features.notices)

    def score_text(self, study, text):
        """How likely a given impression is, word by word, as a Hypothesis; unknown words are scored as `<unk>`."""
        features = self.encode(study) if isinstance(study, Study) else study
        words = clean(text).split()
        tokens = [*self.vocabulary.encode(" ".join(words)), self.vocabulary.end]
        sequence = self.decoder.force(features.memory, features.mask, tokens)
        return self._hypothesis(sequence, features.mask, words)

    def _hypothesis(self, sequence, mask, texts=None):
        count = len(sequence.tokens) - int(sequence.ended)
        words = []
        for place in range(count):
            token = int(sequence.tokens[place])
            alternatives = tuple(
                Alternative(self._text(other), int(other), float(log_prob)) for other, log_prob in
                zip(sequence.alternatives[place], sequence.alternative_log_probs[place]))
            words.append(Word(texts[place] if texts else self._text(token), token, float(sequence.log_probs[place]),
                              alternatives, self._attention(sequence.attention[place])))
        end = float(sequence.log_probs[-1]) if sequence.ended else None
        return Hypothesis(tuple(words), float(sequence.log_probs.sum()), end, float(sequence.score))

    def _text(self, token):
        return "<end>" if token == self.vocabulary.end else self.vocabulary.word(int(token))

    def _attention(self, cells):
        if not self.has_attention:
            return None
        return np.asarray(cells, np.float32).reshape(-1, *self.grid)  # (views, rows, columns)
