"""The brief: what matters first, within its budget, at a cost that does not grow with the store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema as parse_sdl

from mcp_adapter.documents import Tool, compile_tool
from resolvers.acts import Act, Engine
from resolvers.brief.brief import brief_of
from resolvers.brief.sections import SECTIONS
from resolvers.callers import LOCAL_OWNER, ScopedStore
from schema.root import build_schema
from store.port import Changes
from store.records import (
    BacklogItem,
    Delivery,
    Document,
    Guideline,
    Lock,
    Message,
    Record,
    Session,
    Signal,
    Spec,
    WorkFile,
)
from tests.areas.lock_cases import LOCK
from tests.areas.session_cases import end, make_key, start
from tests.conftest import Clock, Run

TOOLS = Path("mcp_adapter/tools")
OURS = (
    "memory_start_session",
    "memory_end_session",
    "memory_list_projects",
    "memory_project",
    "memory_list_agents",
    "memory_heartbeat",
    "memory_get_agent_status",
)


def tool(name: str) -> Tool:
    extras = json.loads((TOOLS / "extras.json").read_text())
    schema = parse_sdl(build_schema().as_str())
    return compile_tool(schema, name, (TOOLS / f"{name}.graphql").read_text(), extras.get(name, {}))


def document(name: str) -> str:
    return (TOOLS / f"{name}.graphql").read_text()


def terse(value: Any) -> Any:
    """Leave out what is empty, as the adapter does."""
    if isinstance(value, dict):
        kept = {key: terse(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, "", [], {})}
    return [terse(item) for item in value] if isinstance(value, list) else value


async def briefed(run: Run, **given: Any) -> Any:
    """Start a session with the tool's own document and return its result."""
    asked = {"project": "p", "claude_instance": "ada", **given}
    answer = await run(document("memory_start_session"), asked)
    assert not answer["errors"], answer["errors"]
    return terse(answer["data"]["result"])


def message(
    number: int, engine_now: Any, rank: int = 1, text: str = "hello", to: str = "ada"
) -> list[Record]:
    at = engine_now + timedelta(milliseconds=number)
    priority = ("urgent", "normal", "low")[rank]
    key = f"msg_{number:06}"
    times: dict[str, Any] = {"project": "p", "created_at": at, "updated_at": at}
    return [
        Message(
            id=key,
            from_project="p",
            sender="bob",
            to=(to,),
            text=text,
            priority=priority,
            thread_id=key,
            **times,
        ),
        Delivery(id=f"{key}:{to}", message_id=key, recipient=to, priority_rank=rank, **times),
    ]


async def put(engine: Engine, *records: Record) -> None:
    for at in range(0, len(records), 2_000):
        await engine.store.commit(Changes(puts=records[at : at + 2_000]))


@pytest.mark.parametrize("name", OURS)
def test_a_tool_document_holds_against_the_schema(name: str) -> None:
    assert tool(name).name == name


async def test_a_first_session_in_an_empty_project_is_told_nothing_needless(run: Run) -> None:
    told = await briefed(run, role_description="tests")
    assert set(told) == {"session_id", "project", "agent", "tier"}


async def test_urgent_messages_come_before_older_ones_and_are_not_lost_to_the_limit(
    run: Run, engine: Engine
) -> None:
    """A8"""
    now = await engine.store.now()
    made = [record for n in range(20) for record in message(n, now, rank=2)]
    await put(engine, *made, *message(99, now, rank=0, text="stop"), *message(100, now, to="bob"))
    told = await briefed(run)
    first, *others = told["unread_messages"]
    assert (first["message"], first["from"], first["priority"]) == ("stop", "bob", "urgent")
    assert all(one["priority"] == "low" for one in others)
    assert "more unread messages: memory_get_messages" in told["more"]
    assert "id" in first


async def test_the_next_session_of_an_agent_reads_the_hand_off_of_its_last(run: Run) -> None:
    one = (await start(run, "ada"))["sessionId"]
    await end(run, one, summary="wrote it", handoffNotes="test it", filesModified=["src/a.py"])
    other = (await start(run, "bob"))["sessionId"]
    await end(run, other, handoffNotes="not for ada")
    handoff = (await briefed(run))["handoff"]
    assert (handoff["summary"], handoff["handoff_notes"]) == ("wrote it", "test it")
    assert (handoff["session_id"], handoff["files_modified"]) == (one, ["src/a.py"])
    assert "handoff" not in await briefed(run, claude_instance="cyd")
    assert "handoff" not in await briefed(run, project="q")


