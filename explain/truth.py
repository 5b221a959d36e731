"""What is known to be there, and what the impression makes of it: one line for the page and every file it saves.

The examples are phantoms: what was planted in them is known, with its outline. Of any other study only what a reference
impression says is known, and often there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from captioner.reports.claims import Claim, claims, compare_claims, side_of
from captioner.sentence import Sentence, joined
from explain.benchmark.cases import finding_words

UNKNOWN = Sentence("There is no reference for this study: whether the impression is right is not known here.")
SIMPLIFIED = 0.003  # of a mask's larger side: how far an outline may stray from the mask's edge


@dataclass(frozen=True)
class Truth:
    """What a study's files say beside the impression.

    Attributes:
        name: of the study, for file names.
        origin: a sentence: what the study is, and what is known to be in it.
        verdict: the verdict on the impression; "" where nothing is known.
        right: whether every finding and side is right; None where nothing is known.
    """

    name: str
    origin: Sentence
    verdict: str = ""
    right: bool | None = None

    def as_dict(self) -> dict[str, str | None]:
        """As plain data, for JSON."""
        return {"study": self.name, "origin": self.origin, "verdict": self.verdict or None}


def of_example(entry: Mapping, impression: str) -> Truth:
    """The truth about an example of the page.

    Args:
        entry: `name`, `title` and `impression`, the reference, as `examples/index.json` has them.
        impression: what the model writes of it.
    """
    origin = Sentence(
        "Example “{title}”, a phantom drawn by a computer. It was made to show: {impression}",
        title=Sentence(entry["title"]),
        impression=entry["impression"],
    )
    return Truth(entry["name"], origin, *judged(claims(entry["impression"]), claims(impression)))


def of_own(frontal: str | Path | None) -> Truth:
    """The truth about a study of somebody's own, named after the file of its frontal view."""
    return Truth(Path(frontal).name.split(".")[0] or "study" if frontal else "study", UNKNOWN)


def verdict(reference: str, impression: str) -> Sentence:
    """What an impression makes of each finding of the reference, in one line.

    Args:
        reference: an impression that is known to be right.
        impression: the one to judge.

    >>> verdict("moderate left effusion .", "moderate right pleural effusion .")
    'Effusion: finding right, side wrong (left is true, right is said).'
    """
    return judged(claims(reference), claims(impression))[0]


def judged(wanted: list[Claim], given: list[Claim]) -> tuple[Sentence, bool]:
    """The verdict on what somebody claims, in one line, and whether every finding and side is right.

    Args:
        wanted: what is known to be true.
        given: what is claimed, in words or otherwise.
    """
    compared = compare_claims(wanted, given)
    told: list[tuple[str, Sentence]] = []
    for finding in compared.agreed:
        right = Sentence("{finding}: finding and side right")
        told.append((finding, right if side_of(wanted, finding) else Sentence("{finding}: finding right")))
    for finding in compared.side_wrong:
        told.append((finding, Sentence("{finding}: finding right, side wrong ({side} is true, {other} is said)")))
    for finding in compared.side_missing:
        told.append((finding, Sentence("{finding}: finding right, side not said ({side} is true)")))
    for finding in compared.missed:
        denied = Sentence("{finding}: missed and denied")
        told.append((finding, denied if _denied(given, finding) else Sentence("{finding}: missed")))
    told += [(finding, Sentence("{finding}: made up")) for finding in compared.made_up]
    told += [(finding, Sentence("{finding}: stated and denied at once")) for finding in compared.contradictory]
    if not told:
        return Sentence("Nothing is there to be found, and no finding is stated: right."), True
    parts = [
        sentence.filled(
            finding=Sentence(_named(finding)),
            side=Sentence(side_of(wanted, finding) or ""),
            other=Sentence(side_of(given, finding) or ""),
        )
        for finding, sentence in told
    ]
    return joined(". ", parts, "."), len(told) == len(compared.agreed)


def outlines(path: str | Path) -> list[list[tuple[float, float]]]:
    """The outlines of a mask's white parts.

    Args:
        path: of a grey picture, white where a finding lies.

    Returns:
        polygons of `(across, down)`, shares 0..1 of the picture from its upper left; none for a missing or empty mask.
    """
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if Path(path).is_file() else None
    if mask is None:
        return []
    rows, columns = mask.shape
    found, _ = cv2.findContours((mask > 127).astype("uint8"), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    shapes = [cv2.approxPolyDP(shape, SIMPLIFIED * max(rows, columns), True)[:, 0] for shape in found]
    return [
        [(round((x + 0.5) / columns, 4), round((y + 0.5) / rows, 4)) for x, y in shape.tolist()]
        for shape in shapes
        if len(shape) > 2
    ]


def planted(entry: Mapping, folder: str | Path) -> list[dict]:
    """Each finding of an example with its outlines: `{"name", "frontal", "lateral"}`, polygons of `outlines`.

    Args:
        entry: an example whose `findings` name their masks.
        folder: where the masks lie.
    """
    return [
        {
            "name": finding["name"],
            **{
                view: outlines(Path(folder) / mask) if mask else []
                for view, mask in zip(("frontal", "lateral"), finding.get("masks") or (None, None))
            },
        }
        for finding in entry.get("findings") or ()
    ]


def names_of(entry: Mapping, finding: Mapping) -> set[str]:
    """What the words that name a planted finding state: names of `captioner.reports.findings.FINDINGS`.

    Args:
        entry: an example.
        finding: one of its `findings`.
    """
    kinds, tokens = finding_words(entry["impression"]), entry["impression"].split()
    places = [place for place, token in enumerate(tokens) if token in finding["words"]]
    return {kinds[place] for place in places if place in kinds}


def masks_of(entry: Mapping | None, impression: str, word: int) -> tuple[str, np.ndarray] | None:
    """The finding of an example that a word of an impression names: `(its name, bool masks (2, rows, columns))`.

    Args:
        entry: an example whose `findings` name their masks, which lie beside its frontal view; None for no example.
        impression: a cleaned caption.
        word: the word's place in it.

    Returns:
        None where the word names no finding, or none that was planted in both views.
    """
    stated = finding_words(impression).get(word)
    if not entry or stated is None:
        return None
    for finding in entry.get("findings", ()):
        if stated in names_of(entry, finding):
            folder = Path(entry["frontal"]).parent
            read = [cv2.imread(str(folder / mask), cv2.IMREAD_GRAYSCALE) for mask in finding.get("masks", ())]
            masks = [mask for mask in read if mask is not None]
            if len(read) == len(masks) == 2 and masks[0].shape == masks[1].shape:
                return finding["name"], np.stack(masks) > 127
    return None


def _named(finding: str) -> str:
    return finding[:1].upper() + finding[1:]


def _denied(found: list[Claim], finding: str) -> bool:
    return any(claim.finding == finding and claim.denied for claim in found)
