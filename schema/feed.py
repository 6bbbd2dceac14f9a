"""The feed's cursor as a value of its own, for those who follow without reading a list first."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.errors import LimitExceeded
from schema.arguments import SessionArgument
from schema.fields import query
from schema.subscriptions import followed

MOST = 1_000


@strawberry.type
class FeedQuery:
    @query(
        needs=Role.READONLY,
        description="Where the feed ends now: subscribe `after` it to miss nothing from here on.",
        returns=str,
    )
    async def feed_cursor(
        act: Act,
        projects: Annotated[
            list[str] | None,
            strawberry.argument(description="Up to 100. Default: the session's, else all that the key sees."),
        ] = None,
        session_id: SessionArgument = None,
    ) -> str:
        names = followed(act, projects)
        if names is None:
            logged = await act.store.logged_projects(limit=MOST + 1)
            if len(logged) > MOST:
                raise LimitExceeded(
                    f"there are more than {MOST:,} projects", field="projects", hint="Name some."
                )
            names = ("", *logged)
        return (await act.feed.cursor(names)).encode()
