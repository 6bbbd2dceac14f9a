"""Forgetting: what is past its time goes, what is not stays, and a pass is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from resolvers import retention
from resolvers.acts import Engine
from resolvers.messages.messages import REPEAT_WINDOW
from store.port import Changes, Store
from store.records import (
    Answer,
    Audit,
    Delivery,
    LockWaiter,
    Message,
    MessageDigest,
    NewEvent,
    Notice,
    Record,
    Session,
    Signal,
)
from tests.conftest import Clock

Make = Callable[[str, datetime], Record]

KINDS: dict[str, tuple[timedelta, Make]] = {
    "signals": (
        timedelta(hours=24),
        lambda name, at: Signal(id=f"p/{name}", project="p", name=name, created_at=at, updated_at=at),
    ),
    "answers": (
        timedelta(hours=24),
        lambda name, at: Answer(id=name, project="", request_hash="h", result={}, created_at=at),
    ),
    "waiters": (
        timedelta(),
        lambda name, at: LockWaiter(
            id=name, project="p", session_id="s", agent="a", paths=("a",), expires_at=at
        ),
    ),
    "digests": (
        REPEAT_WINDOW,
        lambda name, at: MessageDigest(id=name, project="p", message_id="m", updated_at=at),
    ),
    "notices": (
        timedelta(days=7),
        lambda name, at: Notice(id=name, project="p", session_id="s", kind="k", text="t", created_at=at),
    ),
    "audit": (timedelta(days=90), lambda name, at: Audit(id=name, project="p", act="a.b", created_at=at)),
}


@pytest.mark.parametrize("name", KINDS)
async def test_what_is_past_its_time_goes_and_the_rest_stays(engine: Engine, name: str) -> None:
    kept, make = KINDS[name]
    now = await engine.store.now()
    old, young = (
        make("old", now - kept - timedelta(minutes=1)),
        make("young", now - kept + timedelta(minutes=1)),
    )
    await engine.store.commit(Changes(puts=(old, young)))
    counts = await retention.tidy(engine)
    assert {kind: count for kind, count in counts.items() if count} in ({name: 1}, {})
    left = (await engine.store.find(type(old), {})).records
    assert [record.id for record in left] == [young.id]
    assert not any((await retention.tidy(engine)).values())


async def test_events_go_from_the_front_of_the_log(engine: Engine, clock: Clock) -> None:
    async def append(count: int) -> None:
        at = await engine.store.now()
        events = tuple(NewEvent(project="p", kind="a.b", subject=str(n), at=at) for n in range(count))
        await engine.store.commit(Changes(events=events))

    await append(1_200)
    clock.forward(days=8)
    await append(3)
    assert (await retention.tidy(engine))["events"] == 1_200
    head = (await engine.store.heads(["p"]))["p"]
    assert (head.first, head.last) == (1_201, 1_203)


async def test_an_idle_session_lapses_and_a_finished_message_goes(engine: Engine, clock: Clock) -> None:
    now = await engine.store.now()
    session = Session(id="ses_a", project="p", agent="ann", key_id="local", active_at=now)
    message = Message(
        id="msg_a", project="p", from_project="p", sender="ann", to=("bob",), text="t", thread_id="msg_a"
    )
    delivery = Delivery(
        id="msg_a:bob", project="p", message_id="msg_a", recipient="bob", status="completed", finished_at=now
    )
    await engine.store.commit(Changes(puts=(session, message, delivery)))
    clock.forward(days=15)
    counts = await retention.tidy(engine)
    assert (counts["sessions"], counts["messages"]) == (1, 1)
    stored = await engine.store.get(Session, "ses_a")
    assert stored is not None
    assert stored.status == "lapsed"
    assert await engine.store.get(Message, "msg_a") is None


async def test_a_pass_is_bounded_and_the_next_goes_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MAX_BATCHES", 2)
    now = await engine.store.now()
    for start in range(0, 1_200, 400):
        puts = tuple(
            Audit(id=f"aud_{n}", project="p", act="a.b", created_at=now - timedelta(days=91))
            for n in range(start, start + 400)
        )
        await engine.store.commit(Changes(puts=puts))
    assert (await retention.tidy(engine))["audit"] == 1_000
    assert (await retention.tidy(engine))["audit"] == 200


async def test_a_signal_sent_again_meanwhile_is_kept_and_no_conflict_comes_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, make = KINDS["signals"]
    now = await engine.store.now()
    old = make("s", now - timedelta(days=2))
    await engine.store.commit(Changes(puts=(old, make("t", now - timedelta(days=2)))))
    monkeypatch.setattr(engine.store, "settle", partial(Store.settle, engine.store))
    commit = engine.store.commit
    sent: list[Any] = []

    async def racing(changes: Changes) -> Any:
        if not sent and changes.deletes:
            sent.append(await commit(Changes(puts=(replace(old, version=1, updated_at=now),))))
        return await commit(changes)

    monkeypatch.setattr(engine.store, "commit", racing)
    assert (await retention.tidy(engine))["signals"] == 1
    assert sent
    assert [record.id for record in (await engine.store.find(Signal, {})).records] == [old.id]


async def test_two_passes_at_once_forget_everything_once(engine: Engine) -> None:
    now = await engine.store.now()
    puts = tuple(
        Audit(id=f"aud_{n}", project="p", act="a.b", created_at=now - timedelta(days=91)) for n in range(300)
    )
    await engine.store.commit(Changes(puts=puts))
    passes = await asyncio.gather(retention.tidy(engine), retention.tidy(engine))
    assert sum(one.get("audit", 0) for one in passes) == 300
    assert await engine.store.count(Audit, {}) == 0
