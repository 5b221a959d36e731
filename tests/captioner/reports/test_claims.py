"""The judge of claims against tables of invented sentences: sides, denials, and forty built pairs of impressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.reports.claims import claims, compare_claims, contradictions, side_of
from captioner.reports.cleaning import clean
from captioner.reports.findings import FINDINGS, SIDED, label
from captioner.reports.pasted_text import read_pasted

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
NAMES = {long: short for short, long in SHORT.items()}

# text | its claims: finding, /side where it has one, - before what is denied, ~ before what is denied in part
CLAIMS = """
small left effusion | fluid/left
left effusion and atelectasis | fluid/left collapse/left
left effusion with overlying atelectasis | fluid/left collapse/left
left effusion with a calcified granuloma | fluid/left calcium calcium
bilateral effusions with left basilar atelectasis | fluid/bilateral collapse/left
atelectasis and effusion in the left base | collapse/left fluid/left
right and left effusions | fluid/bilateral
opacity in the right upper and left lower lobes | opacity/bilateral
calcified left upper lobe nodule | calcium/left nodule/left
opacity in the left base may represent pneumonia | opacity/left opacity/left
right consolidation consistent with pneumonia | opacity/right opacity/right
left effusion right lung is clear | fluid/left
effusion on the left is stable | fluid/left
left effusion right pneumothorax | fluid/left ptx/right
opacity in the left base right effusion | opacity/left fluid/right
left chest pacemaker with leads in the right atrium and right ventricle | device/left device
atelectasis at the bases | collapse/bilateral
atelectasis at the right bases | collapse/right
cardiomegaly and opacity in the left base | heart opacity/left
scarring or atelectasis in the lingula | scar/left collapse/left
platelike atelectasis left base | collapse/left
RLL opacity | opacity/right
L effusion > R | fluid/bilateral
no left effusion | -fluid/left
no pneumothorax or effusion but mild bibasilar atelectasis | -ptx -fluid collapse/bilateral
no focal consolidation or effusion | ~opacity -fluid
no new opacity | ~opacity
the right effusion has resolved | -fluid/right
pneumothorax is not seen | -ptx
if there is concern for pneumonia consider ct |
ct to exclude a left nodule |
history of pneumonia |
no acute disease |
"""
# Commas, judged by hand: what a comma parts, and what only a list holds.
CLAIMS += """\
Left effusion, no pneumothorax. | fluid/left -ptx
No pneumothorax, left effusion. | -ptx fluid/left
No pneumothorax, small left effusion and atelectasis. | -ptx fluid/left collapse/left
Small left effusion, no pneumothorax or consolidation. | fluid/left -ptx -opacity
Right lower lobe opacity, no effusion, no pneumothorax. | opacity/right -fluid -ptx
Left effusion and no pneumothorax. | fluid/left -ptx
left effusion no pneumothorax | fluid/left -ptx
No left effusion, right lower lobe pneumonia. | -fluid/left opacity/right
No left effusion, no pneumothorax. | -fluid/left -ptx
No left effusion or pneumothorax. | -fluid/left -ptx/left
No effusion, pneumothorax, or consolidation. | -fluid -ptx -opacity
No effusion, pneumothorax or left lower lobe consolidation. | -fluid -ptx -opacity/left
No effusion, pneumothorax, and consolidation. | -fluid -ptx -opacity
No effusion, edema. | -fluid -edema
No focal consolidation, large effusion, or pneumothorax. | ~opacity ~fluid -ptx
No acute disease, old granuloma on the right. | calcium/right
No pneumothorax, the heart is enlarged. | -ptx heart
No pneumothorax, effusion or edema is seen. | -ptx -fluid -edema
No large, left effusion. | ~fluid/left
No consolidation, calcified granuloma in the left base. | -opacity calcium/left calcium/left
Left effusion, pneumothorax not seen. | fluid/left -ptx
Effusion, pneumothorax, and edema have resolved. | -fluid -ptx -edema
Left effusion, edema and pneumothorax have resolved. | -fluid/left -edema -ptx/left
The left effusion, seen before, has resolved. | -fluid/left
Left effusion, since resolved. | -fluid/left
Atelectasis, left base. | collapse/left
Opacities, right upper and left lower lobes. | opacity/bilateral
Opacity, left base, small effusion. | opacity/left fluid
Airspace opacity, left effusion. | opacity fluid/left
Left effusion, calcified granuloma. | fluid/left calcium calcium
Left effusion, atelectasis, and scarring. | fluid/left collapse/left scar/left
Scarring, atelectasis and effusion in the left base. | scar/left collapse/left fluid/left
Cardiomegaly, left and right effusions. | heart fluid/bilateral
Effusions, right greater than left. | fluid/bilateral
Left effusion, right lung is clear. | fluid/left
Small, left, loculated effusion. | fluid/left
Bibasilar atelectasis, right effusion, no edema. | collapse/bilateral fluid/right -edema
Right effusion without pneumothorax, left pacemaker. | fluid/right -ptx device/left
CT to exclude a nodule, left effusion. | fluid/left
Effusion: none, left nodule. | -fluid nodule/left
"""
CLAIM_CASES = [tuple(part.strip() for part in line.split("|")) for line in CLAIMS.strip().splitlines()]

# reference | prediction | outcome of each finding
PAIRS = """
moderate left effusion | moderate left pleural effusion | agreed:fluid
moderate left effusion | moderate right pleural effusion | side_wrong:fluid
moderate left effusion | moderate pleural effusion | side_missing:fluid
pleural effusion | right effusion | agreed:fluid
bilateral effusions | left effusion | side_wrong:fluid
left effusion | bilateral effusions | side_wrong:fluid
left effusion and right effusion | bilateral effusions | agreed:fluid
small left and right effusions | effusions on both sides | agreed:fluid
left effusion | no effusion | missed:fluid
left effusion | no acute disease | missed:fluid
no effusion | left effusion | made_up:fluid
no acute disease | left effusion | made_up:fluid
no effusion | no effusion | denied_alike:fluid
no acute disease | clear lungs |
right pneumothorax | right pneumothorax . no pneumothorax | contradictory:ptx
right pneumothorax . no pneumothorax | right pneumothorax | contradictory:ptx
right pneumothorax | no pneumothorax . right pneumothorax . cardiomegaly | contradictory:ptx made_up:heart
right effusion . no left effusion | right effusion | agreed:fluid
left base opacity | no focal consolidation . left base opacity | agreed:opacity
small effusion | no large effusion . small effusion | agreed:fluid
the left effusion has resolved . new right effusion | right effusion | agreed:fluid
cardiomegaly | enlarged heart | agreed:heart
heart is enlarged . moderate right effusion | cardiomegaly . left effusion | agreed:heart side_wrong:fluid
nodule in the left upper lobe | left nodule | agreed:nodule
nodule in the left upper lobe | right upper lobe nodule | side_wrong:nodule
calcified granuloma in the right base | right granuloma | agreed:calcium
bibasilar atelectasis | bilateral basilar atelectasis | agreed:collapse
bibasilar atelectasis | right basilar atelectasis | side_wrong:collapse
left base atelectasis or infiltrate | left base atelectasis | agreed:collapse missed:opacity
left base atelectasis or infiltrate | left atelectasis . right infiltrate | agreed:collapse side_wrong:opacity
left effusion with adjacent atelectasis | left effusion . right atelectasis | agreed:fluid side_wrong:collapse
1. No effusion\\n2. Cardiomegaly | no effusion . cardiomegaly | agreed:heart denied_alike:fluid
- no pneumothorax\\n- left effusion | left effusion . no pneumothorax | agreed:fluid denied_alike:ptx
no effusion\\ncardiomegaly\\nleft nodule | cardiomegaly . right nodule . chf | agreed:heart side_wrong:nodule made_up:edema
IMPRESSION:\\nSmall R effusion | small right effusion | agreed:fluid
INDICATION: pneumonia\\nIMPRESSION: no acute disease | right pneumonia | made_up:opacity
No consolidation, effusion,\\nor pneumothorax | no effusion | denied_alike:fluid
Effusion: none\\nHeart: enlarged | cardiomegaly . left effusion | agreed:heart made_up:fluid
• LLL pneumonia • no effusion | left lower lobe pneumonia | agreed:opacity
right opacity . ct to exclude a mass | right opacity . left mass | agreed:opacity made_up:nodule
left chest port | left chest port . hiatal hernia | agreed:device made_up:hernia
emphysema with right apical scarring | copd . left apical scarring | agreed:copd side_wrong:scar
pulmonary edema and bilateral effusions | bilateral effusions without edema | agreed:fluid missed:edema
"""
PAIR_CASES = [
    tuple(part.strip().replace("\\n", "\n") for part in line.split("|")) for line in PAIRS.strip().splitlines()
]


def written(claim):
    mark = "" if not claim.denied else "~" if claim.limited else "-"
    return mark + NAMES[claim.finding] + (f"/{claim.side}" if claim.side else "")


def outcomes(comparison):
    return {
        f"{kind}:{NAMES[finding]}" for kind in comparison.__dataclass_fields__ for finding in getattr(comparison, kind)
    }


@pytest.mark.parametrize(("text", "expected"), CLAIM_CASES, ids=[text for text, _ in CLAIM_CASES])
def test_claims_what_the_table_says(text, expected):
    assert [written(claim) for claim in claims(text)] == expected.split()


@pytest.mark.parametrize(("reference", "predicted", "expected"), PAIR_CASES, ids=range(1, len(PAIR_CASES) + 1))
def test_compares_as_the_table_says(reference, predicted, expected):
    assert outcomes(compare_claims(reference, predicted)) == set(expected.split())


def test_the_table_has_forty_pairs_and_every_outcome():
    assert len(PAIR_CASES) >= 40
    kinds = {outcome.split(":")[0] for *_, expected in PAIR_CASES for outcome in expected.split()}
    assert kinds == set(compare_claims("", "").__dataclass_fields__)


def test_a_claim_points_at_its_words():
    text = "IMPRESSION:\n- No effusion\n- Left lower lobe calcified nodule"
    words = "no effusion . left lower lobe calcified nodule".split()
    assert [words[claim.start : claim.end] for claim in claims(text)] == [["effusion"], ["calcified"], ["nodule"]]


def test_the_sides_of_several_claims_are_joined():
    assert side_of(claims("left effusion . stable right effusion"), "effusion") == "bilateral"
    assert side_of(claims("left effusion . effusion is small"), "effusion") == "left"
    assert side_of(claims("effusion . no left effusion"), "effusion") is None


WORDS = (
    "no left right bilateral small effusion effusions pneumothorax opacity nodule atelectasis and or with in the base "
    "is clear cardiomegaly without new resolved has . pneumonia if to exclude but lung"
).split()
captions = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)


@given(captions)
def test_states_what_the_labeller_states(text):
    stated = {claim.finding for claim in claims(text) if not claim.denied}
    assert stated == {finding for finding, there in zip(FINDINGS, label(text)) if there}


@given(st.text(alphabet="ab,. 1;\n'-", max_size=30))
def test_commas_are_all_that_a_text_with_commas_has_more(text):
    assert [word for word in clean(text, commas=True).split() if word != ","] == clean(text).split()
    assert [word for word in read_pasted(text, commas=True).split() if word != ","] == read_pasted(text).split()


@given(captions)
def test_only_findings_with_a_side_have_one(text):
    assert {claim.finding for claim in claims(text) if claim.side} <= set(SIDED)


@given(captions)
def test_a_side_is_named_in_its_own_sentence(text):
    tokens = text.split()
    for claim in claims(text):
        start = max((place + 1 for place in range(claim.start) if tokens[place] == "."), default=0)
        sentence = [*tokens[start : claim.start], *" ".join(tokens[claim.start :]).split(" . ")[0].split()]
        ways = {
            "left": [{"left"}],
            "right": [{"right"}],
            "bilateral": [{"bilateral"}, {"left", "right"}],
            None: [set()],
        }
        assert any(way <= set(sentence) for way in ways[claim.side])


@given(captions, captions)
def test_every_finding_has_one_outcome_at_most(reference, predicted):
    comparison = compare_claims(reference, predicted)
    listed = [finding for kind in comparison.__dataclass_fields__ for finding in getattr(comparison, kind)]
    assert len(listed) == len(set(listed))
    stated = {claim.finding for text in (reference, predicted) for claim in claims(text) if not claim.denied}
    assert stated <= set(listed)


@given(captions)
def test_a_text_agrees_with_itself(text):
    comparison = compare_claims(text, text)
    assert not comparison.side_wrong + comparison.side_missing + comparison.missed + comparison.made_up
    assert comparison.contradictory == contradictions(claims(text))


@given(captions, captions)
def test_turned_round_missed_is_made_up(reference, predicted):
    there, back = compare_claims(reference, predicted), compare_claims(predicted, reference)
    assert (there.missed, there.made_up) == (back.made_up, back.missed)
