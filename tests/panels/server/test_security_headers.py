"""Every answer carries the headers, whatever its status; no file is given out; uploads are bounded."""

import json

import cv2
import httpx
import numpy as np
import pytest

import dashboard
from panels.server.model_pool import ModelPool
from panels.server.security_headers import HEADERS
from tests.robustness.server import API, ROOT, upload
from tests.stand_in import StandIn, serve, write_examples

WAIT = 120
SETTINGS = dashboard.settings


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dashboard, "settings", lambda folder: {**SETTINGS(folder), "max_file_size": "64kb"})
        examples = write_examples(tmp_path_factory.mktemp("examples"))
        with serve(ModelPool({"default": "default"}, lambda folder: StandIn("default")).start(), examples) as url:
            yield url


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.png"
    cv2.imwrite(str(path), np.full((40, 40), 90, np.uint8))
    return path


@pytest.mark.parametrize("path", ["", "config", f"{API}/info", "nowhere", f"{API}/file=/etc/hostname", "theme.css"])
def test_every_answer_has_the_headers(address, path):
    answer = httpx.get(address + path, timeout=WAIT)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert len(answer.headers.get_list("content-security-policy")) == 1


def test_a_frame_of_the_hub_may_show_the_page_and_no_other():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"].split() == ["'self'", "https://huggingface.co", "https://*.huggingface.co"]
    assert "X-Frame-Options" not in HEADERS  # it knows no list, and would shut the hub out


def test_an_upload_is_used_and_given_back_to_nobody(address, small):
    stored = upload(address, small)["path"]
    for form in (
        f"{API}/file={stored}",
        f"file={stored}",
        f"{API}/file/{stored}",
        f"//{API}/file={stored}",
        f"{API}/%66ile={stored}",
        f"{API}/file%3D{stored}",
        f"{API}/../{API}/file={stored}",
    ):
        for method in ("GET", "HEAD"):
            answer = httpx.request(method, address + form, timeout=WAIT)
            assert answer.status_code >= 400 or b"PNG" not in answer.content, form
    answer = httpx.get(f"{address}{API}/file={stored}", timeout=WAIT)
    assert (
        answer.status_code == 403
        and answer.headers["cache-control"] == "no-store"
        and b"not given out" in answer.content
    )


@pytest.mark.parametrize("path", ["README.md", "dashboard.py", "weights/default/config.json", "examples/index.json"])
def test_no_file_of_the_program_is_given_out(address, path):
    for form in (
        f"{API}/file={ROOT / path}",
        f"{API}/file={path}",
        path,
        f"static/../../{path}",
        f"assets/%2e%2e/{path}",
    ):
        assert httpx.get(address + form, timeout=WAIT).status_code >= 400, form


def test_an_upload_beyond_the_bound_is_refused_and_leaves_nothing(address, small, tmp_path):
    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG" * 50_000)
    with open(large, "rb") as file:
        answer = httpx.post(f"{address}{API}/upload", files={"files": (large.name, file)}, timeout=WAIT)
    assert answer.status_code in (400, 413) and "Traceback" not in answer.text
    assert upload(address, small)["path"]
    assert SETTINGS()["max_file_size"] == "160mb"


def test_what_a_visitor_types_is_escaped_wherever_it_comes_back(address, small, tmp_path):
    """A name of a file, a checkpoint and a reference, each a piece of HTML."""
    evil = "<img src=x onerror=alert(1)>"
    named = tmp_path / f"{evil.replace('/', '')}.png"
    named.write_bytes(b"not a picture")
    stored = upload(address, named)
    call = httpx.post(
        f"{address}{API}/call/caption", json={"data": [stored, None, "default", "greedy", 3, 0.7]}, timeout=WAIT
    )
    told = httpx.get(f"{address}{API}/call/caption/{call.json()['event_id']}", timeout=WAIT).text
    assert "event: error" in told and "onerror" in told and "<img" not in told and "Traceback" not in told
    # Gradio itself names a choice that is not on offer, to the sender alone and never as HTML.
    call = httpx.post(
        f"{address}{API}/call/caption", json={"data": [stored, None, evil, "greedy", 3, 0.7]}, timeout=WAIT
    )
    answer = httpx.get(f"{address}{API}/call/caption/{call.json()['event_id']}", timeout=WAIT)
    assert "event: error" in answer.text and answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-content-type-options"] == "nosniff"
    call = httpx.post(
        f"{address}{API}/call/score", json={"data": [evil * 90, "no effusion .", None, None, "default"]}, timeout=WAIT
    )
    told = httpx.get(f"{address}{API}/call/score/{call.json()['event_id']}", timeout=WAIT).text
    assert "event: error" in told and "<img" not in told


def test_a_name_and_password_close_every_door(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dashboard, "settings", lambda folder: {**SETTINGS(folder), "auth": ("name", "secret")})
        pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
        with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
            for path in ("config", f"{API}/info", f"{API}/queue/status"):
                assert httpx.get(url + path, timeout=WAIT).status_code == 401, path
            call = {"data": [None, None, "default", "greedy", 3, 0.7]}
            assert httpx.post(f"{url}{API}/call/caption", json=call, timeout=WAIT).status_code == 401
            assert httpx.post(f"{url}{API}/upload", files={"files": b"x"}, timeout=WAIT).status_code == 401
            with httpx.Client(base_url=url, timeout=WAIT) as client:
                assert client.post("login", data={"username": "name", "password": "wrong"}).status_code == 400
                assert client.post("login", data={"username": "name", "password": "secret"}).status_code == 200
                client.cookies.update({cookie.name: cookie.value for cookie in client.cookies.jar})
                assert json.loads(client.get("config").text)["dependencies"]
