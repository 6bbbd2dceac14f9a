"""The rules of the backlog: items with one state each, claimed by one agent, closed once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.backlog_links import MAX_BLOCKERS, linked, released
from resolvers.errors import BadInput, Clash, NotFound
from resolvers.inputs import agent_name, line, names, text
from resolvers.listing import snapshot
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_TITLE
from store.port import Changes
from store.records import BacklogItem, BacklogTag, NewEvent, Record, Session, new_id

T = TypeVar("T")


@answer
class Status(StrEnum):
    """Where an item stands; `done`, `wont_do` and `duplicate` close it."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DEFERRED = "deferred"
    DONE = "done"
    WONT_DO = "wont_do"
    RETEST = "retest"
    BLOCKED = "blocked"
    DUPLICATE = "duplicate"
    NEEDS_INFO = "needs_info"


@answer
class Priority(StrEnum):
    """How pressing an item is, the most pressing first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@answer
class Change(StrEnum):
    """What an update did."""

    UPDATED = "updated"
    MOVED = "moved"
    CLAIMED = "claimed"
    UNCHANGED = "unchanged"


CLOSED = frozenset({Status.DONE, Status.WONT_DO, Status.DUPLICATE})
RANKS = {priority: rank for rank, priority in enumerate(Priority)}
_STARTABLE = frozenset({Status.OPEN, Status.IN_PROGRESS, Status.RETEST})
_SHOWN = (
    "id",
    "project",
    "title",
    "status",
    "priority",
    "assignee",
    "tags",
    "target_version",
    "deferred_reason",
    "blocked_by",
    "open_blockers",
    "created_by",
    "edit_count",
    "resolution",
    "completed_by",
    "completed_at",
    "created_at",
    "updated_at",
)

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
    given = _given(
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
            id=item_id, project=where, created_by=act.actor, created_at=now, updated_at=now, **given
        )
        settled = await linked(act, (), new, now)
        made = settled.item
        puts = (made, *_tags(made), *settled.puts)
        return Decision(made, Changes(puts=puts, checks=settled.checks, events=(_event(made, "added"),)))

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
    given = _given(
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
        given["project"] = act.project(project)

    async def revise(item: BacklogItem, now: datetime) -> tuple[Change, BacklogItem]:
        wanted = dict(given)
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
    tagged, untagged = await _retagged(act, item, made)
    verb = _verb(item, made, change)
    events = [_event(made, verb, from_project=item.project), *(_event(one, "updated") for one in waiting)]
    if change is Change.MOVED:
        events.append(replace(events[0], project=item.project))
    changes = Changes((made, *puts, *waiting, *tagged), (*deletes, *untagged), checks, tuple(events))
    return made, changes


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


def _given(**values: Any) -> dict[str, Any]:
    """Check the fields that are not None, and return them as the record has them."""
    given: dict[str, Any] = {}
    for name, value in values.items():
        if value is not None:
            given |= _FIELDS[name](value)
    return given


def _priority(value: Priority) -> dict[str, Any]:
    return {"priority": value.value, "priority_rank": RANKS[value]}


_FIELDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "title": lambda value: {"title": line("title", value, required=True, max_bytes=MAX_TITLE)},
    "description": lambda value: {"description": text("description", value, required=True)},
    "status": lambda value: {"status": value.value},
    "priority": _priority,
    "assigned_to": lambda value: {"assignee": agent_name("assigned_to", value) if value else ""},
    "tags": lambda value: {"tags": names("tags", value)},
    "target_version": lambda value: {"target_version": line("target_version", value, max_bytes=MAX_NAME)},
    "deferred_reason": lambda value: {"deferred_reason": text("deferred_reason", value, max_bytes=MAX_LINE)},
    "blocked_by": lambda value: {"blocked_by": names("blocked_by", value, limit=MAX_BLOCKERS)},
}


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


def _tags(item: BacklogItem) -> list[BacklogTag]:
    return [
        BacklogTag(
            id=f"{item.id}:{tag}",
            project=item.project,
            item_id=item.id,
            tag=tag,
            is_closed=item.is_closed,
            priority_rank=item.priority_rank,
            created_at=item.created_at,
            updated_at=item.updated_at,
        )
        for tag in item.tags
    ]


async def _retagged(
    act: Act, item: BacklogItem, made: BacklogItem
) -> tuple[list[BacklogTag], list[BacklogTag]]:
    """Return the tag records to write and to drop after a change of the item."""
    placed = ("project", "tags", "is_closed", "priority_rank")
    if all(getattr(item, name) == getattr(made, name) for name in placed):
        return [], []
    before = await act.store.get_many(BacklogTag, [tag.id for tag in _tags(item)])
    wanted = _tags(made)
    puts = [replace(tag, version=before[tag.id].version) if tag.id in before else tag for tag in wanted]
    kept = {tag.id for tag in wanted}
    return puts, [tag for tag in before.values() if tag.id not in kept]


def _event(item: BacklogItem, verb: str, **more: str) -> NewEvent:
    data = snapshot(item, *_SHOWN)
    if verb == Change.MOVED:
        data |= more
    return NewEvent(project=item.project, kind=f"backlog.{verb}", subject=item.id, data=data)
