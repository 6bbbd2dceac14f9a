"""A project at a glance: counters, who waits for which lock, what agents and sessions show, past events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.tally_flush import flush_tallies
from store.cursor import Cursor
from store.port import Changes
from store.records import LockWaiter, NewEvent
from tests.areas.lock_cases import begin
from tests.areas.session_cases import make_key, start
from tests.conftest import Clock, Run, failure

OVERVIEW = """query($projects: [String!]) { overview(projects: $projects) {
  project activeSessions activeAgents locks staleLocks lockWaiters unreadMessages urgentMessages
  openBacklog readyBacklog documents pendingFunctions eventsToday cursor
} }"""
WAITERS = '{ lockWaiters(project: "p") { nodes { agent sessionId paths reason } } }'
LOG = """query($projects: [String!], $kinds: [String!], $before: String, $first: Int! = 50) {
  eventLog(projects: $projects, kinds: $kinds, before: $before, first: $first) {
    nodes { ... on FeedEvent { kind project sequence } } next cursor
  }
}"""
SEND = """mutation($to: [String!]!, $text: String!, $priority: MessagePriority!) {
  sendMessage(input: {project: "p", to: $to, message: $text, priority: $priority}) { id }
}"""
ADD = """mutation($by: [ID!]) {
  addBacklogItem(input: {project: "p", title: "t", description: "d", blockedBy: $by}) { id }
}"""


async def ask(run: Run, document: str, /, **variables: Any) -> Any:
    """Run a document that must succeed and return its only field."""
    answer = await run(document, variables)
    assert not answer["errors"], answer["errors"]
    (result,) = answer["data"].values()
    return result


async def wait_in_queue(engine: Engine, agent: Any, *paths: str) -> None:
    """Put a request of the agent into the queue for locks."""
    now = await engine.store.now()
    waiter = LockWaiter(
        id=f"wai_{agent.name}",
        project="p",
        session_id=agent.session,
        agent=agent.name,
        paths=paths,
        reason="to edit",
        expires_at=now + timedelta(seconds=50),
        created_at=now,
        updated_at=now,
    )
    await engine.store.commit(Changes(puts=(waiter,)))


async def test_the_overview_counts_what_there_is(engine: Engine, run: Run, clock: Clock) -> None:
    old = await begin(engine, run, "old")
    await old.lock("old/")
    clock.forward(minutes=40)
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    await ada.lock("a.py", "b.py")
    await wait_in_queue(engine, ben, "a.py")
    await ask(run, SEND, to=["ada", "ben"], text="one", priority="URGENT")
    await ask(run, SEND, to=["ada"], text="two", priority="LOW")
    item = (await ask(run, ADD))["id"]
    await ask(run, ADD, by=[item])
    await flush_tallies(engine)
    (shown,) = await ask(run, OVERVIEW, projects=["p"])
    cursor = shown.pop("cursor")
    assert shown == {
        "project": "p",
        "activeSessions": 3,
        "activeAgents": 2,
        "locks": 3,
        "staleLocks": 1,
        "lockWaiters": 1,
        "unreadMessages": 3,
        "urgentMessages": 2,
        "openBacklog": 2,
        "readyBacklog": 1,
        "documents": 0,
        "pendingFunctions": 0,
        # Two grants, two messages, two items.
        "eventsToday": shown["eventsToday"],
    }
    assert shown["eventsToday"] in (6, 5), "of a test about midnight one is of yesterday"
    assert cursor == (await ask(run, '{ feedCursor(projects: ["p"]) }'))


async def test_the_overview_shows_by_default_what_the_key_sees_and_nothing_else(
    engine: Engine, run: Run
) -> None:
    await start(run, "ada", project="p")
    await start(run, "ben", project="q")
    assert [one["project"] for one in await ask(run, OVERVIEW)] == ["p", "q"]
    scoped, _ = await make_key(engine, "one", "readonly", ("q",))
    answer = await run(OVERVIEW, caller=scoped)
    assert [one["project"] for one in answer["data"]["overview"]] == ["q"]
    assert failure(await run(OVERVIEW, {"projects": ["p"]}, caller=scoped)) == ("FORBIDDEN", "projects")
    assert failure(await run(OVERVIEW, {"projects": []})) == ("BAD_INPUT", "projects")
    assert failure(await run(OVERVIEW, {"projects": [f"p{n}" for n in range(21)]})) == (
        "BAD_INPUT",
        "projects",
    )


async def test_a_lock_names_who_waits_for_it_first_come_first(engine: Engine, run: Run) -> None:
    ada, ben, cy = [await begin(engine, run, name) for name in ("ada", "ben", "cy")]
    await ada.lock("src/", "doc.md")
    await wait_in_queue(engine, ben, "src/x.py", "other.py")
    await wait_in_queue(engine, cy, "src/")
    document = '{ locks(project: "p") { nodes { path waiters { agent paths } } } }'
    locks = {one["path"]: one["waiters"] for one in (await ask(run, document))["nodes"]}
    assert locks == {
        "doc.md": [],
        "src/": [{"agent": "ben", "paths": ["src/x.py", "other.py"]}, {"agent": "cy", "paths": ["src/"]}],
    }
    waiting = (await ask(run, WAITERS))["nodes"]
    assert [(one["agent"], one["sessionId"]) for one in waiting] == [
        ("ben", ben.session),
        ("cy", cy.session),
    ]


async def test_a_waiter_whose_time_is_over_is_not_shown(engine: Engine, run: Run, clock: Clock) -> None:
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    await ada.lock("a.py")
    await wait_in_queue(engine, ben, "a.py")
    clock.forward(seconds=60)
    assert (await ask(run, WAITERS))["nodes"] == []
    assert (await ask(run, OVERVIEW, projects=["p"]))[0]["lockWaiters"] == 0
    locks = await ask(run, '{ locks(project: "p") { nodes { waiters { agent } } } }')
    assert locks["nodes"] == [{"waiters": []}]


async def test_agents_and_sessions_show_presence_work_locks_and_unread_messages(run: Run) -> None:
    ada = (await start(run, "ada", task="t"))["sessionId"]
    await start(run, "ben")
    await ask(
        run,
        f'mutation {{ lockFiles(input: {{sessionId: "{ada}", files: ["a.py"], reason: "r"}}) {{ isGranted }} }}',
    )
    await ask(
        run,
        f'mutation {{ updateWork(input: {{sessionId: "{ada}", title: "w", status: IN_PROGRESS}}) {{ __typename }} }}',
    )
    await ask(
        run,
        f'mutation {{ heartbeat(input: {{sessionId: "{ada}", status: BUSY, currentTask: "c"}}) {{ __typename }} }}',
    )
    await ask(run, SEND, to=["ada"], text="one", priority="LOW")
    agents = await ask(
        run,
        """{ agents(project: "p") { nodes {
          name unreadMessages presence { status currentTask isStale } sessions { id task isStale }
        } } }""",
    )
    shown = {one.pop("name"): one for one in agents["nodes"]}
    assert shown["ada"] == {
        "unreadMessages": 1,
        "presence": {"status": "BUSY", "currentTask": "c", "isStale": False},
        "sessions": [{"id": ada, "task": "t", "isStale": False}],
    }
    assert (shown["ben"]["unreadMessages"], shown["ben"]["presence"], len(shown["ben"]["sessions"])) == (
        0,
        None,
        1,
    )
    sessions = await ask(
        run,
        """{ sessions(project: "p") { nodes {
          agent unreadMessages presence { status } work { title } locks { path } isStale
        } } }""",
    )
    by_agent = {one.pop("agent"): one for one in sessions["nodes"]}
    assert by_agent["ada"] == {
        "unreadMessages": 1,
        "presence": {"status": "BUSY"},
        "work": {"title": "w"},
        "locks": [{"path": "a.py"}],
        "isStale": False,
    }
    assert by_agent["ben"] == {
        "unreadMessages": 0,
        "presence": None,
        "work": None,
        "locks": [],
        "isStale": False,
    }


async def _happen(engine: Engine, project: str, count: int, kind: str = "signal.sent", **more: Any) -> None:
    for _ in range(count):
        now = await engine.store.now()
        event = NewEvent(project=project, kind=kind, subject="s", at=now, **more)
        await engine.store.commit(Changes(events=(event,)))


async def _pages(run: Run, **asked: Any) -> list[list[tuple[str, int]]]:
    """Return all pages of the log of events, each as (project, sequence)."""
    found, before = [], None
    while True:
        page = await ask(run, LOG, before=before, **asked)
        found.append([(one["project"], one["sequence"]) for one in page["nodes"]])
        before = page["next"]
        if before is None:
            return found


@pytest.mark.parametrize("first", [1, 3, 100])
async def test_past_events_come_newest_first_without_gap_or_repeat_over_pages(
    engine: Engine, run: Run, first: int
) -> None:
    for _ in range(4):
        await _happen(engine, "p", 2)
        await _happen(engine, "q", 1)
    pages = await _pages(run, projects=["p", "q"], first=first)
    every = [one for page in pages for one in page]
    assert all(len(page) <= first for page in pages)
    assert [n for project, n in every if project == "p"] == list(range(8, 0, -1))
    assert [n for project, n in every if project == "q"] == list(range(4, 0, -1))
    if first == 100:
        assert every[:3] == [("q", 4), ("p", 8), ("p", 7)]


async def test_what_happens_while_past_events_are_paged_is_not_among_the_older(
    engine: Engine, run: Run
) -> None:
    await _happen(engine, "p", 4)
    page = await ask(run, LOG, projects=["p"], first=2)
    await _happen(engine, "p", 3)
    older = await ask(run, LOG, projects=["p"], first=10, before=page["next"])
    assert [one["sequence"] for one in older["nodes"]] == [2, 1]
    assert older["next"] is None


async def test_past_events_are_chosen_by_kind_or_area_and_seldom_ones_are_found_far_back(
    engine: Engine, run: Run
) -> None:
    await _happen(engine, "p", 1, "lock.forced", data={"locks": []})
    events = tuple(NewEvent(project="p", kind="signal.sent", subject="s") for _ in range(700))
    await engine.store.commit(Changes(events=events))
    for kinds in (["lock"], ["lock.forced"]):
        page = await ask(run, LOG, projects=["p"], kinds=kinds, first=5)
        assert [(one["kind"], one["sequence"]) for one in page["nodes"]] == [("lock.forced", 1)]
        assert page["next"] is None


async def test_a_search_among_past_events_ends_in_time_and_goes_on_from_there(
    engine: Engine, run: Run
) -> None:
    await _happen(engine, "p", 1, "lock.forced", data={"locks": []})
    many = tuple(NewEvent(project="p", kind="signal.sent", subject="s") for _ in range(2_500))
    await engine.store.commit(Changes(events=many))
    page = await ask(run, LOG, projects=["p"], kinds=["lock"])
    assert page["nodes"] == [] and page["next"] is not None
    again = await ask(run, LOG, projects=["p"], kinds=["lock"], before=page["next"])
    assert [one["sequence"] for one in again["nodes"]] == [1]


async def test_an_area_that_there_is_not_is_refused_with_those_that_there_are(run: Run) -> None:
    (error,) = (await run(LOG, {"projects": ["p"], "kinds": ["lock", "locks.granted"]}))["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert error["extensions"]["field"] == "kinds" and "'locks'" in error["message"]
    assert "backlog, checklist" in error["extensions"]["hint"]


async def test_past_events_are_shown_only_to_whom_they_may_be_shown(engine: Engine, run: Run) -> None:
    reader, _ = await make_key(engine, "reader", "readonly", ("p",))
    other, _ = await make_key(engine, "other", "readonly", ("p",))
    await _happen(engine, "p", 1, audience=(other.key_id,))
    await _happen(engine, "p", 1)
    await _happen(engine, "q", 1)
    await _happen(engine, "", 1, "key.created")
    seen = {}
    for name, caller in (("reader", reader), ("other", other)):
        page = (await run(LOG, caller=caller))["data"]["eventLog"]
        seen[name] = [(one["project"], one["sequence"]) for one in page["nodes"]]
    assert seen == {"reader": [("p", 2)], "other": [("p", 2), ("p", 1)]}
    assert failure(await run(LOG, {"projects": ["q"]}, caller=reader)) == ("FORBIDDEN", "projects")
    everything = [one["project"] for one in (await ask(run, LOG))["nodes"]]
    assert sorted(everything) == ["", "p", "p", "q"]
    assert failure(await run(LOG, {"before": "nonsense"})) == ("BAD_INPUT", "before")


async def test_the_cursor_of_past_events_misses_nothing_that_follows(engine: Engine, run: Run) -> None:
    await _happen(engine, "p", 2)
    page = await ask(run, LOG, projects=["p"])
    await _happen(engine, "p", 1)
    async with aclosing(engine.feed.subscribe(["p"], Cursor.decode(page["cursor"]))) as items:
        item = await asyncio.wait_for(anext(items), 5)
    assert item.event is not None and item.event.sequence == 3
