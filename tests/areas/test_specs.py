"""Specs through GraphQL on the real store: owners, versions, and that no content is ever lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from resolvers.specs.versions import next_patch, semver
from schema.context import RequestContext
from schema.root import build_schema
from store.port import Changes
from store.records import Audit, Key, Spec, SpecVersion
from tests.areas.session_cases import make_key, start
from tests.conftest import Run, failure

DEFINE = """mutation($input: DefineSpecInput!, $key: String) {
  defineSpec(input: $input, idempotencyKey: $key) {
    __typename
    ... on SpecDefined { change name project version owner author specType tags versions versionCount }
    ... on SpecOwnedError { message hint owner spec { version } }
  }
}"""
GET = """query($name: String!, $version: String, $project: String, $session: ID) {
  spec(name: $name, version: $version, project: $project, sessionId: $session) {
    name project version currentVersion owner author specType content jsonSchema tags versionCount
    archivedAt note cursor
  }
}"""
LIST = """query($project: String, $session: ID, $type: String, $first: Int! = 50, $after: String) {
  specs(project: $project, sessionId: $session, specType: $type, first: $first, after: $after) {
    count next nodes { name project version owner versions }
  }
}"""
READER = Caller("key_r", "r", Role.READONLY, frozenset({"p"}))


async def define(run: Run, caller: Caller | None = None, /, **given: Any) -> Any:
    """Define a spec of project `p` unless a session or a project is given; return the outcome."""
    if "sessionId" not in given:
        given.setdefault("project", "p")
    more = {"caller": caller} if caller else {}
    answer = await run(DEFINE, {"input": {"name": "api", "content": "text", **given}}, **more)
    assert not answer["errors"], answer["errors"]
    return answer["data"]["defineSpec"]


async def refused(run: Run, caller: Caller | None = None, /, **given: Any) -> tuple[str, str]:
    more = {"caller": caller} if caller else {}
    asked = {"name": "api", "content": "text", "project": "p", **given}
    return failure(await run(DEFINE, {"input": asked}, **more))


async def got(run: Run, name: str = "api", **given: Any) -> Any:
    answer = await run(GET, {"name": name, "project": "p", **given})
    assert not answer["errors"], answer["errors"]
    return answer["data"]["spec"]


async def session_of(run: Run, agent: str, project: str = "p", **more: Any) -> str:
    return str((await start(run, agent, project=project, **more))["sessionId"])


async def test_a_spec_grows_by_a_patch_and_every_version_is_readable_the_current_too(run: Run) -> None:
    """A15: get_spec of the current version was not found."""
    ada = await session_of(run, "ada")
    first = await define(run, sessionId=ada, tags=["pay"], jsonSchema={"type": "object"})
    assert (first["change"], first["version"], first["owner"]) == ("CREATED", "1.0.0", "ada")
    second = await define(run, sessionId=ada, content="more")
    assert (second["change"], second["version"], second["versions"]) == (
        "UPDATED",
        "1.0.1",
        ["1.0.1", "1.0.0"],
    )
    current = await got(run)
    assert (current["content"], current["tags"], current["jsonSchema"]) == (
        "more",
        ["pay"],
        {"type": "object"},
    )
    assert {**await got(run, version="1.0.1"), "cursor": ""} == {**current, "cursor": ""}
    assert current["note"] is None
    assert current["archivedAt"] is None
    old = await got(run, version="1.0.0")
    assert (old["content"], old["version"], old["currentVersion"]) == ("text", "1.0.0", "1.0.1")
    assert old["archivedAt"]
    assert "1.0.1" in old["note"]


async def test_the_same_content_again_is_no_new_version(run: Run, engine: Engine) -> None:
    await define(run, tags=["a"], jsonSchema={"type": "object"})
    for again in ({}, {"version": "1.0.0"}, {"tags": ["a"]}, {"jsonSchema": {"type": "object"}}):
        assert (await define(run, **again))["change"] == "UNCHANGED"
    assert await engine.store.count(SpecVersion, {}) == 1
    others: list[dict[str, Any]] = [{"tags": []}, {"jsonSchema": {}}, {"specType": "Note"}]
    for other in (*others, {"version": "2.0.0"}):
        assert (await define(run, **other))["change"] == "UPDATED"
    shown = await got(run)
    assert (shown["tags"], shown["jsonSchema"], shown["specType"], shown["version"]) == (
        [],
        None,
        "note",
        "2.0.0",
    )


@pytest.mark.parametrize("version", ["banana", "1", "1.0", "1.0.x", "v1.1.0", "01.0.0", "1.0.0-", "١.0.0"])
async def test_a_version_that_is_none_is_refused_a15(run: Run, engine: Engine, version: str) -> None:
    await define(run)
    assert await refused(run, content="new", version=version) == ("BAD_INPUT", "version")
    assert await engine.store.count(SpecVersion, {}) == 1


@pytest.mark.parametrize("version", ["1.2.3", "1.2.2", "0.9.9", "1.2.3-rc.1", "1.2.3+build"])
async def test_a_version_that_is_not_greater_is_refused_with_the_current_one_a15(
    run: Run, engine: Engine, version: str
) -> None:
    await define(run, version="1.2.3")
    asked = {"name": "api", "content": "new", "project": "p", "version": version}
    answer = await run(DEFINE, {"input": asked})
    assert failure(answer) == ("BAD_INPUT", "version")
    assert "1.2.3" in answer["errors"][0]["message"]
    assert "1.2.4" in answer["errors"][0]["extensions"]["hint"]
    assert (await got(run))["content"] == "text"
    assert await engine.store.count(SpecVersion, {}) == 1


def test_versions_are_ordered_as_semver_says() -> None:
    """The order of semver.org, item 11."""
    ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"]
    ordered += ["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.9", "1.0.10", "1.2.0", "2.0.0"]
    read = [semver(text) for text in ordered]
    assert None not in read
    assert sorted(read, reverse=True) == read[::-1]  # type: ignore[type-var]
    assert semver("1.0.0+a") == semver("1.0.0+b")
    assert [next_patch(text) for text in ("1.0.9", "2.0.0-rc.1", "1.2.3+b")] == ["1.0.10", "2.0.0", "1.2.4"]


async def test_names_that_differ_by_punctuation_are_different_specs_a15(run: Run) -> None:
    names = ("k:l", "k/l", "k_l", "k@1.0.0", "k", "K", "k l", "../k", "ключ")
    for name in names:
        assert (await define(run, name=name, content=f"of {name}"))["change"] == "CREATED"
    for name in names:
        shown = await got(run, name)
        assert (shown["name"], shown["content"]) == (name, f"of {name}")
    await define(run, name="k", content="again", version="1.0.1")
    assert (await got(run, "k@1.0.0"))["content"] == "of k@1.0.0"


async def test_a_name_is_one_line_in_one_spelling(run: Run) -> None:
    await define(run, name=" cafe\u0301 \n menu ")
    assert (await got(run, "caf\u00e9 menu"))["name"] == "caf\u00e9 menu"
    assert (await define(run, name="é" * 100))["change"] == "CREATED"
    assert await refused(run, name="é" * 101) == ("BAD_INPUT", "name")


async def test_the_history_of_another_project_is_not_readable_a15(run: Run) -> None:
    """History was not per project: project B read A's old content by name and version."""
    await define(run, content="secret")
    await define(run, content="newer")
    await define(run, project="q", content="plain")
    shown = await run(GET, {"name": "api", "version": "1.0.1", "project": "q"})
    assert failure(shown) == ("NOT_FOUND", "version")
    assert (await got(run, project="q", version="1.0.0"))["content"] == "plain"
    scoped = Caller("key_q", "q", Role.AGENT, frozenset({"q"}))
    assert failure(await run(GET, {"name": "api", "project": "p"}, caller=scoped)) == ("FORBIDDEN", "project")


