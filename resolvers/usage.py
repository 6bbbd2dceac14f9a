"""How often documents and functions were handed out: counted in memory."""

from __future__ import annotations

from collections.abc import Iterable

from store.record import Record

MOST = 20_000
BATCH = 500


class UsageCounts:
    """What was handed out since the last flush, of at most 20,000 records; no reader waits for it."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._projects: dict[str, str] = {}

    def add(self, records: Iterable[Record]) -> None:
        """Count one use of each record."""
        for record in records:
            if record.id in self._counts or len(self._counts) < MOST:
                self._counts[record.id] = self._counts.get(record.id, 0) + 1
                self._projects[record.id] = record.project

    def pending(self, record_id: str) -> int:
        """Return how many uses of a record are not yet written."""
        return self._counts.get(record_id, 0)

    def taken(self) -> dict[str, tuple[str, int]]:
        """Take up to 500 records out: the project and the count of each, by id."""
        ids = list(self._counts)[:BATCH]
        return {one: (self._projects.pop(one), self._counts.pop(one)) for one in ids}

    def put_back(self, counts: dict[str, tuple[str, int]]) -> None:
        """Count again what could not be written."""
        for record_id, (project, count) in counts.items():
            self._counts[record_id] = self._counts.get(record_id, 0) + count
            self._projects[record_id] = project
