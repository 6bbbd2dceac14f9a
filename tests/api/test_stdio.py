"""Editors on one machine: the first serves the data directory, the others reach it, one takes over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.stdio import SharedExecutor
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
