"""Long work behind the page: its progress for the browser, and a way to stop it.

A listener of Gradio's is a generator, and a generator that computes cannot say how far it is. So the work runs in a
thread of its own, and the listener only passes on how far that is.
"""

import threading
import traceback
from collections import OrderedDict

from captioner import BadInput
from explain.method import Stopped

MODEL = {"concurrency_id": "model", "concurrency_limit": 1}
"""Whatever uses a model shares one place in the queue: two searches at once would only halve each other's speed."""

SLOW = {"concurrency_id": "explanations", "concurrency_limit": 1}
"""What takes seconds has a place in the queue of its own: nobody's impression waits for another's explanation."""

EVERY = 0.15  # seconds between two reports
FAILED = "This could not be computed."
_VISITORS = 1000  # who asked to stop something, the last of them


class Stops:
    """What each visitor no longer wants.

    The browser counts its wishes of a kind, so a wish can be taken back before the server has begun with it.
    """

    def __init__(self):
        self._last = OrderedDict()

    def stop(self, visitor, kind, number):
        """Take back the wishes of that kind up to this number (inclusive)."""
        key = visitor, kind
        self._last[key] = max(number, self._last.pop(key, 0))
        while len(self._last) > _VISITORS:
            self._last.popitem(last=False)

    def stopped(self, visitor, kind, number):
        """Whether the wish of that number was taken back."""
        return number <= self._last.get((visitor, kind), 0)


def number(asked):
    """The number that the browser gave its wish, at least 1; what is none counts as 1."""
    value = asked.get("number") if isinstance(asked, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else 1


class Job:
    """`work(progress)` in a thread: iterate for `(done, of)`, then ask for the result.

    Args:
        work: a function of `progress`, which it calls as explain.method.Method.explain does.
        stopped: () -> bool, whether the result is not wanted any longer.
    """

    def __init__(self, work, stopped):
        self._work, self._stopped = work, stopped
        self._left, self._ended = threading.Event(), threading.Event()
        self._at, self._found, self._error = (0, 1), None, None

    def __iter__(self):
        threading.Thread(target=self._run, name="explanation", daemon=True).start()
        try:
            while not self._ended.wait(EVERY):
                if self._stopped():
                    raise Stopped  # at once: the next visitor does not wait until the work asks whether it is wanted
                yield self._at
        finally:
            self._left.set()  # stopped, or the visitor has gone and Gradio closes this: nobody waits for the rest

    def _run(self):
        try:
            self._found = self._work(self._progress)
        except BaseException as error:  # told to who asks for the result
            self._error = error
        finally:
            self._ended.set()

    def _progress(self, done, of):
        self._at = done, of
        return self._left.is_set() or self._stopped()

    def result(self):
        """What the work returned; raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._found


def answers(event, request, stops, kind, work, /, **about):
    """`told` of the wish that an event brings, which its visitor may take back.

    Args:
        event: gr.EventData of the wish.
        request: gr.Request of the visitor's.
        stops: Stops.
        kind: what the browser counts such wishes under.
        work, about: as in `told`.
    """
    count, visitor = number(event._data), request.session_hash
    return told(count, work, lambda: stops.stopped(visitor, kind, count), **about)


def told(count, work, stopped, **about):
    """What the browser is told of a job, one dict after the other.

    Args:
        count: the number of the wish.
        work, stopped: as in Job; the work returns a dict.
        about: goes into every answer.

    Yields:
        dict of "number", "state" ("working" | "done" | "stopped" | "refused"), with "done" and "of" while it works, what
        the work returned when it is done, and "message" when it is refused.
    """
    head = {"number": count, **about}
    if stopped():
        yield {**head, "state": "stopped"}
        return
    yield {**head, "state": "working", "done": 0, "of": 1}
    job = Job(work, stopped)
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
        yield {**head, "state": "refused", "message": FAILED}
