"""What every answer of the server says to the browser, and that no uploaded file is ever given out again.

The page shows pictures inside its answers, so nothing of it asks for a file by its address. Gradio would serve an upload
to whoever knows its path; here nobody gets it.
"""

FRAMES = "'self' https://huggingface.co https://*.huggingface.co"  # a Space is shown in a frame of the hub's page
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": f"frame-ancestors {FRAMES}; object-src 'none'; base-uri 'self'",
}
FILES = ("/file=", "/file/")  # where Gradio serves files from, under a prefix that depends on how it is mounted
REFUSAL = b"Uploaded files are not given out again."


class Headers:
    """ASGI middleware (asgi.readthedocs.io) that adds HEADERS to every HTTP answer which does not have them itself,
    and refuses to serve files by their path.

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
                given += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()
                          if name.lower().encode() not in names]
                message = {**message, "headers": given}
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _asks_for_a_file(scope["path"]):
            kind = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
            await send_with_headers({"type": "http.response.start", "status": 403, "headers": kind})
            await send_with_headers({"type": "http.response.body", "body": REFUSAL})
        else:
            await self.app(scope, receive, send_with_headers)


def _asks_for_a_file(path):
    path = "/" + path.lstrip("/").removeprefix("gradio_api/")
    return path.startswith(FILES)


def app_kwargs():
    """The argument of that name of `launch`: the middleware for Gradio's application."""
    from starlette.middleware import Middleware

    return {"middleware": [Middleware(Headers)]}
