"""What if, as the browser tests use it: the panel with an example, what is changed there, and what is said of it."""

import base64

import numpy as np

READY = "!document.querySelector('.cxr-found').hasAttribute('aria-busy')"


def open_tab(page, name="What if"):
    page.get_by_role("tab", name=name, exact=True).click()


def opened(page):
    """Open the panel on a page with an example, and wait until both views are drawn."""
    open_tab(page)
    page.wait_for_selector(".cxr-bars tbody tr")
    page.wait_for_function(  # the picture is decoded
        "[...document.querySelectorAll('.cxr-sheet > canvas')].every((sheet) => "
        "[...sheet.getContext('2d').getImageData(0, 0, 40, 40).data].some((value, at) => at % 4 < 3 && value))"
    )
    return page


def settle(page):
    """Wait until the model has answered what was changed."""
    page.wait_for_timeout(200)
    page.wait_for_function(READY)


def pixels(page, view="frontal"):
    """uint8 `(rows, columns)`: the view as it is drawn."""
    width, height, text = page.evaluate(
        """(view) => {
          const sheet = document.querySelector(`.cxr-sheet[data-view="${view}"] > canvas`);
          const { data } = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height);
          let text = "";
          for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
          return [sheet.width, sheet.height, btoa(text)];
        }""",
        view,
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width)


def slide(page, label, value):
    page.get_by_label(label, exact=True).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )


def sentence(page):
    return page.locator(".cxr-sentence").text_content()
