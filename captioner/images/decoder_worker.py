"""The other end of `captioner.images.decoder_pool`: a process that turns bytes into pixels until its parent is gone.

It holds no secret and no TensorFlow, may write no file, and sets its own limits before it looks at a picture, so that a
picture which costs too much ends this process and nothing else.
"""

import json
import os
import signal
import sys
from typing import BinaryIO

import cv2
import numpy as np

from captioner.errors import BadInput
from captioner.images import limits
from captioner.images.dicom import is_dicom, read_dicom
from captioner.images.dicom_statement import statement
from captioner.images.raster import read_picture
from captioner.sentence import Sentence

try:
    import resource
except ImportError:  # not a Unix: the parent's clock is the only limit there
    resource = None  # type: ignore[assignment]

READY = b"\n"


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until there are no more.

    A request is a line of JSON, `{"name", "bytes", "cpu", "memory", "slow"}`, and as many bytes as it says. The answer
    is a line of JSON: `{"rows", "columns", "colour", "statement"}` with the pixels behind it (the statement is what a
    DICOM file says of its picture, else null), `{"refused": sentence}` (as `captioner.sentence.Sentence.as_data` has
    it), or `{"slow": true}` when the picture needs the budget of slow ones.

    Args:
        source, sink: binary files.
    """
    sink.write(READY)
    sink.flush()
    while line := source.readline():
        request = json.loads(line)
        _limit(request["cpu"], request["memory"])
        limits.set_slow_allowed(request["slow"])
        data = pixels = None
        try:
            data = source.read(request["bytes"])
            said = None
            if is_dicom(data):
                pixels, colour = read_dicom(data, request["name"])
                said = statement(data, request["name"]).as_dict()
            else:
                pixels, colour = read_picture(data, request["name"])
            answer = {"rows": pixels.shape[0], "columns": pixels.shape[1], "colour": colour, "statement": said}
        except limits.SlowPicture:
            answer = {"slow": True}
        except MemoryError:
            answer = {"refused": limits.too_costly(request["name"]).as_data()}
        except BadInput as error:
            answer = {"refused": _sentence(error).as_data()}
        except Exception:  # of a decoder that met what it did not expect outside `limits.decoding`
            answer = {"refused": limits.damaged(request["name"]).as_data()}
        del data
        if resource is not None:
            signal.setitimer(signal.ITIMER_PROF, 0)
        sink.write(json.dumps(answer).encode() + b"\n")
        if pixels is not None:
            sink.write(np.ascontiguousarray(pixels).data.cast("B"))
        sink.flush()


def _sentence(error: BadInput) -> Sentence:
    said = error.args[0]
    return said if isinstance(said, Sentence) else Sentence(said)


def _limit(cpu: float, memory: int) -> None:
    """Let this process use `cpu` more seconds of processor, and `memory` more bytes of address space, than it has.

    A timer counts the seconds and not RLIMIT_CPU, which counts from the process's start: what the two clocks of the
    kernel differ by would add up from picture to picture.
    """
    if resource is None:
        return
    signal.setitimer(signal.ITIMER_PROF, cpu)  # when it runs out, SIGPROF ends the process
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
    except OSError:  # no /proc: the processor's limit and the clock remain
        return
    _soft(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)


def _soft(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def main() -> None:
    """Serve standard input and output; whatever a decoder prints goes nowhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; this process ends when its input does
    cv2.setNumThreads(1)
    sink = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if resource is not None:
        _soft(resource.RLIMIT_CORE, 0)
        _soft(resource.RLIMIT_FSIZE, 0)
    try:
        serve(sys.stdin.buffer, sink)
    except BrokenPipeError:
        pass  # the parent has exited


if __name__ == "__main__":
    main()
