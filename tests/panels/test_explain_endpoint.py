"""`/explain` through gradio_client, answered by a small real captioner."""

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from explain.method import METHODS
from panels.shelf import Shelf
from tests.stand_in import serve, write_examples


@pytest.fixture(scope="module")
def client(tiny, tmp_path_factory):
    shelf = Shelf({"tiny": "tiny"}, lambda folder: tiny).start()
    with serve(shelf, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield Client(url, verbose=False)


def _ask(client, chests, **options):
    return client.predict(handle_file(chests[0]), handle_file(chests[1]), api_name="/explain", **options)


def test_all_words_come_with_their_attention(client, chests):
    answer = _ask(client, chests, decoding="beam")
    assert answer["text"] == " ".join(word["text"] for word in answer["words"]) and answer["checkpoint"] == "tiny"
    for place, word in enumerate(answer["words"]):
        maps = np.array(word["map"])
        assert word["position"] == place and maps.shape == (2, 2, 2) and maps.sum() == pytest.approx(1, abs=1e-4)
    assert answer["method"] == "attention" and answer["grid"] and not answer["signed"]


@pytest.mark.parametrize("method", [name for name in METHODS if name != "attention"])
def test_one_word_by_any_method(client, chests, method):
    answer = _ask(client, chests, decoding="beam", method=method, word="1")
    assert [word["position"] for word in answer["words"]] == [1] and answer["method"] == method
    maps = np.array(answer["words"][0]["map"])
    assert maps.shape[0] == 2 and np.isfinite(maps).all()
    assert ("gap" in answer["words"][0]["details"]) == (method == "integrated-gradients")


def test_what_cannot_be_explained_is_one_sentence(client, chests):
    with pytest.raises(AppError, match="no such word"):
        _ask(client, chests, word="<script>")
    with pytest.raises(AppError):
        _ask(client, chests, method="none of them")
    with pytest.raises(AppError, match="frontal view is needed"):
        client.predict(None, handle_file(chests[1]), api_name="/explain")
