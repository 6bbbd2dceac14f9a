"""`interlock doctor`: look at what a working set-up needs, and say what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx
import typer

from cli.connection import ApiKey, Connection, Url, ask, connection, data_directory
from cli.failure import Failure

Check = Callable[[Connection], str]


def doctor(url: Url = "", key: ApiKey = "") -> None:
    """Check this machine, data directory, server, key and tools."""
    to = connection(url, key)
    failed = 0
    for name, check in CHECKS.items():
        try:
            typer.echo(f"ok    {name}: {check(to)}")
        except Failure as failure:
            failed += 1
            typer.echo(f"FAIL  {name}: {failure}")
    if failed:
        raise Failure(f"{failed} of {len(CHECKS)} checks failed")


def _python(_: Connection) -> str:
    parts = []
    for name in ("interlock", "strawberry-graphql", "mcp", "starlette"):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError as error:
            raise Failure(f"{name} is not installed") from error
    return f"{sys.version.split()[0]}; {', '.join(parts)}"


def _data(_: Connection) -> str:
    directory = data_directory()
    existing = next((path for path in (directory, *directory.parents) if path.exists()), directory)
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise Failure(f"{existing} cannot be written: set INTERLOCK_DATA")
    return str(directory)


def _server(to: Connection) -> str:
    try:
        answer = httpx.get(f"{to.url}/health", timeout=10)
    except httpx.HTTPError as error:
        raise Failure(f"no server at {to.url}: start one with `interlock serve`") from error
    try:
        parts: Any = answer.json()
    except ValueError as error:
        raise Failure(f"{to.url} is not an Interlock server") from error
    if not isinstance(parts, dict) or "status" not in parts:
        raise Failure(f"{to.url} is not an Interlock server")
    if answer.status_code != 200:
        raise Failure(f"{to.url} is not healthy: {_faults(parts)}")
    return f"{to.url} is healthy"


def _faults(health: dict[str, Any]) -> str:
    parts = health.get("parts")
    failing = {
        name: part.get("detail", "fails")
        for name, part in (parts.items() if isinstance(parts, dict) else ())
        if isinstance(part, dict) and not part.get("ok")
    }
    return "; ".join(f"{name}: {detail}" for name, detail in failing.items()) or str(health["status"])


def _key(to: Connection) -> str:
    status = ask(to, "{ authStatus { isEnabled keyName role } }")["authStatus"]
    state = "on" if status["isEnabled"] else "off"
    return f"authentication is {state}; acting as {status['keyName']} ({status['role'].lower()})"


def _tools(to: Connection) -> str:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {**to.headers, "Accept": "application/json, text/event-stream"}
    try:
        answer = httpx.post(f"{to.url}/mcp", json=call, headers=headers, timeout=10)
        tools = answer.json()["result"]["tools"]
    except httpx.HTTPError as error:
        raise Failure(f"no server at {to.url}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"{to.url}/mcp does not list its tools (HTTP {answer.status_code})") from error
    return f"{len(tools)} MCP tools at {to.url}/mcp"


CHECKS: dict[str, Check] = {
    "python": _python,
    "data": _data,
    "server": _server,
    "key": _key,
    "tools": _tools,
}
