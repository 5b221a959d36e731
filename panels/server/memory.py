"""Memory that is not needed any longer goes back to the system, and does not stay with the process."""

import ctypes
import gc
import os
import threading

EVERY = 15.0  # seconds between two looks
GROWN = 1.03  # times what was held after the last time, from which on it is worth the while

ARENAS, M_ARENA_MAX = 4, -8  # of malloc: each keeps what its threads once needed; the number is mallopt's name for it

try:
    _libc = ctypes.CDLL("libc.so.6")
    _trim, _mallopt = _libc.malloc_trim, _libc.mallopt
except (OSError, AttributeError):  # not the GNU C library: the process keeps what it has
    _trim = _mallopt = None  # type: ignore[assignment]

_one_at_a_time = threading.Lock()


def held() -> int:
    """Bytes of memory that this process holds; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def give_back() -> None:
    """Collect what refers to itself only, such as graphs, and give free memory back to the system."""
    with _one_at_a_time:
        gc.collect()
        if _trim is not None:
            _trim(0)


def keep_small(stop: threading.Event | None = None) -> None:
    """Give memory back again and again, in a thread of its own, whenever the process has grown.

    Args:
        stop: threading.Event that ends it; None for never.
    """
    ended = stop or threading.Event()
    if _mallopt is not None:
        _mallopt(M_ARENA_MAX, ARENAS)

    def look() -> None:
        rest = 0.0
        while not ended.wait(EVERY):
            if held() > rest * GROWN:
                give_back()
                rest = held()

    threading.Thread(target=look, name="memory", daemon=True).start()
