"""Every text that comes from outside is escaped in the page's HTML."""

import jinja2
import pytest

from captioner import language
from captioner.sentence import Sentence
from panels.shell import gallery, glossary, header, notice, template, upload_input

MARKUP = '<img src=x onerror="alert(1)">'


def escaped(html):
    return MARKUP not in html and "&lt;img src=x onerror=" in html


def test_texts_of_the_shell_are_no_markup(tmp_path):
    assert escaped(header.render("ready", MARKUP))
    assert escaped(notice.render([MARKUP]))
    assert escaped(gallery.render([{"name": MARKUP, "title": MARKUP, "frontal": None, "lateral": None}]))
    assert escaped(upload_input.preview(str(tmp_path / f"{MARKUP.replace('/', '')}.png")))
    assert upload_input.preview(None) == ""


def test_notices_are_listed_only_where_there_are_any():
    assert "<ul" not in notice.render() and notice.render(["One.", "Two."]).count("<li>") == 2


def test_a_name_that_is_missing_is_no_empty_text():
    with pytest.raises(jinja2.UndefinedError):
        template.render("shell/header.html", warning="", state="ready")


def test_what_comes_from_a_catalogue_is_no_markup(monkeypatch):
    monkeypatch.setattr(
        language, "_catalogues", {"de": {"computer-drawn": MARKUP, "What are {greedy} and {beam}?": MARKUP}}
    )
    entry = {"name": "a", "title": "b", "frontal": None, "lateral": None}
    with language.speaking("de"):
        assert escaped(gallery.render([entry])) and escaped(template.render("shell/searches.html"))
        monkeypatch.setattr(glossary, "_glossary", lambda: {"phantom": "computer-drawn"})
        assert escaped(glossary.term("phantom", "computer-drawn"))


def test_what_is_constant_in_a_template_is_said_in_each_language():
    for code, said in (("en", "50%"), ("de", "50\u00a0%"), ("en", "50%")):
        with language.speaking(code):
            assert f'class="cxr-level-value">{said}<' in template.render("viewer/viewer.html")


def test_a_sentence_is_said_in_the_visitor_s_language_and_escaped():
    with language.speaking("de"):
        assert "Das konnte nicht berechnet werden." in header.render("refused", Sentence("This could not be computed."))
        assert escaped(header.render("refused", Sentence("Model ready: {name}", name=MARKUP)))
    assert template.text("What are {greedy} and\n  {beam}?", greedy="<", beam=glossary.term("phantom")).startswith(
        'What are &lt; and <button type="button"'
    )
