"""The audit log: which acts are kept in it, and who may read them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from resolvers.acts import Act, Engine
from resolvers.callers import LOCAL_OWNER, Caller
from resolvers.errors import BadInput
from resolvers.inputs import line, page_size, project_name
from resolvers.listing import Listing, listing
from resolvers.rules import MAX_NAME
from store.keyset import keyset_of
from store.port import By, Changes, Condition, Span, Where
from store.records import Audit, new_id

ORDER = (By("created_at", "desc"),)
MAX_ENTRIES = 200
_REFUSALS_A_MINUTE = 60
_MINUTE = timedelta(minutes=1)

_refusals: WeakKeyDictionary[Engine, tuple[datetime, int]] = WeakKeyDictionary()


def entry(act: Act, now: datetime, act_name: str, project: str, target: str, detail: str = "") -> Audit:
    """Return the entry of an act, to be put in the same commit as what it did.

    `act_name` is `area.verb` (`lock.forced`); `project` "" is for acts on the server.
    """
    return _entry(act.caller, now, act_name, act.actor, project, target, detail)


async def refused(
    engine: Engine,
    act_name: str,
    caller: Caller | None,
    *,
    project: str = "",
    target: str = "",
    detail: str = "",
) -> None:
    """Keep a refusal (`auth.failed`, `auth.project_denied`) at once, at most 60 a minute.

    May raise `Unavailable`.
    """
    store = Act(engine, LOCAL_OWNER).store
    now = await store.now()
    since, count = _refusals.get(engine, (now, 0))
    if now - since >= _MINUTE:
        since, count = now, 0
    _refusals[engine] = since, count + 1
    if count >= _REFUSALS_A_MINUTE:
        return
    actor = caller.person if caller else ""
    made = _entry(caller, now, act_name, actor, project[:MAX_NAME], target[:MAX_NAME], detail[:500])
    await store.commit(Changes(puts=(made,)))


async def audit_log(
    act: Act,
    *,
    project: str | None = None,
    act_type: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    first: int = 50,
    after: str | None = None,
) -> Listing[Audit]:
    """Return entries, newest first: of one project, else of all that the caller's key includes.

    Those of one act, by one actor, and behind `since` and before `until`, where these are given.
    `first` is 1 to 200. The server's own entries are shown to unscoped callers only.

    Raises:
        BadInput: a value is out of bounds, a time has no zone, or `after` is not a cursor of this list.
        Forbidden: the key does not include the project.
    """
    scope = act.caller.projects
    named = None if project is None else act.project(project_name("project", project))
    named_act = line("act_type", act_type, max_bytes=MAX_NAME)
    by = line("actor", actor, max_bytes=2 * MAX_NAME)
    times = Span(after=_moment("since", since), before=_moment("until", until))
    given: dict[str, Condition] = {"act": named_act, "actor": by}
    where = {name: one for name, one in given.items() if one}
    if since is not None or until is not None:
        where["created_at"] = times
    if named is None and scope is not None:
        return await _merged(act, where, sorted(scope), first, after)
    if named is not None:
        where["project"] = named
    projects = (named or "",)
    return await listing(
        act, Audit, where, ORDER, first=first, after=after, projects=projects, limit=MAX_ENTRIES
    )


def _moment(field: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise BadInput(field, "needs a time zone", hint="End it with Z for UTC.")
    return at


async def _merged(
    act: Act, where: Where, projects: list[str], first: int, after: str | None
) -> Listing[Audit]:
    """Return the newest of several projects, each read by its own index."""
    page_size("first", first, limit=MAX_ENTRIES)
    cursor = await act.feed.cursor(projects)
    try:
        pages = await asyncio.gather(
            *(
                act.store.find(Audit, {**where, "project": name}, order=ORDER, limit=first, after=after)
                for name in projects
            )
        )
    except ValueError as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
    found = sorted(
        (record for page in pages for record in page.records),
        key=lambda record: (record.created_at, record.id),
        reverse=True,
    )
    shown = tuple(found[:first])
    has_more = len(found) > first or any(page.after for page in pages)
    return Listing(shown, ORDER, keyset_of(shown[-1], ORDER) if shown and has_more else None, cursor.encode())


def _entry(
    caller: Caller | None, now: datetime, act_name: str, actor: str, project: str, target: str, detail: str
) -> Audit:
    return Audit(
        id=new_id(Audit.PREFIX),
        project=project,
        act=act_name,
        actor=actor,
        key_id=caller.key_id if caller else "",
        key_name=caller.key_name if caller else "",
        target=target,
        detail=detail,
        created_at=now,
        updated_at=now,
    )
