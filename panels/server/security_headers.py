"""What every answer of the server says to the browser, and that nothing is answered but what the page needs.

The page shows pictures inside its answers, so nothing of it asks for a file by its address. Gradio would serve an
upload to whoever knows its path; here nobody gets it (`panels.server.routes`).
"""

from collections.abc import Sequence
from typing import Any

from captioner.language import later, text
from panels.server import framing, modules, request_limits, routes, sessions, visitor_language, visitors
from panels.server.routes import App, Message, Receive, Scope, Send


def headers(embed_from: Sequence[str] = ()) -> dict[str, str]:
    """What every answer says to the browser.

    Args:
        embed_from: sites that may frame the page, as `panels.server.framing.chosen` gives them.
    """
    frames = framing.ancestors(embed_from)
    return {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Content-Security-Policy": f"frame-ancestors {frames}; object-src 'none'; base-uri 'self'",
    }


HEADERS = headers()
REFUSAL = later("This address is not open here, and uploaded files are not given out again.")


class Headers:
    """ASGI middleware (asgi.readthedocs.io) that adds `headers` to every HTTP answer which does not have them
    itself, and refuses every address that the page does not need.

    Args:
        app: the application around which it is put.
        mcp: whether MCP clients are served, too.
        embed_from: sites that may frame the page.
    """

    def __init__(self, app: App, mcp: bool = False, embed_from: Sequence[str] = ()) -> None:
        self.app, self.mcp = app, mcp
        self._headers = headers(embed_from)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                given += [
                    (name.lower().encode(), value.encode())
                    for name, value in self._headers.items()
                    if name.lower().encode() not in names
                ]
                message = {**message, "headers": given}
            await send(message)

        if scope["type"] == "websocket":  # the page has none
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self.app(scope, receive, send)
        elif not routes.is_open(scope["method"], routes.below_root(scope), self.mcp):
            await request_limits.refuse(send_with_headers, 403, text(REFUSAL))
        else:
            await self.app(scope, receive, send_with_headers)


def app_kwargs(mcp: bool = False, embed_from: Sequence[str] = ()) -> dict[str, Any]:
    """The argument of that name of `launch`: the middleware for Gradio's application, the outermost first.

    Args:
        mcp: whether MCP clients are served, too.
        embed_from: sites that may frame the page.
    """
    from starlette.middleware import Middleware

    return {
        "middleware": [
            Middleware(visitor_language.VisitorLanguage),
            Middleware(Headers, mcp=mcp, embed_from=embed_from),
            Middleware(modules.PageModules),
            Middleware(request_limits.RequestLimits),
            Middleware(request_limits.PasswordBrake),
            Middleware(visitors.FairShare),
            Middleware(sessions.KeptSessions),
        ]
    }
