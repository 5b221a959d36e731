"""Checkpoints as model repositories of the Hugging Face Hub: their cards, and the way there and back."""
