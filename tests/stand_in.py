"""A captioner for tests of the page: no network and no weights, yet with the interface of the real one.

What it answers depends on the pictures and on the search, so that a test sees whether the right study was captioned.
"""

import json
import socket
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np

import dashboard
from captioner import Alternative, Caption, Hypothesis, Study, Word
from captioner.caption import Condition, Finding
from captioner.images.preprocessing import prepare
from captioner.reports.cleaning import clean
from captioner.reports.findings import FINDINGS, SIDED
from captioner.vocabulary import Vocabulary

ROOT_EXAMPLES = Path(dashboard.__file__).resolve().parent / "examples"
SENTENCES = {
    "dark": "heart size is normal . lungs are clear . no acute cardiopulmonary abnormality .",
    "bright": "large right pleural effusion with overlying atelectasis . no pneumothorax .",
}
BEAM_SENTENCE = "stable cardiomegaly without edema ."
OTHER_HYPOTHESES = ("stable cardiomegaly with mild edema .", "heart size is normal . no acute disease .")
DROPPED = ("stable chest", "no acute cardiopulmonary")  # begun and not gone on with


class StandIn:
    """Captions a study by the mean brightness of its frontal view; beam search gives another sentence."""

    has_attention = True
    folder = how_often_right = None
    has_findings = False

    def __init__(self, name="stand-in", grid=(7, 7), coverage=(1.0, 1.0), has_attention=True):
        self.name, self.grid, self.coverage, self.has_attention = name, grid, coverage, has_attention
        self.config = {
            "name": name,
            "decoding": {"max_words": 40, "length_penalty": 0.7},
            "preparation": {"name": "area", "size": 64, "channels": 1},
        }
        sentences = (*SENTENCES.values(), BEAM_SENTENCE, *OTHER_HYPOTHESES, *DROPPED)
        self.vocabulary = Vocabulary.of(sentences, min_count=1)
        self.decoder = SimpleNamespace(trace=self._trace)
        self.encoded = 0  # how often the encoder ran

    def encode(self, study):
        self.encoded += 1
        views = (True, study.lateral is not None)
        notices = study.notices if views[1] else (*study.notices, "The lateral view is missing.")
        mean = float(study.frontal.pixels.mean())
        return SimpleNamespace(
            mean=mean,
            views=views,
            notices=tuple(notices),
            image_features=None,
            mask=views,
            prepared=prepare(study, self.config["preparation"]),
        )

    def tokens_of(self, text):
        return self.vocabulary.encode(clean(text))

    def caption(self, study, decoding="greedy", beam_width=3, length_penalty=0.7, max_words=None, prefix=()):
        """With a prefix, its words come before those of the sentence."""
        features = self.encode(study) if isinstance(study, Study) else study
        greedy = SENTENCES["bright" if features.mean > 110 else "dark"]
        width = int(beam_width) if decoding == "beam" else 1
        texts = (BEAM_SENTENCE, *OTHER_HYPOTHESES)[:width] if decoding == "beam" else (greedy,)
        begun = [self.vocabulary.tokens[token] for token in prefix]
        found = tuple(self._hypothesis(" ".join([*begun, text]), features.views, length_penalty) for text in texts)
        return Caption(found, decoding, width, length_penalty, features.views, features.notices, given=len(begun))

    def search(self, study, decoding="greedy", beam_width=3, length_penalty=0.7, max_words=None):
        caption = self.caption(study, decoding, beam_width, length_penalty, max_words)
        return caption, self.decoder.trace(None, None, caption.beam_width, 40)

    def score_text(self, study, text):
        """Each word is the less likely, the brighter the frontal view."""
        features = self.encode(study) if isinstance(study, Study) else study
        return self._hypothesis(clean(text), features.views, 0, dimmed=features.mean / 255)

    def _hypothesis(self, text, views, length_penalty, dimmed=0.0):
        words = tuple(self._word(token, number, views) for number, token in enumerate(text.split()))
        words = tuple(replace(word, log_prob=word.log_prob - dimmed) for word in words)
        total = sum(word.log_prob for word in words) - 0.1
        return Hypothesis(words, total, -0.1, total / (len(words) + 1) ** length_penalty)

    def _trace(self, features_memory, mask, width, steps):
        """The fields of a search's Trace that tell how the beam went; the fifth slot is never filled."""
        ended = [[*text.split(), "<end>"] for text in (BEAM_SENTENCE, *OTHER_HYPOTHESES)[:width]]
        paths = ended + [text.split() for text in DROPPED]
        table = [[], [], [], []]
        before = [()]
        for step in range(max(map(len, ended))):
            here = list(dict.fromkeys(tuple(path[: step + 1]) for path in paths if len(path) > step or path in ended))
            rows = [[], [], [], []]
            for place in range(5):
                path = here[place] if place < len(here) else ()
                over = 0 < len(path) <= step
                token = self.vocabulary.encode(path[-1])[0] if path and not over else self.vocabulary.pad
                parent = before.index(path if over else path[:-1]) if path else 0
                share = 0.0
                if path and not over:
                    share = -0.1 if path[-1] == "<end>" else self._word(path[-1], step, (1, 1)).log_prob
                    share -= 4 * (list(path) in paths[len(ended) :])  # what is dropped there was unlikely
                for row, value in zip(rows, (token, parent, share, over)):
                    row.append(value)
            for part, row in zip(table, rows):
                part.append(row)
            before = here
        names = ("tokens", "parents", "log_probs", "ended")
        return SimpleNamespace(**{name: np.array(part) for name, part in zip(names, table)})

    def _bump(self, y, x, draw):
        rows, columns = self.grid
        distance = (y - draw.uniform(0, rows - 1)) ** 2 + (x - draw.uniform(0, columns - 1)) ** 2
        return np.exp(-distance / draw.uniform(1, 4)) * draw.uniform(0.2, 1)

    def _word(self, text, number, views):
        draw = np.random.default_rng(number * 101 + len(text))
        maps = None
        if self.has_attention:
            rows, columns = self.grid
            y, x = np.mgrid[:rows, :columns]
            maps = np.stack([self._bump(y, x, draw) for _ in range(2)])
            maps += 0.01
            maps[~np.array(views)] = 0
            maps = (maps / maps.sum()).astype(np.float32)
        probability = float(np.clip(draw.beta(3, 1), 0.02, 0.99))
        others = np.sort(draw.dirichlet(np.ones(4)) * (1 - probability))[::-1]
        names = [text, "opacity", "small", "<end>", "<b>left</b>"]
        shares = [probability, *others]
        order = np.argsort(shares)[::-1]
        alternatives = tuple(
            Alternative(names[i], 10 + i if i else 4, float(np.log(shares[i]))) for i in order.tolist()
        )
        return Word(text, 4, float(np.log(probability)), alternatives, maps)


