"""The page's HTML: one Jinja2 environment for all panels, whose templates lie beside their Python."""

from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from captioner.language import fill, wording
from captioner.sentence import Sentence, worded
from explain.report.template import environment
from panels.shell.glossary import term

# What is shown of a Sentence is said in the visitor's language.
_TEMPLATES = environment(Path(__file__).resolve().parents[1], trim_blocks=True, lstrip_blocks=True, finalize=worded)


def text(sentence: str, /, **values: Any) -> Markup:
    """`captioner.language.text` for templates: all is escaped but `Markup` among the values.

    Args:
        sentence: in English; a line break in it and what surrounds it count as one blank.
        values: what its placeholders stand for.
    """
    if isinstance(sentence, Sentence):
        return escape(worded(sentence))
    found = escape(wording(" ".join(sentence.split()), values.get("count")))
    return Markup(fill(found, {name: escape(worded(value)) for name, value in values.items()}))


_TEMPLATES.globals["text"] = text
_TEMPLATES.globals["term"] = term


def render(name: str, /, **values: Any) -> str:
    """A template, filled in. Every text is escaped; only `Markup` goes in as it is.

    Args:
        name: of the template's file, from `panels/`: `about/card.html`.
        values: what it names; a name that is missing raises `jinja2.UndefinedError`.
    """
    return _TEMPLATES.get_template(name).render(values).strip()
