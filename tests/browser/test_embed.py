"""The page in a frame of a course page: the panels that the address names, from the sites that may show it."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dashboard
from panels.server.model_pool import ModelPool
from tests.browser.canvas import words
from tests.stand_in import StandIn, free_port, serve, write_examples

SETTINGS = dashboard.settings


@contextmanager
def course(port, framed):
    """A site of its own with a page that frames an address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<title>Course</title><iframe src="{framed}" width="900" height="900"></iframe>'.encode())

        def log_message(self, *values):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_a_course_page_shows_the_panels_that_it_names_and_another_site_shows_nothing(
    watched, tmp_path_factory, monkeypatch
):
    ports = [free_port() for _ in range(2)]
    allowed = (f"http://127.0.0.1:{ports[0]}",)
    monkeypatch.setattr(dashboard, "settings", lambda folder: SETTINGS(folder, embed_from=allowed))
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default")).start()
    with serve(pool, write_examples(tmp_path_factory.mktemp("examples"))) as url:
        address = f"{url}?embed&panels=explain,what-if&example=quiet"
        with course(ports[0], address) as site:
            page = watched()
            page.goto(site)
            frame = page.frame_locator("iframe")
            frame.locator(".cxr-word").first.wait_for()
            assert words(frame)[:3] == ["heart", "size", "is"]
            tabs = frame.locator("#panels [role=tab]:visible")
            assert [text.strip() for text in tabs.all_text_contents()] == ["Explain", "What if"]
            assert frame.locator(".cxr-warning").is_visible()
            for beside in ("#side", "h1", ".cxr-model", "footer"):
                assert frame.locator(beside).first.is_hidden(), beside
            tabs.nth(1).click()
            frame.locator(".cxr-bars tbody tr").first.wait_for()
            assert page.frames[1].evaluate("document.documentElement.scrollWidth") <= 900
        with course(ports[1], address) as site:
            other = page.context.new_page()
            other.goto(site)
            other.wait_for_timeout(1500)
            assert other.frame_locator("iframe").locator("#panels").count() == 0
            other.close()


def test_one_panel_needs_no_tabs_and_nonsense_beside_it_gets_a_sentence(visit, address):
    page = visit(f"{address}?embed&panels=nonsense,score,%3Cb%3E")
    page.locator("#score-form").wait_for()
    page.locator(".cxr-asked").wait_for()
    assert "panels=nonsense,score,<b>, and the panels are explain, " in page.locator(".cxr-asked").text_content()
    assert page.locator("#panels [role=tab]:visible").count() == 0
