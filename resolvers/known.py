"""What a process that is the only writer may remember between requests: sessions, and who is owed nothing.

Every write of the process passes here. Where other processes write to the same store nothing is
remembered, and each request reads.
"""

from __future__ import annotations

from dataclasses import replace

from store.port import Changes, Store
from store.records import Delivery, Notice, Record, Session

MOST = 10_000
_URGENT = 0


class Known:
    """Session records by id, and the sessions and agents for whom no notice is waiting."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._is_on = not store.is_shared
        self._sessions: dict[str, Session] = {}
        self._told_sessions: set[str] = set()
        self._told_agents: set[tuple[str, str]] = set()
        self._writes = 0

    @property
    def writes(self) -> int:
        """A number that changes with every write that could matter here: what was read before it may be old."""
        return self._writes

    async def session(self, session_id: str) -> Session | None:
        """Return the session of this id."""
        known = self._sessions.get(session_id)
        if known is not None:
            return known
        before = self._writes
        found = await self._store.get(Session, session_id)
        if found is not None and self._is_on and before == self._writes:
            self._remember(found)
        return found

    def _remember(self, session: Session) -> None:
        if len(self._sessions) >= MOST:
            self._sessions.clear()
        self._sessions[session.id] = session

    def is_owed_nothing(self, session: Session) -> bool:
        """Tell whether it is certain that nothing waits for the session."""
        return session.id in self._told_sessions and (session.project, session.agent) in self._told_agents

    def owed_nothing(self, session: Session, since: int) -> None:
        """Remember that nothing was found for the session by a read that began at `writes == since`."""
        if not self._is_on or since != self._writes:
            return
        if len(self._told_sessions) >= MOST:
            self._told_sessions.clear()
            self._told_agents.clear()
        self._told_sessions.add(session.id)
        self._told_agents.add((session.project, session.agent))

    def written(self, changes: Changes) -> None:
        """Take in what a commit has changed; called after it, in the order of commits, before anyone is told."""
        for record in changes.deletes:
            self._forget(record)
        for record in changes.puts:
            self._forget(record)
            if isinstance(record, Session) and self._is_on:
                self._remember(replace(record, version=record.version + 1))

    def clear(self) -> None:
        """Forget everything: it is not known what was written."""
        self._sessions.clear()
        self._told_sessions.clear()
        self._told_agents.clear()
        self._writes += 1

    def _forget(self, record: Record) -> None:
        if isinstance(record, Session):
            self._sessions.pop(record.id, None)
        elif isinstance(record, Notice):
            self._told_sessions.discard(record.session_id)
        elif isinstance(record, Delivery) and record.priority_rank == _URGENT:
            self._told_agents.discard((record.project, record.recipient))
        else:
            return
        self._writes += 1
