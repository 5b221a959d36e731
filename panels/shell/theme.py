"""What the page looks like: Gradio's theme in the page's colours, and the style sheets of the page and its panels."""

from pathlib import Path

import gradio as gr

from panels.server import modules

_HERE = Path(__file__).parent
_PANELS = (
    *("viewer", "findings", "compare", "score", "trust", "about", "what_if", "lesson", "quiz", "case_gallery", "batch"),
    "class_room",
)
# Fonts of the visitor's own system: nothing is fetched from anywhere else.
_FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "sans-serif"]
# Gradio's own text sizes, in rem: what the visitor's browser is set to counts.
_SIZES = gr.themes.sizes.Size(
    xxs="0.625rem", xs="0.6875rem", sm="0.75rem", md="0.875rem", lg="1rem", xl="1.375rem", xxl="1.625rem"
)
_MONO = ["ui-monospace", "Menlo", "Consolas", "Liberation Mono", "monospace"]


def theme() -> gr.themes.Base:
    """Gradio's theme; the colours are those of page.css."""
    return gr.themes.Base(
        primary_hue="teal", neutral_hue="zinc", text_size=_SIZES, font=_FONT, font_mono=_MONO
    ).set(
        body_background_fill="#f6f7f5", body_background_fill_dark="#0d1211",
        block_background_fill="#ffffff", block_background_fill_dark="#151c1a",
        body_text_color="#16201d", body_text_color_dark="#e9efed",
        body_text_color_subdued="#54615d", body_text_color_subdued_dark="#a3b1ac",
        block_label_text_color="#54615d", block_label_text_color_dark="#a3b1ac",
        border_color_primary="#dde3e0", border_color_primary_dark="#26302d",
        input_background_fill="#f6f7f5", input_background_fill_dark="#0d1211",
        color_accent="#0b6b60", block_radius="14px", button_large_radius="10px", layout_gap="14px",
        checkbox_background_color_selected="#0b6b60", checkbox_background_color_selected_dark="#3aa595",
        checkbox_border_color_selected="#0b6b60", checkbox_border_color_selected_dark="#3aa595",
        checkbox_label_background_fill="#f6f7f5", checkbox_label_background_fill_dark="#0d1211",
        checkbox_label_background_fill_selected="#f6f7f5", checkbox_label_background_fill_selected_dark="#0d1211",
        slider_color="#0b6b60", slider_color_dark="#58c7b6",
        button_primary_background_fill="#0b6b60", button_primary_background_fill_dark="#58c7b6",
        button_primary_background_fill_hover="#095950", button_primary_background_fill_hover_dark="#7ad5c7",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#06201c",
    )  # fmt: skip


def head() -> str:
    """For the head of the page: the style sheets, and the script that fetches the modules."""
    files = [_HERE / "page.css", *(_HERE.parent / panel / f"{panel}.css" for panel in _PANELS)]
    sheets = [file.read_text(encoding="utf-8") for file in files]
    return "<style>" + "\n".join(sheets) + f"</style><script>{modules.boot()}</script>"
