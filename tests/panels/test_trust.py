"""The word on trial: what is measured, and what the page says of it."""

import re

import cv2
import numpy as np
import pytest

from captioner import BadInput
from explain import faithfulness
from explain.evidence import Grounding, PictureShare
from explain.faithfulness import Comparison, Curves
from panels import method, trust, trust_figures
from panels.shelf import Shelf

SEEN = PictureShare(0.9, 0.1, 0.2, 0.8, 0.4)
GUESSED = PictureShare(0.9, 0.85, 0.88, 0.9, 0.9)
ON_IT = Grounding(0.9, 0.2, np.full(99, 0.85), 0.1)
NOT_ON_IT = Grounding(0.9, 0.86, np.linspace(0.5, 0.9, 99), 0.1)


def _curves(deletion, insertion):
    return Curves(np.linspace(0, 1, len(deletion)), np.array(deletion), np.array(insertion))


@pytest.fixture(scope="module")
def compared():
    return Comparison(_curves([0.9, 0.1, 0], [0, 0.8, 0.9]), (_curves([0.9, 0.6, 0], [0, 0.3, 0.9]),) * 19,
                      _curves([0.9, 0.4, 0], [0, 0.5, 0.9]))  # fmt: skip


def test_the_sentence_on_top_says_guessed_seen_or_elsewhere():
    for found, kind, words in (
        ((SEEN, ON_IT), "grounded", "rests on the marked area"),
        ((SEEN, NOT_ON_IT), "elsewhere", "not on the marked area"),
        ((GUESSED, ON_IT), "guessed", "guessed from language"),
    ):
        said = trust_figures.verdict("<b>", found)
        assert trust_figures.mark(found) == kind and f'data-kind="{kind}"' in said
        assert words in said and "<b>”" not in said and "&lt;b&gt;" in said


def test_every_number_of_the_figures_is_text_too(compared):
    said = trust_figures.curves(compared)
    areas = [float(each) for each in re.findall(r"<td>([\d.]+)</td>", said)]
    expected = [(each.deletion_area, each.insertion_area) for each in (compared.method, compared.random[0], compared.centre)]
    assert areas == pytest.approx([pair[0] for pair in expected] + [pair[1] for pair in expected], abs=0.006)
    assert said.count('role="img"') == 2 and said.count("faster than chance") == 2 and "no faster" not in said
    hidden = trust_figures.hiding("<i>", (SEEN, ON_IT))
    assert "p = 0.01" in hidden and "0 leave it as low" in hidden and "<i>" not in hidden
    assert "90%" in trust_figures.shares("x", (SEEN, ON_IT)) and "40%" in trust_figures.shares("x", (SEEN, ON_IT))


def test_lines_stay_in_their_picture():
    for area in (ON_IT, NOT_ON_IT, Grounding(0.0, 0.0, np.zeros(99), 0.1), Grounding(1.0, 1.0, np.ones(9), 0.1)):
        places = [float(each) for each in re.findall(r'x1="([\d.e-]+)"', trust_figures.hiding("x", (SEEN, area)))]
        assert places and min(places) >= 9.9 and max(places) <= 310.1


def test_a_method_that_ignores_the_weights_fails():
    def judged(last, line):
        stages = {"output": {"value": 0.9}, "encoder": {"value": last}}
        return {"stages": stages, "last": stages["encoder"], "line": line, "passes": last < line}

    assert "<b>Fails.</b>" in trust_figures.randomisation(judged(0.95, 0.5), 4)
    assert "<b>Passes.</b>" in trust_figures.randomisation(judged(-0.4, 0.5), 4)
    assert "too few" in trust_figures.randomisation({**judged(0, 0), "line": None}, 1)


def test_a_word_is_measured_once_and_by_explains_own_measures(tiny, session, monkeypatch):
    said = []
    found, compared, own = trust.measure(tiny, session, "grad-cam", 1, lambda *at: said.append(at) and False)
    assert sorted(found) == list(range(len(session.caption.words)))
    shares = [done / of for done, of in said]
    assert shares == sorted(shares) and 0.9 < shares[-1] <= 1
    expected = faithfulness.compare(tiny, session.pictures, session.caption, 1, own.maps[0], own.extent, trust.STEPS, random=1)
    assert compared.method.deletion == pytest.approx(expected.method.deletion, abs=1e-5)
    monkeypatch.setattr(trust.report_evidence, "measure", None)
    monkeypatch.setattr(trust.faithfulness, "compare", None)
    assert trust.measure(tiny, session, "grad-cam", 1, None)[1] is compared
    page = trust.render(session, 1, found, compared, own)
    assert "The gaze" in page and "Does it lie on the finding?" not in page


def test_a_word_of_a_planted_finding_is_pointed_at(session, tmp_path):
    for view, square in (("frontal", np.s_[:32, :32]), ("lateral", np.s_[32:, 32:])):
        mask = np.zeros((64, 64), np.uint8)
        mask[square] = 255
        cv2.imwrite(str(tmp_path / f"mask-{view}.png"), mask)
    example = {
        "frontal": str(tmp_path / "frontal.png"), "impression": "moderate left effusion .",
        "findings": [{"name": "effusion", "words": ["effusion"], "masks": ["mask-frontal.png", "mask-lateral.png"]}],
    }  # fmt: skip

    class Said:
        text = "acute effusion . no effusion"

    name, masks = trust.planted(example, Said, 1)
    assert name == "effusion" and masks.shape == (2, 64, 64) and masks[0, 0, 0] and not masks[1, 0, 0]
    assert trust.planted(example, Said, 0) is None and trust.planted(None, Said, 1) is None
    assert trust.planted({**example, "findings": []}, Said, 1) is None
    hit = {"frontal": True, "lateral": False}
    card = trust_figures.pointing("effusion", hit, {"frontal": 0.25, "lateral": 0.3}, {"frontal": 0.5, "lateral": 0.0})
    assert "on the finding" in card and "beside it" in card and "0.50" in card


def test_the_weights_of_the_page_stay_as_they_are(tiny, tiny_checkpoint, chests):
    import captioner
    from captioner.checkpoint import named_weights

    shelf = Shelf({"tiny": tiny_checkpoint}, captioner.load)
    mine = shelf.get("tiny")
    before = {name: np.array(value) for name, value in named_weights(mine.network).items()}
    entry = {"frontal": chests[0], "lateral": chests[1], "findings": []}
    judged, count = trust.test_of_weights(shelf, "tiny", "attention", [entry, {**entry, "lateral": None}], lambda *at: False)
    assert count == 2 and len(judged["stages"]) > 2 and shelf.get("tiny") is mine
    assert all((np.array(value) == before[name]).all() for name, value in named_weights(mine.network).items())
    with pytest.raises(BadInput, match="Two examples"):
        trust.test_of_weights(shelf, "tiny", "attention", [], lambda *at: False)


def test_the_word_itself_gives_no_evidence_of_another(tiny, session):
    from dataclasses import replace

    other = replace(session, maps={}, evidence={})
    method.explanation(tiny, session, "grad-cam")
    assert session.maps and not other.maps
