"""`interlock reindex`: make the search index anew, and show how far it is."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from cli.connection import ApiKey, Connection, Url, ask, connection
from cli.failure import Failure

START = "mutation ($input: ReindexInput!) { reindex(input: $input) { project total } }"
STATUS = "{ searchIndex { state detail model lag indexed total } }"
POLL_SECONDS = 0.3


def reindex(
    project: Annotated[str, typer.Option(help="Only this project; default: all.")] = "",
    wait: Annotated[bool, typer.Option(help="Wait until all is indexed.")] = True,
    url: Url = "",
    key: ApiKey = "",
) -> None:
    """Make the search index anew from what is stored."""
    to = connection(url, key)
    total = int(ask(to, START, {"input": {"project": project or None}})["reindex"]["total"])
    if not wait:
        typer.echo(f"{total} records are being indexed")
        return
    status = _wait_with_a_bar(to, total) if sys.stderr.isatty() else _wait(to)
    typer.echo(f"{total} records indexed with {status['model']}")


def _wait(to: Connection) -> Any:
    while True:
        status = _status(to)
        if _is_done(status):
            return status
        time.sleep(POLL_SECONDS)


def _wait_with_a_bar(to: Connection, total: int) -> Any:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("indexing", total=total)
        while True:
            status = _status(to)
            bar.update(task, completed=status["indexed"], total=max(status["total"], 1))
            if _is_done(status):
                return status
            time.sleep(POLL_SECONDS)


def _status(to: Connection) -> Any:
    status = ask(to, STATUS)["searchIndex"]
    if status["state"] in ("failing", "off", "switched off"):
        raise Failure(f"the search index is {status['state']}: {status['detail']}")
    return status


def _is_done(status: Any) -> bool:
    return bool(status["indexed"] >= status["total"] and status["state"] != "catching up")
