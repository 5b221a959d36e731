"""A captioner for tests of the page: no network and no weights, yet with the interface of the real one.

What it answers depends on the pictures and on the search, so that a test sees whether the right study was captioned.
"""

from types import SimpleNamespace

import numpy as np

from captioner import Alternative, Caption, Hypothesis, Study, Word

SENTENCES = {
    "dark": "heart size is normal . lungs are clear . no acute cardiopulmonary abnormality .",
    "bright": "large right pleural effusion with overlying atelectasis . no pneumothorax .",
}
BEAM_SENTENCE = "stable cardiomegaly without edema ."


class StandIn:
    """Captions a study by the mean brightness of its frontal view; beam search gives another sentence."""

    has_attention = True
    folder = None

    def __init__(self, name="stand-in", grid=(7, 7), coverage=(1.0, 1.0), has_attention=True):
        self.name, self.grid, self.coverage, self.has_attention = name, grid, coverage, has_attention
        self.config = {"name": name}
        self.encoded = 0  # how often the encoder ran

    def encode(self, study):
        self.encoded += 1
        views = (True, study.lateral is not None)
        notices = study.notices if views[1] else (*study.notices, "The lateral view is missing.")
        return SimpleNamespace(mean=float(study.frontal.pixels.mean()), views=views, notices=tuple(notices))

    def caption(self, study, decoding="greedy", beam_width=3, length_penalty=0.7, max_words=None):
        features = self.encode(study) if isinstance(study, Study) else study
        text = BEAM_SENTENCE if decoding == "beam" else SENTENCES["bright" if features.mean > 110 else "dark"]
        words = tuple(self._word(token, number, features.views) for number, token in enumerate(text.split()))
        total = sum(word.log_prob for word in words) - 0.1
        best = Hypothesis(words, total, -0.1, total / (len(words) + 1) ** length_penalty)
        width = beam_width if decoding == "beam" else 1
        return Caption((best,), decoding, width, length_penalty, features.views, features.notices)

    def _word(self, text, number, views):
        draw = np.random.default_rng(number * 101 + len(text))
        maps = None
        if self.has_attention:
            rows, columns = self.grid
            y, x = np.mgrid[:rows, :columns]
            maps = np.stack([
                np.exp(-((y - draw.uniform(0, rows - 1)) ** 2 + (x - draw.uniform(0, columns - 1)) ** 2) / draw.uniform(1, 4)) * draw.uniform(0.2, 1)
                for _ in range(2)
            ])  # fmt: skip
            maps += 0.01
            maps[~np.array(views)] = 0
            maps = (maps / maps.sum()).astype(np.float32)
        probability = float(np.clip(draw.beta(3, 1), 0.02, 0.99))
        others = np.sort(draw.dirichlet(np.ones(4)) * (1 - probability))[::-1]
        names = [text, "opacity", "small", "<end>", "<b>left</b>"]
        shares = [probability, *others]
        order = np.argsort(shares)[::-1]
        alternatives = tuple(Alternative(names[i], 10 + i if i else 4, float(np.log(shares[i]))) for i in order)
        return Word(text, 4, float(np.log(probability)), alternatives, maps)
