"""The rules of the enrichment queue: work is lent for a time, to one at once, and comes back by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.errors import BadInput, Clash
from resolvers.functions.fields import (
    MAX_NOTE,
    OLDEST_FIRST,
    QueueState,
    distinct_ids,
    event_of,
    event_of_many,
    freed,
    function,
    lists,
    notes,
    parameters_of,
    queued,
    sources,
)
from resolvers.inputs import line, page_size, text
from resolvers.listing import Listing
from resolvers.rules import MAX_NAME
from store.cursor import Cursor
from store.keyset import keyset_of
from store.port import By, Changes, Condition, Count, Find, GetMany, Heads, Page, Span, Where
from store.records import EPOCH, Function, new_id

MOST_LEASED = 20
MOST_REQUEUED = 200
LEASE_SECONDS = 300
_SHORTEST, _LONGEST = 30, 900
MAX_ATTEMPTS = 5
SOONEST_DUE = (By("lease_until"),)
COUNTED = 10_000
"""How far a queue is counted."""

_BACK_OFF_SECONDS = 30
_INSTANT = timedelta(microseconds=1)


@answer
@dataclass(frozen=True, slots=True)
class FunctionLease:
    """Functions lent to the caller until a time; none when nothing waits."""

    lease_id: str
    expires_at: datetime
    functions: tuple[Function, ...]


@answer
@dataclass(frozen=True, slots=True)
class ReleasedFunctions:
    """How many functions were given back."""

    released: int


@answer
@dataclass(frozen=True, slots=True)
class RequeuedFunctions:
    """How many failed functions wait again, and how many of the project are still given up, counted to 10,000."""

    requeued: int
    failed_count: int


@answer
@dataclass(frozen=True, slots=True)
class LibrarianTask:
    """What an agent is to enrich, lent to it. `unenriched_count` counts all that is not done, this included."""

    project: str
    unenriched_count: int
    lease: FunctionLease

    @property
    def lease_id(self) -> str | None:
        return self.lease.lease_id if self.lease.functions else None


@dataclass(frozen=True, slots=True)
class EnrichmentQueue(Listing[Function]):
    """A page of the queue, and how many there are of each state, counted to 10,000."""

    pending_count: int
    leased_count: int
    failed_count: int
    done_count: int


async def lease_functions(
    act: Act, *, project: str | None = None, limit: int | None = None, seconds: int | None = None
) -> FunctionLease:
    """Borrow 1 to 20 functions (1 unless told) to enrich, for 30 to 900 seconds (300 unless told).

    Those that wait longest come first. Without a project they are of any that the key includes. Of all
    that ask at once, no two get the same.

    Raises:
        BadInput: a number is out of bounds.
    """
    size, span = 1 if limit is None else limit, _span(seconds)
    return await _lease(act, _projects(act, project), size, span)


async def become_librarian(
    act: Act, *, project: str | None = None, limit: int | None = None, seconds: int | None = None
) -> LibrarianTask:
    """Borrow functions of a project for the session to enrich: 20 for 900 seconds unless told.

    Raises:
        BadInput: there is no session, or a number is out of bounds.
    """
    where = act.project(project or act.in_session.project)
    size, span = MOST_LEASED if limit is None else limit, _span(seconds, _LONGEST)
    lease = await _lease(act, (where,), size, span)
    now = lease.expires_at - span
    counts = await act.store.read(*_counts({"project": where}, now))
    return LibrarianTask(where, sum(counts[:3]), lease)


async def extend_lease(act: Act, *, lease_id: str, seconds: int | None = None) -> FunctionLease:
    """Let a lease end `seconds` (30 to 900) from now.

    Raises:
        Clash: nothing is held by it any more.
    """
    held_by, span = _lease_id(lease_id), _span(seconds)

    async def decision(now: datetime) -> Decision[FunctionLease]:
        held = await _held(act, held_by)
        if not held:
            raise _gone()
        made = tuple(replace(one, lease_until=now + span, updated_at=now) for one in held)
        return Decision(FunctionLease(held_by, now + span, made), Changes(puts=made))

    return await act.decide(decision, turn="functions:lease")


async def release_functions(
    act: Act,
    *,
    lease_id: str,
    ids: Sequence[str] | None = None,
    failure: str | None = None,
    permanent: bool = False,
) -> ReleasedFunctions:
    """Give back all of a lease, or the functions named; what is no longer held by it is left alone.

    With a failure they wait longer each time, and after five attempts, or when it is permanent,
    they are set aside as failed until their code changes.

    Raises:
        BadInput: a value cannot be taken.
    """
    held_by = _lease_id(lease_id)
    named = None if ids is None else set(distinct_ids("ids", ids, MOST_LEASED))
    reason = text("failure", failure, required=permanent, max_bytes=MAX_NOTE).strip()

    async def decision(now: datetime) -> Decision[ReleasedFunctions]:
        held = [one for one in await _held(act, held_by) if named is None or one.id in named]
        made = tuple(_given_back(one, reason, now, is_permanent=permanent) for one in held)
        return Decision(ReleasedFunctions(len(made)), Changes(puts=made))

    return await act.decide(decision, turn="functions:lease")


async def requeue_functions(
    act: Act, *, ids: Sequence[str] | None = None, project: str | None = None
) -> RequeuedFunctions:
    """Let functions of a project be enriched now as if it had never failed: those named, or 200 given up.

    Of those named, up to 200, what never failed, is lent out or done is left alone.

    Raises:
        BadInput: `ids` is empty or too long, or there is no project.
    """
    where = act.project(project)
    asked = None if ids is None else distinct_ids("ids", ids, MOST_REQUEUED)
    failed: Where = {"project": where, "queue": QueueState.FAILED.value}

    async def decision(now: datetime) -> Decision[RequeuedFunctions]:
        count = Count(Function, failed, COUNTED)
        if asked is None:
            page, there = await act.store.read(Find(Function, failed, OLDEST_FIRST, MOST_REQUEUED), count)
            found = page.records
        else:
            named, there = await act.store.read(GetMany(Function, asked), count)
            found = tuple(one for one in named.values() if one.project == where and _has_failed(one))
        made = tuple(replace(queued(one, now), updated_at=now) for one in found)
        left = there - sum(one.queue == QueueState.FAILED for one in found)
        changes = Changes(puts=made, events=event_of_many(made, "requeued"))
        return Decision(RequeuedFunctions(len(made), left), changes)

    return await act.decide(decision, turn="functions:lease")


async def enrich_function(
    act: Act,
    *,
    id: str,
    lease_id: str | None = None,
    signature: str | None = None,
    parameters: Sequence[Any] | None = None,
    returns: str | None = None,
    calls: Sequence[str] | None = None,
    called_by: Sequence[str] | None = None,
    side_effects: Sequence[str] | None = None,
    complexity: str | None = None,
    additional_gotchas: str | None = None,
    search_summary: str | None = None,
    source_hash: str | None = None,
    code: str | None = None,
) -> Function:
    """Write what was found out about a function, and take it out of the queue; None keeps a field.

    Under a lease the code looked at is the latest there is, as a change ends leases. Without one, findings
    from other code than that last registered are kept, but the function stays queued and out of date.

    Raises:
        NotFound: there is no such function where the caller may look.
        Clash: the lease named no longer holds it.
        BadInput: a value cannot be taken, or nothing is told.
    """
    told: dict[str, Any] = {
        **notes(
            signature=signature,
            returns=returns,
            complexity=complexity,
            additional_gotchas=additional_gotchas,
            search_summary=search_summary,
        ),
        **lists(calls=calls, called_by=called_by, side_effects=side_effects),
        **parameters_of(parameters),
    }
    if not told:
        raise BadInput("search_summary", "is needed, or another finding")
    looked_at = sources(code, source_hash)
    held_by = None if lease_id is None else _lease_id(lease_id)

    async def decision(now: datetime) -> Decision[Function]:
        found = await function(act, id=id)
        if held_by is not None and found.lease_id != held_by:
            raise _gone(id)
        made = replace(found, **told, enriched_at=now, enriched_by=act.actor, updated_at=now)
        made = _settled(made, looked_at, now, is_latest=held_by is not None)
        return Decision(made, Changes(puts=(made,), events=(event_of(made, "enriched"),)))

    return await act.decide(decision, turn="functions:lease")


async def enrichment_queue(
    act: Act,
    *,
    project: str | None = None,
    state: QueueState = QueueState.PENDING,
    first: int = 20,
    after: str | None = None,
) -> EnrichmentQueue:
    """Return a page of the functions in one state, longest waiting first, and the size of the queue.

    Without a project they are of the session's, else of any that the key includes.

    Raises:
        BadInput: a page argument is wrong.
    """
    here = act.session.project if project is None and act.session is not None else project
    projects = _projects(act, here)
    size = page_size("first", first)
    now = await act.store.now()
    each = _each(projects)
    counts = [count for where in each for count in _counts(where, now)]
    finds = [Find(Function, {**where, "queue": state.value}, OLDEST_FIRST, size, after) for where in each]
    try:
        heads, *answers = await act.store.read(Heads(projects or ()), *counts, *finds)
    except ValueError as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
    numbers, pages = answers[: len(counts)], answers[len(counts) :]
    pending, overdue, leased, failed, done = (min(sum(numbers[n::5]), COUNTED) for n in range(5))
    records, following = _merged(pages, size)
    cursor = Cursor({name: head.last for name, head in heads.items()}).encode()
    return EnrichmentQueue(
        records, OLDEST_FIRST, following, cursor, min(pending + overdue, COUNTED), leased, failed, done
    )


async def _lease(act: Act, projects: tuple[str, ...] | None, limit: int, span: timedelta) -> FunctionLease:
    size = page_size("limit", limit, limit=MOST_LEASED)
    lease_id = new_id("lea")
    each = _each(projects)

    async def decision(now: datetime) -> Decision[FunctionLease]:
        finds = [
            Find(Function, {**where, **due}, order, size)
            for where in each
            for due, order in ((_pending(now), OLDEST_FIRST), (_overdue(now), SOONEST_DUE))
        ]
        pages = await act.store.read(*finds)
        taken, _ = _merged(pages, size)
        made = tuple(
            replace(
                one,
                queue=QueueState.LEASED.value,
                lease_id=lease_id,
                lease_holder=act.actor,
                lease_until=now + span,
            )
            for one in taken
        )
        return Decision(FunctionLease(lease_id, now + span, made), Changes(puts=made))

    return await act.decide(decision, turn="functions:lease")


def _projects(act: Act, named: str | None) -> tuple[str, ...] | None:
    """Return the projects meant: the one named, else all that the key includes; None stands for any."""
    if named:
        return (act.project(named),)
    scope = act.caller.projects
    return None if scope is None else tuple(sorted(scope))


def _each(projects: tuple[str, ...] | None) -> list[dict[str, Condition]]:
    """Return a condition for each project: one look-up each goes by index, where `In` would sort."""
    return [{}] if projects is None else [{"project": one} for one in projects]


def _pending(now: datetime) -> Where:
    return {"queue": QueueState.PENDING.value, "queued_at": Span(before=now + _INSTANT)}


def _overdue(now: datetime) -> Where:
    return {"queue": QueueState.LEASED.value, "lease_until": Span(before=now + _INSTANT)}


def _counts(where: Where, now: datetime) -> tuple[Count, ...]:
    """Ask how many are pending, overdue, lent out, failed and done."""
    states: tuple[Where, ...] = (
        {"queue": QueueState.PENDING.value},
        _overdue(now),
        {"queue": QueueState.LEASED.value, "lease_until": Span(after=now)},
        {"queue": QueueState.FAILED.value},
        {"queue": QueueState.DONE.value},
    )
    return tuple(Count(Function, {**where, **state}, COUNTED) for state in states)


def _merged(pages: Sequence[Page[Function]], size: int) -> tuple[tuple[Function, ...], str | None]:
    """Return the first `size` of several pages, longest waiting first, and the cursor behind them."""
    every = [one for page in pages for one in page.records]
    every.sort(key=lambda one: (one.queued_at or EPOCH, one.id))
    taken = tuple(every[:size])
    is_more = len(every) > size or any(page.after is not None for page in pages)
    return taken, keyset_of(taken[-1], OLDEST_FIRST) if taken and is_more else None


def _settled(found: Function, looked_at: Mapping[str, str], now: datetime, *, is_latest: bool) -> Function:
    """Return the enriched function out of the queue, or back in it when its code is known to be another."""
    seen = looked_at.get("source_hash", found.source_hash)
    if not is_latest and found.source_hash not in ("", seen):
        made = replace(found, enriched_hash=seen)
        return made if found.queue in (QueueState.PENDING, QueueState.LEASED) else queued(made, now)
    done = QueueState.DONE.value
    return freed(found, **looked_at, enriched_hash=seen, queue=done, attempts=0, failure="")


async def _held(act: Act, lease_id: str) -> tuple[Function, ...]:
    """Return what a lease holds; one that ran out holds what nobody has taken since."""
    where: Where = {"lease_id": lease_id, "queue": QueueState.LEASED.value}
    return (await act.store.find(Function, where, limit=MOST_LEASED)).records


def _given_back(found: Function, failure: str, now: datetime, *, is_permanent: bool) -> Function:
    if not failure:
        return freed(found, queue=QueueState.PENDING.value)
    attempts = found.attempts + 1
    if is_permanent or attempts >= MAX_ATTEMPTS:
        return freed(found, queue=QueueState.FAILED.value, attempts=attempts, failure=failure, queued_at=now)
    later = now + timedelta(seconds=_BACK_OFF_SECONDS * 4 ** (attempts - 1))
    return freed(found, queue=QueueState.PENDING.value, attempts=attempts, failure=failure, queued_at=later)


def _has_failed(found: Function) -> bool:
    is_waiting = found.queue == QueueState.PENDING and found.attempts > 0
    return is_waiting or found.queue == QueueState.FAILED


def _gone(function_id: str = "") -> Clash:
    said = f"no longer holds {function_id[:80]!r}" if function_id else "holds nothing any more"
    return Clash(f"this lease {said}", field="lease_id", hint="Lease work anew.")


def _lease_id(value: str) -> str:
    return line("lease_id", value, required=True, max_bytes=MAX_NAME)


def _span(seconds: int | None, default: int = LEASE_SECONDS) -> timedelta:
    seconds = default if seconds is None else seconds
    if not _SHORTEST <= seconds <= _LONGEST:
        raise BadInput("seconds", f"must be between {_SHORTEST} and {_LONGEST}")
    return timedelta(seconds=seconds)
