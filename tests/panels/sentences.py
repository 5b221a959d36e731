"""The sentences of the page, read from its source: those that are looked up in the catalogues, and those that are not.

Looked up are the literals in `text("...")`, `later("...")`, `term("...")` and `Sentence("...")`, in Python, JavaScript
and Jinja2 templates.
"""

import ast
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from panels.shell import template

ROOT = Path(__file__).resolve().parents[2]
PANELS = ROOT / "panels"
FOLDERS = ("panels", "captioner", "explain")
CALLS = {"text", "later", "term", "Sentence"}
SHOWN_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt"}
SHOWN_ARGUMENTS = {"label", "placeholder", "info", "title", "submit_btn", "stop_btn"}
SHOWN_FIRST = {"Button", "Tab", "Accordion", "Markdown", "Warning", "Info", "Error", "BadInput"}
_VALUE = "Xx"  # stands for what is filled in
_FILLED = re.compile(rf"(?<![^\W\d_])(?:{_VALUE})+(?![^\W\d_])")
_TWO_WORDS = re.compile(r"[^\W\d_]{2,}[^\w<>{}]*\s[^\w<>{}]*[^\W\d_]{2,}")
_NO_SENTENCE = re.compile(
    r"^(?:rgba?|translate)\(|^\([\w-]+: [\w-]+\)$|\b\w+ \| None$|cxr-|^[\w-]+( [a-z]+-[\w-]+)+$|[{};]|=>|\$\(|^\s*<|\[[\w-]+[=\]]|://|^[#.][\w-]"
)
_CALLED = re.compile(r"(?<![\w.])(text|later)\(\s*$")
_SHOWN_BEFORE = re.compile(
    r"""(\.(textContent|title|placeholder|alt|ariaLabel)\s*=\s*|"""
    r"""setAttribute\("(aria-label|title|placeholder|alt)",\s*|\b(append|prepend)\(\s*|"""
    r"""\bmake\("\w+",\s*("[^"]*"|\w+(\.\w+)*),\s*)$"""
)


def _has_word(literal):
    return re.search(r"[^\W\d_]{2}", _FILLED.sub("", literal)) is not None


def _is_sentence(literal):
    return bool(_TWO_WORDS.search(literal) and _has_word(literal) and not _NO_SENTENCE.search(literal))


def part(path):
    """The part of the program that a file belongs to: a panel's folder, or captioner or explain."""
    inside = path.relative_to(ROOT).parts
    return inside[1] if inside[0] == "panels" and len(inside) > 2 else inside[0].removesuffix(".py")


def files(ending):
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob(f"*{ending}"))]
    return [*found, ROOT / "dashboard.py"] if ending == ".py" else found


# ---- Python ----


