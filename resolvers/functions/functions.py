"""The rules of the register of functions: one entry for each, kept up to date without losing what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.errors import BadInput
from resolvers.functions.fields import (
    QueueState,
    distinct_ids,
    event_of,
    event_of_many,
    identity,
    lists,
    notes,
    place_of,
    qualified_name,
    queued,
    seen,
    sources,
)
from resolvers.inputs import line
from resolvers.listing import Listing, listing
from resolvers.paths import canonical_path
from resolvers.rules import MAX_NAME
from store.port import By, Changes, Condition, GetMany, Prefix
from store.records import Function, Usage

MAX_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is told of a function; None keeps what is known. `file` may carry the line."""

    name: str
    file: str
    line: int | None = None
    purpose: str | None = None
    gotchas: str | None = None
    prefer_over: str | None = None
    requires: Sequence[str] | None = None
    code: str | None = None
    language: str | None = None
    source_hash: str | None = None


@answer
class Registration(StrEnum):
    """What registering a function did."""

    REGISTERED = "registered"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@answer
@dataclass(frozen=True, slots=True)
class RegisteredFunction:
    """A function after it was registered. It is queued when it waits for enrichment or is under way."""

    function: Function
    change: Registration
    preserved_enrichment: bool

    @property
    def is_new(self) -> bool:
        return self.change is Registration.REGISTERED

    @property
    def is_queued(self) -> bool:
        return self.function.queue in (QueueState.PENDING, QueueState.LEASED)


@answer
@dataclass(frozen=True, slots=True)
class RegisteredFunctions:
    """How many functions of a batch were new, changed, or known as they are."""

    registered: int
    updated: int
    unchanged: int


@answer
@dataclass(frozen=True, slots=True)
class RemovedFunctions:
    """How many functions were there to remove."""

    removed: int


@dataclass(frozen=True, slots=True)
class _Told:
    """A checked entry: which function, and the fields that are given."""

    id: str
    project: str
    fields: dict[str, Any]
    purpose: str

    def applied(self, found: Function | None, act: Act, now: datetime) -> Function:
        """Return the function as it is with what was told; `found` itself when that changes nothing."""
        if found is None:
            purpose = self.purpose or str(self.fields["name"])
            return Function(
                id=self.id, project=self.project, registered_by=act.actor, queued_at=now, created_at=now,
                updated_at=now, purpose=purpose, **self.fields
            )  # fmt: skip
        is_better = self.fields.get("is_purpose_told") or not found.is_purpose_told
        fields = {**self.fields, **({"purpose": self.purpose} if self.purpose and is_better else {})}
        fields = {name: value for name, value in fields.items() if value != getattr(found, name)}
        if not fields:
            return found
        made = replace(found, updated_at=now, **fields)
        return queued(made, now) if "source_hash" in fields else made


async def register_function(
    act: Act,
    *,
    name: str,
    file: str,
    purpose: str,
    line: int | None = None,
    gotchas: str | None = None,
    prefer_over: str | None = None,
    requires: Sequence[str] | None = None,
    code: str | None = None,
    language: str | None = None,
    source_hash: str | None = None,
    project: str | None = None,
) -> RegisteredFunction:
    """Register a function, or tell more of it: enrichment stays, and changed code queues it again.

    Raises:
        BadInput: a value cannot be taken.
    """
    if not purpose.strip():
        raise BadInput("purpose", "must not be empty")
    entry = Entry(
        name=name,
        file=file,
        line=line,
        purpose=purpose,
        gotchas=gotchas,
        prefer_over=prefer_over,
        requires=requires,
        code=code,
        language=language,
        source_hash=source_hash,
    )
    told = _told(act, act.project(project), entry)
    told.fields["is_purpose_told"] = True

    async def decision(now: datetime) -> Decision[RegisteredFunction]:
        found = await act.store.get(Function, told.id)
        made = told.applied(found, act, now)
        change = Registration.UPDATED if found else Registration.REGISTERED
        if made is found:
            change = Registration.UNCHANGED
        result = RegisteredFunction(made, change, found is not None and found.enriched_at is not None)
        if made is found:
            return Decision(result)
        return Decision(result, Changes(puts=(made,), events=(event_of(made, "registered"),)))

    return await act.decide(decision, turn=f"function:{told.id}")


