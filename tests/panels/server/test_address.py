"""Where the page is served: what cannot be is one sentence and status 2; behind a reverse proxy it works."""

import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

import dashboard
from captioner import BadInput
from panels.server import address, start
from panels.server.model_pool import ModelPool
from tests.stand_in import StandIn, free_port, serve, write_examples

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("port", ["", "0", "-1", "80808", "65536", "http", "7860.5", " 7860", "٧٨٦٠", "9" * 5000])
def test_a_port_that_is_none_is_refused(port, monkeypatch):
    with pytest.raises(BadInput, match="^--port must be a whole number from 1 to 65535, not "):
        address.chosen(port=port)
    monkeypatch.setenv("GRADIO_SERVER_PORT", port)
    with pytest.raises(BadInput, match="^GRADIO_SERVER_PORT must be"):
        start.arguments([])
    assert start.arguments(["--port", "8080"]).port == 8080  # what is typed counts more


def test_without_a_word_this_machine_alone_is_served(monkeypatch):
    for name in ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"):
        monkeypatch.delenv(name, raising=False)
    assert address.chosen() == ("127.0.0.1", 7860)


@pytest.mark.parametrize("host", ["", "no-such-host.invalid", "300.1.1.1", "a b", "x" * 300, "☃.invalid"])
def test_an_unknown_host_is_refused(host):
    with pytest.raises(BadInput, match="^The host .* is not known"):
        address.check(host, free_port())


def test_an_address_of_another_machine_and_a_taken_port_are_refused():
    with pytest.raises(BadInput, match="cannot be served on 192.0.2.1 port"):
        address.check("192.0.2.1", free_port())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="Address already in use"):
            address.check("127.0.0.1", taken.getsockname()[1])
    address.check("localhost", free_port())


@pytest.mark.parametrize("options", [["--port", "80808"], ["--host", "no-such-host.invalid"], ["--nonsense"]])
def test_options_that_cannot_be_are_one_line_and_status_2(options, capfd):
    with pytest.raises(SystemExit) as ended:
        dashboard.main(options)
    said = capfd.readouterr()
    assert ended.value.code == 2 and said.err.count("\n") == 1 and said.out == ""


@pytest.mark.parametrize(
    "options, environment",
    [
        ([], {"GRADIO_SERVER_PORT": ""}),
        ([], {"GRADIO_SERVER_PORT": "eighty"}),
        (["--port", "80808"], {}),
        ([], {"GRADIO_ROOT_PATH": "cxr"}),
    ],
)
def test_a_start_that_cannot_be_is_one_line_and_status_2(options, environment):
    done = subprocess.run(
        [sys.executable, "dashboard.py", *options],
        cwd=ROOT,
        env={**os.environ, "GRADIO_SERVER_PORT": str(free_port()), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stdout == ""
    assert "Traceback" not in done.stderr


def test_what_cannot_be_is_told_before_gradio_is_imported():
    program = (
        "import runpy, sys; sys.argv = ['dashboard.py', '--port', '80808']\n"
        "try: runpy.run_path('dashboard.py', run_name='__main__')\n"
        "finally: print('gradio' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stdout) == (2, "False False\n"), done.stderr


class Proxy(BaseHTTPRequestHandler):
    """What the documented nginx block does: takes /cxr off the path, and says which address was asked for."""

    upstream = ""

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection",)}
        if not self.path.startswith("/cxr/"):
            self.send_error(404)
            return
        with httpx.stream(
            self.command, self.upstream + self.path.removeprefix("/cxr/"), headers=headers, content=body, timeout=60
        ) as answer:
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "content-encoding"):
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            for part in answer.iter_bytes():
                self.wfile.write(part)
                self.wfile.flush()

    do_GET = do_POST = forward

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory):
    """The address of the page with stand-in answers, as visitors of the proxy see it."""
    patch = pytest.MonkeyPatch()
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    patch.setenv("GRADIO_ROOT_PATH", "/cxr")
    pool = ModelPool({"default": ROOT}, lambda folder: StandIn("default"))
    pool.start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as served:
        Proxy.upstream = f"http://127.0.0.1:{httpx.URL(served).port}/"
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield SimpleNamespace(address=f"http://127.0.0.1:{proxy.server_port}/cxr/", port=proxy.server_port)
        proxy.shutdown()
        proxy.server_close()
    patch.undo()


def test_behind_a_reverse_proxy_every_address_of_the_page_is_the_proxy_s(behind_a_proxy):
    page = httpx.get(behind_a_proxy.address, timeout=60)
    config = httpx.get(behind_a_proxy.address + "config", timeout=60).json()
    assert page.status_code == 200 and "/cxr" in page.text
    assert config["root"] == behind_a_proxy.address.rstrip("/")


def test_behind_a_reverse_proxy_a_client_gets_its_caption(behind_a_proxy, chest):
    from gradio_client import Client, handle_file

    client = Client(behind_a_proxy.address, verbose=False)
    assert client.predict(handle_file(chest), api_name="/caption")["words"]
