"""A chore that one process at a time may do: who has the lease does it, and loses it when it dies."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from resolvers import leases, retention
from resolvers.acts import Engine
from store.records import Lease
from tests.conftest import Clock

MINUTE = timedelta(minutes=1)


async def test_of_two_processes_one_has_the_lease_until_it_gives_it_back(
    engines: tuple[Engine, Engine],
) -> None:
    one, other = engines
    won = await asyncio.gather(*(leases.acquire(engine, "chore", MINUTE) for engine in engines))
    assert sorted(won) == [False, True]
    holder, rest = (one, other) if won[0] else (other, one)
    assert await leases.acquire(holder, "chore", MINUTE)
    assert not await leases.acquire(rest, "chore", MINUTE)
    await leases.release(rest, "chore")
    assert not await leases.acquire(rest, "chore", MINUTE)
    await leases.release(holder, "chore")
    assert await leases.acquire(rest, "chore", MINUTE)


async def test_the_lease_of_a_dead_process_is_taken_when_its_time_is_over(
    engines: tuple[Engine, Engine], clock: Clock
) -> None:
    one, other = engines
    assert await leases.acquire(one, "chore", MINUTE)
    clock.forward(seconds=59)
    assert not await leases.acquire(other, "chore", MINUTE)
    clock.forward(seconds=2)
    assert await leases.acquire(other, "chore", MINUTE)
    assert not await leases.acquire(one, "chore", MINUTE)


async def test_while_one_process_tidies_the_other_does_not(engines: tuple[Engine, Engine]) -> None:
    one, other = engines
    assert await leases.acquire(one, "tidy", MINUTE)
    assert await retention.tidy(other) == {}
    assert set(await retention.tidy(one)) > {"sessions", "events"}
    assert await one.store.count(Lease, {}) == 0
    assert set(await retention.tidy(other)) > {"sessions", "events"}
