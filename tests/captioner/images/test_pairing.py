"""Which files belong together, worked out by hand from how collections, hospitals and people call them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.images.pairing import LONGEST_STUDY, Rule, groups, named_view


def found(*names):
    return [(group.study, group.pictures, str(group.rule), group.views) for group in groups(names)]


@pytest.mark.parametrize(
    ("frontal", "lateral", "study"),
    [
        ("7-frontal.png", "7-lateral.png", "7"),
        ("frontal.png", "lateral.jpg", "study"),
        ("Smith PA.dcm", "Smith LAT.dcm", "Smith"),
        ("a/b/PA/1.dcm", "a/b/Lateral/1.dcm", "a/b/1"),
        ("12_AP_2020.png", "12_ll_2020.png", "12-2020"),
    ],
)
def test_names_that_differ_by_the_view_alone_are_a_pair(frontal, lateral, study):
    assert found(lateral, "other.png", frontal) == [
        (study, (lateral, frontal), "names", ("lateral", "frontal")),
        ("other.png", ("other.png",), "alone", (None,)),
    ]


def test_two_that_differ_by_the_last_number_alone_lie_together():
    names = (
        "CXR1_1_IM-0001-3001.dcm.png",
        "CXR1_1_IM-0001-4001.dcm.png",
        "CXR2_IM-0652-1001.png",
        "CXR2_IM-0652-2001.png",
    )
    assert found(*names) == [
        ("CXR1_1_IM-0001", names[:2], "numbers", (None, None)),
        ("CXR2_IM-0652", names[2:], "numbers", (None, None)),
    ]


def flat(*names, **studies):
    """The groups of `names`; `studies` says of what study their files say they are, "_" standing for a point."""
    said = {name.replace("_", "."): study for name, study in studies.items()}
    return [(group.study, group.pictures, str(group.rule)) for group in groups(names, said)]


def test_files_of_one_study_lie_together_however_they_are_called():
    assert flat("A.dcm", "B.dcm", "C.dcm", "D.dcm", A_dcm="x", B_dcm="y", C_dcm="y", D_dcm="x") == [
        ("A", ("A.dcm", "D.dcm"), "study"),
        ("B", ("B.dcm", "C.dcm"), "study"),
    ]
    # Without the files' word no two of these lie together.
    assert [rule for *_, rule in flat("A.dcm", "B.dcm", "C.dcm", "D.dcm")] == ["alone"] * 4


def test_of_three_of_one_study_the_names_decide_or_nobody():
    three = ("A.dcm", "B.dcm", "C.dcm")
    assert [rule for *_, rule in flat(*three, A_dcm="x", B_dcm="x", C_dcm="x")] == ["alone"] * 3
    said = {"A-pa_dcm": "x", "A-lat_dcm": "x", "C_dcm": "x"}
    assert [rule for *_, rule in flat("A-pa.dcm", "A-lat.dcm", "C.dcm", **said)] == ["names", "alone"]


def test_names_are_not_believed_against_the_files():
    said = {"pa_dcm": "x", "lat_dcm": "y", "1_dcm": "y", "2_dcm": "x"}
    assert flat("pa.dcm", "lat.dcm", "1.dcm", "2.dcm", **said) == [
        ("pa", ("pa.dcm", "2.dcm"), "study"),
        ("lat", ("lat.dcm", "1.dcm"), "study"),
    ]
    assert [rule for *_, rule in flat("a-pa.dcm", "b-pa.dcm", **{"a-pa_dcm": "x", "b-pa_dcm": "x"})] == ["alone"] * 2


def test_of_three_alike_none_is_guessed():
    names = ("p1.png", "p2.png", "p3.png")
    assert [group[2] for group in found(*names)] == ["alone"] * 3
    assert [group[2] for group in found("x-frontal.png", "x-frontal.jpg", "x-lateral.png")] == ["alone"] * 3


def test_two_with_a_folder_to_themselves_lie_together_however_deep():
    series = ("A/S1/I1", "A/S2/I9", "B/I", "B/J", "C/I", "C/J", "C/K")
    assert [(group[0], group[1], group[2]) for group in found(*series)] == [
        ("A", series[:2], "folder"),
        ("B", series[2:4], "folder"),
        *((name, (name,), "alone") for name in series[4:]),
    ]


def test_what_is_left_over_is_not_a_pair_for_that():
    names = ("1-pa.png", "1-lat.png", "chest.png", "thorax.png")
    assert [group[2] for group in found(*names)] == ["names", "alone", "alone"]
    assert [group[2] for group in found("chest.png", "thorax.png")] == ["folder"]


def test_two_of_one_kind_by_name_are_never_a_pair():
    assert [group[2] for group in found("s/1_pa.png", "s/2_pa.png")] == ["alone", "alone"]
    assert found("s/a_pa.png", "s/b.png")[0][2:] == ("folder", ("frontal", None))


def test_studies_have_names_of_their_own():
    names = ("a/x-pa.png", "a/x-lat.png", "a/x.pa.dcm", "b-x-pa.png", "b-x-lat.png", "b x pa.jpg")
    studies = [group.study for group in groups(names)]
    assert len(set(studies)) == len(studies)


@given(st.lists(st.text("ab1/._- PAlat", min_size=1, max_size=12), unique=True, max_size=12))
def test_every_picture_is_in_one_group(names):
    made = groups(names)
    assert sorted(name for group in made for name in group.pictures) == sorted(names)
    assert len({group.study for group in made}) == len(made)
    for group in made:
        assert len(group.pictures) == (1 if group.rule is Rule.ALONE else 2)
        assert group.views == tuple(named_view(name)[0] for name in group.pictures)
        assert 0 < len(group.study) <= LONGEST_STUDY + 9
        assert group.views not in (("frontal", "frontal"), ("lateral", "lateral"))
