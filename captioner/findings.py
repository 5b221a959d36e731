"""Which findings an impression states: a rule-based labeller with negation, in the manner of NegEx.

Source of the method: Chapman et al., "A simple algorithm for identifying negated findings and diseases in discharge
summaries", J. Biomed. Inform. 2001 (triggers, pseudo-triggers, scopes, terminators). The wording is that of chest
radiograph impressions. Cleaned captions have lost their commas, so words that can only open a new statement ("stable",
"mild", "there is") end a negation here as well.

Conventions:

- An uncertain finding ("possible", "may represent", "can not exclude", "versus") counts as present.
- A resolved or removed finding, one that is merely asked after ("to exclude a nodule", "if there is concern for
  pneumonia") and one in the history counts as absent. One that is unchanged counts as present.
- A nodule that is called calcified is a granuloma; a nodular opacity is a nodule; an interstitial opacity is an
  interstitial change and an interstitial edema an edema; none of them is an airspace opacity too.
- Lungs called hyperinflated or hyperexpanded count as emphysema or COPD; sternotomy and clips count as devices.
- What the thirteen do not cover (low lung volumes, a tortuous aorta, a raised diaphragm) counts as normal.
"""

import re
from typing import NamedTuple

import numpy as np

FINDINGS = (
    "cardiomegaly",
    "effusion",
    "pneumothorax",
    "airspace opacity",
    "atelectasis",
    "edema or congestion",
    "nodule or mass",
    "granuloma or calcification",
    "emphysema or COPD",
    "scarring or interstitial change",
    "bone",
    "device",
    "hernia",
)


class Mention(NamedTuple):
    """A place in a caption that states a finding: its words are `caption.split()[start:end]`."""

    finding: str
    start: int
    end: int


def _words(*patterns):
    """One regular expression for any of the patterns, each at word boundaries; `~` stands for "any ending"."""
    return re.compile(r"\b(?:" + "|".join(pattern.replace("~", "[a-z]*") for pattern in patterns) + r")\b")


_HEART = r"(?:heart|cardiac|cardio ?mediastinal|cardiopericardial)(?: and mediastinal)?(?: size| silhouette| shadow| contour~)*"
_DEGREE = (r"(?: (?:is|are|was|remains?|appears?|to|be|being|again|of|at|the|in|size|stable|stably|very|more|minimally|slightly"
           r"|mildly|moderately|severely|markedly|massively|grossly|borderline|top|slight|mild|moderate|severe|and|or|unchanged"
           r"|prominent|somewhat|mild to moderate|persistently|diffusely|probably|possibly|likely|also|now))*")
_SPINE = r"(?:spine|spinal|vertebra~|thoracic|lumbar|cervical|midthoracic|thoracolumbar|disc|disk|shoulder|joint|skeletal|bony|osseous)"

