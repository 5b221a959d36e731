"""The studies of a split that an evaluation goes through: those with a frontal picture, read a few ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from captioner.images.study import Study, read_study

if TYPE_CHECKING:
    from captioner.reports.collection import Report

READ_AHEAD = 8  # studies read while the encoder works


def with_frontal(reports: Sequence[Report]) -> tuple[list[Report], int]:
    """The reports that have a frontal picture, and how many have none."""
    kept = [report for report in reports if report.frontal]
    return kept, len(reports) - len(kept)


def studies_of(reports: Sequence[Report]) -> Iterator[Study]:
    """The studies of these reports, in order, read a few ahead by another thread."""
    with ThreadPoolExecutor(1) as reader:
        ahead: deque[Future[Study]] = deque()
        waiting = iter(reports)
        while True:
            for report in waiting:
                lateral = report.lateral[0] if report.lateral else None
                ahead.append(reader.submit(read_study, report.frontal[0], lateral))
                if len(ahead) == READ_AHEAD:
                    break
            if not ahead:
                return
            yield ahead.popleft().result()