@pytest.mark.parametrize("number", [2, 6, 64])
async def test_updates_at_the_same_moment_are_all_kept_b4(run: Run, engine: Engine, number: int) -> None:
    """B4: 6 concurrent updates all returned 1.0.1; five contents were lost."""
    await define(run, content="first")
    made = await asyncio.gather(*(define(run, content=f"content {n}") for n in range(number)))
    assert {one["version"] for one in made} == {f"1.0.{n + 1}" for n in range(number)}
    kept = (await engine.store.find(SpecVersion, {"project": "p"}, limit=100)).records
    assert {one.content for one in kept} == {"first", *(f"content {n}" for n in range(number))}
    assert {one.number for one in kept} == set(range(1, number + 2))
    for n, one in enumerate(made):
        assert (await got(run, version=one["version"]))["content"] == f"content {n}"


@pytest.mark.parametrize("number", [2, 8, 64])
async def test_of_writers_of_the_same_version_through_two_servers_one_wins_b4(
    engine: Engine, run: Run, number: int
) -> None:
    await define(run)
    engines = [engine, Engine(engine.store, engine.feed)]

    async def write(n: int) -> Any:
        values = {"input": {"project": "p", "name": "api", "content": f"c{n}", "version": "2.0.0"}}
        context = RequestContext(engines[n % 2], Caller("local", "local", Role.OWNER))
        return await build_schema().execute(DEFINE, variable_values=values, context_value=context)

    answers = await asyncio.gather(*(write(n) for n in range(number)))
    won = [n for n, answer in enumerate(answers) if not answer.errors]
    assert len(won) == 1
    assert (await got(run))["content"] == f"c{won[0]}"
    assert await engine.store.count(SpecVersion, {}) == 2