_PATTERNS = {
    "cardiomegaly": _words(
        "cardiomegal~", "(?:enlarged|enlarging|enlargement of) (?:the )?(?:[a-z]+ )?(?:heart|cardiac|cardio ?mediastinal)(?: silhouette| shadow)?",
        "(?:cardiac|heart|cardiomediastinal silhouette|ventricular|atrial) enlargement", "borderline heart size", "big heart",
        "enlarged heart size", "prominent (?:heart|cardiac silhouette)", "(?:increased|large) (?:heart|cardiac)(?: size| silhouette)?",
        _HEART + _DEGREE + " (?:enlarged|enlargement|increased|borderline|globular)(?! (?:limit~|normal))",
    ),
    "effusion": _words(
        r"(?<!pericardial )(?<!joint )effusions?", "pleural (?:fluid|collections?)", "fluid in the [a-z ]*fissures?", "hydrothora~", "hemothora~",
        "hydropneumothora~", "hemopneumothora~", "empyema~",
        "blunt(?:ing|ed) (?:of )?(?:the )?(?:[a-z]+ ){0,3}(?:costophrenic|cp)(?: angles?| sulc~| recess~)?",
        "(?:costophrenic|cp)(?: angles?| sulc~| recess~)? (?:is |are |appears? |remains? )?(?:[a-z]+ly )?blunt(?:ing|ed)",
    ),
    "pneumothorax": _words("pneumothora~", "hydropneumothora~", "hemopneumothora~"),
    "airspace opacity": _words(
        "opacit~", "opacifi~", "infiltrat~", "consolidat~", "(?:broncho)?pneumonias?", "pneumonitis", "air ?space disease",
        "air space (?:process|changes?)", "airspace (?:process|changes?)", "alveolar (?:disease|process)", "haz(?:e|y|iness)",
        "(?:increased|patchy|focal|streaky|basilar|vague|retrocardiac) densit(?:y|ies)", "densit(?:y|ies)",
    ),
    "atelectasis": _words(
        "atelecta~", "(?:lobe|lobar|lung|lingular?|segmental|basilar|base|partial) collapse", "collapse of the (?:[a-z]+ ){0,2}(?:lobe|lung)",
        "volume loss", "loss of (?:lung )?volume",
    ),
    "edema or congestion": _words(
        "edema", "congesti(?:on|ve)", "chf", "heart failure", "cardiac failure", "(?:left )?ventricular failure", "cardiac decompensation",
        "congested", "(?:fluid|volume) overload", "vascular (?:engorgement|redistribution|fullness)", "cephalization",
        "(?:pulmonary )?venous hypertension", "(?:engorged|prominent|increased) (?:central |pulmonary )*(?:vasculature|vascularity|vascular markings)",
        "(?:central |pulmonary )+(?:vascular|venous|vasculature) prominence", "prominence of the (?:central |pulmonary )*(?:vasculature|vascularity)",
        "kerley~",
    ),
    "nodule or mass": _words(
        "(?:micro)?nodul(?:es?|ar|arity|arities)(?: (?:opacit|densit)(?:y|ies))?", "mass(?:es)?", "masslike", "metastas[ei]s", "metastatic disease",
        "(?:lung|pulmonary|lobe|hilar|cavitary|coin) lesions?", "neoplasms?", "(?:lung|bronchogenic) (?:cancer|carcinoma)", "tumors?",
    ),
    "granuloma or calcification": _words(
        "granulom~", "calcif~", "calcium", "histoplasm~",
    ),
    "emphysema or COPD": _words(
        r"(?<!subcutaneous )(?<!soft tissue )emphysem~", "copd", "(?:chronic )?obstructive (?:pulmonary|lung|airway~) disease",
        "hyperinflat~", "hyper ?expan~", "hyper (?:inflat|expan)~", "over ?(?:inflat|expan|disten)~", "hyper ?aerat~", "hyperlucen~",
        "air trapping", "bull(?:a|ae|ous)", "blebs?",
    ),
    "scarring or interstitial change": _words(
        "scar(?:s|red|ring)?", "fibro(?:sis|tic|nodular)", "cicatri~", "bronchiecta~", "reticul(?:ar|ation|ations|onodular)(?: opacit(?:y|ies))?", "honeycomb~",
        "interstitial (?!(?:pulmonary )?edema)(?:[a-z]+ ){0,2}?(?:opacit(?:y|ies)|densit(?:y|ies)|infiltrat~|markings?|disease|changes?|prominence"
        "|thickening|pattern|pneumonia|pneumonitis|process|fibrosis)", "interstitium", "interstitial(?! (?:pulmonary )?edema)",
        "(?:increased|prominent|prominence of(?: the)?|coarse|coarsened|chronic) (?:[a-z]+ )?(?:lung |bronchial |bronchovascular )?markings",
        "(?:pleural|apical|biapical|septal|peribronchial|bronchial|fissural?)(?: pleural| wall)? (?:thickening|cap|capping)",
        "pleural plaques?", "chronic (?:interstitial )?lung disease", "(?:pleuro|pleural) ?parenchymal",
    ),
    "bone": _words(
        "fractur~", "(?:dis|sub)?luxat~", "dislocat(?:ed|ions?)", "(?:dextro|levo|kypho|rota)?scolio~", "kypho(?:sis|tic)", "spondyl~", "syndesmophyt~", "osteo~",
        "degenerat~", "arthri~", "arthro~", "spur(?:s|ring)?", "(?:wedge|compression|anterior|vertebral|rib|chest wall|clavic~|bony|posttraumatic|"
        "healed|old)(?: [a-z]+)? deformit(?:y|ies)", f"deformit(?:y|ies) (?:of|in|at|involving) (?:the |an? )?(?:[a-z]+ ){{0,3}}?(?:{_SPINE}|ribs?|body|clavicle~|humer~|shoulder)",
        f"{_SPINE}(?: [a-z]+)? deformit(?:y|ies)", "wedging", "compression", "curvature", "sclero(?:tic|sis)", "lytic", "expansile",
        "demineraliz~", "pectus", "hyperostosis", "dish", f"(?:vertebral|bony|osseous|bone) (?:[a-z]+ )?(?:abnormalit(?:y|ies)|lesions?|injur(?:y|ies)|destruction|metasta~)",
        "multiple myeloma", "loss of (?:vertebral |disc |disk )+(?:body )?(?:space )?height",
    ),
    "device": _words(
        "catheters?", "pic(?:c|cs)?", "central (?:venous )?lines?", "(?:ij|iv|jugular|subclavian|picc|venous|central|ng|og|support|support) (?:lines?|tubes?)", "tubes?", "tubing",
        "lines and tubes", "pace ?makers?", "pacer", "(?:a?icd|defibrillator)s?", "(?:pacemaker |pacing |cardiac |icd )?leads?(?! to)", "generator",
        "port(?: ?a ?cath)?", "portacath", "port ?cath", "mediport", "stents?", "(?:surgical |cholecystectomy |metallic |skin )?clips?", "staples?", "sutures?",
        "sternotomy(?: wires?| sutures?)?", "wires?", "(?:prosthetic|artificial|mechanical|mitral|aortic|replaced|pulmonic) (?:[a-z]+ )?valves?(?: replacement| prosthesis)?",
        "valve replacement", "prosthe(?:sis|ses|tic)", "hardware", "(?:spinal|cervical|lumbar|spine) (?:[a-z]+ )?fusion", "fusion", "implants?", "tracheostomy", "cabg",
        "coronary (?:artery )?bypass(?: graft~)?", "(?:vp )?shunt", "foreign bod(?:y|ies)", "bullets?", "shrapnel", "devices?", "rods?", "arthroplasty",
        "electrodes?", "stimulator", "balloon pump", "embolization coils?", "(?:surgical|metallic) (?:material|instruments?|fixation)", "fixation",
    ),
    "hernia": _words("(?:hiatal |hiatus |diaphragmatic |bochdalek |morgagni )?herni(?:as?|ation)", "intrathoracic stomach"),
}

