"""One method of explanation a file, on one small base class; `METHODS` lists them, `method` makes one by its name."""

from explain.methods.base import METHODS, method

__all__ = ["METHODS", "method"]
