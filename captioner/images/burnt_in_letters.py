"""Are letters burnt into a picture? They may name the patient, and most files do not tell.

A rule: nothing is read, lines of something like letters are looked for. A letter is made of thin strokes, brighter or
darker than all around them. So, at a few scales, for bright letters and for dark ones:

1. a top-hat (the picture less its opening, or its closing less the picture) keeps what is thinner than WIDEST, and half
   of the strongest nearby parts a stroke from its ground;
2. connected components as tall as letters that stand side by side are put together to lines;
3. a line is one of letters if it crosses as many strokes, as close together, as they have, if it stands out from a calm
   ground, and if it does not repeat itself, as beads, surgical clips, wires and the ticks of a scale do.

A marker of one to three letters (L, R, AP) is none. Lines that are not level, and letters of fewer than 8 pixels or of
more than an eighth of the shorter side, are mostly not found. How often it is right is in docs/evidence.md
(`captioner.images.burnt_in_letters_measured`).
"""

import cv2
import numpy as np

from captioner.sentence import Sentence

LONGEST = 1024  # pixels of the longer side that is searched; a larger picture is made smaller
SMALLEST = 128  # pixels of the shorter side of the coarsest scale
LOWEST, TALLEST = 5, 17  # pixels of the letters of a line, at each scale; the next is half as fine
WIDEST = 9  # pixels of the opening: no stroke of a letter of TALLEST is as wide
NEARBY = 15  # pixels around, the strongest of which says what a stroke is
PART = 0.45  # of the strongest nearby that belongs to a stroke
FLOOR = 28  # grey levels that a stroke stands out by at the least
LONG = 2.5  # how many times as long as its first letter is tall a line is at the least
OVERLAP, REACH = 0.35, 1.3  # heights by which two letters that follow each other may overlap, and be apart
MOST_GLYPHS, MOST_LINES = 300, 60  # of one scale and polarity that are looked at: noise has no end of them

CONTRAST = 45.0  # grey levels that a line's strokes stand out by, on the average
STROKES = 7.0  # crossed along a line: "LT LAT" has 6, and as a marker of the view it names nobody
DENSE = 0.9  # strokes crossed in a width as long as the letters are tall
RESTLESS = (
    0.22  # of the contrast, that what is between and around the letters stands out by on the average, at the most
)
MARGIN = 0.35  # heights around
REPEATED = 0.7  # correlation of a line with itself moved along, from which it is a pattern

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels of the picture as it was given
SENTENCE = Sentence(
    "Letters seem to be burnt into the {name} picture: see that they do not name the patient before you show it to "
    "anybody."
)


def notice(pixels: np.ndarray, name: str) -> Sentence | None:
    """A warning of letters in a picture; None where none are found.

    Args:
        pixels: uint8 `(rows, columns)`.
        name: "frontal" or "lateral".
    """
    return SENTENCE.filled(name=Sentence(name)) if lines(pixels) else None


def lines(pixels: np.ndarray) -> list[Box]:
    """Where lines of letters are in a picture, in no order; a line may be there at two scales.

    Args:
        pixels: uint8 `(rows, columns)`, any shape.
    """
    shrunk = max(1.0, max(pixels.shape) / LONGEST)
    grey = pixels
    if shrunk > 1:
        size = [max(1, round(side / shrunk)) for side in pixels.shape[::-1]]
        grey = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    found = []
    while True:
        for hat in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):  # bright letters, dark ones
            found += _lines_at(cv2.morphologyEx(grey, hat, np.ones((WIDEST, WIDEST), np.uint8)), shrunk)
        if min(grey.shape) < 2 * SMALLEST:
            return found
        grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        shrunk *= 2


