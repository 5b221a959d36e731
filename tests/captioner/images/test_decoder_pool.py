"""Pictures are decoded in processes that can be killed: what one of them costs or breaks is nobody else's loss."""

import os
import signal
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from captioner.errors import BadInput
from captioner.images import decoder_pool
from captioner.images.decoder_pool import Budget, DecoderPool, WorkerEnded
from captioner.images.study import read_view
from tests.captioner.images.dicom_files import compressed, dicom_bytes, gradient
from tests.captioner.images.test_raster import saved

ROOT = Path(__file__).resolve().parents[3]
SMALL = saved(gradient())


@pytest.fixture
def pool():
    pool = DecoderPool()
    yield pool
    pool.close()


def read(pool, data, name="x.png"):
    return pool.read(BytesIO(data), len(data), name)[0]


def test_pixels_come_back_as_they_are(pool):
    for shape in ((40, 60), (333, 47)):
        values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        np.testing.assert_array_equal(read(pool, saved(values)), values)


def test_no_worker_is_started_before_it_is_needed_and_never_more_than_two(pool):
    assert pool._living == 0
    threads = [threading.Thread(target=read, args=(pool, SMALL)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= pool._living == len(pool._idle) <= decoder_pool.WORKERS
    pool.start()
    assert pool._living == len(pool._idle) == decoder_pool.WORKERS == 2


def test_a_worker_that_died_idle_is_replaced_and_no_picture_is_blamed(pool):
    pool.start()
    for worker in pool._idle:
        worker.process.kill()
        worker.process.wait()
    for _ in range(3):
        np.testing.assert_array_equal(read(pool, SMALL), gradient())
    assert 1 <= pool._living == len(pool._idle) <= 2


def endless(pixels=4000):
    """A JPEG of a few kilobytes whose scans cost seconds."""
    data = saved(np.zeros((pixels, pixels), np.uint8), "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    return data[:scan] + data[scan:-2] * (900_000_000 // pixels**2) + data[-2:]


def test_seconds_of_processor_are_bounded(pool, monkeypatch):
    monkeypatch.setattr(decoder_pool, "ORDINARY", Budget(0.5, 60, 500 << 20))
    (worker,) = [decoder_pool.Worker()]
    pool._idle, pool._living = [worker], 1
    read(pool, SMALL)
    with pytest.raises(BadInput, match="takes more time or memory"):
        read(pool, endless())
    assert worker.process.returncode == -signal.SIGPROF
    np.testing.assert_array_equal(read(pool, SMALL), gradient())


def test_time_on_the_clock_is_bounded(pool, monkeypatch):
    """A worker that does nothing uses no processor; the clock ends it."""
    monkeypatch.setattr(decoder_pool, "ORDINARY", Budget(60, 0.3, 500 << 20))
    worker = decoder_pool.Worker()
    pool._idle, pool._living = [worker], 1
    worker.process.stdout.readline()
    worker._ready = True
    os.kill(worker.process.pid, signal.SIGSTOP)
    with pytest.raises(BadInput, match="takes more time or memory"):
        read(pool, SMALL)
    assert worker.process.returncode == -signal.SIGKILL


def test_memory_is_bounded(pool, monkeypatch):
    large = saved(np.zeros((8000, 8000), np.uint8))
    assert len(large) < decoder_pool.LARGE_FILE
    monkeypatch.setattr(decoder_pool, "ORDINARY", Budget(60, 60, 30 << 20))
    with pytest.raises(BadInput, match="takes more time or memory|cannot be decoded"):
        read(pool, large)
    np.testing.assert_array_equal(read(pool, SMALL), gradient())


def test_a_file_over_eight_megabytes_has_the_budget_of_large_ones(pool, monkeypatch):
    monkeypatch.setattr(decoder_pool, "LARGE_FILE", 100)
    monkeypatch.setattr(decoder_pool, "ORDINARY", Budget(0, 0, 0))
    np.testing.assert_array_equal(read(pool, SMALL), gradient())


def test_jpeg_2000_of_many_pixels_has_a_budget_of_its_own(pool, monkeypatch):
    from pydicom import uid

    values = np.zeros((2000, 4200), np.uint16)
    data = dicom_bytes(values, syntax=uid.JPEG2000Lossless, frame=compressed(values, "JPEG2000"))
    asked = []
    decode = decoder_pool.Worker.decode

    def noted(self, file, size, name, budget):
        asked.append(budget)
        return decode(self, file, size, name, budget)

    monkeypatch.setattr(decoder_pool.Worker, "decode", noted)
    assert read(pool, data).shape == (2000, 4200)
    assert asked == [decoder_pool.ORDINARY, decoder_pool.JPEG_2000]


def test_large_pictures_leave_a_worker_to_ordinary_ones(pool):
    """While a large picture is at work and another waits, an ordinary one is read."""
    pool._one_large.acquire()  # a large one is at work
    waiting = threading.Thread(target=read, args=(pool, SMALL + b"\0" * decoder_pool.LARGE_FILE))
    waiting.start()
    np.testing.assert_array_equal(read(pool, SMALL), gradient())
    assert waiting.is_alive()
    pool._one_large.release()
    waiting.join()


def test_a_file_that_shrinks_meanwhile_is_damaged_and_costs_no_place(pool):
    with pytest.raises(BadInput, match="damaged or cut off"):
        pool.read(BytesIO(SMALL[:50]), len(SMALL), "x.png")
    np.testing.assert_array_equal(read(pool, SMALL), gradient())


def test_a_worker_that_never_comes_up_is_told_apart_from_a_picture(monkeypatch):
    monkeypatch.setattr(decoder_pool.sys, "executable", "/bin/false")
    worker = decoder_pool.Worker()
    with pytest.raises(WorkerEnded, match="did not start"):
        worker.decode(BytesIO(SMALL), len(SMALL), "x", decoder_pool.ORDINARY)
    worker.close()


def test_a_worker_sees_no_secret_holds_no_tensorflow_and_ends_with_its_parent(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    worker = decoder_pool.Worker()
    worker.decode(BytesIO(SMALL), len(SMALL), "x", decoder_pool.ORDINARY)
    folder = Path("/proc") / str(worker.process.pid)
    assert b"secret" not in (folder / "environ").read_bytes()
    assert "tensorflow" not in (folder / "maps").read_text()
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0
    worker.close()


@pytest.mark.parametrize("how", ["script", *(pytest.param(how, marks=pytest.mark.long) for how in ("-c", "-"))])
def test_any_kind_of_program_reads_a_study(tmp_path, how):
    """A script without a `__main__` guard, a line on the command line, and standard input."""
    (tmp_path / "x.png").write_bytes(SMALL)
    program = "import captioner\nprint(captioner.read_study('x.png').frontal.pixels.shape)\n"
    (tmp_path / "read.py").write_text(program)
    command = {"script": ["read.py"], "-c": ["-c", program], "-": ["-"]}[how]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        input=program,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("(40, 60)", "", 0)


def test_a_fork_has_workers_of_its_own(tmp_path):
    """As data loaders that fork do: parent and child read at once, and neither gets the other's picture."""
    for side in (40, 50):
        (tmp_path / f"{side}.png").write_bytes(saved(gradient(side)))
    program = (
        "import os, sys\nfrom captioner.images.study import read_view\n"
        "read_view('40.png')\nchild = os.fork()\nside = 50 if child else 40\n"
        "right = all(read_view(f'{side}.png').pixels.shape[0] == side for _ in range(20))\n"
        "code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0\n"
        "sys.exit(0 if right and code == 0 else 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_reader_of_studies_goes_through_the_pool(tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    path.write_bytes(SMALL)
    decoded = np.ones((2, 2), np.uint8), {"colour": False}
    monkeypatch.setattr(decoder_pool.pool(), "read", lambda file, size, name: decoded)
    assert read_view(path).pixels.shape == (2, 2)
