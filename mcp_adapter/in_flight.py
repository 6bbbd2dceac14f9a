"""How an older client cancels: its notice comes as a request of its own and names the call by id."""

from __future__ import annotations

import json
import secrets
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params

SESSION_HEADER = b"mcp-session-id"
_MAX_NOTICE_BYTES = 4_096
_Name = tuple[str, str]


class InFlight:
    """The tool calls that run now, by the client's session id and its request's id.

    The session id is only a name that a client was given to tell its requests from others': it is
    never stored, any is taken, and a restart loses nothing but the chance to cancel.
    """

    def __init__(self) -> None:
        self._calls: dict[_Name, anyio.CancelScope] = {}

    async def track(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Run a request so that `cancel` reaches it (a middleware of the SDK's server)."""
        session = ctx.request.headers.get("mcp-session-id") if ctx.request is not None else None
        if session is None or ctx.method != "tools/call":
            return await call_next(ctx)
        name = (session, repr(ctx.request_id))
        with anyio.CancelScope() as scope:
            self._calls[name] = scope
            try:
                return await call_next(ctx)
            finally:
                if self._calls.get(name) is scope:
                    del self._calls[name]
        raise MCPError(types.INTERNAL_ERROR, "The client cancelled the call")

    def cancel(self, session: str, body: bytes) -> None:
        """Cancel the call that the body names, if the body is such a notice."""
        if len(body) > _MAX_NOTICE_BYTES or b"notifications/cancelled" not in body:
            return
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict) or message.get("method") != "notifications/cancelled":
            return
        params = message.get("params")
        request_id = cancelled_request_id_from_params(params if isinstance(params, dict) else None)
        scope = self._calls.get((session, repr(request_id)))
        if scope is not None:
            scope.cancel()


def new_session_name() -> bytes:
    """Return a fresh, unguessable session id to hand to a client."""
    return secrets.token_hex(16).encode()
