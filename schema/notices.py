"""How a response carries what its session is owed: as `extensions.notices`, where the caller wants it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from strawberry.extensions import SchemaExtension

from resolvers.errors import DomainError
from resolvers.notices import MAX_LINES, owed
from schema.context import RequestContext
from store.errors import StoreError

log = logging.getLogger("interlock.notices")


class Notices(SchemaExtension):
    """Adds `notices` to the response extensions of an operation that acted in a session."""

    async def get_results(self) -> dict[str, Any]:
        """Return the lines owed, or nothing."""
        context = self.execution_context.context
        return await notices_of(context) if isinstance(context, RequestContext) else {}


async def notices_of(context: RequestContext) -> dict[str, Any]:
    """Return the lines owed as response extensions; a failure to find them fails no operation."""
    if not context.wants_notices:
        return {}
    acts = {act.session.id: act for act in context.acts if act.session is not None}
    if not acts:
        return {}
    try:
        found = await asyncio.gather(*(owed(act) for act in acts.values()))
    except (DomainError, StoreError) as error:
        log.warning("the notices owed cannot be told: %s", error)
        return {}
    lines = [line for lines in found for line in lines]
    # Each is owed to one session: of several sessions in one operation none loses its lines.
    return {"notices": lines[: MAX_LINES * len(acts)]} if lines else {}
