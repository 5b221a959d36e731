"""A loaded checkpoint: a study goes in, its caption comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from captioner import conditions, readout
from captioner.caption import NO_LATERAL, Caption, Finding, Hypothesis
from captioner.checkpoint import how_often_right
from captioner.checkpoint.how_often_right import HowOftenRight
from captioner.decoding.hypotheses import Sequence, Trace
from captioner.decoding.search import Decoder
from captioner.decoding.sentence_rules import SentenceRules
from captioner.errors import BadInput
from captioner.images.preprocessing import Prepared, prepare
from captioner.images.study import Study
from captioner.models.folding import folded
from captioner.models.graph import graph
from captioner.reports.cleaning import clean
from captioner.reports.findings import FINDINGS
from captioner.sentence import Sentence

if TYPE_CHECKING:
    import keras

    from captioner.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Features:
    """What the encoder made of a study; every search and width can start from it.

    Attributes:
        image_features: float32 `(1, P, depth)`.
        mask: bool `(1, 2)`, which views there were.
        notices: sentences for the reader of the caption.
        prepared: the pictures that they were made of, for explanations.
        examined: what the finding head makes of them, filled in by the captioner when it is first asked.
    """

    image_features: tf.Tensor
    mask: tf.Tensor
    notices: tuple[str, ...]
    prepared: Prepared | None = None
    examined: dict[str, np.ndarray] = field(default_factory=dict)


class Captioner:
    """A network with its vocabulary and configuration, ready to caption.

    Encoder and projection keep the weights that they had at the first study (`captioner.models.folding`).

    Attributes:
        name: as the configuration calls it.
        folder: where it was loaded from.
        config: the content of its config.json.
        vocabulary: Vocabulary.
        network, decoder: for explanations, which look inside.
    """

    def __init__(
        self, network: keras.Model, vocabulary: Vocabulary, config: dict[str, Any], folder: Path | None = None
    ) -> None:
        self.network, self.vocabulary, self.config, self.folder = network, vocabulary, config, folder
        self.name = config["name"]
        decoding = config["decoding"]
        rules = SentenceRules(vocabulary) if decoding.get("sentence_rules", False) else None
        self.decoder = Decoder(network, vocabulary, rules, decoding.get("says_what_it_is_told", False))
        self._examine = graph(
            self._examine_graph,
            [
                tf.TensorSpec((1, None, None), tf.float32),
                tf.TensorSpec((1, None), tf.bool),
                tf.TensorSpec((1, self.decoder.conditions_size), tf.float32),
            ],
        )

    @cached_property
    def encoder(self) -> keras.Model | None:
        """The network's encoder as studies see it, its batch norms folded, made at the first study and shared by all
        graphs; None of a network that has no encoder."""
        own = getattr(self.network, "encoder", None)
        return None if own is None else folded(own)

    @cached_property
    def projecting(self) -> keras.Model | None:
        """`encoder` and the network's projection in one (`captioner.models.folding.projecting`), with the encoder's own
        weights; None of a network whose projection is not linear, or that has no encoder."""
        make = getattr(self.network, "projecting", None)
        return None if make is None or self.encoder is None else make(self.encoder)

    @cached_property
    def _encode(self) -> Any:
        """Graph: pictures `(1, 2, size, size, channels)`, mask bool `(1, 2)` -> image features `(1, P, depth)`."""
        network, encoder, projecting = self.network, self.encoder, self.projecting
        size, channels = self.config["preparation"]["size"], self.config["preparation"].get("channels", 1)

        def encoded(pictures: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
            if projecting is None:
                return network.encode(pictures, mask, training=False, encoder=encoder)
            return network.from_projected(projecting(pictures[0], training=False)[None], mask)

        return graph(
            encoded,
            [tf.TensorSpec((1, 2, size, size, channels), tf.float32), tf.TensorSpec((1, 2), tf.bool)],
        )

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the attention over one view."""
        return tuple(self.network.grid)

    @property
    def coverage(self) -> tuple[float, float]:
        """Share of the picture's rows and columns under the grid, from the top left corner; 1 for nearly all."""
        return tuple(self.config.get("coverage", (1.0, 1.0)))

    @property
    def has_attention(self) -> bool:
        """Whether the network attends; else `Word.attention` is None."""
        return getattr(self.network, "has_attention", True)

    def encode(self, study: Study) -> Features:
        """Run the encoder over both views at once; returns Features.

        Raises:
            BadInput: the network's numbers overflow: its weights are no trained ones.
        """
        prepared = prepare(study, self.config["preparation"])
        notices = study.notices
        if study.lateral is None:
            notices = (*notices, Sentence(self.config.get("missing_lateral_notice", NO_LATERAL)))
        pictures, mask = (tf.constant(part[None]) for part in prepared)  # (1, 2, rows, columns, channels), (1, 2)
        image_features = self._encode(pictures, mask)
        self._check_finite(image_features)
        return Features(image_features, mask, tuple(notices), prepared)

    def _check_finite(self, *values: Any) -> None:
        if not all(np.all(np.isfinite(part)) for part in values):
            raise BadInput(
                Sentence(
                    "The checkpoint {name} gives no numbers for this study: its weights are not sound.", name=self.name
                )
            )

    @property
    def has_findings(self) -> bool:
        """Whether the network has a finding head, so that `findings` answers."""
        return getattr(self.network, "finding_head", None) is not None

    @property
    def calibration(self) -> tuple[tuple[float, float], ...]:
        """`(slope, offset)` of each of `FINDINGS`: slope * logit + offset are the log odds of the probability."""
        kept = self.config.get("findings", {}).get("calibration") or [(1.0, 0.0)] * len(FINDINGS)
        return tuple((float(slope), float(offset)) for slope, offset in kept)

    @property
    def how_often_right(self) -> HowOftenRight | None:
        """How often claims were right on validation studies, kept beside the checkpoint; None where nobody counted.

        Raises:
            BadInput: the file is damaged.
        """
        return how_often_right.load(self.folder, self.config)

    def findings(self, study: Study | Features) -> tuple[Finding, ...]:
        """What the finding head says of each of `FINDINGS`, in their order: a tuple of Finding.

        Args:
            study: Study, or Features of one.

        Raises:
            BadInput: the checkpoint has no finding head.
        """
        if not self.has_findings:
            raise BadInput(
                Sentence("The checkpoint {name} has no finding head: it writes impressions alone.", name=self.name)
            )
        features = self.encode(study) if isinstance(study, Study) else study
        return readout.findings(
            self._examined(features),
            self.grid,
            self.network.rules["thresholds"] if self.network.rules else [0.0] * len(FINDINGS),
            self.calibration,
            self.config.get("findings", {}).get("base_rates") or [None] * len(FINDINGS),
        )

    def _examine_graph(self, image_features: tf.Tensor, mask: tf.Tensor, given: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self.network.examine(image_features, mask)
        told = self.network.conditions(found, given) if self.decoder.conditions_size else tf.zeros((1, 0))
        return {"told": told, **{name: found[name] for name in ("presence", "places", "maps", "view_evidence")}}

    def _examined(self, features: Features, given: np.ndarray | None = None) -> dict[str, np.ndarray]:
        if given is None and features.examined:
            return features.examined
        nothing = np.full((1, self.decoder.conditions_size), np.nan, np.float32)
        found = self._examine(features.image_features, features.mask, nothing if given is None else given)
        arrays = {name: value.numpy()[0] for name, value in found.items()}
        if given is None:
            features.examined.update(arrays)  # the head is the greater part of what `findings` costs
        return arrays

    def caption(
        self,
        study: Study | Features,
        decoding: str = "greedy",
        beam_width: int = 3,
        length_penalty: float | None = None,
        max_words: int | None = None,
        steer: Mapping[str, bool | str] | None = None,
        prefix: Iterable[int] = (),
    ) -> Caption:
        """The predicted impression; see `search` for the arguments and for what is raised."""
        return self.search(study, decoding, beam_width, length_penalty, max_words, steer, prefix)[0]

    def search(
        self,
        study: Study | Features,
        decoding: str = "greedy",
        beam_width: int = 3,
        length_penalty: float | None = None,
        max_words: int | None = None,
        steer: Mapping[str, bool | str] | None = None,
        prefix: Iterable[int] = (),
    ) -> tuple[Caption, Trace]:
        """The predicted impression, and how the search came to it.

        Args:
            study: Study, or Features of one.
            decoding: "greedy" or "beam".
            beam_width: 1 to 10; greedy search does not use it.
            length_penalty: 0 to 2, see `captioner.decoding.search`; the checkpoint's own when None.
            max_words: most words; the checkpoint's own when None.
            steer: what to tell the decoder instead of what the finding head found, a dict from the name of a finding to
                False, True (the side is left to the head), "left", "right" or "bilateral".
            prefix: token ids that the impression begins with; the network writes on from there. The end token ends it.

        Returns:
            The Caption, and the Trace of the search, of which `captioner.decoding.beam_tree` makes a tree.

        Raises:
            BadInput: `steer` for a checkpoint whose decoder is told nothing; a prefix of more tokens than an impression
                has, of tokens that are none of a text, or that the impression ends before.
            ValueError: an unknown decoding, or a number out of range.
            BadInput: the network's numbers overflow: its weights are no trained ones.
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
        tokens = self._checked_prefix(prefix, most)
        features = self.encode(study) if isinstance(study, Study) else study
        given = self._given(steer)
        trace = self.decoder.trace(features.image_features, features.mask, width, most, given, tokens)
        sequences = self.decoder.ranked(trace, penalty)
        if tokens and not sequences:
            raise BadInput(Sentence("The rules for sentences let no impression go on from these words."))
        # With logits that are no numbers the search finds nothing at all.
        self._check_finite(*([sequence.log_probs for sequence in sequences] or [np.array(np.nan)]))
        told = self._examined(features, given)["told"] if self.decoder.conditions_size else ()
        caption = Caption(
            tuple(self._hypothesis(sequence) for sequence in sequences),
            decoding,
            width,
            penalty,
            tuple(bool(there) for there in features.mask[0].numpy()),
            features.notices,
            conditions.described(told, given),
            len(tokens) - (tokens[-1:] == [self.vocabulary.end]),
        )
        return caption, trace

    def _checked_prefix(self, prefix: Iterable[int], most: int) -> list[int]:
        tokens = [int(token) for token in prefix]
        if len(tokens) > most:
            raise BadInput(
                Sentence(
                    "An impression has {most} words at the most here, and {given} are given.",
                    most=most,
                    given=len(tokens),
                )
            )
        if any(token in self.vocabulary.forbidden_ids or not 0 <= token < len(self.vocabulary) for token in tokens):
            raise BadInput(Sentence("An impression can only go on from words that the checkpoint knows."))
        if self.vocabulary.end in tokens[:-1]:
            raise BadInput(Sentence("Nothing can be written after the end of an impression."))
        return tokens

    def tokens_of(self, text: str) -> list[int]:
        """The token ids of a text, cleaned as the reports are, for `prefix`.

        Raises:
            BadInput: a word is not in the vocabulary; the sentence names the first.
        """
        words = clean(text).split()
        tokens = self.vocabulary.encode(" ".join(words))
        for word, token in zip(words, tokens):
            if token == self.vocabulary.unknown:
                raise BadInput(
                    Sentence("The checkpoint {name} does not know the word “{word}”.", name=self.name, word=word[:40])
                )
        return tokens

    def _given(self, steer: Mapping[str, bool | str] | None) -> np.ndarray | None:
        """`steer` as the decoder takes it, float32 `(1, conditions_size)`; None without any."""
        if not steer:
            return None
        if not self.decoder.conditions_size:
            raise BadInput(
                Sentence(
                    "The decoder of the checkpoint {name} is not told any findings: it cannot be steered.",
                    name=self.name,
                )
            )
        return conditions.steered(steer).reshape(1, -1)

    def score_text(self, study: Study | Features, text: str) -> Hypothesis:
        """How likely a given impression is, word by word, as a Hypothesis; unknown words are scored as `<unk>`."""
        features = self.encode(study) if isinstance(study, Study) else study
        words = clean(text).split()
        tokens = [*self.vocabulary.encode(" ".join(words)), self.vocabulary.end]
        sequence = self.decoder.force(features.image_features, features.mask, tokens)
        self._check_finite(sequence.log_probs)
        return self._hypothesis(sequence, words)

    def _hypothesis(self, sequence: Sequence, texts: list[str] | None = None) -> Hypothesis:
        grid = self.grid if self.has_attention else None
        return readout.hypothesis(sequence, self.vocabulary, grid, texts)
