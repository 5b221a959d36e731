"""The batch panel as a visitor uses it: files in, pairs told, stopped and gone on with, files out."""

import csv
import json
import zipfile
from pathlib import Path

import cv2
import pytest

from tests.stand_in import SENTENCES, draw_chest

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def studies(tmp_path):
    """A zip of twelve studies, dark and bright in turn, and a file that is no picture."""
    with zipfile.ZipFile(tmp_path / "studies.zip", "w") as archive:
        for number in range(12):
            for view in ("frontal", "lateral"):
                pixels = draw_chest(120, 100, view == "lateral", bright=number % 2 == 1)
                archive.writestr(f"{number}-{view}.png", cv2.imencode(".png", pixels)[1].tobytes())
        archive.writestr("<i>notes.txt", b"x")
    return tmp_path / "studies.zip"


def opened(visit, studies, **options):
    page = visit(**options)
    page.get_by_role("tab", name="Batch", exact=True).click()
    page.set_input_files("#batch-files input[type=file]", str(studies))
    page.wait_for_selector("#batch tbody tr")
    return page


def answered(page):
    return page.locator("#batch .cxr-batch-text").count()


def saved(page, button):
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_text(encoding="utf-8-sig")


def serious(page):
    """What axe-core finds that is serious or worse."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    return [each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")]


def test_paired_stopped_by_keyboard_gone_on_with_and_saved(visit, studies):
    page = opened(visit, studies, accept_downloads=True)
    body = page.locator("#batch tbody")
    assert body.locator("tr").count() == 12 and "paired by names" in body.locator("tr").first.text_content()
    assert page.locator(".cxr-batch-said").text_content() == "12 studies found, 12 of them with two views."
    assert page.locator(".cxr-batch-left li").text_content() == "<i>notes.txt: not a picture"
    assert page.get_by_role("button", name="Save CSV").is_hidden()
    page.get_by_role("button", name="Write 12 impressions").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#batch .cxr-batch-text")
    page.keyboard.press("Enter")  # the focus is on Stop
    page.wait_for_function("document.querySelector('.cxr-batch-said').textContent.startsWith('Stopped.')")
    assert page.evaluate("document.activeElement.textContent") == "Go on"
    page.wait_for_timeout(600)  # what was asked for last has come by now, and nothing more does
    early = answered(page)
    assert 0 < early < 12
    name, text = saved(page, "Save JSON lines")
    assert name == "predictions.jsonl" and len(text.splitlines()) == early  # what is there can be taken away
    page.keyboard.press("Shift+Tab")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("document.querySelectorAll('#batch .cxr-batch-text').length === 12")
    page.get_by_role("button", name="Begin again").wait_for()
    assert page.locator(".cxr-batch-said").text_content().startswith("12 of 12 studies answered by default, greedy")
    lines = [json.loads(line) for line in saved(page, "Save JSON lines")[1].splitlines()]
    assert [line["study"] for line in lines] == [str(number) for number in range(12)]
    assert [line["text"] for line in lines[:2]] == [SENTENCES["dark"], SENTENCES["bright"]]
    name, text = saved(page, "Save CSV")
    rows = list(csv.DictReader(text.splitlines()))
    assert name == "impressions.csv" and [row["text"] for row in rows] == [line["text"] for line in lines]
    assert (rows[3]["frontal"], rows[3]["lateral"], rows[3]["paired_by"]) == ("3-frontal.png", "3-lateral.png", "names")
    assert serious(page) == []
    page.get_by_label("Remove this file").or_(page.locator("#batch-files button[aria-label=Clear]")).first.click()
    page.locator("#batch tbody").wait_for(state="hidden")


@pytest.mark.long
def test_on_a_phone_it_fits_and_axe_finds_nothing(visit, studies):
    page = opened(visit, studies, viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
    page.get_by_role("button", name="Write 12 impressions").click()
    page.get_by_role("button", name="Begin again").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []
