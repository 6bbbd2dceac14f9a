"""Serving one client on standard input and output; nothing but the protocol is ever written there."""

from __future__ import annotations

from graphql import GraphQLSchema
from mcp.server.stdio import stdio_server

from mcp_adapter.executor import Executor
from mcp_adapter.profiles import FULL
from mcp_adapter.server import build_server


async def run_stdio(
    executor: Executor, sdl: str | GraphQLSchema, *, profile: str = FULL, version: str = ""
) -> None:
    """Serve until standard input ends. Anything printed meanwhile goes to standard error."""
    server = build_server(executor, sdl, profile=profile, version=version, is_persistent=True)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
