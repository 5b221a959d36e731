"""The Dockerfile without Docker: its steps are done in a folder, and its command runs there as its user."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.stand_in import free_port

ROOT = Path(__file__).resolve().parent.parent
START = 240  # seconds, on a machine that does much else


def instructions():
    """(instruction, what follows) of the Dockerfile, in order; lines that go on are joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    return [tuple(line.split(" ", 1)) for line in text.splitlines() if line and not line.startswith("#")]


STEPS = instructions()


def all_of(name):
    return [what for instruction, what in STEPS if instruction == name]


def environment():
    return dict(word.split("=", 1) for line in all_of("ENV") for word in shlex.split(line))


def check():
    """The health check, with this interpreter."""
    (line,) = all_of("HEALTHCHECK")
    program, *arguments = json.loads(line.partition("CMD ")[2])
    assert program == "python"
    return [sys.executable, *arguments]


def test_it_runs_as_a_user_who_is_not_root_with_what_the_space_has():
    assert all_of("FROM") == ["python:3.11-slim-bookworm"] and all_of("USER") == ["1000:1000"]
    runs = all_of("RUN")
    assert any("--require-hashes --requirement requirements.lock" in line for line in runs)
    assert any("xargs --arg-file=packages.txt apt-get install" in line for line in runs)
    names = [name for name, _ in STEPS]
    assert max(place for place, name in enumerate(names) if name in ("RUN", "COPY")) < names.index("USER")
    values = environment()
    assert values["GRADIO_SERVER_NAME"] == "0.0.0.0" and all_of("EXPOSE") == [values["GRADIO_SERVER_PORT"]]
    assert {values[name] for name in ("HOME", "MPLCONFIGDIR", "TMPDIR")} == {"/tmp"}


def test_what_it_copies_is_there_and_not_ignored():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"  # all is left out, but for:
    copied = {name for line in all_of("COPY") for name in line.split()[:-1]}
    assert copied == {line[1:] for line in patterns if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)
    assert {"captioner", "explain", "panels", "weights", "examples", "dashboard.py"} <= copied
    assert not {"tests", ".git", "data", "runs"} & copied
    assert any(fnmatch("captioner/__pycache__", pattern.replace("**", "*")) for pattern in patterns[1:])


def test_the_health_check_tells_a_page_from_none_and_from_an_error():
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Page(BaseHTTPRequestHandler):
        status = 200

        def do_GET(self):
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    asked = {**os.environ, "GRADIO_SERVER_PORT": str(server.server_port)}

    def healthy():
        return subprocess.run(check(), env=asked, capture_output=True).returncode == 0

    try:
        assert healthy()
        Page.status = 500
        assert not healthy()
    finally:
        server.shutdown()
        server.server_close()
    assert not healthy()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="becoming another user takes root")
def test_its_command_answers_as_its_user_on_files_that_it_may_only_read():
    user, group = all_of("USER")[0].split(":")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are root's alone
        root = Path(folder)
        application, temporary = root / "app", root / "tmp"
        root.chmod(0o755)
        application.mkdir()
        temporary.mkdir()
        os.chown(temporary, int(user), int(group))
        for line in all_of("COPY"):
            *names, target = line.split()
            for name in names:
                source = ROOT / name
                if source.is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(source, application / target, ignore=ignored)
                else:
                    shutil.copy(source, application / target)
        (compile_it,) = [line for line in all_of("RUN") if line.startswith("python ")]
        subprocess.run([sys.executable, *shlex.split(compile_it)[1:]], cwd=application, check=True)
        files = {path: path.stat().st_mtime_ns for path in application.rglob("*")}

        port = str(free_port())
        values = {**environment(), "GRADIO_SERVER_PORT": port, "GRADIO_SERVER_NAME": "127.0.0.1"}
        values |= {name: str(temporary) for name, value in values.items() if value == "/tmp"}
        # The one privilege that it keeps is to read: the interpreter may lie in root's home.
        keep = "+dac_read_search"
        become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        become += [f"--inh-caps={keep}", f"--ambient-caps={keep}"]
        program, *arguments = json.loads(all_of("CMD")[0])
        process = subprocess.Popen(
            [*become, sys.executable, *arguments],
            cwd=application,
            env={"PATH": os.environ["PATH"], **values},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            end = time.monotonic() + START
            while subprocess.run(check(), env={**os.environ, **values}, capture_output=True).returncode:
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < end, "the page is not healthy"
                time.sleep(0.5)
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
        assert program == "python"
        assert {path: path.stat().st_mtime_ns for path in application.rglob("*")} == files
