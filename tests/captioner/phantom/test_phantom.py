"""Phantoms against oracles: chords by formula, one body in both views, masks where the finding is, clean wording."""

import dataclasses
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner import phantom
from captioner.errors import BadInput
from captioner.phantom import Wanted, anatomy, chest, projection, scene, skeleton, vessels, wording
from captioner.phantom import findings as planted
from captioner.phantom.files import EXAMPLES, EXAMPLES_SIZE
from captioner.phantom.projection import Detector, beads, ellipsoid, transmitted
from captioner.phantom.rendering import compose
from captioner.phantom.volume import Grid, add_ellipsoid
from captioner.reports import collection as reports
from captioner.reports import findings as labeller

# What the rule-based labeller is to read out of the wording of each kind; None: outside its thirteen.
LABELS = {
    "cardiomegaly": "cardiomegaly",
    "effusion": "effusion",
    "nodule": "nodule or mass",
    "mass": "nodule or mass",
    "opacity": "airspace opacity",
    "atelectasis": "atelectasis",
    "pneumothorax": "pneumothorax",
    "hyperinflation": "emphysema or COPD",
    "granuloma": "granuloma or calcification",
    "hernia": "hernia",
    "edema": "edema or congestion",
    "scarring": "scarring or interstitial change",
    "pacemaker": "device",
    "port": "device",
    "aorta": None,
    "low volumes": None,
}


def flat_detector(size=101, field=100.0):
    """Millimetres are pixels: the middle of the picture is (0, 0)."""
    return Detector.facing(size, [(0, 0), (0, 0)], [(field * size / 100, field * size / 100)] * 2, [0, 0])


@pytest.fixture(scope="module")
def all_kinds():
    """One phantom of each kind, 128 pixels."""
    return {name: phantom.render(500 + number, 128, [name]) for number, name in enumerate(phantom.KINDS)}


def rows_of(mask):
    return np.flatnonzero(mask.any(1))


def test_sphere_through_beer_lambert_equals_the_formula():
    detector, radius = flat_detector(), 20.0
    arrived = transmitted(0.02 * ellipsoid(detector, np.zeros(3), np.full(3, radius)))
    rows, columns = np.mgrid[-50:51, -50:51]
    chord = 2 * np.sqrt(np.maximum(radius**2 - rows**2 - columns**2, 0))
    for view in range(2):
        np.testing.assert_allclose(arrived[view], np.exp(-0.02 * chord), atol=1e-4)
    assert arrived[0][50, 50] == pytest.approx(np.exp(-0.02 * 40))  # through the middle: the diameter


