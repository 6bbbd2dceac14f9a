"""How the server is put together: what is opened in which order, and what is served where."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from api.dashboard import Dashboard
from api.execution import Execution, refused
from api.explorer import Assets
from api.gate import Gate, refuse
from api.graphql_http import GraphQLHttp
from api.graphql_ws import Sockets
from api.health import Reports
from api.identity import Identity
from api.in_process import InProcessExecutor
from api.mcp import Mcp
from api.metrics import Metrics
from api.multipart import Streams
from api.process import ServerProcess
from api.settings import Settings
from api.stores import open_store
from api.tasks import flush_at_last, flush_for_ever, follow_revocations, supervised, tidy_for_ever
from resolvers.acts import Engine
from resolvers.errors import NotFound
from store.feed.feed import Feed
from store.meaning.chroma import Chroma
from store.meaning.embedder import OFF, EmbedderChoice
from store.meaning.indexer import Indexer
from store.odbc.databases import OdbcDatabases
from store.port import Store


class Server:
    """What a running server is made of, and the ASGI application in front of it."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.engine = engine
        self.metrics = Metrics()
        self.identity = Identity(engine)
        self.execution = Execution(engine, settings.limits, self.metrics)
        self.sockets = Sockets(self.execution, self.identity, most=settings.max_subscriptions)
        self.streams = Streams(self.execution)
        self._http = GraphQLHttp(self.execution, self.streams, max_body_bytes=settings.max_body_bytes)
        self._assets = Assets()
        self._dashboard = Dashboard()
        self.executor = InProcessExecutor(self.execution, self.identity)
        self.mcp = Mcp(self.executor, max_body_bytes=settings.max_body_bytes)
        self._reports = Reports(engine, self.metrics, self.mcp)
        engine.process = ServerProcess(self.metrics, self.mcp)
        self.app: ASGIApp = Gate(self._route, settings, self.identity, self.metrics)
        if settings.allowed_origins:
            self.app = CORSMiddleware(
                self.app,
                allow_origins=settings.allowed_origins,
                allow_methods=("GET", "POST"),
                allow_headers=("*",),
                expose_headers=("mcp-session-id", "x-request-id"),
            )

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/graphql":
            await (self._http if scope["type"] == "http" else self.sockets)(scope, receive, send)
        elif scope["type"] == "websocket":
            problem = NotFound("nothing is served here", hint="WebSockets are served at /graphql.")
            await refuse(scope, receive, send, problem, 404)
        elif path in ("/mcp", "/mcp/"):
            await self.mcp(scope, receive, send)
        elif path in ("/health", "/metrics"):
            answer = self._reports.health if path == "/health" else self._reports.figures
            await (await answer(Request(scope)))(scope, receive, send)
        elif path in self._assets:
            accepted = Request(scope).headers.get("accept-encoding", "")
            await self._assets.answer(path, scope["method"], accepted)(scope, receive, send)
        elif path in self._dashboard:
            await self._dashboard.answer(scope["method"])(scope, receive, send)
        else:
            problem = NotFound("nothing is served here")
            await JSONResponse(refused(problem).response, 404)(scope, receive, send)

    def stop(self) -> None:
        """Let requests under way finish soon and close the sockets; the store stays open."""
        self.execution.stop()
        self.sockets.close_all()
        self.streams.close_all()
        self.mcp.stop()


def create_app(settings: Settings, *, url: str = "") -> Starlette:
    """Return the application; its lifespan opens the store first and closes it last.

    `url` is what other processes are told that want the same data directory; its user's own
    clients also find there what lets them in as the owner. Entering the lifespan raises
    `AlreadyServed` or `Unavailable` when the directory cannot be served. The running `Server` is
    `app.state.server`.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.server = await _open(stack, settings, url)
            yield
        app.state.server = None

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        await app.state.server.app(scope, receive, send)

    app = Starlette(routes=[Mount("/", app=front)], lifespan=lifespan)
    return app


async def _open(stack: AsyncExitStack, settings: Settings, url: str) -> Server:
    secret = secrets.token_urlsafe(32)
    store = await open_store(stack, settings, {"url": url, "secret": secret})
    namespace = settings.mongo_db if settings.mongo is not None else ""
    feed = await stack.enter_async_context(Feed(store, settings.broadcast_url, namespace=namespace))
    index = _search_index(settings, store, feed)
    engine = Engine(store, feed, settings.rules, auth=settings.auth_enabled, local_secret=secret, index=index)
    if settings.databases:
        engine.databases = OdbcDatabases(settings.databases)
        stack.push_async_callback(engine.databases.close)
    server = Server(settings, engine)
    stack.push_async_callback(flush_at_last, engine)
    _beside(
        stack,
        "following revocations",
        lambda: follow_revocations(engine, server.execution, server.sockets, server.streams),
    )
    _beside(stack, "tidying", lambda: tidy_for_ever(engine))
    _beside(stack, "counting uses", lambda: flush_for_ever(engine))
    if index is not None:
        stack.push_async_callback(index.close)
        _beside(stack, "indexing", index.run)
    await stack.enter_async_context(server.mcp.lifespan())
    stack.callback(server.stop)
    return server


def _search_index(settings: Settings, store: Store, feed: Feed) -> Indexer | None:
    """Return the index by meaning, if one is wanted; nothing of it is loaded yet."""
    if settings.embedder == OFF:
        return None
    choice = EmbedderChoice(settings.embedder, settings.embedder_model, settings.embedder_key)
    chroma = Chroma(settings.data / "chroma", settings.chroma)
    return Indexer(store, feed, choice, chroma)


def _beside(stack: AsyncExitStack, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` beside the requests until the stack unwinds."""
    task = asyncio.create_task(supervised(name, work), name=name)

    async def end() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
