"""What survives: kills, second servers, and everything that was acknowledged."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from store.errors import AlreadyServed
from store.port import Store
from store.records import BacklogItem
from store.sqlite.store import SqliteStore, served_by

ROUNDS = int(os.environ.get("INTERLOCK_TORTURE", "3"))
ROOT = Path(__file__).parents[2]


class Child:
    """A process of `children.py`, its lines read as they come."""

    def __init__(self, name: str, directory: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.children", name, str(directory), *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def line(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.output.readline())
        return read

    def rest(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.output.read().splitlines() if line.endswith(b"}")]
        self.process.wait(30)
        return lines

    def end(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self.output.close()
        assert self.process.stdin is not None
        self.process.stdin.close()


@pytest.fixture
def start() -> Iterator[Any]:
    children: list[Child] = []

    def begin(name: str, directory: Path, *arguments: str) -> Child:
        children.append(Child(name, directory, *arguments))
        return children[-1]

    yield begin
    for child in children:
        child.end()


async def stored_pairs(store: Store) -> set[str]:
    """Return the names of the pairs in the store, and insist that each is whole and its event there once."""
    names: dict[str, set[str]] = {"a": set(), "b": set()}
    after = None
    while True:
        page = await store.find(BacklogItem, {}, limit=1000, after=after)
        for record in page.records:
            names[record.id[0]].add(record.id[1:])
        after = page.after
        if after is None:
            break
    assert names["a"] == names["b"]
    subjects: list[str] = []
    while events := await store.events_after("p", len(subjects), 1000):
        assert [event.sequence for event in events] == list(
            range(len(subjects) + 1, len(subjects) + len(events) + 1)
        )
        subjects += [event.subject for event in events]
    assert sorted(subjects) == sorted(names["a"])
    assert (await store.heads(["p"]))["p"].last == len(subjects)
    return names["a"]


async def test_a_killed_writer_leaves_every_acknowledged_commit_and_no_half_one(
    tmp_path: Path, start: Any
) -> None:
    chance = random.Random(ROUNDS)
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        child = start("write_for_ever", tmp_path, f"round{number}")
        for _ in range(chance.randrange(1, 1500)):
            acknowledged.add(child.line()["acknowledged"])
        child.process.kill()
        acknowledged |= {line["acknowledged"] for line in child.rest()}
        store = await SqliteStore.open(tmp_path)
        missing = acknowledged - await stored_pairs(store)
        await store.close()
        assert not missing
        checked = sqlite3.connect(tmp_path / "interlock.db")
        assert checked.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        checked.execute("INSERT INTO backlog_item_words(backlog_item_words) VALUES ('integrity-check')")
        checked.close()


async def test_a_second_store_in_this_process_is_refused_with_one_line(tmp_path: Path) -> None:
    first = await SqliteStore.open(tmp_path, owner={"url": "http://127.0.0.1:8080"})
    with pytest.raises(AlreadyServed) as caught:
        await SqliteStore.open(tmp_path)
    assert caught.value.path == str(tmp_path)
    assert "\n" not in str(caught.value)
    assert served_by(tmp_path) == {"pid": str(os.getpid()), "url": "http://127.0.0.1:8080"}
    await first.close()
    assert served_by(tmp_path) is None
    await (await SqliteStore.open(tmp_path)).close()


async def test_a_second_process_is_refused_and_told_who_serves(tmp_path: Path, start: Any) -> None:
    holder = start("hold", tmp_path)
    assert holder.line() == {"held": True}
    assert start("open_once", tmp_path).line()["path"] == str(tmp_path)
    assert served_by(tmp_path) == {"pid": str(holder.process.pid), "url": "http://127.0.0.1:1234"}
    with pytest.raises(AlreadyServed):
        await SqliteStore.open(tmp_path)


async def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path, start: Any) -> None:
    holder = start("hold", tmp_path)
    holder.line()
    holder.process.kill()
    holder.process.wait(30)
    assert served_by(tmp_path) is None
    await (await SqliteStore.open(tmp_path)).close()


def test_nobody_serves_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    assert served_by(tmp_path / "none") is None


def acknowledged_of(lines: list[dict[str, Any]]) -> set[str]:
    return {line["acknowledged"] for line in lines if "acknowledged" in line}


async def check_starved(lines: list[dict[str, Any]], directory: Path, reason: str) -> None:
    words: dict[str, Any] = {}
    for line in lines:
        for key, value in line.items():
            words.setdefault(key, value)
    stopped, hint = json.loads(words["stopped"])
    assert reason in stopped
    assert "\n" not in stopped
    assert str(directory) in hint
    assert (words["can_read"], words["can_write"]) == (True, False)
    assert reason in words["detail"]
    assert lines[-1] == {"can_write": True}
    names = acknowledged_of(lines)
    assert words["count"] == 2 * len(names - {"afterwards"}) > 0
    store = await SqliteStore.open(directory)
    assert await stored_pairs(store) == names
    await store.close()


async def test_a_file_size_limit_stops_writes_with_a_reason_and_loses_nothing(
    tmp_path: Path, start: Any
) -> None:
    child = start("starve_by_limit", tmp_path)
    await check_starved(child.rest(), tmp_path, "the disk reports an error")


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    volume = tmp_path / "volume"
    volume.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(volume)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only who may mount can fill a small volume; the file size limit is tested above")
    yield volume
    subprocess.run(["umount", volume], check=True)


async def test_a_full_disk_stops_writes_with_a_reason_and_loses_nothing(
    small_volume: Path, start: Any
) -> None:
    child = start("starve_by_volume", small_volume)
    await check_starved(child.rest(), small_volume / "data", "the disk is full")


@pytest.fixture
def public_path() -> Iterator[Path]:
    """Return a directory that any user may enter, for pytest's own are private."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    for inner in path.iterdir():
        inner.chmod(0o755)
    shutil.rmtree(path)


@pytest.mark.parametrize("what", ["directory", "database", "parent"])
def test_a_place_that_may_not_be_written_is_refused_with_a_reason_and_a_hint(
    what: str, start: Any, public_path: Path
) -> None:
    directory = public_path / "data"
    if what == "directory":
        directory.mkdir(mode=0o555)
    elif what == "database":
        assert start("open_once", directory).rest() == [{"opened": True}]
        directory.chmod(0o777)
        for path in directory.iterdir():
            path.chmod(0o444 if path.suffix == ".db" else 0o666)
    else:
        public_path.chmod(0o555)
    said = start("open_as_nobody", directory).line()
    assert "unavailable" in said, said
    assert "\n" not in said["unavailable"]
    assert str(directory) in said["hint"]
