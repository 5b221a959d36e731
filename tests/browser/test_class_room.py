"""A class in the browser: a teacher's wall and two students, one on a phone by link, one by keyboard alone."""

import re
from pathlib import Path

import axe_playwright_python

from tests.browser.canvas import heat_of, refresh
from tests.browser.test_lesson import open_tab

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PROJECTOR = {"width": 1920, "height": 1080}
IN = "document.querySelector('.cxr-seat-said').textContent.includes('Your answer is in')"


def answered(page, told):
    page.wait_for_function(f"document.querySelector('.cxr-wall-count').textContent === {told!r}")


def violations(page):
    page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('.cxr-class')")
    assert len(found["passes"]) > 5
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found["violations"]]


def test_a_teacher_and_two_students_from_the_code_on_the_wall_to_the_closed_room(visit, address):
    wall = visit(viewport=PROJECTOR)
    open_tab(wall, "Class")
    wall.get_by_role("button", name="Open the room").click()
    wall.wait_for_selector(".cxr-wall-code")
    link = wall.locator(".cxr-wall-qr").get_attribute("alt").removeprefix("QR code of ")
    code = re.sub(r"\W", "", wall.locator(".cxr-wall-code").text_content().removeprefix("Code:"))
    assert link == f"{address}?class={code}" and len(code) == 6
    assert wall.locator("#side").is_hidden()  # its titles would tell the findings
    assert "Drawn" not in wall.locator(".cxr-class-room").text_content()

    phone = visit(link, **PHONE)
    phone.wait_for_selector(".cxr-seat")
    assert phone.locator(".cxr-warning").is_visible()
    for beside in ("#side", "h1", "#panels > .tab-wrapper", ".cxr-class-door"):
        assert phone.locator(beside).first.is_hidden(), beside
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.get_by_role("button", name="Send").is_disabled()
    for place in range(2):
        phone.locator(".cxr-marking-picture").nth(place).tap(position={"x": 80, "y": 90})
    box = phone.locator(".cxr-marking-picture").first.bounding_box()
    phone.locator(".cxr-seat select").select_option("effusion")
    phone.get_by_role("button", name="Send").tap()
    phone.wait_for_function(IN)

    keys = visit()
    open_tab(keys, "Class")
    keys.wait_for_selector(".cxr-class-code:enabled")
    keys.locator(".cxr-class-code").press_sequentially(f"{code[:3].lower()} {code[3:].lower()}")
    keys.keyboard.press("Enter")
    keys.wait_for_selector(".cxr-seat")
    keys.locator(".cxr-marking-picture").first.focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):  # the first sets the mark in the middle
        keys.keyboard.press(key)
    assert "Marked" in keys.locator(".cxr-marking-said").first.text_content()
    keys.keyboard.press("Tab")  # the lateral, not marked
    keys.keyboard.press("Tab")
    assert keys.evaluate("document.activeElement.tagName") == "SELECT"
    keys.keyboard.type("nothing")
    keys.keyboard.press("Tab")
    keys.keyboard.press("Enter")
    keys.wait_for_function(IN)
    answered(wall, "2 of 2 answered")
    assert (
        wall.locator(".cxr-wall-pair").count() == 0 and "ffusion" not in wall.locator(".cxr-class-room").text_content()
    )
    assert violations(phone) == violations(wall) == []

    wall.get_by_role("button", name="Reveal").click()
    wall.wait_for_selector(".cxr-wall-pair section")
    wall.get_by_text("Nothing is named, so there is no map to show.").wait_for()  # of a normal chest
    assert wall.locator(".cxr-class-bars li").all_text_contents() == ["Effusion1", "Nothing abnormal1 ✓ (it is there)"]
    assert "The class: where 2 marked" in wall.locator(".cxr-wall-pair").text_content()
    opaque = heat_of(wall, ".cxr-wall-pair [data-view=frontal] canvas")[..., 3]
    rows, columns = opaque.shape
    tapped = round(90 / box["height"] * rows), round(80 / box["width"] * columns)
    typed = round(0.6 * rows), round(0.6 * columns)
    assert min(opaque[tapped], opaque[typed]) > 100 and opaque[-1, 0] == 0
    phone.wait_for_selector(".cxr-seat-verdict")
    assert phone.locator(".cxr-seat-verdict").text_content() == "You picked effusion: it is not there."
    assert phone.locator('.cxr-pin[data-kind="own"]').first.is_visible()
    keys.wait_for_selector('.cxr-seat-verdict[data-right="true"]')
    assert violations(phone) == violations(wall) == []

    wall.get_by_role("button", name="Next case").click()
    phone.wait_for_function("document.querySelector('.cxr-seat h2').textContent === 'Case 2 of 2'")
    phone.locator(".cxr-seat select").select_option("effusion")
    phone.get_by_role("button", name="Send").tap()
    answered(wall, "1 of 2 answered")
    refresh(phone)
    phone.wait_for_function(f"document.querySelector('.cxr-seat-said') && {IN}")
    assert phone.locator(".cxr-seat select").input_value() == "effusion"
    answered(wall, "1 of 2 answered")  # a phone that is loaded anew keeps its seat and its answer
    refresh(wall)
    open_tab(wall, "Class")
    wall.get_by_role("button", name="Reveal").click()
    wall.wait_for_selector(".cxr-wall-pair section:nth-child(2) canvas")
    assert wall.locator(".cxr-wall-qr").get_attribute("alt").endswith(code)
    assert "The model. The map is the attention for" in wall.locator(".cxr-wall-pair").text_content()
    assert heat_of(wall, ".cxr-wall-pair section:nth-child(2) [data-view=lateral] canvas")[..., 3].any()

    looks = []
    wall.on("request", lambda request: looks.append(request.url) if "/run/" in request.url else None)
    wall.wait_for_timeout(4000)
    assert len(looks) >= 2  # the wall looks again and again
    open_tab(wall, "About")
    wall.locator("#about").wait_for()
    assert wall.locator("#side").is_visible()
    wall.wait_for_timeout(1000)
    before = len(looks)
    wall.wait_for_timeout(3000)
    assert len(looks) == before  # and not while it is not seen
    open_tab(wall, "Class")
    wall.get_by_role("button", name="Close the room").click()
    wall.get_by_role("button", name="Close it for good?").click()
    wall.wait_for_selector(".cxr-class-open")
    assert wall.locator("#side").is_visible()
    phone.wait_for_selector(".cxr-class-join")
    assert "This room is closed" in phone.locator(".cxr-class-said").text_content()
    phone.get_by_role("button", name="Join").tap()
    phone.wait_for_selector(".cxr-class > .cxr-refusal")
    assert "no open room with this code" in phone.locator(".cxr-class > .cxr-refusal").text_content()
