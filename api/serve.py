"""How the server is run: one process, one port, a clean end on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.handshakes import Handshakes
from api.heads import Heads
from api.logs import configure_logs
from api.settings import Settings, misspelt
from store.errors import AlreadyServed, StoreError
from store.sqlite.store import served_by

log = logging.getLogger("interlock.serve")

KEEP_ALIVE_SECONDS = 75
"""An idle connection is kept longer than clients and proxies keep theirs (5 to 60 s): whoever closes first
while the other sends loses the request."""

GRACE_SECONDS = 8
BACKLOG = 2048


class Refused(Exception):
    """The server cannot start; the message is one line."""


def serve_http(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and return.

    Raises:
        Refused: the port or the data directory cannot be used.
    """
    configure_logs(settings.log_level, settings.log_format)
    for line in misspelt():
        log.warning("%s", line)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings, on_start=_announce))


async def serve(
    settings: Settings,
    *,
    on_start: Callable[[str], None] | None = None,
    on_server: Callable[[uvicorn.Server], None] | None = None,
) -> None:
    """Serve until told to stop; `on_start` gets the address once requests are answered.

    Raises:
        Refused: the port or the data directory cannot be used.
    """
    try:
        listener = listen(settings.host, settings.port)
    except Refused as error:
        raise _served(settings) or error from error
    app = create_app(settings, url=url_of(listener))
    try:
        async with app.router.lifespan_context(app):
            server = http_server(settings, app, on_start=lambda: on_start and on_start(url_of(listener)))
            if on_server is not None:
                on_server(server)
            await server.serve(sockets=[listener])
    except AlreadyServed as error:
        known = Refused(f"{error}; stop it, or set INTERLOCK_DATA to another directory")
        raise _served(settings) or known from error
    except StoreError as error:
        raise cannot_open(error) from error
    finally:
        listener.close()


def cannot_open(error: StoreError) -> Refused:
    """Return why the store cannot be opened and what to do about it, in one line."""
    hint = getattr(error, "hint", "")
    return Refused(f"{error} ({hint})" if hint else str(error))


def http_server(
    settings: Settings,
    app: Starlette,
    *,
    on_start: Callable[[], object] | None = None,
    obeys_signals: bool = True,
) -> uvicorn.Server:
    """Return the HTTP server of an application whose lifespan is entered by the caller.

    Without `obeys_signals` it ends only when `should_exit` is set: the process is more than this server.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        http=Heads,
        ws=Handshakes,
        ws_max_size=settings.max_body_bytes,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        backlog=BACKLOG,
    )
    return _Server(config, app.state.server.stop, on_start or (lambda: None), obeys_signals)


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        on_stop: Callable[[], None],
        on_start: Callable[[], object],
        obeys_signals: bool,
    ) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._on_start = on_start
        self._obeys_signals = obeys_signals

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        with super().capture_signals() if self._obeys_signals else contextlib.nullcontext():
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        # One turn of the loop, so that sockets say why they close before the server hangs up.
        await asyncio.sleep(0.05)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not kept for later: a signal that was obeyed must not kill the process after all.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Raises:
        Refused: the address is in use or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    name = host.strip("[]")
    try:
        # With no protocol named, asyncio leaves Nagle on: 40 ms for every answer but the first.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        with contextlib.ExitStack() as stack:
            stack.callback(listener.close)
            if sys.platform != "win32":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((name, port))
            listener.listen(BACKLOG)
            listener.setblocking(False)
            stack.pop_all()
            return listener
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(
            f"cannot listen on {host}:{port}: {reason.lower()}; set INTERLOCK_HOST or INTERLOCK_PORT"
        ) from error


def _served(settings: Settings) -> Refused | None:
    """Return the refusal that names the server of this data directory, if one says where it is."""
    with contextlib.suppress(OSError):
        owner = served_by(settings.data) or {}
        if owner.get("url"):
            return Refused(
                f"{settings.data} is in use by another Interlock server, at {owner['url']} "
                f"(process {owner.get('pid', 'unknown')}); use or stop that one, or set INTERLOCK_DATA and "
                "INTERLOCK_PORT to others"
            )
    return None


def url_of(listener: socket.socket) -> str:
    """Return the address by which this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _announce(url: str) -> None:
    print(f"Page     {url}/")
    print(f"GraphQL  {url}/graphql (GraphiQL in a browser)")
    print(f"MCP      {url}/mcp")
    print(f"Health   {url}/health", flush=True)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
