"""From a network's steps to text: greedy and beam search in one graph, and the beam as a tree."""
