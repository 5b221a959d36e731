"""What the browser tests read off the page: the words, and the pixels of the maps."""

import base64
from contextlib import contextmanager

import numpy as np


def words(page):
    """The words of the impression, as shown."""
    return page.locator(".cxr-word").all_text_contents()


def chosen(page):
    """The word that is chosen."""
    return page.locator('.cxr-word[aria-selected="true"]').text_content()


def heat(page, view="frontal"):
    """uint8 `(rows, columns, 4)`: the map drawn over a view of the word viewer, red, green, blue and opacity."""
    return heat_of(page, f'.cxr-view[data-view="{view}"] canvas')


def heat_of(page, selector):
    """uint8 `(rows, columns, 4)`: what the first canvas of a selector holds, red, green, blue and opacity."""
    width, height, values = page.evaluate(
        """(selector) => {
          const canvas = document.querySelector(selector);
          const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let text = "";
          for (let i = 0; i < image.data.length; i += 8192)
            text += String.fromCharCode(...image.data.subarray(i, i + 8192));
          return [canvas.width, canvas.height, btoa(text)];
        }""",
        selector,
    )
    return np.frombuffer(base64.b64decode(values), np.uint8).reshape(height, width, 4)


def set_opacity(page, percent):
    """Move the opacity slider as a person's keyboard or mouse would: value and input event."""
    page.locator(".cxr-opacity").evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(percent),
    )


# What Gradio's own client says, in its own files, when a page is left while an answer is on its way.
CUT_OFF = ("BodyStreamBuffer was aborted", "signal is aborted without reason")


def collect_complaints(page, complaints):
    """Write every error in the console of `page` into `complaints`, which the page keeps, too; returns the page."""

    def complain(text):
        if not any(part in text for part in CUT_OFF):
            complaints.append(text)

    page.complaints = complaints
    page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complain(str(error)))
    return page


@contextmanager
def leaving(page):
    """A watched page is left within; Gradio complains of the connection that is lost by it, which is no complaint."""
    before = len(page.complaints)
    yield
    page.complaints[before:] = [text for text in page.complaints[before:] if "Connection errored out" not in text]


def refresh(page):
    """Reload a watched page."""
    with leaving(page):
        page.reload()


def answered_by_beam(page, address, name="quiet"):
    """Open the page at `address` and have a beam describe an example; returns the page."""
    page.goto(address)
    page.locator("#decoding input[value=beam]").check()  # the random captioner's greedy search may end at once
    page.click(f'#examples button[data-name="{name}"]')
    page.wait_for_selector("#viewer .cxr-word")
    page.wait_for_function("document.querySelector('#viewer .cxr-run').textContent.includes('beam')")
    return page
