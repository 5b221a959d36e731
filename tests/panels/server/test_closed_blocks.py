"""What visitors are told by the page's Blocks, each in his own language, and what endpoints answer."""

from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.routes import App

from captioner import BadInput
from captioner.language import language, speaking, text
from captioner.sentence import Sentence
from panels.server.closed_blocks import ClosedBlocks, in_every_language
from panels.server.jobs import FAILED
from tests import event_loop
from tests.stand_in import free_port

GERMAN = SimpleNamespace(query_params={"lang": "de"}, headers={}, session_hash="a", username=None)
READY = {"en": "Model ready: x", "de": "Modell bereit: x"}


def blocks(*functions, **listener):
    with ClosedBlocks() as page:
        button, box = gr.Button(), gr.JSON()
        for function in functions:
            button.click(function, None, box, **listener)
    return page


def answered(page, at=0, request=GERMAN):
    return event_loop.run(page.process_api(at, [], request=request))["data"][0].root


def ready():
    return {"said": [Sentence("Model ready: {name}", name="x")], "code": language()}


def test_a_listener_of_the_page_answers_in_the_visitor_s_language():
    page = blocks(ready, api_visibility="private")
    assert answered(page) == {"said": [READY["de"]], "code": "de"}
    assert answered(page, request=None) == {"said": [READY["en"]], "code": "en"}
    assert language() == "en"


def test_no_web_application_is_made_before_the_page_is_launched(monkeypatch):
    made, own = [], App.create_app
    monkeypatch.setattr(App, "create_app", lambda *values, **named: made.append(values) or own(*values, **named))
    page = in_every_language(lambda: blocks(ready)).queue(max_size=3)
    assert made == [] and page.app is None and page._queue.max_size == 3
    try:
        page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", server_port=free_port())
        assert len(made) == 1 and page.app.blocks is page
    finally:
        page.close()


def test_an_endpoint_answers_in_english_whoever_asks():
    assert answered(blocks(ready, api_name="ready")) == {"said": [READY["en"]], "code": "en"}


def test_every_step_of_a_generator_speaks_the_language():
    def steps():
        for _ in range(2):
            yield ready()

    page = blocks(steps, api_visibility="private")

    async def both():
        first = await page.process_api(0, [], request=GERMAN)
        return first, await page.process_api(0, [], request=GERMAN, iterator=first["iterator"])

    assert [each["data"][0].root["said"] for each in event_loop.run(both())] == [[READY["de"]]] * 2


def test_a_refusal_and_a_fault_are_told_in_the_visitor_s_language(capsys):
    def refuse():
        raise BadInput(Sentence("Model ready: {name}", name="<x>"))

    def break_():
        raise RuntimeError("secret")

    page = blocks(refuse, break_, api_visibility="private")
    with pytest.raises(gr.Error, match="^'Modell bereit: &lt;x&gt;'$"):
        answered(page)
    with speaking("de"):
        failed = text(FAILED)
    with pytest.raises(gr.Error) as told:
        answered(page, 1)
    assert told.value.message == failed != FAILED and "secret" in capsys.readouterr().err


def test_of_a_page_in_another_language_only_the_texts_are_kept():
    built = []

    def build():
        with ClosedBlocks(title=text("Quiz")) as page:
            gr.Button(text("Write the impression"))
            gr.Radio([(text("Greedy"), "greedy"), (text("Beam"), "beam")], label=text("Search"))
        built.append(page)
        return page

    page = in_every_language(build)
    assert page is built[0]
    english = page.config
    with speaking("de"):
        assert [part["id"] for part in page.config["components"]] == [part["id"] for part in english["components"]]
        assert page.config["components"][0]["props"]["value"] == text("Write the impression")
        assert page.config["components"][1]["props"]["choices"][0][1] == "greedy"
        page.config = page.get_config_file()  # as Gradio does when the page is launched
        assert page.config["components"][1]["props"]["label"] == text("Search") != "Search"
    with speaking("xx"):
        assert page.config["components"] == english["components"]


def test_pages_that_differ_in_more_than_texts_are_refused():
    def build():
        with ClosedBlocks() as page:
            gr.Slider(0, 1 if language() == "en" else 2)
        return page

    with pytest.raises(ValueError, match="slider"):
        in_every_language(build)