class ToldStandIn(StandIn):
    """With a finding head, and a decoder that is told what it finds: on bright pictures it sees the effusion that it
    writes and a large heart that it does not write, and writes an atelectasis that it does not see."""

    has_findings = True
    SEEN = {
        "bright": {
            "effusion": (0.82, "right"),
            "cardiomegaly": (0.55, None),
            "edema or congestion": (0.32, None),
            "atelectasis": (0.06, None),
        },
        "dark": {"cardiomegaly": (0.09, None)},
    }
    THRESHOLD = 0.3

    def findings(self, study):
        features = self.encode(study) if isinstance(study, Study) else study
        seen = self.SEEN["bright" if features.mean > 110 else "dark"]
        return tuple(self._finding(name, *seen.get(name, (0.02, None)), features.views) for name in FINDINGS)

    def _finding(self, name, probability, side, views):
        rows, columns = self.grid
        draw = np.random.default_rng(FINDINGS.index(name))
        maps = np.stack([self._bump(*np.mgrid[:rows, :columns], draw) for _ in range(2)])
        maps[~np.array(views)] = 0
        stated = probability >= self.THRESHOLD
        return Finding(
            name=name,
            probability=probability,
            threshold=self.THRESHOLD,
            stated=stated,
            side_probabilities=(float(side != "right"), float(side != "left")) if name in SIDED else None,
            side=side if stated else None,
            zone=None,
            map=(maps / maps.sum()).astype(np.float32),
            evidence=np.zeros(2, np.float32),
            base_rate=0.04,
        )

    def caption(
        self, study, decoding="greedy", beam_width=3, length_penalty=0.7, max_words=None, prefix=(), steer=None
    ):
        features = self.encode(study) if isinstance(study, Study) else study
        plain = super().caption(features, decoding, beam_width, length_penalty, prefix=prefix)
        text, wanted = plain.text, (steer or {}).get("effusion")
        if wanted is False:
            text = text.replace("large right pleural effusion with overlying atelectasis", "overlying atelectasis")
        if wanted == "left":
            text = text.replace("right", "left")
        if (steer or {}).get("cardiomegaly") is True:
            text += " cardiomegaly ."
        hypotheses = plain.hypotheses
        if text != plain.text:
            hypotheses = (self._hypothesis(text, features.views, length_penalty, dimmed=0.2),)
        conditions = tuple(
            Condition(finding.name, finding.stated, finding.side, None, finding.name in (steer or {}))
            for finding in self.findings(features)
        )
        return replace(plain, hypotheses=hypotheses, conditions=conditions)


def draw_chest(rows, columns, lateral=False, bright=False):
    """A grey picture with the rough shape of a chest, uint8 `(rows, columns)`: enough for a page to show."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    body = (x / 0.95) ** 2 + (y / 1.3) ** 2 < 1
    centres = (0,) if lateral else (-0.42, 0.42)
    lungs = sum(((x - centre) / 0.3) ** 2 + ((y + 0.1) / 0.6) ** 2 < 1 for centre in centres) > 0
    pixels = np.where(body, 150, 8) + np.where(lungs, -90, 0) + (60 if bright else 0) * body
    return np.clip(pixels + 8 * np.sin(40 * y), 0, 255).astype(np.uint8)


def write_examples(folder):
    """Two examples with their index.json in `folder`."""
    entries = []
    for name, bright, impression in (("quiet", False, "no acute disease ."), ("effusion", True, "right effusion .")):
        for view in ("frontal", "lateral"):
            cv2.imwrite(str(folder / f"{name}-{view}.png"), draw_chest(300, 240, view == "lateral", bright))
        pictures = {view: f"{name}-{view}.png" for view in ("frontal", "lateral")}
        entries.append({"name": name, "title": f"Drawn <{name}>", **pictures, "impression": impression, "findings": []})
    (folder / "index.json").write_text(json.dumps(entries), encoding="utf-8")
    return folder


def free_port():
    """A port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serve(pool, examples_folder):
    """Serve the real page, with the captioners of `pool`, on the loopback; yields its address."""
    page = dashboard.build(pool, examples_folder)
    try:
        _, url, _ = page.launch(
            server_name="127.0.0.1",
            server_port=free_port(),
            prevent_thread_lock=True,
            quiet=True,
            **dashboard.settings(examples_folder),
        )
        yield url
    finally:
        page.close()
