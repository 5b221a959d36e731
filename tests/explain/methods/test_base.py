"""What every method has to keep to, whatever its mathematics."""

import numpy as np
import pytest

from captioner import Study
from explain.heatmap import WHOLE, Extent
from explain.methods.base import METHODS, Explanation, Stopped, method
from explain.methods.graphs import graphs_of

# Few steps and patches: what is tested here does not depend on them.
QUICK = {
    "integrated-gradients": {"steps": 4, "batch": 3},
    "smooth-grad": {"samples": 4, "batch": 3},
    "occlusion": {"patch": 0.5},
}
COMPARING = [name for name in METHODS if name != "attention"]
SLOW = [name for name in METHODS if method(name).slow]


def quick(name):
    return method(name, **QUICK.get(name, {}))


@pytest.fixture(scope="module")
def typed(tiny, study):
    return tiny.score_text(study, "no acute effusion .")


@pytest.mark.parametrize("name", METHODS)
def test_maps_have_the_shape_of_the_grid_or_of_the_square(name, tiny, study, typed):
    found = quick(name).explain(tiny, study, typed)
    assert isinstance(found, Explanation) and found.method == name
    assert found.maps.dtype == np.float32 and np.isfinite(found.maps).all()
    assert found.maps.shape == (4, 2, 2, 2) if found.grid else (4, 2, 64, 64)
    assert found.extent == (Extent(0, 0, 1, 0.75) if found.grid else WHOLE)
    assert found.token_ids == tuple(word.token_id for word in typed.words) and found.positions == (0, 1, 2, 3)
    assert found.signed or found.maps.min() >= 0
    assert np.abs(found.maps).max() > 0


@pytest.mark.parametrize("name", METHODS)
def test_the_target_is_the_words_log_probability(name, tiny, study, typed):
    details = quick(name).explain(tiny, study, typed).details
    if "target" in details:  # with noise, it is another number
        np.testing.assert_allclose(details["target"], [word.log_prob for word in typed.words], atol=1e-5)
    assert name == "smooth-grad" or "target" in details


@pytest.mark.parametrize("name", COMPARING)
def test_against_an_alternative_the_target_is_the_difference(name, tiny, study, typed):
    other = next(other for other in typed.words[1].alternatives if other.token_id != typed.words[1].token_id)
    found = quick(name).explain(tiny, study, typed, [0, 1], {1: other.token_id})
    assert found.alternatives == (None, other.token_id)
    alone = quick(name).explain(tiny, study, typed, [0, 1])
    np.testing.assert_array_equal(found.maps[0], alone.maps[0])
    assert np.abs(found.maps[1] - alone.maps[1]).max() > 1e-9
    if "target" in found.details:
        np.testing.assert_allclose(found.details["target"][1], typed.words[1].log_prob - other.log_prob, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_words_together_are_words_one_by_one(name, tiny, study, typed):
    together = quick(name).explain(tiny, study, typed, [2, 0])
    for place, position in enumerate((2, 0)):
        alone = quick(name).explain(tiny, study, typed, [position])
        scale = np.abs(alone.maps).max()
        np.testing.assert_allclose(together.maps[place], alone.maps[0], atol=1e-3 * scale)
        assert together.token_ids[place] == alone.token_ids[0]


@pytest.mark.parametrize("name", METHODS)
def test_later_words_change_nothing(name, tiny, study, typed):
    ids = [word.token_id for word in typed.words]
    long, short = (quick(name).explain(tiny, study, tokens, [1]) for tokens in (ids, ids[:2]))
    np.testing.assert_allclose(long.maps, short.maps, atol=1e-3 * np.abs(short.maps).max())


@pytest.mark.parametrize("name", METHODS)
def test_a_missing_view_is_zeros(name, tiny, study, typed):
    found = quick(name).explain(tiny, Study(study.frontal, None), typed, [2])
    assert (found.maps[:, 1] == 0).all() and np.abs(found.maps[:, 0]).max() > 0


@pytest.fixture(scope="module")
def imported():
    """A random network of the imported kind: three channels, a grid over 64 of 96 pixels, the frontal shown twice."""
    import keras

    from captioner.captioner import Captioner
    from captioner.models.densenet import ENCODERS, EncoderConfig
    from captioner.models.seed import SeedCaptioner
    from captioner.vocabulary import Vocabulary

    keras.utils.set_random_seed(4)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "."])
    encoder = EncoderConfig.from_dict({**ENCODERS["densenet-tiny"].as_dict(), "channels": 3})
    network = SeedCaptioner(len(vocabulary), encoder, grid=(1, 1), depth=8, units=8, embedding=4)
    preparation = {"name": "seed", "size": 96, "channels": 3, "missing_lateral": "repeat"}
    config = {"name": "imported", "preparation": preparation, "decoding": {}, "coverage": [64 / 96, 64 / 96]}
    return Captioner(network, vocabulary, config)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] if name in ("integrated-gradients", "smooth-grad") else [])
        for name in METHODS
    ],
)
def test_an_imported_network_is_explained_too_and_a_repeated_frontal_is_a_view(name, imported, study):
    found = quick(name).explain(imported, Study(study.frontal, None), [4, 6])
    assert found.maps.shape == ((2, 2, 1, 1) if found.grid else (2, 2, 96, 96)) and np.isfinite(found.maps).all()
    assert found.extent == (Extent(0, 0, 2 / 3, 2 / 3) if found.grid else WHOLE)
    # One cell alone is its view's mean, so that a method by cells has nothing to compare it with.
    assert (np.abs(found.maps[:, 1]).max() > 0) == (name not in ("grad-cam", "feature-occlusion"))


