"""What a registered function is made of: its identity, the hash of its code, and where it stands in the queue."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from resolvers.acts import Act
from resolvers.answers import answer
from resolvers.errors import BadInput, NotFound
from resolvers.inputs import line, project_name, text
from resolvers.paths import canonical_path
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_TITLE
from store.port import By
from store.records import SHARED, Function, NewEvent

MAX_NOTE = 8_000
"""Bytes of a text about a function."""
MAX_LIST = 100
MAX_PARAMETERS = 50
MAX_PARAMETER = 4_096
MAX_LINE_NUMBER = 10_000_000
MAX_HASH = 128

OLDEST_FIRST = (By("queued_at"),)

_PLACE = re.compile(r"(?::(\d{1,12})(?:[:-]\d{1,12})?|#L(\d{1,12})(?:-L?\d{1,12})?)$")


@answer
class QueueState(StrEnum):
    """Where a function stands on its way to enrichment."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


def place_of(act: Act, file: str, line_number: int | None) -> tuple[str, int | None]:
    """Return the canonical path of a file that may carry `:line`, `:line:column` or `#L12`, and the line.

    Raises:
        BadInput: it is no file of the project, or the line is out of bounds.
    """
    found = _PLACE.search(file)
    if found is not None:
        file = file[: found.start()]
        line_number = int(found[1] or found[2]) if line_number is None else line_number
    path = canonical_path(
        "file", file, working_directory=act.session.working_directory if act.session else ""
    )
    if path.endswith("/"):
        raise BadInput("file", "is a directory")
    if line_number is not None and not 1 <= line_number <= MAX_LINE_NUMBER:
        raise BadInput("line", f"must be between 1 and {MAX_LINE_NUMBER:,}")
    return path, line_number


def identity(project: str, file: str, name: str) -> str:
    """Return the id of a function, which its line and its code leave as it is."""
    told = json.dumps([project, file, name], ensure_ascii=False)
    return f"{Function.PREFIX}_{hashlib.sha256(told.encode()).hexdigest()[:20]}"


def code_hash(code: str) -> str:
    """Return the SHA-256 (hex) of the code without white space at the end of its lines and of the whole."""
    trimmed = "\n".join(one.rstrip() for one in code.splitlines()).rstrip()
    return hashlib.sha256(trimmed.encode()).hexdigest()


def is_out_of_date(function: Function) -> bool:
    """Tell whether the code has changed since the function was enriched."""
    return function.enriched_at is not None and function.enriched_hash != function.source_hash


def seen(act: Act, named: str | None) -> str:
    """Return the project meant, for reading: `shared` is everybody's.

    Raises:
        BadInput: none is meant, or it is no project name.
        Forbidden: the key does not include it.
    """
    if named and project_name("project", named) == SHARED:
        return SHARED
    return act.project(named)


async def function(act: Act, *, id: str) -> Function:
    """Return a function.

    Raises:
        NotFound: there is no such function where the caller may look.
    """
    found = await act.store.get(Function, id) if len(id) <= MAX_NAME else None
    if found is None:
        raise NotFound(f"there is no function {id[:80]!r}", field="id")
    return found


def sources(code: str | None, source_hash: str | None) -> dict[str, str]:
    """Return the fields that code and its hash give; a hash that is given goes before the code's own."""
    fields = {}
    if code is not None and code.strip():
        fields["code"] = text("code", code)
        fields["source_hash"] = code_hash(code)
    if source_hash:
        fields["source_hash"] = line("source_hash", source_hash, max_bytes=MAX_HASH)
    return fields


def notes(**given: str | None) -> dict[str, str]:
    """Return the texts that are given, by field."""
    return {
        name: text(name, value, max_bytes=MAX_NOTE).strip()
        for name, value in given.items()
        if value is not None
    }


def lists(**given: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Return the lists of texts that are given, distinct and in order, by field."""
    return {name: _lines(name, values) for name, values in given.items() if values is not None}


def _lines(field: str, values: Sequence[str]) -> tuple[str, ...]:
    if len(values) > MAX_LIST:
        raise BadInput(field, f"has {len(values):,} entries, at most {MAX_LIST} are taken")
    return tuple(dict.fromkeys(line(field, value, required=True, max_bytes=MAX_LINE) for value in values))


def parameters_of(values: Sequence[Any] | None) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Return the field for the descriptions of parameters: up to 50 JSON objects of 4 KB each."""
    if values is None:
        return {}
    if len(values) > MAX_PARAMETERS:
        raise BadInput("parameters", f"has {len(values):,} entries, at most {MAX_PARAMETERS} are taken")
    for number, value in enumerate(values):
        if not isinstance(value, Mapping):
            raise BadInput("parameters", f"entry {number} must be an object")
        try:
            size = len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            raise BadInput("parameters", f"entry {number} is no JSON that can be kept") from error
        if size > MAX_PARAMETER:
            raise BadInput("parameters", f"entry {number} is longer than {MAX_PARAMETER:,} bytes")
    return {"parameters": tuple(values)}


def qualified_name(value: str) -> str:
    """Return a function's qualified name as one line of at most 300 bytes."""
    return line("name", value, required=True, max_bytes=MAX_TITLE)


def freed(found: Function, **fields: Any) -> Function:
    """Return the function without a lease, and with these fields."""
    return replace(found, lease_id="", lease_holder="", lease_until=None, **fields)


def queued(found: Function, now: datetime) -> Function:
    """Return the function back in the queue, as one whose code is new to all."""
    waits = found.queue == QueueState.PENDING and found.queued_at is not None and found.queued_at < now
    since = found.queued_at if waits else now
    return freed(found, queue=QueueState.PENDING.value, queued_at=since, attempts=0, failure="")


def event_of(found: Function, verb: str) -> NewEvent:
    """Return the event that says what became of a function; never its code."""
    data = {
        "id": found.id,
        "name": found.name,
        "file": found.file,
        "line": found.line,
        "queue": found.queue,
        "author": found.registered_by,
    }
    return NewEvent(project=found.project, kind=f"function.{verb}", subject=found.id, data=data)


def event_of_many(found: Sequence[Function], verb: str) -> tuple[NewEvent, ...]:
    """Return one event for functions of one project; none if there are none."""
    if len(found) == 1:
        return (event_of(found[0], verb),)
    if not found:
        return ()
    pending = sum(one.queue == QueueState.PENDING for one in found)
    data = {"ids": [one.id for one in found], "pending": pending}
    return (NewEvent(project=found[0].project, kind=f"function.{verb}", subject=found[0].id, data=data),)


def distinct_ids(field: str, ids: Sequence[str], most: int) -> tuple[str, ...]:
    """Return the ids without repeats.

    Raises:
        BadInput: there are none or too many, or one is too long to be an id.
    """
    if not 1 <= len(ids) <= most:
        raise BadInput(field, f"has {len(ids):,} entries, 1 to {most} are taken")
    return tuple(dict.fromkeys(line(field, one, required=True, max_bytes=MAX_NAME) for one in ids))