# Words that a pattern above would take and that state no such finding.
_NOT_A_FINDING = {
    "nodule or mass": _words(
        "nipple shadows?", "calcified (?:[a-z]+ ){0,4}?(?:nodul~)(?: densit~| opacit~)?", "calcific nodul~(?: densit~)?",
        "(?:nodul~)(?: densit~| opacit~)? (?:[a-z]+ )?(?:is |are |appears? |which |that )*calcified", "granulomatous nodul~",
        "(?:dense|calcified) (?:[a-z]+ ){0,2}nodul~ (?:[a-z]+ ){0,8}granulom~", "body mass", "(?:lymph|hilar) nodes?", "fibronodular", "reticulonodular",
        "thyroid (?:mass|nodule|tumor)", "(?:tumor|mass) (?:progression)",
    ),
    "airspace opacity": _words(
        "(?:nodul~|mass ?like|calcified|calcific|reticul~|interstitial|radi~)(?: or| and| pulmonary| alveolar)* (?:opacit~|densit~|infiltrat~|pneumonitis|pneumonia)",
        "interstitial (?:[a-z]+ ){0,2}?(?:opacit~|densit~|infiltrat~|pneumonitis|pneumonia)", "bone densit~", "(?:soft tissue|metallic|bony|osseous) (?:opacit~|densit~)",
        "round(?:ed)? (?:area of )?(?:opacit~|densit~)",
    ),
    "granuloma or calcification": _words("non ?calcified",),
    "emphysema or COPD": _words("(?:without|no) over(?:inflat|expan)~"),
    "atelectasis": _words("vertebral (?:body )?collapse"),
    "bone": _words("catheter fracture", "fractured? (?:catheter|lead|wire)s?", "atherosclero~", "arteriosclero~", "spinal fusion"),
    "device": _words("(?:right|left|air|airway|line) ?lines?", "(?:fissur|septal|kerley b?|pleural|mid) lines?", "portable", "(?:bowel|colonic) tubes?",
                     "(?:vertebral|congenital) fusion", "tracheo~ tubes? not"),
}

