"""Beyond one study on one page: a SavedModel to serve, and many studies from a table."""
