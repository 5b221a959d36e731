"""`/explain` through gradio_client, answered by a small real captioner."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from captioner import read_study
from captioner.seen_and_written import on_trial
from explain.methods.base import METHODS
from panels.server.api import ARGUMENTS, documentation
from panels.server.model_pool import ModelPool
from tests.stand_in import serve, write_examples


@pytest.fixture(scope="module")
def client(tiny, tmp_path_factory):
    pool = ModelPool({"tiny": "tiny"}, lambda folder: tiny).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
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


def test_explain_carries_the_notices_that_caption_does(client, chests):
    alone, search = handle_file(chests[1]), {"decoding": "beam"}
    caption, explained = (
        client.predict(alone, None, **search, api_name=name)["notices"] for name in ("/caption", "/explain")
    )
    assert caption == explained and any("lateral" in sentence for sentence in caption)


def test_what_cannot_be_explained_is_one_sentence(client, chests):
    with pytest.raises(AppError, match="no such word"):
        _ask(client, chests, word="<script>")
    with pytest.raises(AppError):
        _ask(client, chests, method="none of them")
    with pytest.raises(AppError, match="frontal view is needed"):
        client.predict(None, handle_file(chests[1]), api_name="/explain")


@pytest.mark.parametrize(
    ("endpoint", "of"),
    [
        ("/caption", lambda answer: (answer["text"], answer["log_prob"])),
        ("/compare", lambda answer: (answer["greedy"]["text"], answer["greedy"]["log_prob"])),
        ("/go_on", lambda answer: (answer["text"], answer["log_prob"])),
        ("/explain", lambda answer: (answer["text"], answer["log_prob"])),
        # The weighed text has an end, which a caption that was cut at its longest has not.
        (
            "/what_if",
            lambda answer: (
                answer["before"],
                sum(np.log(word["before"]) for word in answer["texts"][0]["words"][:-1]),
            ),
        ),
    ],
)
@pytest.mark.parametrize("both", [True, False])
def test_each_endpoint_answers_for_the_views_it_was_given(client, tiny, chests, endpoint, of, both):
    given, others = chests if both else (chests[0], None), (chests[0], None if both else chests[1])
    own, other = (tiny.caption(read_study(*views)) for views in (given, others))
    text, log_prob = of(client.predict(*(path and handle_file(path) for path in given), api_name=endpoint))
    assert text == own.text and log_prob == pytest.approx(own.log_prob, abs=1e-4)
    assert own.log_prob != pytest.approx(other.log_prob, abs=1e-3)


@pytest.mark.parametrize("endpoint", ["/caption", "/compare", "/go_on", "/explain", "/what_if"])
def test_what_is_mended_is_answered_as_the_right_picture_is(client, chests, tmp_path, endpoint):
    negative = str(tmp_path / "negative.png")
    cv2.imwrite(negative, 255 - cv2.imread(chests[0], cv2.IMREAD_GRAYSCALE))

    def answer(frontal, **mend):
        told = client.predict(handle_file(frontal), handle_file(chests[1]), api_name=endpoint, **mend)
        for part in [told, *(told[search] for search in ("greedy", "beam") if search in told)]:
            for name in {"notices", "mendings"} & part.keys():
                del part[name]
        return told

    right, wrong = answer(chests[0]), answer(negative)
    assert answer(negative, mend=["frontal: invert"]) == right != wrong


def test_caption_says_what_was_mended_and_what_would_mend(client, tmp_path):
    examples = Path(__file__).resolve().parents[3] / "examples"
    negative, lateral = tmp_path / "negative.png", handle_file(str(examples / "normal-lateral.png"))
    cv2.imwrite(str(negative), 255 - cv2.imread(str(examples / "normal-frontal.png"), cv2.IMREAD_GRAYSCALE))
    offered = client.predict(handle_file(str(negative)), lateral, api_name="/caption")["mendings"]
    names = [each["name"] for each in offered]
    assert names == ["frontal: invert"]
    mended = client.predict(handle_file(str(negative)), lateral, mend=names, api_name="/caption")
    assert mended["mendings"] == [] and "was inverted" in mended["notices"][0]


def test_caption_warns_of_letters_in_a_picture(client, tmp_path):
    examples = Path(__file__).resolve().parents[3] / "examples"
    named, lateral = tmp_path / "named.png", handle_file(str(examples / "normal-lateral.png"))
    pixels = cv2.imread(str(examples / "normal-frontal.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(named), cv2.putText(pixels, "SMITH, JOHN", (20, 30), cv2.FONT_HERSHEY_DUPLEX, 0.6, 255))
    (notice,) = client.predict(handle_file(str(named)), lateral, api_name="/caption")["notices"]
    assert notice.startswith("Letters seem to be burnt into the frontal picture")


def test_an_impression_goes_on_from_words_that_are_given(client, tiny, chests):
    views = [handle_file(path) for path in chests]
    answer = client.predict(*views, beginning="No effusion", api_name="/go_on")
    own = tiny.caption(read_study(*chests), prefix=tiny.tokens_of("no effusion"))
    assert answer["text"] == own.text and answer["text"].startswith("no effusion") and answer["given"] == 2
    assert answer["log_prob"] == pytest.approx(own.log_prob, abs=1e-4)
    with pytest.raises(AppError, match="does not know the word “cardiomegaly”"):
        client.predict(*views, beginning="no cardiomegaly", api_name="/go_on")


@pytest.fixture(scope="module")
def told_client(told_checkpoint, loaded, tmp_path_factory):
    model = loaded(told_checkpoint)
    pool = ModelPool({"told": "told"}, lambda folder: model).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield Client(url, verbose=False), model


def test_a_finding_is_explained_in_place_of_words(told_client, chests):
    client, model = told_client
    answer = _ask(client, chests, method="grad-cam", finding="Effusion")
    wanted = {finding.name: finding for finding in model.findings(read_study(*chests))}
    assert answer["words"] == [] and [record["name"] for record in answer["findings"]] == list(wanted)
    explained = {record["name"]: record["explained"] for record in answer["findings"] if record["explained"]}
    assert explained.keys() == {"effusion"} and len(explained["effusion"]["places"]) == 2
    assert np.array(explained["effusion"]["map"]).shape == (2, 2, 2)
    odds = explained["effusion"]["details"]["target"]
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(wanted["effusion"].probability, abs=1e-4)
    every = _ask(client, chests, finding="all")["findings"]
    for record in every:  # by attention it is what the head pooled with
        np.testing.assert_allclose(record["explained"]["map"], wanted[record["name"]].map, atol=1e-5)
    words = _ask(client, chests, word="0")
    assert words["words"] and not any(record["explained"] for record in words["findings"])


def test_findings_that_cannot_be_explained_are_one_sentence(client, told_client, chests):
    with pytest.raises(AppError, match="no finding head"):
        _ask(client, chests, finding="effusion")
    with pytest.raises(AppError, match="no such finding"):
        _ask(told_client[0], chests, finding="tea leaves")
    with pytest.raises(AppError, match="not for both"):
        _ask(told_client[0], chests, word="0", finding="effusion")
    assert _ask(client, chests)["findings"] is None


def test_score_puts_both_texts_on_trial_where_it_has_the_pictures(client, told_client, chests):
    texts = ("Left effusion. No nodule.", "no effusion .")
    views = [handle_file(path) for path in chests]
    answer = told_client[0].predict(*texts, *views, api_name="/score")
    findings = told_client[1].findings(read_study(*chests))
    for name, text in zip(("reference", "prediction"), texts):
        expected = [(trial.title, str(trial.verdict), trial.sentence) for trial in on_trial(findings, text)]
        assert [(one["title"], one["verdict"], one["sentence"]) for one in answer["trials"][name]] == expected
    effusion = next(finding for finding in findings if finding.name == "effusion")
    np.testing.assert_allclose(answer["trials"]["reference"][0]["map"], effusion.map, atol=1e-5)
    assert answer["findings"]["missed"] == ["effusion"]
    assert told_client[0].predict(*texts, api_name="/score")["trials"] is None
    assert client.predict(*texts, *views, api_name="/score")["trials"] is None  # no finding head
    assert told_client[0].predict("left effusion", "", *views, api_name="/score")["trials"]["prediction"] == []


def test_an_endpoint_says_what_each_of_its_arguments_is():
    def endpoint(frontal, lateral=None, beam_width=3, own=None, request=None):
        """What it answers.

        Args:
            own: what nobody else takes.
            lateral: otherwise than elsewhere.
        """

    lines = documentation(endpoint).splitlines()
    assert lines[:3] == ["What it answers.", "", "Args:"]
    told = [f"    {name}: {ARGUMENTS[name]}" for name in ("frontal", "beam_width")]
    assert lines[3:] == [*told, "    own: what nobody else takes.", "    lateral: otherwise than elsewhere."]
