"""The example that the page opens with is right, and its map lies on what was planted."""

import cv2
import numpy as np
import pytest

from explain.opening import lies_on, opening
from tests.stand_in import SENTENCES, StandIn, draw_chest


class Looking(StandIn):
    """Looks at one cell of the frontal view, whatever the word."""

    cell = 0, 0

    def _word(self, text, number, views):
        from dataclasses import replace

        maps = np.zeros((2, *self.grid), np.float32)
        maps[0, *self.cell] = 1
        return replace(super()._word(text, number, views), attention=maps if self.has_attention else None)


@pytest.fixture
def entries(tmp_path):
    """Bright pictures, called a right effusion with atelectasis; it is planted in the lower left quarter."""
    cv2.imwrite(str(tmp_path / "chest.png"), draw_chest(70, 70, bright=True))
    mask = np.zeros((70, 70), np.uint8)
    mask[35:, :35] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)

    def entry(name, impression, **more):
        shown = {"title": name, "frontal": str(tmp_path / "chest.png"), "lateral": None, "impression": impression}
        return {"name": name, **shown, "findings": [{"name": "effusion", "masks": ["mask.png", None]}], **more}

    return [
        entry("nothing", "no acute disease .", findings=[]),
        entry("other side", "left effusion . atelectasis ."),
        entry("beside", "right effusion . right atelectasis .", findings=[{"name": "effusion"}]),
        entry("right", "right effusion . right atelectasis ."),
    ]


def test_the_first_example_that_is_right_with_its_map_on_the_finding_opens(entries):
    assert "right pleural effusion with overlying atelectasis" in SENTENCES["bright"]
    model = Looking("default")
    model.cell = 5, 1
    assert opening(model, entries) == "right"
    model.cell = 1, 1  # above what was planted
    assert opening(model, entries) == "beside"  # right at least
    assert opening(model, entries[:2]) is opening(model, []) is None
    assert opening(Looking("default", has_attention=False), entries) is None


def test_a_map_counts_only_over_the_part_that_its_grid_covers(entries):
    maps = np.zeros((2, 2, 2), np.float32)
    maps[0, 1, 0] = 1  # its centre lies at three quarters of the height, or at 0.45 of a grid over 60% of the picture
    assert lies_on(maps, entries[3]) and not lies_on(maps, entries[3], (0.6, 0.6))
    lateral = maps[::-1]
    assert not lies_on(lateral, entries[3])  # nothing is outlined on the lateral view
