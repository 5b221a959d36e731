"""Score checkpoints on one split of the collection, beside what a captioner that does not look would reach.

`compare` is the pure core: references and several sets of predictions in, every score with its interval out.
`evaluate` reads the collection, makes the predictions, and writes JSON, a Markdown table and figures.
"""

import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from captioner import baselines, markdown, score_figures
from captioner.bootstrap import LEVEL, SAMPLES, SCORES, draw, interval, sampled_scores
from captioner.errors import BadInput
from captioner.reports import read_collection
from captioner.score_table import DERANGEMENTS, MARK, short_table, table
from captioner.scores import macro_f1
from captioner.study import Study, View, read_study

SEED = 0
READ_AHEAD = 8  # studies read while the encoder works


def compare(references, rows, judged, samples=SAMPLES, seed=SEED):
    """All scores of several sets of predictions for the same studies.

    Args:
        references: cleaned captions, one a study.
        rows: dict, name of a row -> its predictions, as many as references.
        judged: the name of the row that the others are compared with, such as "greedy".
        samples: bootstrap samples.
        seed: of the bootstrap samples and derangements.

    Returns:
        dict for JSON. `rows`: name -> `Sampled.as_dict()`. `difference`: name of another row -> score -> `{"value",
        "low", "high"}`, the judged row minus that one on the same samples. `shuffled_loss`: the share of the judged
        row's macro F1 that is lost when every study gets another study's caption, averaged over 100 derangements;
        None when there is nothing to lose. `bootstrap`: samples, level and seed.
    """
    draws = draw(len(references), samples, seed)
    sampled = {name: sampled_scores(references, predictions, draws) for name, predictions in rows.items()}
    own = sampled[judged]
    return {
        "bootstrap": {"samples": samples, "level": LEVEL, "seed": seed},
        "judged": judged,
        "rows": {name: row.as_dict() for name, row in sampled.items()},
        "difference": {
            name: {score: interval(own.values[score] - row.values[score], own.samples[score] - row.samples[score])
                   for score in SCORES}
            for name, row in sampled.items() if name != judged
        },
        "shuffled_loss": _shuffled_loss(references, rows[judged], seed),
    }


def _shuffled_loss(references, predictions, seed):
    kept = macro_f1(references, predictions)
    if not kept > 0 or len(predictions) < 2:
        return None
    shuffled = []
    for turn in range(DERANGEMENTS):
        order = baselines.derangement(len(predictions), seed + turn)
        shuffled.append(macro_f1(references, [predictions[place] for place in order]))
    return float(1 - np.mean(shuffled) / kept)


def evaluate(data, split, checkpoint=None, decoding="greedy", beam_width=3, length_penalty=None, out=None, into=()):
    """Caption every study of a split and score the captions beside the baselines, all in one table.

    The first frontal and the first lateral picture of each study are taken. Studies without a frontal picture are left
    out and counted. Rows: each checkpoint with greedy and with beam search; the first one with the pictures of another
    study and with black pictures; the commonest training impression; the impression of the nearest training study by
    the first checkpoint's features and by pixels.

    Args:
        data: folder of the collection.
        split: "train", "val" or "test".
        checkpoint: checkpoint folder, or a list of them; the default one when None. Of several, rows carry the folder's
            name.
        decoding: "greedy" or "beam": the row of the first checkpoint that is compared with the others, and how the
            rows with wrong pictures are decoded.
        beam_width, length_penalty: of the beam search.
        out: folder for scores.json, scores.md, predictions.jsonl, findings.png and scores.png.
        into: Markdown files whose short table between its two marks is replaced, see `captioner.markdown`.

    Returns:
        dict, the content of scores.json.

    Raises:
        BadInput: the collection or the checkpoint cannot be read, the split has no study, or a file of `into` has no
            place for the table.
    """
    from captioner.checkpoint import load

    for path in into:
        markdown.place(path, MARK)

    collection = read_collection(data)
    reports, left_out = _with_frontal(collection.split(split))
    training, _ = _with_frontal(collection.split("train"))
    if not reports:
        raise BadInput(f"{data} has no study with a frontal picture in the split {split}.")
    if not training:
        raise BadInput(f"{data} has no training study with a frontal picture, which the baselines need.")
    folders = list(checkpoint) if isinstance(checkpoint, (list, tuple)) else [checkpoint]
    names = _row_names(folders)
    model = load(folders[0])
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    beam = {"decoding": "beam", "beam_width": beam_width, "length_penalty": length_penalty}
    chosen = {"greedy": {"decoding": "greedy"}, "beam": beam}[decoding]

    looks = _Looks()
    captions = _captions(model, reports, beam, split, looks)
    training_looks = _Looks()
    for study in tqdm(_read(training), total=len(training), desc="look at train", unit="study", disable=None):
        training_looks.add(study, model.encode(study))

    references = [report.impression for report in reports]
    written = [report.impression for report in training]
    own = [caption.text for caption in captions[decoding]]
    # A training study is its own nearest neighbour, which would tell nothing.
    apart = np.arange(len(reports)) if split == "train" else None
    rows, looking = {}, []
    for folder, name in zip(folders, names):
        other = captions if folder is folders[0] else _captions(load(folder), reports, beam, split)
        rows |= {name + search: [caption.text for caption in other[search]] for search in other}
        looking.append(name + decoding)
    rows |= {
        # A caption depends on the pictures alone, so shuffled pictures are shuffled captions.
        "shuffled pictures": [own[place] for place in baselines.derangement(len(own), SEED)],
        "blank pictures": _blank(model, looks, chosen),
        "constant": [baselines.constant(written)] * len(reports),
        "nearest neighbour": [written[place] for place in looks.nearest_by_features(training_looks, apart)],
        "pixel nearest neighbour": [written[place] for place in looks.nearest_by_pixels(training_looks, apart)],
    }
    result = {
        "checkpoint": ", ".join(name.rstrip(", ") for name in names) or model.name, "split": split,
        "studies": len(reports), "without_frontal": left_out,
        "training_studies": len(training), "collection": collection.summary(),
        "beam": {"width": beam_width, "length_penalty": captions["beam"][0].length_penalty},
        **compare(references, rows, looking[0]),
    }
    if len(looking) > 1:
        result["shuffled_losses"] = {name: _shuffled_loss(references, rows[name], SEED) for name in looking}
    _write(out, result, reports, rows, captions[decoding])
    for path in into:
        markdown.put(path, MARK, short_table(result))
    print(table(result))
    return result


