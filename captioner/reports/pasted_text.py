"""A report as people paste it, read as a cleaned caption: lists, bullets, line breaks, headings, no full stops.

`captioner.reports.cleaning.clean` reads an impression that is written in sentences. What is pasted from a report
often has none: each line is a statement of its own, and a negation ends where its line ends.
"""

import re

from captioner.reports.cleaning import clean

# Sections that tell the reader's conclusion, best first, and those that tell none.
_CONCLUSIONS = ("impression", "impressions", "conclusion", "conclusions", "opinion", "summary", "interpretation")
_OBSERVATIONS = ("findings", "observations", "report", "result", "results")
_OTHER_SECTIONS = (
    "indication",
    "indications",
    "clinical indication",
    "clinical information",
    "clinical history",
    "history",
    "reason for exam",
    "reason for examination",
    "reason for study",
    "comparison",
    "comparisons",
    "technique",
    "exam",
    "examination",
    "study",
    "procedure",
    "recommendation",
    "recommendations",
)
_HEADING = re.compile(
    r"(?:^|(?<=[\n.;]))[ \t#*_]*(?:final |overall )?("
    + "|".join(sorted((*_CONCLUSIONS, *_OBSERVATIONS, *_OTHER_SECTIONS), key=len, reverse=True))
    + r")[ \t*_]*(?::[*_]*|\n|$)",
    re.IGNORECASE,
)

_BULLET = re.compile(r"^[ \t]*(?:[-*+>•◦‣▪●·–—]+|\(?(?:\d{1,2}|[a-hA-H]|[ivx]{1,4})[.)](?=\s|[A-Za-z]))[ \t]*")
_BULLET_INSIDE = re.compile(r"\s*[•◦‣▪●]\s*|\s+(?:\(\d{1,2}\)|\d{1,2}[.)])\s+(?=[A-Za-z])")
# A line that ends so has not ended its statement; nor has one whose next line begins so.
_GOES_ON = re.compile(
    r"(?:,|\b(?:and|or|nor|of|in|on|at|the|an?|with|without|no|not|for|to|from|by|is|are|may|likely|possible|probable"
    r"|small|large|mild|moderate|severe|minimal|new|acute|focal|pleural|left|right|upper|lower|bilateral|pulmonary))\s*$",
    re.IGNORECASE,
)
_GONE_ON_WITH = re.compile(r"\s*(?:and|or|nor|with|without|in|on|at|of|versus|which|is|are|has|have|may)\b")
WRAPPED = 50  # characters: a line this long that the next goes on in lower case was broken by its width

# "Effusion: none" answers a question of a form.
_ANSWERED_NO = re.compile(
    r"\b([A-Za-z][A-Za-z /]{2,40}?)\s*[:=]\s*(?:no|none|nil|absent|negative|not (?:seen|present|identified))"
    r"\s*(?=[.;,\n]|$)",
    re.IGNORECASE,
)
_SHORT = (
    (re.compile(r"\bw/o\b", re.IGNORECASE), "without"),
    (re.compile(r"\bc/w\b", re.IGNORECASE), "consistent with"),
    (re.compile(r"\bs/p\b", re.IGNORECASE), "status post"),
    (re.compile(r"\bw/(?=\s)", re.IGNORECASE), "with"),
    (re.compile(r"\bb/l\b", re.IGNORECASE), "bilateral"),
    (re.compile(r"\bptx\b", re.IGNORECASE), "pneumothorax"),
    (re.compile(r"(?<![\w.'’])L(?=\s+[a-z]|\s*>|-sided)"), "left"),
    (re.compile(r"(?<![\w.'’])R(?=\s+[a-z]|\s*>|-sided)"), "right"),
    (re.compile(r"(?<=\s)>\s*L\b"), "greater than left"),
    (re.compile(r"(?<=\s)>\s*R\b"), "greater than right"),
)


def read_pasted(text: str, commas: bool = False) -> str:
    """A pasted report as a cleaned caption; a cleaned caption stays as it is. With `commas` they stay, as words.

    Of a report with headings, only what is under "impression" (or "conclusion" and the like) is read, or else
    what is under "findings"; what the referring doctor asked is left out. Every line of a list ends a sentence, a
    line that was only broken by its width does not.

    >>> read_pasted("IMPRESSION:\\n1. No effusion\\n2. Cardiomegaly")
    'no effusion . cardiomegaly'
    >>> read_pasted("- no pneumothorax\\n- small L pleural effusion")
    'no pneumothorax . small left pleural effusion'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = _ANSWERED_NO.sub(r"no \1", _conclusion(text))
    for pattern, long in _SHORT:
        text = pattern.sub(long, text)
    lines = [line for line in (line.strip() for line in text.split("\n")) if line]
    sentences: list[str] = []
    for number, line in enumerate(lines):
        own = _BULLET.sub("", line)
        listed = own != line
        if sentences and not listed and _is_continued(lines[number - 1], line):
            sentences[-1] += " " + own
        else:
            sentences.append(own)
    joined = " . ".join(_BULLET_INSIDE.sub(" . ", sentence) for sentence in sentences)
    return clean(joined.replace(";", " . "), commas)


def _is_continued(line: str, following: str) -> bool:
    """Whether a line break is inside a sentence."""
    if line.endswith((".", ";", ":", "!", "?")):
        return False
    if _GOES_ON.search(line) or _GONE_ON_WITH.match(following):
        return True
    return len(line) >= WRAPPED and following[:1].islower()


def _conclusion(text: str) -> str:
    """What is under the heading that tells most; the whole text when it has no heading."""
    headings = list(_HEADING.finditer(text))
    if not headings:
        return text
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    sections = [("", text[: headings[0].start()])]
    sections += [(found[1].lower(), text[found.end() : end]) for found, end in zip(headings, ends)]
    for kind in (_CONCLUSIONS, _OBSERVATIONS):
        chosen = [body for name, body in sections if name in kind and body.strip()]
        if chosen:
            return "\n".join(chosen)
    return "\n".join(body for name, body in sections if name not in _OTHER_SECTIONS)
