"""What a decoder is told: the rows of a wish, of a caption, of a text, and what they say to a reader."""

import numpy as np
import pytest

from captioner import conditions
from captioner.reports.finding_labels import conditions_of
from captioner.reports.findings import FINDINGS

NAN = np.nan
EFFUSION, HERNIA = FINDINGS.index("effusion"), FINDINGS.index("hernia")


@pytest.mark.parametrize(
    ("wanted", "row"),
    [
        (True, [1, NAN, NAN, NAN, NAN]),
        (False, [0, 0, 0, 0, 0]),
        ("left", [1, 1, 0, NAN, NAN]),
        ("right", [1, 0, 1, NAN, NAN]),
        ("bilateral", [1, 1, 1, NAN, NAN]),
    ],
)
def test_a_wish_and_what_is_left_to_the_head(wanted, row):
    rows = conditions.steered({"effusion": wanted})
    np.testing.assert_array_equal(rows[EFFUSION], row)
    assert np.isnan(np.delete(rows, EFFUSION, axis=0)).all()


@pytest.mark.parametrize("wrong", [{"tea": True}, {"effusion": 1}, {"effusion": "up"}, {"hernia": "left"}])
def test_a_wish_that_there_is_not_is_refused(wrong):
    with pytest.raises(ValueError):
        conditions.steered(wrong)


def test_what_was_told_is_told_again_where_it_was_steered():
    given = conditions.steered({"effusion": "bilateral", "hernia": False})
    told = np.where(np.isnan(given), 0, given)
    told[EFFUSION, 4] = 1  # the head's own choice: in the lower zone
    read = conditions.described(told.reshape(-1), given.reshape(1, -1))
    effusion, hernia = read[EFFUSION], read[HERNIA]
    assert (effusion.stated, effusion.side, effusion.zone, effusion.steered) == (True, "bilateral", "lower", True)
    assert (hernia.stated, hernia.side, hernia.zone, hernia.steered) == (False, None, None, True)
    assert sum(each.steered for each in read) == 2
    again = conditions.steered_again(read)
    np.testing.assert_array_equal(again[EFFUSION], [1, 1, 1, 0, 1])
    np.testing.assert_array_equal(again[HERNIA], [0, 0, 0, 0, 0])
    assert np.isnan(np.delete(again, [EFFUSION, HERNIA], axis=0)).all()
    assert not any(each.steered for each in conditions.described(told, None))


def test_a_decoder_that_is_told_nothing_has_no_conditions():
    assert conditions.described((), None) == ()


def test_a_text_tells_what_it_states_and_leaves_the_rest_to_the_head():
    text = "left effusion . no hernia ."
    rows = conditions.stated_in(text)
    np.testing.assert_array_equal(rows[EFFUSION], [1, 1, 0, NAN, NAN])
    assert np.isnan(rows[HERNIA]).all()
    there = ~np.isnan(rows)
    np.testing.assert_array_equal(rows[there], conditions_of(text).reshape(rows.shape)[there])
