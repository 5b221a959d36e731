"""The page's server: its named endpoint, its refusals, its command line. The page itself is driven in tests/browser."""

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
from gradio.utils import get_upload_folder
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import dashboard
from captioner import BadInput, read_study
from captioner.images.study import read_view
from captioner.phantom import read_cases
from explain import heatmap
from panels.server.model_pool import ModelPool
from panels.shell import gallery as examples
from panels.shell import upload_input
from panels.viewer import panel as explain
from panels.viewer import word_viewer
from tests.stand_in import (
    BEAM_SENTENCE,
    DROPPED,
    OTHER_HYPOTHESES,
    SENTENCES,
    StandIn,
    draw_chest,
    serve,
    write_examples,
)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def model():
    return StandIn("default")


@pytest.fixture(scope="module")
def url(model, tmp_path_factory):
    with serve(
        ModelPool({"default": "default"}, lambda folder: model).start(),
        write_examples(tmp_path_factory.mktemp("examples")),
    ) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False)


def test_caption_answers_a_client_with_the_caption_as_json(client, chest):
    answer = client.predict(handle_file(str(chest)), handle_file(str(chest)), api_name="/caption")
    assert set(answer) == {"study", "text", "log_prob", "words", "notices", "findings", "claims", "mendings"}
    assert answer["text"] == SENTENCES["dark"]
    attention = np.array(answer["words"][0]["attention"])
    assert attention.shape == (2, 7, 7) and attention.sum() == pytest.approx(1, abs=1e-5)
    json.dumps(answer, allow_nan=False)


def test_caption_does_with_a_frontal_alone_and_takes_the_search_by_name(client, chest):
    answer = client.predict(
        frontal=handle_file(str(chest)), lateral=None, decoding="beam", beam_width=4, api_name="/caption"
    )
    assert answer["text"] == BEAM_SENTENCE
    assert np.array(answer["words"][0]["attention"])[1].max() == 0


def test_no_endpoint_is_on_offer_but_those_that_are_documented(client):
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert list(endpoints["named_endpoints"]) == ["/caption", "/compare", "/go_on", "/what_if", "/explain", "/score"]
    assert not endpoints["unnamed_endpoints"]


def test_compare_answers_a_client_with_both_searches_aligned(client, chest):
    answer = client.predict(handle_file(str(chest)), None, beam_width=3, api_name="/compare")
    assert answer["greedy"]["text"] == SENTENCES["dark"] and answer["beam"]["text"] == BEAM_SENTENCE
    count = len(BEAM_SENTENCE.split()) + 1  # and the end
    assert answer["beam"]["log_prob_per_word"] == pytest.approx(answer["beam"]["log_prob"] / count)
    for side in ("greedy", "beam"):
        places = [column[side] for column in answer["alignment"] if column[side] is not None]
        assert places == list(range(len(answer[side]["words"])))
    assert [found["text"] for found in answer["hypotheses"]] == [BEAM_SENTENCE, *OTHER_HYPOTHESES]
    assert sorted(lost["text"] for lost in answer["dropped"]) == sorted(DROPPED)
    with pytest.raises(AppError, match="frontal view is needed"):
        client.predict(None, handle_file(str(chest)), api_name="/compare")


def test_score_answers_a_client_with_scores_and_findings(client):
    reference, prediction = "Small left effusion. No pneumothorax.", "small effusion . cardiomegaly ."
    answer = client.predict(reference, prediction, api_name="/score")
    findings = {kind: names for kind, names in answer["findings"].items() if names}
    assert findings == {"side_missing": ["effusion"], "made_up": ["cardiomegaly"]}
    assert answer["bleu"][0] > answer["bleu"][3] and 0 < answer["rouge_l"] < 1
    for text in ("", "x" * 2001):
        with pytest.raises(AppError, match="impression"):
            client.predict(text, "no acute disease .", api_name="/score")


def test_bad_input_is_one_sentence_and_the_server_goes_on(client, chest, tmp_path):
    junk = tmp_path / "notes.png"
    junk.write_text("not a picture")
    with pytest.raises(AppError) as raised:
        client.predict(handle_file(str(junk)), None, api_name="/caption")
    with pytest.raises(BadInput) as expected:
        read_view(junk)
    assert str(expected.value) in str(raised.value) and "Traceback" not in str(raised.value)
    assert client.predict(handle_file(str(chest)), None, api_name="/caption")["text"]


@pytest.mark.parametrize("value", [0, 11])
def test_a_width_out_of_range_is_refused(client, chest, value):
    with pytest.raises(AppError):
        client.predict(
            frontal=handle_file(str(chest)), lateral=None, decoding="beam", beam_width=value, api_name="/caption"
        )