def _lines_at(strokes: np.ndarray, shrunk: float) -> list[Box]:
    """Lines of letters in a top-hat, uint8 `(rows, columns)`, `shrunk` times smaller than the picture."""
    strongest = cv2.dilate(strokes, np.ones((NEARBY, NEARBY), np.uint8))
    least = cv2.LUT(strongest, np.maximum(PART * np.arange(256), FLOOR).astype(np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        cv2.compare(strokes, least, cv2.CMP_GT), 8, cv2.CV_32S, cv2.CCL_BBDT
    )
    tall, area = boxes[:, cv2.CC_STAT_HEIGHT], boxes[:, cv2.CC_STAT_AREA]
    glyphs = np.flatnonzero((tall >= LOWEST - 1) & (tall <= TALLEST + 3) & (area >= LOWEST - 1))
    glyphs = glyphs[glyphs > 0]  # 0 is the ground
    if len(glyphs) > MOST_GLYPHS:
        glyphs = glyphs[np.argsort(-area[glyphs], kind="stable")[:MOST_GLYPHS]]
    glyphs = glyphs[np.argsort(boxes[glyphs, cv2.CC_STAT_LEFT], kind="stable")]
    found = []
    for chain in _chains(boxes[glyphs].astype(np.float32)):
        line = _line(strokes, labels, boxes, glyphs[chain], shrunk)
        if line is not None:
            found.append(line)
    return found


def _chains(boxes: np.ndarray) -> list[list[int]]:
    """Components that stand side by side on one line, each the nearest of the other.

    Args:
        boxes: float32 `(N, 5)`, left, top, width, height and area, ordered by their left ends.

    Returns:
        list of at most MOST_LINES lists of indices, from left to right, the longest first.
    """
    left, top, wide, tall, _ = boxes.T
    right, bottom = left + wide, top + tall
    last = np.searchsorted(left, right + REACH * TALLEST)  # no component from there on is near enough
    count = np.maximum(last - np.arange(1, len(boxes) + 1), 0)
    one = np.repeat(np.arange(len(boxes)), count)  # pairs of one component and another further to the right
    other = one + 1 + np.arange(count.sum()) - np.repeat(count.cumsum() - count, count)
    taller, lower = np.maximum(tall[one], tall[other]), np.minimum(tall[one], tall[other])
    gap = left[other] - right[one]
    shared = np.minimum(bottom[one], bottom[other]) - np.maximum(top[one], top[other])
    beside = (gap > -OVERLAP * taller) & (gap < REACH * taller) & (right[other] > right[one])
    beside &= (shared > 0.6 * lower) & (lower > 0.55 * taller)
    apart = np.abs(gap) + 2 * np.abs(bottom[one] - bottom[other])
    nearest = np.flatnonzero(beside)[np.argsort(apart[beside], kind="stable")]
    following, leading = np.full((2, len(boxes)), -1)
    following[one[nearest[::-1]]] = other[nearest[::-1]]  # of several the last, the nearest, stays
    leading[other[nearest[::-1]]] = one[nearest[::-1]]
    following[leading[following] != np.arange(len(boxes))] = -1  # the nearest of the next is another
    chains = []
    for first in np.setdiff1d(np.arange(len(boxes)), following):
        chain = [int(first)]
        while following[chain[-1]] >= 0:
            chain.append(int(following[chain[-1]]))
        if right[chain[-1]] - left[chain[0]] >= LONG * tall[chain[0]]:
            chains.append(chain)
    chains.sort(key=lambda chain: left[chain[0]] - right[chain[-1]])
    return chains[:MOST_LINES]


def _line(strokes: np.ndarray, labels: np.ndarray, boxes: np.ndarray, chain: np.ndarray, shrunk: float) -> Box | None:
    """The line that components make, if it is one of letters.

    Args:
        strokes: uint8 `(rows, columns)`, the top-hat.
        labels: int32 `(rows, columns)`, the component of each pixel.
        boxes: int32 `(components, 5)`.
        chain: of the components, from left to right.
        shrunk: how much smaller than the picture all this is.
    """
    left, top = boxes[chain, 0].min(), boxes[chain, 1].min()
    right = (boxes[chain, 0] + boxes[chain, 2]).max()
    bottom = (boxes[chain, 1] + boxes[chain, 3]).max()
    tall = float(np.median(boxes[chain, cv2.CC_STAT_HEIGHT]))
    if not LOWEST <= tall <= TALLEST:
        return None
    inside = np.s_[top:bottom, left:right]
    own = np.zeros(len(boxes), bool)
    own[chain] = True
    ink = own[labels[inside]]
    ends = (ink[:, 1:] != ink[:, :-1]).sum(axis=1) + ink[:, 0] + ink[:, -1]  # a stroke has two
    middle = ends[len(ends) // 4 : -(-len(ends) * 3 // 4)].mean() / 2
    if middle < STROKES or middle * tall < DENSE * (right - left):
        return None
    contrast = float(strokes[inside][ink].mean())
    if contrast < CONTRAST:
        return None
    margin = round(MARGIN * tall)
    around = np.s_[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]
    ground = strokes[around][~own[labels[around]]]
    if (ground.size and ground.mean() > RESTLESS * contrast) or _repetition(ink, tall) > REPEATED:
        return None
    left, top, right, bottom = (round(float(side) * shrunk) for side in (left, top, right, bottom))
    return left, top, right, bottom


def _repetition(ink: np.ndarray, tall: float) -> float:
    """The highest correlation, -1 to 1, of a line with itself moved along by up to a few letters and half its length.

    Args:
        ink: bool `(rows, columns)`.
        tall: of its letters, in pixels.
    """
    columns = ink.shape[1]
    image = ink.astype(np.float32)
    best = -1.0
    for step in range(max(2, round(0.35 * tall)), min(round(4 * tall), columns // 2) + 1):
        one, other = image[:, step:], image[:, :-step]
        one, other = one - one.mean(), other - other.mean()
        size = float(np.sqrt((one * one).sum() * (other * other).sum()))
        if size:
            best = max(best, float((one * other).sum()) / size)
    return best