def _row_names(folders):
    """What the rows of each checkpoint begin with: nothing for a single one."""
    if len(folders) == 1:
        return [""]
    names = [Path(folder).name for folder in folders]
    if len(set(names)) < len(names):
        raise BadInput("Two checkpoint folders have the same name, so that their rows could not be told apart.")
    return [f"{name}, " for name in names]


def _captions(model, reports, beam, split, looks=None):
    """`greedy` and `beam` -> the captions of these studies; what the baselines need is added to `looks`."""
    captions = {"greedy": [], "beam": []}
    for study in tqdm(_read(reports), total=len(reports), desc=f"{model.name}, {split}", unit="study", disable=None):
        features = model.encode(study)
        if looks is not None:
            looks.add(study, features)
        captions["greedy"].append(model.caption(features, decoding="greedy"))
        captions["beam"].append(model.caption(features, **beam))
    return captions


def _with_frontal(reports):
    kept = [report for report in reports if report.frontal]
    return kept, len(reports) - len(kept)


def _read(reports):
    """The studies of these reports, in order, read a few ahead by another thread."""
    with ThreadPoolExecutor(1) as reader:
        ahead, waiting = deque(), iter(reports)
        while True:
            for report in waiting:
                lateral = report.lateral[0] if report.lateral else None
                ahead.append(reader.submit(read_study, report.frontal[0], lateral))
                if len(ahead) == READ_AHEAD:
                    break
            if not ahead:
                return
            yield ahead.popleft().result()


def _blank(model, looks, chosen):
    """The captions of black pictures, with a lateral view where the study has one."""
    black = np.zeros((baselines.THUMBNAIL, baselines.THUMBNAIL), np.uint8)
    texts = {}
    for lateral in {bool(mask[1]) for mask in looks.masks}:
        study = Study(View("frontal", black), View("lateral", black) if lateral else None, ())
        texts[lateral] = model.caption(study, **chosen).text
    return [texts[bool(mask[1])] for mask in looks.masks]


class _Looks:
    """What the nearest neighbours are found by: of every study its thumbnails and its pooled features."""

    def __init__(self):
        self.thumbnails, self.features, self.masks = [], [], []

    def add(self, study, features):
        thumbnails, mask = baselines.thumbnails(study)
        self.thumbnails.append(thumbnails)
        self.features.append(baselines.pooled(features)[0])
        self.masks.append(mask)

    def nearest_by_features(self, training, apart=None):
        """Places in `training`; what all training studies share is taken off first, or every cosine would be near 1."""
        masks, candidates = np.array(training.masks), np.array(training.features)
        seen = np.maximum(masks.sum(axis=0), 1)[:, None]  # (2, 1)
        mean = (candidates * masks[..., None]).sum(axis=0) / seen  # (2, depth)
        return baselines.nearest(np.array(self.features) - mean, np.array(self.masks), candidates - mean, masks, apart)

    def nearest_by_pixels(self, training, apart=None):
        """Places in `training`."""
        return baselines.nearest(np.array(self.thumbnails), np.array(self.masks), np.array(training.thumbnails),
                                 np.array(training.masks), apart)


def _write(out, result, reports, rows, captions):
    (out / "scores.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / "scores.md").write_text(table(result), encoding="utf-8")
    with open(out / "predictions.jsonl", "w", encoding="utf-8") as file:
        for place, (report, caption) in enumerate(zip(reports, captions, strict=True)):
            file.write(json.dumps({
                "study": report.uid, "reference": report.impression, "text": caption.text, "log_prob": caption.log_prob,
                "rows": {name: texts[place] for name, texts in rows.items()}}) + "\n")
    score_figures.findings_figure(result).savefig(out / "findings.png", dpi=150)
    score_figures.scores_figure(result).savefig(out / "scores.png", dpi=150)
