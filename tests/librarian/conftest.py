"""A model that is told what to answer, and librarians that ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from librarian.asking import Asker
from librarian.budget import Budget
from librarian.daemon import Daemon
from librarian.metrics import Metrics
from librarian.roots import Roots
from librarian.server import Address, Server
from librarian.settings import Settings
from librarian.work import Work
from tests.api.conftest import Running, serving  # noqa: F401 - a fixture of these tests too
from tests.librarian.model import Model

NAMES = ("LIBRARIAN_", "ANTHROPIC_")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(NAMES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def model() -> Iterator[Model]:
    with Model().serving() as one:
        yield one


@pytest.fixture
def settings(model: Model, tmp_path: Path) -> Callable[..., Settings]:
    """Settings that point at the model; `code` of the test's directory is the root of every project."""
    (tmp_path / "code").mkdir()

    def make(**given: Any) -> Settings:
        values: dict[str, Any] = {
            "roots": {"*": [tmp_path / "code"]},
            "model": "m",
            "base_url": model.url,
            "api_key": "secret-key",
            "timeout_seconds": 10,
            "state": tmp_path / "tokens.json",
        }
        return Settings(_env_file=None, **{**values, **given})

    return make


class Pauses:
    """Time that passes at once, and how long it was."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


AskerFor = Callable[..., Any]


@pytest.fixture
async def asker(
    settings: Callable[..., Settings], pauses: Pauses, tmp_path: Path
) -> AsyncIterator[Callable[..., Any]]:
    """Make an asker of the model; its metrics and budget are `asker.metrics`, `asker.budget`."""
    async with AsyncExitStack() as stack:

        async def make(**given: Any) -> Asker:
            chosen, metrics = settings(**given), Metrics()
            budget = Budget(tmp_path / "tokens.json", chosen.daily_tokens)
            made = await stack.enter_async_context(Asker(chosen, budget, metrics, pauses))
            made.metrics, made.budget = metrics, budget  # type: ignore[attr-defined]
            return made

        yield make


class Librarian:
    """A daemon with all its parts, on a server of this process."""

    def __init__(self, settings: Settings, server: Running, pauses: Pauses) -> None:
        self.settings = settings
        self.running = server
        self.metrics = Metrics()
        self._pauses = pauses
        self._task: asyncio.Task[None] | None = None

    def number(self, outcome: str) -> int:
        return self.metrics.number("librarian_functions_total", outcome=outcome)

    async def drain(self) -> None:
        await self._with(lambda daemon: daemon.drain())

    def start(self) -> None:
        self._task = asyncio.create_task(self._with(lambda daemon: daemon.run()))

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _with(self, run: Callable[[Daemon], Any]) -> None:
        budget = Budget(self.settings.state or Path("never"), self.settings.daily_tokens)
        roots = Roots(self.settings.roots)
        async with (
            Server(lambda: Address(f"{self.running.url}/graphql", {})) as server,
            Asker(self.settings, budget, self.metrics, self._pauses) as asker,
        ):
            work = Work(server, roots, asker, self.metrics)
            await run(Daemon(self.settings, server, work, self.metrics, roots.projects))
