"""Slow work that is begun and stopped again and again leaves nothing behind.

`python -m pytest tests/robustness/test_abandoned.py -m "long or not long"`: five times with a small network, twenty
times with the weights that the page comes with. Jobs are begun and stopped in tests/panels/server/test_jobs.py, too.
"""

import pytest

from captioner.checkpoint import store
from tests.robustness.server import ask, at_once, begin_session, dashboard_process, listener, state, until, upload

WAIT = 1500  # seconds, on a machine that does much else
MINUTES = 3  # in which the memory must be back; the promise is one, on a machine of one's own
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def served(request, tmp_path_factory, tiny_checkpoint):
    """One page for all tests with a checkpoint: its process, its address and the checkpoint's name."""
    folder = tiny_checkpoint if request.param == "tiny" else store.DEFAULT
    with dashboard_process(tmp_path_factory.mktemp("page"), "--checkpoint", folder) as (process, address):
        yield process.pid, address, next(iter(store.by_name([folder])))


def explained(address, visitor, shown, method, number, word=None):
    """Ask for maps of the impression as the page does; yields what is told."""
    wish = {"id": shown["id"], "method": method, "word": word, "number": number}
    return ask(address, listener(address, "viewer", "slow_maps"), [None], visitor, wish)


@pytest.mark.parametrize("served, times", [("tiny", 5), ("default", 20)], indirect=["served"])
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
    until(lambda: state(process)[1] <= threads + 1, WAIT)
    # The graph of another method was built meanwhile, which is kept.
    until(lambda: state(process)[0] <= 1.1 * held + (250 << 20), MINUTES * 60)
