"""Pictures are decoded in processes of their own, which can be killed: at most two of them, each within a named budget.

A decoder's work on hostile bytes has no bound that could be told from outside. So a worker sets limits on its own time
and memory (`captioner.images.decoder_worker`), this process keeps the clock, and a worker that goes beyond is replaced.
The workers are plain subprocesses that talk JSON and pixels over pipes: nothing is pickled, no script needs a
`__main__` guard, and nothing is written anywhere.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from captioner.errors import BadInput
from captioner.images.limits import MAX_PIXELS, damaged, too_costly
from captioner.sentence import Sentence, of_data

WORKERS = 2
START = 120.0  # seconds that a worker may take to come up, on a machine that does much else
PATIENCE = 120.0  # seconds that a picture waits for a worker
CHUNK = 1 << 20
ROOT = Path(__file__).resolve().parents[2]
# All that a worker sees of this process's environment: no token and no password is in it.
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL", "HOME")


@dataclass(frozen=True)
class Budget:
    """What one picture may cost.

    Attributes:
        cpu: seconds of processor.
        wall: seconds on the clock, from the first byte that the worker is sent.
        memory: bytes, over what the worker holds at rest.
    """

    cpu: float
    wall: float
    memory: int


LARGE_FILE = 8 << 20  # bytes; a file up to this size has the ordinary budget
ORDINARY = Budget(cpu=2.9, wall=30.0, memory=470 << 20)  # a worker that has read all formats holds 120 MB: 600 together
LARGE = Budget(cpu=8, wall=30.0, memory=1300 << 20)
JPEG_2000 = Budget(cpu=40, wall=120.0, memory=1300 << 20)
"""For JPEG 2000 of more than `limits.QUICK_JPEG_2000` pixels: 64 million of them take a worker some 15 s.

