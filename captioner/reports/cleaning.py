"""A section of a report as a caption: the words that the networks learn to write."""

import re

_WHOLE_CONTRACTIONS = {"won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not"}
_ENDINGS = (("n't", " not"), ("'re", " are"), ("'ll", " will"), ("'ve", " have"), ("'m", " am"), ("'d", " would"))
_IS = re.compile(r"\b(it|there|that|this|what|he|she|who|where|here)'s\b")
_WHOLE = re.compile(r"\b(" + "|".join(_WHOLE_CONTRACTIONS) + r")\b")
_REMOVED_FOR_PRIVACY = re.compile(r"[a-z0-9'-]*x{4,}[a-z0-9'-]*")
# "1. " or "2) " at the start or after a full stop numbers a list; "1.5 cm" does not.
_NUMBERING = re.compile(r"(^|[.:;]|\s)\s*\(?\d{1,2}[.)](?=\s|[a-z]|$)")
_WITH_DIGIT = re.compile(r"[a-z-]*\d[a-z0-9-]*(?:[.,/:]\d+)*")
_NOT_WORDS = re.compile(r"[^a-z.]+")
_NOT_WORDS_NOR_COMMAS = re.compile(r"[^a-z.,]+")


def clean(text: str, commas: bool = False) -> str:
    """A report's section as a caption: lower-case words and full stops, separated by single spaces.

    `XXXX` (what was removed for privacy), list numbering, digits and the tokens that hold them, and all other marks
    go; contractions are opened; runs of full stops become one, and none comes first.

    Args:
        text: as it was written.
        commas: whether commas stay, as words of their own. Captions have none; they say where a statement ends.

    >>> clean("1. No XXXX effusion, can't exclude 2.5 cm nodule.  2. Well-expanded lungs..")
    'no effusion can not exclude cm nodule . well expanded lungs .'
    >>> clean("Left effusion, 2,5 cm, no pneumothorax,.", commas=True)
    'left effusion , cm , no pneumothorax .'
    """
    text = text.lower().replace("’", "'")
    text = _REMOVED_FOR_PRIVACY.sub(" ", text)
    text = _NUMBERING.sub(r"\1 ", text)
    text = _WHOLE.sub(lambda match: _WHOLE_CONTRACTIONS[match.group()], text)
    text = _IS.sub(r"\1 is", text)
    for ending, opened in _ENDINGS:
        text = text.replace(ending, opened)
    text = text.replace("'s", "")  # a possessive: "patient's"
    text = _WITH_DIGIT.sub(" ", text)
    text = (_NOT_WORDS_NOR_COMMAS if commas else _NOT_WORDS).sub(" ", text).replace(".", " . ").replace(",", " , ")
    tokens: list[str] = []
    for token in text.split():
        if token == ".":
            while tokens and tokens[-1] == ",":
                tokens.pop()
        if token not in (".", ",") or (tokens and tokens[-1] not in (".", ",")):
            tokens.append(token)
    return " ".join(tokens)
