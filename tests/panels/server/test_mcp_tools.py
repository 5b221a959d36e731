"""The endpoints as tools for MCP clients: listed and called over HTTP on the loopback."""

import ast  # Gradio writes an answer as Python does, not as JSON
import base64
import importlib.util
import json
import urllib.request

import cv2
import pytest

import dashboard
from captioner import BadInput
from panels.server import mcp_tools
from panels.server.model_pool import ModelPool
from tests import event_loop
from tests.stand_in import ROOT_EXAMPLES, SENTENCES, StandIn, draw_chest, free_port, write_examples

NAMED = {"caption", "compare", "go_on", "score", "what_if"}


def test_without_the_package_the_page_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(mcp_tools, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install"):
        mcp_tools.check()
    with pytest.raises(SystemExit) as stopped:
        dashboard.main(["--mcp"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "--mcp needs the package mcp" in said and "Traceback" not in said


def test_a_login_and_mcp_are_not_offered_together(capsys):
    """MCP's routes know no login: schema, tools and files would be open beside a door that is shut."""
    with pytest.raises(SystemExit) as stopped:
        dashboard.main(["--mcp", "--auth", "name:secret"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "--mcp cannot be combined with --auth" in said


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    if importlib.util.find_spec("mcp") is None:
        pytest.skip(f'the package mcp is not installed (pip install "{mcp_tools.PACKAGE}")')
    model, folder = StandIn("default"), write_examples(tmp_path_factory.mktemp("examples"))
    page = dashboard.build(ModelPool({"default": "default"}, lambda _: model).start(), folder)
    try:
        _, address, _ = page.launch(
            server_name="127.0.0.1",
            server_port=free_port(),
            prevent_thread_lock=True,
            quiet=True,
            mcp_server=True,
            **dashboard.settings(folder, mcp=True),
        )
        yield address
    finally:
        page.close()


def ask(url, question):
    """What `question(session)` gives, asked by the package's own client."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def talk():
        async with streamablehttp_client(f"{url}gradio_api/mcp/") as (reading, writing, _):
            async with ClientSession(reading, writing) as session:
                await session.initialize()
                return await question(session)

    return event_loop.run(talk())


def test_the_tools_are_the_named_endpoints_each_with_a_description(url):
    tools = ask(url, lambda session: session.list_tools()).tools
    assert NAMED <= {tool.name for tool in tools}
    with urllib.request.urlopen(f"{url}gradio_api/info", timeout=20) as info:
        named = json.load(info)["named_endpoints"]
    assert {tool.name for tool in tools} == {name.lstrip("/") for name in named}
    for tool in tools:
        assert len(tool.description) > 60, tool.name
    what_if = next(tool for tool in tools if tool.name == "what_if")
    wanted = {"frontal", "lateral", "checkpoint", "decoding", "beam_width", "length_penalty", "changes", "text", "mend"}
    assert set(what_if.inputSchema["properties"]) == wanted
    for name, schema in what_if.inputSchema["properties"].items():
        assert len(schema.get("description", "")) > 10, name
    assert all(word in what_if.description for word in ("brightness", "paint", "blurred", "teacher forcing"))


def test_a_tool_answers(url):
    texts = {"reference": "Small left effusion.", "prediction": "left effusion . right nodule ."}
    answer = ask(url, lambda session: session.call_tool("score", texts))
    assert not answer.isError
    findings = ast.literal_eval(answer.content[0].text)["findings"]
    assert findings["agreed"] == ["effusion"] and findings["made_up"] == ["nodule or mass"]


def test_what_is_odd_about_pictures_and_what_was_mended_is_told(url):
    pixels = cv2.imread(str(ROOT_EXAMPLES / "normal-frontal.png"), cv2.IMREAD_GRAYSCALE)
    picture = "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", 255 - pixels)[1].tobytes()).decode()
    told = [
        ast.literal_eval(
            ask(url, lambda session, mend=mend: session.call_tool("caption", {"frontal": picture, **mend}))
            .content[0]
            .text
        )
        for mend in ({}, {"mend": ["frontal: invert"]})
    ]
    assert "looks like a negative" in told[0]["notices"][0] and "lateral view is missing" in told[0]["notices"][1]
    assert [each["name"] for each in told[0]["mendings"]] == ["frontal: invert"]
    assert "was inverted" in told[1]["notices"][0] and told[1]["mendings"] == []


def test_letters_in_a_picture_are_told(url):
    pixels = cv2.imread(str(ROOT_EXAMPLES / "normal-frontal.png"), cv2.IMREAD_GRAYSCALE)
    cv2.putText(pixels, "SMITH, JOHN", (20, 30), cv2.FONT_HERSHEY_DUPLEX, 0.6, 255)
    picture = "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()
    answer = ask(url, lambda session: session.call_tool("caption", {"frontal": picture}))
    assert not answer.isError, answer.content
    first, second = ast.literal_eval(answer.content[0].text)["notices"]
    assert first.startswith("Letters seem to be burnt into the frontal picture")
    assert "lateral view is missing" in second


def test_a_tool_takes_a_picture_and_refuses_in_one_sentence(url):
    _, data = cv2.imencode(".png", draw_chest(300, 240))
    picture = "data:image/png;base64," + base64.b64encode(data.tobytes()).decode()
    changes = {"frontal": {"paint": [{"fill": "white", "top": 0, "left": 0, "bottom": 1, "right": 1}]}}
    answer = ask(url, lambda session: session.call_tool("what_if", {"frontal": picture, "changes": changes}))
    assert not answer.isError, answer.content
    told = ast.literal_eval(answer.content[0].text)
    assert (told["before"], told["after"]) == (SENTENCES["dark"], SENTENCES["bright"])
    wrong = {"frontal": picture, "changes": {"frontal": {"contrast": 9}}}
    refused = ask(url, lambda session: session.call_tool("what_if", wrong))
    assert refused.isError and "contrast must be a number from 0.25 to 4" in refused.content[0].text
    assert "Traceback" not in refused.content[0].text
