"""What one GraphQL operation carries: who calls, the engine, and the loaders of nested fields."""

from __future__ import annotations

from dataclasses import dataclass, field

from resolvers.acts import Act, Engine
from resolvers.callers import Caller, Role


@dataclass(slots=True)
class RequestContext:
    """Made once for each operation, and for each WebSocket connection.

    `wants_notices` asks for the notices owed to the session acted in, as response extensions.
    """

    engine: Engine
    caller: Caller | None
    wants_notices: bool = False
    acts: list[Act] = field(default_factory=list)
    loaders: dict[str, object] = field(default_factory=dict)

    async def admit(self, needs: Role, session_id: str | None) -> Act:
        """Return the act of the caller in that session; every root field passes here."""
        act = await self.engine.admit(self.caller, needs, session_id)
        self.acts.append(act)
        return act
