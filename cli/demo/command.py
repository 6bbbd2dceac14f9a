"""`interlock demo`: what is begun in which order, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.failure import Failure

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def demo(
    minutes: Annotated[
        float, typer.Option(min=0, help="How long the team is lively; 0: until Ctrl-C.")
    ] = 10.0,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="Steps a second, about.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another number, another course of the story.")] = 1,
    port: Annotated[
        int,
        typer.Option(
            envvar="INTERLOCK_PORT", min=0, max=65535, help="Port; the next free one if it is taken."
        ),
    ] = 8080,
    data: Annotated[
        Path | None, typer.Option(help="Directory to keep, new, empty or a demo's; default: a temporary one.")
    ] = None,
) -> None:
    """Watch a scripted team work on a server of its own.

    Agents of two projects work by real MCP calls on a scratch data directory, which is removed at
    the end. Then the server stays up until Ctrl-C.
    """
    try:
        asyncio.run(_until_told(_demo(minutes, speed, seed, port, data)))
    except* Failure as failures:
        raise Failure(_first(failures)) from None


def _first(failure: BaseException) -> str:
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return str(failure)


async def _until_told(playing: Coroutine[Any, Any, None]) -> None:
    """Play to the end, or until the first signal; later ones do not disturb the cleaning up."""
    task = asyncio.ensure_future(playing)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in SIGNALS:
        with contextlib.suppress(NotImplementedError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), told.set)
    stop = asyncio.ensure_future(told.wait())
    await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not task.done():
        task.cancel()
        typer.echo("stopping")
    try:
        await task
    except asyncio.CancelledError:
        if not told.is_set():
            raise


async def _demo(minutes: float, speed: float, seed: int, port: int, data: Path | None) -> None:
    from cli.demo.scratch import scratch
    from cli.demo.server import serving

    with scratch(data) as place:
        async with serving(place.path, port) as server:
            typer.echo(f"Page      {server.url}/")
            typer.echo(f"GraphiQL  {server.url}/graphql (in a browser)")
            typer.echo(f"GraphQL   {server.url}/graphql")
            typer.echo(f"MCP       {server.url}/mcp")
            typer.echo(f"Data      {place.path}{'' if data else ' (removed at the end)'}\n")
            story = asyncio.ensure_future(_tell(server.url, place, minutes, speed, seed))
            ended = asyncio.ensure_future(server.ended())
            try:
                await asyncio.wait((story, ended), return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    raise ended.result()
                await story
            finally:
                ended.cancel()
                story.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await story


async def _tell(url: str, place: Any, minutes: float, speed: float, seed: int) -> None:
    from cli.demo import past
    from cli.demo.agent import Refused, Tally, tell
    from cli.demo.life import Life
    from cli.demo.team import connected

    tally = Tally()
    async with connected(url, seed, place.told, tally, tell) as teams:
        try:
            if place.told:
                await past.begin(teams)
                place.note()
            else:
                counts = await past.fill(teams)
                place.note()
                typer.echo(
                    "Before: " + ", ".join(f"{number} {what}" for what, number in counts.items()) + "\n"
                )
        except* Refused as refused:
            raise Failure(_first(refused)) from None
        await Life(teams, seed + place.told, tally).run(minutes, speed)
        failed = len(tally.failed)
        typer.echo(
            f"\n{tally.calls} calls, {tally.meant} refused as the story means, {failed} failed otherwise."
        )
        typer.echo(f"The team is quiet now; the server stays up at {url} until Ctrl-C.")
        await asyncio.Event().wait()
