"""One study: a frontal chest X-ray and, if there is one, the lateral, read from files; bad ones are refused here."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from captioner.errors import BadInput
from captioner.images import burnt_in_letters, decoder_pool, dicom_statement, gate, view_classifier
from captioner.images.dicom_statement import Statement
from captioner.images.limits import MAX_BYTES, shown_name
from captioner.images.mending import BOTH, MOST, SWAP, Mending, mended, named
from captioner.sentence import Sentence

BLANK = 2  # grey levels between the darkest and the brightest pixel: nothing to see


@dataclass(frozen=True, eq=False)
class View:
    """One picture of a study.

    Attributes:
        name: "frontal" or "lateral".
        pixels: uint8 `(rows, columns)`, read-only, upright, in the shape of its file; 0 is black, 255 white (bone).
    """

    name: str
    pixels: np.ndarray


@dataclass(frozen=True, eq=False)
class Study:
    """The views of one patient at one time.

    Attributes:
        frontal: the frontal view (PA or AP).
        lateral: the lateral view, or None.
        notices: sentences that the reader should see: what is odd about the pictures, though they can be used, and what
            was mended.
        mendings: what would put right what the notices tell; `read_study` does it when asked to.
    """

    frontal: View
    lateral: View | None
    notices: tuple[str, ...] = ()
    mendings: tuple[Mending, ...] = ()

    @property
    def views(self) -> tuple[View, ...]:
        """The views that exist, the frontal first."""
        return (self.frontal,) if self.lateral is None else (self.frontal, self.lateral)


def read_study(frontal: str | Path, lateral: str | Path | None = None, *, mend: Sequence[str] = ()) -> Study:
    """Read a study from one or two files: PNG, JPEG, BMP, WEBP, GIF, uncompressed TIFF or DICOM.

    The format is told by the bytes and not by the name. Nothing is said here of a missing lateral: what a missing view
    means depends on the checkpoint.

    Args:
        frontal: path of the frontal view.
        lateral: path of the lateral view; None or "" when there is none.
        mend: names of mendings (`Study.mendings`) to do to the pictures, one after the other.

    Returns:
        `Study`, with notices for a colour photograph, a blank picture, letters burnt into it, files of two studies, one
        picture given twice, views that seem swapped, and what is not an upright chest X-ray of the right polarity: by a
        DICOM file's own word (`captioner.images.dicom_statement`), else by its looks (`captioner.images.gate`, and
        `captioner.images.burnt_in_letters`).

    Raises:
        BadInput: a file is missing, unreadable, not a picture, damaged, too small or too large, or holds several
            pictures; the sentence begins with the file's base name. There is no such mending, or no such view.
    """
    wanted = [named(name) for name in mend]
    if not frontal:
        raise BadInput(Sentence("The frontal view is missing: give its file first."))
    views, said = [], {}
    notices: list[str] = []
    for name, path in (("frontal", frontal), ("lateral", lateral)):
        if not path:
            continue
        pixels, told = _read(path)
        views.append(View(name, pixels))
        said[name] = Statement(**(told["statement"] or {}))
        if told["colour"]:
            notices.append(
                Sentence(
                    "The {name} picture is in colour: it was turned to grey, but an X-ray has no colours, so the "
                    "impression may mean nothing.",
                    name=Sentence(name),
                )
            )
        # That a file says nothing of letters, or denies them, is no reason not to look: the field is rarely seen to.
        letters = dicom_statement.letters_sentence(said[name], name) or burnt_in_letters.notice(pixels, name)
        if letters:
            notices.append(letters)
        if _is_blank(pixels):
            notices.append(
                Sentence("The {name} picture is blank: there is nothing in it to describe.", name=Sentence(name))
            )
    if dicom_statement.of_two_studies(said.values()):
        notices.append(Sentence("The files of the two pictures say that they belong to two different studies."))
    views, said = _mended(views, said, wanted)
    study = Study(views[0], views[1] if len(views) > 1 else None)
    placed = _placement_notices(study, said)
    return Study(
        study.frontal,
        study.lateral,
        (*notices, *(each.done for each in wanted), *(sentence for sentence, _ in placed)),
        tuple(mending for _, mending in placed if mending is not None),
    )


def _mended(
    views: list[View], said: dict[str, Statement], wanted: Sequence[Mending]
) -> tuple[list[View], dict[str, Statement]]:
    """The views after the mendings, and what their files say that is still true of them."""
    if len(wanted) > MOST:
        raise BadInput(Sentence("A study can be mended {most} times at the most.", most=MOST))
    for mending in wanted:
        if mending.way == SWAP:
            if len(views) < 2:
                raise BadInput(Sentence("There is one view only: it cannot be swapped."))
            views = [View(old.name, new.pixels) for old, new in zip(views, reversed(views))]
            said = {"frontal": said["lateral"], "lateral": said["frontal"]}
        elif mending.view not in said:
            raise BadInput(Sentence("There is no {view} view to mend.", view=Sentence(mending.view)))
        else:
            views = [
                View(view.name, mended(view.pixels, mending.way)) if view.name == mending.view else view
                for view in views
            ]
            if mending.way != "invert":  # it lies otherwise than its file says now
                said = {**said, mending.view: replace(said[mending.view], row=None, column=None)}
    return views, said


def read_view(path: str | Path, name: str = "frontal") -> View:
    """Read one picture file of any supported format.

    Args:
        path: of the file.
        name: "frontal" or "lateral", what the view is given as. It is not judged.

    Returns:
        `View`.

    Raises:
        BadInput: as `read_study`.
    """
    return View(name, _read(path)[0])


def seen_as(path: str | Path) -> tuple[str, Statement]:
    """Which view a picture is, for a picture of which nobody has said it.

    Args:
        path: of the file.

    Returns:
        `(view, said)`: "frontal" or "lateral", and what the file itself says. Where that is nothing of the view, it is
        told by its looks (`captioner.images.view_classifier`), which are right for most chest X-rays and mean nothing
        for other pictures.

    Raises:
        BadInput: as `read_study`.
    """
    pixels, told = _read(path)
    said = Statement(**(told["statement"] or {}))
    looks = "lateral" if view_classifier.lateral_probability(pixels) > 0.5 else "frontal"
    return said.view or looks, said


def _read(path: str | Path) -> tuple[np.ndarray, dict[str, Any]]:
    """`(pixels, told)` of a file.

    The pixels are uint8 `(rows, columns)`, read-only. Told are `colour`, whether the picture really has colours, and
    `statement`, what a DICOM file says of it.
    """
    name = shown_name(path)
    with _opened(path, name) as file:
        pixels, told = decoder_pool.pool().read(file, os.fstat(file.fileno()).st_size, name)
    pixels.flags.writeable = False
    return pixels, told


def _opened(path: str | Path, name: str) -> BinaryIO:
    """A regular file that is neither empty nor larger than any X-ray, opened to be read as bytes."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise BadInput(Sentence("{name} is a folder, not a picture.", name=name))
        if not stat.S_ISREG(status.st_mode):  # opening a pipe or a terminal would wait for ever
            raise BadInput(Sentence("{name} is not a file.", name=name))
        if not status.st_size:
            raise BadInput(Sentence("{name} is empty.", name=name))
        if status.st_size > MAX_BYTES:
            raise BadInput(Sentence("{name} is too large: more than {most} MB.", name=name, most=MAX_BYTES >> 20))
        return open(path, "rb")
    except BadInput:
        raise
    except FileNotFoundError:
        raise BadInput(Sentence("{name} does not exist.", name=name)) from None
    except PermissionError:
        raise BadInput(Sentence("{name} may not be opened: permission denied.", name=name)) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or Sentence("its path is not one")
        raise BadInput(Sentence("{name} cannot be opened: {reason}.", name=name, reason=reason)) from None


