"""Only what the page needs is answered."""

import pytest

from panels.server import routes


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/config"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/queue/data"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/call/caption"),
        ("GET", "/gradio_api/call/caption/0123abc"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/run/predict"),
        ("GET", "/assets/index-abc.js"),
        ("GET", "/modules/0123456789ab/viewer/word_card.js"),
        ("GET", "/static/fonts/a/b.woff2"),
        ("OPTIONS", "/gradio_api/queue/join"),
    ],
)
def test_what_the_page_needs_is_open(method, path):
    assert routes.is_open(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/deep_link"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/vibe-edit"),
        ("GET", "/gradio_api/vibe-code"),
        ("GET", "/gradio_api/file=/etc/hostname"),
        ("GET", "/file=/etc/hostname"),
        ("GET", "/gradio_api/file/x"),
        ("GET", "/gradio_api/proxy=https://example.org"),
        ("POST", "/gradio_api/stream/x"),
        ("GET", "/gradio_api/stream/a/b/1/playlist.m3u8"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/api/caption"),
        ("GET", "/monitoring"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/run-history/records"),
        ("GET", "/gradio_api/custom_component/a/b/c/d.js"),
        ("GET", "/gradio_api/dev/reload"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("POST", "/"),
        ("PUT", "/gradio_api/upload"),
        ("GET", "/static/../../README.md"),
        ("GET", "/assets//etc/hostname"),
        ("GET", "/modules/0123456789ab/../viewer.js"),
        ("GET", "/modules/0123456789ab/viewer/viewer.css"),
        ("GET", "/modules/viewer/viewer.js"),
        ("POST", "/modules/0123456789ab/viewer/viewer.js"),
        ("POST", "/gradio_api/mcp/"),
    ],
)
def test_the_rest_is_shut(method, path):
    assert not routes.is_open(method, path)


def test_mcp_is_open_when_it_is_offered():
    assert routes.is_open("POST", "/gradio_api/mcp/", mcp=True) and routes.is_open("GET", "/gradio_api/mcp", mcp=True)
    assert not routes.is_open("GET", "/gradio_api/mcpx", mcp=True)


def test_a_prefix_of_a_proxy_is_left_out():
    assert routes.below_root({"path": "/cxr/config", "root_path": "/cxr"}) == "/config"
    assert routes.below_root({"path": "/config", "root_path": "/cxr"}) == "/config"
    assert routes.below_root({"path": "/cxrconfig", "root_path": "/cxr"}) == "/cxrconfig"
