"""`interlock export`: write everything that is stored to a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.bar import bar
from cli.failure import Failure

Data = Annotated[str | None, typer.Option(help="Data directory [env: INTERLOCK_DATA].")]


def export(
    file: Annotated[Path, typer.Argument(help="Where to; - is standard output, .gz is compressed.")],
    project: Annotated[str | None, typer.Option("--project", "-p", help="Only this project.")] = None,
    data: Data = None,
) -> None:
    """Export all that is stored, as it is at one moment.

    JSON Lines with a checksum; a server may run meanwhile. Hashes of keys and all texts are in it: keep it like a secret. The
    store is that of the settings (MONGO_HOST, INTERLOCK_DATA), not that of a server's address.
    """
    from api.settings import SettingsError, load_settings
    from api.transfer import Untransferable, export_store
    from api.transfer_files import STANDARD, written

    try:
        settings = load_settings(data=data)
        with bar() as advance, written(file) as write:
            counts = asyncio.run(
                export_store(settings, write, project=project, product=_version(), advance=advance)
            )
    except (SettingsError, Untransferable) as error:
        raise Failure(str(error)) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror or error}") from error
    typer.echo(f"{counts['lines']:,} records and events exported", err=file == STANDARD)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("interlock")
    except PackageNotFoundError:
        return ""
