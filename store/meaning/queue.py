"""What waits to be indexed, and how far in each project's log everything is."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event whose records are to be indexed, read anew, or removed where they are gone."""

    project: str
    sequence: int
    kind: str
    record_ids: tuple[str, ...]


class IndexQueue:
    """Events in the order they came. A project is settled as far as nothing before waits."""

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._open: Counter[str] = Counter()
        self._seen: dict[str, int] = {}
        self._done: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(self._open.values())

    def start(self, positions: Mapping[str, int]) -> None:
        """Begin anew after these positions."""
        self._waiting.clear()
        self._open.clear()
        self._seen, self._done = dict(positions), dict(positions)

    def place(self, project: str, position: int) -> None:
        """Go on after this position: the log does not hold what followed the one before."""
        self._seen[project] = self._done[project] = position

    def see(self, project: str, sequence: int) -> None:
        """Note an event that is nothing to index, or whose place is passed over."""
        self._seen[project] = max(sequence, self._seen.get(project, 0))

    def add(self, event: Waiting) -> None:
        """Put an event at the end."""
        if not self._open[event.project]:
            # All before it is settled, what was only seen too.
            self._done[event.project] = self.settled(event.project)
        self.see(event.project, event.sequence)
        self._waiting.append(event)
        self._open[event.project] += 1

    def take(self, limit: int) -> list[Waiting]:
        """Take some events from the front; each is open until it is `done` or put `back`."""
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def done(self, events: Iterable[Waiting]) -> None:
        """Note that these are indexed."""
        for event in events:
            self._done[event.project] = event.sequence
            self._open[event.project] -= 1

    def back(self, events: list[Waiting]) -> None:
        """Put events that could not be indexed to the front again."""
        self._waiting.extendleft(reversed(events))

    def waits(self, project: str) -> bool:
        """Tell whether an event of the project is not indexed yet."""
        return self._open[project] > 0

    def settled(self, project: str) -> int:
        """Return the number of the last event of a project up to which all is indexed."""
        return (self._done if self._open[project] else self._seen).get(project, 0)

    def cursor(self) -> Cursor:
        """Return where to go on from after a restart."""
        return Cursor({project: self.settled(project) for project in self._seen | self._done})
