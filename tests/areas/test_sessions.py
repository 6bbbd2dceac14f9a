"""Sessions: who begins one, what its end releases, when it lapses."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.sessions import lapse_sessions
from store.port import Changes
from store.records import KINDS, Agent, Audit, Key, Lock, LockWaiter, Session, Work, WorkFile
from tests.areas.lock_cases import LOCK
from tests.areas.session_cases import END, START, end, make_key, start
from tests.conftest import Clock, Run, failure

WHO = "query ($id: ID!) { checklists(sessionId: $id) { cursor } }"


async def events(engine: Engine, kind: str) -> list[Any]:
    return [event for event in await engine.store.events_after("p", 0) if event.kind == kind]


async def hold(engine: Engine, session_id: str, *, project: str = "p") -> None:
    """Give a session a place in a lock's queue, work under way and a file of it."""
    now = await engine.store.now()
    mine: dict[str, Any] = {"project": project, "agent": "ada", "created_at": now, "updated_at": now}
    until = now + timedelta(seconds=50)
    await engine.store.commit(
        Changes(
            puts=(
                LockWaiter(
                    id=f"wai_{session_id}", session_id=session_id, paths=("b.py",), expires_at=until, **mine
                ),
                Work(id=session_id, title="t", **mine),
                WorkFile(id=f"{session_id}:c.py", session_id=session_id, path="c.py", **mine),
            )
        )
    )


async def test_names_are_canonical_in_what_is_returned_and_stored(run: Run, engine: Engine) -> None:
    started = (await run(START, {"input": {"project": "My-App", "agent": " Front End "}}))["data"][
        "startSession"
    ]
    assert (started["project"], started["agent"]) == ("my_app", "front_end")
    assert await engine.store.get(Agent, "my_app/front_end") is not None


async def test_a_start_is_audited_and_announced_once(run: Run, engine: Engine) -> None:
    started = await start(run, "ada", task="fix it")
    (event,) = await events(engine, "session.started")
    assert event.actor == "ada"
    assert event.data == {"id": started["sessionId"], "agent": "ada", "task": "fix it"}
    (audit,) = (await engine.store.find(Audit, {"act": "session.start"})).records
    assert (audit.target, audit.actor, audit.key_name) == (started["sessionId"], "ada", "local")


async def test_two_windows_of_one_agent_both_live(run: Run) -> None:
    first, second = await asyncio.gather(start(run, "ada"), start(run, "ada"))
    assert first["sessionId"] != second["sessionId"]
    for one in (first, second):
        assert not (await run(WHO, {"id": one["sessionId"]}))["errors"]


async def test_an_end_frees_locks_queue_and_work_in_one_event(run: Run, engine: Engine) -> None:
    one = (await start(run, "ada", task="t"))["sessionId"]
    await run(LOCK, {"session": one, "files": ["a.py", "src/"]})
    await hold(engine, one)
    before = len(await engine.store.events_after("p", 0))
    ended = await end(run, one, handoffNotes="next: b", learnings="l", filesModified=["a.py", "./src/x.py"])
    assert sorted(ended["releasedLocks"]) == ["a.py", "src/"]
    assert ended["session"]["filesModified"] == ["a.py", "src/x.py"]
    after = (await engine.store.events_after("p", 0))[before:]
    assert [event.kind for event in after] == ["session.ended", "document.stored", "document.stored"]
    assert {lock["path"] for lock in after[0].data["locks"]} == {"a.py", "src/"}
    assert after[0].data["handoff"] == "next: b"
    for kind in (Lock, LockWaiter, WorkFile):
        assert await engine.store.count(kind, {"session_id": one}) == 0
    work = await engine.store.get(Work, one)
    assert work is not None and work.status == "completed"


async def test_a_session_that_has_ended_cannot_end_again(run: Run) -> None:
    one = (await start(run, "ada"))["sessionId"]
    await end(run, one)
    again = await run(END, {"input": {"sessionId": one, "summary": "more"}})
    assert failure(again) == ("CONFLICT", "sessionId")
    assert failure(await run(WHO, {"id": one})) == ("CONFLICT", "sessionId")


async def test_an_end_sent_twice_with_one_idempotency_key_gives_the_first_answer(run: Run) -> None:
    one = (await start(run, "ada"))["sessionId"]
    asked = {"input": {"sessionId": one, "summary": "done"}, "key": "k"}
    first, second = await run(END, asked), await run(END, asked)
    assert not second["errors"]
    assert first["data"] == second["data"]


