"""How an export is written: JSON Lines, a header, a line for each record, log and event, and a footer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from datetime import datetime
from typing import Any

from store.codec import FORMS, Codec, Column, codec_of
from store.errors import StoreError
from store.port import Head
from store.records import KINDS, Event, Record

FORMAT, FORMAT_VERSION = "interlock-export", 1
LOG, EVENT = "log", "event"
KINDS_BY_NAME: Mapping[str, type[Record]] = {codec_of(kind).name: kind for kind in KINDS}

_EVENTS = codec_of(Event)
_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=dict).encode


class NotPortable(StoreError):
    """A file is no whole export that this version reads; the message says where."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A log as it was: its ends, of which the events follow."""

    project: str
    head: Head


Entry = Record | Begun | Event


def line_of(entry: Entry) -> bytes:
    """Return the line of an entry."""
    if isinstance(entry, Begun):
        name = LOG
        data = {"project": entry.project, "first": entry.head.first, "last": entry.head.last}
    else:
        codec = _EVENTS if isinstance(entry, Event) else codec_of(type(entry))
        name = codec.name
        data = {column: _plain(getattr(entry, column)) for column in codec.names}
    return told({"kind": name, "data": data})


def told(data: Mapping[str, Any]) -> bytes:
    """Return JSON as a line."""
    return _dump(data).encode() + b"\n"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def entry_of(line: bytes, number: int) -> Entry:
    """Return the entry of a line.

    Raises:
        NotPortable: it is none that this version knows; `number` says where.
    """
    try:
        told = json.loads(line)
        name, data = told["kind"], told["data"]
        if name == LOG:
            return Begun(_text(data["project"]), Head(int(data["first"]), int(data["last"])))
        kind = Event if name == EVENT else KINDS_BY_NAME[name]
        entry: Entry = _record(codec_of(kind), data)
        return entry
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        reason = f"{exc} is unknown or missing" if isinstance(exc, KeyError) else str(exc)
        raise NotPortable(f"line {number}: {reason}") from exc


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a project must be text")
    return value


def _record(codec: Codec, data: Mapping[str, Any]) -> Any:
    if unknown := data.keys() - codec.by_name.keys():
        raise ValueError(f"{codec.name} has no field {min(unknown)!r}: a newer version wrote this")
    record = codec.record_of([_value(column, data.get(column.name, MISSING)) for column in codec.columns])
    # Finds what is not of its type.
    codec.encode(record)
    return record


def _value(column: Column, value: Any) -> Any:
    if value is MISSING:
        if column.default is MISSING:
            raise ValueError(f"{column.name} is missing")
        return column.default
    if isinstance(value, str) and column.form is FORMS[datetime]:
        return datetime.fromisoformat(value)
    if isinstance(value, list) and column.form is FORMS[tuple]:
        return tuple(value)
    return value


def kinds() -> Iterator[tuple[str, type[Record]]]:
    """Yield the kinds of records in the order of an export, each with its name there."""
    yield from KINDS_BY_NAME.items()
