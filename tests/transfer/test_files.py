"""An export that is not whole is told as such, and nothing of it is taken."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from api.transfer import Untransferable, import_store
from api.transfer_files import written
from store.moving.snapshot import Restoration
from store.port import Changes
from store.records import Document, NewEvent
from store.sqlite.store import SqliteStore
from tests.transfer.conftest import QUIET, embedded, export_to, import_from


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A small export."""
    store = await SqliteStore.open(tmp_path / "source")
    documents = [Document(id=f"doc_{n}", project="p", type="adr", title="t", content="c") for n in range(5)]
    told = NewEvent(project="p", kind="document.stored", subject="doc_0")
    await store.commit(Changes(puts=tuple(documents), events=(told, told)))
    await store.close()
    await export_to(embedded(tmp_path / "source"), tmp_path / "all.jsonl")
    return tmp_path / "all.jsonl"


def raw_lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


async def refused(settings: Settings, path: Path) -> str:
    with pytest.raises(Untransferable) as caught:
        await import_from(settings, path)
    return str(caught.value)


async def count(directory: Path) -> int:
    store = await SqliteStore.open(directory)
    number = await store.count(Document, {})
    await store.close()
    return number


def signed(lines: list[bytes]) -> list[bytes]:
    """Return lines with the checksum that they now have, as whoever means harm would."""
    end = json.loads(lines[-1])
    end["sha256"] = hashlib.sha256(b"".join(lines[1:-1])).hexdigest()
    return [*lines[:-1], json.dumps(end, separators=(",", ":")).encode() + b"\n"]


def without_line(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


DAMAGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "without its footer": (lambda lines: lines[:-1], "no last line"),
    "cut within a line": (lambda lines: [*lines[:-3], lines[-3][:20]], "cut short"),
    "cut within its footer": (lambda lines: [*lines[:-1], lines[-1][:20]], "damaged"),
    "without a line in between": (lambda lines: without_line(lines, 2), "checksum"),
    "with a letter changed": (lambda lines: [one.replace(b"doc_3", b"doc_9") for one in lines], "checksum"),
    "with two lines exchanged": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "checksum"),
    "with something behind it": (lambda lines: [*lines, b"{}\n"], "after its end"),
    "of a newer version": (
        lambda lines: [lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]],
        "version 2",
    ),
    "empty": (lambda lines: [], "is empty"),
    "something else": (lambda lines: [b"\x00\x01\x02\n"], "no export"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_changes_nothing(file: Path, tmp_path: Path, damage: str) -> None:
    change, said = DAMAGES[damage]
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"".join(change(raw_lines(file))))
    target = tmp_path / "target"
    assert said in await refused(embedded(target), bad)
    assert not target.exists()


@pytest.mark.parametrize("size", [0.3, 0.9])
async def test_a_compressed_file_that_is_cut_changes_nothing(file: Path, tmp_path: Path, size: float) -> None:
    packed = gzip.compress(b"".join(raw_lines(file)))
    bad = tmp_path / "bad.jsonl.gz"
    bad.write_bytes(packed[: int(len(packed) * size)])
    assert "cut or damaged" in await refused(embedded(tmp_path / "target"), bad)
    assert not (tmp_path / "target").exists()


