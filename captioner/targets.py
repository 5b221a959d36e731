"""What the encoder is taught to find: the collection's MeSH terms, with their sides and zones, as multi-label targets.

The findings that the impression itself states stand among them: MeSH also indexes what the report mentions in passing.
"""

from collections import Counter

import numpy as np

from captioner.findings import FINDINGS, label

SIDES = ("left", "right", "bilateral")
ZONES = ("upper lobe", "middle lobe", "lower lobe", "base", "apex", "lingula", "hilum", "costophrenic angle")


def terms_of(mesh, impression=""):
    """The set of targets that a study names: each MeSH heading, the heading with its side and its zone, and what the
    impression states.

    >>> sorted(terms_of(("Opacity/lung/upper lobe/right/streaky",), "small effusion ."))
    ['Opacity', 'Opacity/right', 'Opacity/upper lobe', 'impression: effusion']
    """
    terms = {f"impression: {finding}" for finding, stated in zip(FINDINGS, label(impression)) if stated}
    for term in mesh:
        heading, *qualifiers = (part.strip() for part in term.split("/"))
        terms.add(heading)
        terms.update(f"{heading}/{word}" for word in qualifiers if word in SIDES or word in ZONES)
    return terms


class Targets:
    """A fixed list of targets.

    Attributes:
        names: the targets, in the order of the head's outputs.
    """

    def __init__(self, names):
        self.names = tuple(names)

    @classmethod
    def of(cls, reports, least=15):
        """Every target that at least `least` reports (`mesh`, `impression`) name, commonest first."""
        counts = Counter(term for report in reports for term in terms_of(report.mesh, report.impression))
        return cls(sorted((term for term, count in counts.items() if count >= least), key=lambda term: (-counts[term], term)))

    def __len__(self):
        return len(self.names)

    def encode(self, mesh, impression):
        """float32 `(K,)`, 1 where the study names the target."""
        terms = terms_of(mesh, impression)
        return np.array([name in terms for name in self.names], np.float32)
