"""The lesson: true of any checkpoint. Answers are checked here against the model itself."""

import json
import re

import cv2
import numpy as np
import pytest

from captioner import BadInput
from captioner.language import speaking
from captioner.phantom import read_cases
from captioner.seen_and_written import Agreement, standings
from captioner.sentence import worded
from panels.lesson import steps as lesson_steps
from panels.lesson.context import LessonContext, black, covered, elsewhere
from panels.lesson.panel import Lesson
from panels.lesson.parts import lowest
from panels.server.model_pool import ModelPool
from panels.shell import deep_link
from tests.stand_in import StandIn, ToldStandIn, write_examples

NUMBERS = range(1, len(lesson_steps.STEPS) + 1)


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    """Two drawn examples, one with a planted finding and its mask."""
    folder = write_examples(tmp_path_factory.mktemp("examples"))
    mask = np.zeros((300, 240), np.uint8)
    mask[150:270, 24:96] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    found = read_cases(folder)
    found[1]["findings"] = [{"name": "effusion", "words": ["effusion"], "masks": ["mask.png", "nowhere.png"]}]
    return found


MODELS = {
    "finding head": lambda: ToldStandIn("default"),
    "stand-in": lambda: StandIn("default"),
    "no attention": lambda: StandIn("default", has_attention=False),
    "random weights": None,
}


@pytest.fixture(scope="module", params=MODELS)
def context(request, entries, loaded, tiny_checkpoint):
    make = MODELS[request.param]
    return LessonContext(loaded(tiny_checkpoint) if make is None else make(), entries)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_step_holds_for_any_checkpoint(context, number):
    step = lesson_steps.step(number, context)
    json.dumps(step, allow_nan=False)
    assert step["number"] == number and step["title"] and step["body"] and step["why"].endswith(".")
    assert 2 <= len(step["options"]) == len(set(step["options"])) <= 4
    assert 0 <= step["answer"] < len(step["options"])
    # Each answer has a reason of its own, and what is said before the button holds before it and after.
    assert len(set(step["reasons"])) == len(step["options"]) and step["reasons"][step["answer"]] == step["why"]
    assert not any(said in step["show"]["task"] for said in ("are black", "is covered", "lies far", " now."))
    shown = step["show"]
    assert shown["example"] in {entry["name"] for entry in context.entries} and shown["label"] and shown["task"]
    assert shown["panel"] in {"explain", "compare", "what-if", "score"}
    assert set(deep_link.read(shown["settings"], [])) == {"decoding", "width", "length_penalty"}


def test_the_least_sure_word_is_the_least_sure(entries):
    context = LessonContext(StandIn("default"), entries)
    step = lesson_steps.step(1, context)
    caption = context.caption(context.abnormal[0])
    sure = {word.text: word.log_prob for word in caption.words if word.text != "."}
    assert step["options"][step["answer"]] == min(sure, key=sure.get)
    assert caption.text in " ".join(step["facts"])


def test_an_even_share_is_that_of_the_grid(entries):
    step = lesson_steps.step(2, LessonContext(StandIn("default", grid=(5, 10)), entries))
    assert step["options"][step["answer"]] == "about 1%" and "5 × 10 cells" in step["facts"][0]


def test_the_word_that_leans_on_the_lateral_does(entries):
    context = LessonContext(StandIn("default"), entries)
    step = lesson_steps.step(3, context)
    entry = next(entry for entry in entries if entry["name"] == step["show"]["example"])
    lateral = {word.text: word.view_share[1] for word in context.caption(entry).words if word.text != "."}
    assert step["options"][step["answer"]] == max(step["options"], key=lateral.get)


def test_both_searches_are_quoted(entries):
    context = LessonContext(StandIn("default"), entries)
    step = lesson_steps.step(4, context)
    entry = next(entry for entry in entries if entry["name"] == step["show"]["example"])
    for fact, decoding in zip(step["facts"], ("greedy", "beam")):
        assert context.caption(entry, decoding).text in fact


def test_what_was_missed_is_what_the_score_says(entries):
    step = lesson_steps.step(5, LessonContext(StandIn("default"), entries))
    # "right effusion ." against "large right pleural effusion with overlying atelectasis . no pneumothorax ."
    assert step["options"][step["answer"]] == "It missed nothing, but made something up."
    assert "atelectasis" in step["why"]


def test_covering_changes_what_it_says(entries):
    context = LessonContext(StandIn("default"), entries)
    step = lesson_steps.step(7, context)
    word = context.changed(entries[1], step["show"]["changes"])
    place = [one["text"] for one in word].index("effusion")
    change = word[place]["after"] - word[place]["before"]
    assert step["answer"] == (0 if change <= -0.1 else 2 if change >= 0.1 else 1)
    assert f"{word[place]['before']:.0%}" in step["why"] and f"{word[place]['after']:.0%}" in step["why"]


