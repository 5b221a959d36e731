"""From a caption to its reasons: where the model looked, drawn on the pictures it looked at. Never imports gradio."""
