"""The languages of the page, and their catalogues: `text/LANGUAGE/PART.json`, English sentence -> how it goes there.

CONTRIBUTING.md says how to add a language. A catalogue is data: what comes from it is escaped as any other text.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from captioner import language
from captioner.language import Entry

_FOLDER = Path(__file__).with_name("text")

LANGUAGES = ("en", "de")
"""The languages in which visitors are answered, English first: it is shown where another is asked for."""

NAMES = {"en": "English", "de": "Deutsch"}
"""What each of them calls itself."""

# A script and no module: it is there before any module is, and before Gradio chooses the language of its own words.
_SCRIPT = """window.cxrText = Object.freeze(%(told)s);
if (navigator.language.split("-")[0] !== window.cxrText.language) {
  Object.defineProperty(navigator, "language", { value: window.cxrText.language, configurable: true });
  Object.defineProperty(navigator, "languages", { value: [window.cxrText.language], configurable: true });
}
"""


@cache
def catalogue(code: str) -> dict[str, Entry]:
    """All that a language says.

    Args:
        code: of LANGUAGES.
    """
    found: dict[str, Entry] = {}
    for file in sorted((_FOLDER / code).glob("*.json")):
        found |= json.loads(file.read_text(encoding="utf-8"))
    return found


def install() -> None:
    """Have all sentences of the program worded by the catalogues (captioner/language.py)."""
    for code in LANGUAGES:
        language.install(code, catalogue(code))


def script(code: str) -> bytes:
    """What tells the browser its language and the catalogue (language.js), as a script for the head of the page."""
    told: dict[str, Any] = {"language": code, "catalogue": catalogue(code)}
    return (_SCRIPT % {"told": json.dumps(told, ensure_ascii=False)}).encode()