def test_the_planted_place_comes_from_the_mask(entries):
    boxes = LessonContext(StandIn("default"), entries).planted(entries[1])
    assert boxes["frontal"] == pytest.approx((0.47, 0.07, 0.93, 0.43), abs=1e-6)
    assert boxes["lateral"] == (1 / 3, 1 / 3, 2 / 3, 2 / 3)  # its mask is missing
    assert set(covered(boxes)) == set(black(entries[1])) == {"frontal", "lateral"}


@pytest.mark.parametrize("box", [(0.5, 0.6, 0.9, 1), (0, 0, 0.3, 0.2), (0.1, 0.1, 0.95, 0.9), (0, 0, 1, 1)])
def test_the_control_has_the_size_of_the_cover_and_lies_inside(box):
    other = elsewhere(box)
    assert other[2] - other[0] == pytest.approx(box[2] - box[0]) and other[3] - other[1] == pytest.approx(
        box[3] - box[1]
    )
    assert min(other) >= -1e-9 and max(other) <= 1 + 1e-9
    centre = [(a + b) / 2 for a, b in ((other[0], other[2]), (other[1], other[3]))]
    before = [(a + b) / 2 for a, b in ((box[0], box[2]), (box[1], box[3]))]
    assert all((a - 0.5) * (b - 0.5) <= 1e-9 for a, b in zip(centre, before))


def test_a_question_needs_a_clear_answer():
    assert lowest([("no", 0.5), ("edema", 0.51)]) is None
    assert lowest([("no", 0.5), (".", 0.1)]) is None
    options, answer = lowest([("no", 0.9), ("edema", 0.4), ("no", 0.2), ("acute", 0.6), (".", 0.0)])
    assert options[answer] == "no" and set(options) == {"no", "edema", "acute"}
    assert len(lowest([(str(place), place / 10) for place in range(9)])[0]) == 4


def test_a_step_is_worked_out_once_and_nonsense_is_the_first_step(entries):
    model = StandIn("default")
    lesson = Lesson(ModelPool({"default": "default"}, lambda _: model), entries)
    first = lesson.step(7, "default")
    encoded = model.encoded
    assert lesson.step(7, "default") is first and lesson.step("7") is first and model.encoded == encoded
    for nonsense in (None, 0, len(NUMBERS) + 1, "x", 2.5, [], {"a": 1}, float("nan")):
        assert lesson.step(nonsense)["number"] == 1
    with pytest.raises(BadInput, match="examples"):
        Lesson(ModelPool({}, None), []).step(1)


def test_a_step_that_was_worked_out_once_is_said_in_each_language(entries):
    lesson = Lesson(ModelPool({"default": "default"}, lambda _: StandIn("default")), entries)
    with speaking("de"):
        german = worded(lesson.step(7))
    step = lesson.step(7)
    assert step["title"] == worded(step)["title"] == "Test it: cover the place"
    assert german["title"] == "Prüfen: die Stelle abdecken" and german["show"]["label"] == "Stelle abdecken"
    # The model's words and its numbers stay as they are; all around them is said anew.
    assert german["question"] == "Schätzen Sie zuerst: Wird die Stelle des Befunds abgedeckt, dann wird „effusion“"
    assert step["question"] == "Guess first: when the place of the finding is covered, “effusion” becomes"
    assert german["answer"] == step["answer"] and german["show"]["changes"] == step["show"]["changes"]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_sentence_of_a_step_stays_english(context, number):
    step = lesson_steps.step(number, context)
    with speaking("de"):
        german = worded(step)
    for name in ("title", "question", "why"):
        assert german[name] != step[name]
    for name in ("body", "facts", "reasons"):
        assert all(said != english for said, english in zip(german[name], step[name], strict=True)), name
    assert german["show"]["task"] != step["show"]["task"] and german["show"]["label"] != step["show"]["label"]
    said = [
        german["question"],
        german["why"],
        *german["body"],
        *german["facts"],
        *german["reasons"],
        *german["options"],
    ]
    assert [one for one in said if re.search(r"\d\.\d|\d%", one)] == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [("3", 3), (3, 3), ("9", 9), ("10", None), ("0", None), ("2.5", None), ("<b>", None), (None, None)],
)
def test_a_link_to_a_step(number, expected):
    assert deep_link.step(number, 9) == expected


def test_the_step_about_findings_shows_one_that_is_written_and_not_seen(entries):
    context = LessonContext(ToldStandIn("default"), entries)
    number = lesson_steps.TITLES.index("Written, not seen") + 1
    step = lesson_steps.step(number, context)
    entry = next(entry for entry in entries if entry["name"] == step["show"]["example"])
    said = standings(context.model.findings(context.features(entry)), context.caption(entry).text)
    unseen = next(one for one in said if one.agreement is Agreement.UNSEEN)
    assert unseen.sentence in step["facts"] and unseen.finding in step["question"]
    assert "written, not seen" in step["options"][step["answer"]]
    without = lesson_steps.step(number, LessonContext(StandIn("default"), entries))
    assert "no finding head" in without["facts"][0]
