"""How often claims were right: counted by hand, kept with their weights' checksum, silent where they are few."""

import json

import numpy as np
import pytest

from captioner.caption import Caption, Hypothesis, Word
from captioner.checkpoint import how_often_right
from captioner.checkpoint.how_often_right import (
    Case,
    HowOftenRight,
    Record,
    StateCase,
    cases_of,
    claim_sentence,
    state_sentence,
    states_of,
    table_of,
)
from captioner.checkpoint.store import read_config
from captioner.errors import BadInput
from captioner.reports.findings import FINDINGS
from captioner.seen_and_written import Agreement
from tests.captioner.test_seen_and_written import head


def caption(text, probabilities):
    words = tuple(Word(word, 4, float(np.log(share))) for word, share in zip(text.split(), probabilities, strict=True))
    return Caption((Hypothesis(words, -1.0, -0.1, -1.0),), "greedy", 1, 0.7, (True, True))


def test_a_case_for_each_claim_that_is_stated():
    made = caption("left effusion . no edema . calcified granuloma .", [0.9, 0.6, 1, 1, 0.2, 1, 0.3, 0.8, 1])
    findings = head(effusion=(0.8, "left"), **{"granuloma or calcification": (0.05, None)})
    found = cases_of(made, findings, "effusion on the left . granuloma .")
    assert found == [
        Case(pytest.approx(0.6), "seen", True),
        Case(pytest.approx(0.3), "not seen", True),
        Case(pytest.approx(0.8), "not seen", True),
    ]
    assert [case.head for case in cases_of(made, None, "clear .")] == ["none"] * 3
    assert not any(case.right for case in cases_of(made, None, "clear ."))


@pytest.mark.parametrize(
    ("reference", "right"),
    [("left effusion .", True), ("effusion .", True), ("right effusion .", False), ("no effusion .", False)],
)
def test_a_claim_on_the_wrong_side_is_not_right(reference, right):
    (case,) = cases_of(caption("left effusion .", [0.9, 0.9, 0.9]), None, reference)
    assert case.right == right


@pytest.mark.parametrize(
    ("text", "seen", "reference", "state", "right"),
    [
        ("left effusion .", (0.8, "left"), "left effusion .", "seen and written", True),
        ("left effusion .", (0.8, "left"), "right effusion .", "seen and written", False),
        ("effusion .", (0.8, "left"), "right effusion .", "seen and written", False),
        ("effusion .", (0.8, None), "right effusion .", "seen and written", True),
        ("clear .", (0.8, "left"), "effusion on the left .", "seen, not written", True),
        ("clear .", (0.8, "left"), "right effusion .", "seen, not written", False),
        ("right effusion .", (0.8, "left"), "right effusion .", "written, not seen", True),
        ("effusion .", (0.05, None), "no effusion .", "written, not seen", False),
        ("clear .", (0.05, None), "no effusion .", "neither seen nor written", True),
        ("clear .", (0.05, None), "small effusion .", "neither seen nor written", False),
        ("clear .", (0.4, None), "right effusion .", "unsure", True),
    ],
)
def test_a_state_is_borne_out_by_the_reference(text, seen, reference, state, right):
    findings = head(effusion=seen)
    found = states_of(findings, text, reference)[FINDINGS.index("effusion")]
    assert (found.state, found.right) == (state, right)
    assert states_of(None, text, reference) == []


def test_states_are_counted_and_few_are_kept_quiet():
    states = [StateCase("seen and written", number < 9) for number in range(12)] + [StateCase("unsure", True)] * 9
    table = HowOftenRight(table_of([], states))
    assert table.state(Agreement.BOTH) == Record(9, 12) and table.state("unsure") is None
    assert table.state(Agreement.UNWRITTEN, Agreement.UNSEEN) is None
    assert table.state(Agreement.BOTH, Agreement.UNSURE) == Record(18, 21)


def test_states_and_claims_are_told_in_a_sentence():
    states = [StateCase("seen and written", number < 9) for number in range(12)]
    states += [StateCase("seen, not written", number < 3) for number in range(10)]
    table = HowOftenRight(table_of([], states))
    told = state_sentence(table, Agreement.BOTH)
    assert told.startswith("When head and words both state a finding, they are right in 8 of 10 (12 findings")
    assert "when one of them alone states it in 3 of 10 (10)" in told
    assert "seen and not written stands in the report in 3 of 10" in state_sentence(table, Agreement.UNWRITTEN)
    assert state_sentence(table, Agreement.NEITHER) is None
    assert claim_sentence(Record(7, 52)) == (
        "When it is this sure, it is right in 1 of 10 (52 claims of validation studies)."
    )


CASES = [Case(0.1, "seen", number < 3) for number in range(12)] + [Case(0.9, "not seen", True)] * 9


def test_records_are_counted_by_word_and_head():
    table = HowOftenRight(table_of(CASES))
    assert table.record() == Record(12, 21)
    assert table.record(0.2, "seen") == Record(3, 12) and Record(3, 12).of_ten == 2
    assert table.record(head="seen") == Record(3, 12) and table.record(0.2) == Record(3, 12)


def test_nothing_is_said_of_few_cases():
    table = HowOftenRight(table_of(CASES))
    assert table.record(0.9, "not seen") is None and table.record(0.3, "seen") is None
    assert HowOftenRight(table_of([])).record() is None


def test_kept_beside_the_weights_that_it_was_counted_with(tiny_checkpoint, tmp_path):
    import shutil

    folder = tmp_path / "checkpoint"
    shutil.copytree(tiny_checkpoint, folder)
    config = read_config(folder)
    assert how_often_right.load(folder, config) is None
    path = how_often_right.save(folder, CASES, "val")
    assert how_often_right.load(folder, config).record(head="seen") == Record(3, 12)
    other = {**config, "files": {**config["files"], "model.safetensors": "0" * 64}}
    assert how_often_right.load(folder, other) is None

    kept = json.loads(path.read_text())
    for damage in (
        {**kept, "states": {"unsure": [2, 1]}},
        {**kept, "states": []},
        {**kept, "right_of": {}},
        {**kept, "edges": [0.5]},
        {"right_of": kept["right_of"]},
        [],
    ):
        path.write_text(json.dumps(damage))
        with pytest.raises(BadInput, match="how_often_right"):
            how_often_right.load(folder, config)
    more_right_than_cases = {head: [[2, 1]] * 4 for head in how_often_right.HEADS}
    with pytest.raises(BadInput):
        HowOftenRight({**kept, "right_of": more_right_than_cases})
