"""The backlog, through GraphQL on the real store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers.acts import Act, Engine
from resolvers.backlog import backlog as rules
from resolvers.callers import LOCAL_OWNER, Caller, Role
from resolvers.errors import BadInput
from store.port import Changes
from store.records import BacklogItem, BacklogLink, BacklogTag, Session
from tests.conftest import Clock, Run, failure

FIELDS = (
    "id project title status priority assignee tags openBlockers blocking blockedBy isReady editCount "
    "completedBy resolution targetVersion description"
)
ADD = f"mutation($input: AddBacklogItemInput!, $key: String) {{ item: addBacklogItem(input: $input, idempotencyKey: $key) {{ {FIELDS} }} }}"
UPDATE = f"mutation($input: UpdateBacklogItemInput!) {{ item: updateBacklogItem(input: $input) {{ change {FIELDS} }} }}"
COMPLETE = f"mutation($input: CompleteBacklogItemInput!) {{ item: completeBacklogItem(input: $input) {{ {FIELDS} }} }}"
CLAIM = (
    "mutation($input: ClaimBacklogItemInput!) { claim: claimBacklogItem(input: $input) "
    "{ isClaimed holder reason item { status assignee } } }"
)
ITEM = f"query($id: ID!) {{ item: backlogItem(itemId: $id) {{ {FIELDS} }} }}"


async def begin(engine: Engine, agent: str, project: str = "p", key_id: str = "local") -> str:
    """Start a session without its brief."""
    now = await engine.store.now()
    session = Session(id=f"ses_{agent}_{project}", project=project, agent=agent, key_id=key_id, active_at=now)
    await engine.store.commit(Changes(puts=(session,)))
    return session.id


async def add(run: Run, title: str = "a", **given: Any) -> dict[str, Any]:
    answer = await run(ADD, {"input": {"project": "p", "title": title, "description": "d", **given}})
    assert not answer["errors"], answer
    item: dict[str, Any] = answer["data"]["item"]
    return item


async def update(run: Run, item_id: str, **given: Any) -> dict[str, Any]:
    answer = await run(UPDATE, {"input": {"itemId": item_id, **given}})
    assert not answer["errors"], answer
    item: dict[str, Any] = answer["data"]["item"]
    return item


async def show(run: Run, item_id: str) -> dict[str, Any]:
    item: dict[str, Any] = (await run(ITEM, {"id": item_id}))["data"]["item"]
    return item


async def test_an_item_without_a_project_goes_to_the_sessions(engine: Engine, run: Run) -> None:
    session = await begin(engine, "ann", "web")
    answer = await run(ADD, {"input": {"sessionId": session, "title": "a", "description": "d"}})
    assert answer["data"]["item"]["project"] == "web"
    assert answer["data"]["item"]["priority"] == "MEDIUM"
    assert answer["data"]["item"]["isReady"] is True


async def test_an_added_item_is_told_as_an_event(engine: Engine, run: Run) -> None:
    item = await add(run, "a", tags=["ui"], priority="HIGH")
    (event,) = await engine.store.events_after("p", 0)
    assert (event.kind, event.subject, event.data["priority"]) == ("backlog.added", item["id"], "high")
    assert event.data["tags"] == ["ui"]


async def test_a_repeat_with_an_idempotency_key_adds_once(run: Run) -> None:
    asked = {"input": {"project": "p", "title": "a", "description": "d", "tags": ["x"]}, "key": "k"}
    first, again = await run(ADD, asked), await run(ADD, asked)
    assert first["data"] == again["data"]
    listed = await run('{ backlog(project: "p") { total } }')
    assert listed["data"]["backlog"]["total"] == 1


async def test_an_update_touches_only_the_fields_given(run: Run) -> None:
    item = await add(run, "a", tags=["x"], assignedTo="ann", targetVersion="1.0")
    changed = await update(run, item["id"], title="b")
    assert (changed["change"], changed["title"], changed["editCount"]) == ("UPDATED", "b", 1)
    assert (changed["assignee"], changed["tags"], changed["targetVersion"]) == ("ann", ["x"], "1.0")
    cleared = await update(run, item["id"], assignedTo="", targetVersion="")
    assert (cleared["assignee"], cleared["targetVersion"], cleared["editCount"]) == ("", "", 2)


async def test_an_update_to_what_is_so_already_writes_nothing(engine: Engine, run: Run) -> None:
    item = await add(run)
    assert (await update(run, item["id"], title="a"))["change"] == "UNCHANGED"
    stored = await engine.store.get(BacklogItem, item["id"])
    assert stored is not None
    assert (stored.version, stored.edit_count) == (1, 0)


async def test_updates_of_different_fields_at_one_moment_are_all_kept_b5(run: Run) -> None:
    item = await add(run)
    await asyncio.gather(
        update(run, item["id"], title="new"),
        update(run, item["id"], priority="CRITICAL"),
        update(run, item["id"], assignedTo="bob"),
        update(run, item["id"], targetVersion="2"),
        update(run, item["id"], tags=["x"]),
    )
    now = await show(run, item["id"])
    assert [
        now[name] for name in ("title", "priority", "assignee", "targetVersion", "tags", "editCount")
    ] == [
        "new",
        "CRITICAL",
        "bob",
        "2",
        ["x"],
        5,
    ]


async def test_an_update_with_its_own_project_keeps_the_item_a5(run: Run) -> None:
    item = await add(run, "keep", tags=["x"])
    same = await update(run, item["id"], project="P")
    assert (same["change"], same["id"], same["project"]) == ("UNCHANGED", item["id"], "p")
    assert await show(run, item["id"]) == {key: same[key] for key in item}


async def test_a_moved_item_keeps_its_id_and_its_data(engine: Engine, run: Run) -> None:
    item = await add(run, "keep", tags=["x"], assignedTo="ann")
    moved = await update(run, item["id"], project="q")
    assert (moved["change"], moved["project"], moved["title"], moved["tags"]) == ("MOVED", "q", "keep", ["x"])
    counted = await run(
        '{ p: backlog(project: "p") { total } q: backlog(project: "q") { total }'
        ' px: backlog(project: "p", tag: "x") { total } qx: backlog(project: "q", tag: "x") { total } }'
    )
    assert [page["total"] for page in counted["data"].values()] == [0, 1, 0, 1]
    for project in ("p", "q"):
        event = (await engine.store.events_after(project, 0))[-1]
        assert (event.kind, event.data["project"], event.data["from_project"]) == ("backlog.moved", "q", "p")


async def test_a_move_to_a_project_out_of_scope_is_refused_d2(run: Run) -> None:
    item = await add(run)
    scoped = Caller("key_a", "a", Role.AGENT, frozenset({"p"}))
    answer = await run(UPDATE, {"input": {"itemId": item["id"], "project": "q"}}, caller=scoped)
    assert failure(answer) == ("FORBIDDEN", "project")
    assert (await show(run, item["id"]))["project"] == "p"


@pytest.mark.parametrize("document", [UPDATE, COMPLETE, CLAIM])
async def test_an_item_of_a_foreign_project_does_not_exist_d2(run: Run, document: str) -> None:
    item = await add(run)
    foreign = Caller("key_b", "b", Role.AGENT, frozenset({"q"}))
    answer = await run(document, {"input": {"itemId": item["id"]}}, caller=foreign)
    assert failure(answer) == ("NOT_FOUND", "itemId")
    listed = await run('{ backlog(project: "p") { total } }', caller=foreign)
    assert failure(listed) == ("FORBIDDEN", "project")
    assert (await show(run, item["id"]))["editCount"] == 0


async def test_a_readonly_key_cannot_write_d1(run: Run) -> None:
    reader = Caller("key_r", "r", Role.READONLY)
    answer = await run(ADD, {"input": {"project": "p", "title": "a", "description": "d"}}, caller=reader)
    assert failure(answer)[0] == "FORBIDDEN"


async def test_an_unknown_status_is_refused_a19(run: Run) -> None:
    item = await add(run)
    answer = await run(UPDATE, {"input": {"itemId": item["id"], "status": "BANANA"}})
    assert failure(answer)[0] == "BAD_INPUT"
    assert (await show(run, item["id"]))["status"] == "OPEN"


async def test_only_backlog_items_can_be_completed_a19(engine: Engine, run: Run) -> None:
    session = await begin(engine, "ann")
    assert failure(await run(COMPLETE, {"input": {"itemId": session}})) == ("NOT_FOUND", "itemId")


async def test_completing_twice_names_who_did_it_first(engine: Engine, run: Run) -> None:
    item, session = await add(run), await begin(engine, "ann")
    done = await run(COMPLETE, {"input": {"itemId": item["id"], "sessionId": session, "resolution": "ok"}})
    assert done["data"]["item"]["status"] == "DONE"
    assert (done["data"]["item"]["completedBy"], done["data"]["item"]["resolution"]) == ("ann", "ok")
    again = await run(COMPLETE, {"input": {"itemId": item["id"], "wontDo": True}})
    assert failure(again) == ("CONFLICT", "itemId")
    assert "ann" in again["errors"][0]["message"]
    edited = await run(UPDATE, {"input": {"itemId": item["id"], "title": "other"}})
    assert failure(edited) == ("CONFLICT", "itemId")
    reopened = await update(run, item["id"], status="OPEN")
    assert (reopened["completedBy"], reopened["resolution"]) == ("", "")


@pytest.mark.parametrize("callers", [2, 8, 64])
async def test_of_all_that_claim_one_gets_it(engine: Engine, run: Run, callers: int) -> None:
    item = await add(run)
    sessions = [await begin(engine, f"agent{n}") for n in range(callers)]
    answers = await asyncio.gather(
        *(run(CLAIM, {"input": {"itemId": item["id"], "sessionId": session}}) for session in sessions)
    )
    claims = [answer["data"]["claim"] for answer in answers]
    assert sum(claim["isClaimed"] for claim in claims) == 1
    holder = (await show(run, item["id"]))["assignee"]
    assert {claim["holder"] for claim in claims} == {holder}
    events = [event for event in await engine.store.events_after("p", 0) if event.kind == "backlog.claimed"]
    assert [event.actor for event in events] == [holder]


async def as_others(engine: Engine, session: str | None = None) -> Act:
    """Return the act of a caller of another server on the same store: only versions judge between them."""
    return await Engine(engine.store, engine.feed).admit(LOCAL_OWNER, Role.AGENT, session)


async def test_claims_through_several_servers_meet_in_the_store(engine: Engine, run: Run) -> None:
    item = await add(run)
    acts = [await as_others(engine, await begin(engine, f"agent{n}")) for n in range(8)]
    claims = await asyncio.gather(*(rules.claim_backlog_item(act, item_id=item["id"]) for act in acts))
    assert sum(claim.is_claimed for claim in claims) == 1


async def test_updates_through_several_servers_are_all_kept_b5(engine: Engine, run: Run) -> None:
    item = await add(run)
    changes: list[dict[str, Any]] = [{"title": "new"}, {"assigned_to": "bob"}, {"tags": ["x"]}]
    changes += [{"target_version": "2"}, {"description": "more"}, {"deferred_reason": "later"}]
    acts = [await as_others(engine) for _ in changes]
    await asyncio.gather(
        *(
            rules.update_backlog_item(act, item_id=item["id"], **change)
            for act, change in zip(acts, changes, strict=True)
        )
    )
    now = await engine.store.get(BacklogItem, item["id"])
    assert now is not None
    assert (now.title, now.assignee, now.tags, now.target_version) == ("new", "bob", ("x",), "2")
    assert (now.description, now.deferred_reason, now.edit_count) == ("more", "later", 6)


async def test_links_and_closings_through_several_servers_never_leave_an_item_waiting(
    engine: Engine, run: Run
) -> None:
    for _ in range(5):
        blockers = [(await add(run, f"b{n}"))["id"] for n in range(3)]
        items = [(await add(run, f"i{n}"))["id"] for n in range(3)]
        acts = [await as_others(engine) for _ in range(6)]
        links = (
            rules.update_backlog_item(act, item_id=item, blocked_by=blockers)
            for act, item in zip(acts[:3], items, strict=True)
        )
        closings = (
            rules.complete_backlog_item(act, item_id=one) for act, one in zip(acts[3:], blockers, strict=True)
        )
        await asyncio.gather(*links, *closings)
        assert [(await show(run, item))["openBlockers"] for item in items] == [0, 0, 0]
        assert [(await show(run, one))["blocking"] for one in blockers] == [3, 3, 3]


async def test_links_through_several_servers_make_no_cycle(engine: Engine, run: Run) -> None:
    for _ in range(5):
        ring = [(await add(run, str(n)))["id"] for n in range(4)]
        acts = [await as_others(engine) for _ in range(4)]
        made = await asyncio.gather(
            *(
                rules.update_backlog_item(act, item_id=one, blocked_by=[ring[n - 1]])
                for n, (act, one) in enumerate(zip(acts, ring, strict=True))
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(one, BadInput) for one in made) == 1


async def test_a_claim_again_by_its_holder_changes_nothing(engine: Engine, run: Run) -> None:
    item, session = await add(run), await begin(engine, "ann")
    asked = {"input": {"itemId": item["id"], "sessionId": session}}
    assert (await run(CLAIM, asked))["data"]["claim"]["isClaimed"]
    assert (await run(CLAIM, asked))["data"]["claim"]["isClaimed"]
    assert (await show(run, item["id"]))["editCount"] == 1


async def test_two_live_sessions_of_one_name_do_not_both_get_it(engine: Engine, run: Run) -> None:
    item, one = await add(run), await begin(engine, "ann")
    now = await engine.store.now()
    two = Session(id="ses_two", project="p", agent="ann", key_id="local", active_at=now)
    await engine.store.commit(Changes(puts=(two,)))
    assert (await run(CLAIM, {"input": {"itemId": item["id"], "sessionId": one}}))["data"]["claim"][
        "isClaimed"
    ]
    refused = (await run(CLAIM, {"input": {"itemId": item["id"], "sessionId": two.id}}))["data"]["claim"]
    assert not refused["isClaimed"]
    assert "another session" in refused["reason"]


async def test_a_claim_by_update_of_a_held_item_names_its_holder(engine: Engine, run: Run) -> None:
    item = await add(run)
    ann, bob = await begin(engine, "ann"), await begin(engine, "bob")
    assert (await update(run, item["id"], claim=True, sessionId=ann))["change"] == "CLAIMED"
    answer = await run(UPDATE, {"input": {"itemId": item["id"], "claim": True, "sessionId": bob}})
    assert failure(answer) == ("CONFLICT", "itemId")
    assert "ann" in answer["errors"][0]["message"]


@pytest.mark.parametrize("status", ["DEFERRED", "NEEDS_INFO", "DONE"])
async def test_what_is_not_open_cannot_be_claimed(run: Run, status: str) -> None:
    item = await add(run)
    await update(run, item["id"], status=status)
    claim = (await run(CLAIM, {"input": {"itemId": item["id"]}}))["data"]["claim"]
    assert not claim["isClaimed"]
    assert claim["reason"]


async def test_an_item_is_ready_when_its_last_blocker_closes(engine: Engine, run: Run) -> None:
    one, two = await add(run, "one"), await add(run, "two")
    item = await add(run, "waits", blockedBy=[one["id"], two["id"]])
    assert (item["openBlockers"], item["isReady"]) == (2, False)
    refused = (await run(CLAIM, {"input": {"itemId": item["id"]}}))["data"]["claim"]
    assert not refused["isClaimed"]
    await run(COMPLETE, {"input": {"itemId": one["id"]}})
    await update(run, two["id"], status="WONT_DO")
    assert (await show(run, item["id"]))["isReady"] is True
    await update(run, one["id"], status="RETEST")
    assert (await show(run, item["id"]))["openBlockers"] == 1
    told = [event for event in await engine.store.events_after("p", 0) if event.subject == item["id"]]
    assert [event.data["open_blockers"] for event in told] == [2, 1, 0, 1]


async def test_blockers_that_close_together_are_all_counted(run: Run) -> None:
    blockers = [(await add(run, str(n)))["id"] for n in range(16)]
    item = await add(run, "waits", blockedBy=blockers)
    await asyncio.gather(*(run(COMPLETE, {"input": {"itemId": one}}) for one in blockers))
    assert (await show(run, item["id"]))["openBlockers"] == 0


async def test_a_link_made_while_its_blocker_closes_is_not_left_waiting(engine: Engine, run: Run) -> None:
    for round_ in range(6):
        blocker, item = await add(run, f"b{round_}"), await add(run, f"i{round_}")
        await asyncio.gather(
            run(COMPLETE, {"input": {"itemId": blocker["id"]}}),
            update(run, item["id"], blockedBy=[blocker["id"]]),
            add(run, f"n{round_}", blockedBy=[blocker["id"]]),
        )
        links = await engine.store.find(BacklogLink, {"blocker_id": blocker["id"]})
        assert len(links.records) == 2
        for link in links.records:
            assert (await show(run, link.item_id))["openBlockers"] == 0


async def test_a_blocker_taken_off_blocks_no_more(engine: Engine, run: Run) -> None:
    blocker = await add(run, "b")
    item = await add(run, "i", blockedBy=[blocker["id"]])
    assert (await show(run, blocker["id"]))["blocking"] == 1
    assert (await update(run, item["id"], blockedBy=[]))["openBlockers"] == 0
    assert (await show(run, blocker["id"]))["blocking"] == 0
    assert not (await engine.store.find(BacklogLink, {})).records


async def test_items_cannot_wait_for_each_other(run: Run) -> None:
    a = await add(run, "a")
    b = await add(run, "b", blockedBy=[a["id"]])
    c = await add(run, "c", blockedBy=[b["id"]])
    for blockers in ([a["id"]], [b["id"]], [c["id"]]):
        answer = await run(UPDATE, {"input": {"itemId": a["id"], "blockedBy": blockers}})
        assert failure(answer) == ("BAD_INPUT", "blockedBy")
    assert (await show(run, a["id"]))["blockedBy"] == []


async def test_links_made_at_one_moment_make_no_cycle(run: Run) -> None:
    ring = [(await add(run, str(n)))["id"] for n in range(8)]
    answers = await asyncio.gather(
        *(run(UPDATE, {"input": {"itemId": one, "blockedBy": [ring[n - 1]]}}) for n, one in enumerate(ring))
    )
    assert sum(bool(answer["errors"]) for answer in answers) == 1


async def test_a_blocker_of_another_project_is_refused(engine: Engine, run: Run) -> None:
    other = await run(ADD, {"input": {"project": "q", "title": "a", "description": "d"}})
    blocked = {"project": "p", "title": "a", "description": "d", "blockedBy": [other["data"]["item"]["id"]]}
    assert failure(await run(ADD, {"input": blocked})) == ("BAD_INPUT", "blockedBy")
    assert await engine.store.count(BacklogItem, {"project": "p"}) == 0


async def test_a_linked_item_does_not_leave_its_project(run: Run) -> None:
    blocker = await add(run, "b")
    item = await add(run, "i", blockedBy=[blocker["id"]])
    for one in (blocker, item):
        answer = await run(UPDATE, {"input": {"itemId": one["id"], "project": "q"}})
        assert failure(answer) == ("CONFLICT", "project")


BAD = [
    ("title", ""),
    ("title", "   "),
    ("title", "x" * 301),
    ("title", "a\x00b"),
    ("description", ""),
    ("description", "x" * 60_000),
    ("tags", ["a"] * 51),
    ("tags", [""]),
    ("assignedTo", "../x"),
    ("assignedTo", "x" * 101),
    ("targetVersion", "x" * 101),
    ("deferredReason", "x" * 1_001),
    ("blockedBy", ["bkl_none"]),
    ("blockedBy", [f"bkl_{n}" for n in range(51)]),
    ("project", "../x"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
async def test_a_bad_value_is_named_and_nothing_is_written(
    engine: Engine, run: Run, field: str, value: object
) -> None:
    asked = {"project": "p", "title": "a", "description": "d", field: value}
    assert failure(await run(ADD, {"input": asked})) == ("BAD_INPUT", field)
    assert await engine.store.count(BacklogItem, {}) == 0
    item = await add(run)
    answer = await run(UPDATE, {"input": {"itemId": item["id"], field: value}})
    assert failure(answer) == ("BAD_INPUT", field)
    assert (await show(run, item["id"]))["editCount"] == 0


async def test_the_backlog_touches_the_session_so_that_its_locks_stay_a20(
    engine: Engine, run: Run, clock: Clock
) -> None:
    session = await begin(engine, "ann")
    clock.forward(minutes=20)
    await run(ADD, {"input": {"sessionId": session, "title": "a", "description": "d"}})
    stored = await engine.store.get(Session, session)
    assert stored is not None
    assert (await engine.store.now() - stored.active_at).total_seconds() < 60


async def test_a_tag_follows_its_item(engine: Engine, run: Run) -> None:
    item = await add(run, tags=["x", "y"])
    await update(run, item["id"], tags=["y", "z"], priority="LOW")
    tags = (await engine.store.find(BacklogTag, {})).records
    assert {(tag.tag, tag.priority_rank, tag.is_closed) for tag in tags} == {("y", 3, False), ("z", 3, False)}
    await run(COMPLETE, {"input": {"itemId": item["id"]}})
    assert all(tag.is_closed for tag in (await engine.store.find(BacklogTag, {})).records)
