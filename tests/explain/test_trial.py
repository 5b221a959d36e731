"""Trials of words: what is kept of them, and a method on random weights."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

import captioner
from captioner import BadInput
from captioner.images.preprocessing import prepare
from explain import trial
from explain.methods.base import Stopped, method
from explain.methods.graphs import graphs_of
from explain.metrics.area_occlusion import area_occlusion
from explain.metrics.picture_share import picture_share
from explain.trial import Trials


@pytest.fixture(scope="module")
def asked(tiny, study):
    """A study as the network takes it, and a caption of four words that it did not choose itself."""
    caption = replace(tiny.caption(study), hypotheses=(tiny.score_text(study, "no acute effusion ."),))
    return prepare(study, tiny.config["preparation"]), caption


def test_a_trial_is_what_the_measures_find_each_by_itself(tiny, asked):
    pictures, caption = asked
    maps = method("grad-cam").explain(tiny, pictures, caption)
    found = trial.measure(tiny, pictures, caption, "grad-cam", 1, {}, lambda word, _: maps, lambda done, of: False)
    share, area = found.found[1]
    assert share.shown == pytest.approx(picture_share(tiny, pictures, caption, 1).shown, rel=1e-4)
    alone = area_occlusion(tiny, pictures, caption, 1, maps.maps[1], maps.extent)
    assert area.hidden == pytest.approx(alone.hidden, rel=1e-4)
    np.testing.assert_allclose(area.random, alone.random, rtol=1e-4)
    assert found.own.positions == (1,) and len(found.compared.random) == trial.ORDERS


def test_who_stops_stops_it(tiny, asked):
    def stop(done, of):
        return True

    def explained(word, progress):
        return method("grad-cam").explain(tiny, *asked, progress=progress)

    with pytest.raises(Stopped):
        trial.measure(tiny, *asked, "grad-cam", 0, {}, explained, stop)


def test_what_is_known_of_a_study_holds_no_checkpoint_in_memory(tiny, tiny_checkpoint, loaded, asked, monkeypatch):
    monkeypatch.setattr("explain.methods.graphs.KEPT", 1)  # as on the page
    pictures, caption = asked
    maps, known = method("grad-cam").explain(tiny, pictures, caption), {}

    def measured(model, word):
        return trial.measure(model, pictures, caption, "grad-cam", word, known, lambda *_: maps, lambda *_: False)

    model = captioner.load(tiny_checkpoint)
    first = measured(model, 0)
    gone = weakref.ref(model), weakref.ref(model.network), weakref.ref(graphs_of(model))
    del model
    graphs_of(tiny)  # those of the model explained last are kept by `graphs_of` itself
    gc.collect()
    assert [each() for each in gone] == [None] * 3
    # What was found out is still good, for a captioner that was loaded again, too.
    again = loaded(tiny_checkpoint)
    second = measured(again, 1)
    assert second.areas is first.areas and second.compared.random != first.compared.random
    alone = trial.measure(again, pictures, caption, "grad-cam", 1, {}, lambda *_: maps, lambda *_: False)
    assert second.found[1][1].hidden == pytest.approx(alone.found[1][1].hidden, rel=1e-4)
    np.testing.assert_allclose(second.compared.method.deletion, alone.compared.method.deletion, rtol=1e-4)


def test_no_more_trials_are_kept_than_there_is_room_for(asked):
    kept = Trials(most=2)
    first = kept.of("a", *asked)
    assert kept.of("a", *asked) is first
    for name in ("b", "c"):
        kept.of(name, *asked)
    assert kept.of("a", *asked) is not first


def test_a_method_is_tried_on_random_weights(tiny_checkpoint, loaded, chest):
    entry = {"frontal": str(chest), "lateral": str(chest), "findings": []}
    judged, count = trial.on_random_weights(loaded(tiny_checkpoint), "attention", [entry, {**entry, "lateral": None}])
    assert count == 2 and len(judged["stages"]) > 2


def test_the_captions_may_be_another_s_of_the_same_weights(tiny_checkpoint, loaded, chest, monkeypatch):
    entry = {"frontal": str(chest), "lateral": str(chest), "findings": []}
    model, writer = captioner.load(tiny_checkpoint), loaded(tiny_checkpoint)
    written, write = [], writer.caption
    monkeypatch.setattr(writer, "caption", lambda study: written.append(study) or write(study))
    monkeypatch.setattr(model, "caption", lambda study: pytest.fail("the writer writes"))
    _, count = trial.on_random_weights(model, "attention", [entry, {**entry, "lateral": None}], writer=writer)
    assert count == len(written) == 2


def test_a_method_cannot_be_tried_without_examples(tiny):
    with pytest.raises(BadInput, match="Two examples"):
        trial.on_random_weights(tiny, "attention", [])
