"""What happened how often: counted beside the requests, read without a scan, forgotten in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.errors import DomainError
from resolvers.retention import tidy
from resolvers.tallies import Topic
from resolvers.tally_flush import MOST_NAMES, REST, Bucket, blank, flush_tallies
from store.errors import Unavailable
from store.records import Tally
from tests.areas.lock_cases import begin
from tests.areas.session_cases import make_key
from tests.conftest import Clock, Run, failure

ACTIVITY = """query($project: String! = "p", $topic: ActivityTopic! = EVENTS, $span: ActivitySpan! = HOUR, $last: Int! = 24) {
  activity(project: $project, topic: $topic, span: $span, last: $last) { startsAt total counts { name count } }
}"""
CONTENTION = """query($days: Int! = 7, $first: Int! = 20) {
  lockContention(project: "p", days: $days, first: $first) { path refusals waits takeovers total }
}"""
SEND = """mutation($text: String!, $category: MessageCategory!, $priority: MessagePriority!) {
  sendMessage(input: {project: "p", to: ["ada"], message: $text, category: $category, priority: $priority}) { id }
}"""


async def ask(run: Run, document: str, /, **variables: Any) -> Any:
    """Run a document that must succeed and return its only field."""
    answer = await run(document, variables)
    assert not answer["errors"], answer["errors"]
    (result,) = answer["data"].values()
    return result


def totals(buckets: list[dict[str, Any]]) -> dict[str, int]:
    """Return how often each name was counted in all buckets."""
    found: dict[str, int] = {}
    for bucket in buckets:
        assert bucket["total"] == sum(one["count"] for one in bucket["counts"])
        for one in bucket["counts"]:
            found[one["name"]] = found.get(one["name"], 0) + one["count"]
    return found


async def test_activity_counts_events_by_kind_and_messages_by_category_and_priority(
    engine: Engine, run: Run
) -> None:
    await ask(run, SEND, text="1", category="TASK", priority="URGENT")
    await ask(run, SEND, text="2", category="TASK", priority="LOW")
    await ask(run, SEND, text="3", category="INFO", priority="LOW")
    assert await flush_tallies(engine) > 0
    for span in ("HOUR", "DAY"):
        assert totals(await ask(run, ACTIVITY, span=span)) == {"message.sent": 3}
        assert totals(await ask(run, ACTIVITY, span=span, topic="MESSAGES")) == {"task": 2, "info": 1}
        assert totals(await ask(run, ACTIVITY, span=span, topic="PRIORITIES")) == {"low": 2, "urgent": 1}


async def test_activity_shows_every_hour_asked_for_oldest_first_the_empty_ones_too(
    engine: Engine, run: Run, clock: Clock
) -> None:
    await ask(run, SEND, text="1", category="TASK", priority="LOW")
    await flush_tallies(engine)
    clock.forward(hours=2)
    await ask(run, SEND, text="2", category="TASK", priority="LOW")
    await flush_tallies(engine)
    buckets = await ask(run, ACTIVITY, last=4)
    assert [one["total"] for one in buckets] == [0, 1, 0, 1]
    assert [one["startsAt"] for one in buckets] == sorted(one["startsAt"] for one in buckets)
    assert buckets[-1]["startsAt"].endswith(":00:00+00:00")
    assert [one["total"] for one in await ask(run, ACTIVITY, last=2)] == [0, 1]


async def test_counts_of_several_flushes_and_processes_add_up(engine: Engine, run: Run) -> None:
    for text in ("1", "2"):
        await ask(run, SEND, text=text, category="TASK", priority="LOW")
        await flush_tallies(engine)
    assert await flush_tallies(engine) == 0
    other = Engine(engine.store, engine.feed)
    other.tallies.count("p", Topic.MESSAGES, "task", await engine.store.now())
    await flush_tallies(other)
    assert totals(await ask(run, ACTIVITY, topic="MESSAGES")) == {"task": 3}


async def test_counts_that_cannot_be_written_are_kept_for_the_next_flush(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(run, SEND, text="1", category="TASK", priority="LOW")

    async def down(decide: Any) -> Any:
        raise Unavailable("down", "wait")

    with monkeypatch.context() as patch:
        patch.setattr(engine.store, "settle", down)
        with pytest.raises(DomainError):
            await flush_tallies(engine)
    await flush_tallies(engine)
    assert totals(await ask(run, ACTIVITY, topic="MESSAGES")) == {"task": 1}


@pytest.mark.parametrize("is_down", [False, True])
async def test_what_is_being_written_when_the_server_stops_is_counted_once(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch, is_down: bool
) -> None:
    await ask(run, SEND, text="1", category="TASK", priority="LOW")
    under_way, go_on, settle = asyncio.Event(), asyncio.Event(), engine.store.settle

    async def late(decide: Any) -> Any:
        under_way.set()
        await go_on.wait()
        if is_down:
            raise Unavailable("down", "wait")
        return await settle(decide)

    with monkeypatch.context() as patch:
        patch.setattr(engine.store, "settle", late)
        before = asyncio.all_tasks()
        flushing = asyncio.create_task(flush_tallies(engine))
        async with asyncio.timeout(10):
            await under_way.wait()
            begun = asyncio.all_tasks() - before - {flushing}
            flushing.cancel()
            await asyncio.wait([flushing])
            go_on.set()
            await asyncio.wait(begun)
    await flush_tallies(engine)
    assert totals(await ask(run, ACTIVITY, topic="MESSAGES")) == {"task": 1}


async def test_paths_fought_over_are_counted_by_what_befell_them(
    engine: Engine, run: Run, clock: Clock
) -> None:
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    await ada.lock("src/", "b.py")
    for _ in range(2):
        assert not (await ben.lock("src/a.py", "free.py"))["isGranted"]
    assert not (await ben.lock("b.py"))["isGranted"]
    clock.forward(minutes=31)
    cy = await begin(engine, run, "cy")
    assert (await cy.lock("src/a.py"))["isGranted"]
    await flush_tallies(engine)
    assert await ask(run, CONTENTION) == [
        {"path": "src/", "refusals": 2, "waits": 0, "takeovers": 1, "total": 3},
        {"path": "b.py", "refusals": 1, "waits": 0, "takeovers": 0, "total": 1},
    ]
    assert [one["path"] for one in await ask(run, CONTENTION, first=1)] == ["src/"]


async def test_a_request_that_has_to_wait_counts_for_the_paths_in_its_way(engine: Engine, run: Run) -> None:
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    await ada.lock("a.py")
    assert not (await ben.lock("a.py", wait=1))["isGranted"]
    await flush_tallies(engine)
    assert await ask(run, CONTENTION) == [
        {"path": "a.py", "refusals": 1, "waits": 1, "takeovers": 0, "total": 2}
    ]


async def test_names_beyond_the_first_of_a_day_are_counted_together(engine: Engine, run: Run) -> None:
    now = await engine.store.now()
    engine.tallies.refused("p", [f"f{n}.py" for n in range(MOST_NAMES + 50)], now)
    await flush_tallies(engine)
    kept = await engine.store.get(Tally, blank("p", Topic.LOCKS, Bucket.DAY, now).id)
    assert kept is not None and len(kept.counts) == MOST_NAMES + 1 and kept.counts[REST] == 50
    assert len(await ask(run, CONTENTION, first=100)) == 100


async def test_hours_are_forgotten_after_two_weeks_and_days_after_their_retention(
    engine: Engine, run: Run, clock: Clock
) -> None:
    await ask(run, SEND, text="1", category="TASK", priority="LOW")
    await flush_tallies(engine)
    clock.forward(days=16)
    await tidy(engine)
    assert {one.span for one in (await engine.store.find(Tally, {})).records} == {"day"}
    assert totals(await ask(run, ACTIVITY, span="DAY", last=30))["message.sent"] == 1
    clock.forward(seconds=engine.rules.history_retention.total_seconds())
    await tidy(engine)
    assert not (await engine.store.find(Tally, {})).records


async def test_history_refuses_numbers_out_of_bounds_and_foreign_projects(engine: Engine, run: Run) -> None:
    assert failure(await run(ACTIVITY, {"last": 0})) == ("BAD_INPUT", "last")
    assert failure(await run(ACTIVITY, {"last": 401})) == ("BAD_INPUT", "last")
    assert failure(await run(CONTENTION, {"days": 91})) == ("BAD_INPUT", "days")
    scoped, _ = await make_key(engine, "one", "readonly", ("q",))
    assert failure(await run(ACTIVITY, caller=scoped)) == ("FORBIDDEN", "project")
    assert failure(await run(CONTENTION, caller=scoped)) == ("FORBIDDEN", "project")


def test_counting_never_grows_without_bound() -> None:
    from datetime import UTC, datetime

    from resolvers.tallies import MOST, Tallies

    tallies, now = Tallies(), datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(MOST + 100):
        tallies.refused("p", [f"{n}.py"], now + timedelta(hours=n % 3))
    taken = tallies.taken()
    assert sum(map(len, taken.values())) == MOST
    tallies.refused("p", ["a.py"], now)
    assert tallies.taken()
