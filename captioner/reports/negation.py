"""Where a sentence of a report denies what it names: negation triggers and how far each of them reaches.

Source of the method: NegEx, Chapman et al., "A simple algorithm for identifying negated findings and diseases in
discharge summaries", J. Biomed. Inform. 2001. A trigger ("no", "has resolved") denies what comes after or before it,
up to a word that opens another statement; a pseudo-trigger ("no change in", "can not exclude") looks like a trigger and
denies nothing. Cleaned captions have lost their commas, so words that can only open a new statement ("stable", "mild",
"there is") end a negation here as well. Who still has the commas says where they open another statement.
"""

import re
from collections.abc import Collection
from typing import Any


def words(*patterns: Any) -> re.Pattern[str]:
    """One regular expression for any of the patterns, each at word boundaries; `~` matches any ending of a word."""
    return re.compile(r"\b(?:" + "|".join(pattern.replace("~", "[a-z]*") for pattern in patterns) + r")\b")


def denied(sentence: str, opened: Collection[int] = ()) -> list[tuple[int, int]]:
    """Where one sentence denies, or merely asks after, what it names.

    Args:
        sentence: cleaned words without a full stop.
        opened: characters where another statement opens, although no word says so (`captioner.reports.commas`).

    Returns:
        list of (start, end), the stretches of characters in which whatever is named is denied.
    """
    return _stretches(sentence, _FORWARD, opened)


def asked_after(sentence: str, opened: Collection[int] = ()) -> list[tuple[int, int]]:
    """Those of the stretches of `denied` that deny nothing: "to exclude a nodule", "if concern for", "history of"."""
    return _stretches(sentence, _ASKING, opened, backward=False)


def _stretches(
    sentence: str, forward_triggers: re.Pattern[str], opened: Collection[int], backward: bool = True
) -> list[tuple[int, int]]:
    pseudo = [match.span() for match in _PSEUDO.finditer(sentence)]

    def genuine(pattern: re.Pattern[str]) -> list[tuple[int, int]]:
        return [
            match.span()
            for match in pattern.finditer(sentence)
            if not any(start < match.end() and match.start() < end for start, end in pseudo)
        ]

    openings = [*opened, *(match.start() for match in _OPENING.finditer(sentence))]
    ends = [*opened, *(match.start() for match in _FORWARD_END.finditer(sentence))]
    behind = genuine(_BACKWARD)
    stretches = []
    if backward:
        stretches = [(max((place for place in openings if place < start), default=0), start) for start, _ in behind]
    for start, end in genuine(forward_triggers):
        if not any(left <= start < right for left, right in behind):
            stretches.append((end, min((place for place in ends if place >= end), default=len(sentence))))
    return stretches


_SEEN = (
    "(?:seen|identified|evident|present|visualized|demonstrated|appreciated|noted|visible|suspected|detected|found"
    "|apparent|observed|confirmed|enlarged|shown|recognized|discernible|there)"
)

# A "no" that denies a change, an exclusion or an earlier sighting, and not the finding.
_PSEUDO = words(
    "(?:no|without)(?: (?:significant|interval|appreciable|definite|substantial|further|obvious|apparent|gross|great"
    "|much|real|evidence of))* (?:change|increase|decrease|progression|worsening|improvement|difference|growth)"
    "(?: (?:in|of|from|since|to))?",
    "not (?:(?:significantly|substantially|appreciably|markedly|greatly|much) )?"
    "(?:changed|increased|decreased|progressed|worsened|improved|grown)",
    "without (?:an? |any )?(?:comparisons?|priors?|previous|contrast)",
    "not only",
    "not necessarily",
    "no doubt",
    "no longer as",
    "not (?:yet )?(?:been )?(?:resolved|cleared)",
    "(?:not|never|difficult|hard|unable|impossible|not possible)"
    "(?: (?:to|be|been|entirely|completely|definitely|definitively|reliably|confidently|totally))*"
    " (?:exclude|excluded|rule out|ruled out)",
    "not (?:seen|present|identified|visible|visualized|noted|evident|there) (?:[a-z]+ ){0,4}?"
    "(?:prior|previous|previously|earlier|before|old|comparison|last)",
    "not (?:as )?well (?:seen|visualized|evaluated|defined|demonstrated)",
    "(?:partial|partially|near|nearly|almost|incomplete|incompletely|some|not)(?: complete| completely)? (?:interval )?"
    "(?:resolution|resolved|clearing|cleared)",
    "(?:document|ensure|confirm|until|verify|assure|establish|demonstrate|show|allow|for|after|following)"
    "(?: (?:the|its|their|complete|interval|full))* (?:resolution|clearing|removal)(?: of)?",
)

