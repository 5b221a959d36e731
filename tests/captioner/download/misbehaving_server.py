"""A server on 127.0.0.1 that stalls, breaks off, lies about lengths, forgets ranges and changes files, as told."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FORGOTTEN_RANGE, BREAK, STALL, DRIP, LONGER, SHORTER, WRONG_PLACE, NO_LENGTH, WEAK = (
    "forgotten range",
    "break",
    "stall",
    "drip",
    "longer",
    "shorter",
    "wrong place",
    "no length",
    "weak",
)


class Server:
    """Serves `files` (path -> bytes); each request takes the next of `script`, and behaves well when none is left.

    A step of the script is a status code, or `(behaviour, number of bytes)`, or a function that changes the server
    and returns a step. `asked` keeps each request's path and Range.
    """

    def __init__(self, files):
        self.files, self.script, self.asked = dict(files), [], []
        self.etag, self.weak, self.released = '"first"', False, threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_port}/collections/"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, request):
        name, asked = request.path.rsplit("/", 1)[-1], request.headers.get("Range")
        self.asked.append((name, asked))
        step = self.script.pop(0) if self.script else (None, 0)
        while callable(step):
            step = step(self)
        if isinstance(step, int):
            request.send_error(step)
            return
        behaviour, count = step
        if name not in self.files:
            request.send_error(404)
            return
        body, start = self.files[name], 0
        matches = request.headers.get("If-Range") == self.etag or behaviour == WRONG_PLACE
        if asked and matches and behaviour != FORGOTTEN_RANGE:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= len(body):
                request.send_error(416)
                return
        rest = body[start:]
        request.send_response(206 if start else 200)
        request.send_header("ETag", ("W/" if self.weak else "") + self.etag)
        if behaviour != NO_LENGTH:
            told = len(rest) + (count if behaviour == LONGER else -count if behaviour == SHORTER else 0)
            request.send_header("Content-Length", str(told))
        if start:
            first = start + (count if behaviour == WRONG_PLACE else 0)
            request.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        request.end_headers()
        try:
            request.wfile.write(rest[:count] if behaviour in (BREAK, STALL) else rest if behaviour != DRIP else b"")
            request.wfile.flush()
            if behaviour == STALL:
                self.released.wait(20)
            if behaviour == DRIP:
                for byte in rest:
                    request.wfile.write(bytes([byte]))
                    request.wfile.flush()
                    if self.released.wait(0.02):
                        break
        except OSError:
            pass
        request.close_connection = True
