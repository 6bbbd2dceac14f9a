"""Where it is kept how far the index is: beside vectors in a directory, or in the store, where all see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from store.errors import Conflict
from store.meaning.chroma import State
from store.meaning.turn import NotOurTurn
from store.port import Changes, Store, Where
from store.record import new_id
from store.records import IndexState

STATE_ID = "search"
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Rest:
    """What a rebuild still has to read: the records of a kind, in one project or all, behind a cursor."""

    kind: str
    project: str | None = None
    after: str | None = None

    @property
    def where(self) -> Where:
        return {} if self.project is None else {"project": self.project}


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of the process that indexes: to look at records again, or to make a project anew.

    Without ids it is the latter; without a project then all of them.
    """

    project: str | None
    kind: str = ""
    ids: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: new_id("ord"))

    @property
    def is_rebuild(self) -> bool:
        return not self.ids


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the index is."""

    model: str = ""
    positions: Mapping[str, int] = field(default_factory=dict)
    todo: tuple[Rest, ...] = ()
    stamp: str = ""
    indexed: int = 0
    total: int = 0
    lag: int = 0
    failure: str = ""


def progress_of(state: State) -> Progress:
    """Return what a directory's file says."""
    positions = {str(name): int(place) for name, place in state["positions"].items()}
    return Progress(str(state.get("model", "")), positions, tuple(Rest(*one) for one in state["todo"]))


def file_of(progress: Progress) -> State:
    """Return what a directory's file is to say."""
    return {
        "model": progress.model,
        "positions": dict(progress.positions),
        "todo": [[rest.kind, rest.project, rest.after] for rest in progress.todo],
    }


def orders_of(state: IndexState | None) -> tuple[Order, ...]:
    """Return what is asked of the process that indexes."""
    listed = state.orders if state is not None else ()
    return tuple(Order(one["project"], one["kind"], tuple(one["ids"]), one["id"]) for one in listed)


class StoreMemory:
    """The record in the store that says how far the index is. May raise `Unavailable`.

    Each write names the version it was read at: so who has lost its turn unawares cannot put back the
    progress of the next, and orders that come meanwhile are kept.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._held: IndexState | None = None
        self._writing = asyncio.Lock()

    @property
    def orders(self) -> tuple[Order, ...]:
        """What is asked of the holder, as far as is known here."""
        return orders_of(self._held)

    async def look(self) -> IndexState | None:
        """Read it anew."""
        self.learn(await self._store.get(IndexState, STATE_ID))
        return self._held

    def learn(self, state: IndexState | None) -> None:
        """Be told what was read elsewhere."""
        if state is not None and (self._held is None or state.version > self._held.version):
            self._held = state

    async def take(self) -> Progress | None:
        """Become its holder; return how far the index is, None if nothing ever was."""
        await self.look()
        await self._change(lambda state: replace(state, holder=self._name))
        state = self._held
        if state is None or not state.stamp:
            return None
        todo = tuple(Rest(one["kind"], one["project"], one["after"]) for one in state.todo)
        positions = {name: int(place) for name, place in state.positions.items()}
        return Progress(state.model, positions, todo, state.stamp, state.indexed, state.total)

    async def save(self, progress: Progress, done: Sequence[Order] = ()) -> bool:
        """Write how far it is, and that these orders are carried out; return False if nothing is new.

        Raises:
            NotOurTurn: another process has become the holder.
        """
        gone = {order.id for order in done}

        def saved(state: IndexState) -> IndexState:
            if state.holder != self._name:
                raise NotOurTurn("another process indexes now")
            return replace(
                state,
                stamp=progress.stamp,
                model=progress.model,
                positions=dict(progress.positions),
                todo=tuple({"kind": r.kind, "project": r.project, "after": r.after} for r in progress.todo),
                orders=tuple(one for one in state.orders if one["id"] not in gone),
                indexed=progress.indexed,
                total=progress.total,
                lag=progress.lag,
                failure=progress.failure,
            )

        return await self._change(saved)

    async def ask(self, order: Order, total: int = 0) -> None:
        """Ask something of the process that indexes; a rebuild will be of `total` records."""
        entry = {"project": order.project, "kind": order.kind, "ids": list(order.ids), "id": order.id}

        def asked(state: IndexState) -> IndexState:
            if any(one["id"] == order.id for one in state.orders):
                return state
            orders = (*state.orders, entry)
            if order.is_rebuild:
                return replace(state, orders=orders, indexed=0, total=total)
            return replace(state, orders=orders)

        await self._change(asked)

    async def _change(self, change: Callable[[IndexState], IndexState]) -> bool:
        """Write what `change` makes of the record; return whether that was anything new."""
        async with self._writing:
            for attempt in range(_ATTEMPTS):
                if attempt or self._held is None:
                    self._held = await self._store.get(IndexState, STATE_ID)
                before = self._held or IndexState(id=STATE_ID, project="")
                after = change(before)
                if after == before and before.version:
                    return False
                now = await self._store.now()
                after = replace(
                    after, created_at=before.created_at if before.version else now, updated_at=now
                )
                try:
                    await self._store.commit(Changes(puts=(after,)))
                except Conflict:
                    continue
                self._held = replace(after, version=before.version + 1)
                return True
        raise Conflict(IndexState.__name__, STATE_ID)
