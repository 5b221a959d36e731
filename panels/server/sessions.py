"""What the server keeps of a visitor between two questions, and that it is little once he has left.

Gradio keeps a copy of every value that a page has shown, for links that bring it back (which are shut here,
`panels.server.routes`), and everything else for an hour after the page was closed. Here no copies are kept. What can
be made again is given up soon after the visitor has left: whoever comes back, from a locked telephone or a dead spot,
finds his study where it was and waits a moment longer, once, as long as his files are here. An open page keeps it all:
a study is wanted for longer than its files are kept.
"""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar

from gradio.state_holder import SessionState, StateHolder

from panels.server import routes
from panels.server.routes import App, Receive, Scope, Send

LEFT = 40.0  # seconds after the last question of a closed page, from which on what can be made again is given up
FORGOTTEN = 3600.0  # seconds after the last question, from which on nothing is kept

_HEARTBEAT = re.compile(routes.API + r"/heartbeat/([^/]+)")

Value = TypeVar("Value")


class Remade(Generic[Value]):
    """A value that can be given up, and is made again when it is asked for.

    Args:
        make: makes it; what it raises goes to whoever asks.
    """

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._value: Value | None = None

    def get(self) -> Value:
        """The value, made by one of those who ask for it at once."""
        value = self._value
        if value is not None:
            return value
        with self._lock:
            if self._value is None:
                self._value = self._make()
            return self._value

    def let_go(self) -> None:
        """Give the value up; who works with it has it until he is done."""
        self._value = None


class Visit(SessionState):
    """What is kept of one visitor: Gradio's, without the copies of what his page shows.

    Args:
        blocks: the page.
    """

    def __init__(self, blocks: Any) -> None:
        # As Gradio's, which asks every component what the page shows of it: 20 ms, and up to 3 MB in the end.
        self.blocks_config = copy(blocks.default_config)
        self.config_values = {}
        self.state_data = {}
        self._state_ttl = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = int(FORGOTTEN)

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass

    def let_go(self) -> None:
        """Give up what can be made again: what a kept value gives up when its own `let_go` is called."""
        for value in list(self.state_data.values()):
            if hasattr(value, "let_go"):
                value.let_go()


class Sessions(StateHolder):
    """The Visits by visitor (Gradio's session hash), the last `capacity` of them."""

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Visit(self.blocks)
        return super().__getitem__(session_id)

    def delete_all_expired_state(self) -> None:
        """As Gradio's, which calls this every second; and give up, or forget, what nobody has asked for."""
        super().delete_all_expired_state()
        now = datetime.datetime.now()
        for visitor, visit in list(self.session_data.items()):
            unused = (now - self.time_last_used.get(visitor, now)).total_seconds()
            if unused > FORGOTTEN:
                with self.lock:
                    self.session_data.pop(visitor, None)
                    self.time_last_used.pop(visitor, None)
            elif isinstance(visit, Visit) and visit.is_closed and unused > LEFT:
                visit.let_go()


class KeptSessions:
    """ASGI middleware that gives Gradio's application `Sessions` at its start, and sees who comes back.

    Args:
        app: the application around which it is put; the scope tells which one is Gradio's.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            served = scope["app"]
            served.state_holder = Sessions()
            served.state_holder.set_blocks(served.get_blocks())
        elif scope["type"] == "http" and (match := _HEARTBEAT.fullmatch(routes.below_root(scope))):
            visit = scope["app"].state_holder.session_data.get(match[1])
            if visit is not None:
                visit.is_closed = False  # Gradio marks it when a heartbeat ends, and not when another begins
        await self.app(scope, receive, send)
