"""Which other sites may show the page in a frame: the Hub, and those that whoever serves it names."""

import os
import re
from collections.abc import Sequence

from captioner import BadInput

EMBED_FROM = "CXR_EMBED_FROM"
"""The environment variable that names them where the command line does not, separated by blanks."""

ALWAYS = (
    "'self'",
    "https://huggingface.co",
    "https://*.huggingface.co",
)  # a Space is shown in a frame of the hub's page
MOST = 20

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# One host, or all below a domain of two parts at least; without encryption this machine alone, to try it.
_SITE = re.compile(
    rf"https://(?:{_LABEL}(?:\.{_LABEL})*|\*\.{_LABEL}(?:\.{_LABEL})+)(?::\d{{1,5}})?"
    r"|http://(?:localhost|127\.0\.0\.1)(?::\d{1,5})?"
)


def chosen(given: Sequence[str] | None = None) -> tuple[str, ...]:
    """The sites that may frame the page, besides the Hub's.

    Args:
        given: of the command line; None for the environment's CXR_EMBED_FROM, or none.

    Raises:
        BadInput: one of them is no site; the sentence says where it was given.
    """
    name, sites = ("--embed-from", given) if given is not None else (EMBED_FROM, os.environ.get(EMBED_FROM, "").split())
    if len(sites) > MOST:
        raise BadInput(f"{name} takes {MOST} sites at the most.")
    for site in sites:
        if not _SITE.fullmatch(site):
            raise BadInput(f"{name} takes sites such as https://course.example, without a path, not {site[:80]!r}.")
    return tuple(dict.fromkeys(sites))


def ancestors(sites: Sequence[str] = ()) -> str:
    """The value of Content-Security-Policy's `frame-ancestors` (w3.org/TR/CSP3) for these sites and the Hub's."""
    return " ".join((*ALWAYS, *sites))
