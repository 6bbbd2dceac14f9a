"""Locks against a plain model: any order of locking, releasing, idling, taking over and ending."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from resolvers.acts import Act, Engine
from resolvers.callers import LOCAL_OWNER, Role
from resolvers.locks import locks
from store.feed.feed import Feed
from store.port import Changes
from store.records import Lock, Session
from store.sqlite.store import SqliteStore
from tests.areas.lock_cases import log_of, replayed
from tests.conftest import Clock

PATHS = ("./", "a/", "a/b/", "a/b/c", "a/d", "ab", "e/")
FILES = st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True)
AGENTS = st.sampled_from(("ada", "bob", "carl"))
STALE_MINUTES = 30


def parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def meet(one: str, other: str) -> bool:
    return all(a == b for a, b in zip(parts(one), parts(other), strict=False))


class Locks(RuleBasedStateMachine):
    """The model: who holds which path with which fence, and when each was last active."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.minutes = 0
        self.held: dict[str, tuple[str, int]] = {}
        self.active = dict.fromkeys(("ada", "bob", "carl"), 0)
        self.fence = 0
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.store = await SqliteStore.open(self.directory, clock=self.clock)
        self.feed = await Feed(self.store).__aenter__()
        self.engine = Engine(self.store, self.feed)
        now = await self.store.now()
        for name in self.active:
            begun = Session(id=f"ses_{name}", project="p", agent=name, key_id="local", active_at=now)
            await self.store.commit(Changes(puts=(begun,)))

    async def _act(self, agent: str) -> Act:
        self.active[agent] = self.minutes
        return await self.engine.admit(LOCAL_OWNER, Role.AGENT, f"ses_{agent}")

    def _is_stale(self, agent: str) -> bool:
        return self.minutes - self.active[agent] > STALE_MINUTES

    @rule(agent=AGENTS, files=FILES)
    def lock(self, agent: str, files: list[str]) -> None:
        async def ask() -> Any:
            return await locks.lock_files(await self._act(agent), files=files, reason="r")

        outcome = self.runner.run(ask())
        against = {
            path: holder
            for path, (holder, _) in self.held.items()
            if holder != agent and any(meet(path, wanted) for wanted in files)
        }
        assert outcome.is_granted is all(self._is_stale(holder) for holder in against.values())
        if not outcome.is_granted:
            assert {(c.path, c.holder, c.stale) for c in outcome.conflicts} == {
                (path, holder, self._is_stale(holder)) for path, holder in against.items()
            }
            return
        assert {(lost.path, lost.holder) for lost in outcome.displaced} == set(against.items())
        for path in against:
            del self.held[path]
        assert [lock.path for lock in outcome.granted] == files
        for lock in outcome.granted:
            if lock.path in self.held:
                assert lock.fence == self.held[lock.path][1]
            else:
                assert lock.fence > self.fence
                self.fence = lock.fence
                self.held[lock.path] = (agent, lock.fence)

    @rule(agent=AGENTS, files=st.none() | FILES)
    def unlock(self, agent: str, files: list[str] | None) -> None:
        async def ask() -> Any:
            return await locks.unlock_files(await self._act(agent), files=files)

        outcome = self.runner.run(ask())
        own = {path for path, (holder, _) in self.held.items() if holder == agent}
        gone = own if files is None else own & set(files)
        assert set(outcome.released) == gone
        assert set(outcome.still_held) == own - gone
        assert set(outcome.not_held) == set(files or ()) - own
        for path in gone:
            del self.held[path]

    @rule(files=FILES)
    def force(self, files: list[str]) -> None:
        async def ask() -> Any:
            act = await self.engine.admit(LOCAL_OWNER, Role.ADMIN)
            return await locks.force_unlock(act, files=files, reason="r", project="p")

        outcome = self.runner.run(ask())
        assert set(outcome.released) == set(files) & set(self.held)
        for path in outcome.released:
            del self.held[path]

    @rule(minutes=st.sampled_from((7, 20, 41)))
    def time_passes(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)
        self.minutes += minutes

    @invariant()
    def the_store_and_the_log_agree_with_the_model(self) -> None:
        async def look() -> tuple[dict[str, tuple[str, int]], dict[str, tuple[str, int]]]:
            stored = (await self.store.find(Lock, {"project": "p"}, limit=1_000)).records
            told = replayed(await log_of(self.engine))
            return (
                {lock.path: (lock.agent, lock.fence) for lock in stored},
                {path: (lock["agent"], lock["fence"]) for path, lock in told.items()},
            )

        stored, told = self.runner.run(look())
        assert stored == told == self.held

    def teardown(self) -> None:
        async def close() -> None:
            await self.feed.__aexit__(None, None, None)
            await self.store.close()

        self.runner.run(close())
        self.runner.close()
        shutil.rmtree(self.directory)


Locks.TestCase.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLocks = Locks.TestCase
