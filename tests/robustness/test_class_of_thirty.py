"""A class of thirty behind one address: a school has one, and nobody of an honest class is turned away.

`python -m pytest tests/robustness/test_class_of_thirty.py -m "long or not long" -s` holds the lesson of
docs/teaching.md minute by minute, on the page as it is started for a class and with its own weights: the teacher and
three of the students in Chromium, twenty-seven more over HTTP, each of whom asks for all that the first phone asked
for. It prints how long joining takes, how long it is from an answer to the wall, and what the server needs meanwhile.
CXR_MINUTE says how many seconds a minute of the lesson has.
"""

import json
import os
import random
import re
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import httpx
import numpy as np
import pytest

from panels.class_room.answer import CHOICES
from panels.server.model_pool import ModelPool
from tests.browser.conftest import browser  # noqa: F401
from tests.robustness.server import API, dashboard_process, listener, seconds_of_processor, state
from tests.stand_in import StandIn, serve, write_examples

CLASS = 30
BY_HTTP = CLASS - 3
MINUTE = float(os.environ.get("CXR_MINUTE", 60))  # seconds
LOOKS = 2.5  # seconds between two looks of a phone (panels/class_room/class_room.js)
WAIT = 120_000  # milliseconds for what happens in Chromium beside twenty-seven others
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PROJECTOR = {"width": 1920, "height": 1080}


class Student:
    """A phone without a screen.

    Args:
        address: of the page.
        function: the number of the listener that a class's browsers ask.
        number: of the student; says what he answers, too.
    """

    def __init__(self, address, function, number):
        self.address, self.function, self.number, self.visit = address, function, number, f"student{number}"
        self.client = httpx.Client(timeout=120)
        self.seat = self.version = self.at = None
        self.kept, self.refused = [], []
        self.joined = self.answered = 0.0
        self.bytes = self.requests = 0

    def fetch(self, asked):
        """Ask for what a phone asked for, in its order; streams stay open, as they do there.

        Args:
            asked: `[(method, path, body)]`; what is a function instead is called in its place.
        """
        for one in asked:
            if callable(one):
                one()
                continue
            method, path, body = one
            request = self.client.build_request(method, self.address + path, content=body)
            if body:
                request.headers["content-type"] = "application/json"
            response = self.client.send(request, stream=True)
            if response.status_code != 200:
                self.refused.append((response.status_code, path))
            if "/heartbeat/" in path or "/queue/data" in path:
                self.kept.append(response)
            else:
                self.bytes += len(response.read())
                self.requests += 1
                response.close()

    def act(self, **wish):
        body = {"data": [], "fn_index": self.function, "session_hash": self.visit, "event_data": wish}
        answer = self.client.post(f"{self.address}{API}/run/predict", json=body)
        assert answer.status_code == 200, answer.text
        told = answer.json()["data"][0]
        if told["state"] not in ("same", "seat"):
            self.refused.append(told)
        if told["state"] == "seat":
            self.version, self.at = told["version"], told["at"]
        return told

    def join(self, code):
        self.seat = self.act(do="join", code=code)["seat"]
        self.joined = time.time()

    def answer(self):
        finding = CHOICES[self.number % len(CHOICES)]
        point = [0.2 + 0.02 * self.number, 0.9 - 0.02 * self.number]
        self.answered = time.time()
        self.act(do="answer", seat=self.seat, at=self.at, answer={"finding": finding, "frontal": point})
        return finding, point

    def look_until(self, good, every=LOOKS):
        """Look again and again as a phone does, until `good(told)`; returns what is told then."""
        while True:
            told = self.act(do="look", seat=self.seat, seen=self.version, has=self.at)
            if told["state"] == "seat" and good(told):
                return told
            time.sleep(every * random.uniform(0.8, 1.2))


def test_thirty_who_come_at_once_and_mistype_are_all_served(tmp_path_factory):
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url, ThreadPoolExecutor(CLASS) as threads:
        function = listener(url, "class-room", "act")
        teacher = Student(url, function, 0)
        wall = teacher.act(do="open", cases=["effusion"], base=url)
        teacher.refused.clear()  # a wall is no seat
        students = [Student(url, function, number) for number in range(CLASS)]
        together = threading.Barrier(CLASS)

        def comes(student):
            together.wait()
            student.fetch([("GET", f"?class={wall['code']}", None)])
            mistyped = student.act(do="join", code="ZZZZZZ")
            assert "no open room" in mistyped["message"] and student.refused.pop() == mistyped
            together.wait()  # all thirty have mistyped by now
            student.join(wall["code"])
            return student.answer()

        given = list(threads.map(comes, students))
        seen = teacher.act(do="look", key=wall["key"], has=0)
        assert (seen["joined"], seen["answered"]) == (CLASS, CLASS)
        told = teacher.act(do="reveal", key=wall["key"], has=0)["told"]
        assert told["answered"] == CLASS and sum(found["count"] for found in told["findings"]) == CLASS

        def ends(student):
            return student.look_until(lambda shown: shown["revealed"], every=0.05)

        for (finding, point), shown in zip(given, threads.map(ends, students), strict=True):
            assert shown["own"] == {"finding": finding, "frontal": pytest.approx(point), "lateral": None}
            assert shown["told"] == told
        assert [student.refused for student in students] == [[]] * CLASS


