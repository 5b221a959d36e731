"""The panel in which a class takes part: the teacher's wall, and the students' phones.

A browser asks by one event that does not wait in the queue (`act`): to open, join, answer, reveal, move on, close, and
again and again to look whether anything has changed. The model is asked by another (`ask_model`), which waits with the
page's other questions: once for each case, by the teacher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from captioner.language import text
from panels.class_room import answer as answers
from panels.class_room import qr_code
from panels.class_room.case import Cases
from panels.class_room.rooms import Rooms, State
from panels.class_room.tally import tally
from panels.server import modules
from panels.server.jobs import MODEL
from panels.shell import template
from panels.viewer import word_viewer

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool


class ClassRoom:
    """What the browser asks, and what it is told.

    Args:
        rooms: Rooms.
        cases: Cases.
    """

    def __init__(self, rooms: Rooms, cases: Cases) -> None:
        self.rooms, self.cases = rooms, cases

    def act(self, wish: Any, address: str = "") -> dict[str, Any]:
        """The answer to a wish: `{"number", "state"}` and what belongs to the state, which is "wall", "seat", "same"
        (nothing new), "closed" or "refused" (with "message").

        Args:
            wish: `{"number", "do"}` and what belongs to that; of a visitor, so of any kind.
            address: from which it comes.
        """
        asked = wish if isinstance(wish, dict) else {}
        head = {"number": asked.get("number") if isinstance(asked.get("number"), int) else 0}
        try:
            return {**head, **self._done(asked, address)}
        except BadInput as error:
            gone = asked.get("do") != "join" and not self._is_open(asked)
            return {**head, "state": "closed" if gone else "refused", "message": str(error)}

    def ask_model(self, wish: Any) -> dict[str, Any]:
        """The wall, once the model has answered the case that is on."""
        asked = wish if isinstance(wish, dict) else {}
        try:
            self.cases.ask_model(self.rooms.wall(asked.get("key")).case)
        except BadInput as error:
            return {"number": 0, "state": "refused" if self._is_open(asked) else "closed", "message": str(error)}
        return self.act({**asked, "do": "look"})

    def _done(self, asked: dict[str, Any], address: str) -> dict[str, Any]:
        do, key, seat = asked.get("do"), asked.get("key"), asked.get("seat")
        if do == "open":
            names = asked.get("cases")
            names = names if isinstance(names, list) else []
            if not all(isinstance(name, str) and name in self.cases.entries for name in names):
                raise BadInput(text("There is no example of that name."))
            qr_code.address(asked.get("base"), "")  # refused before there is a room
            key = self.rooms.open(names, address)
            return {"key": key, **self._wall(key, asked)}
        if do == "join":
            seat = self.rooms.join(asked.get("code"), address)
            return {"seat": seat, **self._seat(seat, asked)}
        if do == "answer":
            self.rooms.answer(seat, asked.get("at"), answers.read(asked.get("answer")))
        elif do == "reveal":
            self.rooms.reveal(key, lambda name, given: tally(self.cases.case(name), given))
        elif do == "go":
            self.rooms.go_to(key, asked.get("at"))
        elif do == "close":
            self.rooms.close(key)
            return {"state": "closed", "message": text("The room is closed, and all that was in it is forgotten.")}
        elif do != "look":
            raise BadInput(text("The page asked for something that is not there."))
        return self._wall(key, asked) if key is not None else self._seat(seat, asked)

    def _is_open(self, asked: dict[str, Any]) -> bool:
        try:
            if asked.get("key") is not None:
                self.rooms.wall(asked["key"])
            elif asked.get("seat") is not None:
                self.rooms.place(asked["seat"])
        except BadInput:
            return False
        return True

    def _wall(self, key: Any, asked: dict[str, Any]) -> dict[str, Any]:
        state = self.rooms.wall(key)
        told = self._told(state, asked)
        if told["state"] == "same":
            return told
        link = {}
        if "base" in asked:
            address = qr_code.address(asked["base"], state.code, asked.get("lang"))
            link = {"link": address, "qr": qr_code.picture(address)}
        counts = {"code": state.code, "joined": state.joined, "answered": state.answered}
        return {**told, "state": "wall", **counts, **link}

    def _seat(self, seat: Any, asked: dict[str, Any]) -> dict[str, Any]:
        state = self.rooms.place(seat)
        told = self._told(state, asked)
        return told if told["state"] == "same" else {**told, "own": state.own.as_dict() if state.own else None}

    def _told(self, state: State, asked: dict[str, Any]) -> dict[str, Any]:
        """What wall and seats are told alike; before the reveal nothing of answers, truth and model."""
        model = self.cases.model(state.case) if state.revealed else None
        version = f"{state.version}{'m' if model else ''}"
        if asked.get("seen") == version:
            return {"state": "same"}
        told = {
            "state": "seat",
            "version": version,
            "at": state.at,
            "count": state.count,
            "minutes": max(1, round(state.left / 60)),
            "revealed": state.revealed,
        }
        if asked.get("has") != state.at:
            told["views"] = self.cases.views(state.case)
        if state.revealed:
            told |= {"told": state.told, "truth": self.cases.truth(state.case), "model": model}
        return told


def build(pool: ModelPool, entries: Sequence[Mapping]) -> ClassRoom:
    """Lay out the panel and wire it.

    Args:
        pool: panels.server.model_pool.ModelPool.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """
    room = ClassRoom(Rooms(), Cases(pool, entries))
    view = gr.HTML(
        value={"state": "empty"},
        html_template=template.render("class_room/class_room.html"),
        js_on_load=modules.start(
            "class_room/class_room.js",
            ["act", "ask_model"],
            CASES=[{"name": entry["name"], "title": text(entry["title"])} for entry in entries],
            CHOICES=list(answers.CHOICES),
            COLOURS=word_viewer.colour_tables(),
        ),
        apply_default_css=False,
        elem_id="class-room",
    )

    def act(event: gr.EventData, request: gr.Request) -> dict[str, Any]:
        client = getattr(request, "client", None)
        return room.act(event._data, getattr(client, "host", "") or "")

    def ask_model(event: gr.EventData) -> dict[str, Any]:
        return room.ask_model(event._data)

    shown: dict[str, Any] = {"trigger_mode": "multiple", "show_progress": "hidden", "api_visibility": "private"}
    view.act(act, None, view, queue=False, **shown)
    view.ask_model(ask_model, None, view, **MODEL, **shown)
    return room
