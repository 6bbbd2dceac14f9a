"""Notices: what a session is told unasked, once, and at what price."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from resolvers.acts import Engine
from store.port import Changes
from store.records import Delivery, Notice, new_id
from tests.areas.lock_cases import LOCK, Agent, begin
from tests.conftest import Clock, Run

READ = "query($session: ID) { checklists(sessionId: $session) { nodes { name } } }"


async def told(run: Run, agent: Agent, *, wanted: bool = True) -> list[str]:
    """Make a call in the agent's session and return the notices that came with it."""
    answer = await run(READ, {"session": agent.session}, notices=wanted)
    assert not answer["errors"], answer["errors"]
    return list(answer["extensions"].get("notices", []))


async def owe(engine: Engine, agent: Agent, *texts: str) -> None:
    for text in texts:
        now = await engine.store.now()
        notice = Notice(
            id=new_id("ntc"),
            project="p",
            session_id=agent.session,
            kind="lock_lost",
            text=text,
            created_at=now,
        )
        await engine.write(Changes(puts=(notice,)))


async def deliver(engine: Engine, recipient: str, *, rank: int = 0, status: str = "pending") -> None:
    message = new_id("msg")
    now = await engine.store.now()
    delivery = Delivery(
        id=f"{message}:{recipient}",
        project="p",
        message_id=message,
        recipient=recipient,
        status=status,
        priority_rank=rank,
        created_at=now,
    )
    await engine.write(Changes(puts=(delivery,)))


async def test_a_session_whose_lock_was_taken_over_is_told_with_its_next_call_only(
    engine: Engine, run: Run, clock: Clock
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("src/a.py")
    clock.forward(minutes=31)
    assert (await bob.lock("src/"))["isGranted"]
    assert await told(run, bob) == []
    (line,) = await told(run, ada)
    assert line.startswith("Your lock on src/a.py was taken over by bob")
    assert await told(run, ada) == []


async def test_unread_urgent_messages_are_told_until_they_are_read(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await deliver(engine, "ada", rank=1)
    await deliver(engine, "bob")
    await deliver(engine, "ada", status="delivered")
    assert await told(run, ada) == []
    await deliver(engine, "ada")
    assert await told(run, ada) == ["1 urgent message unread: call memory_get_messages."]
    for _ in range(11):
        await deliver(engine, "ada")
    assert await told(run, ada) == ["10+ urgent messages unread: call memory_get_messages."]


async def test_at_most_three_lines_come_at_once_and_none_is_lost(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await owe(engine, ada, "one", "two", "three", "four")
    await deliver(engine, "ada")
    urgent = "1 urgent message unread: call memory_get_messages."
    assert await told(run, ada) == ["one", "two", urgent]
    assert await told(run, ada) == ["three", "four", urgent]


async def test_calls_at_the_same_moment_tell_a_notice_once(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await owe(engine, ada, *(f"n{n}" for n in range(5)))
    lines = [line for one in await asyncio.gather(*(told(run, ada) for _ in range(8))) for line in one]
    assert sorted(lines) == [f"n{n}" for n in range(5)]


async def test_a_notice_stays_owed_to_a_caller_that_does_not_want_any(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await owe(engine, ada, "one")
    assert await told(run, ada, wanted=False) == []
    assert await told(run, ada) == ["one"]


async def test_a_failed_call_carries_notices_too(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await owe(engine, ada, "one")
    answer = await run(LOCK, {"session": ada.session, "files": []}, notices=True)
    assert answer["errors"]
    assert answer["extensions"]["notices"] == ["one"]


async def test_a_call_that_is_owed_nothing_costs_one_read_the_first_time(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await begin(engine, run, "ada")
    calls: Counter[str] = Counter()
    for name in ("read", "commit"):
        real = getattr(engine.store, name)

        def counted(*args: object, _name: str = name, _real: object = real, **more: object) -> object:
            calls[_name] += 1
            return _real(*args, **more)  # type: ignore[operator]

        monkeypatch.setattr(engine.store, name, counted)
    await told(run, ada, wanted=False)
    calls.clear()
    await told(run, ada, wanted=False)
    without = Counter(calls)
    calls.clear()
    await told(run, ada)
    assert calls - without == {"read": 1}
    calls.clear()
    await told(run, ada)
    assert calls["read"] == without["read"], "nothing has happened since: there is nothing to look for"
