"""What every record and every event of the log has, and how ids are made."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

EPOCH = datetime.fromtimestamp(0, UTC)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Return a fresh id: the kind's prefix, then 48 bits of milliseconds and 70 random bits.

    Ids of one kind sort by the time they were made (Crockford base 32, lower case).
    """
    number = (int(time.time() * 1000) << 72) | int.from_bytes(os.urandom(9), "big")
    text = ""
    for _ in range(24):
        text = _ALPHABET[number & 31] + text
        number >>= 5
    return f"{prefix}_{text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What all records have.

    `project` is the normalised name of the project it belongs to; the empty text means that it
    belongs to the server. `version` is 0 until stored. Fields are of these types only: str, int,
    bool, datetime (aware UTC), each optionally None; `tuple[str, ...]`; and
    `tuple[Mapping[str, Any], ...]` or `Mapping[str, Any]` for JSON that is never filtered on.
    """

    PREFIX: ClassVar[str] = ""
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Each a list of fields that are filtered or ordered on together."""
    UNIQUE: ClassVar[tuple[tuple[str, ...], ...]] = ()
    SEARCHED: ClassVar[tuple[str, ...]] = ()
    """Text fields for `search`; the first is the title and weighs double."""

    id: str
    project: str
    version: int = 0
    created_at: datetime = EPOCH
    updated_at: datetime = EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """A fact to append to a project's log.

    `kind` is `area.verb` in the past tense (`lock.granted`). `data` is JSON: a snapshot of what
    the event is about, so that a reader needs no second look-up. `audience`, when not empty,
    names the key ids that may see it beside admins; empty means everyone in the project.
    """

    project: str
    kind: str
    subject: str
    actor: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    audience: tuple[str, ...] = ()
    at: datetime = EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(NewEvent):
    """An event in the log: `sequence` has no gap within its project. 0 = live only, not logged."""

    sequence: int


def numbered(event: NewEvent, sequence: int) -> Event:
    """Return `event` with its place in the log."""
    return Event(
        project=event.project,
        kind=event.kind,
        subject=event.subject,
        actor=event.actor,
        data=event.data,
        audience=event.audience,
        at=event.at,
        sequence=sequence,
    )
