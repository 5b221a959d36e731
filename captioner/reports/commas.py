"""Which commas of a sentence open another statement, and which only part the members of a list.

"No pneumothorax, effusion or edema" denies all three; "no pneumothorax, small left effusion" denies one and states the
other. A comma opens another statement where what follows names a finding and

- has a verb of its own ("..., heart is enlarged"), or
- says of it what nobody says of what is absent: a side, a size, an age ("..., small left effusion"), or
- comes after something that is stated so ("left effusion, pneumothorax not seen"),

unless "or" or "nor" goes on with the list; of "left effusion, edema and pneumothorax have resolved" all is gone, too.
Where nothing of this holds it is read as a list: "no effusion, edema".
"""

from collections.abc import Collection, Sequence

from captioner.reports.negation import denied
from captioner.reports.sides import VERBS
from captioner.reports.statements import is_dangling

_VERBS = {*VERBS, "persists", "persist", "suggests", "suggest", "represents", "represent"}
# What is said of a finding that is there, and hardly ever of one that is not.
_OF_WHAT_IS_THERE = {
    *("left", "right", "lul", "lll", "rul", "rml", "rll", "lingula", "lingular"),
    *("bilateral", "bilaterally", "bibasilar", "bibasal", "biapical", "basilar"),
    *("small", "tiny", "trace", "minimal", "minor", "mild", "moderate", "severe", "slight"),
    *("some", "several", "multiple"),
    *("chronic", "old", "remote", "healed", "healing", "stable", "unchanged", "persistent", "improving", "improved"),
    *("calcified", "enlarged", "increased", "prominent", "degenerative", "likely", "possible", "probable"),
}


def opening_commas(tokens: Sequence[str], commas: Collection[int], named: Collection[int]) -> set[int]:
    """The commas of one sentence that open another statement.

    Args:
        tokens: words of the sentence, without its commas.
        commas: places of the words that stand after a comma.
        named: places of words that name a finding, stated or denied.

    >>> opening_commas("no pneumothorax small left effusion".split(), {2}, {1, 4})
    {2}
    >>> opening_commas("no pneumothorax effusion or edema".split(), {2}, {1, 2, 4})
    set()
    """
    found: set[int] = set()
    edges = [0, *sorted(place for place in commas if 0 < place < len(tokens)), len(tokens)]
    for before, comma, after in zip(edges, edges[1:], edges[2:]):
        part = tokens[comma:after]
        if is_dangling(tokens[comma - 1]) or not any(comma <= place < after for place in named):
            continue  # "no large, left effusion"; "the effusion, seen before, has resolved"
        led_on = next((token for token in tokens[comma:] if token in _VERBS | {"or", "nor", "and"}), None)
        own_verb = led_on in _VERBS and led_on in part
        after_one = led_on != "and" and _is_there(tokens[before:comma])
        if led_on not in ("or", "nor") and (own_verb or _is_there(part) or after_one):
            found.add(comma)
    return found


def _is_there(part: Sequence[str]) -> bool:
    """Whether a part of a sentence says of a finding what is said of those that are there, and denies nothing."""
    return any(token in _OF_WHAT_IS_THERE for token in part) and not denied(" ".join(part))
