"""The page's scripts: modules that are served from one address, and one table of the events that they exchange."""

import re
from pathlib import Path

import httpx
import pytest

import dashboard
from panels.server import modules, routes
from panels.server.model_pool import ModelPool
from tests.stand_in import StandIn, serve, write_examples

PANELS = Path(dashboard.__file__).resolve().parent / "panels"
WAIT = 30
_IMPORT = re.compile(r'^import (?:\* as \w+|\{ ([^}]*) \}) from "([^"]+)";', re.M)
_EXPORT = re.compile(r"^export (?:async )?(?:function|const|let|class) (\w+)|^export \{ ([^}]*) \}", re.M)
_EVENT = re.compile(r"^  (\w+): \"(cxr-[\w-]+)\",", re.M)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url.rstrip("/")


def text(name):
    return modules.sources()[name].decode()


def exported(name):
    found = set()
    for one, several in _EXPORT.findall(text(name)):
        found |= {one} if one else {part.strip() for part in several.split(",")}
    return found


def resolved(name, relative):
    return (PANELS / name).parent.joinpath(relative).resolve().relative_to(PANELS).as_posix()


def test_every_module_is_served_and_nothing_else(address):
    for name, source in modules.sources().items():
        answer = httpx.get(address + modules.path(name), timeout=WAIT)
        assert answer.status_code == 200 and answer.content == source, name
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["x-content-type-options"] == "nosniff" and "immutable" in answer.headers["cache-control"]
    head = httpx.head(address + modules.path("viewer/viewer.js"), timeout=WAIT)
    assert head.status_code == 200 and head.content == b""
    at = f"{address}{routes.MODULES}/{modules.version()}"
    for name in ("viewer/none.js", "shell/boot.js"):
        assert httpx.get(f"{at}/{name}", timeout=WAIT).status_code == 404, name
    stale = f"{address}{routes.MODULES}/000000000000/viewer/viewer.js"
    assert httpx.get(stale, timeout=WAIT).status_code == 404
    for name in (
        "viewer/viewer.css",
        "viewer/panel.py",
        "../dashboard.py",
        "viewer/%2e%2e/viewer/viewer.js",
        "",
        "viewer",
    ):
        assert httpx.get(f"{at}/{name}", timeout=WAIT).status_code == 403, name
    assert httpx.post(address + modules.path("viewer/viewer.js"), timeout=WAIT).status_code == 403


def test_modules_are_found_behind_a_proxy_s_path():
    sent = []

    async def send(message):
        sent.append(message)

    for scope in (
        {"path": modules.path("shell/events.js"), "root_path": "/cxr"},
        {"path": "/cxr" + modules.path("shell/events.js"), "root_path": "/cxr"},
    ):
        run = modules.PageModules(None)({"type": "http", "method": "GET", **scope}, None, send)
        with pytest.raises(StopIteration):  # it awaits nothing but `send`
            run.send(None)
    assert [message.get("status") for message in sent] == [200, None, 200, None]
    assert sent[1]["body"] == sent[3]["body"] == modules.sources()["shell/events.js"]


def test_what_a_module_imports_is_exported_by_another():
    for name in modules.sources():
        for names, path in _IMPORT.findall(text(name)):
            other = resolved(name, path)
            assert other in modules.sources(), f"{name} imports {path}"
            assert {part.strip().split(" as ")[0] for part in names.split(",") if part} <= exported(other), (name, path)


def test_every_export_is_imported_or_called_from_python():
    wanted = {"start"}
    for name in modules.sources():
        for names, _ in _IMPORT.findall(text(name)):
            wanted |= {part.strip() for part in names.split(",")}
    python = "\n".join(path.read_text(encoding="utf-8") for path in PANELS.rglob("*.py"))
    python += (PANELS / modules.BOOT).read_text(encoding="utf-8")
    for name in modules.sources():
        idle = {one for one in exported(name) - wanted if not re.search(rf"\b{one}\b", python)}
        assert not idle, name


def test_events_are_those_of_the_table():
    table = dict(_EVENT.findall(text("shell/events.js")))
    assert len(table) == len(set(table.values())) >= 9
    told, heard = set(), set()
    for name in set(modules.sources()) - {"shell/events.js"}:
        source = text(name)
        assert not re.search(r"\bCustomEvent\b|dispatchEvent\((?!new Event\(\"(change|input)\")", source), name
        for event in table.values():
            assert f'"{event}"' not in source and f"'{event}'" not in source, (name, event)
        assert not re.findall(r"addEventListener\(\s*[\"'`]cxr-", source), name
        told |= set(re.findall(r"\btell\(EVENTS\.(\w+)", source))
        heard |= set(re.findall(r"\blisten(?:Once)?\((?:\w+(?:\.\w+)*, )?EVENTS\.(\w+)", source))
        assert set(re.findall(r"\bEVENTS\.(\w+)", source)) <= set(table), name
    assert told == heard == set(table)
    for path in [*PANELS.rglob("*.py"), *PANELS.rglob("*.html"), PANELS / modules.BOOT]:
        assert not re.search(r"CustomEvent|addEventListener\(\s*[\"'`]cxr-", path.read_text(encoding="utf-8")), path


def test_most_modules_are_short():
    lengths = {name: len(text(name).splitlines()) for name in modules.sources()}
    assert max(lengths.values()) < 300, lengths


def test_what_is_not_a_module_has_no_path():
    with pytest.raises(KeyError):
        modules.path("viewer/none.js")
    with pytest.raises(KeyError):
        modules.path(modules.BOOT)
