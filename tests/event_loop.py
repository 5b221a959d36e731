"""Coroutines run by tests, each on an event loop of its own."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run(coroutine: Coroutine[Any, Any, Any], timeout: float = 60) -> Any:
    """What `coroutine` returns, or the exception that it raises; `TimeoutError` after `timeout` seconds.

    It runs in a thread of its own: once a browser test has run, Playwright's driver leaves a loop running in the main
    thread, where `asyncio.run` then refuses to start.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(coroutine, timeout)).result()
