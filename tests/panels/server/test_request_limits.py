"""What is sent too slowly, too much of, or too often is refused in one sentence."""

import asyncio

import pytest

from panels.server import request_limits
from panels.server.request_limits import PasswordBrake, RequestLimits
from tests import event_loop


def ask(app, *messages, path="/gradio_api/queue/join", method="POST", client=("10.0.0.1", 1)):
    """The messages that an ASGI application sends; after `messages` nothing more comes in."""
    waiting, said = list(messages), []

    async def receive():
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop(0)

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": method, "path": path, "client": client}
    event_loop.run(app(scope, receive, send))
    return said


def part(body, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


async def echo(scope, receive, send):
    """Answers with what it was sent; a visitor who has gone gets a 499."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return await send({"type": "http.response.start", "status": 499})
        body += message["body"]
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": body})


def test_a_body_within_the_bounds_arrives_whole():
    said = ask(RequestLimits(echo), part(b"ab", True), part(b"cd"))
    assert [message.get("body") for message in said] == [None, b"abcd"]


def test_a_body_of_too_much_text_is_refused():
    said = ask(RequestLimits(echo), *[part(b"x" * (1 << 19), True)] * 3)
    assert said[0]["status"] == 413 and b"At most 1 MB" in said[1]["body"]


def test_half_a_request_is_given_up(monkeypatch):
    monkeypatch.setattr(request_limits, "IDLE", 0.05)
    said = ask(RequestLimits(echo), part(b"{", True))
    assert said[0]["status"] == 408 and b"in time" in said[1]["body"]


def test_half_an_upload_is_given_up(monkeypatch):
    monkeypatch.setattr(request_limits, "IDLE", 0.05)
    assert ask(RequestLimits(echo), part(b"x", True), path="/gradio_api/upload")[0]["status"] == 499


def test_an_upload_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(request_limits, "WHOLE", -1.0)
    assert ask(RequestLimits(echo), part(b"x", True), path="/gradio_api/upload")[0]["status"] == 499


def test_an_upload_may_be_larger_than_a_text():
    said = ask(RequestLimits(echo), *[part(b"x" * (1 << 19), True)] * 3, part(b""), path="/gradio_api/upload")
    assert len(said[1]["body"]) == 3 << 19


class Door:
    """A login whose password is "right"."""

    def __init__(self):
        self.asked = 0

    async def __call__(self, scope, receive, send):
        self.asked += 1
        status = 200 if (await receive())["body"] == b"right" else 400
        await send({"type": "http.response.start", "status": status})


def login(app, password, client="10.0.0.1"):
    return ask(app, part(password), path="/login", client=(client, 1))[0]["status"]


def test_wrong_passwords_are_braked_and_right_ones_are_not(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(request_limits.time, "monotonic", lambda: now[0])
    door = Door()
    app = PasswordBrake(door)
    assert [login(app, b"right") for _ in range(30)] == [200] * 30
    assert [login(app, b"wrong") for _ in range(12)] == [400] * 10 + [429] * 2
    assert door.asked == 40
    assert login(app, b"right") == 429  # nor may a guess be right now
    assert login(app, b"right", "10.0.0.2") == 200  # somebody else
    now[0] += 61
    assert login(app, b"right") == 200


def test_a_class_that_logs_in_at_the_same_moment_is_let_in_and_guesses_are_counted():
    async def at_once(app, password):
        said = []

        async def send(message):
            said.extend([message["status"]] if message["type"] == "http.response.start" else [])

        async def receive():
            await asyncio.sleep(0)  # where the next one could slip in
            return part(password)

        scope = {"type": "http", "method": "POST", "path": "/login", "client": ("10.0.0.1", 1)}
        await asyncio.gather(*(app(dict(scope), receive, send) for _ in range(30)))
        return said

    door = Door()
    assert event_loop.run(at_once(PasswordBrake(door), b"right")) == [200] * 30
    assert event_loop.run(at_once(PasswordBrake(door), b"wrong")) == [400] * 10 + [429] * 20
    assert door.asked == 40


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(request_limits, "ADDRESSES", 5)
    app = PasswordBrake(Door())
    for number in range(20):
        login(app, b"wrong", f"10.0.1.{number}")
    assert len(app._wrong) == 5


@pytest.mark.parametrize("path", ["/", "/config"])
def test_reading_is_not_touched(path):
    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})

    assert ask(RequestLimits(PasswordBrake(answer)), path=path, method="GET")[0]["status"] == 200
