"""The finding head beside the words, in the panel Explain: what it sees, how sure it is, and what it left unsaid."""
