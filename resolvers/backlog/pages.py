"""How the backlog is read: by priority, then age, each filter through an index of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from resolvers import inputs
from resolvers.acts import Act
from resolvers.backlog.fields import CLOSED, RANKS, Priority, Status
from resolvers.errors import BadInput
from resolvers.inputs import agent_name, line, page_size
from resolvers.listing import Listing, page_of
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_PAGE
from store.keyset import keyset_of, keyset_values
from store.port import By, Condition, Find, Has, In, Where
from store.records import EPOCH, BacklogItem, BacklogTag

ORDER = (By("priority_rank"), By("created_at"))
MAX_OFFSET = 1_000
MAX_HITS = 500
MOST_PROJECTS = 100
COUNTED = 10_000
_TAG_BATCH = 200
_TAG_BATCHES = 5
Count = Callable[[], Awaitable[int | None]]

_TAG_FIELDS = frozenset({"project", "is_closed", "priority_rank"})


@dataclass(frozen=True, slots=True)
class BacklogListing(Listing[BacklogItem]):
    """A page of the backlog. `count_all` counts what matches, to 10,000; None where it would scan."""

    count_all: Count


@dataclass(frozen=True, slots=True)
class _Run:
    """Items in order, and the cursor behind the last that was looked at (None at the end)."""

    items: tuple[BacklogItem, ...]
    after: str | None
    count_all: Count


async def backlog(
    act: Act,
    *,
    project: str | None = None,
    projects: Sequence[str] | None = None,
    status: Status | None = None,
    priority: Priority | None = None,
    assigned_to: str | None = None,
    target_version: str | None = None,
    include_done: bool = False,
    ready: bool = False,
    tag: str | None = None,
    text: str | None = None,
    first: int = 20,
    after: str | None = None,
    offset: int = 0,
) -> BacklogListing:
    """Return a page of a project's backlog, the most pressing first, the oldest of these first.

    Closed items are left out unless `include_done`, or a status is asked for. `ready` asks for
    what is open, waits for nothing and is nobody's. `text` finds the 500 best matches of its
    words, which may be asked of up to 100 `projects` at once. `first` is 1 to 100; 0 means 100. With
    `tag`, a page may be short before the end.

    Raises:
        BadInput: a value is out of bounds, or `after` is not a cursor of this list.
    """
    named = _projects(act, project, projects)
    where = _where(named, status, priority, assigned_to, target_version, include_done, ready)
    size = page_size("first", first or MAX_PAGE)
    if not 0 <= offset <= MAX_OFFSET:
        raise BadInput(
            "offset", f"must be between 0 and {MAX_OFFSET:,}", hint="Page on with `after` instead."
        )
    if offset and after:
        raise BadInput("offset", "cannot be combined with after")
    label = line("tag", tag, max_bytes=2 * MAX_NAME)
    words = inputs.text("text", text, max_bytes=MAX_LINE)
    if projects is not None and not words.strip():
        raise BadInput("projects", "needs text to search for", hint="A list is of one project: pass project.")
    if not (words.strip() or label or offset):
        page = await page_of(act, Find(BacklogItem, where, ORDER, size, after or None), named)
        count_all = partial(act.store.count, BacklogItem, where, limit=COUNTED)
        return BacklogListing(page.records, ORDER, page.after, page.cursor, count_all)
    cursor = await act.feed.cursor(named)
    if words.strip():
        read = partial(_searched, act, words, where | ({"tags": Has(label)} if label else {}))
    elif label:
        read = partial(_tagged, act, label, where)
    else:
        read = partial(_indexed, act, where)
    if after:
        _place(after)
    if offset:
        skipped = await read(offset, None)
        if skipped.after is None:
            return BacklogListing((), ORDER, None, cursor.encode(), skipped.count_all)
        after = skipped.after
    run: _Run = await read(size, after)
    return BacklogListing(run.items, ORDER, run.after, cursor.encode(), run.count_all)


def _projects(act: Act, project: str | None, several: Sequence[str] | None) -> tuple[str, ...]:
    if several is None:
        return (act.project(project),)
    if not 1 <= len(several) <= MOST_PROJECTS:
        raise BadInput("projects", f"must name 1 to {MOST_PROJECTS} projects")
    return tuple(dict.fromkeys(act.project(name, field="projects") for name in several))


def _where(
    projects: tuple[str, ...],
    status: Status | None,
    priority: Priority | None,
    assigned_to: str | None,
    target_version: str | None,
    include_done: bool,
    ready: bool,
) -> dict[str, Condition]:
    where: dict[str, Condition] = {"project": projects[0] if len(projects) == 1 else In(projects)}
    if ready:
        if status not in (None, Status.OPEN) or assigned_to:
            raise BadInput("ready", "asks for open, unassigned items; drop the status and assigned_to")
        where |= {"status": Status.OPEN.value, "assignee": "", "open_blockers": 0}
    elif status is not None:
        where["status"] = status.value
    elif not include_done:
        where["is_closed"] = False
    if assigned_to:
        where["assignee"] = agent_name("assigned_to", assigned_to)
    if target_version:
        where["target_version"] = line("target_version", target_version, max_bytes=MAX_NAME)
    if priority is not None:
        where["priority_rank"] = RANKS[priority]
    return where


def _place(after: str) -> tuple[int, datetime, str]:
    """Return the place that a cursor stands for: priority, time of creation, id."""
    try:
        rank, created, item_id = keyset_values(after, ORDER)
        return int(rank), EPOCH + timedelta(microseconds=int(created)), item_id
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error


def _key(item: BacklogItem) -> tuple[int, datetime, str]:
    return item.priority_rank, item.created_at, item.id


async def _indexed(act: Act, where: Where, size: int, after: str | None) -> _Run:
    page = await act.store.find(BacklogItem, where, order=ORDER, limit=size, after=after)
    end = keyset_of(page.records[-1], ORDER) if page.after else None
    return _Run(page.records, end, partial(act.store.count, BacklogItem, where, limit=COUNTED))


async def _searched(act: Act, words: str, where: Where, size: int, after: str | None) -> _Run:
    hits = await act.store.search(BacklogItem, words, where, limit=MAX_HITS)
    found = sorted((hit.record for hit in hits), key=_key)
    rest = [item for item in found if not after or _key(item) > _place(after)]
    items = tuple(rest[:size])

    async def count() -> int:
        return len(found)

    return _Run(items, keyset_of(items[-1], ORDER) if len(rest) > size else None, count)


async def _tagged(act: Act, tag: str, where: Where, size: int, after: str | None) -> _Run:
    """Walk the records of a tag, which are in the backlog's order, and look at their items."""
    narrowed = {name: condition for name, condition in where.items() if name in _TAG_FIELDS} | {"tag": tag}
    if "status" in where:
        narrowed["is_closed"] = where["status"] in CLOSED
    is_exact = where.keys() <= _TAG_FIELDS
    items: list[BacklogItem] = []
    for _ in range(_TAG_BATCHES):
        start = _tag_cursor(after, tag) if after else None
        batch = size - len(items) if is_exact else _TAG_BATCH
        page = await act.store.find(BacklogTag, narrowed, order=ORDER, limit=batch, after=start)
        found = await act.store.get_many(BacklogItem, [record.item_id for record in page.records])
        for record in page.records:
            item = found.get(record.item_id)
            if item is not None and all(getattr(item, name) == value for name, value in where.items()):
                items.append(item)
            after = keyset_of(replace(record, id=record.item_id), ORDER)
            if len(items) == size:
                is_last = page.after is None and record is page.records[-1]
                return _Run(tuple(items), None if is_last else after, _tag_count(act, narrowed, is_exact))
        if page.after is None:
            return _Run(tuple(items), None, _tag_count(act, narrowed, is_exact))
    return _Run(tuple(items), after, _tag_count(act, narrowed, is_exact))


def _tag_cursor(after: str, tag: str) -> str:
    rank, created, item_id = _place(after)
    place = BacklogTag(
        id=f"{item_id}:{tag}", project="", item_id=item_id, tag=tag, priority_rank=rank, created_at=created
    )
    return keyset_of(place, ORDER)


def _tag_count(act: Act, narrowed: Where, is_exact: bool) -> Count:
    async def count() -> int | None:
        return await act.store.count(BacklogTag, narrowed, limit=COUNTED) if is_exact else None

    return count
