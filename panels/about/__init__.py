"""The *About* panel: the card of the checkpoint, and what holds for all of them."""
