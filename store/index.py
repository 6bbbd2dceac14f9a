"""The port of the index by meaning: derived from the records, fed from the log, rebuilt at will."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from store.record import Record


@dataclass(frozen=True, slots=True)
class Near:
    """A record near in meaning: cosine of its nearest passage (-1 to 1), and where that passage stands.

    `start` and `end` count characters of the record's text as `indexed_text` gives it.
    """

    record_id: str
    cosine: float
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """How the index does. `lag` is how many events wait to be indexed, None while that is unknown."""

    state: str
    """`off` (no model installed), `idle` (not loaded yet), `ready`, `catching up` or `failing`."""
    detail: str = ""
    model: str = ""
    lag: int | None = None
    indexed: int = 0
    total: int = 0
    """How many records the latest rebuild has indexed, and of how many."""
    figures: Mapping[str, float] = field(default_factory=dict)
    process: str = ""
    """The name of the process that answers."""
    indexer: str = ""
    """The name of the process that indexes; empty: none now."""
    is_reachable: bool | None = None
    """Whether Chroma answered this process the last time; None: it was not asked yet."""

    @property
    def is_degraded(self) -> bool:
        """Whether a search may miss what only its meaning would find."""
        return self.state in ("off", "failing") or (self.state == "catching up" and self.total > self.indexed)


class IndexAway(Exception):
    """The index cannot do what was asked for now."""


class SearchIndex(ABC):
    """Finds records by meaning. It may be away at any time: then words alone are searched."""

    @abstractmethod
    async def nearest(
        self, kind: type[Record], projects: Sequence[str], text: str, limit: int = 100
    ) -> list[Near] | None:
        """Return up to `limit` records of these projects nearest to `text`, nearest first.

        None says that the index cannot answer now: not loaded yet, without a model, or failing.
        Never raises for what is wrong with the index. Scope is the caller's to check.
        """

    @abstractmethod
    async def reindex(self, project: str | None) -> int:
        """Throw away what is kept of a project, or of all, and begin to make it anew; return of how many records.

        Returns as soon as it has begun; `health` tells how far it is.

        Raises:
            IndexAway: there is no index, or it cannot be reached.
        """

    @abstractmethod
    def is_behind(self, projects: Sequence[str]) -> bool:
        """Tell whether records of these projects wait to be indexed: a search may miss them by meaning."""

    @abstractmethod
    def health(self) -> IndexHealth:
        """Return how the index does, without asking it: what other processes do, as of seconds ago."""

    async def look(self) -> IndexHealth:
        """Return how the index does, with what other processes say now."""
        return self.health()


def indexed_text(record: Record) -> str:
    """Return what is indexed of a record by meaning: its searched texts, the title first, a line each."""
    parts = []
    for name in record.SEARCHED:
        value = getattr(record, name)
        parts.append(" ".join(value) if isinstance(value, tuple) else str(value))
    return "\n".join(part for part in parts if part)
