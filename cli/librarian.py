"""`interlock librarian`: enrich registered functions until stopped, or until none is left."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.connection import ApiKey, Connection, Url, ask, connection
from cli.failure import Failure

if TYPE_CHECKING:
    from librarian.metrics import Metrics
    from librarian.settings import Settings


def librarian(
    once: Annotated[bool, typer.Option("--once", help="Enrich what waits now, then stop.")] = False,
    project: Annotated[
        list[str] | None,
        typer.Option("--project", "-p", help="A project; repeat it. Default: LIBRARIAN_PROJECTS."),
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=32, help="Functions at once; default: LIBRARIAN_CONCURRENCY.")
    ] = None,
    url: Url = "",
    key: ApiKey = "",
) -> None:
    """Have a model describe registered functions by their source.

    It needs LIBRARIAN_PROJECT_ROOTS, LIBRARIAN_MODEL and a key or address of a model: see
    docs/librarian.md. It reads source under those roots only.
    """
    needs_extra("anthropic", "tree_sitter")
    from librarian.settings import SettingsError, load

    try:
        settings = load(projects=tuple(project) if project else None, concurrency=concurrency)
    except SettingsError as error:
        raise Failure(str(error)) from error
    to = connection(url, key)
    # What is wrong with the address or the key is told here, and not tried again.
    ask(to, "{ feedCursor }")
    from librarian.metrics import Metrics

    metrics = Metrics()
    try:
        with _told():
            _run(settings, metrics, lambda: connection(url, key), is_once=once)
    finally:
        metrics.close()
        print(metrics.summary(), file=sys.stdout if once else sys.stderr, flush=True)


@contextmanager
def _told() -> Iterator[None]:
    """Write what the librarian logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("librarian")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def needs_extra(*modules: str) -> None:
    """Fail with one line if a library of the librarian is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise Failure(f"{module} is not installed: pip install 'interlock[librarian]'")


def _run(settings: Settings, metrics: Metrics, to: Callable[[], Connection], *, is_once: bool) -> None:
    from librarian.asking import Busy, Rejected
    from librarian.budget import Spent
    from librarian.server import Refusal

    try:
        asyncio.run(_until_stopped(_work(settings, metrics, to, is_once=is_once)))
    except* (Busy, Rejected, Spent, Refusal, OSError) as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise Failure(" ".join(str(first).split())) from None


async def _until_stopped(working: Coroutine[Any, Any, None]) -> None:
    """Run to the end, or until SIGINT or SIGTERM, on which what is under way is given back."""
    task = asyncio.ensure_future(working)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, task.cancel)
        except (NotImplementedError, RuntimeError):
            # Not here, or not in this thread: Ctrl-C ends it then.
            continue
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


async def _work(settings: Settings, metrics: Metrics, to: Callable[[], Connection], *, is_once: bool) -> None:
    from librarian.asking import Asker
    from librarian.budget import Budget, default_path
    from librarian.daemon import Daemon
    from librarian.roots import Roots
    from librarian.server import Address, Server
    from librarian.work import Work

    def address() -> Address:
        at = to()
        return Address(at.graphql, at.headers)

    budget = Budget(settings.state or default_path(), settings.daily_tokens)
    roots = Roots(settings.roots)
    projects = list(settings.projects) or roots.projects
    if settings.metrics_port is not None:
        print(f"metrics at http://127.0.0.1:{metrics.serve(settings.metrics_port)}/metrics", file=sys.stderr)
    async with Server(address) as server, Asker(settings, budget, metrics) as asker:
        daemon = Daemon(settings, server, Work(server, roots, asker, metrics), metrics, projects)
        print(f"librarian at {to().url} with {settings.model}", file=sys.stderr, flush=True)
        await (daemon.drain() if is_once else daemon.run())
