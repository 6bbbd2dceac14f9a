"""Locks in GraphQL."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.listing import Listing
from resolvers.locks import grants as lock_grants
from resolvers.locks import locks
from resolvers.locks import pages as lock_pages
from schema.arguments import (
    ProjectArgument,
    SessionArgument,
    needed_session_field,
    project_field,
    session_field,
)
from schema.connections import After, Connection, First
from schema.context import RequestContext
from schema.fields import mutation, query
from schema.loaders import act_in, loader
from store import records


async def _stale(root: Any, info: Info[RequestContext, None]) -> bool:
    context = info.context
    act = act_in(context, root.project)

    load = partial(lock_pages.stale_ones, act)
    return await loader(context, f"stale_locks:{act.caller.key_id}", load).load(root.session_id)


async def _waiters(root: Any, info: Info[RequestContext, None]) -> list[Any]:
    act = act_in(info.context, root.project)
    load = partial(lock_pages.waiters_of, act)
    return await loader(info.context, f"lock_waiters:{act.caller.key_id}", load).load(root.id)


@strawberry.type(description="A request that waits for locks.")
class LockWaiter:
    id: strawberry.ID = strawberry.field(description="Its place in the queue.")
    project: str = strawberry.field(description="The project it is in.")
    agent: str = strawberry.field(description="Who waits.")
    session_id: strawberry.ID = strawberry.field(description="Its session.")
    paths: list[str] = strawberry.field(description="All that it wants; it gets all of it or none.")
    reason: str = strawberry.field(description="What for.")
    since: datetime = strawberry.field(
        description="Since when it waits.", resolver=lambda root: root.created_at
    )
    expires_at: datetime = strawberry.field(description="When it gives up at the latest.")


@strawberry.type(description="An exclusive lock on a path of a project.")
class Lock:
    path: str = strawberry.field(description="Relative to the project's root; a directory ends in `/`.")
    project: str = strawberry.field(description="The project it is in.")
    holder: str = strawberry.field(description="The agent that holds it.", resolver=lambda root: root.agent)
    session_id: strawberry.ID = strawberry.field(description="The session it lives with.")
    reason: str = strawberry.field(description="Why it is held.")
    since: datetime = strawberry.field(
        description="When it was granted.", resolver=lambda root: root.created_at
    )
    fence: int = strawberry.field(description="Grows with each lock granted in the project.")
    stale: bool = strawberry.field(
        description="Whether the next request that needs it takes it over.", resolver=_stale
    )
    waiters: list[LockWaiter] = strawberry.field(
        description="Who waits for it, first come first.", resolver=_waiters
    )


@strawberry.type(description="Who stands, or stood, in the way of a request.")
class LockConflict:
    path: str = strawberry.field(description="The path that is held or waited for.")
    holder: str = strawberry.field(description="The agent that holds it or waits for it.")
    session_id: strawberry.ID = strawberry.field(description="Its session.")
    reason: str = strawberry.field(description="Why it holds it or wants it.")
    since: datetime = strawberry.field(description="Since when.")
    stale: bool = strawberry.field(description="Whether it may be taken over.")
    is_queued: bool = strawberry.field(
        description="Whether it is not held but waited for, by whom came before."
    )


def _message(root: Any) -> str | None:
    if root.is_granted:
        return None
    first = root.conflicts[0]
    how = "queued for" if first.is_queued else "locked by"
    return (
        f"Nothing was locked: {first.path} is {how} {first.holder}. Wait with wait_seconds, or message them."
    )


@strawberry.type(description="What became of a request for locks: all of it is granted, or none.")
class LockOutcome:
    is_granted: bool = strawberry.field(description="Whether all paths are now locked by the session.")
    granted: list[Lock] = strawberry.field(description="The locks, in the order asked for.")
    paths: list[str] = strawberry.field(
        description="Their canonical paths.", resolver=lambda root: [lock.path for lock in root.granted]
    )
    fence: int | None = strawberry.field(
        description="The highest fence among them.",
        resolver=lambda root: max((lock.fence for lock in root.granted), default=None),
    )
    conflicts: list[LockConflict] = strawberry.field(description="What stands in the way; the first 100.")
    displaced: list[LockConflict] = strawberry.field(description="Stale locks that were taken over.")
    message: str | None = strawberry.field(description="Why nothing was granted.", resolver=_message)


@strawberry.type(description="What became of a release.")
class UnlockOutcome:
    released: list[str] = strawberry.field(description="Paths let go.")
    still_held: list[str] = strawberry.field(description="Paths that the session still holds.")
    not_held: list[str] = strawberry.field(description="Paths named that it does not hold.")


@strawberry.type(description="A project's locks as one session sees them.")
class LockOverview:
    others: list[Lock] = strawberry.field(description="Locks of others by path; the first 100.")
    yours: list[Lock] = strawberry.field(description="Locks of the session by path; the first 100.")
    total_count: int = strawberry.field(description="How many there are, up to 1,000.")
    is_cut: bool = strawberry.field(description="Whether there are more than are shown.")


_FILES = "Paths relative to the project's root, up to 200; a trailing `/` means a directory."


@strawberry.input(description="Paths to lock.")
class LockFilesInput:
    session_id: strawberry.ID = needed_session_field()
    files: list[str] = strawberry.field(description=_FILES)
    reason: str = strawberry.field(description="Why; others are shown it.")
    wait_seconds: int = strawberry.field(
        default=0, description="How long to queue for them, first come first served: 0 to 55 seconds."
    )


@strawberry.input(description="Paths to release.")
class UnlockFilesInput:
    session_id: strawberry.ID = needed_session_field()
    files: list[str] | None = strawberry.field(default=None, description=f"{_FILES} Default: all of its own.")


@strawberry.input(description="Paths to release whoever holds them.")
class ForceUnlockInput:
    files: list[str] = strawberry.field(description=_FILES)
    reason: str = strawberry.field(description="Why; the holders are told.")
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()


_PATTERN = (
    "A glob (`?`, `*` within a name, `**` across directories; without `/` it matches at any depth), "
    "or a path: then all that overlaps it."
)
PatternArgument = Annotated[str | None, strawberry.argument(description=_PATTERN)]


@strawberry.type
class LockQuery:
    @query(needs=Role.READONLY, description="A project's locks by path.", returns=Connection[Lock])
    async def locks(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        path_pattern: PatternArgument = None,
        mine: Annotated[
            bool | None, strawberry.argument(description="True: only the session's; false: only others'.")
        ] = None,
        first: First = 100,
        after: After = None,
    ) -> Listing[records.Lock]:
        return await lock_pages.locks(
            act, project=project, path_pattern=path_pattern, mine=mine, first=first, after=after
        )

    @query(
        needs=Role.READONLY,
        description="A project's locks at a glance, the session's apart from others'.",
        returns=LockOverview,
    )
    async def lock_overview(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        path_pattern: PatternArgument = None,
    ) -> lock_pages.LockOverview:
        return await lock_pages.lock_overview(act, project=project, path_pattern=path_pattern)

    @query(
        needs=Role.READONLY,
        description="The requests that wait for a project's locks, first come first.",
        returns=Connection[LockWaiter],
    )
    async def lock_waiters(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        first: First = 100,
        after: After = None,
    ) -> Listing[records.LockWaiter]:
        return await lock_pages.lock_waiters(act, project=project, first=first, after=after)


@strawberry.type
class LockMutation:
    @mutation(
        needs=Role.AGENT,
        description="Lock paths for the session before it edits them: all of them or none.",
        returns=LockOutcome,
    )
    async def lock_files(act: Act, input: LockFilesInput) -> lock_grants.LockOutcome:
        return await locks.lock_files(
            act, files=input.files, reason=input.reason, wait_seconds=input.wait_seconds
        )

    @mutation(needs=Role.AGENT, description="Release the session's locks.", returns=UnlockOutcome)
    async def unlock_files(act: Act, input: UnlockFilesInput) -> locks.UnlockOutcome:
        return await locks.unlock_files(act, files=input.files)

    @mutation(
        needs=Role.ADMIN,
        description="Release others' locks; it is audited, and their holders are told.",
        returns=UnlockOutcome,
    )
    async def force_unlock(act: Act, input: ForceUnlockInput) -> locks.UnlockOutcome:
        return await locks.force_unlock(act, files=input.files, reason=input.reason, project=input.project)
