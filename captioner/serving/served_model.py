"""A captioner whose network runs elsewhere: an exported SavedModel, in this process or behind TensorFlow Serving.

Reading, preparing and wording stay here, and what an exported folder keeps beside the graph (`assets.extra/`) says how,
so that `captioner.serving.answer` answers as with the checkpoint: the same texts, ids, findings and notices, numbers
that differ by rounding alone.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from captioner.caption import NO_LATERAL, Caption, Finding, Hypothesis, Word
from captioner.checkpoint import how_often_right
from captioner.checkpoint.how_often_right import HowOftenRight
from captioner.errors import BadInput
from captioner.images.preprocessing import nearest, squashed
from captioner.images.study import Study
from captioner.reports.findings import FINDINGS, SIDED
from captioner.sentence import Sentence
from captioner.serving.behind_grpc import SCHEME, behind_grpc

ASSETS, SIGNATURES, CONFIG = "assets.extra", "signatures.json", "config.json"
LONGEST_ANSWER = 256 << 20  # bytes of JSON; a study with maps of 13 findings has some 0.3 MB
Run = Callable[[str, Mapping[str, np.ndarray]], dict[str, np.ndarray]]
"""Runs a signature: its name and its inputs, each with an axis of studies where it has one, to its outputs."""


@dataclass(frozen=True, eq=False)
class ServedFeatures:
    """A study as the graph takes it, and what the graph said of it when it was asked together with others.

    Attributes:
        pictures: uint8 `(2, size, size)`.
        mask: bool `(2,)`.
        notices: sentences for the reader.
        answers: signature -> outputs of this study, without the axis of studies; empty when it was not asked yet.
    """

    pictures: np.ndarray
    mask: np.ndarray
    notices: tuple[str, ...]
    answers: dict[str, dict[str, np.ndarray]]


class ServedModel:
    """As much of `captioner.captioner.Captioner` as an answer needs.

    Args:
        folder: of an exported SavedModel, for what it keeps beside the graph.
        run: what runs the graph: `in_process(folder)` or `behind(address)`.

    Raises:
        BadInput: no such folder, or one that another version exported.
    """

    def __init__(self, folder: str | Path, run: Run) -> None:
        assets = Path(folder) / ASSETS
        try:
            told = json.loads((assets / SIGNATURES).read_text(encoding="utf-8"))
            self.config = json.loads((assets / CONFIG).read_text(encoding="utf-8"))
            self.name, self._words, self._silent = told["checkpoint"], told["vocabulary"], (told["pad"], told["end"])
            self._size, self._resize, self.has_attention = told["size"], told["resize"], told["attention"]
            self.has_findings = told["findings"] is not None
            self._thresholds = [told["findings"][name] for name in FINDINGS] if self.has_findings else []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{folder} is no SavedModel that this version exported: export it again.") from error
        self._run, self._assets = run, assets

    @property
    def how_often_right(self) -> HowOftenRight | None:
        """See `captioner.captioner.Captioner.how_often_right`."""
        return how_often_right.load(self._assets, self.config)

    def encode(self, study: Study) -> ServedFeatures:
        """Resize both views to the squares that the graph takes."""
        resize = nearest if self._resize == "seed" else squashed
        pictures = np.zeros((2, self._size, self._size), np.uint8)
        for place, view in enumerate(study.views):
            pictures[place] = resize(view.pixels, self._size)
        notices = study.notices
        if study.lateral is None:
            notices = (*notices, Sentence(self.config.get("missing_lateral_notice", NO_LATERAL)))
        return ServedFeatures(pictures, np.array([True, study.lateral is not None]), tuple(notices), {})

    def ask(self, features: Sequence[ServedFeatures], decoding: str = "greedy", **search: Any) -> None:
        """Ask the graph about several studies at once; `caption` and `findings` then answer without asking again."""
        inputs = {
            "pictures": np.stack([each.pictures for each in features]),
            "mask": np.stack([each.mask for each in features]),
        }
        more = {}
        if decoding == "beam":
            penalty = search.get("length_penalty")
            more = {
                "beam_width": np.int32(search.get("beam_width") or 3),
                "length_penalty": np.float32(self._penalty if penalty is None else penalty),
            }
        signatures: dict[str, Mapping[str, Any]] = {
            decoding: {**inputs, **more},
            **({"findings": inputs} if self.has_findings else {}),
        }
        for signature, given in signatures.items():
            outputs = self._run(signature, given)
            for place, each in enumerate(features):
                each.answers[signature] = {name: value[place] for name, value in outputs.items()}

    @property
    def _penalty(self) -> float:
        return float(self.config["decoding"].get("length_penalty", 0.7))

    def caption(
        self,
        features: ServedFeatures,
        decoding: str = "greedy",
        beam_width: int = 3,
        length_penalty: float | None = None,
    ) -> Caption:
        """See `captioner.captioner.Captioner.caption`; the best hypothesis alone, its words without alternatives."""
        if decoding not in features.answers:
            self.ask([features], decoding, beam_width=beam_width, length_penalty=length_penalty)
        found = features.answers[decoding]
        if decoding == "beam":  # ranked, the best first
            found = {name: value[0] for name, value in found.items()}
        tokens = [int(token) for token in found["tokens"] if token not in self._silent]  # these two only at the end
        words = tuple(
            Word(
                self._words[token],
                token,
                float(found["log_probs"][place]),
                (),
                np.asarray(found["attention"][place], np.float32) if self.has_attention else None,
            )
            for place, token in enumerate(tokens)
        )
        total = float(found["log_prob"])
        if not np.isfinite([total, *(word.log_prob for word in words)]).all():
            raise BadInput(f"The checkpoint {self.name} gives no numbers for this study: its weights are not sound.")
        penalty = self._penalty if length_penalty is None else float(length_penalty)
        best = Hypothesis(words, total, None, float(found.get("score", total)))
        width = beam_width if decoding == "beam" else 1
        there = tuple(bool(view) for view in features.mask)
        return Caption((best,), decoding, width, penalty, there, features.notices)

    def findings(self, features: ServedFeatures) -> tuple[Finding, ...]:
        """See `captioner.captioner.Captioner.findings`."""
        if "findings" not in features.answers:
            self.ask([features])
        found = features.answers["findings"]
        rates = self.config.get("findings", {}).get("base_rates") or [None] * len(FINDINGS)
        records = []
        for number, name in enumerate(FINDINGS):
            left, right, upper, lower = (bool(part) for part in found["told_place"][number] > 0.5)
            sides = tuple(float(part) for part in found["side_probability"][number])
            records.append(
                Finding(
                    name=name,
                    probability=float(found["probability"][number]),
                    threshold=float(self._thresholds[number]),
                    stated=bool(found["stated"][number]),
                    side_probabilities=(sides[0], sides[1]) if name in SIDED else None,
                    side="bilateral" if left and right else "left" if left else "right" if right else None,
                    zone="upper" if upper else "lower" if lower else None,
                    map=np.asarray(found["map"][number], np.float32),
                    evidence=np.asarray(found["evidence"][number], np.float32),
                    base_rate=rates[number],
                )
            )
        return tuple(records)


def in_process(folder: str | Path) -> Run:
    """Run the graph of an exported folder with TensorFlow, here.

    Raises:
        BadInput: the folder holds no SavedModel.
    """
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder} holds no SavedModel that can be loaded.") from error

    def run(signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = loaded.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in found.items()}

    return run


def behind(address: str, timeout: float = 120.0) -> Run:
    """Run the graph behind TensorFlow Serving, by its REST interface, or by gRPC (`captioner.serving.behind_grpc`).

    Args:
        address: of the model, such as `http://127.0.0.1:8501/v1/models/cxr`, or `grpc://127.0.0.1:8500/cxr`.
        timeout: seconds to wait for an answer.

    Returns:
        a Run, which raises BadInput where the server cannot be reached, refuses, or answers something else.
    """
    if address.startswith(f"{SCHEME}://"):
        return behind_grpc(address, timeout)
    if not address.startswith(("http://", "https://")):
        raise BadInput(f"{address[:80]} is no address of a model server: write http://HOST:8501/v1/models/NAME.")

    def run(signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        # The columnar form: an input keeps its own shape, so that a width beside a batch of pictures can be said.
        wish = {"signature_name": signature, "inputs": {name: value.tolist() for name, value in inputs.items()}}
        request = urllib.request.Request(
            f"{address.rstrip('/')}:predict", json.dumps(wish).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                data = answer.read(LONGEST_ANSWER + 1)
            if len(data) > LONGEST_ANSWER:
                raise ValueError("too long")
            outputs = json.loads(data)["outputs"]
            return {name: np.asarray(value) for name, value in outputs.items()}
        except urllib.error.HTTPError as error:
            reason = error.read(300).decode("utf-8", "replace").splitlines() or [""]
            raise BadInput(f"{address} refused with status {error.code}: {reason[0][:200].rstrip('.')}.") from error
        except OSError as error:
            raise BadInput(f"{address} cannot be reached: no model server answers there.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{address} does not answer as TensorFlow Serving does.") from error

    return run
