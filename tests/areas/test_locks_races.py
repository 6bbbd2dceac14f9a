"""Locks under real concurrency: one holder at any moment, first come first served, nobody forgotten."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Role
from resolvers.locks import locks
from resolvers.rules import Rules
from store.feed.feed import Feed
from store.port import By, Changes, Store
from store.records import Event, Lock, LockWaiter, Notice, Record, Session
from store.sqlite.store import SqliteStore
from store.sqlite.threads import WriteLane
from tests.areas.lock_cases import LOCK, Agent, begin, log_of, replayed, until
from tests.conftest import Clock, Run, failure

PLACES = ("./", "src/", "src/a/", "src/a/x.py", "src/a/y.py", "src/b.py", "docs/", "docs/x.md", "z.py")


async def waiting(engine: Engine) -> tuple[LockWaiter, ...]:
    return (await engine.store.find(LockWaiter, {"project": "p"}, order=(By("created_at"),))).records


async def queue_up(
    engine: Engine, agents: list[Agent], *files: str, wait: int = 20
) -> list[asyncio.Task[dict[str, object]]]:
    """Let the agents ask one after the other, each once the one before it is in the queue."""
    tasks = []
    for count, agent in enumerate(agents, 1):
        tasks.append(asyncio.create_task(agent.lock(*files, wait=wait)))

        async def is_queued(count: int = count) -> bool:
            return len(await waiting(engine)) == count

        await until(is_queued, engine)
    return tasks


@pytest.mark.parametrize("clients", [2, 8, 64])
async def test_b2_of_many_who_ask_at_once_exactly_one_gets_the_path(
    engine: Engine, run: Run, clients: int
) -> None:
    agents = [await begin(engine, run, f"a{n}") for n in range(clients)]
    outcomes = await asyncio.gather(
        *(agent.lock("src/" if n % 2 else "src/x.py") for n, agent in enumerate(agents))
    )
    assert sum(outcome["isGranted"] for outcome in outcomes) == 1
    assert len(replayed(await log_of(engine))) == 1


async def test_b2_two_processes_on_one_store_never_grant_the_same_place(engine: Engine, run: Run) -> None:
    engines = [Engine(engine.store, engine.feed) for _ in range(4)]
    agents = [await begin(engine, run, f"a{n}") for n in range(16)]
    for turn in range(5):
        acts = [
            await engines[n % 4].admit(LOCAL_OWNER, Role.AGENT, agent.session)
            for n, agent in enumerate(agents)
        ]
        outcomes = await asyncio.gather(
            *(
                locks.lock_files(act, files=[f"d{turn}/" if n % 3 else f"d{turn}/x{n}"], reason="r")
                for n, act in enumerate(acts)
            )
        )
        assert any(outcome.is_granted for outcome in outcomes)
        replayed(await log_of(engine))


@pytest.mark.parametrize("clients", [2, 8, 64])
async def test_overlapping_paths_and_directories_never_have_two_holders(
    engine: Engine, run: Run, clients: int
) -> None:
    chance = random.Random(clients)
    agents = [await begin(engine, run, f"a{n}") for n in range(clients)]
    rounds = max(2, 64 // clients)
    granted: Counter[bool] = Counter()

    async def work(agent: Agent) -> None:
        for _ in range(rounds):
            files = chance.sample(PLACES, chance.randint(1, 2))
            outcome = await agent.lock(*files, wait=chance.choice((0, 30)))
            granted[bool(outcome["isGranted"])] += 1
            if outcome["isGranted"]:
                await agent.unlock()

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(agent) for agent in agents))
    assert replayed(await log_of(engine)) == {}
    # Not every one: half of the requests do not wait, and on a busy machine those that do may be given up.
    assert granted[True] >= clients // 4
    assert not await waiting(engine)


async def test_waiters_are_served_in_the_order_they_came(engine: Engine, run: Run) -> None:
    holder = await begin(engine, run, "holder")
    await holder.lock("src/x.py")
    agents = [await begin(engine, run, f"a{n}") for n in range(8)]
    tasks = await queue_up(engine, agents, "src/x.py")
    served: list[str] = []

    async def serve(agent: Agent, task: asyncio.Task[dict[str, object]]) -> None:
        assert (await task)["isGranted"]
        served.append(agent.name)
        await agent.unlock()

    serving = [asyncio.create_task(serve(agent, task)) for agent, task in zip(agents, tasks, strict=True)]
    await holder.unlock()
    async with asyncio.timeout(10):
        await asyncio.gather(*serving)
    assert served == [agent.name for agent in agents]
    assert replayed(await log_of(engine)) == {}


async def test_a_later_request_does_not_overtake_one_that_waits(engine: Engine, run: Run) -> None:
    ada, bob, carl = [await begin(engine, run, name) for name in ("ada", "bob", "carl")]
    await ada.lock("a.py")
    (task,) = await queue_up(engine, [bob], "a.py", "b.py")
    refused = await carl.lock("b.py")
    (conflict,) = refused["conflicts"]
    assert (conflict["holder"], conflict["path"], conflict["isQueued"]) == ("bob", "b.py", True)
    assert "queued for bob" in refused["message"]
    assert (await carl.lock("c.py"))["isGranted"]
    assert (await ada.lock("a.py"))["isGranted"]
    await ada.unlock()
    assert (await task)["isGranted"]


async def test_a_holder_gets_what_lies_under_its_own_directory_though_others_wait(
    engine: Engine, run: Run
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("src/")
    (task,) = await queue_up(engine, [bob], "src/x.py")
    assert (await ada.lock("src/x.py"))["isGranted"]
    await ada.unlock()
    assert (await task)["isGranted"]


async def test_a_cancelled_waiter_leaves_the_queue_and_blocks_nobody(engine: Engine, run: Run) -> None:
    holder, ada, bob = [await begin(engine, run, name) for name in ("holder", "ada", "bob")]
    await holder.lock("a.py")
    first, second = await queue_up(engine, [ada, bob], "a.py")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert [waiter.agent for waiter in await waiting(engine)] == ["bob"]
    await holder.unlock()
    async with asyncio.timeout(15):
        assert (await second)["isGranted"]


async def test_who_waits_behind_a_cancelled_waiter_for_a_free_path_gets_it_at_once(
    engine: Engine, run: Run
) -> None:
    holder, ada, bob = [await begin(engine, run, name) for name in ("holder", "ada", "bob")]
    await holder.lock("a.py")
    (first,) = await queue_up(engine, [ada], "a.py", "b.py")
    second = asyncio.create_task(bob.lock("b.py", wait=20))

    async def both_wait() -> bool:
        return len(await waiting(engine)) == 2

    await until(both_wait, engine)
    first.cancel()
    async with asyncio.timeout(15):
        assert (await second)["isGranted"]


async def test_a_waiter_whose_time_is_up_is_told_and_leaves_the_queue(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py")
    refused = await bob.lock("a.py", wait=1)
    assert [conflict["holder"] for conflict in refused["conflicts"]] == ["ada"]
    assert not await waiting(engine)
    assert (await log_of(engine))[-1].kind == "lock.wait_ended"


async def test_a_wait_for_a_lock_shows_once_with_its_paths_and_who_is_in_the_way(
    engine: Engine, run: Run
) -> None:
    ada, bob, cy = [await begin(engine, run, name) for name in ("ada", "bob", "cy")]
    await ada.lock("a.py")
    (first,) = await queue_up(engine, [bob], "a.py", "b.py")
    second = asyncio.create_task(cy.lock("b.py", wait=20))

    async def both_wait() -> bool:
        return len(await waiting(engine)) == 2

    await until(both_wait, engine)
    await ada.end()
    async with asyncio.timeout(15):
        assert (await first)["isGranted"]
    second.cancel()
    told = [event for event in await log_of(engine) if event.kind == "lock.waiting"]
    assert [(event.actor, event.data["paths"], event.data["in_the_way"]) for event in told] == [
        ("bob", ["a.py", "b.py"], [{"path": "a.py", "holder": "ada"}]),
        ("cy", ["b.py"], [{"path": "b.py", "holder": "bob"}]),
    ]


async def test_of_two_that_wait_with_one_idempotency_key_neither_keeps_its_place_in_the_queue(
    engine: Engine, run: Run
) -> None:
    ada, bob, cy = [await begin(engine, run, name) for name in ("ada", "bob", "cy")]
    await ada.lock("a.py")
    twice = [asyncio.create_task(bob.lock("a.py", "b.py", wait=20, key="k")) for _ in range(2)]

    async def both_wait() -> bool:
        return len(await waiting(engine)) == 2

    await until(both_wait, engine)
    await ada.unlock()
    async with asyncio.timeout(10):
        first, second = await asyncio.gather(*twice)
    assert first["isGranted"]
    assert first == second
    assert not await waiting(engine)
    await bob.unlock()
    assert (await cy.lock("b.py"))["isGranted"]


async def test_the_end_of_a_session_hands_its_locks_to_who_waits(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py", "b.py")
    (task,) = await queue_up(engine, [bob], "a.py")
    await ada.end()
    async with asyncio.timeout(15):
        assert (await task)["isGranted"]
    assert set(replayed(await log_of(engine))) == {"a.py"}


async def test_a_waiter_whose_session_ends_gives_up_and_lets_the_next_through(
    engine: Engine, run: Run
) -> None:
    holder, ada, bob = [await begin(engine, run, name) for name in ("holder", "ada", "bob")]
    await holder.lock("a.py")

    async def ask() -> dict[str, Any]:
        return await run(LOCK, {"session": ada.session, "files": ["a.py", "b.py"], "wait": 20})

    ended = asyncio.create_task(ask())

    async def is_waiting() -> bool:
        return bool(await waiting(engine))

    await until(is_waiting, engine)
    behind = asyncio.create_task(bob.lock("b.py", wait=20))

    async def both_wait() -> bool:
        return len(await waiting(engine)) == 2

    await until(both_wait, engine)
    await ada.end()
    async with asyncio.timeout(15):
        assert failure(await ended) == ("CONFLICT", "sessionId")
        assert (await behind)["isGranted"]
    assert not await waiting(engine)


async def test_locking_and_ending_at_once_never_leaves_a_lock_behind(engine: Engine, run: Run) -> None:
    for n in range(20):
        agent = await begin(engine, run, f"a{n}")
        await asyncio.gather(
            run(LOCK, {"session": agent.session, "files": ["a.py"]}), agent.end(), return_exceptions=True
        )
        assert not (await engine.store.find(Lock, {"session_id": agent.session})).records
    assert replayed(await log_of(engine)) == {}


async def test_the_request_of_a_dead_server_blocks_nobody_for_long(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    now = await engine.store.now()
    left = LockWaiter(
        id="wai_dead",
        project="p",
        session_id=ada.session,
        agent="ada",
        paths=("a.py",),
        expires_at=now + timedelta(minutes=1),
        created_at=now,
    )
    await engine.write(Changes(puts=(left,)))
    assert not (await bob.lock("a.py"))["isGranted"]
    soon = replace(left, version=1, expires_at=await engine.store.now() + timedelta(seconds=0.5))
    await engine.write(Changes(puts=(soon,)))
    async with asyncio.timeout(10):
        assert (await bob.lock("a.py", wait=20))["isGranted"]
    assert replace(soon, version=2) in await waiting(engine)


async def test_a_lock_that_turns_stale_meanwhile_goes_to_who_waits(tmp_path: Path, run: Run) -> None:
    store = await SqliteStore.open(tmp_path / "quick")
    async with Feed(store) as feed:
        quick = Engine(store, feed, Rules(lock_stale_after=timedelta(seconds=1)))
        ada, bob = await begin(quick, run, "ada"), await begin(quick, run, "bob")
        held = await locks.lock_files(
            await quick.admit(LOCAL_OWNER, Role.AGENT, ada.session), files=["a.py"], reason="r"
        )
        assert held.is_granted
        async with asyncio.timeout(15):
            taken = await locks.lock_files(
                await quick.admit(LOCAL_OWNER, Role.AGENT, bob.session),
                files=["a.py"],
                reason="r",
                wait_seconds=20,
            )
        assert taken.is_granted
        assert [lost.holder for lost in taken.displaced] == ["ada"]
        assert len((await store.find(Notice, {"session_id": ada.session})).records) == 1
    await store.close()


async def test_waiting_reads_nothing_while_nothing_happens(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py")
    task = asyncio.create_task(bob.lock("a.py", wait=2))

    async def is_waiting() -> bool:
        return bool(await waiting(engine)) and engine.feed.subscriber_count == 1

    await until(is_waiting, engine)
    calls: Counter[str] = Counter()
    for name in ("read", "settle"):
        real = getattr(engine.store, name)

        def counted(*args: object, _name: str = name, _real: object = real, **more: object) -> object:
            calls[_name] += 1
            return _real(*args, **more)  # type: ignore[operator]

        monkeypatch.setattr(engine.store, name, counted)
    refused = await task
    assert not refused["isGranted"]
    # One last look when the time is up: where the feed is, what decides, the holders of the locks in the way.
    assert calls == {"read": 3, "settle": 1}


def share(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine decide as it does on a store that others write to as well: first read, then commit."""
    monkeypatch.setattr(engine.store, "settle", partial(Store.settle, engine.store))


