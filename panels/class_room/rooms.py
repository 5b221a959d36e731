"""The rooms that teachers have open: who is in them, and what was answered. In memory, of this process, for an hour.

A room is reached by its code, and then by secrets: the teacher's key and each student's seat, 128 bits each, which no
answer of another visitor's holds. What a student answered is told to nobody before the teacher reveals the case, and
then only as the sum over all (`tally`).

A code has six of 28 characters: 28^6 = 481,890,304 codes. With all 20 rooms open, an address that uses all of its 100
wrong codes a minute for the hour finds one with a chance of 6,000 x 20 / 481,890,304, 1 in 4,000; and what it finds is
a seat in a room on examples that everybody may look at.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from captioner import BadInput
from captioner.language import later, text
from panels.class_room.answer import Answer
from panels.server.brake import Brake

ALPHABET = "BCDFGHJKMNPQRSTVWXYZ23456789"  # no vowels, so no words; nothing that is taken for something else
LENGTH = 6
HOUR = 3600.0
ROOMS, ROOMS_OF_ONE = 20, 5  # open at once, of all and of one address (a school has one)
SEATS = 100  # in a room
CASES = 20  # in a room
WRONG_CODES = SEATS, 60.0  # of one address, within seconds: a class shares one, and each may mistype
ANSWERS = 30, 60.0  # of one student, who may change his mind
ABANDONED = 600.0  # seconds since the teacher was last heard, after which a room makes way where there is none left
SWEPT = 30.0  # seconds between two looks for rooms whose hour is over

OVER = later("This room is closed: nothing of it is kept.")
Tally = Callable[[str, Sequence[Answer]], dict[str, Any]]


@dataclass
class Room:
    """A room; only `Rooms` changes it.

    Attributes:
        code: that students join by.
        key: the teacher's secret.
        address: from which it was opened.
        opened, heard: when it was opened, and when its teacher was last heard.
        cases: names of the examples, in the order in which they are shown.
        at: which of them is on, from 0.
        revealed: whether its answers are shown.
        version: another number for every change.
        seats: the students' secrets.
        answers: those to the case that is on, by seat.
        told: what the tally made of them; None before the reveal.
    """

    code: str
    key: str
    address: str
    opened: float
    heard: float
    cases: tuple[str, ...]
    at: int = 0
    revealed: bool = False
    version: int = 1
    seats: set[str] = field(default_factory=set)
    answers: dict[str, Answer] = field(default_factory=dict)
    told: dict[str, Any] | None = None


@dataclass(frozen=True)
class State:
    """What may be known of a room from one place in it.

    Attributes:
        version, at, revealed: as in `Room`.
        case: name of the example that is on.
        count: how many cases the room has.
        left: seconds until it is closed.
        told: the tally, once the case is revealed; None before.
        own: a student's own answer; None for none, and for the teacher.
        code: for the teacher; "" for a student.
        joined, answered: how many there are, for the teacher; 0 for a student.
    """

    version: int
    at: int
    revealed: bool
    case: str
    count: int
    left: float
    told: dict[str, Any] | None
    own: Answer | None = None
    code: str = ""
    joined: int = 0
    answered: int = 0


def clean(code: Any) -> str:
    """A code as it was typed, in the form in which it is kept: capitals, without blanks and hyphens."""
    typed = code if isinstance(code, str) else ""
    return "".join(typed[:40].upper().replace("-", "").split())


class Rooms:
    """All open rooms. Any thread may call it.

    Args:
        clock: seconds that never go back.
        draw: a character of ALPHABET, by chance.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, draw: Callable[[str], str] = secrets.choice
    ) -> None:
        self._clock, self._draw = clock, draw
        self._lock = threading.RLock()
        self._rooms: dict[str, Room] = {}  # by the teacher's key
        self._codes: dict[str, Room] = {}
        self._seats: dict[str, Room] = {}
        self._wrong, self._answered = Brake(*WRONG_CODES, clock), Brake(*ANSWERS, clock)
        self._watched = False  # whether a thread looks for rooms whose hour is over

    def __len__(self) -> int:
        with self._lock:
            return len(self._rooms)

    def open(self, cases: Sequence[str], address: str = "") -> str:
        """Open a room on these examples; returns the teacher's key.

        Raises:
            BadInput: too many or no cases, or too many rooms.
        """
        if not 0 < len(cases) <= CASES:
            raise BadInput(text("Choose from 1 to {most} cases for the room.", most=CASES))
        with self._lock:
            self.sweep()
            if sum(room.address == address for room in self._rooms.values()) >= ROOMS_OF_ONE:
                raise BadInput(
                    text("{rooms} rooms are open from your address already: close one first.", rooms=ROOMS_OF_ONE)
                )
            if len(self._rooms) >= ROOMS:
                self._make_way()
            now = self._clock()
            room = Room(self._new_code(), secrets.token_urlsafe(16), address, now, now, tuple(cases))
            self._rooms[room.key] = self._codes[room.code] = room
            self._watch()
            return room.key

    def join(self, code: Any, address: str = "") -> str:
        """Take a seat in the room of that code; returns the student's secret.

        Raises:
            BadInput: there is no such room, it is full, or too many wrong codes came from this address.
        """
        with self._lock:
            self.sweep()
            if wait := self._wrong.wait(address):
                raise BadInput(
                    text("Too many wrong codes were tried here: try again in {count} seconds.", count=int(wait) + 1)
                )
            room = self._codes.get(clean(code))
            if room is None:
                self._wrong.count(address)
                raise BadInput(text("There is no open room with this code: look at the wall again."))
            if len(room.seats) >= SEATS:
                raise BadInput(text("This room is full: it has {seats} seats.", seats=SEATS))
            seat = secrets.token_urlsafe(16)
            room.seats.add(seat)
            room.version += 1
            self._seats[seat] = room
            return seat

    def answer(self, seat: Any, at: Any, answer: Answer) -> None:
        """Take a student's answer to case number `at`; a later one takes the place of an earlier.

        Raises:
            BadInput: the room is closed, another case is on, its answers are shown already, or answers come too fast.
        """
        with self._lock:
            room = self._room_of(seat)
            if at != room.at or room.revealed:
                raise BadInput(text("This case is over: your answer came too late."))
            if wait := self._answered.wait(str(seat)):
                raise BadInput(
                    text("That was often enough: your answer can change again in {count} seconds.", count=int(wait) + 1)
                )
            self._answered.count(str(seat))
            room.answers[str(seat)] = answer
            room.version += 1

    def reveal(self, key: Any, tally: Tally) -> None:
        """Show the answers to the case that is on, and take no more.

        Args:
            tally: what is told of them: a function of the case's name and the answers, in no order that says whose.

        Raises:
            BadInput: there is no room of that key.
        """
        with self._lock:
            room = self._own(key)
            if not room.revealed:
                answers = sorted(room.answers.values(), key=repr)
                room.told, room.revealed = tally(room.cases[room.at], answers), True
                room.version += 1

    def go_to(self, key: Any, at: Any) -> None:
        """Put another case on, or the same anew; the answers to the one before are forgotten.

        Raises:
            BadInput: there is no room of that key, or no case of that number.
        """
        with self._lock:
            room = self._own(key)
            if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < len(room.cases):
                raise BadInput(text("The room has the cases 1 to {last}.", last=len(room.cases)))
            room.at, room.revealed, room.told = at, False, None
            room.answers.clear()
            room.version += 1

    def close(self, key: Any) -> None:
        """Close a room, and forget all that was in it.

        Raises:
            BadInput: there is no room of that key.
        """
        with self._lock:
            self._forget(self._own(key))

    def wall(self, key: Any) -> State:
        """What the teacher sees.

        Raises:
            BadInput: there is no room of that key.
        """
        with self._lock:
            room = self._own(key)
            return State(**self._common(room), code=room.code, joined=len(room.seats), answered=len(room.answers))

    def place(self, seat: Any) -> State:
        """What a student sees.

        Raises:
            BadInput: the room is closed.
        """
        with self._lock:
            room = self._room_of(seat)
            return State(**self._common(room), own=room.answers.get(str(seat)))

    def sweep(self) -> int:
        """Forget rooms whose hour is over; returns how many are left."""
        with self._lock:
            for room in [room for room in self._rooms.values() if self._clock() - room.opened >= HOUR]:
                self._forget(room)
            self._wrong.forget()
            self._answered.forget()
            return len(self._rooms)

    def _common(self, room: Room) -> dict[str, Any]:
        return {
            "version": room.version,
            "at": room.at,
            "revealed": room.revealed,
            "case": room.cases[room.at],
            "count": len(room.cases),
            "left": HOUR - (self._clock() - room.opened),
            "told": room.told,
        }

    def _own(self, key: Any) -> Room:
        self.sweep()
        room = self._rooms.get(key) if isinstance(key, str) else None
        if room is None:
            raise BadInput(text(OVER))
        room.heard = self._clock()
        return room

    def _room_of(self, seat: Any) -> Room:
        self.sweep()
        room = self._seats.get(seat) if isinstance(seat, str) else None
        if room is None:
            raise BadInput(text(OVER))
        return room

    def _forget(self, room: Room) -> None:
        for seat in room.seats:
            self._seats.pop(seat, None)
        self._codes.pop(room.code, None)
        self._rooms.pop(room.key, None)

    def _make_way(self) -> None:
        """Close the room whose teacher has been silent longest, if that is long."""
        room = min(self._rooms.values(), key=lambda room: room.heard)
        if self._clock() - room.heard < ABANDONED:
            raise BadInput(text("All {rooms} rooms are taken: try again in some minutes.", rooms=ROOMS))
        self._forget(room)

    def _new_code(self) -> str:
        while True:
            code = "".join(self._draw(ALPHABET) for _ in range(LENGTH))
            if code not in self._codes:
                return code

    def _watch(self) -> None:
        """Sweep again and again, in a thread of its own, as long as a room is open: nobody need ask for it."""
        if self._watched:
            return
        self._watched = True

        def again() -> None:
            while True:
                with self._lock:
                    if not self.sweep():
                        self._watched = False
                        return
                time.sleep(SWEPT)

        threading.Thread(target=again, name="sweep rooms", daemon=True).start()
