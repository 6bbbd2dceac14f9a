"""What an item of the backlog is made of: its values, its place by tag, what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from resolvers.acts import Act
from resolvers.answers import answer
from resolvers.backlog.links import MAX_BLOCKERS
from resolvers.inputs import agent_name, line, names, text
from resolvers.listing import snapshot
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_TITLE
from store.records import BacklogItem, BacklogTag, NewEvent


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


CLOSED = frozenset({Status.DONE, Status.WONT_DO, Status.DUPLICATE})
RANKS = {priority: rank for rank, priority in enumerate(Priority)}
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


def given(**values: Any) -> dict[str, Any]:
    """Check the fields that are not None, and return them as the record has them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if value is not None:
            found |= _FIELDS[name](value)
    return found


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


def tags_of(item: BacklogItem) -> list[BacklogTag]:
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


async def retagged(
    act: Act, item: BacklogItem, made: BacklogItem
) -> tuple[list[BacklogTag], list[BacklogTag]]:
    """Return the tag records to write and to drop after a change of the item."""
    placed = ("project", "tags", "is_closed", "priority_rank")
    if all(getattr(item, name) == getattr(made, name) for name in placed):
        return [], []
    before = await act.store.get_many(BacklogTag, [tag.id for tag in tags_of(item)])
    wanted = tags_of(made)
    puts = [replace(tag, version=before[tag.id].version) if tag.id in before else tag for tag in wanted]
    kept = {tag.id for tag in wanted}
    return puts, [tag for tag in before.values() if tag.id not in kept]


def event_of(item: BacklogItem, verb: str, **more: str) -> NewEvent:
    data = snapshot(item, *_SHOWN)
    data |= more
    return NewEvent(project=item.project, kind=f"backlog.{verb}", subject=item.id, data=data)