async def test_locks_near_the_work_come_first_and_only_of_this_project(run: Run, engine: Engine) -> None:
    """A6: unrelated projects do not meet."""
    bob = (await start(run, "bob", task="all of it"))["sessionId"]
    await run(LOCK, {"session": bob, "files": ["src/"], "reason": "moving"})
    await run(LOCK, {"session": bob, "files": [f"other/{n}.py" for n in range(30)]})
    far = (await start(run, "far", project="q"))["sessionId"]
    await run(LOCK, {"session": far, "files": ["src/a.py"]})
    told = await briefed(run, task_description="fix src/a.py, please.")
    assert told["relevant_locks"][0]["file"] == "src/"
    assert (told["relevant_locks"][0]["held_by"], told["relevant_locks"][0]["reason"]) == ("bob", "moving")
    assert {one["held_by"] for one in told["relevant_locks"]} == {"bob"}
    assert told["other_claudes"] == [{"agent": "bob", "task": "all of it", "idle_minutes": 0}]
    assert await engine.store.count(Lock, {"project": "q"}) == 1


async def test_a_stale_lock_is_shown_as_such(run: Run, clock: Clock) -> None:
    bob = (await start(run, "bob"))["sessionId"]
    await run(LOCK, {"session": bob, "files": ["a.py"]})
    assert [one["stale"] for one in (await briefed(run))["relevant_locks"]] == [False]
    clock.forward(minutes=31)
    assert [one["stale"] for one in (await briefed(run))["relevant_locks"]] == [True]


async def test_only_a_file_that_another_really_touches_is_an_overlap(run: Run, engine: Engine) -> None:
    """A7"""
    now = await engine.store.now()
    bob = (await start(run, "bob"))["sessionId"]
    touched = [
        WorkFile(
            id=f"{bob}:{path}",
            project="p",
            session_id=bob,
            agent="bob",
            path=path,
            created_at=now,
            updated_at=now,
        )
        for path in ("src/parser.rs", "src/parser_test.rs")
    ]
    await put(engine, *touched)
    told = await briefed(run, task_description="speed up ./src/parser.rs")
    assert told["overlaps"] == [{"file": "src/parser.rs", "agent": "bob"}]
    assert "overlaps" not in await briefed(run, task_description="write zebra.rs")


async def test_ready_backlog_signals_and_guidelines_are_told(run: Run, engine: Engine) -> None:
    now = await engine.store.now()
    times: dict[str, Any] = {"project": "p", "created_at": now, "updated_at": now}
    await put(
        engine,
        BacklogItem(id="bkl_1", title="later", **times),
        BacklogItem(id="bkl_2", title="now", priority="critical", priority_rank=0, **times),
        BacklogItem(id="bkl_3", title="taken", assignee="bob", **times),
        BacklogItem(id="bkl_4", title="waits", open_blockers=1, **times),
        BacklogItem(id="bkl_5", title="over", status="done", is_closed=True, **times),
        Signal(id="p/api", name="api", details="done", agent="bob", **times),
        Guideline(id="/all", name="all", rule="be kind", priority=20, **{**times, "project": ""}),
        Guideline(id="p/first", name="first", rule="test", priority=1, created_by="boss", **times),
        Guideline(id="q/x", name="x", rule="elsewhere", **{**times, "project": "q"}),
    )
    told = await briefed(run)
    assert [item["id"] for item in told["ready_backlog"]] == ["bkl_2", "bkl_1"]
    assert told["signals"] == [{"name": "api", "details": "done", "agent": "bob"}]
    assert [rule["name"] for rule in told["guidelines"]["rules"]] == ["first", "all"]
    assert told["guidelines"]["rules"][0]["author"] == "boss"
    assert "data" in told["guidelines"]["instructions"]


def learning(key: str, at: Any, **given: Any) -> Document:
    made: dict[str, Any] = {"project": "p", "type": "learning", "title": key, "content": "text"}
    made |= {"author": "bob", "created_at": at, "updated_at": at}
    return Document(id=key, **{**made, **given})


