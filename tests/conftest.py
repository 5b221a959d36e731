"""What several tests need: the collection, when this machine has it."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHARED = Path(os.environ.get("CXR_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "iu-xray"))


@pytest.fixture(scope="session")
def collection_folder():
    """The folder of the real collection; tests that ask for it are skipped where it is not."""
    if not (SHARED / "indiana_reports.csv").is_file():
        pytest.skip(f"the collection is not on this machine (looked in {SHARED.name}; set CXR_DATA)")
    return SHARED
