"""`interlock import`: put an export, or the memory of mcp-shared-memory, into the store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.bar import bar
from cli.export import Data
from cli.failure import Failure

if TYPE_CHECKING:
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
    data: Data = None,
) -> None:
    """Import an export into the store of the settings.

    No server may run on it. The whole file is checked first. To do it again changes nothing: records and events keep their ids,
    versions, times and numbers, so subscribers go on with their cursors.
    """
    if file is None:
        raise Failure("name the file to import (see --help)")
    from api.settings import SettingsError, load_settings

    try:
        settings = load_settings(data=data)
    except SettingsError as error:
        raise Failure(str(error)) from error
    typer.echo(_told(_imported(settings, file, merge=merge, dry_run=dry_run), dry_run=dry_run, merge=merge))


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
