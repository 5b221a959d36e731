"""Colour schemes in which a page is looked at: dark in the suite, light as well in the long runs.

The main page and the Trust panel are looked at in both, on a page that is open anyway.
"""

import pytest

SCHEMES = ["dark", pytest.param("light", marks=pytest.mark.long)]

# The page follows another scheme a moment later, and its colours fade over.
_FOLLOWS = """(dark) => document.body.classList.contains("dark") === dark
  && !document.getAnimations().some((one) => one instanceof CSSTransition)"""


def show_in(page, scheme):
    """Give an open page the other colour scheme, and wait until it follows."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(_FOLLOWS, arg=scheme == "dark")
