"""What can be followed live, from now or from a cursor; each event is shown only to those who may see it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Annotated, Any

import strawberry

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.errors import BadInput
from resolvers.inputs import line
from resolvers.messages.views import recipient_of
from schema.arguments import ProjectArgument, SessionArgument
from schema.events import BacklogNews, Event, HeartbeatEvent, LockNews, MessageNews, lock_event, shown
from schema.fields import subscription
from store.feed.feed import Cursor, Item
from store.records import Event as Happened

MAX_FOLLOWED = 100
AREAS = frozenset(
    {"agent", "backlog", "checklist", "lock", "message", "presence", "session", "signal", "work"}
    | {"document", "function", "guideline", "key", "project", "spec"}
)
"""What events are about: the first part of their kinds."""

After = Annotated[
    str | None,
    strawberry.argument(
        description="A cursor, of a list or of an event: what followed it comes first. Default: only what is new."
    ),
]

Accept = Callable[[Happened], bool]


@strawberry.type(description="What can be followed.")
class Subscription:
    @subscription(
        needs=Role.READONLY,
        description="Everything that happens, each project in order, heartbeats included.",
        returns=Event,
    )
    async def events(
        act: Act,
        projects: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Up to 100 projects. Default: the session's, else all that the key sees."
            ),
        ] = None,
        kinds: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Up to 100 kinds (`lock.granted`) or areas (`lock`). Default: all."
            ),
        ] = None,
        after: After = None,
        session_id: SessionArgument = None,
    ) -> AsyncGenerator[Any, None]:
        chosen = kinds_of(kinds)

        def accept(event: Happened) -> bool:
            return chosen is None or event.kind in chosen or event.kind.partition(".")[0] in chosen

        return _follow(act, followed(act, projects), after, accept, shown)

    @subscription(
        needs=Role.READONLY,
        description="Locks of a project as they come and go, those that end with their session included.",
        returns=LockNews,
    )
    async def lock_changed(
        act: Act, project: ProjectArgument = None, after: After = None, session_id: SessionArgument = None
    ) -> AsyncGenerator[Any, None]:
        def accept(event: Happened) -> bool:
            if event.kind in ("session.ended", "session.lapsed"):
                return bool(event.data.get("locks"))
            return event.kind.startswith("lock.") and event.kind not in ("lock.waiting", "lock.wait_ended")

        return _follow(act, (act.project(project),), after, accept, lock_event)

    @subscription(
        needs=Role.READONLY,
        description="Messages that arrive in a project: those to one agent, or all that the key may see.",
        returns=MessageNews,
    )
    async def message_received(
        act: Act,
        project: ProjectArgument = None,
        agent: Annotated[str | None, strawberry.argument(description="The recipient. Default: any.")] = None,
        after: After = None,
        session_id: SessionArgument = None,
    ) -> AsyncGenerator[Any, None]:
        recipient = recipient_of(act, agent) if agent is not None else None

        def accept(event: Happened) -> bool:
            if event.kind != "message.sent":
                return False
            return recipient is None or recipient in (event.data.get("to") or ())

        return _follow(act, (act.project(project),), after, accept, shown)

    @subscription(
        needs=Role.READONLY,
        description="Heartbeats of a project's agents, from now on.",
        returns=HeartbeatEvent,
    )
    async def heartbeat(
        act: Act, project: ProjectArgument = None, session_id: SessionArgument = None
    ) -> AsyncGenerator[Any, None]:
        def accept(event: Happened) -> bool:
            return event.kind == "presence.heartbeat"

        return _follow(act, (act.project(project),), None, accept, shown, is_live_only=True)

    @subscription(
        needs=Role.READONLY,
        description="Changes of a project's backlog.",
        returns=BacklogNews,
    )
    async def backlog_changed(
        act: Act, project: ProjectArgument = None, after: After = None, session_id: SessionArgument = None
    ) -> AsyncGenerator[Any, None]:
        def accept(event: Happened) -> bool:
            return event.kind.startswith("backlog.")

        return _follow(act, (act.project(project),), after, accept, shown)


async def _follow(
    act: Act,
    projects: Sequence[str] | None,
    after: str | None,
    accept: Accept,
    show: Callable[[Item], Any],
    *,
    is_live_only: bool = False,
) -> AsyncGenerator[Any, None]:
    caller = act.caller
    is_admin = caller.role.includes(Role.ADMIN)

    def may_see(event: Happened) -> bool:
        return accept(event) and caller.sees_event(event) and (bool(event.project) or is_admin)

    items = act.feed.subscribe(projects, _cursor(after), accept=may_see)
    async with aclosing(items):
        async for item in items:
            if item.event is not None or not is_live_only:
                yield show(item)


def _cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    try:
        return Cursor.decode(text)
    except ValueError as error:
        raise BadInput("after", "is not a cursor of the feed", hint="Leave it out to start now.") from error


def followed(act: Act, named: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return what to follow; None is every project, those to come included."""
    if named is None:
        if act.session is not None:
            return (act.session.project,)
        scope = act.caller.projects
        return None if scope is None else tuple(sorted(scope))
    if not 1 <= len(named) <= MAX_FOLLOWED:
        raise BadInput("projects", f"must name 1 to {MAX_FOLLOWED} projects")
    return tuple(dict.fromkeys(act.project(name, field="projects") for name in named))


def kinds_of(named: Sequence[str] | None) -> frozenset[str] | None:
    """Return the kinds or areas to follow; None is all."""
    if named is None:
        return None
    if not 1 <= len(named) <= MAX_FOLLOWED:
        raise BadInput("kinds", f"must name 1 to {MAX_FOLLOWED} kinds")
    kinds = frozenset(line("kinds", name, required=True, max_bytes=100) for name in named)
    for kind in sorted(kinds):
        if (area := kind.partition(".")[0]) not in AREAS:
            raise BadInput("kinds", f"knows no area {area!r}", hint=f"areas are {', '.join(sorted(AREAS))}")
    return kinds