# --- negation ---------------------------------------------------------------------------------------------------

_CHANGE = ("(?:change[sd]?|increase[sd]?|decrease[sd]?|progress(?:ion|ed)|worsening|improvement|difference|growth)")
_QUIETLY = "(?:significantly|substantially|appreciably|markedly|greatly|much)"
_DOUBT = "(?:entirely|completely|definitely|definitively|reliably|confidently|totally)"

# A "no" that denies a change, an exclusion or an earlier sighting, and not the finding.
_PSEUDO = _words(
    f"(?:no|without)(?: (?:significant|interval|appreciable|definite|substantial|further|obvious|apparent|gross|great|much|real|evidence of))* {_CHANGE}"
    "(?: (?:in|of|from|since|to))?",
    f"not (?:{_QUIETLY} )?{_CHANGE}", "not only", "not necessarily", "no doubt", "not (?:yet )?(?:been )?resolved", "not cleared",
    f"(?:not|never|difficult to|hard to|unable to|impossible to|not possible to|difficult)(?: (?:be|been|{_DOUBT}))* (?:exclud|rul)(?:e|ed|ing)(?: out)?",
    r"not (?:seen|present|identified|visible|visualized|noted|evident|there) (?:[a-z]+ ){0,4}?(?:prior|previous|previously|earlier|before|old|comparison|last)",
    "(?:is|are|was|were) not (?:as )?well (?:seen|visualized|evaluated|defined)", "no longer as",
    "(?:partial|partially|near|nearly|almost|incomplete|incompletely|some|not)(?: complete| completely)? (?:interval )?(?:resol(?:ution|ved)|clear(?:ing|ed))",
    "(?:document|ensure|confirm|until|verify|assure|establish|demonstrate|show|for|after)(?: (?:the|its|their|complete|interval|full))* (?:resolution|clearing|removal)(?: of)?",
)

# These deny what follows them.
_FORWARD = _words(
    "no", "not", "without", "neither", "nor", "negative(?: chest)? for", "free (?:of|from)", "clear of", "absence of", "absent", "lacks?", "devoid of", "none of", "never",
    "(?:excluded|excludes|excluding)", "rul(?:es|ed) out", "(?:interval )?resolution of", "(?:interval )?clearing of", "(?:interval )?removal of", "rather than", "as opposed to",
    "instead of", "unlikely(?: to (?:be|represent))?", "(?:to|and|or)(?: help| better| further| definitively)? (?:exclude|rule out)", "rule out",
    "(?:evaluate|assess|evaluation|assessment|looking|screen|screening|search) for", "if", "history of", "(?:past|previous|prior) pneumonias?",
    "^ ?cleared", "resolved(?= [a-z])", "removed(?= [a-z])", "were there",
)
# These deny what stands before them.
_SEEN = ("(?:seen|identified|evident|present|visualized|demonstrated|appreciated|noted|visible|suspected|detected|found|apparent|observed|confirmed|enlarged|shown"
         "|recognized|discernible|there)")
