"""The page's HTML: one Jinja2 environment for all panels, whose templates lie beside their Python."""

from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from captioner.language import fill, spoken, wording
from captioner.sentence import Sentence, worded
from captioner.template import environment
from panels.shell.glossary import term


@pass_context  # or Jinja2 would say what is constant once, when it compiles the template
def _said(_context: Context, value: Any) -> Any:
    """What is shown of a Sentence is said in the visitor's language."""
    return worded(value)


_TEMPLATES = environment(Path(__file__).resolve().parents[1], trim_blocks=True, lstrip_blocks=True, finalize=_said)


def text(sentence: str, /, **values: Any) -> Markup:
    """`captioner.language.text` for templates: all is escaped but `Markup` among the values.

    Args:
        sentence: in English; a line break in it and what surrounds it count as one blank.
        values: what its placeholders stand for.
    """
    if isinstance(sentence, Sentence):
        return escape(worded(sentence))
    found = escape(wording(" ".join(sentence.split()), values.get("count")))
    return Markup(fill(found, {name: escape(spoken(value)) for name, value in values.items()}))


_TEMPLATES.globals["text"] = text
_TEMPLATES.globals["term"] = term


def render(name: str, /, **values: Any) -> str:
    """A template, filled in. Every text is escaped; only `Markup` goes in as it is.

    Args:
        name: of the template's file, from `panels/`: `about/card.html`.
        values: what it names; a name that is missing raises `jinja2.UndefinedError`.
    """
    return _TEMPLATES.get_template(name).render(values).strip()
