"""Resources in the protocol: listed, read, and listened to in both eras."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
from anyio.abc import TaskGroup
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated
from mcp.shared.exceptions import MCPError

from mcp_adapter.changes import ReadFailure, Reading, ResourceReader
from mcp_adapter.executor import Executor
from mcp_adapter.resource_files import Resources

log = logging.getLogger("interlock.mcp")

MAX_LISTENERS = 1_024
MAX_LISTENED = 64
MAX_LISTED = 500

Context = ServerRequestContext[Any, Any]
AuthorizationOf = Callable[[Context], str | None]


@asynccontextmanager
async def background(server: Server[Any]) -> AsyncIterator[TaskGroup]:
    """Hold what outlives a request but not the server (the lifespan that `serve_resources` relies on)."""
    async with anyio.create_task_group() as group:
        yield group
        group.cancel_scope.cancel()


def serve_resources(
    server: Server[Any],
    executor: Executor,
    resources: Resources,
    authorization_of: AuthorizationOf,
    *,
    is_persistent: bool,
) -> Listeners:
    """Serve the resources; `is_persistent` also serves the older `resources/subscribe`."""
    reader = ResourceReader(executor, resources)
    templates = types.ListResourceTemplatesResult(
        resource_templates=[
            types.ResourceTemplate(
                name=kind.name,
                uri_template=kind.template,
                description=kind.description,
                mime_type="application/json",
            )
            for kind in resources.kinds
        ]
    )

    async def list_templates(
        ctx: Context, params: types.PaginatedRequestParams
    ) -> types.ListResourceTemplatesResult:
        return templates

    async def list_resources(ctx: Context, params: types.PaginatedRequestParams) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=await _concrete(executor, resources, authorization_of(ctx))
        )

    async def read_resource(
        ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        reading = await _read(reader, params.uri, authorization_of(ctx))
        content = types.TextResourceContents(uri=params.uri, mime_type="application/json", text=reading.text)
        return types.ReadResourceResult(contents=[content])

    server.add_request_handler("resources/templates/list", types.PaginatedRequestParams, list_templates)
    server.add_request_handler("resources/list", types.PaginatedRequestParams, list_resources)
    server.add_request_handler("resources/read", types.ReadResourceRequestParams, read_resource)
    listeners = Listeners(reader, authorization_of)
    if resources.changes is not None:
        server.add_request_handler(
            "subscriptions/listen", types.SubscriptionsListenRequestParams, listeners.listen
        )
        if is_persistent:
            subscribers = Subscribers(reader, authorization_of)
            server.add_request_handler(
                "resources/subscribe", types.SubscribeRequestParams, subscribers.subscribe
            )
            server.add_request_handler(
                "resources/unsubscribe", types.UnsubscribeRequestParams, subscribers.unsubscribe
            )
    return listeners


async def _read(reader: ResourceReader, uri: str, authorization: str | None) -> Reading:
    try:
        reading = await reader.read(uri, authorization)
    except ReadFailure as failure:
        code = types.INTERNAL_ERROR if failure.code in ("INTERNAL", "UNAVAILABLE") else types.INVALID_PARAMS
        raise MCPError(code, str(failure), {"uri": uri, "code": failure.code}) from None
    if reading is None:
        raise MCPError(types.INVALID_PARAMS, "Resource not found", {"uri": uri})
    return reading


async def _concrete(
    executor: Executor, resources: Resources, authorization: str | None
) -> list[types.Resource]:
    """Return the resources of the projects that the caller sees; those of agents have templates only."""
    listing = resources.listing
    if listing is None:
        return []
    response = await executor.execute(
        listing.document, operation=listing.name, variables={}, authorization=authorization, notices=False
    )
    if response.get("errors"):
        return []
    projects = listing.plan(response.get("data") or {}).get("projects", [])
    return [
        types.Resource(
            name=f"{project['project']} {kind.name}",
            uri=kind.uri(project),
            description=kind.description,
            mime_type="application/json",
        )
        for project in projects
        for kind in resources.kinds
        if set(kind.operation.parameters) == {"project"}
    ][:MAX_LISTED]


class Listeners:
    """Serves `subscriptions/listen`: each stream follows the feed as its own caller."""

    def __init__(self, reader: ResourceReader, authorization_of: AuthorizationOf) -> None:
        self._reader = reader
        self._authorization_of = authorization_of
        self._open = 0
        self._streams: set[ListenHandler] = set()

    def close(self) -> None:
        """End every stream in the way that tells its client that it was meant."""
        for stream in list(self._streams):
            stream.close()

    async def listen(
        self, ctx: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """Acknowledge the resources that the caller may read and follow, and report their changes.

        The lists of tools and prompts never change, so those wishes are not acknowledged.
        """
        if self._open >= MAX_LISTENERS:
            raise MCPError(types.INTERNAL_ERROR, "Subscription limit reached")
        self._open += 1
        try:
            authorization = self._authorization_of(ctx)
            wanted = list(dict.fromkeys(params.notifications.resource_subscriptions or ()))[:MAX_LISTENED]
            readings = [one for uri in wanted if (one := await self._readable(uri, authorization))]
            return await self._serve(ctx, params, readings, authorization)
        finally:
            self._open -= 1

    async def _serve(
        self,
        ctx: Context,
        params: types.SubscriptionsListenRequestParams,
        readings: list[Reading],
        authorization: str | None,
    ) -> types.SubscriptionsListenResult:
        bus = InMemorySubscriptionBus()
        stream = ListenHandler(bus)
        honoured = types.SubscriptionFilter(resource_subscriptions=[reading.uri for reading in readings])

        async def follow() -> None:
            await self._reader.follow(readings, authorization, lambda uri: bus.publish(ResourceUpdated(uri)))
            stream.close()

        self._streams.add(stream)
        try:
            async with anyio.create_task_group() as group:
                if readings:
                    group.start_soon(follow)
                result = await stream(ctx, params.model_copy(update={"notifications": honoured}))
                group.cancel_scope.cancel()
            return result
        finally:
            self._streams.discard(stream)

    async def _readable(self, uri: str, authorization: str | None) -> Reading | None:
        try:
            reading = await self._reader.read(uri, authorization)
        except ReadFailure as failure:
            log.info("not listening to %s: %s", uri, failure)
            return None
        # A feed that refuses this one would end the stream of the others.
        return reading if reading and reading.cursor else None


class Subscribers:
    """Serves the older `resources/subscribe` on the one connection that there is.

    The server's lifespan must be `background`.
    """

    def __init__(self, reader: ResourceReader, authorization_of: AuthorizationOf) -> None:
        self._reader = reader
        self._authorization_of = authorization_of
        self._followed: dict[str, anyio.CancelScope] = {}

    async def subscribe(self, ctx: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """Report changes of a resource from now on, at most 64 resources."""
        uri = params.uri
        if uri in self._followed:
            return types.EmptyResult()
        if len(self._followed) >= MAX_LISTENED:
            raise MCPError(types.INVALID_PARAMS, "Subscription limit reached")
        authorization = self._authorization_of(ctx)
        reading = await _read(self._reader, uri, authorization)
        if not reading.cursor:
            raise MCPError(types.INVALID_PARAMS, "Changes of this resource are not told to you", {"uri": uri})
        scope = self._followed[uri] = anyio.CancelScope()
        ctx.lifespan_context.start_soon(self._follow, ctx, reading, authorization, scope)
        return types.EmptyResult()

    async def unsubscribe(self, ctx: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        """Stop reporting changes of a resource."""
        scope = self._followed.pop(params.uri, None)
        if scope is not None:
            scope.cancel()
        return types.EmptyResult()

    async def _follow(
        self, ctx: Context, reading: Reading, authorization: str | None, scope: anyio.CancelScope
    ) -> None:
        with scope:
            await self._reader.follow([reading], authorization, ctx.session.send_resource_updated)
        if self._followed.get(reading.uri) is scope:
            del self._followed[reading.uri]
