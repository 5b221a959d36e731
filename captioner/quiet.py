"""TensorFlow imported without its start-up lines, which no setting of its own silences (seen with 2.21).

For the command line alone: it promises that standard error holds what the caller has to know and nothing else.
"""

import os
import sys


def import_tensorflow():
    """Import TensorFlow with the process's standard error closed to it; errors of Python still come through."""
    if "tensorflow" in sys.modules:
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import tensorflow  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
