"""Reports as people paste them: every kind of list, and cleaned captions that stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.reports.cleaning import clean
from captioner.reports.pasted_text import read_pasted

# Ways to write the same two statements.
LISTS = [
    "No effusion. Cardiomegaly.",
    "No effusion\nCardiomegaly",
    "No effusion\r\nCardiomegaly\r\n",
    "no effusion\ncardiomegaly",
    "- No effusion\n- Cardiomegaly",
    "* No effusion\n* Cardiomegaly",
    "• No effusion\n• Cardiomegaly",
    "• No effusion • Cardiomegaly",
    "1. No effusion\n2. Cardiomegaly",
    "1) No effusion 2) Cardiomegaly",
    "(1) No effusion\n(2) Cardiomegaly",
    "a) no effusion\nb) cardiomegaly",
    "i. No effusion\nii. Cardiomegaly",
    "No effusion; cardiomegaly",
    "IMPRESSION: No effusion\nCardiomegaly",
    "IMPRESSION\n1. No effusion\n2. Cardiomegaly",
    "Impression: 1. No effusion. 2. Cardiomegaly.",
    "**Impression:**\n- No effusion\n- Cardiomegaly",
    "FINDINGS: Left nodule.\nIMPRESSION: No effusion.\nCardiomegaly.",
    "INDICATION: rule out left nodule\nFINDINGS:\nNo effusion\nCardiomegaly",
    "Exam: chest. Comparison: none. Conclusion: No effusion. Cardiomegaly.",
    "IMPRESSION: No effusion. Cardiomegaly. RECOMMENDATION: CT of the left nodule",
    "Effusion: none\nCardiomegaly",
]


@pytest.mark.parametrize("text", LISTS)
def test_every_list_is_two_sentences(text):
    assert read_pasted(text).removesuffix(" .") == "no effusion . cardiomegaly"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No consolidation, effusion,\nor pneumothorax", "no consolidation effusion or pneumothorax"),
        ("There is no evidence of\npneumothorax", "there is no evidence of pneumothorax"),
        (
            "There is a small effusion on the left side of the chest\nthat is unchanged",
            "there is a small effusion on the left side of the chest that is unchanged",
        ),
        ("small R pleural effusion, w/o PTX", "small right pleural effusion without pneumothorax"),
        ("b/l effusions L > R", "bilateral effusions left greater than right"),
        ("L1 compression fracture", "compression fracture"),
        ("Nodule of 1.5 cm", "nodule of cm"),
        ("", ""),
        ("\n\n  \n", ""),
    ],
)
def test_reads_what_was_meant(text, expected):
    assert read_pasted(text) == expected


words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)
captions = st.lists(st.one_of(words, st.just(".")), max_size=12).map(lambda tokens: clean(" ".join(tokens)))


@given(captions)
def test_a_cleaned_caption_stays_as_it_is(caption):
    assert read_pasted(caption) == caption


@given(st.text(max_size=200))
def test_any_text_becomes_a_cleaned_caption(text):
    read = read_pasted(text)
    assert clean(read) == read == read_pasted(read)
