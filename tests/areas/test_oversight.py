"""A person in charge steps in without a session: audited, with a reason, and told to the agent in its next result."""

from __future__ import annotations

from typing import Any

import pytest

from resolvers.acts import Engine
from store.port import By, Changes
from store.records import Audit, Delivery, Message, Notice, Session, Work
from tests.areas.lock_cases import begin, log_of
from tests.areas.session_cases import make_key
from tests.conftest import Run, failure

FORCE = """mutation($id: ID!, $reason: String!, $session: ID, $key: String) {
  forceEndSession(input: {id: $id, reason: $reason, sessionId: $session}, idempotencyKey: $key) {
    session { id status endedBy endReason } releasedLocks
  }
}"""
WORK = """mutation($session: ID!) {
  updateWork(input: {sessionId: $session, title: "w", status: IN_PROGRESS}) { __typename }
}"""
BEAT = "mutation($session: ID!) { heartbeat(input: {sessionId: $session}) { __typename } }"
ADD = """mutation($input: AddBacklogItemInput!) { addBacklogItem(input: $input) { id } }"""
UPDATE = """mutation($input: UpdateBacklogItemInput!) { updateBacklogItem(input: $input) { assignee status change } }"""
SEND = """mutation($input: SendMessageInput!) { sendMessage(input: $input) { id sender userOriginated } }"""
MOVE = """mutation($input: UpdateMessageStatusInput!) { updateMessageStatus(input: $input) { isChanged status } }"""


async def done(run: Run, document: str, /, **variables: Any) -> Any:
    """Run a document that must succeed and return its only field."""
    answer = await run(document, variables)
    assert not answer["errors"], answer["errors"]
    (result,) = answer["data"].values()
    return result


async def notices(run: Run, session: str) -> list[str]:
    """Return what the session is told with its next result."""
    answer = await run(BEAT, {"session": session}, notices=True)
    return list(answer["extensions"].get("notices", ()))


async def audits(engine: Engine, act: str) -> list[Audit]:
    return list((await engine.store.find(Audit, {"act": act})).records)


async def test_an_admin_ends_a_lost_session_and_its_agent_is_told_by_whom_and_why(
    engine: Engine, run: Run
) -> None:
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    await ada.lock("src/a.py", "src/b/")
    await done(run, WORK, session=ada.session)
    ended = await done(run, FORCE, id=ada.session, reason="its machine is gone")
    assert ended["releasedLocks"] == ["src/a.py", "src/b/"]
    assert ended["session"] == {
        "id": ada.session,
        "status": "ENDED",
        "endedBy": "user-local",
        "endReason": "its machine is gone",
    }
    assert (await ben.lock("src/a.py"))["isGranted"]
    refused = await run(BEAT, {"session": ada.session})
    assert failure(refused) == ("CONFLICT", "sessionId")
    assert "ended by user-local: its machine is gone" in refused["errors"][0]["message"]
    (audit,) = await audits(engine, "session.forced")
    assert (audit.actor, audit.target, audit.detail) == (
        "user-local",
        ada.session,
        "ada: its machine is gone",
    )
    (event,) = [one for one in await log_of(engine) if one.kind == "session.ended"]
    assert (event.actor, event.data["reason"], len(event.data["locks"])) == (
        "user-local",
        "its machine is gone",
        2,
    )
    work = await engine.store.get(Work, ada.session)
    assert work is not None and work.status == "abandoned"


async def test_a_session_is_not_ended_by_force_twice_nor_without_a_reason_nor_from_itself(
    engine: Engine, run: Run
) -> None:
    ada = await begin(engine, run, "ada")
    assert failure(await run(FORCE, {"id": ada.session, "reason": " "})) == ("BAD_INPUT", "reason")
    itself = {"id": ada.session, "reason": "x", "session": ada.session}
    assert failure(await run(FORCE, itself)) == ("BAD_INPUT", "id")
    assert failure(await run(FORCE, {"id": "ses_none", "reason": "x"})) == ("NOT_FOUND", "id")
    assert not await audits(engine, "session.forced")
    first = await done(run, FORCE, id=ada.session, reason="x", key="k")
    assert await done(run, FORCE, id=ada.session, reason="x", key="k") == first
    assert failure(await run(FORCE, {"id": ada.session, "reason": "x"})) == ("CONFLICT", "sessionId")
    assert len(await audits(engine, "session.forced")) == 1


