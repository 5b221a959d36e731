"""Reports and what they state: the collection, its captions, findings, negation, locations, training targets."""

from captioner.reports.cleaning import clean

__all__ = ["clean"]