def _literal(node):
    """The text of a string or an f-string, with `_VALUE` for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else _VALUE for one in node.values)
    return None


def called(call):
    return getattr(call.func, "id", None) or getattr(call.func, "attr", None)


def python_calls(tree):
    """(call, its sentences) of every call that looks a literal up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in CALLS and node.args:
            given = node.args if called(node) == "term" else node.args[:1]
            either = [
                one for each in given for one in ([each.body, each.orelse] if isinstance(each, ast.IfExp) else [each])
            ]
            found = [one.value for one in either if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if found:
                yield node, found


def python_keys(path):
    return {key for _, found in python_calls(ast.parse(path.read_text(encoding="utf-8"))) for key in found}


def _unseen(tree):
    """The ids of nodes whose strings nobody is shown: docstrings, types, what is looked up, keys and names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            yield id(node.value)
        elif isinstance(node, ast.Call) and called(node) in {*CALLS, "compile", "environ", "ValueError", "KeyError"}:
            yield from (id(one) for one in ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            yield from (id(one) for one in node.values)


def python_strays(path):
    """Literals that look as if somebody were shown them, and are looked up in no catalogue."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unseen = set(_unseen(tree))
    for node in ast.walk(tree):
        literal = _literal(node)
        if literal and id(node) not in unseen and _is_sentence(literal):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {literal}"
        if isinstance(node, ast.Call):
            given = [word.value for word in node.keywords if word.arg in SHOWN_ARGUMENTS]
            given += node.args[:1] if called(node) in SHOWN_FIRST else []
            for one in given:
                shown = _literal(one)
                if shown and not _TWO_WORDS.search(shown) and _has_word(shown):
                    yield f"{path.relative_to(ROOT)}:{one.lineno}: {shown}"


def asked_too_early(path):
    """Lines on which `text` is called while the module is imported: nobody is spoken to then."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    inside = {id(one) for outer in ast.walk(tree) if isinstance(outer, kinds) for one in ast.walk(outer)}
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in {"text", "term"} and isinstance(node.func, ast.Name)
        if id(node) not in inside
    ]


# ---- JavaScript ----

_REGEX = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"|' + r"'((?:[^'\\\n]|\\.)*)'")


def _unescaped(quoted):
    return re.sub(
        r"\\(u[0-9a-fA-F]{4}|.)", lambda found: chr(int(found[1][1:], 16)) if len(found[1]) == 5 else found[1], quoted
    )


def script_literals(source, at=0, inner=False):
    """(start, end, text) of every string and template of a script, comments and regular expressions left out.

    Returns a list, or with `inner` a list and the place of the brace that ends what stands inside a template's `${}`.
    """
    found, depth = [], 0
    while at < len(source):
        here = source[at]
        if source.startswith("//", at):
            at = source.find("\n", at) % (len(source) + 1)
        elif source.startswith("/*", at):
            at = source.index("*/", at) + 2
        elif here in "\"'":
            quoted = _QUOTED.match(source, at)
            found.append((at, quoted.end(), _unescaped(quoted[1] or quoted[2] or "")))
            at = quoted.end()
        elif here == "`":
            start, said = at, ""
            at += 1
            while source[at] != "`":
                if source.startswith("${", at):
                    within, at = script_literals(source, at + 2, inner=True)
                    found += within
                    said += _VALUE
                    at += 1
                else:
                    said += source[at]
                    at += 2 if source[at] == "\\" else 1
            at += 1
            found.append((start, at, said))
        elif here == "/" and re.search(r"(?:^|[(,=:\[!&|?{};+>]|\breturn)\s*$", source[max(0, at - 20) : at]):
            regex = _REGEX.match(source, at)
            at = regex.end() if regex else at + 1
        elif inner and here == "}" and not depth:
            return found, at
        else:
            depth += (here == "{") - (here == "}")
            at += 1
    return sorted(found)


def _script(source):
    """(sentences that are looked up, (place, text) of every other literal)."""
    keys, others, end = [], [], None
    for start, stop, said in script_literals(source):
        if end is not None and re.fullmatch(r"\s*\+\s*", source[end:start]):
            keys[-1] += said
            end = stop
        elif _CALLED.search(source[max(0, start - 60) : start]) and source[start] != "`":
            keys.append(said)
            end = stop
        else:
            others.append((start, said))
            end = None
    return keys, others


def script_keys(path):
    return set(_script(path.read_text(encoding="utf-8"))[0])


def script_strays(path):
    source = path.read_text(encoding="utf-8")
    for start, said in _script(source)[1]:
        shown = _has_word(said) and _SHOWN_BEFORE.search(source[max(0, start - 120) : start])
        if shown or _is_sentence(said):
            yield f"{path.relative_to(ROOT)}:{source.count(chr(10), 0, start) + 1}: {said}"


# ---- templates ----


def template_keys(path):
    from jinja2 import nodes

    found = set()
    for call in template._TEMPLATES.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in CALLS:
            given = call.args if call.node.name == "term" else call.args[:1]
            either = [
                one
                for each in given
                for one in ([each.expr1, each.expr2] if isinstance(each, nodes.CondExpr) else [each])
            ]
            found |= {" ".join(one.value.split()) for one in either if isinstance(one, nodes.Const)}
    return found


class _Bare(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_data(self, data):
        self._look(data)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in SHOWN_ATTRIBUTES:
                self._look(value or "")

    def _look(self, said):
        if re.search(r"[^\W\d_]{2}", said):
            self.found.append((self.getpos()[0], " ".join(said.split())))


def template_strays(path):
    reader = _Bare()
    source = re.sub(
        r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}",
        lambda found: "\n" * found[0].count("\n"),
        path.read_text("utf-8"),
        flags=re.S,
    )
    reader.feed(source)
    reader.close()
    return [f"{path.relative_to(ROOT)}:{line}: {said}" for line, said in reader.found]


# ---- style sheets ----


def sheet_strays(path):
    source = path.read_text(encoding="utf-8")
    for found in re.finditer(r"""content:\s*(?:[\w-]+\([^)]*\)\s*)*["']([^"']*)["']""", source):
        if _has_word(found[1]):
            yield f"{path.relative_to(ROOT)}:{source.count(chr(10), 0, found.start()) + 1}: {found[1]}"


# ---- data that is looked up as it is ----


def data_keys():
    """part -> the sentences in files of data: the glossary, the titles of the cases and what is planted in them."""
    glossary = json.loads((PANELS / "shell" / "glossary.json").read_text(encoding="utf-8"))
    cases = [
        entry
        for name in ("examples/index.json", "examples/gallery/index.json")
        for entry in json.loads((ROOT / name).read_text(encoding="utf-8"))
    ]
    titles = {entry["title"] for entry in cases}
    planted = {finding["name"] for entry in cases for finding in entry["findings"]}
    return {"shell": set(glossary.values()) | titles, "captioner": _terms(), "trust": planted}


def _terms():
    """Names in tables of `captioner`, which are data there and said by `Sentence(name)` or `text(name)`."""
    from captioner.images.dicom_statement import OTHER_PARTS, PART_WORDS
    from captioner.reports.findings import FINDINGS, SIDES
    from captioner.seen_and_written import Agreement, Verdict
    from explain.metrics.localisation import VIEWS

    parts = {PART_WORDS.get(part, part.lower()) for part in OTHER_PARTS}
    capitals = {name[:1].upper() + name[1:] for name in FINDINGS}
    return {*FINDINGS, *capitals, *SIDES, *VIEWS, *map(str, Agreement), *map(str, Verdict), *parts}


def all_keys():
    """part -> the sentences that it looks up."""
    found = {name: set(keys) for name, keys in data_keys().items()}
    for ending, keys in ((".py", python_keys), (".js", script_keys), (".html", template_keys), (".md", template_keys)):
        for path in files(ending):
            if ending in (".html", ".md") and PANELS not in path.parents:
                continue  # the report, which is written in English
            found.setdefault(part(path), set()).update(keys(path))
    return found


def strays(path):
    readers = {".py": python_strays, ".js": script_strays, ".css": sheet_strays}
    return readers.get(path.suffix, template_strays)(path)


if __name__ == "__main__":  # what is left to do in some parts: python -m tests.panels.sentences viewer findings
    import sys

    from panels.shell import catalogues

    for name in sys.argv[1:]:
        for ending in (".py", ".js", ".html", ".css"):
            for path in files(ending):
                if part(path) == name and PANELS in path.parents:
                    for stray in strays(path):
                        print(stray)
        for code in catalogues.LANGUAGES[1:]:
            for key in sorted(all_keys().get(name, set()) - set(catalogues.catalogue(code))):
                print(f"{code}: {json.dumps(key, ensure_ascii=False)}")
