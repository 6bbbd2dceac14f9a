"""Who calls, and what a caller may see: roles, and the store narrowed to a caller's projects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from resolvers.errors import Forbidden, OutsideScope
from store.knowledge import DocumentTag, Usage
from store.port import Ask, Changes, Count, Find, Heads, Health, Hit, In, R, Store, Where
from store.records import SHARED, Document, Event, Function, Guideline, NewEvent, Record, Spec, SpecVersion


class Role(StrEnum):
    """What a key may do; each includes those below it. `user` is an agent under a person's name."""

    READONLY = "readonly"
    AGENT = "agent"
    USER = "user"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def includes(self, other: Role) -> bool:
        return self.rank >= other.rank


_RANKS = {role: rank for rank, role in enumerate(Role)}


PERSON = "user-"
"""What the names of those begin with who act without a session; the name of their key follows."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent the request. `projects` None means all of them."""

    key_id: str
    key_name: str
    role: Role
    projects: frozenset[str] | None = None

    @property
    def person(self) -> str:
        """By which name others know the caller where it acts without a session."""
        return PERSON + self.key_name

    def sees(self, project: str) -> bool:
        """Tell whether the project is within the key's scope."""
        return self.projects is None or project in self.projects

    def sees_event(self, event: Event) -> bool:
        """Tell whether the caller may be shown the event."""
        if not self.sees(event.project):
            return False
        return not event.audience or self.role.includes(Role.ADMIN) or self.key_id in event.audience


LOCAL_OWNER = Caller("local", "local", Role.OWNER)
"""The one caller there is when authentication is off."""


_OPEN_TO_ALL: dict[type[Record], str] = {
    Guideline: "",
    Document: SHARED,
    DocumentTag: SHARED,
    Usage: SHARED,
    Function: SHARED,
    Spec: SHARED,
    SpecVersion: SHARED,
}
"""Kinds of which every caller may read the records of one project beside its own."""


class ScopedStore(Store):
    """The store as one caller may see it: the only way by which rules reach records.

    Records of other projects do not exist for reads, and writing to them is refused. Of those
    outside its list of projects a caller sees the server's guidelines and what is shared.
    """

    def __init__(self, store: Store, caller: Caller) -> None:
        self._store = store
        self._caller = caller

    def _visible(self, record: Record) -> bool:
        if self._caller.projects is None or record.project in self._caller.projects:
            return True
        return _OPEN_TO_ALL.get(type(record)) == record.project

    def _narrow(self, kind: type[R], where: Where) -> Where:
        projects = self._caller.projects
        if projects is None:
            return where
        open_to_all = _OPEN_TO_ALL.get(kind)
        allowed = projects if open_to_all is None else projects | {open_to_all}
        if "project" not in where:
            return {**where, "project": In(tuple(sorted(allowed)))}
        asked = where["project"]
        for name in asked.values if isinstance(asked, In) else (asked,):
            if name not in allowed:
                raise OutsideScope(str(name))
        return where

    async def read(self, *asks: Ask) -> tuple[Any, ...]:
        if self._caller.projects is None:
            return await self._store.read(*asks)
        answers = await self._store.read(*(self._within(ask) for ask in asks))
        return tuple(self._shown(answer) for answer in answers)

    def _within(self, ask: Ask) -> Ask:
        if isinstance(ask, Find | Count):
            return replace(ask, where=self._narrow(ask.kind, ask.where))
        if isinstance(ask, Heads):
            for project in ask.projects:
                if not self._caller.sees(project):
                    raise OutsideScope(project)
        return ask

    def _shown(self, answer: Any) -> Any:
        if isinstance(answer, Record):
            return answer if self._visible(answer) else None
        if isinstance(answer, dict):
            return {
                key: one for key, one in answer.items() if not isinstance(one, Record) or self._visible(one)
            }
        return answer

    async def search(self, kind: type[R], text: str, where: Where, *, limit: int = 20) -> list[Hit[R]]:
        return await self._store.search(kind, text, self._narrow(kind, where), limit=limit)

    def require(self, changes: Changes) -> None:
        """Check that all of `changes` lies within the caller's projects.

        Raises:
            Forbidden: something of it does not.
        """
        touching: list[Record | NewEvent] = [
            *changes.puts,
            *changes.deletes,
            *changes.checks,
            *changes.events,
        ]
        for touched in touching:
            if not self._caller.sees(touched.project):
                raise OutsideScope(touched.project)

    async def commit(self, changes: Changes) -> tuple[Event, ...]:
        self.require(changes)
        return await self._store.commit(changes)

    async def events_after(self, project: str, sequence: int, limit: int = 500) -> list[Event]:
        if not self._caller.sees(project):
            raise OutsideScope(project)
        events = await self._store.events_after(project, sequence, limit)
        return [event for event in events if self._caller.sees_event(event)]

    async def logged_projects(self, *, after: str = "", limit: int = 1000) -> list[str]:
        if self._caller.projects is None:
            return await self._store.logged_projects(after=after, limit=limit)
        heads = await self._store.heads(sorted(self._caller.projects))
        return [name for name, head in heads.items() if head.last and name > after][:limit]

    async def drop_events(self, before: datetime, limit: int = 1000) -> int:
        if self._caller.projects is not None:
            raise Forbidden("only an unscoped caller may forget events")
        return await self._store.drop_events(before, limit)

    async def now(self) -> datetime:
        return await self._store.now()

    async def health(self) -> Health:
        return await self._store.health()

    async def close(self) -> None:
        raise Forbidden("a scoped store is not the caller's to close")
