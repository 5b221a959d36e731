"""One file over HTTP, from a server that does everything wrong."""

import hashlib
import json
import os
import socket

import httpx
import numpy as np
import pytest

from captioner.download.transfer import fetch, new_client
from captioner.errors import BadInput
from tests.captioner.download.misbehaving_server import (
    BREAK,
    DRIP,
    FORGOTTEN_RANGE,
    LONGER,
    NO_LENGTH,
    SHORTER,
    STALL,
    WRONG_PLACE,
    Server,
)

BODY = np.random.default_rng(1).bytes(300_000)
OTHER = np.random.default_rng(2).bytes(310_000)


@pytest.fixture
def server():
    server = Server({"file.tgz": BODY})
    yield server
    server.close()


@pytest.fixture
def get(server, tmp_path):
    def get(most=1 << 20, url=None):
        with new_client(0.3) as client:
            return fetch(client, url or server.address + "file.tgz", tmp_path / "file.tgz", most, 0.001, patience=0.3)

    return get


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_and_its_size_and_checksum_are_kept(server, get, tmp_path):
    record = get()
    assert (tmp_path / "file.tgz").read_bytes() == BODY
    assert record == json.loads((tmp_path / "file.tgz.json").read_text())
    assert record["size"] == len(BODY) and record["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert left(tmp_path) == ["file.tgz", "file.tgz.json"]
    assert get() == record and len(server.asked) == 1  # the second time nothing is asked for


@pytest.mark.parametrize("behaviour", [BREAK, STALL])
def test_after_a_break_or_a_stall_only_the_rest_is_asked_for(server, get, tmp_path, behaviour):
    server.script = [(behaviour, 100_000), (behaviour, 50_000)]
    get()
    assert (tmp_path / "file.tgz").read_bytes() == BODY
    assert [asked for _, asked in server.asked] == [None, "bytes=100000-", "bytes=150000-"]


def test_the_next_run_goes_on_where_the_last_one_was_broken_off(server, get, tmp_path):
    server.script = [(BREAK, 100_000)] + [503] * 9
    with pytest.raises(BadInput, match="keeps breaking off .*the server answers 503.*100000 bytes are kept"):
        get()
    assert left(tmp_path) == ["file.tgz.partial", "file.tgz.partial.json"]
    server.script = []
    server.asked.clear()
    get()
    assert (tmp_path / "file.tgz").read_bytes() == BODY
    assert server.asked == [("file.tgz", "bytes=100000-")]


def test_a_file_that_changes_between_two_parts_is_fetched_from_the_front(server, get, tmp_path):
    def change(server):
        server.files["file.tgz"], server.etag = OTHER, '"second"'
        return None, 0

    server.script = [(BREAK, 100_000), change]
    get()
    assert (tmp_path / "file.tgz").read_bytes() == OTHER


def test_a_server_that_ignores_if_range_cannot_mix_two_files(server, get, tmp_path):
    def change(server):
        server.files["file.tgz"], server.etag = OTHER, '"second"'
        return WRONG_PLACE, 0  # sends the rest although the validator does not fit

    server.script = [(BREAK, 100_000), change]
    get()
    assert (tmp_path / "file.tgz").read_bytes() == OTHER


@pytest.mark.parametrize("step", [(FORGOTTEN_RANGE, 0), (WRONG_PLACE, 7)])
def test_a_forgotten_or_a_wrong_range_starts_from_the_front(server, get, tmp_path, step):
    server.script = [(BREAK, 100_000), step]
    get()
    assert (tmp_path / "file.tgz").read_bytes() == BODY


def test_a_weak_etag_vouches_for_nothing(server, get, tmp_path):
    server.weak = True
    server.script = [(BREAK, 100_000)]
    get()
    assert (tmp_path / "file.tgz").read_bytes() == BODY
    assert [asked for _, asked in server.asked] == [None, None]


def test_a_server_that_promises_more_than_it_has_is_given_up(server, get, tmp_path):
    server.script = [(LONGER, 1000)] * 20
    with pytest.raises(BadInput, match="keeps breaking off"):
        get()
    assert not (tmp_path / "file.tgz").exists()
    assert len(server.asked) < 15


def test_a_shorter_length_in_the_rest_is_noticed(server, get, tmp_path):
    server.script = [(BREAK, 100_000), (SHORTER, 1000)]
    get()
    assert (tmp_path / "file.tgz").read_bytes() == BODY
    assert server.asked[-1] == ("file.tgz", "bytes=299000-")


def test_a_server_that_drips_is_given_up(server, get):
    server.script = [(DRIP, 0)] * 9
    with pytest.raises(BadInput, match="keeps breaking off .*hardly anything came"):
        get()


def test_without_a_length_the_end_of_the_connection_is_the_end(server, get, tmp_path):
    server.script = [(NO_LENGTH, 0)]
    assert get()["size"] == len(BODY)


@pytest.mark.parametrize("step", [(None, 0), (NO_LENGTH, 0)])
def test_a_file_that_is_too_large_is_refused(server, get, tmp_path, step):
    server.script = [step] * 9
    with pytest.raises(BadInput):
        get(most=200_000)
    assert not (tmp_path / "file.tgz").exists()


def test_a_file_that_was_changed_on_disk_is_named(get, tmp_path):
    get()
    with open(tmp_path / "file.tgz", "r+b") as file:
        file.seek(1000)
        file.write(b"changed")
    with pytest.raises(BadInput, match="file.tgz is not the file whose checksum was kept"):
        get()


def test_a_later_copy_must_be_the_first_one(server, get, tmp_path):
    get()
    (tmp_path / "file.tgz").unlink()
    server.files["file.tgz"], server.etag = OTHER, '"second"'
    with pytest.raises(BadInput, match="is not the file whose checksum was kept: remove file.tgz.json"):
        get()
    assert not (tmp_path / "file.tgz").exists()
    (tmp_path / "file.tgz.json").unlink()
    get()
    assert (tmp_path / "file.tgz").read_bytes() == OTHER


@pytest.mark.parametrize("status", [403, 404, 410, 204, 416])
def test_a_refusal_is_told_at_once(server, get, status):
    server.script = [status] * 9
    with pytest.raises(BadInput, match=f"cannot be fetched: the server answers {status}"):
        get()
    assert len(server.asked) == 1


def test_no_network_is_one_clear_sentence_at_once(get, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file.tgz"
        with pytest.raises(BadInput, match=r"^127.0.0.1 cannot be reached \(.*\): is there a network\?$"):
            get(url=url)
    assert left(tmp_path) == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/file.tgz", "http:///file.tgz", "no address", "http://[::1/file.tgz"])
def test_what_is_no_address_is_named(get, url):
    with pytest.raises(BadInput):
        get(url=url)


def test_a_redirect_away_from_encryption_is_refused():
    from captioner.download.transfer import refuse_answer

    def answer(request):
        if request.url.scheme == "https":
            return httpx.Response(302, headers={"Location": "http://elsewhere.example/file.tgz"})
        return httpx.Response(200, content=b"")

    with httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True) as client:
        response = client.get("https://first.example/file.tgz")
        with pytest.raises(BadInput, match="without encryption"):
            refuse_answer("https://first.example/file.tgz", response)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(get, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="cannot be written"):
        get()
