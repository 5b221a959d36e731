"""A study as a film to mark (marking_film.js): pictures, the names of their parts, and nothing of what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner.images.orientation import orientation
from explain import places
from panels.viewer.pictures import data_url, shrink

if TYPE_CHECKING:
    from captioner.images.study import Study, View

LONGEST_SIDE = 768  # pixels of a picture to mark


def _view(view: View) -> dict[str, Any]:
    small, lies = shrink(view, LONGEST_SIDE), orientation(view.pixels, view.name)
    rows, columns = small.pixels.shape
    return {
        "name": view.name,
        "width": columns,
        "height": rows,
        "url": data_url(small.pixels),
        "sides": places.marks(view.name, lies),
        "convention": places.convention(view.name, lies),
        "fields": [[places.named(down, across, view.name, lies) for across in range(3)] for down in range(3)],
        "edges": list(places.edges(view.name)),
    }


def views(study: Study) -> list[dict[str, Any]]:
    """The views of a study for the browser.

    Returns:
        list of `{"name", "width", "height", "url", "sides", "convention", "fields", "edges"}`: `url` holds the picture
        itself, so that no file's name is told; `fields` are the names of its ninths, row by row, and `edges` where
        the columns of ninths end, shares of the width.
    """
    return [_view(view) for view in study.views]
