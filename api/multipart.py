"""Subscriptions over plain HTTP: each result a part of the answer (Apollo's subscriptionSpec 1.0)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.execution import Execution, refused
from api.text import as_text
from resolvers.errors import DomainError, LimitExceeded, Unauthenticated, Unready
from schema.context import RequestContext

log = logging.getLogger("interlock.streams")

MAX_STREAMS = 1_000
HEARTBEAT_SECONDS = 5.0
_PARTING_SECONDS = 1.0
_HEADERS = (
    (b"content-type", b'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'),
    (b"cache-control", b"no-store"),
    # Proxies that buffer answers would keep events from their subscriber.
    (b"x-accel-buffering", b"no"),
)


def is_wanted(accepted: str) -> bool:
    """Tell whether an `Accept` header asks for the parts of a subscription."""
    for entry in accepted.split(",")[:50]:
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        if kind == "multipart/mixed":
            given = dict(_parameter(parameter) for parameter in parameters)
            is_boundary = given.get("boundary", "graphql") == "graphql"
            if is_boundary and given.get("subscriptionspec", "").startswith("1.0"):
                return True
    return False


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip(" \"'")


class Streams:
    """The subscriptions that this process answers over HTTP; at most `most` at a time."""

    def __init__(self, execution: Execution, *, most: int = MAX_STREAMS) -> None:
        self._execution = execution
        self._most = most
        self._open: set[_Stream] = set()

    def takes(self, parameters: Mapping[str, Any], headers: Mapping[bytes, str]) -> bool:
        """Tell whether the request is a subscription whose client can read parts."""
        if not is_wanted(headers.get(b"accept", "")):
            return False
        found = self._execution.prepare(parameters["query"]).operation(parameters.get("operationName"))
        return found is not None and found.kind is OperationType.SUBSCRIPTION

    async def serve(self, scope: Scope, receive: Receive, send: Send, parameters: Mapping[str, Any]) -> None:
        """Answer with the parts of the subscription until either side ends it.

        Raises:
            LimitExceeded: as many are open as may be; nothing was sent.
        """
        if len(self._open) >= self._most:
            raise LimitExceeded(
                f"{self._most} subscriptions are open over HTTP", hint="Use graphql-transport-ws here."
            )
        context = self._execution.context(scope["caller"])
        stream = _Stream(self._execution, context, parameters, receive, send)
        self._open.add(stream)
        try:
            await stream.serve()
        finally:
            self._open.discard(stream)

    def close_key(self, key_id: str) -> None:
        """End what stands on a key that was revoked."""
        for stream in self._open:
            if stream.uses(key_id):
                stream.end(Unauthenticated("this API key was revoked"))

    def close_all(self) -> None:
        """End every stream: the server stops, clients may come back and resume."""
        for stream in self._open:
            stream.end(Unready("the server is stopping", hint="Come back with the last cursor."))


class _Stream:
    def __init__(
        self,
        execution: Execution,
        context: RequestContext,
        parameters: Mapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        self._execution = execution
        self._context = context
        self._parameters = parameters
        self._receive = receive
        self._send = send
        self._ended: asyncio.Future[DomainError] = asyncio.get_running_loop().create_future()

    def uses(self, key_id: str) -> bool:
        callers = [self._context.caller, *(act.caller for act in self._context.acts)]
        return any(caller is not None and caller.key_id == key_id for caller in callers)

    def end(self, error: DomainError) -> None:
        if not self._ended.done():
            self._ended.set_result(error)

    async def serve(self) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        await self._write("--graphql")
        following = asyncio.create_task(self._follow())
        tasks = [following, asyncio.create_task(self._beat()), asyncio.create_task(self._until_gone())]
        try:
            awaited: list[asyncio.Future[Any]] = [*tasks, self._ended]
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                log.error("a subscription over HTTP failed", exc_info=result)
        await self._part_ways(is_whole=not following.cancelled() and following.exception() is None)

    async def _part_ways(self, *, is_whole: bool) -> None:
        """Say why it ends, and that it does. A client that never reads must not hold that up."""
        try:
            async with asyncio.timeout(_PARTING_SECONDS):
                if self._ended.done() and not is_whole:
                    errors = refused(self._ended.result()).response["errors"]
                    await self._part({"payload": None, "errors": errors})
                await self._write("--\r\n", is_last=True)
        except (TimeoutError, OSError):
            pass

    async def _follow(self) -> None:
        outcomes = self._execution.subscribe(
            self._parameters["query"],
            self._context,
            variables=self._parameters.get("variables"),
            operation=self._parameters.get("operationName"),
        )
        async with aclosing(outcomes):
            async for outcome in outcomes:
                await self._part({"payload": outcome.response})

    async def _beat(self) -> None:
        while True:
            await self._part({})
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _part(self, content: Mapping[str, Any]) -> None:
        # The boundary behind a part lets its reader take the part at once.
        await self._write(
            f"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{as_text(content)}\r\n--graphql"
        )

    async def _write(self, text: str, *, is_last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": not is_last})
