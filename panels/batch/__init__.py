"""The panel that answers many studies: a zip or many files in, CSV and JSON lines out."""
