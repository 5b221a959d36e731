"""Maps by any method for the page: asked for, kept, and sent in a form that JSON holds."""

import base64
from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from captioner import BadInput
from explain.methods.base import METHODS
from explain.methods.base import method as method_called
from explain.methods.question import Findings
from explain.report.data import coarse
from panels.server.model_pool import ModelPool
from panels.viewer import method
from panels.viewer import panel as explain


@pytest.mark.parametrize("name", METHODS)
def test_the_browser_is_sent_the_maps_that_the_method_gives(tiny, session, name):
    found = method.explanation(tiny, session, name, 1)
    expected = method_called(name).explain(tiny, session.pictures, session.caption, [1])
    sent = orjson.loads(orjson.dumps(method.sent(session, found)))  # as Gradio sends it
    assert list(sent["words"]) == ["1"]
    values = np.frombuffer(base64.b64decode(sent["words"]["1"]["values"]), "<f4")
    assert values.reshape(2, sent["rows"], sent["columns"]) == pytest.approx(expected.maps[0], abs=1e-6)
    assert sent["signed"] == method_called(name).signed
    assert any("misses" in fact for fact in sent["words"]["1"]["facts"]) == (name == "integrated-gradients")


def test_all_words_answer_for_each_word_and_nothing_is_computed_twice(tiny, session, monkeypatch):
    whole = method.explanation(tiny, session, "grad-cam")
    assert whole.positions == tuple(range(len(session.caption.words)))
    monkeypatch.setattr(method, "method", None)  # whoever computes again falls over this
    assert method.explanation(tiny, session, "grad-cam") is whole
    assert (method.explanation(tiny, session, "grad-cam", 1).maps[0] == whole.maps[1]).all()


def test_a_comparison_is_the_difference_of_two_maps_and_swaps_its_sign(tiny, session):
    word = session.caption.words[1]
    other = next(each.token_id for each in word.alternatives if each.token_id != word.token_id)
    against = method.explanation(tiny, session, "feature-occlusion", 1, other)
    alone = method.explanation(tiny, session, "feature-occlusion", 1)
    assert against.alternatives == (other,) and np.abs(against.maps - alone.maps).max() > 0
    tokens = [each.token_id for each in session.caption.words]
    tokens[1] = other
    rival = method_called("feature-occlusion").explain(tiny, session.pictures, tokens, [1])
    assert against.maps == pytest.approx(alone.maps - rival.maps, abs=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_the_browser_is_sent_a_finding_s_map_that_the_method_gives(told_checkpoint, loaded, chests, name):
    model = loaded(told_checkpoint)
    pool = ModelPool({"told": "told"}, lambda folder: model)
    session = explain.answer(pool, *chests, "told", "greedy", 3, 0.7, None, None)[1]
    found = method.explanation_of_findings(model, session, name, "Effusion")
    expected = coarse(method_called(name).explain(model, session.pictures, Findings(("effusion",))))
    sent = orjson.loads(orjson.dumps(method.sent(session, found)))  # as Gradio sends it
    assert list(sent["findings"]) == ["effusion"] and sent["words"] == {}
    values = np.frombuffer(base64.b64decode(sent["findings"]["effusion"]["values"]), "<f4")
    assert values.reshape(2, sent["rows"], sent["columns"]) == pytest.approx(expected.maps[0], abs=1e-6)
    facts = sent["findings"]["effusion"]["facts"]
    assert any("log odds" in fact for fact in facts) == (name == "integrated-gradients")
    assert method.explanation_of_findings(model, session, name, "effusion") is found
    for text, sentence in (("", "Name a finding"), ("tea leaves", "no such finding")):
        with pytest.raises(BadInput, match=sentence):
            method.explanation_of_findings(model, session, name, text)


def test_a_checkpoint_without_a_finding_head_has_no_maps_of_findings(tiny, session):
    with pytest.raises(BadInput, match="no finding head"):
        method.explanation_of_findings(tiny, session, "grad-cam", "effusion")


def test_what_a_session_keeps_is_bounded(tiny, session):
    for other in range(60):
        session.maps["grad-cam", other, other] = SimpleNamespace(maps=np.zeros((1, 2, 3, 3), np.float32))
    method.explanation(tiny, session, "attention")
    assert len(session.maps) == method.KEPT


def test_what_cannot_be_explained_is_refused(tiny, session, monkeypatch):
    with pytest.raises(BadInput, match="no such method"):
        method.explanation(tiny, session, "../grad_cam")
    with pytest.raises(BadInput, match="cannot compare"):
        method.explanation(tiny, session, "attention", 0, 4)
    for value in (-1, len(session.caption.words), "0", True, None, 0.0):
        with pytest.raises(BadInput, match="no such word"):
            method.place(session.caption, value)
    monkeypatch.setattr(type(tiny), "has_attention", False)
    assert "attention" not in method.offered(tiny)
    with pytest.raises(BadInput, match="no attention"):
        method.explanation(tiny, session, "attention")


def test_a_word_is_named_by_its_text_its_place_or_not_at_all(session):
    words = [word.text for word in session.caption.words]
    assert method.places(session.caption, "") == method.places(session.caption, "all") == list(range(len(words)))
    assert method.places(session.caption, f" {words[1].upper()} ") == [
        n for n, text in enumerate(words) if text == words[1]
    ]
    assert method.places(session.caption, 1) == [1]
    for text in ("<b>", "999", "-1", "²"):
        with pytest.raises(BadInput):
            method.places(session.caption, text)


def test_warming_up_leaves_the_graphs_of_the_quick_methods_built(tiny):
    from explain.methods.graphs import graphs_of

    method.warm(tiny)
    graphs = graphs_of(tiny)
    for graph in (graphs.features, graphs.of_features, graphs.features_gradient, graphs.projected, graphs.of_projected):
        assert graph.experimental_get_tracing_count() >= 1