async def test_learnings_that_fit_the_task_are_told_and_no_dead_or_foreign_ones(
    run: Run, engine: Engine
) -> None:
    """A11: expired and archived ones filled the places; D2."""
    now = await engine.store.now()
    earlier = now - timedelta(days=3)
    retry = "the payment gateway retries"
    await put(
        engine,
        learning("doc_1", earlier, content=retry, type="gotcha", title="Retries"),
        learning("doc_2", now, content="zebra stripes"),
        learning("doc_3", earlier, content=retry, project="shared", type="solution"),
        *(learning(f"doc_4{n}", now, content=retry, expires_at=earlier) for n in range(9)),
        learning("doc_5", now, content=retry, status="archived"),
        learning("doc_6", now, content=retry, type="adr"),
        learning("doc_7", now, content=retry, project="q"),
    )
    told = await briefed(run, task_description="why does the Payment gateway retry?")
    assert {one["id"] for one in told["learnings"]} == {"doc_1", "doc_3"}
    first = next(one for one in told["learnings"] if one["id"] == "doc_1")
    assert first == {"id": "doc_1", "title": "Retries", "type": "gotcha", "age_days": 3}


@pytest.mark.parametrize("task", ["", "what is to be done", "nothing alike"])
async def test_where_no_learning_fits_the_newest_are_told(run: Run, engine: Engine, task: str) -> None:
    now = await engine.store.now()
    made = [
        learning(
            f"doc_{n}", now - timedelta(days=n), type=("learning", "gotcha", "pattern", "solution")[n % 4]
        )
        for n in range(8)
    ]
    late = now + timedelta(days=1)
    await put(
        engine,
        *made,
        learning("doc_shared", now, project="shared"),
        learning("doc_q", late, project="q"),
        learning("doc_gone", late, expires_at=now),
        learning("doc_old", late, status="superseded"),
    )
    told = await briefed(run, task_description=task)
    assert {one["id"] for one in told["learnings"]} == {"doc_shared", "doc_0", "doc_1", "doc_2", "doc_3"}


async def test_interfaces_that_others_changed_within_a_week_are_told(run: Run, engine: Engine) -> None:
    now = await engine.store.now()
    lately, long_ago = now - timedelta(days=6), now - timedelta(days=8)

    def spec(name: str, at: Any, **given: Any) -> Spec:
        made: dict[str, Any] = {"project": "p", "owner": "bob", "author": "bob", "spec_version": "1.2.0"}
        made |= {"created_at": long_ago, "updated_at": at, **given}
        return Spec(id=f"{made['project']}/{name}", name=name, **made)

    await put(
        engine,
        spec("api", now - timedelta(days=1)),
        spec("mine", now, author="ada"),
        spec("note", now, spec_type="state"),
        spec("old", long_ago),
        spec("foreign", now, project="q"),
        spec("rules", lately, project="shared"),
        learning("doc_1", now, type="interface", interface_name="events", interface_version="v2"),
        learning("doc_2", now, type="interface", author="ada"),
        learning("doc_3", now, type="interface", status="archived"),
        learning("doc_4", long_ago, type="interface"),
        learning("doc_5", now, type="interface", project="q"),
    )
    told = (await briefed(run))["interface_updates"]
    assert [(one["name"], one["version"], one["by"]) for one in told] == [
        ("events", "v2", "bob"),
        ("api", "1.2.0", "bob"),
        ("rules", "1.2.0", "bob"),
    ]
    assert told[0]["changed_at"]


async def test_a_spec_that_another_defines_is_in_the_next_brief(run: Run) -> None:
    bob = (await start(run, "bob"))["sessionId"]
    define = "mutation($i: DefineSpecInput!) { defineSpec(input: $i) { __typename } }"
    for content in ("one", "two"):
        await run(define, {"i": {"sessionId": bob, "name": "api", "content": content}})
    (told,) = (await briefed(run))["interface_updates"]
    assert (told["name"], told["version"], told["by"]) == ("api", "1.0.1", "bob")
    assert "interface_updates" not in await briefed(run, claude_instance="bob")


async def test_a_key_of_one_project_is_told_of_shared_knowledge_but_not_of_others(
    run: Run, engine: Engine
) -> None:
    """D2, D8"""
    now = await engine.store.now()
    await put(
        engine,
        learning("doc_1", now, project="shared"),
        learning("doc_2", now, project="p", title="secret"),
        learning("doc_3", now, project="shared", type="interface", interface_name="open"),
        learning("doc_4", now, project="p", type="interface", interface_name="secret"),
    )
    scoped, _ = await make_key(engine, "s", projects=("q",))
    for task in ("", "text"):
        asked = {"project": "q", "claude_instance": "ada", "task_description": task}
        answer = await run(document("memory_start_session"), asked, caller=scoped)
        told = terse(answer["data"]["result"])
        assert [one["id"] for one in told["learnings"]] == ["doc_1"]
        assert [one["name"] for one in told["interface_updates"]] == ["open"]
        assert "secret" not in json.dumps(told)


