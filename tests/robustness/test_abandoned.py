"""Who begins and stops, who leaves, and who never listens leave nothing behind; thirty visitors fit into two gigabytes.

`python -m pytest tests/robustness/test_abandoned.py -m "long or not long"`: twenty times with the weights that the page
comes with, and thirty visitors who caption, explain, put on trial and change their pictures at once.
"""

import threading
import time

import pytest

from captioner.checkpoint import store
from panels.server import memory
from tests.robustness.server import ask, at_once, begin_session, dashboard_process, listener, state, upload

WAIT = 1500  # seconds, on a machine that does much else
MOST = 2 << 30  # bytes of the main process
MINUTES = 3  # in which the memory must be back; the promise is one, on a machine of one's own
LONG = pytest.mark.long


def until(condition, seconds=WAIT):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture(scope="module")
def served(request, tmp_path_factory, tiny_checkpoint):
    """One page for all tests with a checkpoint: its process, its address and the checkpoint's name."""
    folder = tiny_checkpoint if request.param == "tiny" else store.DEFAULT
    with dashboard_process(tmp_path_factory.mktemp("page"), "--checkpoint", folder) as (process, address):
        yield process.pid, address, folder.name


def explained(address, visitor, shown, method, number, word=None):
    """Ask for maps of the impression as the page does; yields what is told."""
    wish = {"id": shown["id"], "method": method, "word": word, "number": number}
    return ask(address, listener(address, "viewer", "slow_maps"), [None], visitor, wish)


@pytest.mark.parametrize("served, times", [("tiny", 8), pytest.param("default", 20, marks=LONG)], indirect=["served"])
def test_slow_work_begun_and_stopped_again_and_again_leaves_nothing(served, chest, times):
    process, address, checkpoint = served
    shown = begin_session(address, upload(address, chest), checkpoint, "ann")
    *_, told = explained(address, "ann", shown, "smooth-grad", 1, word=0)  # what is built once is built
    assert told["output"]["data"][0]["state"] == "done", told
    held, threads = state(process)
    stop = listener(address, "viewer", "stop")
    for number in range(2, times + 2):
        answers = explained(address, "ann", shown, "integrated-gradients", number)
        while next(answers)["msg"] != "process_generating":
            pass
        at_once(address, stop, [], "ann", {"kind": "maps", "number": number})
        *_, last = answers
        assert last["msg"] == "process_completed"
        assert state(process)[1] <= threads + 6
    *_, told = explained(address, "ann", shown, "smooth-grad", times + 2, word=0)  # the place is free
    assert told["output"]["data"][0]["state"] == "done"
    until(lambda: state(process)[1] <= threads + 1)
    # The graph of another method was built meanwhile, which is kept.
    until(lambda: state(process)[0] <= 1.1 * held + (250 << 20), MINUTES * 60)


def visit(address, picture, checkpoint, visitor, wrong):
    """One visitor: an impression, maps, the evidence of a word and a changed picture."""
    try:
        shown = begin_session(address, picture, checkpoint, visitor)
        kinds = {"slow_maps": "viewer", "wanted": "trust", "changed": "what-if"}
        for event, element in kinds.items():
            wish = {"id": shown["id"], "method": "occlusion", "word": 0, "number": 1}
            inputs = [None, None] if element == "what-if" else [None]
            *_, told = ask(address, listener(address, element, event), inputs, visitor, wish)
            assert told["success"], told
    except Exception as error:
        wrong.append((visitor, repr(error)))


@pytest.mark.parametrize(
    "served, visitors", [("tiny", 4), pytest.param("default", 30, marks=LONG)], indirect=["served"]
)
def test_visitors_who_do_everything_at_once_fit_into_two_gigabytes(served, chest, visitors):
    process, address, checkpoint = served
    wrong = []
    picture = upload(address, chest)
    visit(address, picture, checkpoint, "first", wrong)
    time.sleep(memory.EVERY + 1)  # the page gives memory back by itself
    rest, most = state(process)[0], 0
    threads = [
        threading.Thread(target=visit, args=(address, picture, checkpoint, f"v{number}", wrong), daemon=True)
        for number in range(visitors)
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + WAIT
    while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
        most = max(most, state(process)[0])
        time.sleep(0.1)
    assert wrong == [] and not any(thread.is_alive() for thread in threads)
    assert most < MOST
    print(f"at rest {rest >> 20} MB, at the most {most >> 20} MB")
    until(lambda: state(process)[0] <= 1.1 * rest, MINUTES * 60)
