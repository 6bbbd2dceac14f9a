"""MongoDB goes away while rules that write more than once are at work: all of them together keep to the time."""

from __future__ import annotations

import time

from resolvers.acts import Engine
from tests.conftest import Clock, Run, failure
from tests.engines.databases import mongo_databases

START = 'mutation { startSession(input: {project: "p", agent: "ann"}) { sessionId } }'
ADD = """mutation($session: ID!) {
  addBacklogItem(input: {sessionId: $session, title: "t", description: "d"}) { id }
}"""
TOUCHED_EVERY_SECONDS = 31


async def test_a_call_that_must_touch_its_session_first_waits_for_mongo_once(
    run: Run, engines: tuple[Engine, Engine], clock: Clock
) -> None:
    session = (await run(START))["data"]["startSession"]["sessionId"]
    for _ in engines:
        assert (await run(ADD, {"session": session}))["data"]
    clock.forward(seconds=TOUCHED_EVERY_SECONDS)
    (member,) = mongo_databases().replicas.members
    member.freeze()
    started = time.monotonic()
    try:
        refused = await run(ADD, {"session": session})
    finally:
        member.thaw()
    assert failure(refused)[0] == "UNAVAILABLE"
    # Once is some 4 s, twice would be 8.
    assert time.monotonic() - started < 7
