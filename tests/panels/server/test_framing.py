"""Which sites may frame the page: the Hub's and those that are named, and nothing slips into the header."""

import pytest

import dashboard
from captioner import BadInput
from panels.server import framing, start
from panels.server.security_headers import Headers, headers
from tests import event_loop

HUB = ["'self'", "https://huggingface.co", "https://*.huggingface.co"]
SITES = ["https://a.example", "https://b-c.example:8443", "https://*.school.example", "http://localhost:8000"]


def ancestors(said):
    policy = dict(part.strip().split(" ", 1) for part in said["Content-Security-Policy"].split(";"))
    return policy["frame-ancestors"].split()


def test_closed_but_for_the_hub_unless_sites_are_named(monkeypatch):
    monkeypatch.delenv(framing.EMBED_FROM, raising=False)
    assert framing.chosen() == () and ancestors(headers()) == HUB
    assert ancestors(headers(framing.chosen(SITES))) == HUB + SITES
    monkeypatch.setenv(framing.EMBED_FROM, " ".join(SITES[:2]))
    assert start.arguments([]).embed_from == tuple(SITES[:2])
    assert start.arguments(["--embed-from", *SITES[2:]]).embed_from == tuple(SITES[2:])  # what is typed counts more


@pytest.mark.parametrize(
    "site",
    [
        *("", "*", "a.example", "https://", "https://*", "https://*.com", "http://a.example", "https://a.example/"),
        *("https://a.example/course", "https://a.example;", "https://a.example; script-src *"),
        "https://a.example\nX: y",
        *("https://u:p@a.example", "https://a..example", "https://-a.example", "javascript:alert(1)", "data:"),
        *("https://a.*.example", "https://a.example:port", "HTTPS://A.EXAMPLE", "https://☃.example", "'none'"),
        "https://a.example:123456",
    ],
)  # fmt: skip
def test_what_is_no_site_is_refused_in_a_sentence(site, monkeypatch):
    with pytest.raises(BadInput, match="^--embed-from takes sites such as https://course.example"):
        framing.chosen([site])
    monkeypatch.setenv(framing.EMBED_FROM, site or "/")
    with pytest.raises(BadInput, match=f"^{framing.EMBED_FROM} takes sites"):
        start.arguments([])


def test_not_more_than_a_header_may_hold():
    many = [f"https://a{number}.example" for number in range(framing.MOST)]
    assert framing.chosen(many) == tuple(many)
    with pytest.raises(BadInput, match="20 sites at the most"):
        framing.chosen([*many, "https://one.example"])


def test_every_answer_of_a_page_that_was_started_so_says_it():
    every = dashboard.settings(embed_from=tuple(SITES))["app_kwargs"]["middleware"]
    (middleware,) = (each for each in every if each.cls is Headers)
    sent = []

    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    for path in ("/", "/gradio_api/file=/etc/hostname"):  # an answer of the page, and a refusal
        scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
        event_loop.run(Headers(page, **middleware.kwargs)(scope, None, send))
    told = [dict(message["headers"]) for message in sent if message["type"] == "http.response.start"]
    policies = [each[b"content-security-policy"].decode() for each in told]
    assert [ancestors({"Content-Security-Policy": policy}) for policy in policies] == [HUB + SITES] * 2
