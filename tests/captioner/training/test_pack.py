"""A pack holds what a training reads from folders."""

import zipfile

import numpy as np
import pytest

from captioner.__main__ import main
from captioner.errors import BadInput
from captioner.images.preprocessing import squashed
from captioner.reports.targets import Targets
from captioner.training.examples import PictureStore, file_pixels, phantom_examples, phantom_seeds, study_examples
from captioner.training.pack import pack
from captioner.training.source import read_source


@pytest.fixture(scope="module")
def packed(collection, labelled_pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("pack") / "all.pack"
    command = ["pack", "--data", str(collection), str(labelled_pictures), "--size", "64", "--phantoms", "2"]
    assert main([*command, "--out", str(out)]) == 0
    return out


def test_it_says_what_the_folders_say(packed, collection, labelled_pictures):
    folders, file = read_source([collection, labelled_pictures]), read_source(packed)
    for split in ("train", "val"):
        told = [
            [(each.uid, each.impression, each.mesh) for each in source.reports[split]] for source in (folders, file)
        ]
        assert told[0] == told[1] and told[0]
        seen = [
            [(each.name, each.patient, each.labels, each.boxes, each.device) for each in source.pictures[split]]
            for source in (folders, file)
        ]
        assert seen[0] == seen[1] and seen[0]


def test_its_pictures_are_the_same_but_for_the_compression(packed, collection):
    folders, file = read_source(collection), read_source(packed)
    for one, other in zip(folders.reports["val"], file.reports["val"]):
        wanted, given = squashed(file_pixels(one.frontal[0]), 64), file.pixels(other.frontal[0])
        assert given.shape == (64, 64) and given.dtype == np.uint8
        assert np.abs(wanted.astype(int) - given).mean() < 3


def test_its_phantoms_are_those_that_would_be_rendered(packed, tmp_path):
    file, targets, seeds = read_source(packed), Targets(["normal"]), phantom_seeds(2, 0)
    rendered = phantom_examples(seeds, PictureStore(64), targets, tmp_path)
    kept = phantom_examples(seeds, PictureStore(64), targets, tmp_path / "none", file.phantom)
    assert [each.caption for each in rendered] == [each.caption for each in kept]
    for one, other in zip(rendered, kept):
        np.testing.assert_array_equal(one.labels.presence, other.labels.presence)
        assert one.labels.regions.keys() == other.labels.regions.keys()
        for number, region in one.labels.regions.items():
            assert region.mean() == pytest.approx(other.labels.regions[number].mean(), abs=0.05)
            assert region.any() == other.labels.regions[number].any()
    assert not (tmp_path / "none").exists()


def test_a_limit_takes_the_first_of_each(packed):
    file = read_source(packed, limit=2)
    assert len(file.reports["train"]) == len(file.pictures["train"]) == 2
    assert len(study_examples(file.reports["train"], PictureStore(64), Targets(["normal"]), file.pixels)) == 2


@pytest.mark.parametrize("content", [b"no archive", None])
def test_what_is_no_pack_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "wrong.pack"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.json", '{"format": 99}')
    else:
        path.write_bytes(content)
    with pytest.raises(BadInput, match="not a file that pack wrote") as refusal:
        read_source(path)
    assert "\n" not in str(refusal.value)


def test_an_interrupted_pack_leaves_nothing(collection, tmp_path, monkeypatch):
    def fail(seed, size):
        raise KeyboardInterrupt

    monkeypatch.setattr("captioner.training.pack._phantom_bytes", fail)
    with pytest.raises(KeyboardInterrupt):
        pack(collection, 64, tmp_path / "x.pack", phantoms=1)
    assert not list(tmp_path.iterdir())