async def test_a_session_of_a_foreign_project_cannot_be_ended_by_force(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada", project="q")
    admin, _ = await make_key(engine, "boss", "admin", ("p",))
    answer = await run(FORCE, {"id": ada.session, "reason": "x"}, caller=admin)
    assert failure(answer) == ("NOT_FOUND", "id")
    agent, _ = await make_key(engine, "one", "agent")
    assert failure(await run(FORCE, {"id": ada.session, "reason": "x"}, caller=agent))[0] == "FORBIDDEN"
    kept = await engine.store.get(Session, ada.session)
    assert kept is not None and kept.status == "active"


async def test_whom_a_person_gives_an_item_is_told_and_so_is_who_loses_it(engine: Engine, run: Run) -> None:
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    item = (await done(run, ADD, input={"project": "p", "title": "fix it", "description": "d"}))["id"]
    await done(run, UPDATE, input={"itemId": item, "assignedTo": "ada", "reason": "you know it"})
    assert await notices(run, ada.session) == [
        f"user-local gave you backlog item {item} (fix it): you know it"
    ]
    assert await notices(run, ada.session) == []
    moved = {"itemId": item, "assignedTo": "ben", "status": "IN_PROGRESS"}
    assert (await done(run, UPDATE, input=moved))["assignee"] == "ben"
    assert await notices(run, ada.session) == [f"user-local took backlog item {item} (fix it) from you."]
    assert await notices(run, ben.session) == [f"user-local gave you backlog item {item} (fix it)."]
    await done(run, UPDATE, input={"itemId": item, "status": "DEFERRED", "reason": "not now"})
    assert await notices(run, ben.session) == [
        f"user-local changed your backlog item {item} (fix it), now deferred: not now"
    ]
    kept = await audits(engine, "backlog.updated")
    assert [(one.actor, one.target, one.detail) for one in kept] == [
        ("user-local", item, detail) for detail in ("you know it", "", "not now")
    ]


CLAIM = "mutation($input: ClaimBacklogItemInput!) { claimBacklogItem(input: $input) { __typename } }"
COMPLETE = "mutation($input: CompleteBacklogItemInput!) { completeBacklogItem(input: $input) { id } }"
ARCHIVE = (
    "mutation($input: ArchiveDocumentsByTagInput!) { archiveDocumentsByTag(input: $input) { __typename } }"
)
RESTORE = (
    "mutation($input: RestoreDocumentsByTagInput!) { restoreDocumentsByTag(input: $input) { __typename } }"
)
RULE = "mutation($input: SetGuidelineInput!) { setGuideline(input: $input) { __typename } }"
STORE = "mutation($input: StoreDocumentInput!) { storeDocument(input: $input) { id } }"


async def test_the_reason_of_each_step_a_person_takes_is_kept(engine: Engine, run: Run) -> None:
    new = {"project": "p", "title": "t", "description": "d", "reason": "asked for"}
    item = (await done(run, ADD, input=new))["id"]
    await done(run, CLAIM, input={"itemId": item, "reason": "mine"})
    await done(run, COMPLETE, input={"itemId": item, "resolution": "done", "reason": "seen it"})
    written = {"project": "p", "title": "t", "content": "c", "type": "LEARNING", "tags": ["old"]}
    await done(run, STORE, input=written)
    await done(run, ARCHIVE, input={"project": "p", "tag": "old", "reason": "over"})
    await done(run, RESTORE, input={"project": "p", "tag": "old", "reason": "not over"})
    await done(run, RULE, input={"scope": "p", "name": "r", "rule": "do", "reason": "agreed"})
    kept = (await engine.store.find(Audit, {"project": "p"}, order=(By("created_at"), By("id")))).records
    assert [one.detail for one in kept] == [
        "asked for",
        "mine",
        "seen it",
        "",
        "1 documents: over",
        "1 documents: not over",
        "created, priority 50: agreed",
    ]


@pytest.mark.parametrize(("role", "is_audited"), [("agent", False), ("user", True), ("admin", True)])
async def test_what_a_person_changes_outside_a_session_is_audited_whatever_its_rank(
    engine: Engine, run: Run, role: str, is_audited: bool
) -> None:
    """A script with an agent's key is no person."""
    caller, _ = await make_key(engine, "one", role, ("p",))
    new = {"project": "p", "title": "t", "description": "d"}
    item = (await run(ADD, {"input": new}, caller=caller))["data"]["addBacklogItem"]["id"]
    update = {"itemId": item, "assignedTo": "ada", "reason": "why"}
    answer = await run(UPDATE, {"input": update}, caller=caller)
    assert not answer["errors"], answer["errors"]
    kept = [(one.actor, one.detail) for one in await audits(engine, "backlog.updated")]
    assert kept == ([("user-one", "why")] if is_audited else [])


async def test_an_agent_that_updates_an_item_in_its_session_is_not_audited(engine: Engine, run: Run) -> None:
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    given = {"sessionId": ada.session, "title": "fix it", "description": "d", "assignedTo": "ben"}
    await done(run, ADD, input=given)
    assert not await audits(engine, "backlog.added")
    assert await notices(run, ben.session) == []


async def test_an_update_that_changes_nothing_is_neither_audited_nor_told(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    given = {"project": "p", "title": "t", "description": "d", "assignedTo": "ada"}
    item = (await done(run, ADD, input=given))["id"]
    await notices(run, ada.session)
    assert (await done(run, UPDATE, input={"itemId": item, "title": "t"}))["change"] == "UNCHANGED"
    assert not await audits(engine, "backlog.updated")
    assert await notices(run, ada.session) == []


@pytest.mark.parametrize("priority", ["NORMAL", "LOW", "URGENT"])
async def test_a_message_of_a_person_is_told_with_the_next_result_once(
    engine: Engine, run: Run, priority: str
) -> None:
    ada, ben = await begin(engine, run, "ada"), await begin(engine, run, "ben")
    given = {"project": "p", "to": ["*"], "message": "stop", "priority": priority}
    sent = await done(run, SEND, input=given)
    assert (sent["sender"], sent["userOriginated"]) == ("user-local", True)
    for agent in (ada, ben):
        (line,) = await notices(run, agent.session)
        assert "memory_get_messages" in line
    assert [one.target for one in await audits(engine, "message.sent")] == [sent["id"]]
    assert not (await engine.store.find(Notice, {})).records


async def test_what_becomes_of_a_message_without_keys_is_not_told_to_everyone(
    engine: Engine, run: Run
) -> None:
    """Such as one that was taken over from another product: neither its sender nor its recipient has a key."""
    sent = Message(
        id="msg_1", project="p", from_project="p", sender="ada", to=("ben",), text="t", thread_id="msg_1"
    )
    waiting = Delivery(id="msg_1:ben", project="p", message_id="msg_1", recipient="ben")
    await engine.store.commit(Changes(puts=(sent, waiting)))
    move = {"messageId": "msg_1", "status": "RECEIVED", "project": "p", "recipient": "ben"}
    assert (await done(run, MOVE, input=move))["isChanged"]
    reader, _ = await make_key(engine, "reader", "readonly", ("p",))
    log = '{ eventLog(projects: ["p"]) { nodes { ... on FeedEvent { kind } } } }'
    assert (await done(run, log))["nodes"] == [{"kind": "message.status_changed"}]
    seen = await run(log, caller=reader)
    assert seen["data"]["eventLog"]["nodes"] == []


async def test_a_person_acknowledges_the_answer_to_its_message_without_a_session(
    engine: Engine, run: Run
) -> None:
    ada = await begin(engine, run, "ada")
    boss, _ = await make_key(engine, "Big Boss", "user", ("p",))
    other, _ = await make_key(engine, "other", "user", ("p",))
    sent = await run(SEND, {"input": {"project": "p", "to": ["ada"], "message": "done?"}}, caller=boss)
    reply = {
        "sessionId": ada.session,
        "to": ["user-Big Boss"],
        "message": "yes",
        "replyTo": sent["data"]["sendMessage"]["id"],
    }
    answer = (await done(run, SEND, input=reply))["id"]
    inbox = 'query { messages(project: "p", agent: "user-Big Boss") { nodes { id text status } } }'
    listed = await run(inbox, caller=boss)
    assert [one["id"] for one in listed["data"]["messages"]["nodes"]] == [answer]
    move = {"input": {"messageId": answer, "status": "RECEIVED", "project": "p"}}
    assert failure(await run(MOVE, move, caller=other))[0] == "NOT_FOUND"
    moved = await run(MOVE, move, caller=boss)
    assert moved["data"]["updateMessageStatus"] == {"isChanged": True, "status": "RECEIVED"}