@given(st.lists(st.floats(8, 30), min_size=3, max_size=3), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
@settings(max_examples=15, deadline=None)
def test_a_turned_ellipsoid_keeps_its_volume_in_both_views(radii, first, second):
    about_y = np.array([[np.cos(first), 0, np.sin(first)], [0, 1, 0], [-np.sin(first), 0, np.cos(first)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(second), -np.sin(second)], [0, np.sin(second), np.cos(second)]])
    sums = ellipsoid(flat_detector(), np.zeros(3), np.array(radii), about_y @ about_x).sum((1, 2))
    np.testing.assert_allclose(sums, 4 / 3 * np.pi * np.prod(radii), rtol=0.01)


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
@settings(max_examples=15, deadline=None)
def test_what_is_smaller_than_a_pixel_does_not_fall_between_two(aside, down):
    chords = ellipsoid(flat_detector(), np.array([aside, aside, down]), np.full(3, 0.4))
    np.testing.assert_allclose(chords.sum((1, 2)), 4 / 3 * np.pi * 0.4**3, rtol=0.25)


def test_voxels_agree_with_the_closed_form():
    detector = flat_detector()
    grid = Grid((-40, -40, -40), (40, 40, 40), (1, 1, 1))
    ball = grid.empty()
    add_ellipsoid(grid, ball, np.array([5.0, -3, 8]), (20, 20, 20))
    exact = ellipsoid(detector, np.array([5.0, -3, 8]), np.full(3, 20.0))
    inner = exact > 15
    np.testing.assert_allclose(grid.project(detector, ball)[inner], exact[inner], rtol=0.04)


def test_beads_keep_their_mass_and_lie_where_they_are_put():
    detector = flat_detector()
    pictures = beads(detector, np.array([[10.0, -7.0, 3.0]]), np.array([2.5]))
    for view, column in ((0, 10), (1, -7)):
        assert pictures[view].sum() * detector.scale(view) ** 2 == pytest.approx(2.5, rel=1e-5)
        assert np.unravel_index(pictures[view].argmax(), pictures[view].shape) == (53, 50 + column)


def test_a_tubes_mass_is_its_volume_times_its_attenuation():
    line = np.array([[0, 0, 0], [0, 0, 100.0]])
    _, solid = skeleton.tube(line, 4, 3, (1, 0, 0), 0.02, 0.02)
    assert solid.sum() == pytest.approx(np.pi * 12 * 100 * 0.02, rel=1e-4)
    _, hollow = skeleton.tube(line, 4, 3, (1, 0, 0), 0.02, 0.0, rim=0.5)
    assert hollow.sum() == pytest.approx(0.75 * solid.sum(), rel=1e-4)
    _, filled = skeleton.tube(line, 4, 3, (1, 0, 0), 0.02, 0.0, rim=0.5, hollow=0.0)
    assert filled.sum() == pytest.approx(hollow.sum(), rel=1e-4)


def test_the_same_seed_gives_the_same_phantom_and_another_seed_another():
    one, again, other = phantom.render(3, 96), phantom.render(3, 96), phantom.render(4, 96)
    assert (one.frontal == again.frontal).all() and (one.lateral == again.lateral).all()
    assert one.impression == again.impression and one.mesh == again.mesh
    assert all((a.masks == b.masks).all() for a, b in zip(one.findings, again.findings, strict=True))
    assert (one.frontal != other.frontal).mean() > 0.5


def test_pictures_have_the_promised_type_and_a_radiographs_contrast(all_kinds):
    for made in all_kinds.values():
        for pixels in (made.frontal, made.lateral):
            assert pixels.dtype == np.uint8 and pixels.shape == (128, 128)
            assert pixels.std() > 30 and 70 < pixels.mean() < 200


def test_lungs_are_dark_between_a_bright_heart_and_a_bright_liver():
    made = phantom.render(21, 128, [])
    row, heart_row, liver_row = 55, 78, 120
    lungs = [made.frontal[row, columns].mean() for columns in (slice(28, 44), slice(84, 100))]
    assert max(lungs) + 40 < made.frontal[heart_row, 60:68].mean()
    assert max(lungs) + 40 < made.frontal[liver_row, 35:50].mean()


def test_both_views_are_the_same_body():
    """Heart and lungs take the same rows in both views, up to the small turn of each picture."""
    for seed in (1, 2, 3):
        place, _, _ = compose(seed, 128, [])
        for organ in (place.chest.heart, place.whole_lung):
            frontal, lateral = (rows_of(view > 5) for view in place.project(organ))
            assert abs(frontal[0] - lateral[0]) <= 4 and abs(frontal[-1] - lateral[-1]) <= 6


def test_the_heart_points_to_the_pictures_right_and_the_spine_lies_on_the_laterals_right():
    place, _, _ = compose(5, 128, [])
    frontal, lateral = place.project(place.chest.heart)
    middle, _ = place.detector.place(0, np.array([[0, 0, 150.0]]))
    assert (frontal * np.arange(128)).sum() / frontal.sum() > middle[0] + 2
    heart = (lateral * np.arange(128)).sum() / lateral.sum()
    spine, _ = place.detector.place(1, np.array([[0, place.body.spine_y(150.0), 150.0]]))
    assert heart < spine[0]


@pytest.mark.parametrize("side, right_half", [("left", True), ("right", False)])
@pytest.mark.parametrize("name", ["effusion", "pneumothorax", "opacity", "nodule", "granuloma", "mass"])
def test_a_sided_finding_lies_on_its_side_of_the_frontal_picture(name, side, right_half):
    place, _, (mask,) = compose(31, 96, [Wanted(name, side=side)])
    middle, _ = place.detector.place(0, np.array([[0, 0, 150.0]]))
    columns = np.flatnonzero(mask[0].any(0))
    assert mask.any((1, 2)).all()
    assert (columns.mean() > middle[0]) == right_half
    assert (mask[0][:, int(middle[0]) + 4 :].sum() > 0.9 * mask[0].sum()) == right_half


@pytest.mark.parametrize("name", ["nodule", "opacity", "granuloma", "mass"])
def test_zones_lie_one_below_the_other(name):
    rows = [
        rows_of(compose(8, 96, [Wanted(name, side="right", zone=zone)])[2][0][0]).mean()
        for zone in ("upper", "middle", "lower")
    ]
    assert rows[0] + 5 < rows[1] < rows[2] - 5


def test_masks_of_both_views_take_the_same_rows(all_kinds):
    for made in all_kinds.values():
        for finding in made.findings:
            frontal, lateral = (rows_of(view) for view in finding.masks)
            assert abs(frontal.mean() - lateral.mean()) < 7, finding.name
            assert len(np.intersect1d(frontal, lateral)) > 0, finding.name


def test_a_nodule_adds_attenuation_inside_its_mask_and_nowhere_else():
    with_it, _, (mask,) = compose(17, 128, [Wanted("nodule", side="right", zone="middle", degree=1)])
    without, _, _ = compose(17, 128, [])
    added = scene.attenuation(with_it)[0] - scene.attenuation(without)[0]
    assert added[mask].min() > 0.004
    assert np.abs(added[~mask]).max() < 0.5 * projection.SOFT * 1.15 + 1e-4  # under half a millimetre of tissue
    assert added[0].max() > 0.2


def test_air_and_fluid_change_the_beam_in_opposite_ways():
    without = scene.attenuation(compose(40, 96, [])[0])[0]
    air, _, (air_mask,) = compose(40, 96, [Wanted("pneumothorax", side="left", degree=1)])
    fluid, _, (fluid_mask,) = compose(40, 96, [Wanted("effusion", side="left", degree=1)])
    assert (scene.attenuation(air)[0] - without)[0][air_mask[0]].mean() < -0.1
    assert (scene.attenuation(fluid)[0] - without)[0][fluid_mask[0]].mean() > 0.5


def test_no_vessel_and_no_lung_remain_in_the_air_of_a_pneumothorax():
    place, _, _ = compose(40, 96, [Wanted("pneumothorax", side="left", degree=1)])
    gone = (place.whole_lung > 0.99) & (place.chest.lung < 0.01)
    assert gone.sum() > 1000
    points, _ = vessels.trees(place.body, place.chest)
    assert place.grid.at(gone.astype(np.float32), points).max() == 0


def test_an_enlarged_heart_is_wider_than_half_the_chest_and_an_ordinary_one_is_not():
    def ratio(wanted):
        place, _, _ = compose(6, 128, wanted)
        widths = [
            np.ptp(np.flatnonzero((place.project(organ)[0] > 5).any(0)))
            for organ in (place.chest.heart, place.whole_lung)
        ]
        return widths[0] / widths[1]

    assert ratio([]) < 0.5 < ratio([Wanted("cardiomegaly", degree=0.5)])


def test_inflation_moves_the_diaphragm():
    bottoms = {}
    for name in ("low volumes", None, "hyperinflation"):
        body = planted.altered(anatomy.draw(9), planted.settle(9, [name] if name else []))
        bottoms[name] = body.diaphragm_z(-70.0, 0.0)
    assert bottoms["low volumes"] + 15 < bottoms[None] < bottoms["hyperinflation"] - 8


def test_planting_a_finding_does_not_redraw_the_rest():
    one, other = compose(17, 96, [])[0], compose(17, 96, ["granuloma"])[0]
    assert one.body == other.body and (one.detector.maps == other.detector.maps).all()
    assert (chest.outline(one.body, one.detector) == chest.outline(other.body, other.detector)).all()


def test_every_kind_is_named_by_its_words_and_understood_by_the_labeller(all_kinds):
    for name, made in all_kinds.items():
        (finding,) = made.findings
        assert finding.name == name and finding.words and set(finding.words) <= set(made.impression.split())
        stated = {place.finding for place in labeller.mentions(made.impression)}
        allowed = {"granuloma or calcification"} if "calcified" in made.impression else set()
        assert stated - allowed == ({LABELS[name]} if LABELS[name] else set()) - allowed, made.impression


@given(st.integers(0, 10**6))
@settings(max_examples=300, deadline=None)
def test_wording_is_clean_names_every_finding_first_and_fits_its_mesh(seed):
    settled = planted.settle(seed, planted.draw(seed))
    impression, mesh, words = wording.word(seed, settled)
    assert re.fullmatch(r"[a-z]+( [a-z]+| \.)* \.", impression) and ". ." not in impression
    assert reports.clean(impression) == impression
    assert (mesh == ("normal",)) == (not settled) and len(words) == len(settled)
    tokens, mentions = impression.split(), labeller.mentions(impression)
    for ask, mine in zip(settled, words, strict=True):
        assert mine and set(mine) <= set(tokens)
        label = LABELS[ask.name]
        assert not label or any(
            place.finding == label and tokens.index(each) in range(place.start, place.end)
            for each in mine
            for place in mentions
        ), impression
        sided = ask.side in ("left", "right") and ask.side in impression
        assert not sided or any(ask.side in term.split("/") or "lingula" in term for term in mesh), (impression, mesh)
    assert settled or not mentions


def test_about_two_in_five_are_normal_and_the_rest_have_one_or_two_findings():
    counts = np.array([len(planted.draw(seed)) for seed in range(1500)])
    assert 0.33 < (counts == 0).mean() < 0.43 and counts.max() == 2
    seen = {ask.name for seed in range(1500) for ask in planted.draw(seed)}
    assert seen == set(phantom.KINDS) == set(LABELS)
    for seed in range(1500):
        names = [ask.name for ask in planted.draw(seed)]
        assert len(set(names)) == len(names)
        assert not any(other in planted.KINDS[name].apart for name in names for other in names)


@pytest.mark.parametrize(
    "wanted, named",
    [
        (["gout"], "gout"),
        ([Wanted("cardiomegaly", side="left")], "side"),
        ([Wanted("nodule", zone="top")], "zone"),
        ([Wanted("nodule", degree=2)], "degree"),
        ([Wanted("pneumothorax", side="bilateral")], "side"),
    ],
)
def test_what_no_phantom_can_have_is_refused_in_one_sentence(wanted, named):
    with pytest.raises(BadInput, match=named):
        phantom.render(1, 96, wanted)


@pytest.mark.parametrize("size", [0, 63, 1025])
def test_sizes_out_of_range_are_refused(size):
    with pytest.raises(BadInput, match="pixels"):
        phantom.render(1, size)


def test_results_are_frozen():
    made = phantom.render(2, 64)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.impression = "x"


def test_a_written_folder_is_a_collection_with_masks(tmp_path):
    phantom.write(tmp_path / "set", 2, 60, size=64)
    collection = reports.read_collection(tmp_path / "set")
    assert collection.dropped == {} and collection.form == "csv" and len(collection.reports) == 2
    for number, report in enumerate(collection.reports):
        made = phantom.render(60 + number, 64)
        assert report.uid == str(number + 1) and report.impression == made.impression and report.mesh == made.mesh
        assert (cv2.imread(str(report.frontal[0]), cv2.IMREAD_UNCHANGED) == made.frontal).all()
        assert (cv2.imread(str(report.lateral[0]), cv2.IMREAD_UNCHANGED) == made.lateral).all()
        folder = tmp_path / "set" / report.uid
        facts = json.loads((folder / "phantom.json").read_text())
        assert facts["impression"] == made.impression and len(facts["findings"]) == len(made.findings)
        for finding, written in zip(made.findings, facts["findings"], strict=True):
            assert tuple(written["words"]) == finding.words and written["side"] == finding.side
            for mask, file in zip(finding.masks, written["masks"], strict=True):
                assert ((cv2.imread(str(folder / file), cv2.IMREAD_GRAYSCALE) > 127) == mask).all()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(BadInput, match="taken"):
        phantom.write(tmp_path / "taken", 1, 0, size=64)
    with pytest.raises(BadInput, match="taken"):
        phantom.write_examples(tmp_path / "taken")
    with pytest.raises(BadInput, match="count"):
        phantom.write(tmp_path / "set", 0, 0)


def test_the_shipped_examples_are_what_the_command_makes():
    """One study is made again in full; of the others the words and the files are checked."""
    folder = Path(phantom.__file__).parents[2] / "examples"
    index = json.loads((folder / "index.json").read_text())
    assert [entry["name"] for entry in index] == [name for name, _, _, _ in EXAMPLES]
    for entry, (_, _, seed, wanted) in zip(index, EXAMPLES, strict=True):
        assert entry["impression"] == wording.word(seed, planted.settle(seed, wanted))[0] and entry["seed"] == seed
        names = [entry["frontal"], entry["lateral"]] + [mask for each in entry["findings"] for mask in each["masks"]]
        for name in names:
            assert cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE).shape == (EXAMPLES_SIZE, EXAMPLES_SIZE)
    made = phantom.render(EXAMPLES[4][2], EXAMPLES_SIZE, EXAMPLES[4][3])
    shown = cv2.imread(str(folder / index[4]["frontal"]), cv2.IMREAD_GRAYSCALE).astype(int)
    assert np.abs(shown - made.frontal).max() <= 2  # another machine may round another way
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3 << 20