async def test_a_spec_of_another_is_answered_with_its_owner_and_left_alone(run: Run, engine: Engine) -> None:
    ada, bob = await session_of(run, "ada"), await session_of(run, "bob")
    await define(run, sessionId=ada)
    for content in ("text", "mine"):
        outcome = await define(run, sessionId=bob, content=content, owner="ada")
        assert (outcome["__typename"], outcome["owner"]) == ("SpecOwnedError", "ada")
        assert outcome["spec"] == {"version": "1.0.0"}
        assert "ada" in outcome["message"]
        assert "force" in outcome["hint"]
    assert await engine.store.count(SpecVersion, {}) == 1
    # With authentication off everyone is an admin: what it takes is to say so.
    forced = await define(run, sessionId=bob, content="mine", force=True)
    assert (forced["change"], forced["owner"], forced["author"]) == ("UPDATED", "ada", "bob")
    details = {one.act: one.detail for one in (await engine.store.find(Audit, {"project": "p"})).records}
    assert details["spec.updated"] == "1.0.1, forced on ada"


async def test_stating_the_owner_or_forcing_gives_no_agent_anothers_spec_d5(run: Run, engine: Engine) -> None:
    """D5: `owner=<x>` updated x's spec, and a name alone made one its owner."""
    one, _ = await make_key(engine, "one", projects=("p", "q"))
    two, _ = await make_key(engine, "two", projects=("p", "q"))
    ada = await session_of(run, "ada", caller=one)
    bob = await session_of(run, "bob", caller=two)
    namesake = await session_of(run, "ada", project="q", caller=two)
    await define(run, one, sessionId=ada)
    for given in (
        {"sessionId": bob, "owner": "ada", "force": True},
        {"sessionId": bob, "force": True},
        {"sessionId": namesake, "project": "p", "force": True},
        {"project": "p", "owner": "ada", "force": True},
    ):
        outcome = await define(run, two, content="stolen", **given)
        assert (outcome["__typename"], outcome["owner"]) == ("SpecOwnedError", "ada"), given
        assert "admin" in outcome["hint"]
    assert await refused(run, two, name="new", sessionId=bob, owner="ada") == ("FORBIDDEN", "owner")
    assert await refused(run, one, sessionId=ada, content="x", owner="bob") == ("FORBIDDEN", "owner")
    assert (await define(run, one, sessionId=ada, content="mine", owner="Ada"))["change"] == "UPDATED"
    assert await engine.store.count(Spec, {}) == 1


async def test_an_admin_writes_for_others_and_hands_a_spec_over(run: Run, engine: Engine) -> None:
    boss, _ = await make_key(engine, "boss", role="admin", projects=("p",))
    one, _ = await make_key(engine, "one", projects=("p",))
    two, _ = await make_key(engine, "two", projects=("p",))
    ada = await session_of(run, "ada", caller=one)
    bob = await session_of(run, "bob", caller=two)
    assert (await define(run, boss, owner="ada"))["owner"] == "ada"
    assert (await define(run, one, sessionId=ada, content="2"))["change"] == "UPDATED"
    kept = await define(run, boss, content="3")
    assert (kept["owner"], kept["author"]) == ("ada", "user-boss")
    assert (await define(run, boss, content="4", owner="bob"))["owner"] == "bob"
    assert (await define(run, one, sessionId=ada, content="5"))["__typename"] == "SpecOwnedError"
    assert (await define(run, two, sessionId=bob, content="5"))["version"] == "1.0.4"