The seconds on the clock are more than those of the processor, which other work may share: a decoder waits for nothing.
"""


class WorkerEnded(Exception):
    """The worker exceeded its budget and was killed."""


class Worker:
    """One process that decodes, one picture at a time."""

    def __init__(self) -> None:
        path = [str(ROOT), *(entry for entry in sys.path if entry)]
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-P", "-m", "captioner.images.decoder_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, **threads, "PYTHONPATH": os.pathsep.join(path)},
        )
        self._ready = False
        self._to: Any = self.process.stdin
        self._from: Any = self.process.stdout  # pipes, since the process was started with them

    def decode(self, file: BinaryIO, size: int, name: str, budget: Budget) -> tuple[dict[str, Any], np.ndarray | None]:
        """Decode one file.

        Args:
            file: binary file, read from its current position.
            size: bytes of it.
            name: how messages name it.
            budget: Budget.

        Returns:
            `(answer, pixels)`: the worker's dict, see `captioner.images.decoder_worker.serve`, and uint8
            `(rows, columns)`, or None.

        Raises:
            WorkerEnded: it went beyond the budget, or was never there.
            BadInput: the file became shorter meanwhile.
        """
        if not self._ready:
            with self._deadline(START):
                if not self._from.readline():
                    raise WorkerEnded("did not start")
            self._ready = True
        request = {
            "name": name,
            "bytes": size,
            "cpu": budget.cpu,
            "memory": budget.memory,
            "slow": budget is JPEG_2000,
        }
        with self._deadline(budget.wall):
            sink = self._to
            sink.write(json.dumps(request).encode() + b"\n")
            left = size
            while left:
                chunk = file.read(min(CHUNK, left))
                if not chunk:
                    raise BadInput(damaged(name))
                sink.write(chunk)
                left -= len(chunk)
            sink.flush()
            line = self._from.readline()
            answer = json.loads(line) if line.endswith(b"\n") else None
            if answer is None:
                raise WorkerEnded("beyond its budget")
            if "rows" not in answer:
                return answer, None
            if not 0 < answer["rows"] * answer["columns"] <= MAX_PIXELS:
                raise WorkerEnded("gave no picture")
            pixels = np.empty((answer["rows"], answer["columns"]), np.uint8)
            if self._from.readinto(pixels.data.cast("B")) != pixels.size:
                raise WorkerEnded("beyond its budget")
        return answer, pixels

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process if what is inside takes longer; whatever breaks by that is WorkerEnded."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, ValueError) as error:  # the pipe broke in the middle of a word
            if isinstance(error, BadInput):
                raise
            raise WorkerEnded("its pipe broke") from None
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self._to, self._from):
            try:
                pipe.close()
            except OSError:  # what was not yet written has nobody to go to
                pass


class DecoderPool:
    """At most `WORKERS` workers, started when they are first needed, or ahead by `start`.

    Only one of them at a time works on what has more than the ordinary budget, so that one is always there for the
    ordinary picture of somebody else.
    """

    def __init__(self, workers: int = WORKERS) -> None:
        self._idle: list[Worker] = []
        self._living = 0
        self._most = workers
        self._change = threading.Condition()
        self._one_large = threading.Lock()

    def start(self) -> Self:
        """Start all workers now, so that the first picture need not wait; returns at once."""
        with self._change:
            while self._living < self._most:
                self._idle.append(Worker())
                self._living += 1
        return self

    def read(self, file: BinaryIO, size: int, name: str) -> Any:
        """Decode one picture file of any supported format.

        Args:
            file: binary file that can seek.
            size: bytes of it.
            name: how messages name it.

        Returns:
            `(pixels, answer)`: uint8 `(rows, columns)`, and what the worker told of it, `"colour"` and
            `"statement"` among it.

        Raises:
            BadInput: it is no picture that is read here, it costs more than any budget allows, or too many others wait.
        """
        if size <= LARGE_FILE:
            answer, pixels = self._decoded(file, size, name, ORDINARY)
            if "slow" not in answer:
                return self._told(answer, pixels)
        if not self._one_large.acquire(timeout=PATIENCE):
            raise BadInput(_busy(name))
        try:
            answer = {"slow": True}
            if size > LARGE_FILE:
                answer, pixels = self._decoded(file, size, name, LARGE)
            if "slow" in answer:
                answer, pixels = self._decoded(file, size, name, JPEG_2000)
        finally:
            self._one_large.release()
        return self._told(answer, pixels)

    def close(self) -> None:
        """End the workers that are idle; those at work end with their picture."""
        with self._change:
            idle, self._idle = self._idle, []
            self._living -= len(idle)
        for worker in idle:
            worker.close()

    def _told(self, answer: dict[str, Any], pixels: np.ndarray | None) -> Any:
        if pixels is None:
            raise BadInput(of_data(answer["refused"]))
        return pixels, answer

    def _decoded(self, file: BinaryIO, size: int, name: str, budget: Budget) -> Any:
        file.seek(0)
        worker = self._taken(name)
        try:
            found = worker.decode(file, size, name, budget)
        except WorkerEnded:
            self._replaced(worker)
            raise BadInput(too_costly(name)) from None
        except BaseException:  # interrupted half-way: what this worker says next would belong to another picture
            self._replaced(worker)
            raise
        with self._change:
            self._idle.append(worker)
            self._change.notify()
        return found

    def _taken(self, name: str) -> Worker:
        end = time.monotonic() + PATIENCE
        with self._change:
            while True:
                if self._idle:
                    worker = self._idle.pop()
                    if worker.process.poll() is None:
                        return worker
                    worker.close()  # something else killed it meanwhile
                    self._living -= 1
                if self._living < self._most:
                    worker = Worker()
                    self._living += 1
                    return worker
                if not self._change.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise BadInput(_busy(name))

    def _replaced(self, worker: Worker) -> None:
        worker.close()
        try:
            fresh = [Worker()]
        except OSError:  # the next who needs one tries again, and is told
            fresh = []
        with self._change:
            self._idle += fresh
            self._living += len(fresh) - 1
            self._change.notify()


def _busy(name: str) -> Sentence:
    return Sentence("{name} was not read: too many pictures are being read just now, try again in a minute.", name=name)


_pool = DecoderPool()


def pool() -> DecoderPool:
    """The DecoderPool of this process."""
    return _pool


def _fresh_pool() -> None:
    global _pool
    _pool = DecoderPool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh_pool)  # a fork must not share its parent's pipes
atexit.register(lambda: _pool.close())
