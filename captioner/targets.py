"""What the encoder is taught to find: the collection's MeSH terms, with their sides and zones, as multi-label targets."""

from collections import Counter

import numpy as np

SIDES = ("left", "right", "bilateral")
ZONES = ("upper lobe", "middle lobe", "lower lobe", "base", "apex", "lingula", "hilum", "costophrenic angle")


def terms_of(mesh):
    """The set of targets that a study's MeSH terms name: each heading, and the heading with its side and its zone.

    >>> sorted(terms_of(("Opacity/lung/upper lobe/right/streaky",)))
    ['Opacity', 'Opacity/right', 'Opacity/upper lobe']
    """
    terms = set()
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
    def of(cls, meshes, least=15):
        """Every target that at least `least` studies name, commonest first."""
        counts = Counter(term for mesh in meshes for term in terms_of(mesh))
        return cls(sorted((term for term, count in counts.items() if count >= least), key=lambda term: (-counts[term], term)))

    def __len__(self):
        return len(self.names)

    def encode(self, mesh):
        """float32 `(K,)`, 1 where the study names the target."""
        terms = terms_of(mesh)
        return np.array([name in terms for name in self.names], np.float32)
