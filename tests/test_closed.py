"""What SECURITY.md promises of the source, of patients' tags and of the life of an upload; the other doors have tests by them."""

import ast
import json
import re
import time
from pathlib import Path

import httpx
import pytest

import dashboard
from captioner import read_study
from explain import heatmap
from panels import explain, study, viewer
from panels.shelf import Shelf
from tests.captioner.dicom_files import PATIENT, PATIENT_ID, dicom_bytes, gradient
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
        if isinstance(node.func, ast.Attribute) and node.func.attr == "load" and getattr(node.func.value, "id", "") == "torch":
            assert given.get("weights_only") is True, f"{path.name}:{node.lineno}"


@pytest.fixture
def dicom(tmp_path):
    path = tmp_path / "chest.dcm"
    path.write_bytes(dicom_bytes(gradient(90, 80)))
    assert PATIENT.encode() in path.read_bytes() and PATIENT_ID.encode() in path.read_bytes()
    return path


def test_a_patient_s_tags_are_not_shown_or_exported(dicom, capfd, caplog):
    shelf = Shelf({"default": "default"}, lambda folder: StandIn("default"))
    read = read_study(dicom, dicom)
    caption = shelf.get().caption(read)
    shown = [
        json.dumps(viewer.payload(read, caption, heatmap.WHOLE, "default")), json.dumps(caption.as_dict("x")),
        study.preview(str(dicom)), repr(read), repr(explain.Session()), *read.notices, *capfd.readouterr(), caplog.text,
    ]  # fmt: skip
    for text in shown:
        assert PATIENT not in text and PATIENT_ID not in text


def test_analytics_and_monitoring_are_off():
    settings = dashboard.settings()
    assert settings["enable_monitoring"] is False and dashboard.build(Shelf({}, None)).analytics_enabled is False
    assert dashboard.os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert dashboard.arguments([]).host == "127.0.0.1" or "GRADIO_SERVER_NAME" in dashboard.os.environ


def test_an_upload_is_deleted_when_its_time_is_over(tmp_path):
    """With seconds for the page's minutes."""
    examples = write_examples(tmp_path)
    page = dashboard.build(Shelf({"default": "default"}, lambda folder: StandIn("default")).start(), examples)
    page.delete_cache = (1, 1)
    _, url, _ = page.launch(server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True,
                            **dashboard.settings(examples))  # fmt: skip
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


def test_each_promise_names_a_test_that_exists():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) >= 14
    for row in rows:
        files = [(ROOT / file).read_text(encoding="utf-8") for file in re.findall(r"`(tests/[\w/]+\.py)`", row)]
        named = re.findall(r"`(test_\w+)`", row)
        assert files and named, row
        for name in named:
            assert any(f"def {name}(" in source for source in files), f"{name} is not there: {row}"
