"""In which language a visitor is answered, over the network too."""

import json
from types import SimpleNamespace

import httpx
import pytest

import dashboard
from captioner.language import speaking, text
from panels.server import modules, visitor_language
from panels.server.model_pool import ModelPool
from panels.shell import catalogues
from tests.stand_in import StandIn, serve, write_examples

WAIT = 30


@pytest.mark.parametrize(
    ("wanted", "accepted", "answered"),
    [
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "en-GB,en;q=0.9,de;q=0.8", "en"),
        (None, "fr,de;q=0.5,en;q=0.4", "de"),
        (None, "fr", "en"),
        (None, "de;q=0,en;q=0.1", "en"),
        (None, "de;q=0", "en"),
        (None, "DE ; q=0.300 , en;q=0.2", "de"),
        (None, "de;q=2,en;q=nan,*", "en"),
        (None, "," * 5000 + "de", "en"),
        ("de", "en", "de"),
        ("en", "de", "en"),
        ("xx", "de", "en"),
        ("", "de", "en"),
        (["de"], "de", "en"),
    ],
)
def test_the_address_comes_before_the_browser_and_english_is_for_the_rest(wanted, accepted, answered):
    assert visitor_language.asked_for(wanted, accepted) == answered


def test_an_event_speaks_as_its_request():
    request = SimpleNamespace(query_params={"lang": "de"}, headers={"accept-language": "en"})
    assert visitor_language.of_request(request) == visitor_language.of_request([request]) == "de"
    assert visitor_language.of_request(None) == visitor_language.of_request([]) == "en"
    assert visitor_language.of_request(SimpleNamespace()) == "en"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        yield url.rstrip("/")


def labels(config):
    return {part["props"].get("elem_id"): part["props"].get("value") for part in config["components"]}


@pytest.mark.parametrize(
    ("query", "browser", "code"),
    [("?lang=de", "en", "de"), ("", "de-CH", "de"), ("", "fr", "en"), ("?lang=en", "de", "en")],
)
def test_the_page_comes_in_the_visitor_s_language(address, query, browser, code):
    headers = {"accept-language": browser}
    page = httpx.get(f"{address}/{query}", headers=headers, timeout=WAIT)
    script = modules.path(modules.catalogue(code))
    assert page.status_code == 200 and page.headers["vary"] and int(page.headers["content-length"]) == len(page.content)
    assert page.text.count(f'lang="{code}"') == 1 and f'<script src=".{script}"></script>' in page.text
    assert page.text.index(script) < page.text.index('<script type="module"')
    config = httpx.get(f"{address}/config{query}", headers=headers, timeout=WAIT).json()
    with speaking(code):
        assert labels(config)["run"] == text("Write the impression")
    assert json.dumps(labels(config)["run"]) in page.text
    told = httpx.get(address + script, timeout=WAIT).text.partition(" = Object.freeze(")[2].partition(");\n")[0]
    assert json.loads(told) == {"language": code, "catalogue": catalogues.catalogue(code)}


def test_a_refusal_is_said_in_the_visitor_s_language(address):
    said = [httpx.get(f"{address}/file=x{query}", timeout=WAIT).text for query in ("?lang=de", "?lang=en")]
    assert said[0] != said[1] and said[1].startswith("This address is not open here")


def test_endpoints_are_described_in_english(address):
    told = [httpx.get(f"{address}/gradio_api/info{query}", timeout=WAIT).json() for query in ("?lang=de", "")]
    assert told[0] == told[1]
    with speaking("de"):
        assert text("Write the impression") not in json.dumps(told[0], ensure_ascii=False)


def leaves(value, where=()):
    """(place, value) of every value in nested dicts and lists."""
    inside = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else None
    )
    if inside is None:
        return {where: value}
    return {place: leaf for key, each in inside for place, leaf in leaves(each, (*where, key)).items()}


@pytest.mark.parametrize("code", catalogues.LANGUAGES[1:])
def test_a_page_in_another_language_differs_in_shown_texts_alone(tmp_path, code):
    page = dashboard.build(ModelPool({"a": "a", "b": "b"}, None), write_examples(tmp_path))
    english = page.config
    with speaking(code):
        other = page.config
    rest = [key for key in english if key not in ("title", "components")]
    assert [english[key] for key in rest] == [other[key] for key in rest]
    shown = ("label", "info", "placeholder", "html_template", "js_on_load", "submit_btn", "stop_btn", "description")
    for one, two in zip(english["components"], other["components"]):
        before, after = leaves(one["props"]), leaves(two["props"])
        assert before.keys() == after.keys()
        of_text = ("html", "button", "markdown", "downloadbutton", "uploadbutton")
        for where in [where for where in before if before[where] != after[where]]:
            assert isinstance(before[where], str) and isinstance(after[where], str), where
            is_label = where[0] == "choices" and where[-1] == 0
            assert where[0] in shown or is_label or (where == ("value",) and one["type"] in of_text), (
                one["type"],
                where,
            )
