"""Bounds on what is sent to the server: how much, how slowly, and how many passwords may be tried."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from weakref import WeakValueDictionary

from captioner.language import text
from panels.server import routes
from panels.server.routes import App, Message, Receive, Scope, Send

MOST_JSON = 1 << 20  # bytes of a body that is no upload; what the page itself sends has some thousand
MOST_MCP = 32 << 20  # of a question by MCP, which holds its pictures
IDLE = 30.0  # seconds between two pieces of a body
WHOLE = 900.0  # seconds for a whole body: 160 MB over a line of 1.5 Mbit/s
WRONG_PASSWORDS, WITHIN = 10, 60.0  # from one address, and the seconds after which they are forgotten
ADDRESSES = 1000  # that are remembered, the last


async def refuse(send: Send, status: int, sentence: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer with one sentence in plain text."""
    kind = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": kind})
    await send({"type": "http.response.body", "body": sentence.encode()})


class RequestLimits:
    """ASGI middleware: a body that stops coming is given up, and one that is no upload is bounded.

    Args:
        app: the application around which it is put.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH", "DELETE"):
            return await self.app(scope, receive, send)
        upload = routes.below_root(scope).rstrip("/").endswith("/upload")
        if upload:
            return await self.app(scope, self._unless_idle(receive), send)
        most = MOST_MCP if "/mcp" in routes.below_root(scope) else MOST_JSON
        body, end = bytearray(), time.monotonic() + IDLE
        while True:
            try:
                message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
            except TimeoutError:
                return await refuse(send, 408, text("The request was not sent to its end in time."))
            if message["type"] != "http.request":
                return None  # the visitor has gone
            body += message.get("body", b"")
            if len(body) > most:
                return await refuse(send, 413, text("At most {size} MB of text are taken at once.", size=most >> 20))
            if not message.get("more_body"):
                break
        whole = {"type": "http.request", "body": bytes(body), "more_body": False}
        waiting: list[Message] = [whole]

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        return await self.app(scope, replay, send)

    @staticmethod
    def _unless_idle(receive: Receive) -> Receive:
        """`receive` of an upload, which says that the visitor has gone when nothing comes for long."""
        end, over = time.monotonic() + WHOLE, False

        async def next_piece() -> Message:
            nonlocal over
            if over:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, min(IDLE, end - time.monotonic())))
            except TimeoutError:
                return {"type": "http.disconnect"}
            over = not message.get("more_body")
            return message

        return next_piece


class PasswordBrake:
    """ASGI middleware: who gave a wrong password ten times within a minute waits until that minute is over.

    Those from one address are looked at one after the other: guesses at the same moment do not slip through together,
    and of a class that logs in at the same moment from behind one address nobody is taken for a guesser.

    Args:
        app: the application around which it is put.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._wrong: OrderedDict[str, tuple[int, float]] = (
            OrderedDict()
        )  # address -> (how often, when the first of them was)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # of addresses that log in now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or routes.below_root(scope).rstrip("/") != "/login":
            return await self.app(scope, receive, send)
        address = (scope.get("client") or ("",))[0]
        turn = self._turns.setdefault(address, asyncio.Lock())
        async with turn:
            await self._looked_at(address, scope, receive, send)

    async def _looked_at(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        count, since = self._wrong.get(address, (0, time.monotonic()))
        left = WITHIN - (time.monotonic() - since)
        if left <= 0:
            count, since = 0, time.monotonic()
        elif count >= WRONG_PASSWORDS:
            seconds = int(left) + 1
            sentence = text("Too many wrong passwords were given: try again in {count} seconds.", count=seconds)
            return await refuse(send, 429, sentence, [(b"retry-after", str(seconds).encode())])
        # Counted before the answer is known: a visitor who goes away meanwhile has tried all the same.
        self._wrong[address] = count + 1, since
        self._wrong.move_to_end(address)
        while len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)

        async def forgive(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self._wrong.pop(address, None)
            await send(message)

        return await self.app(scope, receive, forgive)
