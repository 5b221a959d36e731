"""The file that a run of many studies writes into: how it is read again."""

import json
from pathlib import Path

import pytest

from captioner.serving.run_record import Predictions

READS = Path("/proc/self/io")  # syscr: how often this process has asked for data


def _reads() -> int:
    return int(dict(line.split(": ") for line in READS.read_text().splitlines())["syscr"])


@pytest.mark.skipif(not READS.exists(), reason="only Linux counts a process's reads")
def test_long_lines_are_read_in_blocks(tmp_path):
    studies = [f"s{number}" for number in range(20)]
    arguments = (tmp_path / "out.jsonl", {"checkpoint": "a"}, studies, tmp_path / "table.csv", lambda *_: False)
    with Predictions(*arguments) as predictions:
        for study in reversed(studies):  # out of the table's order, so that the end writes the file anew
            predictions.write({"study": study, "text": "x" * 100_000})
        before = _reads()
        predictions.finish()
        assert _reads() - before < 2_000  # 2 MB in blocks of 8 KB and more; byte by byte it would be 2 million
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["study"] for line in lines] == studies
    with Predictions(*arguments) as again:
        assert again.done == frozenset(studies)
