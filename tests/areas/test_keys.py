"""API keys: who manages them, what is kept of a secret, what a revoked one can still do."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from resolvers import keys
from resolvers.acts import Act, Engine
from resolvers.callers import LOCAL_OWNER, Caller, Role
from resolvers.errors import Unauthenticated
from resolvers.keys import create_key
from store.port import Changes
from store.records import Audit, Key, Lock, Session
from store.sqlite.store import SqliteStore
from tests.conftest import Run, failure

CREATE = """mutation($input: CreateKeyInput!, $key: String) {
  made: createKey(input: $input, idempotencyKey: $key) { secret name role projects key { id hint createdBy } }
}"""
REVOKE = """mutation($input: RevokeKeyInput!, $key: String) {
  gone: revokeKey(input: $input, idempotencyKey: $key) { id name revokedAt }
}"""
KEYS = (
    "query($all: Boolean = false) { keys(includeRevoked: $all) { nodes { name role hint projects } next } }"
)


async def create(run: Run, name: str, **given: Any) -> dict[str, Any]:
    answer = await run(CREATE, {"input": {"name": name, **given}})
    assert not answer["errors"], answer
    made: dict[str, Any] = answer["data"]["made"]
    return made


@pytest.fixture
def guarded(engine: Engine) -> Engine:
    """The same store, with authentication on."""
    return Engine(engine.store, engine.feed, auth=True)


async def holder(guarded: Engine, secret: str) -> Caller:
    caller = await guarded.authenticate(secret)
    assert caller is not None
    return caller


async def begin(engine: Engine, key_id: str, agent: str = "ann") -> Session:
    now = await engine.store.now()
    session = Session(id=f"ses_{agent}", project="p", agent=agent, key_id=key_id, active_at=now)
    await engine.store.commit(Changes(puts=(session,)))
    return session


async def test_a_secret_is_random_and_opens_what_its_key_says(guarded: Engine, run: Run) -> None:
    made = await create(run, "ci", role="ADMIN", projects=["My-App", "my app", "b"])
    assert re.fullmatch(r"ilk_[A-Za-z0-9_-]{43}", made["secret"])
    assert made["key"]["hint"] == made["secret"][-4:]
    assert made["projects"] == ["my_app", "b"]
    caller = await holder(guarded, made["secret"])
    assert (caller.key_name, caller.role, caller.projects) == ("ci", Role.ADMIN, frozenset({"my_app", "b"}))
    assert (await create(run, "other"))["secret"] != made["secret"]


async def test_a_secret_is_kept_nowhere(engine: Engine, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    secret = (await create(run, "ci"))["secret"]
    await run(REVOKE, {"input": {"name": "ci"}})
    assert isinstance(engine.store, SqliteStore)
    with closing(sqlite3.connect(engine.store.directory / "interlock.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert "key.created" in dump
    assert secret not in dump
    assert secret not in caplog.text


async def test_an_idempotency_key_cannot_keep_a_secret(engine: Engine, run: Run) -> None:
    answer = await run(CREATE, {"input": {"name": "ci"}, "key": "k"})
    assert failure(answer) == ("BAD_INPUT", "idempotencyKey")
    assert await engine.store.count(Key, {}) == 0


async def test_a_name_in_use_is_refused_and_a_revoked_one_is_free_again_d7(engine: Engine, run: Run) -> None:
    await create(run, "ci")
    assert failure(await run(CREATE, {"input": {"name": " ci "}})) == ("CONFLICT", "name")
    await run(REVOKE, {"input": {"name": "ci"}})
    await create(run, "ci")
    assert await engine.store.count(Key, {}) == 2
    shown = await run(KEYS)
    assert [key["name"] for key in shown["data"]["keys"]["nodes"]] == ["ci"]
    every = await run(KEYS, {"all": True})
    assert len(every["data"]["keys"]["nodes"]) == 2


@pytest.mark.parametrize("callers", [2, 8, 64])
async def test_of_keys_made_under_one_name_at_once_one_stands(engine: Engine, run: Run, callers: int) -> None:
    answers = await asyncio.gather(*(run(CREATE, {"input": {"name": "ci"}}) for _ in range(callers)))
    assert sum(not answer["errors"] for answer in answers) == 1
    assert await engine.store.count(Key, {}) == 1


async def test_a_revoked_key_stops_at_once_its_sessions_too_d7(guarded: Engine, run: Run) -> None:
    made = await create(run, "ci")
    caller = await holder(guarded, made["secret"])
    session = await begin(guarded, caller.key_id)
    await guarded.admit(caller, Role.AGENT, session.id)
    gone = await run(REVOKE, {"input": {"name": made["key"]["id"]}})
    assert gone["data"]["gone"]["revokedAt"]
    with pytest.raises(Unauthenticated):
        await guarded.authenticate(made["secret"])
    with pytest.raises(Unauthenticated):
        await guarded.admit(None, Role.READONLY, session.id)


@pytest.mark.parametrize("number", [2, 101])
async def test_the_sessions_of_a_revoked_key_end_and_free_what_they_held(
    guarded: Engine, run: Run, number: int
) -> None:
    made = await create(run, "ci")
    for n in range(number):
        session = await begin(guarded, made["key"]["id"], f"a{n}")
        lock = Lock(
            id=f"p:f{n}", project="p", path=f"f{n}", session_id=session.id, agent=f"a{n}", fence=n + 1
        )
        await guarded.store.commit(Changes(puts=(lock,)))
    await begin(guarded, "key_other", "bystander")
    asked = {"input": {"name": "ci", "reason": "it leaked"}}
    assert not (await run(REVOKE, asked))["errors"]
    assert await guarded.store.count(Lock, {}) == 0
    left = await guarded.store.find(Session, {"status": "active"})
    assert [one.agent for one in left.records] == ["bystander"]
    ended = await guarded.store.get(Session, "ses_a0")
    assert ended is not None
    assert (ended.status, ended.ended_by) == ("ended", "user-local")
    assert ended.end_reason == "its key ci was revoked: it leaked"


async def test_all_sessions_of_a_revoked_key_end_though_its_owner_goes_away_meanwhile(
    guarded: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await create(run, "ci")
    for n in range(101):
        await begin(guarded, made["key"]["id"], f"a{n}")
    reached, goes_on = asyncio.Event(), asyncio.Event()

    async def swept(act: Act, closed: object) -> None:
        reached.set()
        await goes_on.wait()

    monkeypatch.setattr(keys, "sweep", swept)
    revoking = asyncio.create_task(run(REVOKE, {"input": {"name": "ci"}}))
    async with asyncio.timeout(10):
        await reached.wait()
        assert await guarded.store.count(Session, {"status": "active"}) == 1
        revoking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await revoking
        goes_on.set()
        while await guarded.store.count(Session, {"status": "active"}):
            await asyncio.sleep(0)


async def test_a_repeat_ends_what_a_server_that_stopped_had_left_of_a_revoked_key(
    guarded: Engine, run: Run
) -> None:
    made = await create(run, "ci")
    asked = {"input": {"name": "ci"}, "key": "k"}
    first = await run(REVOKE, asked)
    await begin(guarded, made["key"]["id"])
    assert await run(REVOKE, asked) == first
    assert not await guarded.store.count(Session, {"status": "active"})


async def test_a_session_begun_with_an_api_key_stops_with_it_d7(guarded: Engine, run: Run) -> None:
    from resolvers.acts import secret_hash

    made = await create(run, "ci")
    now = await guarded.store.now()
    session = Session(
        id="ses_x",
        project="p",
        agent="ann",
        key_id=made["key"]["id"],
        secret_hash=secret_hash("s3cret"),
        active_at=now,
    )
    await guarded.store.commit(Changes(puts=(session,)))
    await guarded.admit(None, Role.AGENT, "ses_x.s3cret")
    await run(REVOKE, {"input": {"name": "ci"}})
    with pytest.raises(Unauthenticated):
        await guarded.admit(None, Role.AGENT, "ses_x.s3cret")


async def test_revoking_twice_or_what_is_not_there_is_told(run: Run) -> None:
    made = await create(run, "ci")
    await run(REVOKE, {"input": {"name": "ci"}})
    assert failure(await run(REVOKE, {"input": {"name": made["key"]["id"]}})) == ("CONFLICT", "name")
    assert failure(await run(REVOKE, {"input": {"name": "ci"}})) == ("NOT_FOUND", "name")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
async def test_only_an_owner_manages_keys_d3(engine: Engine, run: Run, role: Role) -> None:
    await create(run, "ci")
    low = Caller("key_low", "low", role)
    asked: list[tuple[str, dict[str, Any]]] = [
        (CREATE, {"input": {"name": "mine", "role": "OWNER"}}),
        (REVOKE, {"input": {"name": "ci"}}),
        (KEYS, {}),
    ]
    for document, variables in asked:
        assert failure(await run(document, variables, caller=low))[0] == "FORBIDDEN"
    assert await engine.store.count(Key, {"revoked_at": None}) == 1


async def test_the_session_of_an_owner_is_no_way_to_its_rights_d3(guarded: Engine, run: Run) -> None:
    session = await begin(guarded, "key_owner")
    reader = Caller("key_r", "r", Role.READONLY)
    asked = {"input": {"name": "mine", "role": "OWNER", "sessionId": session.id}}
    assert failure(await run(CREATE, asked, caller=reader))[0] in ("NOT_FOUND", "FORBIDDEN")
    assert failure(await run(CREATE, asked, caller=None))[0] == "UNAUTHENTICATED"
    assert await guarded.store.count(Key, {}) == 0


async def test_an_agent_named_as_an_admin_is_none_d5(engine: Engine, run: Run) -> None:
    session = await begin(engine, "key_a", agent="human")
    agent = Caller("key_a", "a", Role.AGENT)
    asked = {"input": {"name": "mine", "sessionId": session.id}}
    assert failure(await run(CREATE, asked, caller=agent))[0] == "FORBIDDEN"


async def test_an_owner_of_some_projects_does_not_manage_keys(engine: Engine, run: Run) -> None:
    await create(run, "ci")
    scoped = Caller("key_s", "s", Role.OWNER, frozenset({"p"}))
    asked: list[tuple[str, dict[str, Any]]] = [
        (CREATE, {"input": {"name": "mine"}}),
        (REVOKE, {"input": {"name": "ci"}}),
        (KEYS, {}),
    ]
    for document, variables in asked:
        assert failure(await run(document, variables, caller=scoped))[0] == "FORBIDDEN"


async def test_the_last_owner_key_stays_while_keys_are_asked_for(guarded: Engine, run: Run) -> None:
    made = await create_key(Act(guarded, LOCAL_OWNER), name="first", role=Role.OWNER)
    owner = await holder(guarded, made.secret)

    async def ask(document: str, name: str, **given: Any) -> dict[str, Any]:
        from schema.context import RequestContext
        from schema.root import build_schema

        result = await build_schema().execute(
            document,
            variable_values={"input": {"name": name, **given}},
            context_value=RequestContext(guarded, owner),
        )
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}

    await ask(CREATE, "scoped", role="OWNER", projects=["p"])
    assert failure(await ask(REVOKE, "first")) == ("CONFLICT", "name")
    await ask(CREATE, "second", role="OWNER")
    both = await asyncio.gather(ask(REVOKE, "first"), ask(REVOKE, "second"))
    assert sum(not answer["errors"] for answer in both) == 1
    assert await guarded.store.count(Key, {"role": "owner", "revoked_at": None, "name": "scoped"}) == 1
    assert await guarded.store.count(Key, {"role": "owner", "revoked_at": None}) == 2


async def test_whoever_reads_the_data_directory_makes_the_first_key(guarded: Engine) -> None:
    assert await guarded.authenticate(None) is None
    with pytest.raises(Unauthenticated):
        await guarded.authenticate("guess")
    assert await guarded.authenticate(guarded.local_secret) is LOCAL_OWNER


async def test_key_events_are_told_to_the_server_alone(engine: Engine, run: Run) -> None:
    made = await create(run, "ci", projects=["p"])
    await run(REVOKE, {"input": {"name": "ci"}})
    events = await engine.store.events_after("", 0)
    assert [event.kind for event in events] == ["key.created", "key.revoked"]
    assert all(event.data == {"id": made["key"]["id"], "name": "ci", "role": "agent"} for event in events)
    scoped = Caller("key_s", "s", Role.OWNER, frozenset({"p"}))
    assert not any(scoped.sees_event(event) for event in events)


async def test_why_a_key_was_revoked_is_in_the_audit_log_and_its_event(engine: Engine, run: Run) -> None:
    await create(run, "ci")
    too_long = await run(REVOKE, {"input": {"name": "ci", "reason": "x" * 1_001}})
    assert failure(too_long) == ("BAD_INPUT", "reason")
    assert not (await run(REVOKE, {"input": {"name": "ci", "reason": "it leaked"}}))["errors"]
    (kept,) = (await engine.store.find(Audit, {"act": "key.revoked"})).records
    assert (kept.target, kept.detail) == ("ci", "agent: it leaked")
    assert (await engine.store.events_after("", 0))[-1].data["reason"] == "it leaked"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 101), ("name", "a\x00"), ("projects", ["../x"]), ("projects", ["p"] * 101)],
)
async def test_a_bad_value_is_named_and_no_key_made(
    engine: Engine, run: Run, field: str, value: object
) -> None:
    assert failure(await run(CREATE, {"input": {"name": "n", field: value}})) == ("BAD_INPUT", field)
    assert await engine.store.count(Key, {}) == 0


async def test_who_asks_is_told_what_it_may_do(run: Run) -> None:
    scoped = Caller("key_s", "s", Role.READONLY, frozenset({"q", "p"}))
    answer = await run("{ authStatus { isEnabled keyName role projects } }", caller=scoped)
    status = {"isEnabled": False, "keyName": "s", "role": "READONLY", "projects": ["p", "q"]}
    assert answer["data"]["authStatus"] == status


async def test_the_secret_of_the_data_directory_begins_no_session_as_an_argument(guarded: Engine) -> None:
    with pytest.raises(Unauthenticated, match="begins no sessions"):
        await guarded.admit_key(guarded.local_secret, Role.READONLY)
