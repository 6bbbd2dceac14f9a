"""What a process remembers of sessions is never older than what it wrote."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Role
from store.port import Changes
from store.records import Session
from store.sqlite.store import SqliteStore
from tests.areas.lock_cases import begin
from tests.conftest import Run


async def test_a_session_ended_by_a_write_is_not_remembered_as_active(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    act = await engine.admit(LOCAL_OWNER, Role.AGENT, ada.session)
    await ada.end()
    answer = await run("query($s: ID!) { locks(sessionId: $s) { nodes { path } } }", {"s": ada.session})
    assert answer["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert act.in_session.status == "active"


async def test_a_read_that_began_before_a_write_is_not_remembered_after_it(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    found = await engine.store.get(Session, ada.session)
    assert found is not None
    for _ in range(50):
        touched = replace(found, task=f"{found.version}")
        await asyncio.gather(
            engine.known.session(ada.session),
            engine.write(Changes(puts=(touched,))),
            engine.known.session(ada.session),
        )
        now = await engine.store.get(Session, ada.session)
        assert await engine.known.session(ada.session) == now
        assert now is not None
        found = now


async def test_where_others_write_too_nothing_is_remembered(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    assert isinstance(engine.store, SqliteStore)
    engine.store.is_shared = True  # type: ignore[misc]
    shared = Engine(engine.store, engine.feed)
    found = await shared.known.session(ada.session)
    assert found is not None
    await engine.store.commit(Changes(puts=(replace(found, status="ended"),)))
    again = await shared.known.session(ada.session)
    assert again is not None
    assert again.status == "ended"
    shared.known.owed_nothing(again, shared.known.writes)
    assert not shared.known.is_owed_nothing(again)
