"""`interlock import`: put an export, or the memory of mcp-shared-memory, into the store."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.bar import bar
from cli.export import Data
from cli.failure import Failure

if TYPE_CHECKING:
    from api.legacy.report import Report
    from api.settings import Settings
    from api.transfer import Imported


def import_(
    file: Annotated[Path | None, typer.Argument(help="An export; - is standard input.")] = None,
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Into a store that holds other data: add, keep what is newer there."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")
    ] = False,
    from_mcp_shared_memory: Annotated[
        bool,
        typer.Option("--from-mcp-shared-memory", help="Take over that project's memory instead of a file."),
    ] = False,
    mongo_url: Annotated[
        str,
        typer.Option(
            envvar="SHARED_MEMORY_MONGO_URL", help="Its MongoDB: mongodb://user:password@host:27018/db."
        ),
    ] = "",
    mongo_db: Annotated[
        str, typer.Option(help="Its database; default: the address's, else mcp_orchestrator.")
    ] = "",
    chroma: Annotated[str, typer.Option(help="Its Chroma: http://host:8001, or the directory.")] = "",
    ids: Annotated[
        Path | None,
        typer.Option(help="Write which of its ids became which, as CSV, where they are not the same."),
    ] = None,
    data: Data = None,
) -> None:
    """Import an export, or the memory of mcp-shared-memory.

    Into the store of the settings; no server may run on it. A file is checked whole first. To do it
    again changes nothing: records and events keep their ids, versions, times and numbers, so
    subscribers go on with their cursors.

    From mcp-shared-memory all is taken that has a place here, under its ids and times. Its own server
    should be stopped; nothing of its databases is changed.
    """
    if (file is None) != from_mcp_shared_memory:
        raise Failure("name either the file to import or --from-mcp-shared-memory (see --help)")
    from api.settings import SettingsError, load_settings

    try:
        settings = load_settings(data=data)
    except SettingsError as error:
        raise Failure(str(error)) from error
    if file is not None:
        told = _told(_imported(settings, file, merge=merge, dry_run=dry_run), dry_run=dry_run, merge=merge)
    else:
        report = _taken_over(settings, mongo_url, mongo_db, chroma, dry_run=dry_run)
        if ids is not None:
            _write_ids(ids, report)
        told = "\n".join(report.table()) + ("\nnothing was written" if dry_run else "")
    typer.echo(told)


def _taken_over(settings: Settings, mongo_url: str, mongo_db: str, chroma: str, *, dry_run: bool) -> Report:
    from api.transfer import Untransferable, take_over

    if not (mongo_url or chroma):
        raise Failure("name its --mongo-url, its --chroma, or both")
    try:
        with bar() as advance:
            return asyncio.run(
                take_over(
                    settings,
                    mongo=mongo_url,
                    database=mongo_db,
                    chroma=chroma,
                    dry_run=dry_run,
                    advance=advance,
                )
            )
    except Untransferable as error:
        raise Failure(str(error)) from error


def _write_ids(path: Path, report: Report) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("mcp_shared_memory", "kind", "interlock"))
            writer.writerows(report.ids)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}") from error


def _imported(settings: Settings, file: Path, *, merge: bool, dry_run: bool) -> Imported:
    from api.transfer import Untransferable, import_store
    from api.transfer_files import STANDARD, readable

    shown = "standard input" if file == STANDARD else str(file)
    try:
        with bar() as advance, readable(file) as path:
            return asyncio.run(
                import_store(settings, path, shown=shown, merge=merge, dry_run=dry_run, advance=advance)
            )
    except Untransferable as error:
        raise Failure(str(error)) from error


def _told(imported: Imported, *, dry_run: bool, merge: bool) -> str:
    found = imported.found
    if dry_run:
        would = found.missing.total() + found.older.total()
        lines = [f"{would:,} records would be written, {found.same.total():,} are there"]
        if not found.is_clear:
            lines.append(f"the store holds other data: {found.obstacles()}")
        return "\n".join(lines)
    written = imported.written.total()
    kept = found.same.total() + found.kept.total()
    lines = [f"{written:,} records and events written, {kept:,} records kept as they are there"]
    if merge and not found.is_clear:
        lines.append(f"beside other data: {found.obstacles()}")
        lines.append("run `interlock reindex` once the server runs: events of its own do not tell of these")
    return "\n".join(lines)
