"""The enrichment queue: lent to one at once, given back, never lost; through GraphQL on the real store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Caller, Role
from schema.context import RequestContext
from schema.root import build_schema
from store.port import Changes
from store.records import Function
from tests.areas.function_cases import (
    ENRICH,
    EXTEND,
    LEASE,
    ONE,
    QUEUE,
    RELEASE,
    REQUEUE,
    ask,
    begin,
    enrich,
    lease,
    register,
    register_many,
    show,
)
from tests.conftest import Clock, Run, failure


def ids(held: Any) -> list[str]:
    return [one["id"] for one in held["functions"]]


def named(held: Any) -> list[str]:
    return [one["name"] for one in held["functions"]]


@pytest.mark.parametrize("racers", [2, 8, 64])
async def test_no_two_that_ask_at_one_moment_get_the_same_function(
    engine: Engine, run: Run, racers: int
) -> None:
    await register_many(run, *(f"f{n}" for n in range(racers)))
    held = await asyncio.gather(*(lease(run, 2) for _ in range(racers)))
    given = [one for each in held for one in ids(each)]
    assert len(given) == len(set(given)) == racers
    assert len({each["leaseId"] for each in held}) == racers
    assert ids(await lease(run)) == []
    assert await engine.store.count(Function, {"queue": "leased"}) == racers


@pytest.mark.parametrize("racers", [2, 8, 64])
async def test_two_servers_on_one_store_never_lend_the_same_function(
    engine: Engine, run: Run, racers: int
) -> None:
    await register_many(run, *(f"f{n}" for n in range(racers)))
    servers = [Engine(engine.store, engine.feed) for _ in range(2)]

    async def through(server: Engine) -> list[str]:
        context = RequestContext(server, LOCAL_OWNER)
        given = {"input": {"limit": 1}}
        result = await build_schema().execute(LEASE, variable_values=given, context_value=context)
        assert not result.errors, result.errors
        assert result.data is not None
        return ids(result.data["done"])

    held = await asyncio.gather(*(through(servers[n % 2]) for n in range(racers)))
    given = [one for each in held for one in each]
    assert len(given) == len(set(given)) == racers


async def test_a_lease_that_ran_out_is_lent_again_and_its_holder_comes_too_late(
    run: Run, clock: Clock
) -> None:
    made = (await register(run))["function"]["id"]
    first = await lease(run, seconds=30)
    clock.forward(seconds=29)
    assert ids(await lease(run)) == []
    clock.forward(seconds=2)
    assert (await show(run, QUEUE))["pendingCount"] == 1
    second = await lease(run, seconds=30)
    assert ids(second) == [made]
    late = await run(ENRICH, {"input": {"id": made, "leaseId": first["leaseId"], "searchSummary": "late"}})
    assert failure(late) == ("CONFLICT", "leaseId")
    assert failure(await run(EXTEND, {"input": {"leaseId": first["leaseId"]}})) == ("CONFLICT", "leaseId")
    assert await ask(run, RELEASE, {"leaseId": first["leaseId"]}) == {"released": 0}
    done = await enrich(run, made, leaseId=second["leaseId"], searchSummary="in time")
    assert (done["searchSummary"], done["queue"], done["leaseHolder"]) == ("in time", "DONE", "")


async def test_work_that_nobody_else_took_is_not_lost_to_the_clock(run: Run, clock: Clock) -> None:
    made = (await register(run))["function"]["id"]
    held = await lease(run, seconds=30)
    clock.forward(seconds=60)
    done = await enrich(run, made, leaseId=held["leaseId"], searchSummary="a little late")
    assert done["queue"] == "DONE"


async def test_an_extended_lease_ends_later(run: Run, clock: Clock) -> None:
    await register(run)
    held = await lease(run, seconds=30)
    clock.forward(seconds=20)
    longer = await ask(run, EXTEND, {"leaseId": held["leaseId"], "seconds": 600})
    assert ids(longer) == ids(held)
    assert datetime.fromisoformat(longer["expiresAt"]) > datetime.fromisoformat(held["expiresAt"])
    clock.forward(seconds=590)
    assert ids(await lease(run)) == []
    clock.forward(seconds=20)
    assert ids(await lease(run)) == ids(held)


async def test_the_longest_waiting_are_lent_first(run: Run, clock: Clock) -> None:
    for name in ("old", "middle", "new"):
        await register(run, name)
        clock.forward(seconds=1)
    first = await lease(run, 1, seconds=30)
    assert named(first) == ["old"]
    clock.forward(seconds=40)
    assert named(await lease(run, 2)) == ["old", "middle"]


async def test_a_lease_without_a_project_takes_of_all_that_the_key_includes(run: Run) -> None:
    for project in ("p", "q", "r"):
        await register(run, project=project)
    scoped = Caller("key_a", "a", Role.AGENT, frozenset({"q", "r"}))
    held = (await run(LEASE, {"input": {"limit": 20}}, caller=scoped))["data"]["done"]
    assert {one["project"] for one in held["functions"]} == {"q", "r"}
    assert {one["leaseHolder"] for one in held["functions"]} == {"user-a"}
    refused = await run(LEASE, {"input": {"project": "p"}}, caller=scoped)
    assert failure(refused) == ("FORBIDDEN", "project")
    assert [one["project"] for one in (await lease(run, project="p"))["functions"]] == ["p"]


async def test_work_given_back_is_lent_again_at_its_old_place(run: Run, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        await register(run, name)
        clock.forward(seconds=1)
    held = await lease(run, 3)
    assert await ask(run, RELEASE, {"leaseId": held["leaseId"], "ids": ids(held)[:1]}) == {"released": 1}
    assert named(await lease(run)) == ["a"]
    assert await ask(run, RELEASE, {"leaseId": held["leaseId"]}) == {"released": 2}
    assert named(await lease(run)) == ["b", "c"]


async def test_failures_wait_longer_each_time_and_are_given_up_after_five(run: Run, clock: Clock) -> None:
    made = (await register(run))["function"]["id"]
    for attempt in range(1, 6):
        held = await lease(run)
        assert ids(held) == [made], attempt
        told = {"leaseId": held["leaseId"], "failure": f"time-out {attempt}"}
        assert await ask(run, RELEASE, told) == {"released": 1}
        assert ids(await lease(run)) == [], "it must wait first"
        now = await show(run, ONE, id=made)
        assert (now["attempts"], now["failure"]) == (attempt, f"time-out {attempt}")
        clock.forward(hours=3)
    assert (now["queue"], ids(await lease(run))) == ("FAILED", [])
    queue = await show(run, QUEUE, state="FAILED")
    assert (queue["failedCount"], queue["pendingCount"]) == (1, 0)
    assert queue["items"] == [{"id": made, "name": "Basket.add", "failure": "time-out 5"}]
    again = await register(run, code="def add(): pass")
    assert (again["function"]["queue"], again["function"]["attempts"]) == ("PENDING", 0)
    assert ids(await lease(run)) == [made]


async def test_a_permanent_failure_is_given_up_at_once_and_says_why(run: Run) -> None:
    made = (await register(run))["function"]["id"]
    held = await lease(run)
    silent = await run(RELEASE, {"input": {"leaseId": held["leaseId"], "permanent": True}})
    assert failure(silent) == ("BAD_INPUT", "failure")
    told = {"leaseId": held["leaseId"], "permanent": True, "failure": "no such file"}
    assert await ask(run, RELEASE, told) == {"released": 1}
    now = await show(run, ONE, id=made)
    assert (now["queue"], now["failure"], now["attempts"]) == ("FAILED", "no such file", 1)
    enriched = await enrich(run, made, searchSummary="an agent knew")
    assert (enriched["queue"], enriched["failure"]) == ("DONE", "")


async def test_changed_code_ends_a_lease_so_that_old_findings_are_refused(run: Run) -> None:
    made = (await register(run, code="one"))["function"]["id"]
    held = await lease(run)
    await register(run, code="two")
    late = await run(ENRICH, {"input": {"id": made, "leaseId": held["leaseId"], "searchSummary": "of one"}})
    assert failure(late) == ("CONFLICT", "leaseId")
    assert ids(await lease(run)) == [made]


async def test_under_a_lease_the_code_looked_at_is_the_latest(run: Run) -> None:
    made = (await register(run, code="one"))["function"]["id"]
    held = await lease(run)
    done = await enrich(run, made, leaseId=held["leaseId"], searchSummary="s", sourceHash="h2", code="two")
    assert (done["sourceHash"], done["code"], done["isOutOfDate"]) == ("h2", "two", False)
    again = await register(run, code="two", sourceHash="h2")
    assert again["change"] == "UNCHANGED"


async def test_the_queue_shrinks_as_functions_are_enriched_b8(run: Run) -> None:
    await register_many(run, *(f"f{n}" for n in range(6)))
    held = await lease(run, 4)
    queue = await show(run, QUEUE)
    assert (queue["pendingCount"], queue["leasedCount"], queue["failedCount"]) == (2, 4, 0)
    for function_id in ids(held):
        await enrich(run, function_id, leaseId=held["leaseId"], searchSummary="s")
    queue = await show(run, QUEUE, project="p")
    assert (queue["pendingCount"], queue["leasedCount"], len(queue["items"])) == (2, 0, 2)
    for one in queue["items"]:
        await enrich(run, one["id"], searchSummary="s")
    queue = await show(run, QUEUE)
    assert (queue["pendingCount"], queue["leasedCount"], queue["items"]) == (0, 0, [])


async def test_the_queue_is_paged_over_several_projects_in_the_order_of_waiting(
    run: Run, clock: Clock
) -> None:
    for n in range(6):
        await register(run, f"f{n}", project=f"q{n % 3}")
        clock.forward(seconds=1)
    scoped = Caller("key_a", "a", Role.AGENT, frozenset({"q0", "q1", "q2"}))
    for caller in (scoped, LOCAL_OWNER):
        shown: list[str] = []
        after = None
        for _ in range(3):
            answer = await run(QUEUE, {"first": 2, "after": after}, caller=caller)
            page = answer["data"]["done"]
            assert page["pendingCount"] == 6
            shown += [one["name"] for one in page["items"]]
            after = page["pageInfo"]["endCursor"]
        assert shown == [f"f{n}" for n in range(6)]
        assert page["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize("racers", [2, 8, 64])
async def test_of_those_that_enrich_under_one_lease_each_is_decided_once(run: Run, racers: int) -> None:
    made = (await register(run))["function"]["id"]
    held = await lease(run)
    told = {"input": {"id": made, "leaseId": held["leaseId"], "searchSummary": "s"}}
    answers = await asyncio.gather(*(run(ENRICH, told) for _ in range(racers)))
    assert sum(not answer["errors"] for answer in answers) == 1


async def test_an_enrichment_keeps_what_it_does_not_name(run: Run) -> None:
    made = (await register(run))["function"]["id"]
    await enrich(run, made)
    now = await enrich(run, made, returns="nothing")
    assert (now["returns"], now["signature"]) == ("nothing", "def add(item, count=1)")
    assert len(now["parameters"]) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parameters", ["x"]),
        ("parameters", [{"name": "x" * 4_100}]),
        ("parameters", [{"name": "x"}] * 51),
        ("calls", ["x"] * 101),
        ("calledBy", [" "]),
        ("sideEffects", ["x" * 1_001]),
        ("signature", "x" * 8_001),
        ("searchSummary", "\x07"),
        ("code", "x" * 51_201),
        ("leaseId", ""),
    ],
)
async def test_a_finding_that_cannot_be_taken_is_named_and_nothing_written(
    engine: Engine, run: Run, field: str, value: Any
) -> None:
    made = (await register(run))["function"]["id"]
    answer = await run(ENRICH, {"input": {"id": made, "returns": "r", field: value}})
    assert failure(answer) == ("BAD_INPUT", field)
    stored = await engine.store.get(Function, made)
    assert stored is not None
    assert stored.version == 1


async def test_an_enrichment_that_says_nothing_is_refused(run: Run) -> None:
    made = (await register(run))["function"]["id"]
    answer = await run(ENRICH, {"input": {"id": made}})
    assert failure(answer) == ("BAD_INPUT", "searchSummary")
    assert (await show(run, ONE, id=made))["queue"] == "PENDING"


@pytest.mark.parametrize(
    ("field", "value"), [("limit", 0), ("limit", 21), ("seconds", 29), ("seconds", 901), ("project", " ! ")]
)
async def test_a_lease_has_bounds(run: Run, field: str, value: Any) -> None:
    assert failure(await run(LEASE, {"input": {field: value}})) == ("BAD_INPUT", field)


async def test_a_librarian_gets_its_sessions_project_and_nobody_else_the_same(
    engine: Engine, run: Run
) -> None:
    become = """mutation($input: BecomeLibrarianInput!) {
      done: becomeLibrarian(input: $input) { project unenrichedCount leaseId items { id } }
    }"""
    await register_many(run, "a", "b", "c")
    await register_many(run, "other", project="q")
    ann, bob = await begin(engine, "ann"), await begin(engine, "bob")
    first = await ask(run, become, {"sessionId": ann, "limit": 2})
    second = await ask(run, become, {"sessionId": bob})
    third = await ask(run, become, {"sessionId": bob})
    assert (first["project"], first["unenrichedCount"], len(first["items"])) == ("p", 3, 2)
    assert (second["unenrichedCount"], len(second["items"])) == (3, 1)
    assert not {one["id"] for one in first["items"]} & {one["id"] for one in second["items"]}
    assert (third["items"], third["leaseId"]) == ([], None)
    held = await show(run, ONE, id=first["items"][0]["id"])
    assert (held["leaseHolder"], held["queue"]) == ("ann", "LEASED")


async def give_up(run: Run, *names: str, project: str = "p") -> list[str]:
    """Register functions and let their enrichment fail for good; return their ids."""
    await register_many(run, *names, project=project)
    held = await lease(run, project=project)
    given = {"leaseId": held["leaseId"], "failure": "no source", "permanent": True}
    assert (await ask(run, RELEASE, given))["released"] == len(names)
    return ids(held)


async def test_a_failed_function_that_is_queued_anew_is_lent_at_once_with_all_attempts(
    engine: Engine, run: Run
) -> None:
    failed = await give_up(run, "a", "b", "c")
    head = (await engine.store.events_after("p", 0))[-1].sequence
    assert await ask(run, REQUEUE, {"project": "p", "ids": failed[:1]}) == {"requeued": 1, "failedCount": 2}
    shown = await show(run, ONE, id=failed[0])
    assert (shown["queue"], shown["attempts"], shown["failure"]) == ("PENDING", 0, "")
    assert ids(await lease(run)) == failed[:1]
    (event,) = await engine.store.events_after("p", head)
    assert (event.kind, event.data["id"], event.data["queue"]) == ("function.requeued", failed[0], "pending")


async def test_what_failed_once_and_waits_for_later_is_queued_anew_for_now(run: Run, clock: Clock) -> None:
    await register_many(run, "a")
    held = await lease(run)
    await ask(run, RELEASE, {"leaseId": held["leaseId"], "failure": "timed out"})
    assert ids(await lease(run)) == []
    assert (await ask(run, REQUEUE, {"project": "p", "ids": ids(held)}))["requeued"] == 1
    assert ids(await lease(run)) == ids(held)


async def test_only_what_failed_in_the_project_named_is_queued_anew(engine: Engine, run: Run) -> None:
    (other,) = await give_up(run, "other", project="q")
    fresh = (await register(run, "fresh"))["function"]["id"]
    lent = (await lease(run))["functions"][0]["id"]
    done = (await register(run, "done"))["function"]["id"]
    await enrich(run, done)
    before = {one: await show(run, ONE, id=one) for one in (other, fresh, lent, done)}
    head = (await engine.store.events_after("p", 0))[-1].sequence
    asked = {"project": "p", "ids": [*before, "fn_none"]}
    assert await ask(run, REQUEUE, asked) == {"requeued": 0, "failedCount": 0}
    assert {one: await show(run, ONE, id=one) for one in before} == before
    assert await engine.store.events_after("p", head) == []


async def test_all_given_up_of_a_project_are_queued_anew_by_two_hundreds(engine: Engine, run: Run) -> None:
    await give_up(run, "other", project="q")
    await register_many(run, *(f"f{n}" for n in range(200)))
    await register_many(run, *(f"g{n}" for n in range(5)))
    found = (await engine.store.find(Function, {"project": "p"}, limit=1_000)).records
    failed = tuple(replace(one, queue="failed", attempts=5, failure="x") for one in found)
    await engine.store.commit(Changes(puts=failed))
    assert await ask(run, REQUEUE, {"project": "p"}) == {"requeued": 200, "failedCount": 5}
    assert await ask(run, REQUEUE, {"project": "p"}) == {"requeued": 5, "failedCount": 0}
    assert await ask(run, REQUEUE, {"project": "p"}) == {"requeued": 0, "failedCount": 0}
    assert await engine.store.count(Function, {"queue": "failed"}) == 1, "that of the other project"


async def test_queuing_anew_has_bounds_and_keeps_to_the_keys_projects(run: Run) -> None:
    await give_up(run, "a")
    for given in ([], ["x"] * 201):
        answer = await run(REQUEUE, {"input": {"project": "p", "ids": given}})
        assert failure(answer) == ("BAD_INPUT", "ids")
    assert failure(await run(REQUEUE, {"input": {}})) == ("BAD_INPUT", "project")
    foreign = Caller("key_q", "q", Role.OWNER, frozenset({"q"}))
    assert failure(await run(REQUEUE, {"input": {"project": "p"}}, caller=foreign)) == (
        "FORBIDDEN",
        "project",
    )
    reader = Caller("key_r", "r", Role.READONLY)
    assert failure(await run(REQUEUE, {"input": {"project": "p"}}, caller=reader))[0] == "FORBIDDEN"
