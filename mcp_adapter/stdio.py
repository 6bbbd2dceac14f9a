"""Serving one client on standard input and output; nothing but the protocol is ever written there."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLSchema
from mcp.server.stdio import stdio_server

from mcp_adapter.executor import Executor
from mcp_adapter.server import build_server


async def run_stdio(executor: Executor, sdl: str | GraphQLSchema, **options: Any) -> None:
    """Serve until standard input ends. Anything printed meanwhile goes to standard error.

    `options` are those of `build_server`.
    """
    server = build_server(executor, sdl, is_persistent=True, **options)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
