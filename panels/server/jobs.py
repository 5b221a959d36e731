"""Long work behind the page: its progress for the browser, and a way to stop it.

A listener of Gradio's is a generator, and a generator that computes cannot say how far it is. So the work runs in a
thread of its own, and the listener only passes on how far that is. A visitor who stops is told so at once; the work's
place is free for the next when its thread has ended, and not before: stopping again and again piles nothing up.
"""

from __future__ import annotations

import contextvars
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from captioner import BadInput
from captioner.language import later, text
from explain.methods.base import Stopped
from panels.server import memory
from panels.server.waits import Waits

if TYPE_CHECKING:
    import gradio as gr

MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
"""Whatever uses a model shares one place in the queue: two searches at once would only halve each other's speed."""

SLOW: dict[str, Any] = {"concurrency_id": "explanations", "concurrency_limit": 1}
"""What takes seconds has a place in the queue of its own: nobody's impression waits for another's explanation."""

FIGURE: dict[str, Any] = {"concurrency_id": "figure", "concurrency_limit": 1}
"""Figures of what is known already, which need no model."""

BATCH: dict[str, Any] = {"concurrency_id": "batch", "concurrency_limit": 1}
"""Studies of batches, of all visitors one at a time: `panels.server.visitors.after_others` lets the others go first."""

WAITS = Waits()  # what every visitor's work took

_PLACES = {each["concurrency_id"]: threading.Lock() for each in (MODEL, SLOW, FIGURE)}

EVERY = 0.15  # seconds between two reports
FAILED = later("This could not be computed.")
_VISITORS = 1000  # who asked to stop something, the last of them


class Stops:
    """What each visitor no longer wants.

    The browser counts its wishes of a kind, so a wish can be taken back before the server has begun with it.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str | None, str], int] = OrderedDict()

    def stop(self, visitor: str | None, kind: str, number: int) -> None:
        """Take back the wishes of that kind up to this number (inclusive)."""
        key = visitor, kind
        self._last[key] = max(number, self._last.pop(key, 0))
        while len(self._last) > _VISITORS:
            self._last.popitem(last=False)

    def stopped(self, visitor: str | None, kind: str, number: int) -> bool:
        """Whether the wish of that number was taken back."""
        return number <= self._last.get((visitor, kind), 0)


def number(asked: Any) -> int:
    """The number that the browser gave its wish, at least 1; what is none counts as 1."""
    value = asked.get("number") if isinstance(asked, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else 1


class Job:
    """`work(progress)` in a thread: iterate for `(done, of)`, then ask for the result.

    Args:
        work: a function of `progress`, which it calls as explain.methods.base.Method.explain does.
        stopped: () -> bool, whether the result is not wanted any longer.
        place: MODEL, SLOW or FIGURE: one piece of work at a time is done in each.
    """

    def __init__(self, work: Callable, stopped: Callable[[], bool], place: dict[str, Any] = SLOW) -> None:
        self._work, self._stopped, self._place = work, stopped, _PLACES[place["concurrency_id"]]
        self._left, self._ended = threading.Event(), threading.Event()
        self._at: tuple[int, int] = (0, 1)
        self._found: Any = None
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        while not self._place.acquire(timeout=EVERY):  # what was stopped before this has not come to its end yet
            if self._stopped():
                raise Stopped
            yield self._at
        here = contextvars.copy_context()  # with the visitor's language
        try:
            threading.Thread(target=here.run, args=(self._run,), name="explanation", daemon=True).start()
        except BaseException:
            self._place.release()
            raise
        try:
            while not self._ended.wait(EVERY):
                if self._stopped():
                    raise Stopped  # told at once; the place is kept until the work has asked, too
                yield self._at
        finally:
            self._left.set()  # stopped, or the visitor has gone and Gradio closes this: nobody waits for the rest

    def _run(self) -> None:
        try:
            self._found = self._work(self._progress)
        except BaseException as error:  # told to who asks for the result
            self._error = error
        finally:
            del self._work  # and what it holds on to
            self._ended.set()
            try:
                if self._place is _PLACES[SLOW["concurrency_id"]]:
                    memory.give_back()  # half a second, which quick work is not worth
            finally:
                self._place.release()

    def _progress(self, done: int, of: int) -> bool:
        self._at = done, of
        return self._left.is_set() or self._stopped()

    def result(self) -> Any:
        """What the work returned; raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._found


def finish(work: Callable, stopped: Callable[[], bool], place: dict[str, Any] = SLOW) -> Any:
    """What the work of a Job returns, waited for; the arguments are those of Job.

    Raises:
        Stopped: it was not wanted any longer.
    """
    job = Job(work, stopped, place)
    for _ in job:
        pass
    return job.result()


def answers(
    event: gr.EventData,
    request: gr.Request,
    stops: Stops,
    kind: str,
    work: Callable,
    /,
    place: dict[str, Any] = SLOW,
    **about: Any,
) -> Iterator[dict[str, Any]]:
    """`told` of the wish that an event brings, which its visitor may take back.

    Args:
        event: gr.EventData of the wish.
        request: gr.Request of the visitor's.
        stops: Stops.
        kind: what the browser counts such wishes under.
        work, place, about: as in `told`; of the "method" in `about` the answer tells the waits to expect from now on.
    """
    count, visitor, method = number(event._data), request.session_hash, str(about.get("method"))

    def measured(progress: Callable[[int, int], object]) -> dict[str, Any]:
        begun = time.monotonic()
        found = work(progress)
        WAITS.took(kind, method, time.monotonic() - begun)
        return {**found, "waits": WAITS.said(method)}

    return told(count, measured, lambda: stops.stopped(visitor, kind, count), place, **about)


def told(
    count: int, work: Callable, stopped: Callable[[], bool], place: dict[str, Any] = SLOW, **about: Any
) -> Iterator[dict[str, Any]]:
    """What the browser is told of a job, one dict after the other.

    Args:
        count: the number of the wish.
        work, stopped, place: as in Job; the work returns a dict.
        about: goes into every answer.

    Yields:
        dict of "number", "state" ("working" | "done" | "stopped" | "refused"), with "done" and "of" while it works,
        what the work returned when it is done, and "message" when it is refused.
    """
    head = {"number": count, **about}
    if stopped():
        yield {**head, "state": "stopped"}
        return
    yield {**head, "state": "working", "done": 0, "of": 1}
    job = Job(work, stopped, place)
    try:
        for done, of in job:
            yield {**head, "state": "working", "done": done, "of": of}
        yield {**head, "state": "done", **job.result()}
    except Stopped:
        yield {**head, "state": "stopped"}
    except BadInput as error:
        yield {**head, "state": "refused", "message": str(error)}
    except Exception:
        traceback.print_exc()  # to the server's log, not to the visitor
        yield {**head, "state": "refused", "message": text(FAILED)}
