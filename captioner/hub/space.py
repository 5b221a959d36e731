"""The header of the Space: what of it depends on its owner is filled in when it is published.

A header is YAML between two lines of `---` at the top of README.md
(huggingface.co/docs/hub/spaces-config-reference). Everything else in it is written by hand and stays as it is.
"""

import re
from collections.abc import Sequence

from captioner.errors import BadInput

THUMBNAIL = "docs/page.png"  # what others see where the Space is shared
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def with_owner(readme: str, space: str, models: Sequence[str] = ()) -> str:
    """The README of a Space whose header names its weights and its picture.

    Args:
        readme: the text of README.md.
        space: `OWNER/NAME` of the Space.
        models: `OWNER/NAME` of the model repositories that its weights were published as.

    Raises:
        BadInput: a name that is none, or no header.
    """
    for name in (space, *models):
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name[:80]} is no name on the Hub: write OWNER/NAME.")
    start, header, body = (readme.split("---\n", 2) + ["", ""])[:3]
    if start or not header.strip():
        raise BadInput("README.md has no header: it must begin with a line of three dashes.")
    kept = [line for line in header.splitlines() if not line.startswith(("models:", "thumbnail:"))]
    if models:
        kept.append(f"models: [{', '.join(models)}]")
    kept.append(f"thumbnail: https://huggingface.co/spaces/{space}/resolve/main/{THUMBNAIL}")
    return "---\n" + "\n".join(kept) + "\n---\n" + body
