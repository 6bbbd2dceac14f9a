"""Each role x each operation x own and foreign project, built from the schema: no operation can be forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from strawberry.utils.str_converters import to_snake_case

from resolvers.acts import Engine, caller_of, secret_hash
from resolvers.callers import LOCAL_OWNER, Caller, Role
from schema.context import RequestContext
from schema.fields import NEEDS
from schema.root import build_schema
from store.feed.feed import Feed
from store.port import Changes
from store.records import KINDS, Key, NewEvent, Record, new_id
from store.sqlite.store import SqliteStore
from tests.operations import Operation, operations

SCHEMA = build_schema()
OPERATIONS = operations(SCHEMA._schema)
MARK = "FOREIGN-SECRET"

SERVER_WIDE = {"createKey", "revokeKey", "keys"}
"""Operations on the server's own records: a key with a list of projects may not, whatever its role."""

ALSO_NEED_A_PROJECT_ADMIN = {
    "deleteProject",
    "addProjectAgent",
    "updateProjectAgent",
    "removeProjectAgent",
    "setGuideline",
    "deleteGuideline",
}
"""Open to an agent's key only when the acting agent administers the project."""


@dataclass(frozen=True)
class World:
    """Two projects alike, one of which the caller's key does not include."""

    engine: Engine
    values: dict[str, dict[str, Any]]

    async def ask(
        self, caller: Caller | None, operation: Operation, values: dict[str, Any]
    ) -> dict[str, Any]:
        variables = operation.variables(values)
        return await self.send(caller, operation.document, variables)

    async def send(self, caller: Caller | None, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        context = RequestContext(self.engine, caller)
        result = await SCHEMA.execute(document, variable_values=variables, context_value=context)
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}

    async def first(
        self, caller: Caller | None, operation: Operation, values: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the first item of a subscription, or its error."""
        context = RequestContext(self.engine, caller)
        stream = await SCHEMA.subscribe(
            operation.document, variable_values=operation.variables(values), context_value=context
        )
        async with aclosing(stream) as items:
            result: Any = await asyncio.wait_for(anext(items), 5)
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}

    async def dump(self, project: str) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for kind in KINDS:
            page = await self.engine.store.find(kind, {"project": project}, limit=1000)
            found[kind.__name__] = list(page.records)
        return found

    async def key(self, role: Role, *projects: str) -> Caller:
        made = Key(
            id=new_id("key"),
            project="",
            name=f"{role}-{new_id('n')}",
            role=role,
            projects=projects,
            hash=new_id("h"),
        )
        await self.engine.store.commit(Changes(puts=(made,)))
        return caller_of(made)

    async def session(self, caller: Caller, project: str, agent: str) -> str:
        document = "mutation($i: StartSessionInput!) { startSession(input: $i) { sessionId } }"
        answer = await self.send(caller, document, {"i": {"project": project, "agent": agent, "task": "t"}})
        assert not answer["errors"], answer
        return str(answer["data"]["startSession"]["sessionId"])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = await SqliteStore.open(tmp_path / "data")
    async with Feed(store) as feed:
        engine = Engine(store, feed, auth=True)
        made = World(engine, {})
        for project, mark in (("own", "plain"), ("foreign", MARK)):
            made.values[project] = await _furnish(made, project, mark)
        yield made
    await store.close()


async def _furnish(world: World, project: str, mark: str) -> dict[str, Any]:
    """Fill a project with one of everything, by the owner; returns what the arguments are called by."""
    named = {one.name: one for one in OPERATIONS if one.root == "mutation"}
    ids: dict[str, Any] = {"project": project, "projects": [project], "toProject": project}
    session = await world.session(LOCAL_OWNER, project, f"{mark.lower()}-agent")
    base = {**ids, "sessionId": session, "summary": mark, "message": mark, "title": mark, "description": mark}
    base |= {"reason": mark, "text": mark, "rule": mark, "items": [mark], "files": [f"{mark}.py"]}

    async def do(operation: str, **values: Any) -> Any:
        answer = await world.ask(LOCAL_OWNER, named[operation], {**base, **values})
        assert not answer["errors"], (operation, answer)
        return answer["data"][operation]

    await do("createProject", name=project, displayName=mark)
    await do("createChecklist", name="list")
    await do("setGuideline", name="rule", scope=project, priority=50)
    await do("defineSpec", name="rule", content=mark, specType=mark, tags=[mark])
    document = await do("storeDocument", content=mark, tags=[mark])
    await do("registerFunction", name=mark, file=f"{mark}.py", purpose=mark, code=mark)
    lease = await do("leaseFunctions")
    await do("lockFiles")
    await do("updateWork", title=mark, status="IN_PROGRESS", filesTouched=[f"{mark}.py"], signals=[mark])
    await do("heartbeat", status="BUSY", currentTask=mark)
    item = await do("addBacklogItem", priority="HIGH", tags=[mark])
    await world.session(LOCAL_OWNER, project, f"{mark.lower()}-agent2")
    message = await do("sendMessage", to=[f"{mark.lower()}-agent2"], priority="URGENT", category="INFO")
    ids |= {
        "itemId": item["id"],
        "documentId": document["id"],
        "tag": mark,
        "leaseId": lease["leaseId"],
        "ids": [lease["functions"][0]["id"]],
        "messageId": message["id"],
        "session": session,
        "agent": f"{mark.lower()}-agent",
    }
    return ids


def _values(operation: Operation, of: dict[str, Any], session: str | None) -> dict[str, Any]:
    """Return arguments that point at the project's things."""
    values = {
        **of,
        "name": of["project"]
        if "roject" in operation.name
        else "list"
        if "hecklist" in operation.name
        else "rule",
        "scope": of["project"],
        "files": ["src/"],
        "reason": "x",
        "message": "hello",
        "to": [of["agent"]],
        "id": _id(operation, of),
        "functions": [{"name": "f", "file": "f.py"}],
        "searchSummary": "x",
        # A word of the mark: an answer that repeats the question must not look like a leak.
        "query": "secret",
        "summary": "x",
        "input": None,
    }
    if session is None:
        values.pop("sessionId", None)
    else:
        values["sessionId"] = session
    del values["input"], values["session"]
    return values


def _id(operation: Operation, of: dict[str, Any]) -> Any:
    if operation.name == "document":
        return of["documentId"]
    if operation.name in ("function", "enrichFunction"):
        return of["ids"][0]
    return of["session"] if operation.name in ("session", "forceEndSession") else of["messageId"]


def _codes(answer: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in answer["errors"]}


def _needs(operation: Operation) -> Role:
    return NEEDS[operation.root.capitalize(), to_snake_case(operation.name)]


async def _cell(world: World, caller: Caller, operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    if operation.root != "subscription":
        return await world.ask(caller, operation, values)
    return await world.first(caller, operation, values)


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_does_in_its_own_project_what_it_may_and_nothing_else(world: World, role: Role) -> None:
    for operation in OPERATIONS:
        caller = await world.key(role) if operation.name in SERVER_WIDE else await world.key(role, "own")
        is_session_end = operation.name == "endSession"
        session = await world.session(caller, "own", f"a-{role}-{new_id('a')}")
        values = _values(operation, world.values["own"], session)
        if operation.root == "subscription" and role.includes(_needs(operation)):
            answer = await _first_of_own(world, caller, operation, values)
        else:
            answer = await _cell(world, caller, operation, values)
        codes = _codes(answer)
        assert "INTERNAL" not in codes, (operation.name, answer)
        if not role.includes(_needs(operation)):
            assert codes == {"FORBIDDEN"}, (operation.name, role, answer)
        elif not (operation.name in ALSO_NEED_A_PROJECT_ADMIN and not role.includes(Role.ADMIN)):
            refused = codes & {"FORBIDDEN", "UNAUTHENTICATED"}
            assert not refused or _is_for_admins_only(answer), (operation.name, role, answer)
        assert not (is_session_end and codes), answer


def _is_for_admins_only(answer: dict[str, Any]) -> bool:
    """Whether all refusals are of a part of the answer or input that only admins may have."""
    return all("admin" in error["message"].lower() for error in answer["errors"])


async def _first_of_own(
    world: World, caller: Caller, operation: Operation, values: dict[str, Any]
) -> dict[str, Any]:
    values = {key: value for key, value in values.items() if key != "agent"}
    pending = asyncio.create_task(world.first(caller, operation, values))
    kinds = {
        "events": "signal.sent",
        "lockChanged": "lock.released",
        "messageReceived": "message.sent",
        "heartbeat": "presence.heartbeat",
        "backlogChanged": "backlog.added",
    }
    data = {"id": "x", "to": ["x"], "locks": [], "title": "t", "name": "n"}
    event = NewEvent(project="own", kind=kinds[operation.name], subject="s", data=data)
    while not pending.done():
        if event.kind == "presence.heartbeat":
            (await world.engine.admit(caller, Role.READONLY)).announce_live(event)
        else:
            world.engine.feed.announce(await world.engine.store.commit(Changes(events=(event,))))
        await asyncio.wait({pending}, timeout=0.05)
    return pending.result()


@pytest.mark.parametrize("with_session", [True, False], ids=["in a session", "without a session"])
@pytest.mark.parametrize("role", list(Role))
async def test_a_key_neither_sees_nor_changes_a_foreign_project(
    world: World, role: Role, with_session: bool
) -> None:
    before = await world.dump("foreign")
    for operation in OPERATIONS:
        caller = await world.key(role, "own")
        session = await world.session(caller, "own", f"a-{role}-{new_id('a')}") if with_session else None
        values = _values(operation, world.values["foreign"], session)
        if (
            operation.root == "subscription"
            and "project" not in operation.field.args
            and not values.get("projects")
        ):
            continue
        answer = await _cell(world, caller, operation, values)
        assert MARK not in json.dumps(answer), (operation.name, role, answer)
        assert "INTERNAL" not in _codes(answer), (operation.name, role, answer)
        asked = operation.variables(values)
        if "foreign" in json.dumps(asked) and "input" not in asked:
            assert _codes(answer) & {"FORBIDDEN", "NOT_FOUND"}, (operation.name, role, answer)
    assert await world.dump("foreign") == before


async def test_the_session_id_of_another_key_is_useless(world: World) -> None:
    stolen = world.values["foreign"]["session"]
    thief = await world.key(Role.ADMIN, "own", "foreign")
    before = await world.dump("foreign")
    asked = 0
    for operation in OPERATIONS:
        values = {**_values(operation, world.values["foreign"], stolen)}
        if (
            not any(path[-1] == "sessionId" for path, _ in operation.inputs())
            or operation.root == "subscription"
        ):
            continue
        asked += 1
        answer = await world.ask(thief, operation, values)
        assert _codes(answer) <= {"NOT_FOUND", "FORBIDDEN"} and answer["errors"], (operation.name, answer)
        for nobody in (None,):
            answer = await world.ask(nobody, operation, values)
            assert _codes(answer) == {"UNAUTHENTICATED"}, (operation.name, answer)
    assert asked > 20
    assert await world.dump("foreign") == before


async def test_without_a_key_nothing_is_answered(world: World) -> None:
    for operation in OPERATIONS:
        values = _values(operation, world.values["own"], None)
        if operation.root == "subscription":
            answer = await world.first(None, operation, values)
        elif any(path[-1] == "sessionId" and str(kind).endswith("!") for path, kind in operation.inputs()):
            answer = await world.ask(None, operation, {**values, "sessionId": world.values["own"]["session"]})
        else:
            answer = await world.ask(None, operation, values)
        assert _codes(answer) == {"UNAUTHENTICATED"}, (operation.name, answer)


async def test_a_revoked_key_ends_its_sessions_begun_with_api_key_too(world: World) -> None:
    secret = "ilk_" + "s" * 43
    made = Key(
        id=new_id("key"), project="", name="k", role=Role.AGENT, projects=("own",), hash=secret_hash(secret)
    )
    await world.engine.store.commit(Changes(puts=(made,)))
    document = "mutation($i: StartSessionInput!) { startSession(input: $i) { sessionId } }"
    answer = await world.send(None, document, {"i": {"project": "own", "agent": "z", "apiKey": secret}})
    session = answer["data"]["startSession"]["sessionId"]
    beat = "mutation($i: HeartbeatInput!) { heartbeat(input: $i) { __typename } }"
    variables = {"i": {"sessionId": session, "status": "BUSY"}}
    assert not (await world.send(None, beat, variables))["errors"]
    public = session.partition(".")[0]
    bare = await world.send(None, beat, {"i": {"sessionId": public, "status": "BUSY"}})
    assert _codes(bare) == {"UNAUTHENTICATED"}
    now = await world.engine.store.now()
    await world.engine.store.commit(Changes(puts=(replace(made, version=1, revoked_at=now),)))
    assert _codes(await world.send(None, beat, variables)) == {"UNAUTHENTICATED"}
