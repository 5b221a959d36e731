"""What the encoder is taught to find: the collection's MeSH terms, with their sides and zones, as multi-label targets.

The findings that the impression itself states are among them: MeSH also indexes what the report mentions in passing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from captioner.reports.findings import FINDINGS, SIDES, label
from captioner.reports.index_locations import ZONE_OF


def terms_of(mesh: Sequence[str], impression: str = "") -> set[str]:
    """The set of targets that a study names: each MeSH heading, the heading with its side and its zone, and what the
    impression states.

    >>> sorted(terms_of(("Opacity/lung/upper lobe/right/streaky",), "small effusion ."))
    ['Opacity', 'Opacity/right', 'Opacity/upper lobe', 'impression: effusion']
    """
    terms = {f"impression: {finding}" for finding, stated in zip(FINDINGS, label(impression)) if stated}
    for term in mesh:
        heading, *qualifiers = (part.strip() for part in term.split("/"))
        terms.add(heading)
        terms.update(f"{heading}/{word}" for word in qualifiers if word in SIDES or word in ZONE_OF)
    return terms


class Targets:
    """A fixed list of targets.

    Attributes:
        names: the targets, in the order of the head's outputs.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    @classmethod
    def of(cls, reports: Iterable[Any], min_studies: int = 15, places: bool = True) -> Self:
        """Every target that at least `min_studies` reports (`mesh`, `impression`) name, commonest first; without
        `places` no heading with a side or a zone is among them."""
        counts = Counter(term for report in reports for term in terms_of(report.mesh, report.impression))
        names = (term for term, count in counts.items() if count >= min_studies and (places or "/" not in term))
        return cls(sorted(names, key=lambda term: (-counts[term], term)))

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, mesh: Sequence[str], impression: str) -> np.ndarray:
        """float32 `(K,)`, 1 where the study names the target."""
        terms = terms_of(mesh, impression)
        return np.array([name in terms for name in self.names], np.float32)
