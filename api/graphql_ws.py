"""GraphQL over WebSocket: the graphql-transport-ws protocol, one task for each operation."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.execution import UNARY, Execution, Outcome, refused
from api.identity import Identity
from api.text import as_text
from resolvers.callers import Caller
from resolvers.errors import DomainError, LimitExceeded, Unauthenticated
from schema.context import RequestContext

log = logging.getLogger("interlock.sockets")

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
MAX_ID = 200

BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
NO_PROTOCOL = 4406
INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITS = 4429
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013


class Closed(Exception):
    """The socket is to be closed, with a code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Gone(Exception):
    """The client has gone."""


class Sockets:
    """The WebSocket connections open in this process; the ASGI application at /graphql for them."""

    def __init__(self, execution: Execution, identity: Identity, *, most: int) -> None:
        self._execution = execution
        self._identity = identity
        self._most = most
        self._open: set[_Socket] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = _Socket(self._execution, self._identity, self._most, scope, receive, send)
        self._open.add(socket)
        try:
            with self._execution.metrics.sockets.track_inprogress():
                await socket.serve()
        finally:
            self._open.discard(socket)

    def close_key(self, key_id: str) -> None:
        """Close the sockets that use a key which was revoked."""
        for socket in self._open:
            if socket.uses(key_id):
                socket.end(Closed(FORBIDDEN, "this API key was revoked"))

    def close_all(self) -> None:
        """Close every socket: the server stops, clients may come back and resume."""
        for socket in self._open:
            socket.end(Closed(GOING_AWAY, "the server is stopping"))


