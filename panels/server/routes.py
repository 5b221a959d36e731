"""The addresses that the page and its endpoints need. Gradio has more, which write files or give them out: all shut.

Among them `/process_recording` and `/vibe-edit` keep what is sent, `/deep_link` writes a visitor's page to disk and
gives it to whoever holds the link, `/file=` and `/proxy=` give out files and other servers' answers, `/stream` media.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# What ASGI calls them (asgi.readthedocs.io).
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

API = r"/gradio_api"
MODULES = "/modules"  # panels/server/modules.py
OPEN = {
    "GET": (
        r"/",
        r"/config/?",
        API + r"/info/?",
        API + r"/openapi\.json",
        API + r"/startup-events",
        API + r"/app_id/?",
        API + r"/login_check/?",
        API + r"/token/?",
        API + r"/user/?",
        API + r"/heartbeat/[^/]+",
        API + r"/queue/(data|status)",
        API + r"/call(/v2)?/[^/]+/[^/]+",
        API + r"/upload_progress",
        r"(/gradio_api)?/theme\.css",
        MODULES + r"/[0-9a-f]{12}/[a-z_]+/[a-z_]+\.js",
        r"/(assets|static|svelte)/.+",
        r"/(favicon\.ico|robots\.txt|manifest\.json)",
        r"/pwa_icon(/\d+)?",
        r"/log(in|out)/?",
    ),
    "POST": (
        API + r"/queue/join/?",
        API + r"/call(/v2)?/[^/]+/?",
        API + r"/(cancel|reset|upload)/?",
        API + r"/run/[^/]+/?",  # what does not wait in the queue; the rest is refused there (`api_open` of the queue)
        r"/login/?",
    ),
}
MCP = API + r"/mcp(/.*)?"
_OPEN = {method: re.compile("|".join(f"(?:{path})" for path in paths)) for method, paths in OPEN.items()}
_MCP = re.compile(MCP)


def is_open(method: str, path: str, mcp: bool = False) -> bool:
    """Whether the page needs this address.

    Args:
        method: of HTTP; HEAD counts as GET, and OPTIONS, which asks what is allowed, is.
        path: without query, decoded, as ASGI gives it.
        mcp: whether tools for MCP clients are offered, too.
    """
    if ".." in path or "\\" in path or "//" in path:
        return False
    if mcp and _MCP.fullmatch(path):
        return True
    if method == "OPTIONS":
        return any(pattern.fullmatch(path) for pattern in _OPEN.values())
    pattern = _OPEN.get("GET" if method == "HEAD" else method)
    return pattern is not None and pattern.fullmatch(path) is not None


def below_root(scope: Scope) -> str:
    """The path of an ASGI scope, without the prefix that a proxy or a mount puts before the page's own."""
    path, root = "/" + str(scope["path"]).lstrip("/"), str(scope.get("root_path", "")).rstrip("/")
    return path[len(root) :] or "/" if root and path.startswith(root + "/") else path