@pytest.mark.parametrize("path", [str(ROOT / "LICENSE"), "/etc/hostname", "../LICENSE"])
def test_a_path_that_a_visitor_types_is_not_opened(url, path):
    typed = {"path": path, "meta": {"_type": "gradio.FileData"}}
    data = json.dumps({"data": [typed, None, "default", "greedy", 3, 0.7]}).encode()
    request = urllib.request.Request(f"{url}gradio_api/call/caption", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{url}gradio_api/call/caption/{event}", timeout=10) as stream:
        told = stream.read().decode()
    # Refused before our own reader saw it, which would have said what kind of file it is.
    assert "event: error" in told and "picture" not in told


def test_reading_an_upload_leaves_no_file_behind(client, chest):
    client.predict(handle_file(str(chest)), None, api_name="/caption")
    cache = Path(get_upload_folder())
    before = {path.name for path in cache.iterdir()}
    client.predict(handle_file(str(chest)), None, api_name="/caption")
    assert {path.name for path in cache.iterdir()} == before


def test_uploads_do_not_outlive_the_hour():
    page = dashboard.build(ModelPool({}, None))
    frequency, age = page.delete_cache
    assert frequency + age <= 3600
    assert page.analytics_enabled is False


def test_the_features_of_a_study_are_kept_for_the_next_search(model, chest):
    pool = ModelPool({"default": "default"}, lambda folder: model)
    first, session = explain.answer(pool, chest, None, "default", "greedy", 3, 0.7, "", None)
    encoded = model.encoded
    second, session = explain.answer(pool, chest, None, "default", "beam", 5, 0.7, "", session)
    assert (first["text"], second["text"]) == (SENTENCES["dark"], BEAM_SENTENCE)
    assert second["search"] == "beam search, width 5" and model.encoded == encoded


def test_a_large_picture_is_shown_smaller_and_says_its_own_size(model, tmp_path):
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), draw_chest(2500, 2048))
    pool = ModelPool({"default": "default"}, lambda folder: model)
    answer, session = explain.answer(pool, path, path, "default", "greedy", 3, 0.7, "", None)
    assert [(view["width"], view["height"]) for view in answer["views"]] == [(839, 1024)] * 2
    assert answer["views"][0]["original"] == "2048 × 2500 pixels"
    assert answer["notices"]  # the same picture twice
    assert len(json.dumps(answer, allow_nan=False)) < 1_500_000


def test_a_frontal_used_twice_shows_both_maps_on_it(model, chest):
    read = read_study(chest)
    features = model.encode(read)
    features.views = (True, True)
    answer = word_viewer.payload(read, model.caption(features), heatmap.WHOLE, "seed")
    assert [view["name"] for view in answer["views"]] == ["frontal", "frontal, again"] and answer["missing"] == []


def test_an_impossible_alternative_is_still_json(model):
    assert word_viewer._number(float("-inf")) == -1e9


def test_a_checkpoint_that_cannot_be_loaded_is_said_once_and_tried_again(chest):
    attempts = []

    def load(folder):
        attempts.append(folder)
        raise (
            BadInput("default is not complete: model.safetensors is missing.")
            if len(attempts) < 2
            else RuntimeError("oops")
        )

    pool = ModelPool({"default": "default"}, load)
    for sentence in (
        "default is not complete: model.safetensors is missing.",
        "The checkpoint default could not be loaded (RuntimeError).",
    ):
        answer, _ = explain.answer(pool, chest, None, None, "greedy", 3, 0.7, "", None)
        assert answer == {"state": "refused", "message": sentence}
        assert pool.state() == ("refused", sentence)


def test_without_any_checkpoint_the_page_says_so(chest):
    pool = ModelPool({}, None).start()
    assert pool.state()[0] == "refused"
    answer, _ = explain.answer(pool, chest, None, None, "greedy", 3, 0.7, "", None)
    assert answer["state"] == "refused" and "weights" in answer["message"]


def test_a_name_that_is_not_on_the_shelf_opens_no_folder(model):
    pool = ModelPool({"default": "default"}, lambda folder: model)
    with pytest.raises(BadInput, match="no checkpoint of that name"):
        pool.get("../../etc")


def test_a_preview_of_junk_is_its_sentence_escaped(tmp_path):
    junk = tmp_path / "<b>x.png"
    junk.write_bytes(b"junk")
    shown = upload_input.preview(str(junk))
    assert "&lt;b&gt;x.png" in shown and "<b>" not in shown
    assert upload_input.preview(None) == ""


def test_titles_of_examples_are_escaped(tmp_path):
    entries = read_cases(write_examples(tmp_path))
    gallery = examples.build(entries)
    assert "Drawn &lt;quiet&gt;" in gallery.value and gallery.value.count("data:image/jpeg") == 4
    assert read_cases(tmp_path / "nowhere") == []


def test_help_names_every_option():
    shown = subprocess.run(
        [sys.executable, "dashboard.py", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert shown.returncode == 0
    for option in ("--host", "--port", "--checkpoint", "--share", "--auth", "--mcp"):
        assert option in shown.stdout


def test_what_cannot_be_started_is_one_line_and_status_2(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for options in (["--checkpoint", str(tmp_path)], ["--port", str(taken.getsockname()[1])], ["--auth", "nobody"]):
            with pytest.raises(SystemExit) as stopped:
                dashboard.main(options)
            assert stopped.value.code == 2
            said = capsys.readouterr().err.strip().splitlines()
            assert said and "Traceback" not in said[-1] and len(said) == 1