class _Socket:
    def __init__(
        self, execution: Execution, identity: Identity, most: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._execution = execution
        self._identity = identity
        self._most = most
        self._scope = scope
        self._receive = receive
        self._send = send
        self._authorization: str | None = None
        self._caller: Caller | None = scope["caller"]
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._contexts: dict[str, RequestContext] = {}
        self._ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._is_initialised = False

    def uses(self, key_id: str) -> bool:
        """Tell whether the socket, or something it follows, stands on the key."""
        callers = [self._caller, *(act.caller for context in self._contexts.values() for act in context.acts)]
        return any(caller is not None and caller.key_id == key_id for caller in callers)

    def end(self, closed: Closed) -> None:
        """Close the socket soon."""
        if not self._ended.done():
            self._ended.set_result(closed)

    async def serve(self) -> None:
        """Speak the protocol until either side closes."""
        await self._receive()
        is_spoken = PROTOCOL in self._scope["subprotocols"]
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL if is_spoken else None})
        if not is_spoken:
            await self._close(Closed(NO_PROTOCOL, f"the subprotocol must be {PROTOCOL}"))
            return
        reading = asyncio.create_task(self._read())
        try:
            first: set[asyncio.Future[Any]] = {reading, self._ended}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                await self._close(self._ended.result())
        finally:
            await self._finish(reading)

    async def _finish(self, reading: asyncio.Task[None]) -> None:
        tasks = [reading, *self._operations.values()]
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                log.error("a socket failed", exc_info=result)

    async def _close(self, closed: Closed) -> None:
        # A client that never reads must not hold up the closing.
        try:
            async with asyncio.timeout(1.0):
                await self._send(
                    {"type": "websocket.close", "code": closed.code, "reason": closed.reason[:100]}
                )
        except (TimeoutError, OSError, RuntimeError):
            pass

    async def _read(self) -> None:
        try:
            try:
                async with asyncio.timeout(INIT_SECONDS):
                    while not self._is_initialised:
                        await self._take(await self._message())
            except TimeoutError:
                raise Closed(INIT_TIMEOUT, "Connection initialisation timeout") from None
            while True:
                await self._take(await self._message())
        except Closed as closed:
            self.end(closed)
        except (_Gone, OSError):
            pass

    async def _message(self) -> dict[str, Any]:
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise _Gone
        text = event.get("text")
        if text is None:
            raise Closed(BAD_MESSAGE, "messages must be text")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise Closed(BAD_MESSAGE, "messages must be JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Closed(BAD_MESSAGE, "messages must be objects with a type")
        return message

    async def _take(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "connection_init":
            await self._initialise(message.get("payload"))
        elif kind == "ping":
            payload = message.get("payload")
            await self._say({"type": "pong"} | ({"payload": payload} if isinstance(payload, dict) else {}))
        elif kind == "subscribe":
            if not self._is_initialised:
                raise Closed(UNAUTHORIZED, "Unauthorized")
            await self._start(_id(message), message.get("payload"))
        elif kind == "complete":
            task = self._operations.pop(_id(message), None)
            if task is not None:
                task.cancel()
        elif kind != "pong":
            raise Closed(BAD_MESSAGE, f"unknown message type {kind[:50]!r}")

    async def _initialise(self, payload: Any) -> None:
        if self._is_initialised:
            raise Closed(TOO_MANY_INITS, "Too many initialisation requests")
        if not isinstance(payload, dict | None):
            raise Closed(BAD_MESSAGE, "the payload of connection_init must be an object")
        given = {name.lower(): value for name, value in (payload or {}).items()}.get("authorization")
        if not isinstance(given, str | None):
            raise Closed(BAD_MESSAGE, "authorization must be a string")
        self._authorization = given or _header(self._scope, b"authorization")
        try:
            self._caller = await self._who()
        except Unauthenticated as error:
            raise Closed(FORBIDDEN, error.message) from None
        except DomainError as error:
            raise Closed(TRY_AGAIN_LATER, error.message) from None
        self._is_initialised = True
        await self._say({"type": "connection_ack"})

    async def _who(self) -> Caller | None:
        client = self._scope.get("client")
        return await self._identity.caller(self._authorization, client=str(client[0]) if client else "")

    async def _start(self, operation_id: str, payload: Any) -> None:
        if operation_id in self._operations:
            raise Closed(SUBSCRIBER_EXISTS, f"Subscriber for {operation_id} already exists")
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            raise Closed(BAD_MESSAGE, "the payload of subscribe must hold a query")
        if not isinstance(payload.get("variables"), dict | None):
            raise Closed(BAD_MESSAGE, "variables must be an object")
        if not isinstance(payload.get("operationName"), str | None):
            raise Closed(BAD_MESSAGE, "operationName must be a string")
        if len(self._operations) >= self._most:
            problem = LimitExceeded(f"a connection may have {self._most} operations under way")
            await self._error(operation_id, refused(problem))
            return
        self._operations[operation_id] = asyncio.create_task(self._operate(operation_id, payload))

    async def _operate(self, operation_id: str, payload: Mapping[str, Any]) -> None:
        context: RequestContext | None = None
        try:
            # The key may have been revoked since the last operation.
            self._caller = await self._who()
            context = self._contexts[operation_id] = self._execution.context(self._caller)
            found = self._execution.prepare(payload["query"]).operation(payload.get("operationName"))
            given = {"variables": payload.get("variables"), "operation": payload.get("operationName")}
            if found is None or found.kind is not OperationType.SUBSCRIPTION:
                outcome = await self._execution.execute(payload["query"], context, allowed=UNARY, **given)
                await self._next(operation_id, outcome)
            else:
                outcomes = self._execution.subscribe(payload["query"], context, **given)
                async with aclosing(outcomes):
                    async for outcome in outcomes:
                        await self._next(operation_id, outcome)
            if operation_id in self._operations:
                await self._say({"id": operation_id, "type": "complete"})
        except Unauthenticated as error:
            self.end(Closed(FORBIDDEN, error.message))
        except DomainError as error:
            await self._error(operation_id, refused(error))
        except (OSError, _Gone):
            pass
        finally:
            # A client that completed it may have given its id to another one already.
            if self._contexts.get(operation_id) is context:
                del self._contexts[operation_id]
            if self._operations.get(operation_id) is asyncio.current_task():
                del self._operations[operation_id]

    async def _next(self, operation_id: str, outcome: Outcome) -> None:
        if outcome.is_refused:
            await self._error(operation_id, outcome)
        elif operation_id in self._operations:
            await self._say({"id": operation_id, "type": "next", "payload": outcome.response})

    async def _error(self, operation_id: str, outcome: Outcome) -> None:
        self._operations.pop(operation_id, None)
        await self._say({"id": operation_id, "type": "error", "payload": outcome.response["errors"]})

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": as_text(message)})


def _id(message: Mapping[str, Any]) -> str:
    named = message.get("id")
    if not isinstance(named, str) or not 0 < len(named) <= MAX_ID:
        raise Closed(BAD_MESSAGE, "id must be a string")
    return named


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)
