"""Whatever is broken in a store by hand is found, named, and counted; what agents do is in order."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from api.transfer import Untransferable
from store.sqlite.store import SqliteStore
from tests.test_store_calls import World
from tests.transfer.conftest import embedded, export_to, findings, import_from, report, shared

BREAKS = {
    "UPDATE document SET version = 0 WHERE title = 'd0'": "has version 0",
    "DELETE FROM message WHERE text = 'm1'": "which is missing",
    "UPDATE message SET thread_id = 'other' WHERE text = 'back'": "of another thread or depth",
    "UPDATE session SET status = 'ended' WHERE agent = 'agent1'": "which is ended",
    "UPDATE document SET superseded_by = 'doc_' || substr(id, 5, 10) || '00000000000000' WHERE status = 'superseded'": (
        "points at Document"
    ),
    "DELETE FROM backlog_link": "points at BacklogLink",
    "UPDATE backlog_item SET blocking = 7 WHERE title = 'word 0'": "than it has links",
    "UPDATE backlog_item SET open_blockers = 3 WHERE title = 'word 1'": "counts 3 open blockers and has 0",
    "UPDATE backlog_tag SET priority_rank = 3": "in another place of the backlog",
    "UPDATE document_tag SET project = 'q'": "of another project",
    "DELETE FROM spec_version WHERE number = 1 AND spec_id = 'p/s0'": "counts 1 more versions",
    "DELETE FROM spec_version WHERE spec_version = '1.0.1'": "points at SpecVersion p/s0@1.0.1",
    "UPDATE fence SET value = 1": "above its fence",
    "DELETE FROM key_name": "points at KeyName",
    "DELETE FROM event WHERE project = 'p' AND sequence = 3": "events 3 to 3 in 'p' are missing",
    "DELETE FROM event WHERE project = 'p' AND sequence > 5": "ends with 5, its counter says",
    "UPDATE logs SET first = 2 WHERE project = 'p'": "event 1 in 'p' comes before 2",
    "DELETE FROM logs WHERE project = 'p'": "has events and no counter",
    "UPDATE document SET title = 'changed' WHERE title = 'd1'": "searched by other words",
    "DELETE FROM document_words WHERE rowid = 1": "searched by other words",
    "INSERT INTO document_words (rowid, project, title, rest) VALUES (99, 'p', 't', 'r')": "of no record",
    "UPDATE document SET tags = 'no list' WHERE title = 'd1'": "cannot be read",
    "UPDATE session SET project = x'ff' WHERE agent = 'agent1'": "Session.project must be text",
    "UPDATE backlog_item SET blocked_by = '[1]' WHERE title = 'word 1'": "blocked_by must be a list of texts",
    "UPDATE event SET data = '{' WHERE project = 'p' AND sequence = 3": "event 3 of 'p': Expecting",
    "DROP INDEX \"key!hash\"; UPDATE key SET hash = 'same'": "has the same hash as another",
}


async def test_what_agents_did_is_in_order(filled: World, tmp_path: Path) -> None:
    found = await report(embedded(tmp_path / "data3"))
    assert list(found.lines()) == []
    assert found.records["document", "p"] == 3
    assert found.events["p"] == (await filled.engine.store.heads(["p"]))["p"].last


async def test_each_fault_is_found(filled: World, tmp_path: Path) -> None:
    missed = []
    for n, (statements, said) in enumerate(BREAKS.items()):
        copy = tmp_path / f"copy{n}"
        copy.mkdir()
        with sqlite3.connect(tmp_path / "data3" / "interlock.db") as source:
            source.execute("VACUUM INTO ?", (str(copy / "interlock.db"),))
        source.close()
        broken = sqlite3.connect(copy / "interlock.db")
        broken.executescript(statements)
        broken.commit()
        broken.close()
        found = await findings(embedded(copy))
        if not any(said in line for line in found):
            missed.append((statements, said, found))
    assert missed == []


async def test_a_record_that_cannot_be_read_is_named_and_the_others_are_still_checked(
    filled: World, tmp_path: Path
) -> None:
    data = embedded(tmp_path / "data3")
    broken = sqlite3.connect(tmp_path / "data3" / "interlock.db")
    ids = [one for (one,) in broken.execute("SELECT id FROM document ORDER BY id")]
    broken.execute("UPDATE document SET tags = 'no list' WHERE id IN (?, ?)", ids[:2])
    broken.execute("UPDATE document SET version = 0 WHERE id = ?", ids[2:3])
    broken.commit()
    broken.close()
    lines = await findings(data)
    for said in (f"cannot be read: {ids[0]}: ", f"cannot be read: {ids[1]}: ", f"{ids[2]} has version 0"):
        assert any(said in line for line in lines), (said, lines)
    with pytest.raises(Untransferable, match=f"cannot be read: {ids[0]}: "):
        await export_to(data, tmp_path / "all.jsonl")


async def test_a_counter_that_is_no_number_is_told_in_a_line(filled: World, tmp_path: Path) -> None:
    data = embedded(tmp_path / "data3")
    broken = sqlite3.connect(tmp_path / "data3" / "interlock.db")
    broken.execute("UPDATE logs SET last = 'many' WHERE project = 'p'")
    broken.commit()
    broken.close()
    with pytest.raises(Untransferable, match="counter of the log of 'p' must be an integer"):
        await findings(data)
    with pytest.raises(Untransferable, match="counter of the log of 'p' must be an integer"):
        await export_to(data, tmp_path / "all.jsonl")


async def test_many_faults_of_a_sort_are_counted_and_some_are_told(tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path)).close()
    broken = sqlite3.connect(tmp_path / "interlock.db")
    broken.executemany(
        "INSERT INTO event VALUES ('p', ?, 'a.b', 's', '', '{}', '[]', 0)", [(2 * n,) for n in range(1, 101)]
    )
    broken.execute("INSERT INTO logs VALUES ('p', 1, 200)")
    broken.commit()
    broken.close()
    lines = await findings(embedded(tmp_path))
    assert len(lines) == 21
    assert lines[-1] == "feed: 80 more"


async def test_a_fault_in_mongodb_is_found(filled: World, tmp_path: Path) -> None:
    from pymongo import MongoClient

    await export_to(embedded(tmp_path / "data3"), tmp_path / "all.jsonl")
    team = shared(tmp_path / "team")
    await import_from(team, tmp_path / "all.jsonl")
    assert await findings(team) == []
    with MongoClient[dict[str, object]](team.mongo_host.split(",")) as client:
        database = client["contract"]
        database["document"].update_one({"title": "d1"}, {"$set": {"title": "changed"}})
        database["events"].delete_one({"_id.p": "p", "_id.s": 4})
        database["message"].delete_one({"text": "m2"})
        database["backlog_item"].update_one({"title": "word 0"}, {"$set": {"blocking": "many"}})
        database["session"].update_one({"agent": "agent2"}, {"$set": {"task": 7}})
    lines = await findings(team)
    for said in (
        "Session.task must be text",
        "searched by other words",
        "events 4 to 4 in 'p'",
        "points at Message",
        "cannot be read",
    ):
        assert any(said in line for line in lines), (said, lines)