async def test_a_compressed_file_is_read_as_any_other(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "all.jsonl.gz"
    with written(packed) as write:
        write(b"".join(raw_lines(file)))
    assert packed.read_bytes()[:2] == b"\x1f\x8b"
    assert (await import_from(embedded(tmp_path / "target"), packed))["document"] == 5


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "none.jsonl cannot be read" in await refused(
        embedded(tmp_path / "target"), tmp_path / "none.jsonl"
    )


def test_what_fails_half_way_leaves_the_earlier_export(tmp_path: Path) -> None:
    target = tmp_path / "all.jsonl"
    target.write_text("earlier")

    def fail() -> None:
        with written(target) as write:
            write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_only_its_user_reads_an_export(tmp_path: Path) -> None:
    left = tmp_path / "all.jsonl.part"
    left.write_text("left by another")
    left.chmod(0o666)
    with written(tmp_path / "all.jsonl") as write:
        write(b"x")
    assert stat.S_IMODE((tmp_path / "all.jsonl").stat().st_mode) == 0o600


async def test_a_store_with_other_data_is_left_alone_unless_merged(file: Path, tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "target")
    common: dict[str, Any] = {"project": "p", "type": "adr", "content": "c"}
    mine = Document(id="doc_mine", title="mine", **common)
    same = Document(id="doc_0", title="theirs", **common)
    await store.commit(Changes(puts=(mine, same), events=(NewEvent(project="p", kind="k.k", subject="s"),)))
    await store.close()
    said = await refused(embedded(tmp_path / "target"), file)
    assert "1 other document records" in said
    assert "doc_0" in said
    assert "'p'" in said
    assert await count(tmp_path / "target") == 2

    merged = await import_from(embedded(tmp_path / "target"), file, merge=True)
    assert merged == {"document": 4}
    store = await SqliteStore.open(tmp_path / "target")
    kept, log = await store.get(Document, "doc_0"), (await store.heads(["p"]))["p"]
    await store.close()
    assert kept is not None
    assert (kept.title, log.last) == ("theirs", 1)
    assert await count(tmp_path / "target") == 6


async def test_what_an_import_left_half_done_is_finished_by_the_next(file: Path, tmp_path: Path) -> None:
    whole = raw_lines(file)
    target = tmp_path / "target"
    await import_from(embedded(target), file)
    store = await SqliteStore.open(target)
    gone = tuple(one for one in (await store.find(Document, {})).records[:3])
    await store.commit(Changes(deletes=gone))
    await store.close()
    assert (await import_from(embedded(target), file)).total() == 3
    await export_to(embedded(target), tmp_path / "again.jsonl")
    assert raw_lines(tmp_path / "again.jsonl")[1:] == whole[1:]


async def test_merging_replaces_a_record_by_what_it_became_and_by_nothing_else(tmp_path: Path) -> None:
    later = datetime(2026, 5, 4, tzinfo=UTC)
    common: dict[str, Any] = {"project": "p", "type": "adr", "content": "c"}
    grown = Document(id="doc_grown", title="grown", version=3, **common)
    anew = Document(id="doc_anew", title="anew", version=3, created_at=later, **common)
    source = await SqliteStore.open(tmp_path / "source")
    await source.restore(Restoration(records=((grown, 0), (anew, 0))))
    await source.close()
    target = await SqliteStore.open(tmp_path / "target")
    before = tuple(Document(id=one, title="before", version=2, **common) for one in ("doc_grown", "doc_anew"))
    await target.restore(Restoration(records=tuple((one, 0) for one in before)))
    await target.close()
    await export_to(embedded(tmp_path / "source"), tmp_path / "all.jsonl")
    assert await import_from(embedded(tmp_path / "target"), tmp_path / "all.jsonl", merge=True) == {
        "document": 1
    }
    target = await SqliteStore.open(tmp_path / "target")
    assert await target.get_many(Document, ["doc_grown", "doc_anew"]) == {
        "doc_grown": grown,
        "doc_anew": before[1],
    }
    await target.close()


async def test_a_database_of_an_older_version_is_exported_as_it_will_be_read(
    file: Path, tmp_path: Path
) -> None:
    whole = raw_lines(file)
    database = sqlite3.connect(tmp_path / "source" / "interlock.db")
    database.execute("DROP TABLE lease")
    for statement in (
        'DROP INDEX "session:project,status,ended_at"',
        "ALTER TABLE document DROP COLUMN interface_owner",
    ):
        database.execute(statement)
    database.commit()
    database.close()
    await export_to(embedded(tmp_path / "source"), tmp_path / "again.jsonl")
    assert raw_lines(tmp_path / "again.jsonl")[1:] == whole[1:]


async def test_what_changed_after_an_import_is_not_set_back(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    await import_from(embedded(target), file)
    store = await SqliteStore.open(target)
    found = await store.get(Document, "doc_1")
    assert found is not None
    await store.commit(Changes(puts=(found,)))
    await store.close()
    assert "1 document records changed since (such as document doc_1)" in await refused(
        embedded(target), file
    )


async def test_a_trial_run_writes_nothing(file: Path, tmp_path: Path) -> None:
    imported = await import_store(
        embedded(tmp_path / "target"), file, shown="f", merge=False, dry_run=True, advance=QUIET
    )
    assert imported.found.missing == {"document": 5}
    assert await count(tmp_path / "target") == 0


async def test_an_entry_of_a_newer_version_is_named_with_its_line(file: Path, tmp_path: Path) -> None:
    lines = raw_lines(file)
    lines[1] = lines[1].replace(b'"title":', b'"subtitle":"x","title":')
    (tmp_path / "new.jsonl").write_bytes(b"".join(signed(lines)))
    said = await refused(embedded(tmp_path / "target"), tmp_path / "new.jsonl")
    assert said.startswith("line 2: document has no field 'subtitle'")
    assert await count(tmp_path / "target") == 0


HARMS: dict[str, tuple[bytes, bytes, str]] = {
    "no number of the first event": (b'"first":1,', b'"first":Infinity,', "line 7: "),
    "a first event before all": (b'"first":1,', b'"first":-5,', "line 7: "),
    "a last event beyond all": (b'"last":2}', b'"last":4611686018427387904}', "line 7: "),
    "a project that cannot be kept": (
        b'{"project":"p","first"',
        b'{"project":"p\\u0000","first"',
        "line 7: ",
    ),
    "a time that no clock shows": (
        b'"created_at":"1970-01-01T00:00:00+00:00"',
        b'"created_at":"0001-01-01T00:00:00+14:00"',
        "line 2: ",
    ),
    "a time without a zone": (
        b'"created_at":"1970-01-01T00:00:00+00:00"',
        b'"created_at":"1970-01-01"',
        "line 2: ",
    ),
    "no version": (b'"version":1', b'"version":0', "line 2: "),
    "a version that none can follow": (b'"version":1', b'"version":9223372036854775807', "line 2: "),
    "no id": (b'"id":"doc_0"', b'"id":""', "line 2: "),
    "a list of other things than texts": (b'"tags":[]', b'"tags":[{"a":1}]', "line 2: "),
}


@pytest.mark.parametrize("harm", HARMS)
async def test_a_file_that_means_harm_is_refused_before_anything_is_written(
    file: Path, tmp_path: Path, harm: str
) -> None:
    old, new, said = HARMS[harm]
    at = int(said.split()[1].rstrip(":")) - 1
    lines = raw_lines(file)
    assert old in lines[at], lines[at]
    lines[at] = lines[at].replace(old, new, 1)
    (tmp_path / "bad.jsonl").write_bytes(b"".join(signed(lines)))
    assert said in await refused(embedded(tmp_path / "target"), tmp_path / "bad.jsonl")
    assert await count(tmp_path / "target") == 0


@pytest.mark.parametrize("counts", ['{"document":"many"}', '{"document":null}', '{"document":-1}', "[]"])
async def test_a_header_that_counts_otherwise_is_none(file: Path, tmp_path: Path, counts: str) -> None:
    lines = raw_lines(file)
    head = json.loads(lines[0]) | {"counts": json.loads(counts)}
    (tmp_path / "bad.jsonl").write_bytes(b"".join([json.dumps(head).encode() + b"\n", *lines[1:]]))
    assert "no export" in await refused(embedded(tmp_path / "target"), tmp_path / "bad.jsonl")


def test_an_export_never_takes_the_place_of_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no plain file"), written(pipe) as write:
        write(b"x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]