async def test_of_many_concurrent_ends_one_wins(run: Run, engine: Engine) -> None:
    one = (await start(run, "ada"))["sessionId"]
    asked = {"input": {"sessionId": one, "summary": "done"}}
    answers = await asyncio.gather(*(run(END, asked) for _ in range(8)))
    assert sum(not answer["errors"] for answer in answers) == 1
    assert len(await events(engine, "session.ended")) == 1


@pytest.mark.parametrize("pairs", [2, 8, 64])
async def test_no_lock_outlives_its_session_when_lock_and_end_race(
    run: Run, engine: Engine, pairs: int
) -> None:
    ids = [(await start(run, f"a{n}"))["sessionId"] for n in range(pairs)]
    locking = [run(LOCK, {"session": one, "files": [f"f{n}.py"]}) for n, one in enumerate(ids)]
    ending = [run(END, {"input": {"sessionId": one, "summary": "done"}}) for one in ids]
    mixed = [call for both in zip(locking, ending, strict=True) for call in both]
    answers = await asyncio.gather(*mixed)
    assert not any(answer["errors"] for answer in answers[1::2])
    assert await engine.store.count(Lock, {"project": "p"}) == 0


async def test_another_keys_session_cannot_be_ended_by_its_id(run: Run, engine: Engine) -> None:
    """D3, D6: an id that is seen somewhere is no credential."""
    (ada, _), (eve, _) = await make_key(engine, "ada"), await make_key(engine, "eve", "owner")
    one = (await start(run, "ada", caller=ada))["sessionId"]
    asked = {"input": {"sessionId": one, "summary": "gone"}}
    assert failure(await run(END, asked, caller=eve)) == ("NOT_FOUND", "sessionId")
    assert failure(await run(END, asked, caller=None))[0] == "UNAUTHENTICATED"
    await end(run, one, caller=ada)


async def test_an_api_key_argument_starts_a_session_whose_id_holds_a_secret(run: Run, engine: Engine) -> None:
    _, secret = await make_key(engine, "ada")
    started = await start(run, "ada", caller=None, apiKey=secret)
    record_id, _, handed = started["sessionId"].partition(".")
    assert len(handed) == 43
    assert started["auth"] == {"role": "agent", "projects": []}
    for wrong in (record_id, f"{record_id}.", f"{record_id}.{'x' * 43}"):
        assert failure(await run(WHO, {"id": wrong}, caller=None))[0] == "UNAUTHENTICATED"
    await end(run, started["sessionId"], caller=None)


async def test_a_header_goes_before_an_api_key_argument(run: Run, engine: Engine) -> None:
    (ada, _), (_, other) = await make_key(engine, "ada"), await make_key(engine, "bob", "owner")
    started = await start(run, "ada", caller=ada, apiKey=other)
    assert "." not in started["sessionId"]
    assert started["auth"]["role"] == "agent"


@pytest.mark.parametrize("key", [None, "", "wrong", "\u0000", "\ud800x"])
async def test_without_a_key_in_force_nothing_starts(run: Run, engine: Engine, key: str | None) -> None:
    await make_key(engine, "ada")
    answer = await run(START, {"input": {"project": "p", "apiKey": key}}, caller=None)
    assert failure(answer)[0] in ("UNAUTHENTICATED", "BAD_INPUT")
    assert await engine.store.count(Session, {}) == 0


async def test_a_revoked_key_takes_its_sessions_with_it(run: Run, engine: Engine) -> None:
    """D7: an open session of a revoked key is of no use."""
    caller, secret = await make_key(engine, "ada")
    started = await start(run, "ada", caller=None, apiKey=secret)
    key = await engine.store.get(Key, caller.key_id)
    assert key is not None
    await engine.store.commit(Changes(puts=(replace(key, revoked_at=await engine.store.now()),)))
    assert failure(await run(WHO, {"id": started["sessionId"]}, caller=None))[0] == "UNAUTHENTICATED"


