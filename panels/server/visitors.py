"""A fair share for every visitor: who waits is served in turns, and what nobody listens to gives up its place.

Gradio's queue is first come, first served, and keeps the questions of a client that never comes for the answer. Here a
question whose visitor listens goes before one whose does not, a visitor's second before nobody's first, and a visitor
may have only so many at a time. What nobody has listened to for a while is taken out.
"""

import asyncio
import json
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Container
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from captioner.language import text
from panels.server import request_limits, routes
from panels.server.routes import App, Message, Receive, Scope, Send

MOST = 12  # questions of one visitor that wait or are worked on; the page itself has some five at the most
UNHEARD = 30.0  # seconds after which a question that nobody listens to is taken out
BACK = 5.0  # seconds in which who listened and left may come back
REMEMBERED = 5000  # visitors, the last
PATIENCE, LOOK = 2.0, 0.02  # seconds that a study of a batch lets others go first, and between two looks

_JOIN = re.compile(r"/gradio_api/(queue/join|call(/v2)?/[^/]+)/?")
_DATA = re.compile(r"/gradio_api/queue/data")
_ANSWER = re.compile(r"/gradio_api/call(/v2)?/[^/]+/([^/]+)")

_listening: Counter[str] = Counter()  # visitor -> streams that are open
_heard: OrderedDict[str, float] = OrderedDict()  # visitor -> when somebody last asked or listened


def _touch(visitor: str) -> None:
    _heard[visitor] = time.monotonic()
    _heard.move_to_end(visitor)
    while len(_heard) > REMEMBERED:
        _heard.popitem(last=False)


def wanted(visitor: str) -> bool:
    """Whether somebody listens for the answers to a visitor (a session hash), or asked just now."""
    return _listening[visitor] > 0 or time.monotonic() - _heard.get(visitor, 0.0) < UNHEARD


def in_turns(queue: Any) -> None:
    """Put the waiting events of Gradio's queue in the order in which they are fair, in place."""
    for waiting in queue.event_queue_per_concurrency_id.values():
        before: Counter[str] = Counter()
        ranks: dict[Any, tuple[bool, int]] = {}
        for event in waiting.queue:
            ranks[event._id] = (_listening[event.session_hash] == 0, before[event.session_hash])
            before[event.session_hash] += 1
        waiting.queue.sort(key=lambda event: ranks[event._id])


async def drop_unheard(queue: Any) -> None:
    """Take out, or tell to stop, what nobody has listened to for `UNHEARD` seconds."""
    for visitor in {event.session_hash for event in _events(queue) if not wanted(event.session_hash)}:
        await queue.clean_events(session_hash=visitor)
        queue.pending_messages_per_session.pop(visitor, None)


def _asked(queue: Any, visitor: str) -> int:
    """How many questions of a visitor wait or are worked on."""
    return sum(event.session_hash == visitor for event in _events(queue))


def _events(queue: Any) -> list[Any]:
    """What waits in a queue of Gradio's, or is worked on."""
    waiting = [event for each in list(queue.event_queue_per_concurrency_id.values()) for event in list(each.queue)]
    return waiting + [event for job in list(queue.active_jobs) if job for event in job]


def after_others(queue: Any, places: Container[str], patience: float = PATIENCE) -> None:
    """Wait, in a thread of its own, until nobody waits or is answered in some places of the queue: what can wait does.

    Args:
        queue: Gradio's.
        places: their concurrency ids.
        patience: seconds after which it goes on all the same, so that a busy page is no end to it.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end and any(event.concurrency_id in places for event in _events(queue)):
        time.sleep(LOOK)


class FairShare:
    """ASGI middleware that watches who asks and who listens.

    Args:
        app: the application around which it is put; Starlette's scope tells which one, and it has the queue.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = routes.below_root(scope)
        if scope["method"] == "POST" and _JOIN.fullmatch(path):
            return await self._join(scope, receive, send)
        visitor = None
        if scope["method"] == "GET" and _DATA.fullmatch(path):
            visitor = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session_hash", [None])[0]
        elif scope["method"] == "GET" and (match := _ANSWER.fullmatch(path)):
            event = _queue(scope).event_ids_to_events.get(match[2])
            visitor = event.session_hash if event is not None else match[2]
        if visitor is None:
            return await self.app(scope, receive, send)
        _listening[visitor] += 1
        _touch(visitor)
        in_turns(_queue(scope))
        try:
            return await self.app(scope, receive, send)
        finally:
            _listening[visitor] -= 1
            if not _listening[visitor]:
                del _listening[visitor]
                _heard[visitor] = time.monotonic() - UNHEARD + BACK  # the page may listen anew for its next question

    async def _join(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = await receive()  # whole: `request_limits.RequestLimits` comes before this
        message: Message | None = asked
        queue, visitor = _queue(scope), None
        with suppress(ValueError):
            body = json.loads(asked["body"])
            visitor = body.get("session_hash") if isinstance(body, dict) else None
        await drop_unheard(queue)
        if isinstance(visitor, str):
            if _asked(queue, visitor) >= MOST:
                sentence = text(
                    "You have {most} questions waiting already: the next can be asked when one is answered.", most=MOST
                )
                return await request_limits.refuse(send, 429, sentence)
            _touch(visitor)
        answered = bytearray()

        async def replay() -> Message:
            nonlocal message
            if message is None:
                return await receive()
            given, message = message, None
            return given

        async def noted(answer: Message) -> None:
            if answer["type"] == "http.response.body" and visitor is None and len(answered) < 1000:
                answered.extend(answer.get("body", b""))
            await send(answer)

        await self.app(scope, replay, noted)
        if visitor is None:  # the event's own name is the visitor's, then
            with suppress(ValueError, TypeError, KeyError):
                _touch(json.loads(answered)["event_id"])
        in_turns(queue)
        _sweep_later(queue)


def _queue(scope: Scope) -> Any:
    return scope["app"].get_blocks()._queue


_sweeps: set[asyncio.Task[None]] = set()


def _sweep_later(queue: Any) -> None:
    """Look again once the time is over in which somebody may still come to listen; one such task is enough."""
    if _sweeps:
        return

    async def sweep() -> None:
        while len(queue) or any(queue.active_jobs):
            await asyncio.sleep(UNHEARD / 6)
            await drop_unheard(queue)

    task = asyncio.get_running_loop().create_task(sweep())
    _sweeps.add(task)
    task.add_done_callback(_sweeps.discard)