# ---- the lesson of docs/teaching.md ----


def own_address():
    """This machine's address in its network, as `hostname -I` tells it; None where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return None
        return probe.getsockname()[0]


def in_good_time(process):
    """Wait, ten minutes at the most, until a page that was just started has prepared what it prepares by itself."""
    end = time.time() + 600
    while time.time() < end:
        before = seconds_of_processor(process)
        time.sleep(3)
        if seconds_of_processor(process) - before < 0.3:
            return


class Asked:
    """What a page asks its server for, in order."""

    def __init__(self, page, address):
        self._address, self._found = address, []
        page.on("request", self._note)

    def _note(self, request):
        if request.url.startswith(self._address):
            self._found.append((request.method, request.url.removeprefix(self._address), request.post_data))

    def by(self, student, code):
        """The same for another visit, as `Student.fetch` takes it, which joins by itself when its turn has come."""
        told = []
        for method, path, body in self._found:
            visit = re.search(r"session_hash=(\w+)", path) or re.search(r"/heartbeat/(\w+)", path)
            if body:
                data = json.loads(body)
                if (do := (data.get("event_data") or {}).get("do")) is not None:
                    told += [partial(student.join, code)] if do == "join" else []
                    continue
                body = json.dumps({**data, "session_hash": student.visit})
            told.append((method, path.replace(visit[1], student.visit) if visit else path, body))
        return told


class Server:
    """What the page's process holds and does, looked at again and again in a thread of its own."""

    def __init__(self, process):
        self.process, self.most, self._over = process, 0, threading.Event()
        self.begun, self.cpu = time.time(), seconds_of_processor(process)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while not self._over.wait(0.2):
            self.most = max(self.most, state(self.process)[0])

    def told(self):
        self._over.set()
        self._thread.join()
        took = time.time() - self.begun
        used = seconds_of_processor(self.process) - self.cpu
        return f"{took / 60:.1f} minutes, at the most {self.most >> 20} MB, {used / took:.2f} of a core ({used:.0f} s)"


COUNTED = """() => {
  const node = document.querySelector(".cxr-wall-count");
  window.counted = [];
  new MutationObserver(() => window.counted.push([Date.now() / 1000, Number(node.querySelector("b").textContent)]))
    .observe(node, { childList: true, subtree: true, characterData: true });
}"""