async def test_the_specs_of_a_name_whose_key_is_gone_pass_to_its_next_holder(
    run: Run, engine: Engine
) -> None:
    old, _ = await make_key(engine, "old", projects=("p", "q"))
    new, _ = await make_key(engine, "new", projects=("p", "q"))
    ada = await session_of(run, "ada", caller=old)
    await define(run, old, sessionId=ada)
    key = await engine.store.get(Key, old.key_id)
    assert key is not None
    now = await engine.store.now()
    await engine.store.commit(Changes(puts=(replace(key, revoked_at=now),)))
    elsewhere = await session_of(run, "ada", project="q", caller=new)
    outcome = await define(run, new, sessionId=elsewhere, project="p", content="x")
    assert outcome["__typename"] == "SpecOwnedError"
    again = await session_of(run, "ada", caller=new)
    assert (await define(run, new, sessionId=again, content="x"))["change"] == "UPDATED"


async def test_a_state_that_would_shrink_below_half_needs_force(run: Run, engine: Engine) -> None:
    long = "é" * 201
    await define(run, name="state:ada", content=long)
    short = {"name": "state:ada", "content": "e" * 100}
    assert await refused(run, **short) == ("CONFLICT", "content")
    assert (await got(run, "state:ada"))["content"] == long
    assert (await define(run, **short, force=True))["version"] == "1.0.1"
    # 100 characters are few enough to shrink at will, and other specs may shrink anyway.
    assert (await define(run, name="state:ada", content="e"))["change"] == "UPDATED"
    await define(run, content=long)
    assert (await define(run, content="e"))["change"] == "UPDATED"
    await define(run, name="State:x", content="x" * 400)
    assert (await define(run, name="State:x", content="x" * 200))["change"] == "UPDATED"
    assert await refused(run, name="State:x", content="x" * 99, version="x") == ("BAD_INPUT", "version")
    assert await engine.store.count(SpecVersion, {"spec_id": "p/state:ada"}) == 3


DEEP: dict[str, Any] = {}
for _ in range(60):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    "schema",
    [
        [],
        "x",
        5,
        {"type": "banana"},
        {"type": []},
        {"type": ["string", "string"]},
        {"type": 5},
        {"properties": []},
        {"properties": {"a": {"items": {"type": "no"}}}},
        {"properties": {"a": 1}},
        {"required": "a"},
        {"required": ["a", 1]},
        {"anyOf": []},
        {"allOf": [1]},
        {"minLength": -1},
        {"maxItems": 1.5},
        {"minimum": "1"},
        {"minimum": True},
        {"enum": "a"},
        {"$ref": 5},
        {"additionalProperties": "no"},
        {"uniqueItems": "yes"},
        {"multipleOf": 0},
        {"description": "x" * 20_480},
        DEEP,
    ],
    ids=lambda schema: str(schema)[:40],
)
async def test_what_is_no_json_schema_is_refused(run: Run, engine: Engine, schema: Any) -> None:
    assert await refused(run, jsonSchema=schema) == ("BAD_INPUT", "jsonSchema")
    assert await engine.store.count(Spec, {}) == 0


async def test_what_is_nested_deeper_than_it_could_be_read_is_refused(run: Run, engine: Engine) -> None:
    def nested(levels: int) -> dict[str, Any]:
        return {"x": nested(levels - 1)} if levels > 1 else {"x": 1}

    assert await refused(run, jsonSchema=nested(101)) == ("BAD_INPUT", "jsonSchema")
    assert await engine.store.count(Spec, {}) == 0
    await define(run, jsonSchema=nested(99))
    assert (await got(run))["jsonSchema"] == nested(99)


async def test_a_json_schema_comes_back_as_it_was_sent(run: Run) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": ["object", "null"],
        "properties": {"amount": {"type": "number", "minimum": 0}, "type": {"const": {"type": "banana"}}},
        "required": ["amount"],
        "additionalProperties": False,
        "items": [{"type": "string"}, True],
        "x-own": {"type": 5},
        "default": {"type": "banana"},
        "$defs": {"ä": {"anyOf": [{"$ref": "#"}, {"maxLength": 3.0}]}},
    }
    await define(run, jsonSchema=schema)
    assert (await got(run))["jsonSchema"] == schema


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"content": ""}, "content"),
        ({"content": "x" * 51_201}, "content"),
        ({"content": "é" * 25_601}, "content"),
        ({"content": "a\x01"}, "content"),
        ({"version": "1." + "1" * 70 + ".0"}, "version"),
        ({"specType": "x" * 101}, "specType"),
        ({"owner": "a/b"}, "owner"),
        ({"tags": [""]}, "tags"),
        ({"tags": [str(n) for n in range(10_000)]}, "tags"),
        ({"project": "../p"}, "project"),
    ],
)
async def test_a_value_that_cannot_be_taken_is_named_and_nothing_is_written(
    run: Run, engine: Engine, given: dict[str, Any], field: str
) -> None:
    assert await refused(run, **given) == ("BAD_INPUT", field)
    assert await engine.store.count(Spec, {}) == await engine.store.count(SpecVersion, {}) == 0


