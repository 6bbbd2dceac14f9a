"""The rules of the backlog: items with one state each, claimed by one agent, closed once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.backlog.fields import CLOSED, Priority, Status, event_of, given, retagged, tags_of
from resolvers.backlog.links import linked, released
from resolvers.errors import BadInput, Clash, NotFound
from resolvers.inputs import text
from resolvers.oversight import because, told
from resolvers.rules import MAX_NAME
from store.port import Changes
from store.records import BacklogItem, Notice, Record, Session, new_id

T = TypeVar("T")


@answer
class Change(StrEnum):
    """What an update did."""

    UPDATED = "updated"
    MOVED = "moved"
    CLAIMED = "claimed"
    UNCHANGED = "unchanged"


_QUOTED = 80
_STARTABLE = frozenset({Status.OPEN, Status.IN_PROGRESS, Status.RETEST})
Reviser = Callable[[BacklogItem, datetime], Awaitable[tuple[Change, BacklogItem]]]


@answer
@dataclass(frozen=True, slots=True)
class Revised:
    """An item after an update; all of its fields are read through this."""

    change: Change
    item: BacklogItem

    def __getattr__(self, name: str) -> Any:
        return getattr(self.item, name)


@answer
@dataclass(frozen=True, slots=True)
class Claim:
    """How a claim went; `holder` is who has the item now, `reason` says why it was not given."""

    is_claimed: bool
    item: BacklogItem
    holder: str = ""
    reason: str = ""


async def add_backlog_item(
    act: Act,
    *,
    title: str,
    description: str,
    priority: Priority = Priority.MEDIUM,
    assigned_to: str | None = None,
    tags: Sequence[str] | None = None,
    target_version: str | None = None,
    deferred_reason: str | None = None,
    blocked_by: Sequence[str] | None = None,
    project: str | None = None,
) -> BacklogItem:
    """Add an open item to a project's backlog.

    Raises:
        BadInput: a value cannot be taken, or a blocker is no item of the project.
    """
    where = act.project(project)
    fields = given(
        title=title,
        description=description,
        priority=priority,
        assigned_to=assigned_to,
        tags=tags,
        target_version=target_version,
        deferred_reason=deferred_reason,
        blocked_by=blocked_by,
    )
    item_id = new_id(BacklogItem.PREFIX)

    async def decision(now: datetime) -> Decision[BacklogItem]:
        new = BacklogItem(
            id=item_id, project=where, created_by=act.actor, created_at=now, updated_at=now, **fields
        )
        settled = await linked(act, (), new, now)
        made = settled.item
        lines = await _lines(act, None, made, now)
        puts = (made, *tags_of(made), *settled.puts, *lines)
        return Decision(made, Changes(puts=puts, checks=settled.checks, events=(event_of(made, "added"),)))

    return await act.decide(decision, turn=f"backlog:{where}" if blocked_by else None)


async def update_backlog_item(
    act: Act,
    *,
    item_id: str,
    status: Status | None = None,
    priority: Priority | None = None,
    assigned_to: str | None = None,
    title: str | None = None,
    description: str | None = None,
    target_version: str | None = None,
    deferred_reason: str | None = None,
    tags: Sequence[str] | None = None,
    blocked_by: Sequence[str] | None = None,
    claim: bool = False,
    project: str | None = None,
) -> Revised:
    """Change the fields given; all others stay as they are. An empty text clears one.

    A closed item is changed only together with its status. `project` moves the item.

    Raises:
        NotFound: there is no such item where the caller may look.
        Clash: it is closed, held by another (with `claim`), or linked to items it would leave.
    """
    if claim and assigned_to is not None:
        raise BadInput("claim", "cannot be combined with assigned_to")
    fields = given(
        status=status,
        priority=priority,
        assigned_to=assigned_to,
        title=title,
        description=description,
        target_version=target_version,
        deferred_reason=deferred_reason,
        tags=tags,
        blocked_by=blocked_by,
    )
    if project is not None:
        fields["project"] = act.project(project)

    async def revise(item: BacklogItem, now: datetime) -> tuple[Change, BacklogItem]:
        wanted = dict(fields)
        if claim:
            refused = await _refusal(act, item)
            if refused:
                raise Clash(refused, field="item_id", hint="List what is ready and claim another.")
            wanted = _taken(act, item) | wanted
        return _revised(act, item, wanted, now, is_claim=claim)

    return await _decided(act, item_id, revise, lambda revised: revised)


async def claim_backlog_item(act: Act, *, item_id: str) -> Claim:
    """Take an open, unblocked, unassigned item to work on it; of all that try, one gets it.

    Raises:
        NotFound: there is no such item where the caller may look.
    """
    outcome = {"reason": ""}

    async def revise(item: BacklogItem, now: datetime) -> tuple[Change, BacklogItem]:
        outcome["reason"] = await _refusal(act, item)
        if outcome["reason"]:
            return Change.UNCHANGED, item
        return _revised(act, item, _taken(act, item), now, is_claim=True)

    def claim_of(revised: Revised) -> Claim:
        item, reason = revised.item, outcome["reason"]
        return Claim(not reason, item, holder=item.completed_by or item.assignee, reason=reason)

    return await _decided(act, item_id, revise, claim_of)


async def complete_backlog_item(
    act: Act, *, item_id: str, resolution: str | None = None, wont_do: bool = False
) -> BacklogItem:
    """Close an item as done, or as not to be done; what waited for it is told.

    Raises:
        NotFound: there is no such item where the caller may look.
        Clash: it was closed before; the message says by whom.
    """
    status = Status.WONT_DO if wont_do else Status.DONE
    words = text("resolution", resolution)

    async def revise(item: BacklogItem, now: datetime) -> tuple[Change, BacklogItem]:
        if item.is_closed:
            raise _closed(item)
        wanted = {"status": status, "is_closed": True, "resolution": words}
        return _revised(act, item, wanted, now)

    return await _decided(act, item_id, revise, lambda revised: revised.item)


async def backlog_item(act: Act, *, item_id: str) -> BacklogItem:
    """Return an item.

    Raises:
        NotFound: there is no such item where the caller may look.
    """
    item = await act.store.get(BacklogItem, item_id) if len(item_id) <= MAX_NAME else None
    if item is None:
        raise NotFound(f"there is no backlog item {item_id[:80]!r}", field="item_id")
    return item


async def _decided(act: Act, item_id: str, revise: Reviser, result: Callable[[Revised], T]) -> T:
    """Let `revise` change the item, and write all that follows from it."""
    known = await backlog_item(act, item_id=item_id)

    async def decision(now: datetime) -> Decision[T]:
        item = await backlog_item(act, item_id=item_id)
        change, made = await revise(item, now)
        if change is Change.UNCHANGED:
            return Decision(result(Revised(change, item)))
        made, changes = await _consequences(act, item, made, change, now)
        return Decision(result(Revised(change, made)), changes)

    return await act.decide(decision, turn=f"backlog:{known.project}")


async def _consequences(
    act: Act, item: BacklogItem, made: BacklogItem, change: Change, now: datetime
) -> tuple[BacklogItem, Changes]:
    puts: list[Record] = []
    deletes: list[Record] = []
    checks: tuple[Record, ...] = ()
    if made.blocked_by != item.blocked_by:
        settled = await linked(act, item.blocked_by, made, now)
        made, checks = settled.item, settled.checks
        puts += settled.puts
        deletes += settled.deletes
    waiting: tuple[BacklogItem, ...] = ()
    if made.is_closed != item.is_closed:
        waiting = await released(act, made, -1 if made.is_closed else 1, now)
    puts += await _lines(act, item, made, now)
    tagged, untagged = await retagged(act, item, made)
    verb = _verb(item, made, change)
    origin = {"from_project": item.project} if change is Change.MOVED else {}
    events = [event_of(made, verb, **origin), *(event_of(one, "updated") for one in waiting)]
    if change is Change.MOVED:
        events.append(replace(events[0], project=item.project))
    changes = Changes((made, *puts, *waiting, *tagged), (*deletes, *untagged), checks, tuple(events))
    return made, changes


async def _lines(act: Act, before: BacklogItem | None, made: BacklogItem, now: datetime) -> list[Notice]:
    """Return what the agents concerned are told of an item that a person gave, took or changed."""
    item = f"backlog item {made.id} ({made.title[:_QUOTED]})"
    had = before.assignee if before is not None else ""
    said = {made.assignee: f"{act.actor} changed your {item}, now {made.status}{because(act)}"}
    if made.assignee != had:
        said = {
            had: f"{act.actor} took {item} from you{because(act)}",
            made.assignee: f"{act.actor} gave you {item}{because(act)}",
        }
    lines = [
        await told(act, made.project, (agent,), "backlog", words, now)
        for agent, words in said.items()
        if agent
    ]
    return [line for one in lines for line in one]


def _verb(item: BacklogItem, made: BacklogItem, change: Change) -> str:
    if change in (Change.MOVED, Change.CLAIMED):
        return change.value
    return "closed" if made.is_closed and made.status != item.status else "updated"


def _revised(
    act: Act, item: BacklogItem, wanted: Mapping[str, Any], now: datetime, *, is_claim: bool = False
) -> tuple[Change, BacklogItem]:
    fields = {name: value for name, value in wanted.items() if value != getattr(item, name)}
    if not fields:
        return Change.UNCHANGED, item
    if item.is_closed and "status" not in fields:
        raise _closed(item)
    is_moved = "project" in fields
    if is_moved and (item.blocked_by or item.blocking or fields.get("blocked_by")):
        raise Clash(
            "it waits for items of its project, or they for it",
            field="project",
            hint="Clear blocked_by on both sides, then move it.",
        )
    if "status" in fields:
        is_closed = fields["status"] in CLOSED
        fields |= {
            "is_closed": is_closed,
            "completed_by": act.actor if is_closed else "",
            "completed_at": now if is_closed else None,
        }
        if not is_closed:
            fields["resolution"] = ""
    if "assignee" in fields and not is_claim:
        fields["claimed_in"] = ""
    made = replace(item, **fields, edit_count=item.edit_count + 1, updated_at=now)
    change = Change.MOVED if is_moved else Change.CLAIMED if is_claim else Change.UPDATED
    return change, made


def _here(act: Act) -> str:
    return act.session.id if act.session is not None else act.caller.key_id


def _taken(act: Act, item: BacklogItem) -> dict[str, Any]:
    status = Status.IN_PROGRESS.value
    return {"status": status, "assignee": act.actor, "claimed_in": _here(act)}


async def _refusal(act: Act, item: BacklogItem) -> str:
    """Return why the caller cannot have the item, or the empty text."""
    if item.is_closed:
        return f"it was closed as {item.status} by {item.completed_by}"
    is_own = item.assignee == act.actor
    if item.assignee and not is_own:
        return f"{item.assignee} has it"
    if is_own and item.claimed_in not in ("", _here(act)) and await _is_alive(act, item.claimed_in):
        return f"{item.assignee} has it, in another session"
    if item.open_blockers:
        return f"it waits for {item.open_blockers} open items"
    if item.status not in (_STARTABLE if is_own else (Status.OPEN,)):
        return f"it is {item.status}, not open"
    return ""


async def _is_alive(act: Act, session_id: str) -> bool:
    session = await act.store.get(Session, session_id)
    return session is not None and session.status == "active"


def _closed(item: BacklogItem) -> Clash:
    return Clash(
        f"it was closed as {item.status} by {item.completed_by}",
        field="item_id",
        hint="Set its status to open to work on it again.",
    )
