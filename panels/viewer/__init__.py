"""The *Explain* panel: the impression word by word, with the maps on both views."""