@pytest.mark.parametrize("name", METHODS)
def test_every_search_can_be_explained(name, tiny, study):
    for caption in (tiny.caption(study), tiny.caption(study, decoding="beam", beam_width=2).hypotheses[1]):
        assert caption.words
        assert len(quick(name).explain(tiny, study, caption).maps) == len(caption.words)


@pytest.mark.parametrize("name", METHODS)
def test_the_end_token_is_left_out_unless_asked_for(name, tiny, study):
    tokens = [4, 6, tiny.vocabulary.end]
    assert quick(name).explain(tiny, study, tokens).positions == (0, 1)
    assert quick(name).explain(tiny, study, tokens, [2]).token_ids == (tiny.vocabulary.end,)


@pytest.mark.parametrize("name", SLOW)
def test_slow_work_tells_how_far_it_is_and_can_be_stopped(name, tiny, study, typed):
    told = []
    quick(name).explain(tiny, study, typed, [1, 2], progress=lambda done, of: told.append((done, of)))
    done, of = zip(*told)
    assert len(set(of)) == 1 and done[-1] == of[0] and list(done) == sorted(set(done)) and len(done) > 1
    told.clear()
    with pytest.raises(Stopped):
        quick(name).explain(tiny, study, typed, [1, 2], progress=lambda done, of: told.append(done) or True)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tokens": []}, "no word"),
        ({"tokens": [2]}, "no word"),
        ({"positions": [4]}, "between 0 and 3"),
        ({"positions": [-1]}, "between 0 and 3"),
        ({"tokens": [4, 99]}, "no token"),
        ({"alternatives": {0: 8}}, "no token"),
        ({"positions": [1], "alternatives": {0: 5}}, "not explained"),
    ],
)
def test_what_cannot_be_asked_is_refused(wrong, says, tiny, study):
    with pytest.raises(ValueError, match=says):
        method("grad-cam").explain(tiny, study, **{"tokens": [4, 5, 6, 7], **wrong})


def test_attention_compares_no_words(tiny, study):
    with pytest.raises(ValueError, match="compare"):
        method("attention").explain(tiny, study, [4, 5], alternatives={0: 5})


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="grad-cam.*'tea leaves'"):
        method("tea leaves")


def test_names_and_titles():
    found = [method(name) for name in METHODS]
    assert [one.name for one in found] == list(METHODS)
    assert all(one.title for one in found) and len({one.title for one in found}) == len(found)


def test_the_model_explained_last_keeps_its_graphs_and_they_go_with_it(tiny, monkeypatch):
    import gc

    from explain.methods import graphs as module
    from tests.explain.linear_model import linear_model

    monkeypatch.setattr(module, "KEPT", 1)  # as on the page
    assert graphs_of(tiny) is graphs_of(tiny)
    passing = linear_model()
    assert graphs_of(passing) is graphs_of(passing)
    assert list(module._KEPT) == [passing]
    del passing
    gc.collect()
    assert len(module._KEPT) == 0


def test_what_runs_over_all_words_is_asked_between_a_few_of_them():
    from explain.methods.graphs import WORDS_AT_A_TIME, word_groups

    for words in (1, WORDS_AT_A_TIME, WORDS_AT_A_TIME + 1, 30):
        groups = word_groups(words)
        assert [place for group in groups for place in range(words)[group]] == list(range(words))
        assert max(group.stop - group.start for group in groups) <= WORDS_AT_A_TIME
