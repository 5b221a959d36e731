"""TensorFlow imported without its start-up lines, which no setting of its own silences (seen with 2.21).

For the command line and the page's server: their standard error holds what the caller has to know and nothing else.
"""

import os
import sys


def import_tensorflow() -> None:
    """Import TensorFlow with the process's standard error closed to it; what Python prints there still comes through,
    from any thread."""
    if "tensorflow" in sys.modules:
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    before = sys.stderr
    try:
        sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1, errors="backslashreplace")
        os.dup2(nowhere, 2)
        import tensorflow  # noqa: F401
    finally:
        os.dup2(kept, 2)
        sys.stderr.close()
        sys.stderr = before
        os.close(kept)
        os.close(nowhere)
