"""In which language a visitor is answered: that of the address (`?lang=de`), else of the browser, else English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from captioner.language import ENGLISH, speaking
from panels.server import modules, routes
from panels.shell.catalogues import LANGUAGES

if TYPE_CHECKING:
    from panels.server.routes import App, Message, Receive, Scope, Send

PARAMETER = "lang"
_LONGEST = 1000  # characters of Accept-Language that are looked at; browsers send some dozens
_QUALITY = re.compile(r"q=(0(?:\.\d{1,3})?|1(?:\.0{1,3})?)")


def asked_for(wanted: Any, accepted: Any = "") -> str:
    """The language to answer in, one of LANGUAGES.

    Args:
        wanted: str, what `?lang=` says; None for nothing. What is no language of the page gives English, and a sentence
            above the panels (panels/shell/deep_link.py).
        accepted: str, the header Accept-Language (RFC 9110, section 12.5.4).
    """
    if wanted is not None:
        return wanted if wanted in LANGUAGES else ENGLISH
    liked: dict[str, float] = {}
    for part in str(accepted or "")[:_LONGEST].split(","):
        tag, _, parameter = (piece.strip().lower() for piece in part.partition(";"))
        quality = _QUALITY.fullmatch(parameter)
        liked.setdefault(tag.split("-")[0], float(quality[1]) if quality else 0.0 if parameter else 1.0)
    offered = [code for code in liked if code in LANGUAGES and liked[code] > 0]
    return max(offered, key=lambda code: liked[code], default=ENGLISH)  # of two liked equally the one named first


def of_request(request: Any) -> str:
    """The language of a visitor's event.

    Args:
        request: gr.Request, a list of them, or None, where nobody's browser asks: that is answered in English.
    """
    first = request[0] if isinstance(request, list) and request else request
    if not first:
        return ENGLISH
    query, headers = getattr(first, "query_params", None), getattr(first, "headers", None)
    wanted = query.get(PARAMETER) if isinstance(query, Mapping) else None
    accepted = headers.get("accept-language") if headers is not None else None
    return asked_for(wanted, accepted)


def _of_scope(scope: Scope) -> str:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    headers = dict(scope.get("headers", ()))
    return asked_for(query.get(PARAMETER, [None])[0], headers.get(b"accept-language", b"").decode("latin-1"))


def _spoken(page: bytes, code: str) -> bytes:
    """Gradio's HTML with its language said, and the catalogue's script before its own ones."""
    said = page.replace(b'lang="en"', f'lang="{code}"'.encode(), 1)
    script = f'<script src=".{modules.path(modules.catalogue(code))}"></script>'
    return re.sub(rb"(<base [^>]*>)", lambda found: found[1] + script.encode(), said, count=1)


class VisitorLanguage:
    """ASGI middleware: every request is answered in the visitor's language, and the page says which that is.

    Args:
        app: the application around which it is put.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        code, path = _of_scope(scope), routes.below_root(scope)
        with speaking(code):
            if scope["method"] != "GET" or path not in ("/", "/config", "/config/"):
                return await self.app(scope, receive, send)
            await self.app(scope, receive, _Rewritten(send, code, path == "/"))


class _Rewritten:
    """`send` for an answer that is another one in each language; the page's HTML is held until it is whole.

    Args:
        send: of ASGI.
        code: the language.
        page: whether the answer is the page.
    """

    def __init__(self, send: Send, code: str, page: bool) -> None:
        self._send, self._code, self._page = send, code, page
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"vary", b"accept-language")]
            message = {**message, "headers": headers}
            html = dict(headers).get(b"content-type", b"").startswith(b"text/html")
            if self._page and message["status"] == 200 and html:
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            start, body = self._start, _spoken(bytes(self._body), self._code)
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            await self._send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
            message = {**message, "body": body}
        await self._send(message)