async def test_the_largest_content_is_taken_whole(run: Run) -> None:
    await define(run, content="é" * 25_600)
    assert (await got(run))["content"] == "é" * 25_600


async def test_who_asks_for_a_spec_that_is_not_there_is_told_of_similar_ones(run: Run) -> None:
    for name in ("payment-api", "payment-events", "payments", "payment-ui", "zebra"):
        await define(run, name=name)
    await define(run, project="shared", name="pay-rules")
    answer = await run(GET, {"name": "paymnt-api", "project": "p"})
    assert failure(answer) == ("NOT_FOUND", "name")
    hint = answer["errors"][0]["extensions"]["hint"]
    assert hint.startswith("There is: payment-api, ")
    assert hint.count(",") == 2
    assert "zebra" not in hint
    shared = await run(GET, {"name": "pay-rules", "project": "p"})
    assert "pay-rules (project shared)" in shared["errors"][0]["extensions"]["hint"]
    nothing = await run(GET, {"name": "xyz", "project": "p"})
    assert "memory_list_specs" in nothing["errors"][0]["extensions"]["hint"]


async def test_who_asks_for_a_version_that_is_not_there_is_told_which_are(run: Run) -> None:
    for n in range(12):
        await define(run, content=str(n))
    answer = await run(GET, {"name": "api", "project": "p", "version": "9.9.9"})
    assert failure(answer) == ("NOT_FOUND", "version")
    assert answer["errors"][0]["extensions"]["hint"].startswith("It has 1.0.11, 1.0.10, ")
    assert "2 older" in answer["errors"][0]["extensions"]["hint"]


async def test_a_list_shows_the_sessions_project_and_the_shared_one_by_name(run: Run) -> None:
    """A1: the history was never listed."""
    ada = await session_of(run, "ada")
    for project, name in (("p", "b"), ("shared", "a"), ("q", "foreign"), ("p", "c")):
        await define(run, project=project, name=name, specType="note" if name == "c" else "interface")
    await define(run, name="b", content="2")
    shown = (await run(LIST, {"session": ada}))["data"]["specs"]
    assert [(one["project"], one["name"]) for one in shown["nodes"]] == [
        ("shared", "a"),
        ("p", "b"),
        ("p", "c"),
    ]
    assert shown["nodes"][1]["versions"] == ["1.0.1", "1.0.0"]
    assert (shown["count"], shown["next"]) == (3, None)
    only = (await run(LIST, {"session": ada, "type": "Note"}))["data"]["specs"]["nodes"]
    assert [one["name"] for one in only] == ["c"]
    own = (await run(LIST, {"project": "Q"}))["data"]["specs"]["nodes"]
    assert [one["name"] for one in own] == ["foreign"]
    page = (await run(LIST, {"session": ada, "first": 2}))["data"]["specs"]
    rest = (await run(LIST, {"session": ada, "first": 2, "after": page["next"]}))["data"]["specs"]
    assert [one["name"] for one in (*page["nodes"], *rest["nodes"])] == ["a", "b", "c"]
    assert failure(await run(LIST, {})) == ("BAD_INPUT", "project")


async def test_shared_specs_are_read_by_all_and_written_by_keys_that_include_them(
    run: Run, engine: Engine
) -> None:
    """D2, D8"""
    scoped, _ = await make_key(engine, "s", projects=("p",))
    both, _ = await make_key(engine, "b", projects=("p", "shared"))
    ada = await session_of(run, "ada", caller=scoped)
    assert await refused(run, scoped, sessionId=ada, project="shared") == ("FORBIDDEN", "project")
    bob = await session_of(run, "bob", caller=both)
    assert (await define(run, both, sessionId=bob, project="shared", name="rules"))["project"] == "shared"
    await define(run, both, sessionId=bob, project="shared", name="rules", content="2")
    read = await run(GET, {"name": "rules", "project": "Shared", "version": "1.0.0"}, caller=scoped)
    assert read["data"]["spec"]["content"] == "text"
    listed = await run(LIST, {"session": ada}, caller=scoped)
    assert [one["name"] for one in listed["data"]["specs"]["nodes"]] == ["rules"]
    assert failure(await run(LIST, {"project": "q"}, caller=scoped)) == ("FORBIDDEN", "project")
    # What is left out means the session's own project, never the shared one.
    assert (await define(run, both, sessionId=bob, name="own"))["project"] == "p"