def scanned(wall):
    """The link in the QR code, read off what is projected."""
    picture = cv2.imdecode(np.frombuffer(wall.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    return cv2.QRCodeDetector().detectAndDecode(picture)[0]


def marks(phone, finding):
    """Tap both views, pick a finding, and send; returns when."""
    for place in range(2):
        phone.locator(".cxr-marking-picture").nth(place).tap(position={"x": 90, "y": 120})
    phone.locator(".cxr-seat select").select_option(finding)
    sent = time.time()
    phone.get_by_role("button", name="Send").tap()
    phone.wait_for_function("document.querySelector('.cxr-seat-said').textContent.includes('Your answer is in')")
    return sent


def said(name, seconds):
    print(f"{name}: median {statistics.median(seconds):.1f} s, at the most {max(seconds):.1f} s")


@pytest.mark.long
def test_the_ten_minutes_of_docs_teaching_with_thirty_phones(browser, tmp_path_factory):  # noqa: F811
    host = own_address() or "127.0.0.1"
    with dashboard_process(tmp_path_factory.mktemp("page"), "--host", "0.0.0.0") as (process, local):
        address = local.replace("127.0.0.1", host)
        complaints = []

        def page(**options):
            opened = browser.new_context(**options).new_page()
            opened.set_default_timeout(WAIT)
            opened.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
            opened.on("pageerror", lambda error: complaints.append(str(error)))
            return opened

        # Before the class.
        wall = page(viewport=PROJECTOR)
        wall.goto(address)
        wall.wait_for_selector(".cxr-word")
        begun = time.time()
        in_good_time(process.pid)
        print(f"\nthe page had prepared itself {time.time() - begun:.0f} s after it was first seen")
        wall.get_by_role("tab", name="Class", exact=True).click()
        wall.wait_for_selector(".cxr-class-code:enabled")
        wanted = ("Enlarged heart", "Left pleural effusion", "Nodule")
        for box in wall.locator(".cxr-class-cases label").all():
            box.locator("input").set_checked(box.text_content() in wanted)
        wall.get_by_role("button", name="Open the room").click()
        wall.wait_for_selector(".cxr-wall-qr")
        wall.wait_for_function("document.querySelector('.cxr-wall-qr').complete")
        code = re.sub(r"\W", "", wall.locator(".cxr-wall-code").text_content().removeprefix("Code:"))
        link = scanned(wall)
        assert link == f"{address}?class={code}"
        assert wall.locator(".cxr-wall-local").is_visible() == (host == "127.0.0.1")
        wall.evaluate(COUNTED)
        server, begun = Server(process.pid), time.time()

        def until(minute):
            wall.wait_for_timeout(max(0.0, begun + minute * MINUTE - time.time()) * 1000)

        # Minute 0: join. One phone first, whose requests the others make, too; the last one types the code.
        phones = [page(**PHONE) for _ in range(3)]
        asked = Asked(phones[0], address)
        came = time.time()
        phones[0].goto(link)
        phones[0].wait_for_selector(".cxr-seat")
        joining = [time.time() - came]
        function = listener(address, "class-room", "act")
        students = [Student(address, function, number) for number in range(BY_HTTP)]
        with ThreadPoolExecutor(BY_HTTP) as threads:

            def comes(student):
                came = time.time()
                student.fetch(asked.by(student, code))
                return student.joined - came

            coming = [threads.submit(comes, student) for student in students]
            for phone, where in zip(phones[1:], (link, address)):
                came = time.time()
                phone.goto(where)
                if where == address:
                    phone.get_by_role("tab", name="Class", exact=True).tap()
                    phone.wait_for_selector(".cxr-class-code:enabled")
                    phone.locator(".cxr-class-code").fill(f"{code[:3].lower()} {code[3:].lower()}")
                    phone.get_by_role("button", name="Join").tap()
                phone.wait_for_selector(".cxr-seat")
                joining.append(time.time() - came)
            said("joining, in Chromium", joining)
            joining += [one.result() for one in coming]
            wall.wait_for_function(f"document.querySelector('.cxr-wall-count').textContent === '0 of {CLASS} answered'")
            print(f"all {CLASS} on the wall {time.time() - begun:.1f} s after the first had scanned the code")
            said("joining, all", joining)
            loaded = students[0]
            print(f"each fetched {loaded.bytes >> 10} KB (unpacked) in {loaded.requests} requests")

            reaching, showing = [], []
            for case, reveal in enumerate((3, 6, 9)):
                # Look and mark.
                until(reveal - 2)
                wall.wait_for_function("document.querySelector('.cxr-wall-count b').textContent === '0'")
                wall.evaluate("window.counted.splice(0)")

                def answers(student, case=case):
                    student.look_until(lambda told: told["at"] == case and not told["revealed"])
                    time.sleep(random.uniform(0, 1.2 * MINUTE))
                    student.answer()

                going = [threads.submit(answers, student) for student in students]
                times = []
                for phone in phones:
                    phone.wait_for_function(
                        f"document.querySelector('.cxr-seat h2').textContent === 'Case {case + 1} of 3'"
                    )
                    times.append(marks(phone, "effusion"))
                for one in going:
                    one.result()
                times = sorted([*times, *(student.answered for student in students)])
                wall.wait_for_function(f"document.querySelector('.cxr-wall-count b').textContent === '{CLASS}'")
                counted = [tuple(one) for one in wall.evaluate("window.counted.splice(0)")]
                for number, when in enumerate(times, 1):
                    reaching.append(next(at for at, count in counted if count >= number) - when)

                # Reveal.
                until(reveal)
                pressed = time.time()
                ends = [
                    threads.submit(lambda one: (one.look_until(lambda told: told["revealed"]), time.time())[1], student)
                    for student in students
                ]
                wall.get_by_role("button", name="Reveal").click()
                wall.wait_for_selector(".cxr-wall-pair section:nth-child(2) canvas")
                assert f"The class: where {CLASS} marked" in wall.locator(".cxr-wall-pair").text_content()
                for phone in phones:
                    phone.wait_for_selector(".cxr-seat-verdict")
                showing += [one.result() - pressed for one in ends]
                if case < 2:
                    until(reveal + 1)
                    wall.get_by_role("button", name="Next case").click()
            said("from an answer to the wall", reaching)
            said("from the reveal to the phones", showing)

        # Minute 10: close.
        until(10)
        wall.get_by_role("button", name="Close the room").click()
        wall.get_by_role("button", name="Close it for good?").click()
        wall.wait_for_selector(".cxr-class-open")
        for phone in phones:
            phone.wait_for_selector(".cxr-class-join")
            assert "This room is closed" in phone.locator(".cxr-class-said").text_content()
        print(server.told())
        assert [student.refused for student in students] == [[]] * BY_HTTP
        assert complaints == []
