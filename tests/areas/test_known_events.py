"""Events of functions and documents: typed like the others, and only for those who see the project."""

from __future__ import annotations

import asyncio
from typing import Any

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from schema.context import RequestContext
from schema.root import build_schema
from tests.conftest import Run

CURSOR = """query($projects: [String!]) { feedCursor(projects: $projects) }"""
FOLLOW = """subscription($projects: [String!], $after: String) {
  events(projects: $projects, kinds: ["function", "document"], after: $after) {
    __typename ... on FeedEvent { kind project }
    ... on FunctionEvent { ids name file line queue pending }
    ... on DocumentEvent { ids title type documentStatus: status author tags reason }
  }
}"""
REGISTER = """mutation($names: [FunctionInput!]!, $p: String) {
  registerFunctions(input: {project: $p, functions: $names}) { registered }
}"""
STORE = """mutation($p: String, $t: String!) {
  recordLearning(input: {project: $p, title: $t, details: "d", tags: ["x"]}) { id }
}"""
ARCHIVE = """mutation { archiveDocumentsByTag(input: {project: "p", tag: "x", reason: "old"}) { count } }"""


async def follow(run: Run, engine: Engine, projects: list[str] | None, scope: frozenset[str] | None) -> Any:
    """Subscribe to all from now on."""
    cursor = (await run(CURSOR, {"projects": projects or sorted(scope or ())}))["data"]["feedCursor"]
    context = RequestContext(engine, Caller("key", "key", Role.AGENT, scope))
    return await build_schema().subscribe(
        FOLLOW, variable_values={"projects": projects, "after": cursor}, context_value=context
    )


async def heard(stream: Any) -> dict[str, Any]:
    got = await asyncio.wait_for(anext(stream), 5)
    assert got.errors is None
    return dict(got.data["events"])


async def test_functions_are_told_of_by_name_and_batches_by_their_ids(run: Run, engine: Engine) -> None:
    stream = await follow(run, engine, ["p"], None)
    await run(REGISTER, {"p": "p", "names": [{"name": "A.b", "file": "a.py:3"}]})
    one = await heard(stream)
    await run(REGISTER, {"p": "p", "names": [{"name": "c", "file": "c.py"}, {"name": "d", "file": "d.py"}]})
    many = await heard(stream)
    await stream.aclose()
    (told,) = one.pop("ids")
    assert told.startswith("fn_")
    assert one == {
        "__typename": "FunctionEvent", "kind": "function.registered", "project": "p",
        "name": "A.b", "file": "a.py", "line": 3, "queue": "PENDING", "pending": 1,
    }  # fmt: skip
    assert (len(many["ids"]), many["name"], many["queue"], many["pending"]) == (2, "", None, 2)


async def test_documents_are_told_of_by_title_and_those_of_a_tag_by_their_ids(
    run: Run, engine: Engine
) -> None:
    stream = await follow(run, engine, ["p"], None)
    stored = (await run(STORE, {"p": "p", "t": "Known"}))["data"]["recordLearning"]["id"]
    one = await heard(stream)
    await run(ARCHIVE)
    many = await heard(stream)
    await stream.aclose()
    assert one == {
        "__typename": "DocumentEvent", "kind": "document.stored", "project": "p", "ids": [stored],
        "title": "Known", "type": "LEARNING", "documentStatus": "ACTIVE", "author": "user-local",
        "tags": ["x"], "reason": "",
    }  # fmt: skip
    assert (many["kind"], many["ids"], many["title"], many["type"]) == (
        "document.archived",
        [stored],
        "",
        None,
    )
    assert (many["tags"], many["reason"]) == (["x"], "old")


async def test_d2_a_scoped_key_hears_of_no_other_projects_functions_and_documents(
    run: Run, engine: Engine
) -> None:
    stream = await follow(run, engine, None, frozenset({"mine"}))
    for project in ("other", "shared", "mine"):
        await run(STORE, {"p": project, "t": f"of {project}"})
        await run(REGISTER, {"p": project, "names": [{"name": project, "file": "a.py"}]})
    told = [await heard(stream), await heard(stream)]
    await stream.aclose()
    assert [one.get("title") or one.get("name") for one in told] == ["of mine", "mine"]
