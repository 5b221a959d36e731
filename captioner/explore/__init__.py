"""A look at the collection before training on it."""
