"""`interlock verify`: check all that is stored."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.bar import bar
from cli.export import Data
from cli.failure import Failure

if TYPE_CHECKING:
    from store.moving.verifying import Report


def verify(
    project: Annotated[str | None, typer.Option("--project", "-p", help="Only this project.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and findings as JSON.")] = False,
    data: Data = None,
) -> None:
    """Verify all that is stored, and name each fault.

    Links, versions, unique keys, the feed's numbers, the words to search by. Prints how many records of
    each kind each project has, and a line for each fault; exits with 1 if there is any. A server may
    run meanwhile. Nothing is changed.
    """
    from api.settings import SettingsError, load_settings
    from api.transfer import Untransferable, verify_store

    try:
        settings = load_settings(data=data)
        with bar() as advance:
            report = asyncio.run(verify_store(settings, project=project, advance=advance))
    except (SettingsError, Untransferable) as error:
        raise Failure(str(error)) from error
    lines = list(report.lines())
    if as_json:
        typer.echo(json.dumps(_counts(report) | {"findings": lines}, ensure_ascii=False))
    else:
        _print(report, lines)
    if lines:
        raise typer.Exit(1)


def _counts(report: Report) -> dict[str, Any]:
    records: dict[str, dict[str, int]] = {}
    for (kind, where), number in sorted(report.records.items()):
        records.setdefault(where, {})[kind] = number
    return {"records": records, "events": dict(sorted(report.events.items()))}


def _print(report: Report, lines: list[str]) -> None:
    by_kind: Counter[str] = Counter()
    for (kind, _), number in report.records.items():
        by_kind[kind] += number
    for where, counts in _counts(report)["records"].items():
        told = ", ".join(f"{kind} {number:,}" for kind, number in counts.items())
        typer.echo(f"{where or '(server)'}: {told}; events {report.events[where]:,}")
    for line in lines:
        typer.echo(line)
    found = f"{report.found.total():,} faults" if lines else "no fault"
    typer.echo(f"{by_kind.total():,} records, {report.events.total():,} events: {found}")
