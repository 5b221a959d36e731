"""Go on from here: what the browser is sent of an impression that begins with given words."""

from dataclasses import replace

import pytest

from captioner import BadInput, read_study
from panels.viewer.go_on import LONGEST, beginning, payload
from panels.viewer.panel import answer
from tests.stand_in import write_examples


class Pool:
    """One captioner under the name "tiny"."""

    names = ["tiny"]

    def __init__(self, model):
        self.model = model

    def get(self, name=None):
        return self.model


@pytest.fixture(scope="module")
def page(tiny, tmp_path_factory):
    """(captioner, study, session) of the page behind a beam search."""
    folder = write_examples(tmp_path_factory.mktemp("examples"))
    pictures = [str(folder / f"quiet-{view}.png") for view in ("frontal", "lateral")]
    _, session = answer(Pool(tiny), *pictures, "tiny", "beam", 3, 0.7, None, None)
    return tiny, read_study(*pictures), session


def test_what_is_sent_is_the_captioner_s_with_the_search_of_the_page(page):
    model, study, session = page
    prefix = model.tokens_of("no effusion")
    told = payload(model, session, prefix)
    own = model.caption(study, decoding="beam", beam_width=3, length_penalty=0.7, prefix=prefix)
    assert [word["text"] for word in told["words"]] == [word.text for word in own.words]
    assert [word["token_id"] for word in told["words"]] == [word.token_id for word in own.words]
    assert [word["log_prob"] for word in told["words"]] == pytest.approx(
        [word.log_prob for word in own.words], abs=1e-4
    )
    assert told["given"] == 2 and told["log_prob"] == pytest.approx(own.log_prob, abs=1e-4)
    assert told["before"] == pytest.approx(session.caption.log_prob, abs=1e-4)
    assert told["search"] == "beam search, width 3"
    greedy = payload(model, replace(session, search=session.search._replace(decoding="greedy")), prefix)
    assert greedy["search"] == "greedy search"


@pytest.mark.parametrize(
    "asked",
    [None, [], "no", [1.5], [True], ["4"], [4] * (LONGEST + 1), {"a": 1}, [[4]]],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_beginning_is_refused(asked):
    with pytest.raises(BadInput, match="list of their numbers"):
        beginning(asked)
    assert beginning([4, 5]) == [4, 5]


def test_tokens_that_no_impression_has_are_refused(page):
    model, _, session = page
    for token in (-1, len(model.vocabulary), model.vocabulary.start):
        with pytest.raises(BadInput, match="words that the checkpoint knows"):
            payload(model, session, [token])
