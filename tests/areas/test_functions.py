"""The register of functions, through GraphQL on the real store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from schema.context import RequestContext
from schema.root import build_schema
from store.feed.feed import Feed
from store.port import Changes
from store.records import Document, Function, Spec, Usage
from store.sqlite.store import SqliteStore
from tests.areas.function_cases import (
    ENRICH,
    FINDINGS,
    LEASE,
    LIST,
    ONE,
    QUEUE,
    REGISTER,
    REGISTER_MANY,
    REMOVE,
    ask,
    begin,
    enrich,
    register,
    register_many,
    show,
)
from tests.conftest import Clock, Run, failure

KEPT = (*FINDINGS, "enrichedAt", "enrichedBy")


async def test_a_moved_line_is_the_same_function_a14(run: Run) -> None:
    first = await register(run, file="src/basket.py:10")
    for file, line in (("./src/basket.py:44", 44), ("src\\basket.py#L50", 50), ("src/basket.py:61:5", 61)):
        again = await register(run, file=file)
        assert (again["change"], again["isNew"]) == ("UPDATED", False)
        assert again["function"]["id"] == first["function"]["id"]
        assert (again["function"]["file"], again["function"]["line"]) == ("src/basket.py", line)
    listed = await show(run, LIST, project="p")
    assert len(listed["nodes"]) == 1


async def test_registering_again_keeps_all_of_the_enrichment_a14(run: Run) -> None:
    made = (await register(run, code="def add(): pass", gotchas="not thread-safe", requires=["db"]))[
        "function"
    ]
    enriched = await enrich(run, made["id"])
    again = await register(run, file="src/basket.py:99", purpose="adds goods")
    assert again["preservedEnrichment"] is True
    kept = again["function"]
    assert {name: kept[name] for name in KEPT} == {name: enriched[name] for name in KEPT}
    assert {name: kept[name] for name in FINDINGS} == FINDINGS
    assert (kept["code"], kept["gotchas"], kept["requires"]) == ("def add(): pass", "not thread-safe", ["db"])
    assert (kept["purpose"], kept["queue"], kept["isOutOfDate"]) == ("adds goods", "DONE", False)


async def test_changed_code_is_queued_again_and_out_of_date_until_it_is_enriched(run: Run) -> None:
    made = (await register(run, code="def add(): pass"))["function"]
    await enrich(run, made["id"])
    same = await register(run, code="def add(): pass   \n\n")
    assert (same["isQueued"], same["function"]["isOutOfDate"]) == (False, False)
    other = await register(run, code="def add(): return 1")
    assert (other["isQueued"], other["function"]["isOutOfDate"]) == (True, True)
    assert other["function"]["searchSummary"] == FINDINGS["searchSummary"]
    late = await enrich(run, made["id"], searchSummary="of the old code", sourceHash=made["sourceHash"])
    assert (late["isOutOfDate"], late["queue"]) == (True, "PENDING")
    assert late["sourceHash"] == other["function"]["sourceHash"]
    done = await enrich(run, made["id"], searchSummary="of the new code")
    assert (done["isOutOfDate"], done["queue"]) == (False, "DONE")


async def test_what_is_null_stays_and_an_empty_text_clears(run: Run) -> None:
    await register(run, gotchas="g", preferOver="old_add", requires=["a"], language="Python")
    kept = (await register(run, gotchas=None, requires=None))["function"]
    assert (kept["gotchas"], kept["preferOver"], kept["requires"]) == ("g", "old_add", ["a"])
    cleared = (await register(run, gotchas="", requires=[]))["function"]
    assert (cleared["gotchas"], cleared["requires"], cleared["language"]) == ("", [], "python")


async def test_registering_what_is_known_writes_nothing(engine: Engine, run: Run) -> None:
    made = (await register(run, code="x"))["function"]
    events = len(await engine.store.events_after("p", 0))
    again = await register(run, code="x")
    assert (again["change"], again["function"]["updatedAt"]) == ("UNCHANGED", made["updatedAt"])
    stored = await engine.store.get(Function, made["id"])
    assert stored is not None
    assert stored.version == 1
    assert len(await engine.store.events_after("p", 0)) == events == 1


async def test_the_same_name_in_another_file_or_project_is_another_function(run: Run) -> None:
    places: list[dict[str, str]] = [{}, {"file": "src/other.py"}, {"project": "q"}]
    ids = {(await register(run, **place))["function"]["id"] for place in places}
    assert len(ids) == 3


async def test_an_absolute_path_is_taken_inside_the_working_directory_only(engine: Engine, run: Run) -> None:
    session = await begin(engine, "ann", home="/home/ann/shop")
    made = await register(run, project=None, sessionId=session, file="/home/ann/shop/src/a.py:7")
    assert (made["function"]["file"], made["function"]["project"]) == ("src/a.py", "p")
    for file in ("/etc/passwd", "../x.py", "C:\\x.py", "src/", "", ":12"):
        told = {"sessionId": session, "name": "f", "file": file, "purpose": "x"}
        assert failure(await run(REGISTER, {"input": told})) == ("BAD_INPUT", "file"), file


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 301),
        ("line", 0),
        ("line", 10_000_001),
        ("purpose", ""),
        ("purpose", "x" * 8_001),
        ("gotchas", "\x07"),
        ("requires", ["x"] * 101),
        ("requires", [""]),
        ("code", "x" * 51_201),
        ("sourceHash", "x" * 129),
        ("language", "x" * 101),
        ("file", "a" * 1_025),
    ],
)
async def test_a_value_that_cannot_be_taken_is_named_and_nothing_written(
    engine: Engine, run: Run, field: str, value: Any
) -> None:
    told = {"project": "p", "name": "f", "file": "a.py", "purpose": "x", field: value}
    assert failure(await run(REGISTER, {"input": told})) == ("BAD_INPUT", field)
    if field != "purpose" or value:
        entry = {name: one for name, one in told.items() if name != "project"}
        batch = {"project": "p", "functions": [{"name": "g", "file": "b.py"}, entry]}
        answer = await run(REGISTER_MANY, {"input": batch})
        assert failure(answer) == ("BAD_INPUT", field)
        assert "entry 1" in answer["errors"][0]["message"]
    assert await engine.store.count(Function, {}) == 0
    assert await engine.store.events_after("p", 0) == []


async def test_a_batch_is_written_once_and_its_repeat_writes_nothing(engine: Engine, run: Run) -> None:
    names = [f"f{n}" for n in range(200)]
    assert await register_many(run, *names, code="x", line=1) == {
        "registered": 200,
        "updated": 0,
        "unchanged": 0,
    }
    (event,) = await engine.store.events_after("p", 0)
    assert event.kind == "function.registered"
    assert (len(event.data["ids"]), event.data["pending"]) == (200, 200)
    assert "code" not in event.data
    before = (await engine.store.find(Function, {}, limit=1000)).records
    assert await register_many(run, *names, code="x", line=1) == {
        "registered": 0,
        "updated": 0,
        "unchanged": 200,
    }
    assert (await engine.store.find(Function, {}, limit=1000)).records == before
    assert len(await engine.store.events_after("p", 0)) == 1
    assert await register_many(run, *names[:2], "new", line=2) == {
        "registered": 1,
        "updated": 2,
        "unchanged": 0,
    }


async def purposes(run: Run) -> dict[str, str]:
    told = await run('{ functions(project: "p") { nodes { name purpose } } }')
    return {one["name"]: one["purpose"] for one in told["data"]["functions"]["nodes"]}


async def test_a_batch_without_purposes_uses_names_and_keeps_what_agents_told(run: Run) -> None:
    await register(run, "told", file="src/many.py", purpose="as an agent put it")
    await register_many(run, "told", "untold", purpose="", line=3)
    same = await register(run, "told", file="src/many.py", purpose="as an agent put it")
    assert same["change"] == "UNCHANGED"
    assert await purposes(run) == {"told": "as an agent put it", "untold": "untold"}


async def test_a_scan_does_not_replace_the_purpose_that_an_agent_wrote(run: Run) -> None:
    await register_many(run, "told", "untold", purpose="from its docstring")
    await register(run, "told", file="src/many.py", purpose="as an agent put it")
    await register_many(run, "told", "untold", purpose="from its new docstring")
    assert await purposes(run) == {"told": "as an agent put it", "untold": "from its new docstring"}


async def test_a_function_twice_in_a_batch_is_one(run: Run) -> None:
    done = await register_many(run, "f", "f")
    assert done == {"registered": 1, "updated": 0, "unchanged": 0}


@pytest.mark.parametrize("count", [0, 201])
async def test_a_batch_has_bounds(run: Run, count: int) -> None:
    told = {"project": "p", "functions": [{"name": f"f{n}", "file": "a.py"} for n in range(count)]}
    assert failure(await run(REGISTER_MANY, {"input": told})) == ("BAD_INPUT", "functions")


@pytest.mark.parametrize("racers", [2, 8, 64])
async def test_registering_at_one_moment_makes_one_function_and_loses_no_enrichment(
    engine: Engine, run: Run, racers: int
) -> None:
    made = (await register(run))["function"]
    lines = asyncio.gather(*(register(run, line=n + 1) for n in range(racers)))
    batches = asyncio.gather(*(register_many(run, "f", line=n + 1) for n in range(racers)))
    enriched, told, _ = await asyncio.gather(enrich(run, made["id"]), lines, batches)
    assert {one["function"]["id"] for one in told} == {made["id"]}
    now = await show(run, ONE, id=made["id"])
    assert {name: now[name] for name in KEPT} == {name: enriched[name] for name in KEPT}
    assert await engine.store.count(Function, {"project": "p"}) == 2


async def test_functions_are_listed_by_file_and_name_page_by_page(run: Run) -> None:
    for file in ("b.py", "src/a.py", "src/deep/c.py"):
        for name in ("two", "one"):
            await register(run, name, file=file)
    page = await show(run, LIST, project="p", first=4)
    rest = await show(run, LIST, project="p", first=4, after=page["pageInfo"]["endCursor"])
    shown = [(one["file"], one["name"]) for one in (*page["nodes"], *rest["nodes"])]
    assert shown == sorted(shown)
    assert (len(shown), rest["pageInfo"]["hasNextPage"]) == (6, False)
    under = await show(run, LIST, project="p", file="src/")
    assert {one["file"] for one in under["nodes"]} == {"src/a.py", "src/deep/c.py"}
    of = await show(run, LIST, project="p", file="./src/a.py")
    assert [one["name"] for one in of["nodes"]] == ["one", "two"]
    assert len((await show(run, LIST, project="p", file="./"))["nodes"]) == 6


async def test_removed_functions_are_gone_with_their_counts_and_others_stay(engine: Engine, run: Run) -> None:
    made = (await register(run))["function"]["id"]
    other = (await register(run, project="q"))["function"]["id"]
    await engine.store.commit(Changes(puts=(Usage(id=made, project="p", count=3),)))
    asked = {"project": "p", "ids": [made, other, "fn_none"]}
    assert await ask(run, REMOVE, asked) == {"removed": 1}
    assert await ask(run, REMOVE, asked) == {"removed": 0}
    assert failure(await run(ONE, {"id": made})) == ("NOT_FOUND", "id")
    assert (await show(run, ONE, id=other))["project"] == "q"
    assert await engine.store.get(Usage, made) is None
    *_, event = await engine.store.events_after("p", 0)
    assert (event.kind, event.subject) == ("function.removed", made)


async def test_events_name_the_function_and_never_carry_its_code(engine: Engine, run: Run) -> None:
    made = (await register(run, code="SECRET"))["function"]
    await enrich(run, made["id"])
    registered, enriched = await engine.store.events_after("p", 0)
    assert (registered.kind, registered.subject) == ("function.registered", made["id"])
    assert (registered.data["name"], registered.data["queue"]) == ("Basket.add", "pending")
    assert (enriched.kind, enriched.data["queue"]) == ("function.enriched", "done")
    assert "SECRET" not in str([registered.data, enriched.data])


async def test_a_repeat_with_an_idempotency_key_gets_the_first_answer(run: Run) -> None:
    asked = {"input": {"project": "p", "name": "f", "file": "a.py", "purpose": "x"}, "key": "k"}
    first, again = await run(REGISTER, asked), await run(REGISTER, asked)
    assert first["data"] == again["data"]
    assert first["data"]["done"]["isNew"] is True


async def test_functions_queue_and_leases_survive_a_restart_b1(tmp_path: Path, clock: Clock) -> None:
    async def served(document: str, given: dict[str, Any]) -> Any:
        store = await SqliteStore.open(tmp_path / "data", clock=clock)
        try:
            async with Feed(store) as feed:
                context = RequestContext(Engine(store, feed), Caller("local", "local", Role.OWNER))
                result = await build_schema().execute(document, variable_values=given, context_value=context)
                assert not result.errors, result.errors
                assert result.data is not None
                return result.data["done"]
        finally:
            await store.close()

    made = await served(
        REGISTER, {"input": {"project": "p", "name": "f", "file": "a.py", "purpose": "x", "code": "c"}}
    )
    other = {"input": {"project": "p", "name": "g", "file": "a.py", "purpose": "x"}}
    await served(REGISTER, other)
    take = "mutation { done: leaseFunctions(input: {limit: 1}) { leaseId functions { id name } } }"
    held = await served(take, {})
    assert [one["name"] for one in held["functions"]] == ["f"]
    queue = await served(QUEUE, {})
    assert (queue["pendingCount"], queue["leasedCount"]) == (1, 1)
    told = {"id": made["function"]["id"], "leaseId": held["leaseId"], **FINDINGS}
    await served(ENRICH, {"input": told})
    now = await served(ONE, {"id": made["function"]["id"]})
    assert {name: now[name] for name in FINDINGS} == FINDINGS
    assert now["code"] == "c"


async def test_a_readonly_key_reads_functions_and_changes_none_d1(engine: Engine, run: Run) -> None:
    made = (await register(run))["function"]["id"]
    reader = Caller("key_r", "reader", Role.READONLY, frozenset({"p"}))
    assert (await run(ONE, {"id": made}, caller=reader))["data"]["done"]["name"] == "Basket.add"
    before = await engine.store.find(Function, {})
    refused = {
        "registerFunction": (
            "RegisterFunctionInput",
            {"name": "f", "file": "a", "purpose": "x", "project": "p"},
        ),
        "registerFunctions": (
            "RegisterFunctionsInput",
            {"functions": [{"name": "f", "file": "a"}], "project": "p"},
        ),
        "removeFunctions": ("RemoveFunctionsInput", {"ids": [made], "project": "p"}),
        "leaseFunctions": ("LeaseFunctionsInput", {}),
        "releaseFunctions": ("ReleaseFunctionsInput", {"leaseId": "x"}),
        "extendLease": ("ExtendLeaseInput", {"leaseId": "x"}),
        "becomeLibrarian": ("BecomeLibrarianInput", {"sessionId": await begin(engine, "r", key_id="key_r")}),
        "enrichFunction": ("EnrichFunctionInput", {"id": made, "searchSummary": "x"}),
    }
    for name, (kind, given) in refused.items():
        document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ __typename }} }}"
        answer = await run(document, {"input": given}, caller=reader)
        assert failure(answer)[0] == "FORBIDDEN", name
    assert await engine.store.find(Function, {}) == before


async def test_a_key_reaches_no_function_of_a_foreign_project_d2(engine: Engine, run: Run) -> None:
    made = (await register(run, project="foreign", name="Hidden.secret"))["function"]["id"]
    agent = Caller("key_a", "a", Role.AGENT, frozenset({"own"}))
    assert failure(await run(ONE, {"id": made}, caller=agent))[0] == "NOT_FOUND"
    told = {"input": {"id": made, "searchSummary": "mine"}}
    assert failure(await run(ENRICH, told, caller=agent))[0] == "NOT_FOUND"
    for document in (LIST, QUEUE):
        answer = await run(document, {"project": "foreign"}, caller=agent)
        assert failure(answer) == ("FORBIDDEN", "project")
    queue = await run(QUEUE, {}, caller=agent)
    assert queue["data"]["done"]["items"] == []
    assert queue["data"]["done"]["pendingCount"] == 0
    removed = await run(REMOVE, {"input": {"project": "own", "ids": [made]}}, caller=agent)
    assert removed["data"]["done"] == {"removed": 0}
    assert (await show(run, ONE, id=made))["queue"] == "PENDING"


async def test_shared_functions_are_read_by_all_and_lent_to_nobody_outside(run: Run) -> None:
    made = (await register(run, project="shared"))["function"]["id"]
    agent = Caller("key_a", "a", Role.AGENT, frozenset({"own"}))
    assert (await run(ONE, {"id": made}, caller=agent))["data"]["done"]["project"] == "shared"
    assert len((await run(LIST, {"project": "Shared"}, caller=agent))["data"]["done"]["nodes"]) == 1
    held = await run(LEASE, {"input": {"limit": 5}}, caller=agent)
    assert held["data"]["done"]["functions"] == []
    told = {"input": {"id": made, "searchSummary": "mine"}}
    assert failure(await run(ENRICH, told, caller=agent))[0] == "FORBIDDEN"


async def test_enriching_cannot_touch_a_spec_or_a_document_d5(engine: Engine, run: Run) -> None:
    document = Document(id="doc_x", project="p", type="pattern", title="t", content="c")
    spec = Spec(id="p/api", project="p", name="api", spec_version="1.0.0", owner="ann")
    await engine.store.commit(Changes(puts=(document, spec)))
    for record_id in (document.id, spec.id, "spec_api"):
        answer = await run(ENRICH, {"input": {"id": record_id, "searchSummary": "taken over"}})
        assert failure(answer) == ("NOT_FOUND", "id")
    kept = await engine.store.get(Document, document.id), await engine.store.get(Spec, spec.id)
    assert [one.version for one in kept if one is not None] == [1, 1]