async def test_an_api_key_reaches_no_record_event_answer_or_log(
    run: Run, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """D12: also not with an idempotency key, which keeps the answer."""
    caplog.set_level(logging.DEBUG)
    _, secret = await make_key(engine, "ada")
    asked = {"input": {"project": "p", "agent": "ada", "apiKey": secret}, "key": "once"}
    first, second = await run(START, asked, caller=None), await run(START, asked, caller=None)
    handle = first["data"]["startSession"]["sessionId"]
    assert second["data"]["startSession"]["sessionId"] == handle
    await end(run, handle, caller=None)
    stored = [repr(record) for kind in KINDS for record in (await engine.store.find(kind, {})).records]
    told = [json.dumps(dict(event.data)) for event in await engine.store.events_after("p", 0)]
    everything = "\n".join([*stored, *told, caplog.text, json.dumps(first["data"])])
    assert secret not in everything
    assert handle.partition(".")[2] not in "\n".join([*stored, *told, caplog.text])


async def test_a_readonly_key_starts_a_session_but_registers_no_agent(run: Run, engine: Engine) -> None:
    """D1: it reads, and writes nothing but its session."""
    reader, _ = await make_key(engine, "reader", "readonly")
    started = await start(run, "rita", caller=reader, roleDescription="reader")
    assert await engine.store.count(Agent, {}) == 0
    await end(run, started["sessionId"], caller=reader)


async def test_a_project_outside_the_keys_scope_is_refused(run: Run, engine: Engine) -> None:
    caller, _ = await make_key(engine, "ada", projects=("mine",))
    answer = await run(START, {"input": {"project": "other", "agent": "ada"}}, caller=caller)
    assert failure(answer) == ("FORBIDDEN", "project")
    assert await engine.store.count(Session, {}) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project", ""),
        ("project", "../x"),
        ("project", "x" * 600),
        ("agent", "a/b"),
        ("agent", "*"),
        ("agent", "interlock"),
        ("task", "x" * 2_000),
        ("roleDescription", "x\u0000"),
        ("workingDirectory", "x" * 5_000),
        ("tmuxTarget", "x\ud800"),
        ("spawnedBy", "x" * 5_000),
    ],
)
async def test_bad_input_to_a_start_names_the_field(run: Run, engine: Engine, field: str, value: str) -> None:
    answer = await run(START, {"input": {"project": "p", "agent": "ada", field: value}})
    assert failure(answer) == ("BAD_INPUT", field)
    assert await engine.store.count(Session, {}) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("summary", ""),
        ("summary", "x" * 60_000),
        ("learnings", "\u0000"),
        ("handoffNotes", "x" * 60_000),
        ("filesModified", ["../../etc/passwd"]),
        ("filesModified", ["x"] * 10_000),
        ("filesModified", ["C:\\x"]),
    ],
)
async def test_bad_input_to_an_end_names_the_field_and_ends_nothing(
    run: Run, engine: Engine, field: str, value: Any
) -> None:
    one = (await start(run, "ada"))["sessionId"]
    answer = await run(END, {"input": {"sessionId": one, "summary": "s", field: value}})
    assert failure(answer) == ("BAD_INPUT", field)
    found = await engine.store.get(Session, one)
    assert found is not None and found.status == "active"


async def test_project_names_with_spaces_and_letters_of_any_script_work(run: Run) -> None:
    """A18: what a session may be started in can be written to."""
    started = await start(run, "ada", project="Größe Eins")
    assert started["project"] == "größe_eins"
    await end(run, started["sessionId"])


async def test_idle_sessions_lapse_and_free_what_they_held(run: Run, engine: Engine, clock: Clock) -> None:
    old = [(await start(run, f"a{n}"))["sessionId"] for n in range(3)]
    await run(LOCK, {"session": old[0], "files": ["a.py"]})
    await hold(engine, old[0])
    clock.forward(days=15)
    fresh = (await start(run, "new"))["sessionId"]
    assert [await lapse_sessions(engine, 2) for _ in range(3)] == [2, 1, 0]
    lapsed = await events(engine, "session.lapsed")
    assert {event.subject for event in lapsed} == set(old)
    assert await engine.store.count(Session, {"status": "active"}) == 1
    for kind in (Lock, LockWaiter, WorkFile):
        assert await engine.store.count(kind, {}) == 0
    assert not (await run(WHO, {"id": fresh}))["errors"]
    assert failure(await run(WHO, {"id": old[0]})) == ("CONFLICT", "sessionId")


async def test_a_session_touched_meanwhile_does_not_lapse(run: Run, engine: Engine, clock: Clock) -> None:
    one = (await start(run, "ada"))["sessionId"]
    clock.forward(days=13)
    assert not (await run(WHO, {"id": one}))["errors"]
    clock.forward(days=13)
    assert await lapse_sessions(engine) == 0


async def test_sessions_are_listed_latest_first_without_any_secret(run: Run) -> None:
    for name in ("ada", "bob"):
        await start(run, name)
    shown = await run(
        '{ sessions(project: "p") { nodes { id agent status } } __type(name: "Session") { fields { name } } }'
    )
    assert [one["agent"] for one in shown["data"]["sessions"]["nodes"]] == ["bob", "ada"]
    fields = {field["name"] for field in shown["data"]["__type"]["fields"]}
    assert not fields & {"secretHash", "keyId"}
