"""What follows from an item that waits for others: links, counts of open blockers, no cycles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from resolvers.acts import Act
from resolvers.errors import BadInput, LimitExceeded
from store.records import BacklogItem, BacklogLink, Record

MAX_BLOCKERS = 50
MAX_BLOCKED = 200
MAX_CHAIN = 500


@dataclass(frozen=True, slots=True)
class Linked:
    """An item with its blockers settled, and what must be written and still stand for it."""

    item: BacklogItem
    puts: tuple[Record, ...] = ()
    deletes: tuple[Record, ...] = ()
    checks: tuple[Record, ...] = ()


def link_id(item_id: str, blocker_id: str) -> str:
    """Return the id of the link between the two."""
    return f"{item_id}>{blocker_id}"


async def linked(act: Act, before: tuple[str, ...], item: BacklogItem, now: datetime) -> Linked:
    """Settle `item.blocked_by`, which was `before` until now.

    Each blocker gained or lost is written too (it counts whom it blocks), so that its closing and
    this cannot pass each other unseen.

    Raises:
        BadInput: a blocker is unknown in the project, is the item itself or waits for it.
        LimitExceeded: a blocker would block more than 200 items, or the chain is too long.
    """
    wanted = item.blocked_by
    gained = [one for one in wanted if one not in before]
    lost = [one for one in before if one not in wanted]
    found = await act.store.get_many(BacklogItem, [*wanted, *lost])
    for one in wanted:
        if one == item.id:
            raise BadInput("blocked_by", "names the item itself")
        if one not in found or found[one].project != item.project:
            raise BadInput("blocked_by", f"names {one[:80]!r}, which is no item of {item.project!r}")
    chain = await _chain(act, item, [found[one] for one in gained])
    links = await act.store.get_many(BacklogLink, [link_id(item.id, one) for one in lost])
    raised = [_blocking(found[one], 1) for one in gained]
    lowered = [_blocking(found[one], -1) for one in lost if one in found]
    added = [
        BacklogLink(
            id=link_id(item.id, one),
            project=item.project,
            item_id=item.id,
            blocker_id=one,
            created_at=now,
            updated_at=now,
        )
        for one in gained
    ]
    kept = [found[one] for one in wanted if one in before]
    waits = sum(not found[one].is_closed for one in wanted)
    return Linked(
        replace(item, open_blockers=waits),
        puts=(*raised, *lowered, *added),
        deletes=tuple(links.values()),
        checks=(*kept, *chain),
    )


async def released(act: Act, blocker: BacklogItem, by: int, now: datetime) -> tuple[BacklogItem, ...]:
    """Return the items that wait for `blocker`, with `by` more open blockers (-1: it was closed)."""
    if not blocker.blocking:
        return ()
    where = {"project": blocker.project, "blocker_id": blocker.id}
    links = await act.store.find(BacklogLink, where, limit=MAX_BLOCKED)
    waiting = await act.store.get_many(BacklogItem, [link.item_id for link in links.records])
    return tuple(
        replace(item, open_blockers=max(0, item.open_blockers + by), updated_at=now)
        for item in waiting.values()
    )


def _blocking(item: BacklogItem, by: int) -> BacklogItem:
    if item.blocking + by > MAX_BLOCKED:
        raise LimitExceeded(f"{item.id} blocks {MAX_BLOCKED} items already", field="blocked_by")
    return replace(item, blocking=max(0, item.blocking + by))


async def _chain(act: Act, item: BacklogItem, gained: list[BacklogItem]) -> tuple[BacklogItem, ...]:
    """Return all that the gained blockers wait for; a cycle is refused as long as these stand."""
    if not item.version:
        return ()
    seen = {one.id: one for one in gained}
    level = gained
    while level:
        following = {one for blocked in level for one in blocked.blocked_by} - seen.keys()
        if item.id in following:
            raise BadInput("blocked_by", "would make a cycle: one of these items waits for this one")
        if len(seen) + len(following) > MAX_CHAIN:
            raise LimitExceeded(f"would make a chain of more than {MAX_CHAIN} items", field="blocked_by")
        level = list((await act.store.get_many(BacklogItem, sorted(following))).values())
        seen |= {one.id: one for one in level}
    return tuple(one for one in seen.values() if one not in gained)
