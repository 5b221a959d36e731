"""Every sentence of the page is in the catalogues, once in each language, and nothing else is."""

import ast
import json

import pytest

from captioner.language import MARKS, PLACEHOLDER, PLURALS
from panels.server import modules
from panels.shell.catalogues import LANGUAGES, NAMES
from tests.panels import sentences
from tests.panels.sentences import PANELS, all_keys, files, part

CATEGORIES = {"zero", "one", "two", "few", "many", "other"}  # of CLDR
TEXTS = PANELS / "shell" / "text"
PARTS = sorted((code, file.stem) for code in LANGUAGES for file in (TEXTS / code).glob("*.json"))

TO_DO: set[str] = set()
"""Parts whose sentences are not all looked up yet."""

ENGLISH = {
    "panels/server/api.py": "endpoints, their documentation and their refusals are English",
    "panels/server/mcp_tools.py": "the command line is English",
    "panels/server/start.py": "the command line is English",
    "panels/server/address.py": "the command line is English",
    "panels/server/framing.py": "the command line is English",
    "panels/server/upload_folder.py": "the command line is English",
    "panels/server/security_headers.py": "its literals are headers of HTTP",
    "panels/shell/theme.py": "fonts and colours",
    "panels/what_if/request.py": "what only a program can send is refused in English; what can be typed is looked up",
}
"""Files whose literals nobody is shown on the page, and why."""

ALLOWED = {
    "load checkpoint": "a thread's name",
    "sweep rooms": "a thread's name",
    "import(Xx + Xx)": "JavaScript",
    modules._AT: "JavaScript",
    "Xx { display: none !important; }": "CSS",
    "finding Xx": "a key of a table",
    "other side": "a mark for the style sheet",
    "not supported": "a verdict, as the server sends it; shown by `text`",
    "img, canvas, svg": "a selector",
    "frontal, again": "the name of a view; shown by `viewName`",
    "Xx, Xx, log probability Xx": "stands in files that are saved, which are English",
    "Small left effusion. No pneumothorax.": "a draft: its claims are found in English alone",
    "MXx Xxh1": "a path",
    "MXx Xxv1": "a path",
    "MXx XxhXxvXxh-Xxz": "a path",
    "There is no event Xx on this page.": "a fault of the program, in the console",
}
"""Literals that look like sentences and that nobody is shown on the page, and why."""


def entries(code):
    """(part, sentence, entry) of a language."""
    for file in sorted((TEXTS / code).glob("*.json")):
        for sentence, entry in json.loads(file.read_text(encoding="utf-8")).items():
            yield file.stem, sentence, entry


def forms(entry):
    return [entry] if isinstance(entry, str) else list(entry.values())


@pytest.fixture(scope="module")
def keys():
    return all_keys()


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_sentence_is_in_every_language(keys, code):
    known = {sentence for _, sentence, _ in entries(code)}
    missing = {name: sorted(wanted - known) for name, wanted in keys.items() if name not in TO_DO and wanted - known}
    assert missing == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_entry_is_unused(keys, code):
    wanted = set().union(*keys.values())
    assert [sentence for name, sentence, _ in entries(code) if name not in TO_DO and sentence not in wanted] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_entry_has_the_placeholders_of_its_sentence(code):
    for _, sentence, entry in entries(code):
        wanted = set(PLACEHOLDER.findall(sentence))
        for form in forms(entry):
            assert set(PLACEHOLDER.findall(form)) <= wanted and "".join(form.split()), (sentence, form)
        whole = entry if isinstance(entry, str) else entry["other"]
        assert set(PLACEHOLDER.findall(whole)) == wanted, (sentence, whole)
        assert "{" not in PLACEHOLDER.sub("", whole), whole


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_sentence_with_plurals_has_them_in_every_language(code):
    plural = {sentence for _, sentence, entry in entries("en") if not isinstance(entry, str)}
    assert plural == {sentence for _, sentence, _ in entries("en")}, "English has entries for plurals alone"
    for _, sentence, entry in entries(code):
        assert isinstance(entry, str) == (sentence not in plural), sentence
        assert isinstance(entry, str) or "other" in entry and set(entry) <= CATEGORIES, sentence


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_sentence_of_two_parts_says_the_same(code):
    said = {}
    for _, sentence, entry in entries(code):
        assert said.setdefault(sentence, entry) == entry, sentence


