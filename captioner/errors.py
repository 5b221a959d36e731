"""The one error that bad input raises, from whichever door it came in."""


class BadInput(ValueError):
    """Input that cannot be used. The message is one plain sentence that names the file and what is wrong with it."""
