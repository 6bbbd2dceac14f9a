"""Statuses: who may change them, what a tag archives and brings back, what time does, what a session leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.retention import tidy
from resolvers.usage_flush import flush_usage
from store.knowledge import NEVER, DocumentBand, DocumentDigest, DocumentTag
from store.port import By, Changes
from store.records import Audit, Document, Record, Spec, Usage
from tests.areas.knowledge_cases import (
    ARCHIVE,
    LISTED,
    ONE,
    RESTORE,
    STATUS,
    dump,
    refused,
    send,
    session,
    store,
)
from tests.areas.session_cases import END, make_key
from tests.conftest import Clock, Run


async def _kinds(engine: Engine, project: str = "p") -> list[str]:
    events = await engine.store.events_after(project, 0)
    return [one.kind for one in events if one.kind.startswith("document.")]


async def test_a_status_is_changed_told_and_kept_in_the_audit_log(engine: Engine, run: Run) -> None:
    ann, ben = await session(run, "ann"), await session(run, "ben")
    made = await store(run, sessionId=ann)
    newer = await store(run, "newer", sessionId=ann)
    given = {"documentId": made["id"], "status": "SUPERSEDED", "supersededBy": newer["id"], "sessionId": ben}
    changed = await send(run, STATUS, input={**given, "reason": "rewritten"})
    assert changed == {
        "id": made["id"],
        "oldStatus": "ACTIVE",
        "newStatus": "SUPERSEDED",
        "supersededBy": newer["id"],
    }
    one = await send(run, ONE, id=made["id"])
    assert (one["status"], one["statusReason"], one["supersededBy"]) == (
        "SUPERSEDED",
        "rewritten",
        newer["id"],
    )
    entries = await engine.store.find(Audit, {"act": "document.status_changed"})
    assert [(kept.actor, kept.target) for kept in entries.records] == [("ben", made["id"])]
    assert (await _kinds(engine))[-1] == "document.status_changed"
    back = await send(run, STATUS, input={"documentId": made["id"], "status": "ACTIVE", "project": "p"})
    assert (back["oldStatus"], back["supersededBy"]) == ("SUPERSEDED", None)


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"documentId": "doc_nothing"}, "NOT_FOUND", "documentId"),
        ({"documentId": "x" * 10_000}, "NOT_FOUND", "documentId"),
        ({"project": "elsewhere"}, "NOT_FOUND", "documentId"),
        ({"supersededBy": "doc_nothing"}, "BAD_INPUT", "supersededBy"),
        ({"status": "ARCHIVED", "supersededBy": "doc_nothing"}, "BAD_INPUT", "supersededBy"),
        ({"reason": "x" * 1_001}, "BAD_INPUT", "reason"),
    ],
    ids=str,
)
async def test_a_wrong_change_of_status_changes_nothing(
    engine: Engine, run: Run, more: dict[str, str], code: str, field: str
) -> None:
    made = await store(run)
    before = await dump(engine)
    error = await refused(run, STATUS, input={"documentId": made["id"], "status": "SUPERSEDED", **more})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, field)
    assert await dump(engine) == before


async def test_a_document_never_supersedes_itself_nor_its_successor(run: Run) -> None:
    one, two = (await store(run, "one"))["id"], (await store(run, "two"))["id"]
    given = {"status": "SUPERSEDED"}
    error = await refused(run, STATUS, input={**given, "documentId": one, "supersededBy": one})
    assert error["extensions"]["field"] == "supersededBy"
    await send(run, STATUS, input={**given, "documentId": one, "supersededBy": two})
    error = await refused(run, STATUS, input={**given, "documentId": two, "supersededBy": one})
    assert error["extensions"]["field"] == "supersededBy"


async def test_neither_a_status_nor_a_tag_reaches_a_spec_d5(engine: Engine, run: Run) -> None:
    now = await engine.store.now()
    spec = Spec(
        id="p/api", project="p", name="api", spec_version="1.0.0", owner="ann", tags=("t",),
        created_at=now, updated_at=now,
    )  # fmt: skip
    await engine.store.commit(Changes(puts=(spec,)))
    for name in ("p/api", "spec_api", "api"):
        error = await refused(run, STATUS, input={"documentId": name, "status": "ARCHIVED"})
        assert error["extensions"]["code"] == "NOT_FOUND"
    assert (await send(run, ARCHIVE, input={"tag": "t", "project": "p"}))["count"] == 0
    assert await engine.store.get(Spec, "p/api") == replace(spec, version=1)


async def test_a_readonly_key_changes_no_document_d1(engine: Engine, run: Run) -> None:
    made = await store(run, tags=["t"])
    key, _ = await make_key(engine, "r", role="readonly", projects=("p",))
    before = await dump(engine)
    for document, given in (
        (STATUS, {"documentId": made["id"], "status": "ARCHIVED"}),
        (ARCHIVE, {"tag": "t", "project": "p"}),
        (RESTORE, {"tag": "t", "project": "p"}),
    ):
        error = await refused(run, document, input=given, caller=key)
        assert error["extensions"]["code"] == "FORBIDDEN"
    assert await dump(engine) == before


async def test_what_a_tag_archives_it_restores_exactly_a4(engine: Engine, run: Run) -> None:
    statuses = ["ACTIVE", "DEPRECATED", "CONFLICTED", "REVIEW_PENDING", "ARCHIVED"]
    made = {}
    for status in statuses:
        made[status] = (await store(run, status, tags=["old", status.lower()]))["id"]
        if status != "ACTIVE":
            await send(run, STATUS, input={"documentId": made[status], "status": status})
    other = await store(run, "untagged")
    archived = await send(run, ARCHIVE, input={"tag": "old", "project": "p", "reason": "tidy"})
    assert archived["count"] == 4
    assert {one["id"] for one in archived["documents"]} == set(made.values()) - {made["ARCHIVED"]}
    shown = await send(run, LISTED, project="p", status="ARCHIVED")
    assert {one["id"] for one in shown["nodes"]} == set(made.values())
    again = await send(run, ARCHIVE, input={"tag": "old", "project": "p"})
    assert again["count"] == 0
    restored = await send(run, RESTORE, input={"tag": "old", "project": "p"})
    assert restored["count"] == 4
    for status, one in made.items():
        assert (await send(run, ONE, id=one))["status"] == status
    assert (await send(run, ONE, id=other["id"]))["status"] == "ACTIVE"
    assert (await _kinds(engine))[-2:] == ["document.archived", "document.restored"]


async def test_a_tag_of_more_than_a_thousand_documents_is_archived_whole(engine: Engine, run: Run) -> None:
    now = await engine.store.now()
    puts: list[Record] = []
    for n in range(1_050):
        common: dict[str, Any] = {"project": "p", "created_at": now, "updated_at": now}
        name = f"doc_{n:024}"
        puts.append(Document(id=name, type="adr", title=f"t{n}", content="c", tags=("old",), **common))
        puts.append(DocumentTag(id=f"{name}:old", document_id=name, tag="old", **common))
    await engine.store.commit(Changes(puts=tuple(puts)))
    archived = await send(run, ARCHIVE, input={"tag": "old", "project": "p"})
    assert (archived["count"], len(archived["documents"])) == (1_050, 20)
    assert await engine.store.count(Document, {"project": "p", "status": "archived"}) == 1_050
    bulk = [one for one in await engine.store.events_after("p", 0) if one.kind == "document.archived"]
    assert sum(len(one.data["ids"]) for one in bulk) == 1_050
    assert max(len(one.data["ids"]) for one in bulk) <= 200
    restored = await send(run, RESTORE, input={"tag": "old", "project": "p"})
    assert restored["count"] == 1_050
    assert await engine.store.count(Document, {"project": "p", "status": "active"}) == 1_050


async def test_a_tag_reaches_the_sessions_project_or_all_of_the_keys_d2(engine: Engine, run: Run) -> None:
    made = {}
    for project in ("p", "q", "other", "shared"):
        made[project] = (await store(run, tags=["t"], project=project))["id"]
    key, _ = await make_key(engine, "k", projects=("p", "q"))
    start = 'mutation { startSession(input: {project: "p", agent: "ann"}) { sessionId } }'
    ann = (await run(start, caller=key))["data"]["startSession"]["sessionId"]
    error = await refused(run, ARCHIVE, input={"tag": "t", "project": "other"}, caller=key)
    assert error["extensions"]["code"] == "FORBIDDEN"
    own = await send(run, ARCHIVE, input={"tag": "t", "sessionId": ann}, caller=key)
    assert [one["id"] for one in own["documents"]] == [made["p"]]
    every = await send(run, ARCHIVE, input={"tag": "t", "sessionId": ann, "project": "all"}, caller=key)
    assert [one["id"] for one in every["documents"]] == [made["q"]]
    rest = await send(run, ARCHIVE, input={"tag": "t", "project": "all"})
    assert {one["id"] for one in rest["documents"]} == {made["other"], made["shared"]}
    entries = await engine.store.find(Audit, {"act": "document.archived"}, order=(By("created_at"),))
    assert [one.project for one in entries.records[:2]] == ["p", "q"]


async def test_a_repeat_of_an_archive_archives_nothing_more(run: Run) -> None:
    await store(run, "one", tags=["t"])
    first = await send(run, ARCHIVE, input={"tag": "t", "project": "p"}, key="k")
    newer = await store(run, "two", tags=["t"])
    assert await send(run, ARCHIVE, input={"tag": "t", "project": "p"}, key="k") == first
    assert (await send(run, ONE, id=newer["id"]))["status"] == "ACTIVE"


async def test_statuses_changed_while_a_tag_is_archived_are_not_lost(engine: Engine, run: Run) -> None:
    made = [(await store(run, f"text {n}", tags=["t"]))["id"] for n in range(8)]
    changes = [send(run, STATUS, input={"documentId": one, "status": "DEPRECATED"}) for one in made]
    await asyncio.gather(send(run, ARCHIVE, input={"tag": "t", "project": "p"}), *changes)
    await send(run, RESTORE, input={"tag": "t", "project": "p"})
    for one in made:
        found = await engine.store.get(Document, one)
        assert found is not None
        assert found.status == "deprecated"


async def test_what_is_past_its_time_is_marked_and_forgotten_ninety_days_later(
    engine: Engine, run: Run, clock: Clock
) -> None:
    short = await store(run, "short", tags=["t"], expiresInDays=1)
    archived = await store(run, "archived", tags=["keep"], expiresInDays=1)
    await send(run, ARCHIVE, input={"tag": "keep", "project": "p"})
    stays = await store(run, "stays", expiresInDays=0)
    await send(run, ONE, id=short["id"])
    await flush_usage(engine)
    clock.forward(days=2)
    assert (await tidy(engine))["expiries"] == 1
    assert (await send(run, ONE, id=short["id"]))["status"] == "EXPIRED"
    (event,) = [one for one in await engine.store.events_after("p", 0) if one.actor == "interlock"]
    assert (event.kind, event.data["ids"]) == ("document.status_changed", [short["id"]])
    clock.forward(days=88)
    assert (await tidy(engine))["documents"] == 0
    clock.forward(days=3)
    assert (await tidy(engine))["documents"] == 1
    left = (await engine.store.find(Document, {})).records
    assert {one.id for one in left} == {stays["id"], archived["id"]}
    kinds: tuple[Any, ...] = (DocumentTag, DocumentBand)
    for kind in kinds:
        rows = (await engine.store.find(kind, {}, limit=1000)).records
        assert short["id"] not in {one.document_id for one in rows}
    assert len((await engine.store.find(DocumentDigest, {})).records) == 2
    assert (await engine.store.find(Usage, {})).records == ()


async def test_a_document_brought_back_past_its_time_holds_anew(
    engine: Engine, run: Run, clock: Clock
) -> None:
    made = await store(run, expiresInDays=1)
    clock.forward(days=2)
    await tidy(engine)
    await send(run, STATUS, input={"documentId": made["id"], "status": "ACTIVE"})
    await tidy(engine)
    one = await send(run, ONE, id=made["id"])
    assert (one["status"], one["warning"]) == ("ACTIVE", "")
    for_ever = await store(run, "for ever", expiresInDays=0)
    await send(run, STATUS, input={"documentId": for_ever["id"], "status": "EXPIRED"})
    found = await engine.store.get(Document, for_ever["id"])
    assert found is not None and found.expires_at < NEVER


async def test_a_session_leaves_its_learnings_and_hand_off_as_documents(engine: Engine, run: Run) -> None:
    ann = await session(run, task="drain the queue")
    given = {"learnings": "# Queues drain slowly\nwait for them", "handoffNotes": "restart the worker next"}
    await send(run, END, input={"sessionId": ann, "summary": "s", "filesModified": ["a.py"], **given})
    page = await engine.store.find(Document, {"project": "p"}, order=(By("created_at"), By("type", "desc")))
    learning, handoff = page.records
    assert (learning.type, learning.title, learning.author) == ("learning", "Queues drain slowly", "ann")
    assert (handoff.type, handoff.title) == ("handoff", "Hand-off: drain the queue")
    assert (handoff.content, handoff.files) == ("restart the worker next", ("a.py",))
    assert (handoff.expires_at - handoff.created_at).days == 28
    assert sorted(await _kinds(engine)) == ["document.stored"] * 2
    ended = [one for one in await engine.store.events_after("p", 0) if one.kind == "session.ended"]
    assert ended[0].at == learning.created_at, "in the same commit"


async def test_a_session_that_leaves_what_is_known_ends_all_the_same(engine: Engine, run: Run) -> None:
    for agent in ("ann", "ben"):
        mine = await session(run, agent)
        given = {"sessionId": mine, "summary": "s", "learnings": "Queues drain slowly"}
        await send(run, END, input=given)
    assert len((await engine.store.find(Document, {})).records) == 1
    leaky = await session(run, "cat")
    secret = "use gh" + "p_" + "aB3" * 12
    told = await send(run, END, input={"sessionId": leaky, "summary": "s", "learnings": secret})
    assert len((await engine.store.find(Document, {})).records) == 1
    assert told["warning"].startswith("not kept as knowledge: learnings (looks like it holds a GitHub token)")
    assert secret not in told["warning"]
    quiet = await session(run, "dan")
    await send(run, END, input={"sessionId": quiet, "summary": "s"})
    assert len((await engine.store.find(Document, {})).records) == 1
