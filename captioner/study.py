"""One study: a frontal chest X-ray and, if there is one, the lateral, read from files; bad ones are refused here."""

import os
import stat
from dataclasses import dataclass

import numpy as np

from captioner import projection
from captioner.dicom import is_dicom, read_dicom
from captioner.errors import BadInput
from captioner.limits import MOST_BYTES, shown_name
from captioner.picture import read_picture

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
        notices: sentences that the reader should see: what is odd about the pictures, though they can be used.
    """

    frontal: View
    lateral: View | None
    notices: tuple[str, ...] = ()

    @property
    def views(self):
        """The views that exist, the frontal first."""
        return (self.frontal,) if self.lateral is None else (self.frontal, self.lateral)


def read_study(frontal, lateral=None):
    """Read a study from one or two files: PNG, JPEG, BMP, WEBP, GIF, uncompressed TIFF or DICOM.

    The format is told by the bytes and not by the name. Nothing is said here of a missing lateral: what a missing view
    means depends on the checkpoint.

    Args:
        frontal: path of the frontal view.
        lateral: path of the lateral view; None or "" when there is none.

    Returns:
        `Study`, with notices for a colour photograph, a blank picture, one picture given twice, and views that seem
        swapped.

    Raises:
        BadInput: a file is missing, unreadable, not a picture, damaged, too small or too large, or holds several
            pictures; the sentence begins with the file's base name.
    """
    if not frontal:
        raise BadInput("The frontal view is missing: give its file first.")
    views, notices = [], []
    for name, path in (("frontal", frontal), ("lateral", lateral)):
        if not path:
            continue
        pixels, colour = _read(path)
        views.append(View(name, pixels))
        if colour:
            notices.append(
                f"The {name} picture is in colour: it was turned to grey, but an X-ray has no colours, so the "
                "impression may mean nothing."
            )
        if int(pixels.max()) - int(pixels.min()) <= BLANK:
            notices.append(f"The {name} picture is blank: there is nothing in it to describe.")
    study = Study(views[0], views[1] if len(views) > 1 else None)
    return Study(study.frontal, study.lateral, (*notices, *_placement_notices(study)))


def read_view(path, name="frontal"):
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


def _read(path):
    """`(pixels, colour)`: uint8 `(rows, columns)`, read-only, and whether the file's picture really has colours."""
    name = shown_name(path)
    data = _file_bytes(path, name)
    pixels, colour = (read_dicom if is_dicom(data) else read_picture)(data, name)
    pixels.flags.writeable = False
    return pixels, colour


def _file_bytes(path, name):
    """The whole content of a regular file that is neither empty nor larger than any X-ray."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise BadInput(f"{name} is a folder, not a picture.")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe or a terminal would wait for ever
            raise BadInput(f"{name} is not a file.")
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except BadInput:
        raise
    except FileNotFoundError:
        raise BadInput(f"{name} does not exist.") from None
    except PermissionError:
        raise BadInput(f"{name} may not be opened: permission denied.") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or "its path is not one"
        raise BadInput(f"{name} cannot be opened: {reason}.") from None
    if not data:
        raise BadInput(f"{name} is empty.")
    if len(data) > MOST_BYTES:
        raise BadInput(f"{name} is too large: more than {MOST_BYTES >> 20} MB.")
    return data


def _placement_notices(study):
    """Sentences about views that do not look like what they were given as."""
    frontal, lateral = study.frontal.pixels, None if study.lateral is None else study.lateral.pixels
    if lateral is not None and np.array_equal(frontal, lateral):
        return ("The same picture was given as frontal and as lateral view.",)
    if lateral is None:
        if projection.lateral_probability(frontal) > projection.SURE_ALONE:
            return ("The frontal picture looks like a lateral view: the impression expects a frontal one.",)
        return ()
    if (
        projection.lateral_probability(frontal) > projection.SURE_SWAPPED
        and projection.lateral_probability(lateral) < 1 - projection.SURE_SWAPPED
    ):
        return ("The two views seem to be swapped: the frontal picture looks lateral, and the lateral one frontal.",)
    return ()
