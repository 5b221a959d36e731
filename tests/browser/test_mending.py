"""A picture that was given wrongly is put right by a button beside the notice, and the change can be taken back."""

from pathlib import Path

import cv2

from tests.browser.canvas import words
from tests.stand_in import SENTENCES

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NEGATIVE = "The frontal picture looks like a negative"
DONE = "The frontal picture was inverted"
# The shown frontal view's mean brightness: the stand-in's impression depends on it.
MEAN = """() => {
  const image = document.querySelector('.cxr-view[data-view="frontal"] img');
  if (!image || !image.complete || !image.naturalWidth) return -1;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let place = 0; place < data.length; place += 4) sum += data[place];
  return sum / (data.length / 4);
}"""


def told(page, sentence, sentences):
    """Wait for the notice and the impression; the buttons that are offered then, and the picture's brightness."""
    page.wait_for_function(
        "([notice, text]) => document.querySelector('.cxr-notices').textContent.includes(notice) && "
        "[...document.querySelectorAll('.cxr-word')].map((word) => word.textContent).join(' ') === text",
        arg=[sentence, SENTENCES[sentences]],
    )
    page.wait_for_function(f"({MEAN})() > 0")
    return page.locator(".cxr-mend").all_text_contents(), page.evaluate(MEAN)


def test_a_negative_is_inverted_by_its_button_and_the_change_is_taken_back(visit, tmp_path):
    frontal = cv2.imread(str(EXAMPLES / "pneumothorax-frontal.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(tmp_path / "frontal.png"), 255 - frontal)
    page = visit()
    page.get_by_role("tab", name="Your X-rays").click()
    for view, path in (("frontal", tmp_path / "frontal.png"), ("lateral", EXAMPLES / "pneumothorax-lateral.png")):
        page.locator(f"#upload-{view} input[type=file]").set_input_files(str(path))
        page.wait_for_selector(f"#preview-{view} img")
    page.click("#run")
    buttons, before = told(page, NEGATIVE, "dark")
    assert buttons == ["Invert the frontal picture"]

    page.get_by_role("button", name="Invert the frontal picture").click()
    buttons, mended = told(page, DONE, "bright")
    assert buttons == ["Undo the last change"] and NEGATIVE not in page.locator(".cxr-notices").text_content()
    assert abs(before + mended - 255) < 2  # what was shown is now the negative's negative

    page.get_by_role("button", name="Undo the last change").click()
    buttons, undone = told(page, NEGATIVE, "dark")
    assert buttons == ["Invert the frontal picture"] and abs(undone - before) < 0.01
    assert DONE not in page.locator(".cxr-notices").text_content() and words(page) == SENTENCES["dark"].split()
