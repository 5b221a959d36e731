"""Two replicas of the page behind nginx, with the configuration that docs/deployment/ holds, on the loopback.

`python -m pytest tests/robustness/test_two_replicas.py -m "long or not long"` starts them, in three processes.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import cv2
import httpx
import pytest

from tests.robustness.server import ROOT, START, ask, listener, upload
from tests.stand_in import SENTENCES, draw_chest, free_port

SHIPPED = ROOT / "docs" / "deployment" / "two-replicas.conf"
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine (apt install nginx-light)")


def configured(folder, listen, ports):
    """The shipped file at other ports, within a configuration that any user may start; returns its path."""
    text = SHIPPED.read_text(encoding="utf-8")
    for before, after in (
        ("listen 80;", f"listen 127.0.0.1:{listen};"),
        (":7861", f":{ports[0]}"),
        (":7862", f":{ports[1]}"),
    ):
        assert text.count(before) >= 1
        text = text.replace(before, after)
    (folder / "two-replicas.conf").write_text(text, encoding="utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    whole = folder / "nginx.conf"
    user = "user root root;\n" if os.geteuid() == 0 else ""  # else its workers may not enter this folder
    whole.write_text(
        f"{user}daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}include {folder}/two-replicas.conf;\n}}\n"
    )
    return whole


@needs_nginx
def test_the_shipped_configuration_is_valid(tmp_path):
    path = configured(tmp_path, 8080, (7861, 7862))
    told = subprocess.run([NGINX, "-t", "-p", tmp_path, "-c", path], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0 and "warn" not in told.stderr, told.stderr


def until_it_answers(address, process):
    end = time.monotonic() + START
    while True:
        assert process.poll() is None and time.monotonic() < end, f"{address} does not answer"
        try:
            if httpx.get(address, timeout=10).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The proxy's address, and the processes of the replicas by their names."""
    folder = tmp_path_factory.mktemp("replicas")
    front, *ports = (free_port() for _ in range(3))
    replicas = {}
    for name, port in zip(("a", "b"), ports):
        (folder / name).mkdir()
        command = [sys.executable, "-m", "tests.robustness.replica", name, str(port), str(folder / name)]
        replicas[name] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    proxy = subprocess.Popen([NGINX, "-p", folder, "-c", configured(folder, front, ports)], stderr=subprocess.DEVNULL)
    try:
        for name, port in zip(replicas, ports):
            until_it_answers(f"http://127.0.0.1:{port}/", replicas[name])
        address = f"http://127.0.0.1:{front}/"
        until_it_answers(address, proxy)
        yield SimpleNamespace(address=address, replicas=replicas)
    finally:
        for process in (proxy, *replicas.values()):
            process.send_signal(signal.SIGTERM if process is proxy else signal.SIGKILL)
            process.wait(60)


class Visitor:
    """A browser: it keeps its cookie, opens the page, has one study answered in the batch panel, and asks on."""

    def __init__(self, address, number, picture, page=""):
        self.client, self.address, self.visit = httpx.Client(timeout=START), address, f"visitor{number}"
        self.picture = picture
        self.open(page)

    def open(self, page=""):
        self.client.get(f"{self.address}{page}", follow_redirects=True).raise_for_status()

    def _ask(self, element, event, data, wish=None):
        function = listener(self.address, element, event)
        *_, told = ask(self.address, function, data, self.visit, wish, self.client)
        answer = told["output"]["data"][0]
        return answer.get("value", answer) if isinstance(answer, dict) else answer

    def give(self):
        """Upload the study and begin; what is known of it now lies in the memory of one replica."""
        seen = self._ask("batch-files", "change", [[upload(self.address, self.picture, self.client)]])
        assert seen["state"] == "seen"
        assert self._ask("batch", "begin", [None, "default", "greedy", 3, 0.7], {"number": 1})["kind"] == "begun"

    def study(self):
        """(the replica that answered, the impression); the replica is None when it does not know the visitor."""
        told = self._ask("batch", "study", [None], {"number": 2, "place": 0})
        if told["kind"] == "refused":
            return None, told["message"]
        (row,) = told["rows"]
        return row["notices"][0], row["text"]


def pictures(folder):
    found = []
    for kind in ("dark", "bright"):
        cv2.imwrite(str(folder / f"{kind}.png"), draw_chest(120, 100, bright=kind == "bright"))
        found.append((folder / f"{kind}.png", SENTENCES[kind]))
    return found


@needs_nginx
@pytest.mark.long
def test_every_visitor_stays_with_his_replica_and_one_that_dies_costs_its_own_a_reload(served, tmp_path, chest):
    kinds, visitors, homes = pictures(tmp_path), [], {}
    while len(visitors) < 4 or len(set(homes.values())) < 2:
        assert len(visitors) < 40  # by chance all at one replica: 2^-39
        visitor = Visitor(served.address, len(visitors), kinds[len(visitors) % 2][0])
        visitor.give()
        homes[visitor] = visitor.study()[0]
        visitors.append(visitor)
    texts = {visitor: text for visitor, (_, text) in zip(visitors, kinds * 20)}
    for visitor in visitors * 2:  # in turns, each to the replica that has his study
        assert visitor.study() == (homes[visitor], texts[visitor])

    # A program keeps no cookie: it stays by its address.
    from gradio_client import Client, handle_file

    client = Client(served.address, verbose=False)
    names = {client.predict(handle_file(chest), api_name="/caption")["notices"][0] for _ in range(3)}
    assert len(names) == 1 and names <= {"a", "b"}

    # A class is together, however it came: by the link, or the teacher by /class.
    class_mates = [
        Visitor(served.address, f"c{n}", kinds[0][0], page)
        for n, page in enumerate(("class", "?class=BCDFGH", "?class=X"))
    ]
    for visitor in class_mates:
        visitor.give()
    assert len({visitor.study()[0] for visitor in class_mates}) == 1
    assert {visitor.client.cookies["visitor"] for visitor in class_mates} == {"class"}
    assert all(re.fullmatch("[0-9a-f]{32}", visitor.client.cookies["visitor"]) for visitor in visitors)

    served.replicas["a"].kill()
    served.replicas["a"].wait(60)
    for visitor in visitors:
        known = visitor.study()
        if homes[visitor] == "a":  # moved to the other, which knows nothing of him: he is told, and loads the page anew
            visitor.visit += "again"
            visitor.open()
            visitor.give()
            known = (known[0], visitor.study())
        homes[visitor] = (homes[visitor], known)
    left = [known for home, known in homes.values() if home == "b"]
    moved = [known for home, known in homes.values() if home == "a"]
    assert left == [("b", texts[visitor]) for visitor in visitors if homes[visitor][0] == "b"]
    assert moved == [(None, ("b", texts[visitor])) for visitor in visitors if homes[visitor][0] == "a"] and moved