@pytest.mark.parametrize(("code", "name"), PARTS)
def test_catalogues_are_sorted(code, name):
    file = (TEXTS / code / f"{name}.json").read_text(encoding="utf-8")
    assert file == json.dumps(json.loads(file), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def test_python_fills_in_what_its_sentences_name():
    for path in files(".py"):
        for call, found in sentences.python_calls(ast.parse(path.read_text(encoding="utf-8"))):
            given = {word.arg for word in call.keywords}
            if sentences.called(call) == "Sentence" and not given:
                continue  # of a table, to be `filled`
            for sentence in found:
                told = f"{path.name}:{call.lineno}"
                assert None in given or set(PLACEHOLDER.findall(sentence)) <= given | {"shown"}, told


def test_nobody_is_spoken_to_while_modules_are_imported():
    assert [line for path in files(".py") for line in sentences.asked_too_early(path)] == []


@pytest.mark.parametrize("ending", [".py", ".js", ".html", ".md", ".css"])
def test_no_sentence_of_the_page_stands_outside_the_catalogues(ending):
    looked_at = [
        path
        for path in files(ending)
        if PANELS in path.parents and part(path) not in TO_DO
        if path.relative_to(sentences.ROOT).as_posix() not in ENGLISH
    ]
    assert looked_at
    found = [(path, stray.partition(": ")[2]) for path in looked_at for stray in sentences.strays(path)]
    assert [f"{path}: {stray}" for path, stray in found if stray not in ALLOWED] == []


def test_every_exception_is_still_one(keys):
    assert all((sentences.ROOT / name).is_file() for name in ENGLISH)
    found = {
        stray.partition(": ")[2]
        for ending in (".py", ".js", ".html", ".md", ".css")
        for path in files(ending)
        if PANELS in path.parents
        for stray in sentences.strays(path)
    }
    assert set(ALLOWED) <= found


def test_every_language_knows_how_it_counts():
    assert LANGUAGES[0] == "en" and set(LANGUAGES) <= set(PLURALS) and set(LANGUAGES) <= set(MARKS)
    assert tuple(NAMES) == LANGUAGES


# ---- the reader of the sources itself ----


def strays_of(tmp_path, monkeypatch, ending, source):
    monkeypatch.setattr(sentences, "ROOT", tmp_path)
    path = tmp_path / f"one{ending}"
    path.write_text(source, encoding="utf-8")
    return [stray.partition(": ")[2] for stray in sentences.strays(path)]


@pytest.mark.parametrize(
    ("ending", "source", "found"),
    [
        (".py", 'def f():\n    """A docstring that is read."""\n    return text("Well looked up.")', []),
        (".py", 'x = "Never looked up."', ["Never looked up."]),
        (".py", 'x = f"{a} pixels"', ["Xx pixels"]),
        (".py", 'gr.Button("Stop")', ["Stop"]),
        (".py", 'gr.File(label="Frontal", elem_id="frontal")', ["Frontal"]),
        (".py", 'gr.File(label=text("Frontal"))', []),
        (".js", 'say(text("Well looked up."), "cxr-a cxr-b");', []),
        (".js", "// a comment of words\nconst a = /two words/.test(b);", []),
        (".js", "const a = `${count} words of ${text('Well looked up.')}`;", ["Xx words of Xx"]),
        (".js", 'node.textContent = "Stop";', ["Stop"]),
        (".js", 'make("p", "cxr-said", "Stopped")', ["Stopped"]),
        (".js", 'make("p", "cxr-said", text("Stopped"))', []),
        (".js", 'node.setAttribute("aria-label", "Close"); node.setAttribute("role", "group");', ["Close"]),
        (".html", '<p aria-label="Close">{{ text("Well") }}</p>', ["Close"]),
        (".html", "<p>Bare</p>", ["Bare"]),
        (".css", 'a::before { content: attr(data-a) "Bare: "; } b::after { content: ""; }', ["Bare: "]),
        (".html", '<p class="cxr-x">{% if a %}×{% endif %}</p>', []),
    ],
)
def test_the_reader_finds_what_is_shown(tmp_path, monkeypatch, ending, source, found):
    assert strays_of(tmp_path, monkeypatch, ending, source) == found


def test_the_reader_puts_a_long_sentence_of_a_script_together():
    assert sentences._script('a(text("One, " +\n  "two."), "x");')[0] == ["One, two."]
