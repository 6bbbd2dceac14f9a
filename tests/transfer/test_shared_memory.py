"""The users of mcp-shared-memory move with their memory: what it holds is found here, under its ids and times."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.legacy.report import Report
from api.settings import Settings
from api.transfer import Untransferable, take_over
from resolvers.acts import Engine
from store.feed.feed import Feed
from store.port import Changes
from store.records import (
    Agent,
    BacklogItem,
    Checklist,
    Delivery,
    Document,
    Function,
    Guideline,
    Key,
    Message,
    Presence,
    Project,
    Session,
    Spec,
    SpecVersion,
    Work,
)
from store.sqlite.store import SqliteStore
from tests.engines.databases import mongo_databases
from tests.transfer.conftest import QUIET, embedded, export_to, findings, shared
from tests.transfer.shared_memory import DATABASE, LONG, RAW_KEY, SESSION, drop_mongo, fill_chroma, fill_mongo

NOON = datetime(2026, 3, 1, 10, tzinfo=UTC)


@dataclass
class Sources:
    mongo: str
    chroma: str

    async def taken(self, settings: Settings, *, dry_run: bool = False) -> Report:
        return await take_over(
            settings, mongo=self.mongo, database="", chroma=self.chroma, dry_run=dry_run, advance=QUIET
        )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    pytest.importorskip("chromadb")
    directory = tmp_path_factory.mktemp("chroma")
    hosts = mongo_databases().replicas.hosts
    fill_chroma(directory)
    fill_mongo(hosts)
    yield Sources(f"mongodb://{hosts}/{DATABASE}", str(directory))
    drop_mongo(hosts)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("target")


@pytest.fixture
async def moved(sources: Sources, target: Path) -> AsyncIterator[SqliteStore]:
    """The store after everything was taken over; the first test of all does it, the others find it there."""
    store = await SqliteStore.open(target)
    if not await store.count(Document, {}, limit=1):
        await store.close()
        await sources.taken(embedded(target))
        store = await SqliteStore.open(target)
    yield store
    await store.close()


async def got(store: SqliteStore, kind: type[Any], record_id: str) -> Any:
    found = await store.get(kind, record_id)
    assert found is not None, (kind.__name__, record_id)
    return found


async def test_memories_keep_ids_times_and_texts(moved: SqliteStore) -> None:
    adr = await got(moved, Document, "a1b2c3d4e5f60718")
    assert (adr.project, adr.type, adr.title, adr.author) == ("my_app", "adr", "Ledger database", "alice")
    assert adr.content == "We chose PostgreSQL for the ledger."
    assert (adr.tags, adr.files) == (("db", "ledger"), ("src/ledger.py",))
    assert adr.created_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert adr.updated_at == datetime(2026, 2, 2, 9, 30, 0, 250_000, tzinfo=UTC)
    assert adr.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
    learning = await got(moved, Document, "learning_00112233445566aa")
    assert learning.content == "The gateway repeats requests."
    assert learning.tags == ("not json", "but a list")
    superseded = await got(moved, Document, "superseded000000")
    assert (superseded.status, superseded.superseded_by) == ("superseded", "a1b2c3d4e5f60718")
    archived = await got(moved, Document, "archived00000000")
    assert (archived.status, archived.previous_status) == ("archived", "active")
    twin = await got(moved, Document, "a1b2c3d4e5f60718.shared")
    assert (twin.project, twin.title) == ("shared", "Twin")


async def test_what_is_odd_is_taken_as_it_can_be(moved: SqliteStore) -> None:
    strange = await got(moved, Document, "strange000000000")
    assert (strange.type, strange.tags, strange.content) == (
        "learning",
        ("type:riddle",),
        "Of a strange type.",
    )
    naked = await got(moved, Document, "naked")
    assert (naked.title, naked.project) == ("A text without a single field.", "shared")
    odd = await got(moved, BacklogItem, "backlog_banana000000")
    assert (odd.status, odd.priority, odd.project, odd.edit_count) == ("open", "medium", "my_app", 0)


async def test_a_text_longer_than_a_document_is_kept_in_parts(moved: SqliteStore) -> None:
    parts = [await got(moved, Document, f"learning_long{n}") for n in ("", ".2", ".3")]
    assert [part.title for part in parts] == ["Long (1/3)", "Long (2/3)", "Long (3/3)"]
    assert "".join(part.content for part in parts).replace("\n", "") == LONG.replace("\n", "").strip()


async def test_the_memories_are_found_by_words(moved: SqliteStore) -> None:
    (hit,) = await moved.search(Document, "postgresql", {"project": "my_app"})
    assert hit.record.id == "a1b2c3d4e5f60718"


async def test_a_named_interface_is_where_the_next_to_store_it_looks(moved: SqliteStore) -> None:
    page = await moved.find(Document, {"project": "my_app", "type": "interface"})
    (interface,) = page.records
    assert interface.id.startswith("doc_")
    assert (interface.interface_name, interface.interface_owner) == ("api:payments", "alice")
    assert interface.interface_schema == {"type": "object"}


async def test_the_backlog_keeps_ids_states_and_resolutions(moved: SqliteStore) -> None:
    done = await got(moved, BacklogItem, "backlog_0123456789ab")
    assert (done.status, done.is_closed, done.priority_rank, done.assignee) == ("done", True, 1, "bob")
    assert (done.description, done.resolution) == ("Cents are lost.", "Used decimals")
    assert (done.completed_by, done.edit_count, done.tags) == ("bob", 2, ("money",))
    assert (await got(moved, BacklogItem, "backlog_ffffffffffff")).project == "shared"


async def test_a_function_is_taken_once_with_what_the_librarian_found(moved: SqliteStore) -> None:
    (function,) = (await moved.find(Function, {})).records
    assert (function.name, function.file, function.line) == ("round_cents", "src/money.py", 10)
    assert (function.queue, function.signature, function.calls) == ("done", "round_cents(x)", ("round",))
    assert (function.returns, function.complexity) == ("the cents", "O(1)")
    assert function.code == "def round_cents(x):\n    return x"
    assert function.enriched_hash == function.source_hash != ""


async def test_a_spec_has_all_its_versions_in_their_order(moved: SqliteStore) -> None:
    spec = await got(moved, Spec, "my_app/api:ledger")
    assert (spec.spec_version, spec.number, spec.owner) == ("1.0.2", 3, "alice")
    assert spec.versions == ("1.0.2", "1.0.1", "1.0.0")
    old = await got(moved, SpecVersion, "my_app/api:ledger@1.0.0")
    assert (old.number, old.content) == (1, "ledger v1")
    fruit = await got(moved, SpecVersion, "my_app/fruit@1.0.0")
    assert fruit.tags == ("was:banana",)
    gone = await got(moved, Document, "spec_history_gone_1_0_0")
    assert (gone.status, gone.content) == ("archived", "of a spec that is gone")


async def test_a_handoff_is_that_of_a_session_that_ended(moved: SqliteStore) -> None:
    session = await got(moved, Session, SESSION)
    assert (session.status, session.agent, session.project) == ("ended", "alice", "my_app")
    assert (session.summary, session.handoff) == ("Did the ledger.", "Next: the tests.")
    assert (await got(moved, Work, SESSION)).status == "completed"
    assert (await got(moved, Work, "my-app_bob_99887766")).status == "abandoned"


async def test_the_team_is_taken_over(moved: SqliteStore) -> None:
    assert (await got(moved, Project, "my_app")).display_name == "My App"
    alice = await got(moved, Agent, "my_app/alice")
    assert (alice.tier, alice.role_description, alice.session_count) == ("admin", "the ledger", 7)
    assert (alice.path_patterns, alice.last_seen_at) == (("*/ledger/*",), NOON)
    assert (await got(moved, Agent, "my_app/bob_the_second_")).tier == "pending"
    assert (await got(moved, Agent, "my_app/coordinator")).tier == "admin"
    assert (await got(moved, Presence, "my_app/alice")).heartbeat_at == NOON
    release = await got(moved, Checklist, "my_app/release")
    assert [(item["text"], item["done"]) for item in release.items] == [
        ("tag", True), ("ship", False), ("a bare text", False)
    ]  # fmt: skip
    assert (await got(moved, Guideline, "/tests first")).priority == 100
    assert (await got(moved, Guideline, "my_app/ledger")).rule == "Decimals only."


async def test_messages_keep_ids_threads_and_statuses(moved: SqliteStore) -> None:
    answer = await got(moved, Message, "msg_000000000002")
    assert (answer.thread_id, answer.reply_to, answer.chain_depth) == (
        "msg_000000000001",
        "msg_000000000001",
        1,
    )
    finished = await got(moved, Delivery, "msg_000000000002:alice")
    assert (finished.status, finished.finished_at) == ("completed", NOON)
    to_all = await got(moved, Message, "msg_000000000003")
    assert to_all.is_broadcast
    assert set(to_all.to) == {"bob_the_second_", "coordinator"}
    odd = await got(moved, Delivery, "msg_000000000005:bob")
    assert (odd.status, odd.priority_rank) == ("pending", 1)


async def test_a_message_with_an_odd_id_answer_or_time_is_taken_too(moved: SqliteStore) -> None:
    """One whose id is not ours is still the beginning of its thread; a time before the first year ends nothing."""
    lost = await got(moved, Message, "msg_000000000006")
    assert (lost.reply_to, lost.thread_id) == ("", lost.id)
    assert (await got(moved, Delivery, "msg_of_7:bob")).received_at is None
    answer = await got(moved, Message, "msg_000000000008")
    assert (answer.thread_id, answer.reply_to, answer.chain_depth) == ("msg_of_7", "msg_of_7", 1)


async def test_no_two_valid_keys_have_one_name(moved: SqliteStore) -> None:
    valid = (await moved.find(Key, {"revoked_at": None})).records
    assert [(key.name, key.role) for key in valid] == [("laptop", "agent")]


async def test_whoever_had_a_key_keeps_it(moved: SqliteStore) -> None:
    async with Feed(moved) as feed:
        caller = await Engine(moved, feed, auth=True).authenticate(RAW_KEY)
    assert caller is not None
    assert (caller.key_name, caller.role.value, caller.projects) == ("laptop", "agent", frozenset({"my_app"}))
    revoked = (await moved.find(Key, {"name": "old"})).records[0]
    assert revoked.revoked_at is not None


async def test_what_was_taken_over_is_in_order(moved: SqliteStore, target: Path) -> None:
    assert await findings(embedded(target)) == []


async def test_what_is_taken_and_what_not_is_told_with_the_reason(sources: Sources, tmp_path: Path) -> None:
    trial = await sources.taken(embedded(tmp_path / "new"), dry_run=True)
    first = await sources.taken(embedded(tmp_path / "new"))
    again = await sources.taken(embedded(tmp_path / "new"))
    assert list(trial.table()) == list(first.table())
    lines = {line.source: line for line in first.lines}
    assert (lines["chroma proj_my_app"].taken, lines["chroma proj_my_app"].skipped) == (13, 3)
    assert lines["chroma somebody_elses"].skipped == 1
    assert lines["mongo messages"].taken == 7
    said = "\n".join(first.table())
    for reason in (
        "skipped 1 of chroma proj_my_app: has neither title nor text (empty00000000000)",
        "is a function that stood at another line before (func_bbbbbbbbbbbb)",
        "skipped 1 of mongo api_keys: has no hash, no name or no known role",
        "skipped 1 of mongo api_keys: is a key whose name another valid key has",
        "skipped 1 of mongo guidelines: was not in force",
        "skipped 1 of mongo agent_autopilot: autopilot is not part of Interlock",
        "skipped 1 of mongo notes_of_somebody: is no collection of mcp-shared-memory",
        "skipped 1 of mongo messages: has no project, no recipient or no text (msg_000000000004)",
    ):
        assert reason in said, reason
    assert sum(line.taken for line in again.lines) == 0
    assert sum(line.there for line in again.lines) == sum(line.taken for line in first.lines)
    changed = {old: new for old, _, new in first.ids}
    assert changed["func_aaaaaaaaaaaa"].startswith("fn_")
    assert changed["spec_api_ledger"] == "my_app/api:ledger"
    assert "a1b2c3d4e5f60718" not in {old for old, _, new in first.ids if new == old}


async def test_it_is_taken_over_into_mongodb_as_well(sources: Sources, tmp_path: Path) -> None:
    team = shared(tmp_path / "team")
    report = await sources.taken(team)
    home = embedded(tmp_path / "home")
    assert list(report.table()) == list((await sources.taken(home)).table())
    assert await findings(team) == []
    one, two = [await export_to(where, tmp_path / "x.jsonl") for where in (team, home)]
    mine = [line["data"]["id"] for line in [*one, *two] if line.get("kind") == "document"]
    assert sorted(mine[: len(mine) // 2]) == sorted(mine[len(mine) // 2 :])


async def test_a_trial_writes_nothing(sources: Sources, tmp_path: Path) -> None:
    await sources.taken(embedded(tmp_path / "new"), dry_run=True)
    store = await SqliteStore.open(tmp_path / "new")
    assert [await store.count(kind, {}) for kind in (Document, Agent, Key, Message)] == [0, 0, 0, 0]
    await store.close()


async def test_the_sources_are_left_as_they_are(sources: Sources, tmp_path: Path) -> None:
    def state() -> list[tuple[str, int, int]]:
        files = sorted(path for path in Path(sources.chroma).rglob("*") if path.is_file())
        return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]

    before = state()
    await sources.taken(embedded(tmp_path / "new"))
    assert state() == before


async def test_what_was_changed_here_is_not_set_back(sources: Sources, tmp_path: Path) -> None:
    await sources.taken(embedded(tmp_path / "new"))
    store = await SqliteStore.open(tmp_path / "new")
    item = await got(store, BacklogItem, "backlog_ffffffffffff")
    await store.commit(Changes(puts=(replace(item, title="changed"),)))
    await store.close()
    await sources.taken(embedded(tmp_path / "new"))
    store = await SqliteStore.open(tmp_path / "new")
    assert (await got(store, BacklogItem, "backlog_ffffffffffff")).title == "changed"
    await store.close()


@pytest.mark.parametrize(
    ("mongo", "chroma", "said"),
    [
        ("mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=200", "", "MongoDB of mcp-shared-memory"),
        ("no address", "", "MongoDB of mcp-shared-memory"),
        ("", "nowhere", "no directory of Chroma"),
        ("", "http://127.0.0.1:1", "Chroma of mcp-shared-memory"),
    ],
)
async def test_a_source_that_is_not_there_is_one_line(
    tmp_path: Path, mongo: str, chroma: str, said: str
) -> None:
    pytest.importorskip("chromadb")
    with pytest.raises(Untransferable, match=said):
        await Sources(mongo, chroma).taken(embedded(tmp_path / "new"))
    assert not (tmp_path / "new" / "interlock.db").exists()
