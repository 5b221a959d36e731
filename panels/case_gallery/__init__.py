"""The *Gallery* panel: cases to browse and filter by finding, by what the model says and by where its map lies."""
