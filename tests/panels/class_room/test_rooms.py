"""Rooms: by a model that hypothesis drives, from many threads at once, and bound by bound."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from captioner import BadInput
from panels.class_room import rooms as bounds
from panels.class_room.answer import CHOICES, Answer
from panels.class_room.rooms import Rooms

ANSWERS = st.builds(Answer, st.sampled_from(CHOICES), st.none() | st.just((0.25, 0.5)))


class Clock:
    """Seconds that go on when a test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def tally(name, answers):
    """Which case, and how often each answer was given."""
    return {"case": name, "counted": Counter(answers)}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rooms(clock):
    return Rooms(clock)


class Life(RuleBasedStateMachine):
    """Rooms beside a plain dictionary of what they should hold."""

    keys, seats = Bundle("keys"), Bundle("seats")

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.rooms = Rooms(self.clock)
        self.held = {}  # key -> {"opened", "at", "revealed", "answers": {seat: Answer}, "seats"}
        self.home = {}  # seat -> key

    def _living(self):
        for key in [key for key, room in self.held.items() if self.clock.now - room["opened"] >= bounds.HOUR]:
            del self.held[key]
        return self.held

    @rule(target=keys, number=st.integers(0, 99))
    def open(self, number):
        of_one = sum(room["address"] == number for room in self._living().values())
        try:
            key = self.rooms.open(["a", "b"], f"address {number}")
        except BadInput:
            assert len(self.held) == bounds.ROOMS or of_one == bounds.ROOMS_OF_ONE
            return multiple()
        fresh = {"opened": self.clock.now, "at": 0, "revealed": False, "answers": {}, "seats": set()}
        self.held[key] = {**fresh, "address": number}
        return key

    @rule(target=seats, key=keys)
    def join(self, key):
        if key not in self._living():
            return multiple()
        seat = self.rooms.join(self.rooms.wall(key).code)
        self.held[key]["seats"].add(seat)
        self.home[seat] = key
        return seat

    @rule(seat=seats, at=st.integers(0, 1), given=ANSWERS)
    def answer(self, seat, at, given):
        room = self._living().get(self.home[seat])
        open_for_it = room is not None and room["at"] == at and not room["revealed"]
        try:
            self.rooms.answer(seat, at, given)
        except BadInput as error:
            assert not open_for_it or "often enough" in str(error)
            return
        assert open_for_it
        room["answers"][seat] = given

    @rule(key=keys)
    def reveal(self, key):
        room = self._living().get(key)
        try:
            self.rooms.reveal(key, tally)
        except BadInput:
            assert room is None
            return
        room["revealed"] = True

    @rule(key=keys, at=st.integers(-1, 2))
    def go_to(self, key, at):
        room = self._living().get(key)
        try:
            self.rooms.go_to(key, at)
        except BadInput:
            assert room is None or at not in (0, 1)
            return
        room.update(at=at, revealed=False, answers={})

    @rule(key=consumes(keys))
    def close(self, key):
        room = self._living().pop(key, None)
        try:
            self.rooms.close(key)
        except BadInput:
            assert room is None

    @rule(minutes=st.integers(1, 25))
    def wait(self, minutes):
        self.clock.now += 60 * minutes

    @invariant()
    def the_wall_shows_what_was_answered_after_the_reveal_alone(self):
        for key, room in self._living().items():
            state = self.rooms.wall(key)
            assert (state.joined, state.answered) == (len(room["seats"]), len(room["answers"]))
            assert (state.at, state.revealed, state.own) == (room["at"], room["revealed"], None)
            shown = {"case": "ab"[room["at"]], "counted": Counter(room["answers"].values())}
            assert state.told == (shown if room["revealed"] else None)

    @invariant()
    def a_student_sees_his_own_answer_alone_before_the_reveal(self):
        for seat, key in self.home.items():
            room = self._living().get(key)
            try:
                state = self.rooms.place(seat)
            except BadInput:
                assert room is None
                continue
            assert state.own == room["answers"].get(seat) and (state.told is None) == (not room["revealed"])
            assert (state.code, state.joined, state.answered) == ("", 0, 0)

    @invariant()
    def nothing_is_kept_of_rooms_that_are_gone(self):
        assert self.rooms.sweep() == len(self.rooms) == len(self._living()) <= bounds.ROOMS
        seats = {seat for room in self.held.values() for seat in room["seats"]}
        assert set(self.rooms._seats) == seats and len(self.rooms._codes) == len(self.held)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_a_hundred_students_at_once_lose_no_answer(rooms):
    key = rooms.open(["a"], "")
    code, start = rooms.wall(key).code, threading.Barrier(20)

    def student(number):
        start.wait()
        return [_answered(rooms, rooms.join(code), number) for _ in range(5)]

    with ThreadPoolExecutor(20) as pool:
        seats = [seat for found in pool.map(student, range(20)) for seat in found]
    assert len(set(seats)) == bounds.SEATS == 100
    with pytest.raises(BadInput, match="full"):
        rooms.join(code)
    rooms.reveal(key, tally)
    assert rooms.wall(key).told["counted"] == {Answer("effusion", (number / 20, 0.5)): 5 for number in range(20)}


