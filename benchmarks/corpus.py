"""What a team's memory holds after a year: varied texts from installed packages, and questions to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

from benchmarks.labelled import Example, examples
from benchmarks.workload import PROJECT
from resolvers.errors import BadInput
from resolvers.functions.fields import identity
from resolvers.knowledge.documents import digest_of, prepared, records_of
from resolvers.knowledge.secrets import refuse_secrets
from store.port import Changes
from store.records import Document, Function, NewEvent, Record
from store.sqlite.store import SqliteStore

FUNCTIONS_SHARE = 5
"""One function for so many documents."""
_TYPES = ("learning", "pattern", "architecture", "function_ref")
_TOLD: Mapping[type[Record], str] = {Document: "document.stored", Function: "function.registered"}
_PARTS, _PART = 3, 160
_BATCH = 2_000
_IDS_AN_EVENT = 100


def document_id(number: int) -> str:
    """Return the id that `fill` gives a document."""
    return f"doc_{number:024}"


def title(number: int) -> str:
    """Return a title; every number has another one."""
    return f"{_example(number, 'title').name.rpartition('.')[2]}: note {number}"


def content(number: int) -> str:
    """Return some 80 words of prose and code; no two numbers give nearly the same."""
    parts = [_example(number, f"part {place}") for place in range(_PARTS)]
    return "\n".join(f"{one.query} {(one.rest or one.code)[:_PART]}" for one in parts)


def question(number: int) -> str:
    """Return a question of some 10 words; every number has another one."""
    asked, other = _example(number, "asked"), _example(number, "other")
    words = " ".join(asked.query.split()[:8])
    return f"{words} {other.name.rpartition('.')[2]} {number}"


async def fill(directory: Path, start: int, end: int, *, is_told: bool = False) -> int:
    """Write the documents from `start` to `end` and their share of functions; return how many both are.

    `is_told` logs events, from which a server with an index learns of them.
    """
    store = await SqliteStore.open(directory)
    made = _records(start, end)
    written = 0
    while batch := tuple(islice(made, _BATCH)):
        events = tuple(event for kind in _TOLD for event in _events(kind, batch))
        await store.commit(Changes(puts=batch, events=events if is_told else ()))
        written += sum(isinstance(record, Document | Function) for record in batch)
    await store.close()
    return written


def _events(kind: type[Record], batch: Sequence[Record]) -> Iterator[NewEvent]:
    ids = [record.id for record in batch if isinstance(record, kind)]
    for start in range(0, len(ids), _IDS_AN_EVENT):
        some = ids[start : start + _IDS_AN_EVENT]
        yield NewEvent(project=PROJECT, kind=_TOLD[kind], subject=some[0], data={"ids": some})


@cache
def _harmless() -> tuple[Example, ...]:
    """Return the examples that do not look as if they held a secret."""
    kept = []
    for one in examples():
        with suppress(BadInput):
            refuse_secrets(name=one.name, query=one.query, code=one.code, rest=one.rest)
            kept.append(one)
    return tuple(kept)


def _example(number: int, purpose: str) -> Example:
    every = _harmless()
    return every[crc32(f"{purpose} {number}".encode()) % len(every)]


def _records(start: int, end: int) -> Iterator[Record]:
    began = datetime.now(UTC) - timedelta(days=20)
    for n in range(start, end):
        at = began + timedelta(seconds=30 * n)
        stamp: dict[str, Any] = {"project": PROJECT, "created_at": at, "updated_at": at}
        draft = Document(
            id=document_id(n),
            type=_TYPES[n % len(_TYPES)],
            title=title(n),
            content=content(n),
            author=f"bench-{n % 50}",
            tags=(f"area-{n % 40}",),
            files=(f"src/area_{n % 40}/file_{n % 1_000}.py",),
            **stamp,
        )
        given = prepared(draft)
        yield from records_of(given.document, given.bands, at)
        yield digest_of(given, None, at)
        if n % FUNCTIONS_SHARE == 0:
            yield _function(n, stamp)


def _function(number: int, stamp: dict[str, Any]) -> Function:
    one = _example(number, "function")
    name, file = f"{one.name}_{number}", f"src/{one.file}"
    return Function(
        id=identity(PROJECT, file, name),
        name=name,
        file=file,
        purpose=one.query,
        gotchas=one.rest[:_PART],
        signature=one.signature[:_PART],
        registered_by=f"bench-{number % 50}",
        queue="done",
        **stamp,
    )