async def test_a_readonly_key_reads_specs_and_defines_none_d1(run: Run, engine: Engine) -> None:
    await define(run)
    assert (await refused(run, READER, content="new"))[0] == "FORBIDDEN"
    read = await run(GET, {"name": "api", "project": "p"}, caller=READER)
    assert read["data"]["spec"]["content"] == "text"
    assert await engine.store.count(SpecVersion, {}) == 1


async def test_a_definition_is_audited_and_told_without_its_content(run: Run, engine: Engine) -> None:
    ada = await session_of(run, "ada")
    await define(run, sessionId=ada, content="long text", tags=["t"])
    await define(run, sessionId=ada, content="other text", tags=["t"])
    await define(run, sessionId=ada, content="other text", tags=["t"])
    found = (await engine.store.find(Audit, {"project": "p"}, limit=50)).records
    entries = [(one.act, one.target, one.detail, one.actor) for one in found if one.act.startswith("spec.")]
    assert sorted(entries) == [
        ("spec.created", "p/api", "1.0.0", "ada"),
        ("spec.updated", "p/api", "1.0.1", "ada"),
    ]
    events = [one for one in await engine.store.events_after("p", 0) if one.kind == "spec.defined"]
    assert [one.data["spec_version"] for one in events] == ["1.0.0", "1.0.1"]
    assert events[0].data == {
        "id": "p/api",
        "name": "api",
        "spec_version": "1.0.0",
        "owner": "ada",
        "spec_type": "interface",
        "tags": ["t"],
        "author": "ada",
        "status": "created",
    }


FOLLOW = """subscription($after: String) {
  events(projects: ["p"], kinds: ["spec"], after: $after) {
    ... on FeedEvent { kind actor } ... on SpecEvent { id name specVersion specType owner tags }
  }
}"""


async def test_a_subscriber_hears_of_a_new_version_after_what_it_has_read(run: Run, engine: Engine) -> None:
    await define(run)
    cursor = (await got(run))["cursor"]
    await define(run, content="2")
    context = RequestContext(engine, Caller("local", "local", Role.OWNER))
    stream: Any = await build_schema().subscribe(
        FOLLOW, variable_values={"after": cursor}, context_value=context
    )
    item = (await asyncio.wait_for(anext(stream), 5)).data["events"]
    await stream.aclose()
    assert item == {
        "kind": "spec.defined",
        "actor": "user-local",
        "id": "p/api",
        "name": "api",
        "specVersion": "1.0.1",
        "specType": "interface",
        "owner": "user-local",
        "tags": [],
    }


async def test_a_repeat_with_the_same_idempotency_key_gets_the_first_answer(run: Run, engine: Engine) -> None:
    ada, bob = await session_of(run, "ada"), await session_of(run, "bob")
    for session, content in ((ada, "a"), (bob, "b")):
        asked = {"input": {"sessionId": session, "name": "api", "content": content}, "key": content}
        first = await run(DEFINE, asked)
        await define(run, sessionId=ada, content=f"after {content}")
        assert await run(DEFINE, asked) == first
    assert await engine.store.count(SpecVersion, {}) == 3


VERSIONS = """query($name: String!, $first: Int! = 20, $after: String) {
  specVersions(name: $name, project: "p", first: $first, after: $after) {
    nodes { name version number content author } pageInfo { hasNextPage endCursor }
  }
}"""


async def test_all_versions_of_a_spec_are_paged_newest_first_with_their_content(run: Run) -> None:
    for number in range(60):
        await define(run, content=f"text {number}")
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        answer = await run(VERSIONS, {"name": "api", "first": 25, "after": after})
        page = answer["data"]["specVersions"]
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [one["number"] for one in seen] == list(range(60, 0, -1))
    assert [one["content"] for one in seen] == [f"text {number}" for number in range(59, -1, -1)]
    assert seen[-1]["version"] == "1.0.0" and seen[-1]["name"] == "api"


async def test_the_versions_of_an_unknown_or_foreign_spec_are_not_shown(run: Run) -> None:
    await define(run)
    assert failure(await run(VERSIONS, {"name": "apo"})) == ("NOT_FOUND", "name")
    foreign = Caller("key_f", "f", Role.READONLY, frozenset({"q"}))
    assert failure(await run(VERSIONS, {"name": "api"}, caller=foreign)) == ("FORBIDDEN", "project")
