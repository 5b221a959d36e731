"""Training a captioner: data, losses, recipes, and the loop that runs them. Backend-neutral Keras."""
