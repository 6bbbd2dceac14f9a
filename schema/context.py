"""What one GraphQL operation carries: who calls, the engine, and the loaders of nested fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from strawberry.dataloader import DataLoader

from resolvers.acts import Act, Engine
from resolvers.callers import Caller, Role


@dataclass(slots=True)
class RequestContext:
    """Made once for each operation, and for each WebSocket connection.

    `wants_notices` asks for the notices owed to the session acted in, as response extensions.
    `is_revoked` tells of a key's id whether the key was revoked since the server started.
    """

    engine: Engine
    caller: Caller | None
    wants_notices: bool = False
    is_revoked: Callable[[str], bool] = lambda key_id: False
    acts: list[Act] = field(default_factory=list)
    loaders: dict[str, DataLoader[str, Any]] = field(default_factory=dict)

    async def admit(
        self,
        needs: Role,
        session_id: str | None,
        *,
        api_key: str | None = None,
        in_any_state: bool = False,
    ) -> Act:
        """Return the act of the caller in that session; every root field passes here.

        `api_key` says who calls where the request itself does not; a key of the request goes first.
        """
        if self.caller is None and api_key:
            act = await self.engine.admit_key(api_key, needs)
        else:
            act = await self.engine.admit(self.caller, needs, session_id, in_any_state=in_any_state)
        self.acts.append(act)
        return act