async def crowd(run: Run, engine: Engine, text: str) -> None:
    """Fill each section of ada's next brief beyond its limits."""
    now = await engine.store.now()
    times: dict[str, Any] = {"project": "p", "created_at": now, "updated_at": now}
    last = (await start(run, "ada"))["sessionId"]
    files = [f"src/{'deep/' * 20}{n}.py" for n in range(200)]
    await end(run, last, summary=text[:50_000], handoffNotes=text[:50_000], filesModified=files)
    other = Session(id="ses_other", agent="bob", active_at=now, task=text[:1_000], **times)
    made: list[Record] = [other]
    for n in range(50):
        key = f"{n:03}{'x' * 80}"
        made += message(n, now, rank=n % 3, text=text)
        made.append(replace(other, id=f"ses_{key}", agent=f"agent_{key}"))
        path = files[n] if n < 20 else f"o/{key}.py"
        made.append(
            Lock(
                id=f"p:{path}", path=path, session_id="ses_other", agent="bob", reason=text, fence=n, **times
            )
        )
        made.append(WorkFile(id=f"w:{path}", path=path, session_id="ses_other", agent="bob", **times))
        made.append(BacklogItem(id=f"bkl_{key}", title=text[:300], **times))
        made.append(Signal(id=f"p/{key}", name=key, details=text, agent="bob", **times))
        made.append(Guideline(id=f"p/{key}", name=key, rule=text[:4_000], created_by="boss", **times))
        made.append(learning(f"doc_{key}", now, title=text[:300], content=text))
        made.append(
            Spec(id=f"p/{key}", name=key, spec_version=f"1.0.{n}", owner="bob", author="bob", **times)
        )
    await put(engine, *made)


@pytest.mark.parametrize("text", ["word " * 10_000, "ключ " * 5_000, '"\\\n\t' * 10_000, "x" * 50_000])
async def test_the_brief_stays_within_six_thousand_characters_and_drops_no_section(
    run: Run, engine: Engine, text: str
) -> None:
    await crowd(run, engine, text)
    told = await briefed(run, working_directory="/work")
    assert len(json.dumps(told, separators=(",", ":"), ensure_ascii=False)) <= 6_000
    for section in (
        "unread_messages",
        "relevant_locks",
        "handoff",
        "other_claudes",
        "ready_backlog",
        "guidelines",
        "learnings",
        "interface_updates",
    ):
        assert told[section], section
    assert told["unread_messages"][0]["priority"] == "urgent"
    assert len(told["more"]) >= 5


async def test_a_brief_shows_nothing_of_a_project_out_of_scope(run: Run, engine: Engine) -> None:
    """D2, D3"""
    await crowd(run, engine, "secret plan")
    scoped, _ = await make_key(engine, "s", projects=("q",))
    answer = await run(
        document("memory_start_session"), {"project": "q", "claude_instance": "ada"}, caller=scoped
    )
    assert "secret plan" not in json.dumps(answer["data"])
    assert set(terse(answer["data"]["result"])) == {
        "session_id",
        "project",
        "agent",
        "tier",
        "action_needed",
        "auth",
    }


async def reads_of(engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Return how many reads a brief makes and how many records these return."""
    calls = records = 0
    find, get_many = ScopedStore.find, ScopedStore.get_many

    async def counted_find(*args: Any, **more: Any) -> Any:
        nonlocal calls, records
        page = await find(*args, **more)
        calls, records = calls + 1, records + len(page.records)
        return page

    async def counted_get_many(*args: Any, **more: Any) -> Any:
        nonlocal calls, records
        found = await get_many(*args, **more)
        calls, records = calls + 1, records + len(found)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(ScopedStore, "find", counted_find)
        patch.setattr(ScopedStore, "get_many", counted_get_many)
        await brief_of(Act(engine, LOCAL_OWNER), session)
    return calls, records


async def test_a_brief_reads_no_more_of_a_crowded_project(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C5: no full scans."""
    await crowd(run, engine, "text")
    one = await engine.store.get(Session, (await start(run, "ada"))["sessionId"])
    assert one is not None
    few = await reads_of(engine, one, monkeypatch)
    now = await engine.store.now()
    await put(engine, *(record for n in range(1_000, 3_000) for record in message(n, now)))
    assert await reads_of(engine, one, monkeypatch) == few
    assert few[0] <= 2 * len(SECTIONS)
    assert few[1] <= 20 * len(SECTIONS)
