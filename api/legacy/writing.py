"""How what comes from mcp-shared-memory is written: what is there already stays as it is, so twice is once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from api.legacy.report import Line, Report
from api.legacy.values import Mapped
from store.codec import codec_of
from store.port import Changes, Store
from store.records import Document, KeyName, NewEvent, Record

_RECORDS_AT_ONCE = 300
_MOST_IDS = 1_000


class Writer:
    """Writes in batches, each at once with its events, by which the search index learns of it."""

    def __init__(self, store: Store, report: Report, *, is_dry: bool) -> None:
        self._store = store
        self._report = report
        self._is_dry = is_dry
        self._seen: set[tuple[type[Record], str]] = set()
        self._homes: dict[str, str] = {}

    async def document_ids(self, wanted: Sequence[tuple[str, str]]) -> list[str]:
        """Return the ids for documents, each given with its project: an id of another project gets a suffix."""
        there = await self._store.get_many(Document, list(dict.fromkeys(one for one, _ in wanted)))
        found = []
        for one, project in wanted:
            home = there[one].project if one in there else self._homes.setdefault(one, project)
            found.append(one if home == project else f"{one}.{project}"[:100])
        return found

    async def write(self, line: Line, items: Sequence[Mapped]) -> None:
        """Write what is not there."""
        batch: list[Mapped] = []
        for item in items:
            if batch and sum(len(one.records) for one in (*batch, item)) > _RECORDS_AT_ONCE:
                await self._written(line, batch)
                batch = []
            batch.append(item)
        if batch:
            await self._written(line, batch)

    async def _written(self, line: Line, items: Sequence[Mapped]) -> None:
        there = await self._there(items)
        puts: list[Record] = []
        events: list[NewEvent] = []
        for item in items:
            if (type(item.main), item.main.id) in there | self._seen:
                line.there += 1
                continue
            if reason := _unkeepable(item.records) or _nameless(item.records, there | self._seen):
                line.skip(reason, item.legacy_id)
                continue
            line.taken += 1
            for record in item.records:
                key = type(record), record.id
                if key not in there and key not in self._seen:
                    self._seen.add(key)
                    puts.append(record)
            events += item.events
            if item.legacy_id != item.main.id:
                self._report.ids.append((item.legacy_id, codec_of(type(item.main)).name, item.main.id))
        if puts and not self._is_dry:
            now = await self._store.now()
            told = tuple(replace(event, at=now, actor=event.actor or "import") for event in events)
            await self._store.commit(Changes(puts=tuple(puts), events=told))

    async def _there(self, items: Sequence[Mapped]) -> set[tuple[type[Record], str]]:
        wanted: dict[type[Record], list[str]] = {}
        for item in items:
            for record in item.records:
                wanted.setdefault(type(record), []).append(record.id)
        found: set[tuple[type[Record], str]] = set()
        for kind, ids in wanted.items():
            distinct = list(dict.fromkeys(ids))
            for start in range(0, len(distinct), _MOST_IDS):
                part = await self._store.get_many(kind, distinct[start : start + _MOST_IDS])
                found |= {(kind, one) for one in part}
        return found


def _nameless(records: Sequence[Record], taken: set[tuple[type[Record], str]]) -> str:
    """Tell of a valid key whose name another one has: acts are told by that name, and keys revoked by it."""
    is_taken = any(isinstance(record, KeyName) and (KeyName, record.id) in taken for record in records)
    return "is a key whose name another valid key has" if is_taken else ""


def _unkeepable(records: Sequence[Record]) -> str:
    try:
        for record in records:
            codec_of(type(record)).encode(record)
    except ValueError as error:
        return str(error)
    return ""
