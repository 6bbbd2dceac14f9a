"""What the librarian asks of the Interlock server, and how it holds out while that is away."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self

from gql import Client, GraphQLRequest
from gql.transport.exceptions import (
    TransportClosed,
    TransportConnectionFailed,
    TransportError,
    TransportQueryError,
    TransportServerError,
)

log = logging.getLogger("librarian")

LEASE = """mutation ($project: String, $limit: Int!, $seconds: Int!) {
  leaseFunctions(input: {project: $project, limit: $limit, seconds: $seconds}) {
    leaseId
    functions { id name file line project code language sourceHash purpose gotchas attempts }
  }
}"""
EXTEND = """mutation ($leaseId: ID!, $seconds: Int!) {
  extendLease(input: {leaseId: $leaseId, seconds: $seconds}) { expiresAt }
}"""
RELEASE = """mutation ($leaseId: ID!, $ids: [ID!], $failure: String, $permanent: Boolean!) {
  releaseFunctions(input: {leaseId: $leaseId, ids: $ids, failure: $failure, permanent: $permanent}) { released }
}"""
ENRICH = """mutation ($input: EnrichFunctionInput!) { enrichFunction(input: $input) { id } }"""
CURSOR = """query ($projects: [String!]) { feedCursor(projects: $projects) }"""
REGISTERED = """subscription ($projects: [String!], $after: String) {
  events(projects: $projects, kinds: ["function.registered", "function.requeued"], after: $after) {
    ... on FeedEvent { project }
  }
}"""
LONGEST_PAUSE_SECONDS = 15.0


class Away(Exception):
    """The server cannot be reached, or not just now."""


class Refusal(Exception):
    """The server refused an operation: `code` is one of its codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}".strip())
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is, and the headers that are sent to it."""

    graphql: str
    headers: Mapping[str, str]


class Server:
    """A connection that is opened anew when it fails. Use it as a context manager.

    `address` is asked each time: a local server has another secret, and maybe another port, after a restart.
    """

    def __init__(self, address: Callable[[], Address]) -> None:
        self._address = address
        self._stack = AsyncExitStack()
        self._session: Any = None
        self._connected_to: Address | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def execute(self, document: str, variables: Mapping[str, Any]) -> Any:
        """Run a query or mutation and return its data.

        Raises:
            Away: there is no answer; whether it was done is unknown.
            Refusal: the server says no.
        """
        session = await self._connected()
        try:
            return await session.execute(GraphQLRequest(document, variable_values=dict(variables)))
        except TransportQueryError as error:
            first: Mapping[str, Any] = (error.errors or [{}])[0]
            code = str((first.get("extensions") or {}).get("code") or "")
            if code == "UNAUTHENTICATED":
                await self._renewed(session)
            if code == "UNAVAILABLE":
                raise Away(str(first.get("message", ""))) from error
            raise Refusal(code, str(first.get("message", error))) from error
        except TransportServerError as error:
            await self._forget(session)
            if error.code in (401, 403):
                raise Refusal(
                    "UNAUTHENTICATED", f"the server refuses this key (HTTP {error.code})"
                ) from error
            raise Away(f"the server answered HTTP {error.code}") from error
        except (TransportError, OSError, TimeoutError) as error:
            await self._forget(session)
            raise Away(str(error) or type(error).__name__) from error

    async def patiently(self, document: str, variables: Mapping[str, Any]) -> Any:
        """Run an operation, again and again while the server is away; it must be safe to repeat.

        Raises:
            Refusal: the server says no.
        """
        pause, told = 0.2, False
        while True:
            try:
                return await self.execute(document, variables)
            except Away as away:
                if not told:
                    log.warning("the server is away: %s; trying again", away)
                told = True
                await asyncio.sleep(pause * random.uniform(0.7, 1.3))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def registrations(self, projects: Sequence[str] | None) -> AsyncIterator[None]:
        """Yield whenever functions were registered or queued anew, and after each connection: some may have been missed."""
        from gql.transport.websockets import WebsocketsTransport

        pause = 0.2
        while True:
            address = self._address()
            authorization = address.headers.get("Authorization")
            transport = WebsocketsTransport(
                url="ws" + address.graphql.removeprefix("http"),
                init_payload={"authorization": authorization} if authorization else {},
                subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
                ping_interval=20,
                pong_timeout=20,
            )
            try:
                async with Client(transport=transport, execute_timeout=None) as connected:
                    variables: dict[str, Any] = {"projects": projects}
                    # Read before the queue is looked at: nothing falls between that look and the first event.
                    read = await connected.execute(GraphQLRequest(CURSOR, variable_values=variables))
                    variables["after"] = read["feedCursor"]
                    yield
                    async for _ in connected.subscribe(GraphQLRequest(REGISTERED, variable_values=variables)):
                        pause = 0.2
                        yield
            except (TransportError, OSError, TimeoutError) as error:
                if not isinstance(error, (TransportConnectionFailed, TransportClosed, OSError)):
                    log.warning("events cannot be followed: %s; looking at the queue now and then", error)
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _connected(self) -> Any:
        async with self._opening:
            if self._session is None:
                from gql.transport.httpx import HTTPXAsyncTransport

                address = self._address()
                transport = HTTPXAsyncTransport(
                    url=address.graphql, headers=dict(address.headers), timeout=70
                )
                try:
                    client = Client(transport=transport, execute_timeout=70)
                    self._session = await self._stack.enter_async_context(client)
                    self._connected_to = address
                except (TransportError, OSError) as error:
                    raise Away(str(error)) from error
            return self._session

    async def _renewed(self, session: Any) -> None:
        """Connect anew if the server's address or secret is another by now, as after a restart.

        Raises:
            Away: it is; ask again.
        """
        if self._session is not session or self._address() != self._connected_to:
            await self._forget(session)
            raise Away("it has another secret")

    async def _forget(self, session: Any) -> None:
        """Close a session that failed, unless another has done so."""
        async with self._opening:
            if self._session is session:
                self._session = None
                stack, self._stack = self._stack, AsyncExitStack()
                await stack.aclose()
