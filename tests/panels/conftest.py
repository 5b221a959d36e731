"""A small real captioner and a study of it, for the panels that look inside the network."""

import cv2
import pytest

from tests.stand_in import draw_chest


@pytest.fixture(scope="session")
def tiny(tiny_checkpoint, loaded):
    """Random weights, 64 pixels, a grid of 2 x 2; what it writes means nothing."""
    return loaded(tiny_checkpoint)


@pytest.fixture(scope="session")
def chests(tmp_path_factory):
    """Paths of a frontal and a lateral picture."""
    folder = tmp_path_factory.mktemp("chests")
    for view in ("frontal", "lateral"):
        cv2.imwrite(str(folder / f"{view}.png"), draw_chest(90, 80, view == "lateral"))
    return str(folder / "frontal.png"), str(folder / "lateral.png")


@pytest.fixture
def session(tiny, chests):
    """A visitor's session with a caption of two words or more."""
    from panels.server.model_pool import ModelPool
    from panels.viewer import panel as explain

    pool = ModelPool({"tiny": "tiny"}, lambda folder: tiny)
    answer, session = explain.answer(pool, *chests, "tiny", "beam", 3, 0.7, None, None)
    assert answer["state"] == "caption" and len(session.caption.words) >= 2 and answer["id"] == session.token
    return session
