"""`interlock serve`: run the server, over HTTP or as one editor's stdio server."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.failure import Failure


class Transport(StrEnum):
    """How agents reach the server."""

    HTTP = "http"
    STDIO = "stdio"


def serve(
    transport: Annotated[Transport, typer.Option(help="http, or stdio for one MCP client.")] = Transport.HTTP,
    host: Annotated[str | None, typer.Option(help="Address to bind [env: INTERLOCK_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind [env: INTERLOCK_PORT].")] = None,
    data: Annotated[str | None, typer.Option(help="Data directory [env: INTERLOCK_DATA].")] = None,
) -> None:
    """Serve GraphQL at /graphql and MCP at /mcp.

    With --transport stdio: if a server already runs on this data directory, or INTERLOCK_URL is
    set, bridge to it; else serve from this process.
    """
    from api.serve import Refused, serve_http
    from api.settings import SettingsError, load_settings

    named: dict[str, Any] = {"host": host, "port": port, "data": data}
    given = {name: value for name, value in named.items() if value is not None}
    try:
        settings = load_settings(**given)
        if transport is Transport.STDIO:
            from api.stdio import serve_stdio

            serve_stdio(settings)
        else:
            serve_http(settings)
    except (SettingsError, Refused) as error:
        raise Failure(str(error)) from error
