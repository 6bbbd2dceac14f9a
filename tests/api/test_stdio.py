"""Editors on one machine: the first serves the data directory, the others reach it, one takes over."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from api.stdio import SharedExecutor
from api.stores import open_store
from store.sqlite.store import served_by
from tests.api.conftest import settings_for

ADD = 'mutation a($name: String!) { createChecklist(input: {name: $name, project: "p"}) { name } }'
LIST = '{ checklists(project: "p") { nodes { name } } }'


@pytest.fixture(autouse=True)
def _no_server_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTERLOCK_URL", raising=False)
    monkeypatch.delenv("INTERLOCK_API_KEY", raising=False)


async def ask(executor: SharedExecutor, document: str, **variables: Any) -> Any:
    response = await executor.execute(
        document, operation=None, variables=variables, authorization=None, notices=False
    )
    assert "errors" not in response, response
    return response["data"]


async def names(executor: SharedExecutor) -> list[str]:
    return [node["name"] for node in (await ask(executor, LIST))["checklists"]["nodes"]]


async def test_two_editors_share_one_brain_and_the_second_takes_over(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    async with SharedExecutor(settings) as first:
        await ask(first, ADD, name="by-first")
        second = SharedExecutor(settings)
        async with second:
            assert await names(second) == ["by-first"]
            await ask(second, ADD, name="by-second")
            assert await names(first) == ["by-first", "by-second"]
            await first.__aexit__(None, None, None)
            assert served_by(settings.data) is None
            assert await names(second) == ["by-first", "by-second"]
            assert served_by(settings.data) is not None
            await ask(second, ADD, name="alone")
    assert served_by(settings.data) is None


async def test_a_server_named_by_url_is_used(
    serving: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving()
    monkeypatch.setenv("INTERLOCK_URL", server.url)
    async with SharedExecutor(settings_for(tmp_path / "unused")) as executor:
        await ask(executor, ADD, name="there")
    assert not (tmp_path / "unused").exists()
    assert (await server.data(LIST))["checklists"]["nodes"] == [{"name": "there"}]


async def test_a_directory_whose_holder_does_not_answer_is_told_as_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raised, it would take the whole connection of an editor that follows a resource along."""
    monkeypatch.setattr("api.stdio.ATTEMPTS", 1)
    monkeypatch.setattr("api.stdio.PAUSE_SECONDS", 0)
    settings = settings_for(tmp_path / "data")
    async with (
        SharedExecutor(settings) as first,
        SharedExecutor(settings) as second,
        AsyncExitStack() as stack,
    ):
        await first.__aexit__(None, None, None)
        await open_store(stack, settings, {})
        response = await second.execute(LIST, operation=None, variables={}, authorization=None, notices=False)
        assert response["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert "does not answer" in response["errors"][0]["message"]
        items = second.subscribe("subscription { __typename }", variables={}, authorization=None)
        assert [item["errors"] for item in [item async for item in items]] == [response["errors"]]


class Editor:
    """One that has started `interlock serve --transport stdio` and speaks to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, data: Path) -> Editor:
        command = "from api.settings import load_settings\nfrom api.stdio import serve_stdio\nserve_stdio(load_settings())"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            command,
            env={**os.environ, "INTERLOCK_DATA": str(data), "INTERLOCK_PORT": "0"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        info = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        assert process.stdin is not None and process.stdout is not None
        frame = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": info}
        process.stdin.write(json.dumps(frame).encode() + b"\n")
        answer = await asyncio.wait_for(process.stdout.readline(), 60)
        assert json.loads(answer)["id"] == 1
        return cls(process)

    async def end(self, by: signal.Signals) -> tuple[int | None, bytes]:
        """Send a signal while the editor's end stays open; return the exit code and what was said."""
        self._process.send_signal(by)
        assert self._process.stderr is not None
        said = await asyncio.wait_for(self._process.stderr.read(), 60)
        return await asyncio.wait_for(self._process.wait(), 60), said

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def test_a_signal_ends_it_although_the_editor_still_listens(tmp_path: Path) -> None:
    """It kept the data directory, served nobody else any more, and every other editor was shut out."""
    data = tmp_path / "data"
    async with AsyncExitStack() as stack:
        first = await Editor.start(data)
        stack.push_async_callback(first.kill)
        second = await Editor.start(data)
        stack.push_async_callback(second.kill)
        assert await second.end(signal.SIGINT) == (0, b"")
        assert served_by(data) is not None
        assert await first.end(signal.SIGTERM) == (0, b"")
        assert served_by(data) is None