# These deny what follows them ...
_DENYING_TRIGGERS = (
    "no",
    "not",
    "without",
    "neither",
    "nor",
    "never",
    "none of",
    "negative(?: chest)? for",
    "negative(?= acute)",
    "free (?:of|from)",
    "clear of",
    "absence of",
    "absent",
    "lacks?",
    "devoid of",
    "(?:excluded|excludes|excluding)",
    "(?:rules|ruled) out",
    "rather than",
    "as opposed to",
    "instead of",
    "unlikely(?: to (?:be|represent))?",
    "(?:interval )?(?:resolution|clearing|removal) of",
    "^ ?cleared",
    "(?:resolved|removed)(?= [a-z])",
)
# ... and these ask after a finding, or tell of the past.
_ASKING_TRIGGERS = (
    "(?:to|and|or)(?: help| better| further| definitively)? (?:exclude|rule out)",
    "rule out",
    "(?:evaluate|assess|evaluation|assessment|looking|screen|screening|search) for",
    "detect(?:ing)?",
    "if(?: (?:there|is|are|continued|continues|persistent|clinical|clinically|concern|high|a))*",
    "history of",
    "(?:past|previous|prior) pneumonias?",
)
_FORWARD = words(*_DENYING_TRIGGERS, *_ASKING_TRIGGERS)
_ASKING = words(*_ASKING_TRIGGERS)

# These deny what comes before them.
_BACKWARD = words(
    f"(?:not|never)(?: (?:definitely|clearly|otherwise|currently|now|readily|been|be|any|longer))* {_SEEN}",
    f"no longer (?:[a-z]+ )?{_SEEN}",
    "no longer",
    "(?:has|have|had|having|is|are|now|been)(?: (?:since|now|completely|essentially|entirely|fully|also|been"
    "|in the interval))* (?:resolved|cleared|removed|disappeared|gone)",
    "(?:resolved|cleared|removed|disappeared)$",
    "(?:is|are|was|were|been|be) (?:absent|negative|excluded|ruled out)",
    "(?:is|are) (?:considered |thought )?(?:to be )?unlikely",
)

_STATEMENT = (
    "but",
    "however",
    "although",
    "though",
    "except(?: for)?",
    "other than",
    "aside from",
    "apart from",
    "besides",
    "which",
    "whereas",
    "while",
    "yet",
    "still",
    "there",
    "otherwise",
    "again",
    "status post",
    "known",
    "stable",
    "unchanged",
    "persistent",
    "persisting",
    "continued",
    "redemonstrat~",
    "scattered",
    "mild",
    "mildly",
    "moderate",
    "moderately",
    "minimal",
    "minimally",
    "slight",
    "slightly",
    "severe",
    "marked",
    "borderline",
    "probable",
    "possible",
    "probably",
    "possibly",
    "changes of",
    "and (?:the|there|is|are|a|an)",
    "(?<!no )(?<!typical )(?<!definite )findings (?:compatible|consistent|suggest~)",
    "(?<!consistent )(?<!compatible )(?<!associated )(?<!correlated )(?<!concerning )with",
    "(?<!of )(?<!of the )(?<!or )(?<!the )(?:heart|cardiac silhouette|lungs)(?= (?:size|is|are|remains?|appears?))",
)
_ENDINGS = ("may", "could", "consider", "recommend~", "then", "because")
# Another statement opens here: a backward trigger reaches no further than the last of these ...
_OPENING = words(*_STATEMENT)
# ... and a forward trigger ends before the first of these.
_FORWARD_END = words(
    *_STATEMENT,
    *_ENDINGS,
    "due to",
    "secondary to",
    "(?:seen|identified|noted)(?= [a-z])",
)
# Those words that end a forward negation by themselves, wherever they are.
ENDING_WORDS = words(*(word for word in (*_STATEMENT, *_ENDINGS) if re.fullmatch("[a-z~]+", word)))
