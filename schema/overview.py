"""A project at a glance, and what happened in it, in GraphQL."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from resolvers import event_log as log
from resolvers import overview as rules
from resolvers.acts import Act
from resolvers.callers import Role
from schema.arguments import SessionArgument
from schema.connections import First
from schema.events import Event, shown
from schema.fields import query
from schema.subscriptions import MAX_FOLLOWED, followed, kinds_of
from store.feed.feed import Cursor, Item


@strawberry.type(description="What goes on in a project, in numbers; each is counted to 10,000.")
class ProjectOverview:
    project: str = strawberry.field(description="The project.")
    active_sessions: int = strawberry.field(description="Sessions under way, counted to 1,000.")
    active_agents: int = strawberry.field(description="Agents of those that are not silent for 30 minutes.")
    locks: int = strawberry.field(description="Locks held.")
    stale_locks: int = strawberry.field(description="Of those, the ones that may be taken over.")
    lock_waiters: int = strawberry.field(description="Requests that wait for locks.")
    unread_messages: int = strawberry.field(description="Messages not read yet, once for each recipient.")
    urgent_messages: int = strawberry.field(description="Of those, the urgent ones.")
    messages_to_you: int = strawberry.field(
        description="Messages to you not read yet: to the session's agent, else to `user-<key name>`."
    )
    open_backlog: int = strawberry.field(description="Backlog items that are not closed.")
    ready_backlog: int = strawberry.field(description="Of those, the ones that can be taken up.")
    documents: int = strawberry.field(description="Active documents.")
    pending_functions: int = strawberry.field(description="Functions that wait for enrichment.")
    events_today: int = strawberry.field(description="What happened since midnight UTC, to some seconds ago.")
    cursor: str = strawberry.field(
        description="The feed's cursor then: subscribe `after` it to miss nothing."
    )


def _items(root: Any) -> Any:
    return [shown(Item(event, Cursor({event.project: event.sequence}))) for event in root.events]


@strawberry.type(description="Past events, the newest first.")
class EventPage:
    nodes: list[Event] = strawberry.field(
        description="The events; the cursor of each holds its own project only.", resolver=_items
    )
    next: str | None = strawberry.field(
        description="`before` of the page of older ones; null at the end. A page may be short before it.",
        resolver=lambda root: root.following,
    )
    cursor: str = strawberry.field(description="Where the feed ended: subscribe `after` it to miss nothing.")


_Projects = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Up to 20 projects. Default: the session's, else the first that the key sees."
    ),
]
_Followed = Annotated[
    list[str] | None,
    strawberry.argument(description="Up to 100 projects. Default: the session's, else all the key sees."),
]
_Kinds = Annotated[
    list[str] | None,
    strawberry.argument(description="Up to 100 kinds (`lock.granted`) or areas (`lock`). Default: all."),
]
_Before = Annotated[str | None, strawberry.argument(description="`next` of the page before.")]


@strawberry.type
class OverviewQuery:
    @query(
        needs=Role.READONLY,
        description="What goes on in projects, in numbers.",
        returns=list[ProjectOverview],
    )
    async def overview(
        act: Act, projects: _Projects = None, session_id: SessionArgument = None
    ) -> list[rules.ProjectOverview]:
        return await rules.overview(act, projects=projects)

    @query(
        needs=Role.READONLY,
        description="What happened, the newest first, as far back as events are kept.",
        returns=EventPage,
    )
    async def event_log(
        act: Act,
        projects: _Followed = None,
        kinds: _Kinds = None,
        before: _Before = None,
        first: First = 50,
        session_id: SessionArgument = None,
    ) -> log.EventPage:
        names = followed(act, projects)
        if names is None:
            names = ("", *await act.store.logged_projects(limit=MAX_FOLLOWED - 1))
        return await log.event_log(act, projects=names, kinds=kinds_of(kinds), before=before, first=first)
