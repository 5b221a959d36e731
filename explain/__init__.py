"""From a caption to its reasons: where the model looked, drawn on the pictures it looked at. Never imports gradio.

from explain import method
explanation = method("grad-cam").explain(model, study, caption)
"""

from explain.methods import METHODS, method

__all__ = ["METHODS", "method"]
