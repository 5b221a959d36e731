"""What each token of a vocabulary does to a sentence: the labeller's rules, compiled into tables.

The labeller is `captioner.reports.findings`, `negation` and `statements`; `captioner.decoding.sentence_rules` runs on
the tables.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from captioner.reports import statements
from captioner.reports.findings import FINDINGS, all_mentions
from captioner.reports.negation import ENDING_WORDS, words
from captioner.reports.sides import BOTH_IF_ALONE, BOTH_WORDS, LEFT_WORDS, RIGHT_WORDS

# In the first two what is named is stated, in the next two denied. CLEAR is after "clear", since "clear of" denies.
MODES = PLAIN, CLEAR, DENYING, DENYING_AND, UNSURE, ASKING = range(6)

_NO = words("no", "without")
_ASKING = words("if")
# Words of every trigger of a negation but these, and of every phrase that only looks like one.
_UNSURE_ANYWHERE = words(
    *(
        "not|neither|nor|never|none|negative|free|absence|absent|lacks?|devoid|excluded|excludes|excluding|exclude|rules|"
        "ruled|rule|rather|opposed|instead|unlikely|resolution|clearing|removal|cleared|resolved|removed|disappeared|"
        "gone|longer|evaluate|assess|evaluation|assessment|looking|screen|screening|search|detect|detecting|history|"
        "past|previous|prior"
    ).split("|")
)
# Words that may end a denial, or undo it, with the word before or after them.
_UNSURE_IN_DENIAL = words(
    *(
        "with|findings?|changes?|due|secondary|status|other|aside|apart|except|heart|lungs|cardiac|silhouette|seen|"
        "identified|noted|increase|decrease|progression|worsening|improvement|difference|growth|doubt|comparisons?|"
        "priors?|contrast|only|necessarily|changed|increased|decreased|progressed|worsened|improved|grown"
    ).split("|")
)
SIDE_WORDS = (LEFT_WORDS, RIGHT_WORDS, BOTH_WORDS | BOTH_IF_ALONE)
_AFTER_AND = words("the|there|is|are|an?")
# One of these is part of everything that denies what comes before it.
_BACKWARD = words("not|never|longer|resolved|cleared|removed|disappeared|gone|absent|negative|excluded|ruled|unlikely")
# A word of these may be followed by any word, and by one that ends the denial, within the same mention.
_OPEN_MENTION = words("interstitial|deformit~|compression")
_ALSO_NAMES = {"bone": words("deformit~")}


class TokenTables(NamedTuple):
    """A row for each of V tokens; a token that is no word has False throughout, and leaves the mode as it is.

    Attributes:
        modes: int32 `(6, V)`, mode of a sentence -> the one after the token.
        names: bool `(V, 13)`, findings that it may name by itself.
        pairs: bool `(V, K, 2)`, whether it is the first or second half of each pair of `statements.PAIRS`.
        open_mention: bool `(V,)`, whether any word may follow it within the same mention.
        stating: bool `(V,)`, whether a sentence that has it states something.
        dangling: bool `(V,)`, whether no sentence ends with it.
        backward: bool `(V,)`, whether it may deny what comes before it.
        closing: bool `(V,)`, whether it closes any sentence.
        no: bool `(V,)`, whether it denies what comes after it.
        sides: bool `(V, 3)`, whether it names left, right, both sides.
    """

    modes: np.ndarray
    names: np.ndarray
    pairs: np.ndarray
    open_mention: np.ndarray
    stating: np.ndarray
    dangling: np.ndarray
    backward: np.ndarray
    closing: np.ndarray
    no: np.ndarray
    sides: np.ndarray


def token_tables(tokens: Sequence[str]) -> TokenTables:
    """The tables of the tokens of a vocabulary, in their order."""
    plain = [_is_word(token) for token in tokens]

    def column(holds: Callable[[str], object]) -> np.ndarray:
        return np.array([there and bool(holds(token)) for there, token in zip(plain, tokens)])

    names = np.array([_named_by(token if there else "") for there, token in zip(plain, tokens)])
    modes = [[_next_mode(mode, token) if there else mode for there, token in zip(plain, tokens)] for mode in MODES]
    return TokenTables(
        modes=np.array(modes, np.int32),
        names=names,
        pairs=np.array([statements.pairs_of(token if there else "") for there, token in zip(plain, tokens)]),
        open_mention=column(_OPEN_MENTION.fullmatch),
        stating=column(statements.states_alone),
        dangling=column(statements.is_dangling),
        backward=column(_BACKWARD.fullmatch),
        closing=column(statements.is_closing) & ~names.any(axis=1),
        no=column(_NO.fullmatch),
        sides=np.stack([column(side.__contains__) for side in SIDE_WORDS], axis=1),
    )


def statement_table(tokens: Sequence[str]) -> np.ndarray:
    """The table of `captioner.models.said.Said`, float32 `(V, WIDTH)`, for the tokens of a vocabulary."""
    tables = token_tables(tokens)
    stops = np.array([token == "." for token in tokens])[:, None]
    return np.concatenate([tables.names, tables.pairs[..., 0], tables.pairs[..., 1], stops], axis=1).astype(np.float32)


def _is_word(token: str) -> bool:
    return token.isascii() and token.isalpha() and token.islower()


def _named_by(token: str) -> list[bool]:
    """Which findings a token may name by itself."""
    named = {mention.finding for mention, _ in all_mentions(token)}
    named |= {finding for finding, pattern in _ALSO_NAMES.items() if pattern.fullmatch(token)}
    return [finding in named for finding in FINDINGS]


def _next_mode(mode: int, token: str) -> int:
    """The mode with a word in which the next one stands; a full stop makes it plain."""
    if mode == ASKING or _ASKING.fullmatch(token):
        return ASKING
    if _NO.fullmatch(token):
        return DENYING
    if _UNSURE_ANYWHERE.fullmatch(token) or (mode == CLEAR and token == "of"):
        return UNSURE
    if ENDING_WORDS.fullmatch(token):
        return PLAIN
    if mode in (DENYING, DENYING_AND):
        if _UNSURE_IN_DENIAL.fullmatch(token) or (mode == DENYING_AND and _AFTER_AND.fullmatch(token)):
            return UNSURE
        return DENYING_AND if token == "and" else DENYING
    if mode == UNSURE:
        return UNSURE
    return CLEAR if token == "clear" else PLAIN
