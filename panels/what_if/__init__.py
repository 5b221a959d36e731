"""The *What if* panel: changed pictures or another impression, and what the model says to that."""