_BACKWARD = _words(
    f"(?:not|never)(?: (?:definitely|clearly|otherwise|currently|now|readily|been|be|any|longer))* {_SEEN}", f"no longer (?:[a-z]+ )?{_SEEN}", "no longer",
    "(?:has|have|had|having|is|are|now|been)(?: (?:since|now|completely|essentially|entirely|fully|also|been|in the interval|nearly))* (?:resolved|cleared|removed|disappeared|gone)",
    "(?:resolved|cleared|removed|disappeared)$", "(?:is|are|was|were) (?:absent|negative|unlikely|excluded|ruled out)", "(?:has|have) been (?:excluded|ruled out)",
    "can be (?:excluded|ruled out)", "(?:is|are) (?:considered |thought )?(?:to be )?unlikely", "not suspected",
)
# A negation ends before these: the words open another statement.
_TERMINATOR = _words(
    "but", "however", "although", "though", "except(?: for)?", "other than", "aside from", "apart from", "besides", "which", "whereas", "while", "yet", "still", "there",
    "otherwise", "stable", "unchanged", "persistent", "persisting", "continued", "redemonstrat~", "mild", "mildly", "moderate", "moderately", "minimal", "minimally", "slight",
    "slightly", "severe", "marked", "borderline", "probable", "possible", "probably", "possibly", "again", "status post", "consider", "recommend~", "then",
    "(?<!consistent )(?<!compatible )(?<!associated )(?<!correlated )(?<!concerning )with",
    "(?<!of )(?<!of the )(?<!or )(?<!the )(?:heart|cardiac silhouette|lungs)(?= (?:size|is|are|remains?|appears?))", "and (?:the|there|is|are|a|an)", "may", "could",
    "due to", "secondary to", "known", "scattered", "because",
)


def mentions(text):
    """Where a caption states which finding; negated mentions are left out.

    Args:
        text: a cleaned caption, lower-case words and full stops separated by single spaces.

    Returns:
        list of `Mention`, in the order of their place; spans of one finding do not overlap.
    """
    found, before = [], 0
    for sentence in text.split(" . "):
        sentence = sentence.removesuffix(".").strip()
        denied = _denied(sentence)
        for finding in FINDINGS:
            for start, end in _spans(finding, sentence):
                if not any(left <= start and end <= right for left, right in denied):
                    first = before + sentence.count(" ", 0, start)
                    found.append(Mention(finding, first, first + 1 + sentence.count(" ", start, end)))
        before += len(sentence.split()) + 1
    return sorted(found, key=lambda mention: (mention.start, FINDINGS.index(mention.finding)))


def label(text):
    """bool `(13,)`: which of `FINDINGS` a cleaned caption states."""
    stated = {mention.finding for mention in mentions(text)}
    return np.array([finding in stated for finding in FINDINGS])


def label_all(texts):
    """bool `(texts, 13)`: `label` of every text; each different text is read once."""
    known = {text: label(text) for text in set(texts)}
    return np.array([known[text] for text in texts], dtype=bool).reshape(-1, len(FINDINGS))


def is_normal(labels):
    """bool `(...)`: True where none of the findings in `labels`, bool `(..., 13)`, is stated."""
    return ~np.asarray(labels, dtype=bool).any(axis=-1)


def _spans(finding, sentence):
    """(start, end) characters of the finding's words in one sentence, without those that mean something else."""
    other = [match.span() for match in _NOT_A_FINDING[finding].finditer(sentence)] if finding in _NOT_A_FINDING else []
    return [match.span() for match in _PATTERNS[finding].finditer(sentence)
            if not any(start < match.end() and match.start() < end for start, end in other)]


def _denied(sentence):
    """(start, end) characters of one sentence in which a finding is denied."""
    pseudo = [match.span() for match in _PSEUDO.finditer(sentence)]
    ends = [match.start() for match in _TERMINATOR.finditer(sentence)]

    def genuine(pattern):
        return [match.span() for match in pattern.finditer(sentence)
                if not any(start < match.end() and match.start() < end for start, end in pseudo)]

    backward = genuine(_BACKWARD)
    denied = []
    for start, end in backward:
        denied.append((max((stop for stop in ends if stop < start), default=0), start))
    for start, end in genuine(_FORWARD):
        if not any(left <= start < right for left, right in backward):
            denied.append((end, min((stop for stop in ends if stop > end), default=len(sentence))))
    return denied
