"""The *Greedy and beam* panel: both searches side by side, and the beam as a tree."""
