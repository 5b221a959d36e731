"""The labeller against a table of invented sentences: what each states, and nothing else."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.reports.findings import FINDINGS, is_normal, label, label_all, mentions

ROOT = Path(__file__).resolve().parents[3]
SHORT = {
    "heart": "cardiomegaly",
    "fluid": "effusion",
    "ptx": "pneumothorax",
    "opacity": "airspace opacity",
    "collapse": "atelectasis",
    "edema": "edema or congestion",
    "nodule": "nodule or mass",
    "calcium": "granuloma or calcification",
    "copd": "emphysema or COPD",
    "scar": "scarring or interstitial change",
    "bone": "bone",
    "device": "device",
    "hernia": "hernia",
}

# caption | what it states, by the short names above
TABLE = """
a small effusion lies on the right . | fluid
the heart is moderately enlarged . | heart
enlarged cardiac silhouette . | heart
borderline cardiomegaly today . | heart
heart size is at the upper limits of normal . |
heart size is normal . |
the heart is not enlarged . |
the cardiac silhouette is normal in size without enlargement . |
no cardiac enlargement . |
stable cardiac enlargement . | heart
cardiomegaly has resolved . |
no effusion . |
no pleural effusion or pneumothorax . |
there is no consolidation effusion or pneumothorax seen . |
neither effusion nor pneumothorax . |
without evidence of pneumonia or edema . |
negative for pneumothorax . |
negative for fracture or dislocation but mild scoliosis . | bone
lungs are free of infiltrate . |
both lungs are clear of consolidation . |
absence of effusion . |
a pneumothorax is not seen . |
effusion or pneumothorax is not identified . |
rib fractures can not be seen . |
the left effusion is no longer present . |
the right apical pneumothorax has resolved . |
the edema has completely cleared . |
effusion resolved . |
interval resolution of the left lower lobe pneumonia . |
clearing of the right base infiltrate . |
clear apices . cleared left base infiltrate with persistent right effusion . | fluid
near complete resolution of the left effusion . | fluid
partially resolved pneumothorax . | ptx
pneumonia has not resolved . | opacity
follow up is advised to document resolution of this opacity . | opacity
the chest tube has been removed . |
interval removal of the picc line . |
picc line tip in the upper svc . | device
dual lead pacemaker is unchanged . | device
no effusion but a new opacity in the lingula . | opacity
no edema however basilar atelectasis is seen . | collapse
no acute disease stable cardiomegaly . | heart
no pneumothorax mild bibasilar atelectasis . | collapse
no acute disease with a large hiatal hernia . | hernia
no infiltrate . calcified granuloma on the left . | calcium
calcified granuloma without acute disease . | calcium
emphysema without superimposed pneumonia . | copd
cardiomegaly with no edema or effusion . | heart
no change in the right effusion . | fluid
no significant interval change in size of the mass . | nodule
without change in the bilateral opacities . | opacity
the effusion is not significantly changed . | fluid
a small effusion can not be excluded . | fluid
it is difficult to exclude an early pneumonia . | opacity
can not entirely rule out a left rib fracture . | bone
pneumonia is excluded . |
a nodule has been ruled out . |
a ct is advised to exclude an underlying mass . |
consider oblique views to rule out fracture . |
if there is concern for rib fracture dedicated views may help . |
if clinical concern for a nodule remains consider ct . |
history of pneumonia . |
ct would be better to evaluate for metastatic disease . |
the nodule was not present on the prior film . | nodule
opacity not seen on the previous study . | opacity
the apex was not well seen so a small pneumothorax is possible . | ptx
possible small nodule or nipple shadow . | nodule
may represent atelectasis versus infiltrate . | collapse opacity
questionable density at the base . | opacity
no suspicious nodules or masses . |
pneumonia is considered unlikely . |
scarring rather than pneumonia . | scar
nodular opacity in the right apex . | nodule
mild interstitial edema . | edema
increased interstitial markings in both bases . | scar
interstitial opacities at the bases . | scar
pulmonary vascular congestion . | edema
chf with large effusions . | edema fluid
no vascular congestion . |
hyperinflated but clear lungs . | copd
flattened diaphragms of copd . | copd
subcutaneous emphysema on the left . |
biapical pleural thickening . | scar
calcified nodule in the left base . | nodule calcium
noncalcified nodule in the left base . | nodule
degenerative changes of the thoracic spine . | bone
no acute bony abnormality . |
wedge deformity of a lower thoracic vertebra . | bone
atherosclerotic aorta . |
sternotomy wires and surgical clips . | device
pericardial effusion is suspected . |
right lower lobe collapse . | collapse
vertebral body collapse at the waist . |
left hydropneumothorax . | fluid ptx
low lung volumes . |
tortuous aorta and elevated right hemidiaphragm . |
no acute cardiopulmonary abnormality . |
clear lungs . |
right effusion has increased and the pneumothorax is not seen . | fluid
please note that fractures may not be demonstrated . |
persistent opacity without a comparison film the age of this fracture is unknown . | opacity bone
"""
CASES = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines()]


def stated(text):
    return {finding for finding, there in zip(FINDINGS, label(text), strict=True) if there}


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_states_what_the_table_says(text, expected):
    assert stated(text) == {SHORT[name] for name in expected.split()}


def test_the_table_is_large_and_covers_every_finding():
    assert len(CASES) >= 60
    assert {SHORT[name] for _, expected in CASES for name in expected.split()} == set(FINDINGS)


# One plain wording a finding, to be put into every frame below.
PLAIN = {
    "cardiomegaly": "cardiomegaly",
    "effusion": "pleural effusion",
    "pneumothorax": "pneumothorax",
    "airspace opacity": "consolidation",
    "atelectasis": "atelectasis",
    "edema or congestion": "pulmonary edema",
    "nodule or mass": "lung nodule",
    "granuloma or calcification": "granuloma",
    "emphysema or COPD": "emphysema",
    "scarring or interstitial change": "scarring",
    "bone": "fracture",
    "device": "pacemaker",
    "hernia": "hiatal hernia",
}


@pytest.mark.parametrize("finding", FINDINGS)
@pytest.mark.parametrize(
    ("frame", "there"),
    [
        ("{} .", True),
        ("there is {} .", True),
        ("no {} .", False),
        ("there is no {} .", False),
        ("no evidence of {} .", False),
        ("without {} .", False),
        ("{} is not seen .", False),
        ("{} has resolved .", False),
        ("no change in {} .", True),
        ("can not exclude {} .", True),
        ("no acute disease but {} .", True),
        ("clear . no {} . clear .", False),
    ],
)
def test_every_finding_in_every_frame(finding, frame, there):
    assert stated(frame.format(PLAIN[finding])) == ({finding} if there else set())


def test_mentions_give_the_words_that_state_the_finding():
    text = "no effusion . mild pulmonary vascular congestion . old right rib fracture and no nodule ."
    words = text.split()
    assert [(mention.finding, words[mention.start : mention.end]) for mention in mentions(text)] == [
        ("edema or congestion", ["congestion"]),
        ("bone", ["fracture"]),
    ]


def test_mentions_count_full_stops_as_words():
    text = "clear . . clear . effusion"
    (mention,) = mentions(text)
    assert text.split()[mention.start : mention.end] == ["effusion"]


def test_a_negation_ends_with_its_sentence():
    assert stated("no effusion . pneumothorax .") == {"pneumothorax"}


def test_normal_means_no_finding():
    labels = label_all(["no acute disease .", "effusion .", ""])
    assert labels.shape == (3, 13) and labels.dtype == bool
    assert is_normal(labels).tolist() == [True, False, True]
    assert is_normal(labels[1]) == np.False_


def test_labels_can_be_changed_without_changing_the_next_answer():
    first = label("effusion .")
    first[:] = False
    assert label("effusion .").any()


def test_no_text_gives_an_empty_table():
    assert label_all([]).shape == (0, 13)


VOCABULARY = (
    "no",
    "not",
    "without",
    "seen",
    "effusion",
    "pneumothorax",
    "stable",
    "with",
    "heart",
    "is",
    "enlarged",
    "may",
    "resolved",
    "has",
    "nodule",
    "calcified",
    ".",
    "and",
    "or",
    "the",
    "if",
    "exclude",
    "to",
    "clips",
)
SENTENCES = st.lists(st.sampled_from(VOCABULARY), max_size=25).map(" ".join)


@given(SENTENCES)
def test_mentions_and_labels_tell_the_same(text):
    found = mentions(text)
    assert {mention.finding for mention in found} == stated(text)
    assert all(0 <= mention.start < mention.end <= len(text.split()) for mention in found)
    assert all("." not in text.split()[mention.start : mention.end] for mention in found)


@given(SENTENCES, SENTENCES)
def test_sentences_do_not_reach_into_each_other(first, second):
    assert stated(f"{first} . {second}") == stated(first) | stated(second)


@given(st.text(max_size=60))
def test_any_text_can_be_labelled(text):
    assert label(text).shape == (13,)


@pytest.mark.parametrize("word", ["effusion ", "no ", "heart is mildly ", "not seen ", "fluid in the ", "if there is "])
def test_long_sentences_do_not_explode(word):
    """A pattern that backtracks without end would use up the processor seconds that the child may have."""
    program = (
        "import resource; from captioner.reports.findings import label; "
        f"resource.setrlimit(resource.RLIMIT_CPU, (20, 20)); label({word!r} * 400)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_agrees_with_the_collection_s_own_index(collection_folder):
    """On the real reports, findings and impression together, against the collection's `Problems`."""
    from captioner.reports.collection import read_collection

    index = {
        "cardiomegaly": {"Cardiomegaly"},
        "effusion": {"Pleural Effusion", "Hydropneumothorax"},
        "atelectasis": {"Pulmonary Atelectasis"},
        "granuloma or calcification": {"Calcinosis", "Calcified Granuloma", "Granulomatous Disease", "Granuloma"},
        "hernia": {"Hernia, Hiatal"},
    }
    reports = [report for report in read_collection(collection_folder).reports if report.problems != ("No Indexing",)]
    labels = label_all([f"{report.impression} . {report.findings}" for report in reports])
    for finding, terms in index.items():
        told, indexed = labels[:, FINDINGS.index(finding)], np.array([bool(terms & set(r.problems)) for r in reports])
        f1 = 2 * (told & indexed).sum() / (told.sum() + indexed.sum())
        assert f1 > 0.85, (finding, f1)
