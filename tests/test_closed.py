"""What SECURITY.md promises about the source, patients' tags and the life of an upload."""

import ast
import json
import os
import re
import time
from pathlib import Path

import httpx
import pytest

import dashboard
from captioner import read_study
from explain import heatmap
from panels.server import start, upload_folder
from panels.server.model_pool import ModelPool
from panels.shell import upload_input
from panels.viewer import panel as explain
from panels.viewer import word_viewer
from tests.captioner.images.dicom_files import PATIENT, PATIENT_ID, dicom_bytes, gradient
from tests.robustness.server import API, upload
from tests.stand_in import StandIn, free_port, write_examples

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path for folder in ("captioner", "explain", "panels") for path in (ROOT / folder).rglob("*.py")]
SOURCES.append(ROOT / "dashboard.py")
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "code", "codeop"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}


def _called(node):
    return node.func.id if isinstance(node.func, ast.Name) else None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & UNSAFE_MODULES, f"{path.name}:{node.lineno}"
        if not isinstance(node, ast.Call):
            continue
        assert _called(node) not in UNSAFE_CALLS, f"{path.name}:{node.lineno}"
        given = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
        assert given.get("shell") is not True and given.get("allow_pickle") is not True, f"{path.name}:{node.lineno}"
        torch_load = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "torch.load"
        assert not torch_load or given.get("weights_only") is True, f"{path.name}:{node.lineno}"


@pytest.fixture
def dicom(tmp_path):
    path = tmp_path / "chest.dcm"
    path.write_bytes(dicom_bytes(gradient(90, 80)))
    assert PATIENT.encode() in path.read_bytes() and PATIENT_ID.encode() in path.read_bytes()
    return path


def test_a_patient_s_tags_are_not_shown_or_exported(dicom, capfd, caplog):
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default"))
    read = read_study(dicom, dicom)
    caption = pool.get().caption(read)
    shown = [
        json.dumps(word_viewer.payload(read, caption, heatmap.WHOLE, "default")),
        json.dumps(caption.as_dict("x")),
        upload_input.preview(str(dicom)),
        repr(read),
        repr(explain.Session()),
        *read.notices,
        *capfd.readouterr(),
        caplog.text,
    ]
    for text in shown:
        assert PATIENT not in text and PATIENT_ID not in text


def test_analytics_and_monitoring_are_off():
    settings = dashboard.settings()
    assert settings["enable_monitoring"] is False and dashboard.build(ModelPool({}, None)).analytics_enabled is False
    assert dashboard.os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert start.arguments([]).host == "127.0.0.1" or "GRADIO_SERVER_NAME" in dashboard.os.environ


def test_an_upload_is_deleted_when_its_time_is_over(tmp_path):
    """With seconds for the page's minutes."""
    examples = write_examples(tmp_path)
    page = dashboard.build(ModelPool({"default": "default"}, lambda folder: StandIn("default")).start(), examples)
    page.delete_cache = (1, 1)
    _, url, _ = page.launch(
        server_name="127.0.0.1",
        server_port=free_port(),
        prevent_thread_lock=True,
        quiet=True,
        **dashboard.settings(examples),
    )
    try:
        stored = Path(upload(url, tmp_path / "quiet-frontal.png")["path"])
        assert stored.is_file()
        end = time.monotonic() + 60
        while stored.exists() and time.monotonic() < end:
            httpx.get(f"{url}{API}/queue/status", timeout=60)
            time.sleep(0.2)
        assert not stored.exists()
    finally:
        page.close()


def test_whatever_lies_in_the_server_s_folder_is_deleted_when_it_is_old(tmp_path, monkeypatch):
    """An upload under any name, half an upload, a deep link; and a copy that has kept the date of what it is of."""
    now = time.time()
    for name in ("uploads/0123/x.png", "uploads/deep_links/ab/state.json", "tmphalf", "a b/c/d"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    os.utime(tmp_path / "a b/c/d", (1, 1))
    (tmp_path / upload_folder.LOCK).write_bytes(b"")
    (tmp_path / "link").symlink_to("/etc/hostname")
    upload_folder.sweep_once(tmp_path, 1800)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 6  # nothing is old yet
    monkeypatch.setattr(upload_folder.time, "time", lambda: now + 1900)
    upload_folder.sweep_once(tmp_path, 1800)
    upload_folder.sweep_once(tmp_path, 1800)
    assert [path.name for path in tmp_path.rglob("*")] == [upload_folder.LOCK]
    assert Path("/etc/hostname").exists()


def test_each_promise_names_a_test_that_exists():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    promises = re.findall(r"^- .*\n(?:  .*\n)*", text.partition("## Budgets")[0], re.MULTILINE)
    assert len(promises) >= 35
    for promise in promises:
        held = re.findall(r"^  - `(tests/[\w/]+\.py)`:((?:[^\n]*\n(?!  - |- ))*[^\n]*)", promise, re.MULTILINE)
        assert held, promise
        for file, names in held:
            source = (ROOT / file).read_text(encoding="utf-8")
            named = re.findall(r"`([Tt]est_?\w+)`", names)
            assert named and names.count("`") == 2 * len(named), promise
            for name in named:
                assert re.search(rf"^\s*((def|class) {name}\b|{name} = )", source, re.MULTILINE), (
                    f"{name}: not in {file}"
                )
