"""What happened how often, in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import history as rules
from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.tallies import Topic
from resolvers.tally_flush import Bucket
from schema.arguments import ProjectArgument, SessionArgument
from schema.connections import First
from schema.enums import shown
from schema.fields import query

shown(
    Topic,
    "What is counted.",
    name="ActivityTopic",
    events="Events, by kind.",
    messages="Messages sent, by category.",
    priorities="Messages sent, by priority.",
    locks="Paths fought over, by day: `refusal:`, `wait:` or `takeover:` and the path.",
)
shown(
    Bucket,
    "How long a time is counted at once.",
    name="ActivitySpan",
    hour="An hour; kept 14 days.",
    day="A day of UTC; kept 90 days by default.",
)


@strawberry.type(description="How often something was counted.")
class NamedCount:
    name: str = strawberry.field(description="What; `…` is all that came after the first 300 names.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="An hour or a day, and what happened in it.")
class ActivityBucket:
    starts_at: datetime = strawberry.field(description="When it began.")
    total: int = strawberry.field(description="All counts together.")
    counts: list[NamedCount] = strawberry.field(description="The most frequent first.")


@strawberry.type(description="A path, and how often it was in the way of a request.")
class ContestedPath:
    path: str = strawberry.field(description="The path as it was held.")
    refusals: int = strawberry.field(description="Requests that were refused for it.")
    waits: int = strawberry.field(description="Requests that queued for it.")
    takeovers: int = strawberry.field(description="How often it was taken over from a silent session.")
    total: int = strawberry.field(description="All together.")


_Topic = Annotated[Topic, strawberry.argument(description="What is counted.")]
_Span = Annotated[Bucket, strawberry.argument(description="By the hour or by the day.")]
_Last = Annotated[int, strawberry.argument(description="How many hours or days up to now, 1 to 400.")]
_Days = Annotated[int, strawberry.argument(description="Of how many days up to today, 1 to 90.")]


@strawberry.type
class HistoryQuery:
    @query(
        needs=Role.READONLY,
        description="How often what happened in a project, up to some seconds ago.",
        returns=list[ActivityBucket],
    )
    async def activity(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        topic: _Topic = Topic.EVENTS,
        span: _Span = Bucket.HOUR,
        last: _Last = 24,
    ) -> list[rules.ActivityBucket]:
        return await rules.activity(act, project=project, topic=topic, span=span, last=last)

    @query(
        needs=Role.READONLY,
        description="The paths of a project that are most fought over.",
        returns=list[ContestedPath],
    )
    async def lock_contention(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        days: _Days = 7,
        first: First = 20,
    ) -> list[rules.ContestedPath]:
        return await rules.lock_contention(act, project=project, days=days, first=first)
