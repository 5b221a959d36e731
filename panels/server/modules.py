"""The page's own scripts: modules of JavaScript, read once from panels/*/*.js and served at one fixed address.

Each module is at `/modules/VERSION/PANEL/NAME.js`, so that they import each other by relative paths, without a
bundler. VERSION is made of what they hold: a browser may keep them for ever, and never mixes old with new ones. An
import map in the page would not do: Gradio adds to the head of the page only when its own modules are loaded, and older
browsers take no import map by then.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.language import text
from captioner.sentence import worded
from panels.server import request_limits, routes
from panels.shell import catalogues

if TYPE_CHECKING:
    from panels.server.routes import App, Receive, Scope, Send

_PANELS = Path(__file__).resolve().parent.parent
BOOT = "shell/boot.js"
"""The script in the head of the page, which is no module."""

EARLY = ("shell", "viewer", "findings")
"""The folders whose modules are wanted as soon as the page is there."""

_CATALOGUE = "shell/text_"

# The address of the modules: below the path that a proxy puts before the page's own, at the browser's own origin.
_AT = 'location.origin + new URL(window.gradio_config?.root || "/", location.href).pathname.replace(/\\/$/, "")'

_START = """
const wishes = %(wishes)s;
const ask = (name, data) => {
  if (!wishes.includes(name)) throw new Error(`The server is not wired for ${name}.`);
  trigger(name, data);
};
let early = null; // a button that is pressed before the module is there
const keep = (event) => { early = event.target.closest("button"); };
element.addEventListener("click", keep);
import(%(at)s + %(path)s).then(
  (module) => {
    element.removeEventListener("click", keep);
    module.start({ element, trigger: ask, props, watch }, %(constants)s);
    if (early?.isConnected) early.click();
  },
  () => {
    const said = document.createElement("p");
    said.className = "cxr-not-loaded";
    said.setAttribute("role", "alert");
    said.textContent = %(lost)s;
    element.append(said);
  },
);
"""


@cache
def sources() -> dict[str, bytes]:
    """The modules, and a script with each language's catalogue: "panel/name.js" -> what it holds."""
    files = sorted(_PANELS.glob("*/*.js"))
    found = {path.relative_to(_PANELS).as_posix(): path.read_bytes() for path in files}
    del found[BOOT]
    return found | {catalogue(code): catalogues.script(code) for code in catalogues.LANGUAGES}


def catalogue(code: str) -> str:
    """The name of the script that holds a language's catalogue (panels/shell/catalogues.py)."""
    return f"{_CATALOGUE}{code}.js"


@cache
def version() -> str:
    """Twelve digits, others for other modules."""
    told = hashlib.sha256()
    for name, source in sources().items():
        told.update(f"{name}\0{len(source)}\0".encode() + source)
    return told.hexdigest()[:12]


def path(name: str) -> str:
    """The path of a module below the page's own; KeyError where there is none.

    Args:
        name: "panel/name.js".
    """
    if name not in sources():
        raise KeyError(name)
    return f"{routes.MODULES}/{version()}/{name}"


def start(name: str, wishes: Iterable[str] = (), **constants: Any) -> str:
    """The `js_on_load` of a gr.HTML that is brought to life by a module.

    Args:
        name: of the module, "panel/name.js". Its `start(component, constants)` is called once, with the component's
            `element`, `trigger`, `props` and `watch`.
        wishes: the names that it triggers; the Python side listens to them as `component.name(...)`.
        constants: what it is to know, as JSON.
    """
    lost = text("This part of the page could not be loaded. Please load the page anew.")
    told = {"wishes": list(wishes), "path": path(name), "constants": constants, "lost": lost}
    return _START % {"at": _AT, **{key: json.dumps(worded(value)) for key, value in told.items()}}


def call(name: str, function: str) -> str:
    """The `js` of a listener of Gradio's that calls a module's function and hands its values on unchanged.

    Args:
        name: of the module.
        function: its name there; it is called without arguments.
    """
    module = f"import({_AT} + {json.dumps(path(name))})"
    return f"(...values) => {{ {module}.then((module) => module.{function}()); return values; }}"


def boot() -> str:
    """The script for the head of the page."""
    early = [name for name in sources() if name.split("/")[0] in EARLY and not name.startswith(_CATALOGUE)]
    known = {"ROUTE": f"{routes.MODULES}/{version()}", "EARLY": early}
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in known.items())
    return "{\n" + constants + (_PANELS / BOOT).read_text(encoding="utf-8") + "}"


class PageModules:
    """ASGI middleware that answers for the modules, out of a table in memory: no file is looked for.

    Args:
        app: the application around which it is put.
    """

    _PATH = re.compile(re.escape(routes.MODULES) + r"/([0-9a-f]+)/(.+)")

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._PATH.fullmatch(routes.below_root(scope)) if scope["type"] == "http" else None
        if asked is None or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        source = sources().get(asked[2]) if asked[1] == version() else None
        if source is None:
            await request_limits.refuse(send, 404, text("There is no such module: load the page anew."))
            return
        headers = [
            (b"content-type", b"text/javascript; charset=utf-8"),
            (b"content-length", str(len(source)).encode()),
            (b"cache-control", b"public, max-age=31536000, immutable"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else source})
