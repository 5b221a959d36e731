"""The commands of `python -m captioner`, by what they are for: each file adds its own to the parser."""
