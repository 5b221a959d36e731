"""How often `captioner.images.burnt_in_letters` finds letters, and some where none are. To do it again:

    python -m captioner.images.burnt_in_letters_measured ../shared/iu-xray --nih ../shared/nih-cxr

The rule was tuned on training pictures of the Indiana collection, on the training patients of NIH ChestX-ray14 and on
phantoms of other seeds; measured are the collection's validation split, NIH's other patients and 200 phantoms, as they
are and with made-up names, dates and numbers drawn in: by several typefaces, in white, grey and black, with and without
a box of their own, before the picture was made smaller or after, and saved as JPEG. Some of these pictures hold words
already; the boxes of all that is found are written down with `--out`, so that somebody can look.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from captioner import phantom
from captioner.images import burnt_in_letters
from captioner.reports.collection import read_collection
from captioner.reports.nih import read_nih, split_of_patient

SURNAMES = ("SMITH", "NGUYEN", "KOWALSKI", "MUELLER", "GARCIA", "OKAFOR", "LINDQVIST", "HART", "IVANOVA", "PEREIRA")
FIRST_NAMES = ("ANNA", "JOHN", "MAREK", "LUCIA", "IDRIS", "ULRIKE", "TOM", "WEI", "NADIA", "PAUL")
HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
DEJAVU = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSans-Oblique")
INKS = ("white", "grey", "black", "white in a black box", "black in a white box")
PLACES = ("border", "inside")
HEIGHTS, LARGE_HEIGHTS = (8, 10, 12, 16, 20, 26), (12, 16, 20, 24, 32, 40, 48)  # in pictures of 256 pixels, of 1024
SEED, PHANTOMS, LARGE_PHANTOMS = 200_000, 200, 6
FINER = 4  # how much finer letters are drawn that were in the picture before it was made smaller
VISIBLE = 45  # grey levels between a letter and what is around it, at the least, for a reader to see it


def words(random: np.random.Generator) -> str:
    """A made-up name, date or hospital number."""
    first, last = random.choice(FIRST_NAMES), random.choice(SURNAMES)
    day, month, year = random.integers(1, 29), random.integers(1, 13), random.integers(1930, 2015)
    number = random.integers(10**5, 10**8)
    return str(
        random.choice(
            (
                f"{last}, {first}",
                f"{last} {first}",
                f"{first.title()} {last.title()}",
                f"{last}^{first}",
                f"{day:02}.{month:02}.{year}",
                f"{month:02}/{day:02}/{year}",
                f"{year}-{month:02}-{day:02}",
                f"ID {number}",
                f"MRN: {number}",
                f"{number:08}",
            )
        )
    )


def lettering(text: str, height: int, random: np.random.Generator) -> np.ndarray:
    """How much of each pixel a text covers: float32 `(rows, columns)`, 0 to 1, trimmed to the text.

    Args:
        text: in one line.
        height: of a capital letter, in pixels.
        random: draws the typeface.
    """
    finer = FINER if random.random() < 0.5 else 1  # burnt in before the picture was made smaller, or after
    tall = height * finer
    if random.random() < 0.5:
        face, line = int(random.choice(HERSHEY)), int(random.choice((cv2.LINE_8, cv2.LINE_AA)))
        weight = max(1, round(tall * random.uniform(0.08, 0.18)))
        scale = tall / 20
        for _ in range(3):  # OpenCV tells of no typeface how tall its capitals are, and they differ by its version
            capital = np.zeros((4 * tall, 4 * tall), np.uint8)
            cv2.putText(capital, "H", (tall, 3 * tall), face, scale, 255, weight, line)
            scale *= tall / max(1, int((capital > 127).any(axis=1).sum()))
        size, base = cv2.getTextSize(text, face, scale, weight)
        drawn: np.ndarray = np.zeros((size[1] + 2 * base + 4 * weight + 4, size[0] + 4 * weight + 4), np.uint8)
        cv2.putText(drawn, text, (2 * weight, size[1] + 2 * weight), face, scale, 255, weight, line)
    else:
        path = FONTS / f"{random.choice(DEJAVU)}.ttf"
        font = ImageFont.truetype(str(path), max(4, round(tall / 0.73)))  # of DejaVu's size a capital is 0.73
        box = font.getbbox(text)
        page = Image.new("L", (int(box[2]) + 4, int(box[3]) + 4))
        ImageDraw.Draw(page).text((2, 2), text, 255, font)
        drawn = np.asarray(page)
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    drawn = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if finer > 1:
        drawn = cv2.copyMakeBorder(drawn, 2, 2, 2, 2, cv2.BORDER_CONSTANT)
        drawn = cv2.resize(drawn, None, fx=1 / finer, fy=1 / finer, interpolation=cv2.INTER_AREA)
    return drawn.astype(np.float32) / 255


def burnt_in(pixels: np.ndarray, height: int, ink: str, place: str, random: np.random.Generator) -> np.ndarray | None:
    """A copy of a picture with one line of letters in it, saved as JPEG and read again.

    Args:
        pixels: uint8 `(rows, columns)`.
        height: of a capital letter, in pixels.
        ink: of INKS.
        place: of PLACES.
        random: draws text, typeface, place and quality.

    Returns:
        uint8 `(rows, columns)`; None where no place was found on which such letters could be seen.
    """
    rows, columns = pixels.shape
    for _ in range(40):
        cover = lettering(words(random), height, random)
        tall, wide = cover.shape
        margin = height // 2
        if tall + 2 * margin >= rows or wide + 2 * margin >= columns:
            continue
        edge = max(2, rows // 50)
        if place == "border":
            top = int(random.choice((edge, rows - tall - edge)))
            left = int(random.choice((edge, columns - wide - edge)))
        else:
            top = int(random.integers(margin, rows - tall - margin))
            left = int(random.integers(margin, columns - wide - margin))
        if top < 0 or left < 0 or left + wide > columns:
            continue
        picture = pixels.astype(np.float32)
        under = np.s_[top : top + tall, left : left + wide]
        ground = picture[under]
        if "box" in ink:
            pad = int(random.integers(2, margin + 2))
            box = np.s_[max(0, top - pad) : top + tall + pad, max(0, left - pad) : left + wide + pad]
            picture[box] = 0 if "black box" in ink else 255
            shade = 255.0 if "black box" in ink else 0.0
            shade = abs(shade - random.uniform(0, 90))
            ground = picture[under]
        elif ink == "grey":
            shade = random.uniform(90, 200)
            if np.abs(np.quantile(ground, (0.05, 0.95)) - shade).min() < VISIBLE or (
                np.ptp(np.sign(np.quantile(ground, (0.05, 0.95)) - shade)) > 0
            ):
                continue  # part of it could not be seen
        else:
            shade = random.uniform(225, 255) if ink == "white" else random.uniform(0, 25)
            if np.abs(np.quantile(ground, (0.05, 0.95)) - shade).min() < VISIBLE:
                continue
        picture[under] = ground * (1 - cover) + shade * cover
        saved = cv2.imencode(
            ".jpg", np.rint(picture).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(75, 96))]
        )[1]
        return cv2.imdecode(saved, cv2.IMREAD_GRAYSCALE)
    return None


def hits(pictures: Sequence[np.ndarray], heights: Sequence[int], count: int, seed: int = 0) -> list[dict]:
    """Letters drawn into pictures, and whether they are found there.

    Args:
        pictures: each uint8 `(rows, columns)`, drawn from with replacement, of those in which nothing is found.
        heights: of capitals, in pixels.
        count: of pictures for each height.
        seed: of what is drawn.

    Returns:
        a dict for each, "height", "ink", "place" and "found".
    """
    random = np.random.default_rng(seed)
    told = []
    for height in heights:
        for number in range(count):
            ink, place = INKS[number % len(INKS)], PLACES[number // len(INKS) % len(PLACES)]
            drawn = None
            while drawn is None:
                under = pictures[int(random.integers(len(pictures)))]
                drawn = None if burnt_in_letters.lines(under) else burnt_in(under, height, ink, place, random)
            found = bool(burnt_in_letters.lines(drawn))
            told.append({"height": height, "ink": ink, "place": place, "found": found})
    return told


def rates(told: list[dict], by: str) -> dict:
    """The share found, of each value of "height", "ink" or "place"."""
    values = dict.fromkeys(each[by] for each in told)
    return {value: float(np.mean([each["found"] for each in told if each[by] == value])) for value in values}


def _read(path: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


def collection_pictures(folder: Path, split: str = "val") -> dict[str, np.ndarray]:
    """All views of a split of the Indiana collection, by the names of their files."""
    return {
        path.stem: _read(path)
        for report in read_collection(folder).split(split)
        for path in (*report.frontal, *report.lateral)
    }


def nih_pictures(folder: Path) -> dict[str, np.ndarray]:
    """The pictures of NIH ChestX-ray14 of patients that nothing was tuned on, by their names."""
    return {
        picture.name: _read(picture.path)
        for picture in read_nih(folder)
        if split_of_patient(picture.patient) != "train"
    }


def phantom_pictures(count: int, size: int) -> dict[str, np.ndarray]:
    """Both views of phantoms, by their seeds."""
    made = {seed: phantom.render(seed, size) for seed in range(SEED, SEED + count)}
    return {
        f"{seed} {name}": pixels
        for seed, one in made.items()
        for name, pixels in (("frontal", one.frontal), ("lateral", one.lateral))
    }


def main(argv: list[str] | None = None) -> None:
    """Print the shares of pictures in which letters are found, as they are and with letters drawn in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--nih", type=Path, help="folder of NIH ChestX-ray14")
    parser.add_argument("--count", type=int, default=200, help="of pictures for each height of letters (default 200)")
    parser.add_argument("--out", type=Path, help="JSON file for the boxes found in the pictures as they are")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    measured = {"Indiana, validation": collection_pictures(options.collection)}
    if options.nih:
        measured["NIH ChestX-ray14"] = nih_pictures(options.nih)
    measured["phantoms"] = phantom_pictures(PHANTOMS, 256)
    measured["phantoms of 1024 pixels"] = phantom_pictures(LARGE_PHANTOMS, 1024)
    boxes = {}
    for name, pictures in measured.items():
        found = {key: burnt_in_letters.lines(pixels) for key, pixels in pictures.items()}
        boxes[name] = {key: lines for key, lines in found.items() if lines}
        large = name.endswith("pixels")
        told = hits(list(pictures.values()), LARGE_HEIGHTS if large else HEIGHTS, options.count)
        shares = {by: rates(told, by) for by in ("height", "ink", "place")}
        print(json.dumps({name: {"pictures": len(pictures), "found in": len(boxes[name]), **shares}}), flush=True)
    if options.out:
        options.out.write_text(json.dumps(boxes), encoding="utf-8")


if __name__ == "__main__":
    main()