def slip_in(engine: Engine, monkeypatch: pytest.MonkeyPatch, record: Record) -> None:
    """Let another process put `record` just before the next commit, after its decision has read."""
    share(engine, monkeypatch)
    real = engine.store.commit
    pending = [record]

    async def commit(changes: Changes) -> tuple[Event, ...]:
        if pending:
            await real(Changes(puts=(pending.pop(),)))
        return await real(changes)

    monkeypatch.setattr(engine.store, "commit", commit)


async def test_a_holder_that_comes_back_during_a_takeover_keeps_its_lock(
    engine: Engine, run: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await begin(engine, run, "ada")
    await ada.lock("a.py")
    clock.forward(minutes=31)
    bob = await begin(engine, run, "bob")
    holder = await engine.store.get(Session, ada.session)
    assert holder is not None
    slip_in(engine, monkeypatch, replace(holder, active_at=await engine.store.now()))
    assert not (await bob.lock("a.py"))["isGranted"]
    assert replayed(await log_of(engine))["a.py"]["agent"] == "ada"


@pytest.mark.parametrize("is_held", [False, True])
async def test_a_session_that_another_process_ends_meanwhile_gets_neither_lock_nor_place(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch, is_held: bool
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    if is_held:
        await bob.lock("a.py")
    session = await engine.store.get(Session, ada.session)
    assert session is not None
    slip_in(engine, monkeypatch, replace(session, status="ended"))
    answer = await run(LOCK, {"session": ada.session, "files": ["a.py"], "wait": 5})
    assert failure(answer) == ("CONFLICT", "sessionId")
    assert not (await engine.store.find(Lock, {"session_id": ada.session})).records
    assert not await waiting(engine)


async def test_a_grant_of_another_process_between_read_and_commit_is_seen(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await bob.lock("other")
    elsewhere = Engine(engine.store, engine.feed)
    act = await elsewhere.admit(LOCAL_OWNER, Role.AGENT, bob.session)
    share(engine, monkeypatch)
    real, is_first = engine.store.commit, [True]

    async def commit(changes: Changes) -> tuple[Event, ...]:
        if is_first:
            is_first.clear()
            assert (await locks.lock_files(act, files=["src/"], reason="r")).is_granted
        return await real(changes)

    monkeypatch.setattr(engine.store, "commit", commit)
    refused = await ada.lock("src/x.py")
    assert [conflict["holder"] for conflict in refused["conflicts"]] == ["bob"]
    assert set(replayed(await log_of(engine))) == {"other", "src/"}


async def test_a_release_whose_caller_goes_away_during_its_commit_wakes_who_waits(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py")
    (task,) = await queue_up(engine, [bob], "a.py")
    real, reached = engine.store.settle, asyncio.Event()

    async def settle(decide: Any) -> Any:
        reached.set()
        return await real(decide)

    monkeypatch.setattr(engine.store, "settle", settle)
    releasing = asyncio.create_task(ada.unlock())
    await reached.wait()
    releasing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await releasing
    async with asyncio.timeout(15):
        assert (await task)["isGranted"]


async def test_a_waiter_cancelled_while_it_joins_the_queue_leaves_nothing_there(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob, carl = [await begin(engine, run, name) for name in ("ada", "bob", "carl")]
    await ada.lock("a.py")
    real, reached, go_on = engine.store.settle, asyncio.Event(), asyncio.Event()

    async def settle(decide: Any) -> Any:
        if not reached.is_set():
            reached.set()
            await go_on.wait()
        return await real(decide)

    monkeypatch.setattr(engine.store, "settle", settle)
    joining = asyncio.create_task(bob.lock("a.py", "b.py", wait=20))
    await reached.wait()
    joining.cancel()
    await asyncio.sleep(0)
    joining.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await joining
    async with asyncio.timeout(15):
        assert (await carl.lock("b.py", wait=20))["isGranted"]
    assert not await waiting(engine)


async def test_requests_of_one_moment_share_their_waits_for_the_disk(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = [await begin(engine, run, f"a{n}") for n in range(32)]
    batches: list[int] = []
    real = WriteLane._answer

    def counted(lane: WriteLane, batch: list[Any]) -> list[Any]:
        batches.append(len(batch))
        return real(lane, batch)

    monkeypatch.setattr(WriteLane, "_answer", counted)
    # Every second one wants the file of the one before it.
    outcomes = await asyncio.gather(*(one.lock(f"src/{n // 2}.py") for n, one in enumerate(agents)))
    granted = [outcome for outcome in outcomes if outcome["isGranted"]]
    assert len(granted) == 16
    assert all(outcome["conflicts"] for outcome in outcomes if not outcome["isGranted"])
    assert len({lock["fence"] for outcome in granted for lock in outcome["granted"]}) == 16
    assert len(batches) < 8
    events = await engine.store.events_after("p", 0)
    actors = [event.actor for event in events if event.kind == "lock.granted"]
    assert len(set(actors)) == 16