def _placement_notices(study: Study, said: dict[str, Statement]) -> tuple[tuple[str, Mending | None], ...]:
    """Sentences about views that are not what they were given as: by their files' own word, else by how they look; each
    with what would mend it, if anything here would.

    Args:
        study: the pictures.
        said: what the file of each view says of it.
    """
    frontal, lateral = study.frontal.pixels, None if study.lateral is None else study.lateral.pixels
    if lateral is not None and np.array_equal(frontal, lateral):
        return ((Sentence("The same picture was given as frontal and as lateral view."), None),)
    stated: list[tuple[str, Mending | None]] = []
    for name, each in said.items():
        sentences, way = dicom_statement.doubts(each, name), dicom_statement.mending(each, name)
        stated += [(sentence, None) for sentence in sentences[:-1]]  # how it lies is said last
        stated += [(sentence, Mending(name, way) if way else None) for sentence in sentences[-1:]]
    if stated:
        return tuple(stated)
    doubted: list[tuple[str, Mending | None]] = []
    for view in study.views:
        denied = _denied(said[view.name])
        for sentence in () if _is_blank(view.pixels) else gate.doubts(view.pixels, view.name, denied):
            way = gate.mending(view.pixels, view.name, denied)
            doubted.append((sentence, Mending(view.name, way) if way else None))
    if doubted:
        return tuple(doubted)
    swap = Mending(BOTH, SWAP)
    views = {name: each.view for name, each in said.items()}
    if views.get("frontal") == "lateral" and views.get("lateral") == "frontal":
        return ((Sentence("The two views are swapped: their files say so."), swap),)
    wrong = [name for name, view in views.items() if view not in (None, name)]
    if wrong:
        return tuple(
            (
                Sentence(
                    "The file given as {name} view says that it is a {other} one.",
                    name=Sentence(name),
                    other=Sentence(views[name] or ""),
                ),
                None,
            )
            for name in wrong
        )
    if any(views.values()):
        return ()  # one view's own word tells where the other belongs
    if lateral is None:
        if view_classifier.lateral_probability(frontal) > view_classifier.SURE_ALONE:
            told = Sentence("The frontal picture looks like a lateral view: the impression expects a frontal one.")
            return ((told, None),)
        return ()
    if (
        view_classifier.lateral_probability(frontal) > view_classifier.SURE_SWAPPED
        and view_classifier.lateral_probability(lateral) < 1 - view_classifier.SURE_SWAPPED
    ):
        return (
            (
                Sentence(
                    "The two views seem to be swapped: the frontal picture looks lateral, and the lateral one frontal."
                ),
                swap,
            ),
        )
    return tuple((sentence, None) for sentence in gate.pair_doubts(frontal, lateral))


def _denied(said: Statement) -> tuple[str, ...]:
    """The doubts of `gate` that a file's own word denies."""
    turned = ("on its side", "upside down") if said.is_upright else ()
    return (*turned, "other") if said.is_chest_radiograph else turned


def _is_blank(pixels: np.ndarray) -> bool:
    return int(pixels.max()) - int(pixels.min()) <= BLANK
