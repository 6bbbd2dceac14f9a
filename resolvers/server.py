"""How the server does: its parts, what it holds, and how long its operations take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from resolvers.acts import Act
from resolvers.errors import Unready
from store.port import Count, Where
from store.records import KINDS, Record

HEALTH_SECONDS = 5.0
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class OperationFigure:
    """How often an operation ran in this process, how often it failed, and how long it took."""

    operation: str
    count: int
    failures: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Process(Protocol):
    """What only the process around the rules knows."""

    @property
    def version(self) -> str:
        """Return which version of the product it runs."""

    @property
    def started_at(self) -> datetime:
        """Return when it started."""

    def faults(self) -> dict[str, str]:
        """Return its own parts by name, each with what is wrong with it, or empty."""

    def operations(self) -> list[OperationFigure]:
        """Return the figures of the operations that ran since it started."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the server: `is_degraded` means that it works, but not with all that it has."""

    name: str
    is_ok: bool
    is_degraded: bool = False
    state: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """How one process of the server does."""

    process: str
    version: str
    started_at: datetime | None
    parts: tuple[Part, ...]

    @property
    def status(self) -> str:
        if not all(part.is_ok for part in self.parts):
            return "failing"
        return "degraded" if any(part.is_degraded for part in self.parts) else "ok"


@dataclass(frozen=True, slots=True)
class OperationFigures:
    """What one process of the server measured since its start."""

    process: str
    started_at: datetime | None
    operations: tuple[OperationFigure, ...]


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many records of a kind there are; `is_more` where counting ended."""

    kind: str
    count: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class Storage:
    """What the store holds; `bytes` is None where it does not say."""

    adapter: str
    bytes: float | None
    kinds: tuple[KindCount, ...]


async def health(act: Act) -> ServerHealth:
    """Return how each part of this process does; a store without an answer in 5 s has failed."""
    engine = act.engine
    parts = [*await _store(act), _feed(act), _search(act)]
    process = engine.process
    if process is not None:
        parts += [Part(name, not fault, detail=fault) for name, fault in process.faults().items()]
    return ServerHealth(
        engine.name, process.version if process else "", process.started_at if process else None, tuple(parts)
    )


async def _store(act: Act) -> list[Part]:
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            found = await act.store.health()
    except TimeoutError:
        late = f"no answer within {HEALTH_SECONDS:g} s"
        return [Part(name, False, detail=late) for name in ("store_read", "store_write")]
    return [
        Part("store_read", found.can_read, state=found.adapter, detail=found.detail),
        Part("store_write", found.can_write, state=found.adapter, detail=found.detail),
    ]


def _feed(act: Act) -> Part:
    feed, reason = act.feed.health(), act.feed.close_reason
    return Part("feed", not reason, feed.is_degraded, "polling" if feed.is_degraded else "", feed.detail)


def _search(act: Act) -> Part:
    index = act.engine.index
    if index is None:
        return Part("search", True, state="switched off")
    found = index.health()
    return Part("search", True, found.state in ("off", "failing"), found.state, found.detail)


async def operation_figures(act: Act) -> OperationFigures:
    """Return how long the operations of this process take, the most frequent first."""
    process = act.engine.process
    figures = sorted(process.operations(), key=lambda one: (-one.count, one.operation)) if process else ()
    return OperationFigures(act.engine.name, process.started_at if process else None, tuple(figures))


async def storage(act: Act, *, project: str | None = None) -> Storage:
    """Return how many records of each kind there are, of a project or of all the key includes, counted to 10,000.

    Of a project only kinds that are kept by project are counted.

    Raises:
        Forbidden: the key does not include the project.
        Unready: the store does not answer.
    """
    where: Where = {"project": act.project(project)} if project else {}
    is_scoped = bool(project) or act.caller.projects is not None
    kinds = [kind for kind in KINDS if not is_scoped or _is_by_project(kind)]
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            found = await act.store.health()
            counts = await act.store.read(*(Count(kind, where, COUNTED) for kind in kinds))
    except TimeoutError as error:
        raise Unready(f"the store did not answer within {HEALTH_SECONDS:g} s") from error
    size = found.figures.get("bytes")
    return Storage(
        found.adapter,
        float(size) if isinstance(size, int | float) and not is_scoped else None,
        tuple(
            KindCount(kind.__name__, count, count >= COUNTED)
            for kind, count in zip(kinds, counts, strict=True)
        ),
    )


def _is_by_project(kind: type[Record]) -> bool:
    return any(fields[0] == "project" for fields in kind.INDEXES)
