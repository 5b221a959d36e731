"""What every answer of the server says to the browser: what it may not guess, frame, tell on or keep."""

FRAMES = "'self' https://huggingface.co https://*.huggingface.co"  # a Space is shown in a frame of the hub's page
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": f"frame-ancestors {FRAMES}; object-src 'none'; base-uri 'self'",
}
NOT_KEPT = ("/gradio_api/file=", "/gradio_api/file/", "/gradio_api/upload")  # a visitor's pictures, in no cache


class Headers:
    """ASGI middleware (asgi.readthedocs.io) that adds HEADERS to every HTTP answer which does not have them itself.

    Args:
        app: the application around which it is put.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                more = {**HEADERS, **({"Cache-Control": "private, no-store"} if _private(scope["path"]) else {})}
                given += [(name.lower().encode(), value.encode()) for name, value in more.items()
                          if name.lower().encode() not in names]
                message = {**message, "headers": given}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _private(path):
    return any(start in path for start in NOT_KEPT)


def app_kwargs():
    """The argument of that name of `launch`: the middleware for Gradio's application."""
    from starlette.middleware import Middleware

    return {"middleware": [Middleware(Headers)]}