def _answered(rooms, seat, number):
    rooms.answer(seat, 0, Answer("effusion", (number / 20, 0.5)))
    return seat


def test_a_code_is_read_as_it_is_typed(rooms):
    code = rooms.wall(rooms.open(["a"])).code
    assert len(code) == bounds.LENGTH == 6 and set(code) <= set(bounds.ALPHABET) and len(bounds.ALPHABET) ** 6 > 4.8e8
    for typed in (code.lower(), f" {code[:3]} {code[3:]} ", f"{code[:3]}-{code[3:]}"):
        assert rooms.join(typed)


def test_a_code_that_is_taken_is_not_given_again():
    letters = iter("BBBBBB" + "BBBBBB" + "CCCCCC")
    rooms = Rooms(Clock(), lambda alphabet: next(letters))
    assert [rooms.wall(rooms.open(["a"], name)).code for name in "xy"] == ["BBBBBB", "CCCCCC"]


@pytest.mark.parametrize("code", [None, "", "A", 7, [], {}, "BBBBBB" * 1000, "<script>"])
def test_what_is_no_code_opens_no_room(rooms, code):
    rooms.open(["a"])
    with pytest.raises(BadInput, match="no open room"):
        rooms.join(code)


def test_wrong_codes_are_braked_by_address_and_a_right_one_waits_too(rooms, clock):
    code = rooms.wall(rooms.open(["a"])).code
    for _ in range(bounds.WRONG_CODES[0]):
        with pytest.raises(BadInput, match="no open room"):
            rooms.join("?", "guesser")
    with pytest.raises(BadInput, match="try again in 6[01] seconds"):
        rooms.join(code, "guesser")  # or guessing would go on unbraked
    assert rooms.join(code, "another")
    clock.now += bounds.WRONG_CODES[1]
    assert rooms.join(code, "guesser")


def test_answers_of_one_student_are_braked_and_others_are_not(rooms, clock):
    code = rooms.wall(rooms.open(["a"])).code
    eager, calm = rooms.join(code), rooms.join(code)
    for _ in range(bounds.ANSWERS[0]):
        rooms.answer(eager, 0, Answer("effusion"))
    with pytest.raises(BadInput, match="often enough"):
        rooms.answer(eager, 0, Answer("hernia"))
    rooms.answer(calm, 0, Answer("hernia"))
    clock.now += bounds.ANSWERS[1]
    rooms.answer(eager, 0, Answer("hernia"))


def test_rooms_are_bounded_and_an_abandoned_one_makes_way(rooms, clock):
    keys = [rooms.open(["a"], f"address {number // bounds.ROOMS_OF_ONE}") for number in range(bounds.ROOMS)]
    with pytest.raises(BadInput, match="from your address"):
        rooms.open(["a"], "address 0")
    with pytest.raises(BadInput, match="are taken"):
        rooms.open(["a"], "new")
    clock.now += bounds.ABANDONED
    for key in keys[:3] + keys[4:]:
        rooms.wall(key)  # their teachers are there
    assert rooms.open(["a"], "new") and len(rooms) == bounds.ROOMS
    with pytest.raises(BadInput, match="closed"):
        rooms.wall(keys[3])


def test_a_room_needs_cases_and_not_too_many(rooms):
    for cases in ([], ["a"] * (bounds.CASES + 1)):
        with pytest.raises(BadInput, match="from 1 to 20"):
            rooms.open(cases)


@pytest.mark.parametrize("secret", [None, "", 0, [], {}, "guess"])
def test_without_its_secret_nobody_is_teacher_or_student(rooms, secret):
    key = rooms.open(["a"])
    seat = rooms.join(rooms.wall(key).code)
    doors = (rooms.wall, rooms.close, lambda key: rooms.reveal(key, tally), lambda key: rooms.go_to(key, 0))
    for door in doors:
        for wrong in (secret, seat, rooms.wall(key).code):
            with pytest.raises(BadInput):
                door(wrong)
    for wrong in (secret, key):
        with pytest.raises(BadInput):
            rooms.place(wrong)
        with pytest.raises(BadInput):
            rooms.answer(wrong, 0, Answer("effusion"))
    assert not rooms.wall(key).revealed


def test_the_hour_ends_a_room_that_nobody_asks_for(clock, monkeypatch):
    monkeypatch.setattr(bounds, "SWEPT", 0.01)
    before = set(threading.enumerate())
    rooms = Rooms(clock)
    rooms.join(rooms.wall(rooms.open(["a"])).code)
    (sweeper,) = set(threading.enumerate()) - before
    clock.now += bounds.HOUR
    sweeper.join(30)
    assert not sweeper.is_alive() and not rooms._rooms and not rooms._seats and not rooms._codes
