"""What the browser tests read off the page: the words, and the pixels of the maps."""

import base64

import numpy as np


def words(page):
    """The words of the impression, as shown."""
    return page.locator(".cxr-word").all_text_contents()


def chosen(page):
    """The word that is chosen."""
    return page.locator('.cxr-word[aria-selected="true"]').text_content()


def heat(page, view="frontal"):
    """uint8 `(rows, columns, 4)`: the map drawn over a view, red, green, blue and opacity."""
    width, height, values = page.evaluate(
        """(view) => {
          const canvas = document.querySelector(`.cxr-view[data-view="${view}"] canvas`);
          const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let text = "";
          for (let i = 0; i < image.data.length; i += 8192)
            text += String.fromCharCode(...image.data.subarray(i, i + 8192));
          return [canvas.width, canvas.height, btoa(text)];
        }""",
        view,
    )
    return np.frombuffer(base64.b64decode(values), np.uint8).reshape(height, width, 4)


def set_opacity(page, percent):
    """Move the opacity slider as a person's keyboard or mouse would: value and input event."""
    page.locator(".cxr-opacity").evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(percent),
    )


def refresh(page):
    """Reload a watched page. Gradio complains of an answer that is cut off by it, which is no complaint of ours."""
    before = len(page.complaints)
    page.reload()
    cut_off = ("BodyStreamBuffer was aborted", "Connection errored out")
    page.complaints[before:] = [text for text in page.complaints[before:] if not any(part in text for part in cut_off)]