async def register_functions(
    act: Act, *, functions: Sequence[Entry], project: str | None = None
) -> RegisteredFunctions:
    """Register 1 to 200 functions of a project in one commit; what is known as it is writes nothing.

    Without a purpose a new function's name stands for it, and a known one keeps its own. A purpose that
    was told of one function alone is kept: those of a batch come from documentation.

    Raises:
        BadInput: a value cannot be taken; the message says of which entry. Nothing is written then.
    """
    where = act.project(project)
    if not 1 <= len(functions) <= MAX_BATCH:
        raise BadInput("functions", f"has {len(functions):,} entries, 1 to {MAX_BATCH} are taken")
    entries = [_told_at(act, where, number, entry) for number, entry in enumerate(functions)]
    ids = tuple(dict.fromkeys(entry.id for entry in entries))

    async def decision(now: datetime) -> Decision[RegisteredFunctions]:
        known = await act.store.get_many(Function, ids)
        after = dict(known)
        for entry in entries:
            after[entry.id] = entry.applied(after.get(entry.id), act, now)
        changed = tuple(one for one in after.values() if one is not known.get(one.id))
        new = sum(one.id not in known for one in changed)
        result = RegisteredFunctions(new, len(changed) - new, len(ids) - len(changed))
        return Decision(result, Changes(puts=changed, events=event_of_many(changed, "registered")))

    return await act.decide(decision, turn=f"functions:{where}")


async def remove_functions(act: Act, *, ids: Sequence[str], project: str | None = None) -> RemovedFunctions:
    """Remove up to 200 functions of a project that are no longer in its code; others are left alone.

    Raises:
        BadInput: there are no ids, or too many.
    """
    where, asked = act.project(project), distinct_ids("ids", ids, MAX_BATCH)

    async def decision(now: datetime) -> Decision[RemovedFunctions]:
        found, used = await act.store.read(GetMany(Function, asked), GetMany(Usage, asked))
        gone = tuple(one for one in found.values() if one.project == where)
        counts = tuple(used[one.id] for one in gone if one.id in used and used[one.id].project == where)
        changes = Changes(deletes=(*gone, *counts), events=event_of_many(gone, "removed"))
        return Decision(RemovedFunctions(len(gone)), changes)

    return await act.decide(decision, turn=f"functions:{where}")


async def functions(
    act: Act,
    *,
    project: str | None = None,
    file: str | None = None,
    first: int = 100,
    after: str | None = None,
) -> Listing[Function]:
    """Return a project's functions by file and name: all, those of a file, or those under a directory.

    Raises:
        BadInput: a value cannot be taken.
    """
    where: dict[str, Condition] = {"project": seen(act, project)}
    if file is not None:
        home = act.session.working_directory if act.session is not None else ""
        path = canonical_path("file", file, working_directory=home)
        where["file"] = Prefix(path.removeprefix("./")) if path.endswith("/") else path
    return await listing(act, Function, where, (By("file"), By("name")), first=first, after=after)


def _told(act: Act, project: str, entry: Entry) -> _Told:
    file, line_number = place_of(act, entry.file, entry.line)
    name = qualified_name(entry.name)
    given = notes(gotchas=entry.gotchas, prefer_over=entry.prefer_over)
    fields: dict[str, Any] = {"name": name, "file": file, **given, **lists(requires=entry.requires)}
    fields |= sources(entry.code, entry.source_hash)
    if line_number is not None:
        fields["line"] = line_number
    if entry.language is not None:
        fields["language"] = line("language", entry.language, max_bytes=MAX_NAME).lower()
    purpose = notes(purpose=entry.purpose or "")["purpose"]
    return _Told(identity(project, file, name), project, fields, purpose)


def _told_at(act: Act, project: str, number: int, entry: Entry) -> _Told:
    try:
        return _told(act, project, entry)
    except BadInput as error:
        raise BadInput(error.field, f"{error.message} (entry {number})", hint=error.hint) from error
