"""How an export is written: JSON Lines, a header, a line for each record, log and event, and a footer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from store.codec import FORMS, Codec, Column, codec_of, encode_int, encode_text
from store.errors import StoreError
from store.port import Head
from store.records import KINDS, Event, Record

FORMAT, FORMAT_VERSION = "interlock-export", 1
LOG, EVENT = "log", "event"
KINDS_BY_NAME: Mapping[str, type[Record]] = {codec_of(kind).name: kind for kind in KINDS}

_EVENTS = codec_of(Event)
_MOST = 1 << 53
"""Versions and numbers of events beyond it are nobody's: a store counts on from them."""
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
            return _begun(data)
        kind = Event if name == EVENT else KINDS_BY_NAME[name]
        entry: Entry = _record(codec_of(kind), data)
        return entry
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as exc:
        reason = f"{exc} is unknown or missing" if isinstance(exc, KeyError) else str(exc)
        raise NotPortable(f"line {number}: {reason}") from exc


def _begun(data: Mapping[str, Any]) -> Begun:
    first, last = encode_int(data["first"]), encode_int(data["last"])
    if not 1 <= first <= last + 1 <= _MOST:
        raise ValueError(f"a log cannot hold the events {first} to {last}")
    return Begun(encode_text(data["project"]), Head(first, last))


def _record(codec: Codec, data: Mapping[str, Any]) -> Any:
    if unknown := data.keys() - codec.by_name.keys():
        raise ValueError(f"{codec.name} has no field {min(unknown)!r}: a newer version wrote this")
    record = codec.record_of([_value(column, data.get(column.name, MISSING)) for column in codec.columns])
    # Finds what is not of its type.
    codec.encode(record)
    _check(record)
    return record


def _check(entry: Record | Event) -> None:
    """Refuse what a store would take, and nobody could read, change or follow then."""
    name, number = ("sequence", entry.sequence) if isinstance(entry, Event) else ("version", entry.version)
    if not 1 <= number <= _MOST:
        raise ValueError(f"{name} must be 1 to {_MOST}, not {number}")
    if isinstance(entry, Record) and not entry.id:
        raise ValueError("id must not be empty")
    check_lists(entry)


def check_lists(entry: Record | Event) -> None:
    """Refuse a list that holds something else than it should.

    Raises:
        ValueError: it does.
    """
    kind: Any = type(entry)
    for column, item in _lists_of(kind).items():
        if not all(isinstance(one, item) for one in getattr(entry, column)):
            raise ValueError(f"{column} must be a list of {'texts' if item is str else 'objects'}")


@cache
def _lists_of(kind: type[Any]) -> Mapping[str, type]:
    """Return the fields that hold lists, each with the type of what is in them."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if get_origin(hint) is tuple}
    return {name: get_origin(get_args(hint)[0]) or get_args(hint)[0] for name, hint in hints.items()}


def _value(column: Column, value: Any) -> Any:
    if value is MISSING:
        if column.default is MISSING:
            raise ValueError(f"{column.name} is missing")
        return column.default
    if isinstance(value, str) and column.form is FORMS[datetime]:
        at = datetime.fromisoformat(value)
        # One without a zone is refused with its field's name.
        return at.astimezone(UTC) if at.tzinfo else at
    if isinstance(value, list) and column.form is FORMS[tuple]:
        return tuple(value)
    return value


def kinds() -> Iterator[tuple[str, type[Record]]]:
    """Yield the kinds of records in the order of an export, each with its name there."""
    yield from KINDS_BY_NAME.items()
