"""The index follows the log, survives what happens to its directory, and never holds up what is stored."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store.index import IndexAway
from store.meaning import indexer as indexing
from store.meaning import writer as writing
from store.meaning.chroma import Chroma, State
from store.meaning.embedder import NoEmbedder
from store.port import Changes
from store.records import NewEvent
from tests.store.index_cases import PATIENCE_SECONDS, Brain, HashEmbedder, brain, document, embedder

__all__ = ["brain", "embedder"]


async def test_a_document_just_stored_is_found_by_its_meaning_in_the_next_query(
    brain: Brain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_FRESH_SECONDS", 5.0)
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        await brain.state("ready")
        for n in range(5):
            await brain.put(document(f"b{n}", f"car number{n}"))
            found = await brain.near("automobile")
            assert found is not None and f"b{n}" in found


async def test_an_edited_document_is_found_by_its_new_text_only_and_a_deleted_one_not_at_all(
    brain: Brain,
) -> None:
    async with brain.running():
        await brain.put(document("a", "cat", "\n".join("kitten kitten kitten." for n in range(300))))
        await brain.until("kitten", ["a"])
        await brain.change("a", title="car", content="engine")
        await brain.until("automobile", ["a"])
        assert await brain.near("feline") == []
        held = (await brain.store.find(type(document("x", "x")), {})).records
        event = NewEvent(project="p", kind="document.deleted", subject="a")
        brain.feed.announce(await brain.store.commit(Changes(deletes=held, events=(event,))))
        await brain.until("automobile", [])


async def test_a_change_of_status_is_not_embedded_again(brain: Brain) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        before = brain.embedder.embedded
        await brain.change("a", status="archived")
        await brain.put(document("b", "car"))
        await brain.until("car", ["b"])
        assert brain.embedder.embedded == before + 2, "b and the question"


async def test_what_was_committed_but_not_indexed_is_found_after_a_restart(brain: Brain) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
    async with brain.running(has_index=False):
        await brain.put(document("b", "kitten"))
        await brain.put(document("c", "car"))
    async with brain.running():
        await brain.until("automobile", ["c"])
        assert set(await brain.near("feline") or ()) == {"a", "b"}
    before = brain.embedder.embedded
    async with brain.running():
        await brain.until("engine", [])
    assert brain.embedder.embedded == before + 1, "nothing is embedded twice"


async def test_nothing_is_loaded_where_nothing_was_ever_stored(
    brain: Brain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing.Meanings, "load", lambda self: pytest.fail("was loaded"))
    async with brain.running():
        event = NewEvent(project="p", kind="lock.granted", subject="x")
        brain.feed.announce(await brain.store.commit(Changes(events=(event,))))
        await brain.state("idle")
    assert not brain.folder.exists()


def test_the_indexer_imports_neither_chroma_nor_a_model() -> None:
    heavy = "chromadb|onnxruntime|numpy|tokenizers|httpx"
    code = f"import sys, store.meaning.indexer; print([m for m in '{heavy}'.split('|') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_the_directory_deleted_while_down_is_made_anew_from_the_records(brain: Brain) -> None:
    async with brain.running():
        await brain.put(*(document(f"d{n}", f"cat number{n}") for n in range(100)))
        await _all(brain, 100)
    brain.take_away_folder()
    async with brain.running():
        await brain.state("ready")
        assert brain.index.health().total == brain.index.health().indexed == 100
        assert len(await brain.near("feline") or ()) > 70


async def test_the_directory_deleted_while_up_is_made_anew_from_the_records(brain: Brain) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        brain.take_away_folder()
        await brain.until("feline", ["a"])
        await brain.put(document("b", "car"))
        await brain.until("car", ["b"])


async def test_the_directory_deleted_before_progress_was_ever_saved_is_made_anew_from_the_records(
    brain: Brain, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, deleted = Chroma.save, False

    def save_without_directory(chroma: Chroma, state: State) -> None:
        nonlocal deleted
        if not deleted:
            deleted = True
            brain.take_away_folder()
        save(chroma, state)

    async with brain.running():
        monkeypatch.setattr(Chroma, "save", save_without_directory)
        await brain.put(document("a", "cat"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not deleted:
                await asyncio.sleep(0.02)
        await brain.until("feline", ["a"])


@pytest.mark.parametrize("victim", ["chroma.sqlite3", "*/data_level0.bin"])
async def test_a_corrupted_directory_is_put_aside_and_made_anew(
    brain: Brain, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PAUSE_SECONDS", (0.02, 0.1))
    monkeypatch.setattr(indexing, "_REST_SECONDS", 0.02)
    # Chroma writes its graph down at 1,000 entries.
    monkeypatch.setattr(writing, "_RECORDS_AT_ONCE", 200)
    monkeypatch.setattr("store.meaning.meanings.PASSAGES_AT_ONCE", 200)
    count = 1100 if "*" in victim else 3
    async with brain.running():
        await brain.put(*(document(f"d{n:04}", "cat") for n in range(count)))
        await _all(brain, count)
    for path in [*brain.folder.glob(victim), *brain.folder.glob("*/header.bin")]:
        path.write_bytes(b"nonsense" * 200)
    async with brain.running():
        await brain.near("feline")
        await brain.state("failing", "catching up", "ready")
        await _all(brain, count)
    assert list(brain.data.glob("chroma.broken-*"))


async def _all(brain: Brain, count: int) -> None:
    """Wait until all documents are indexed, and about as many are near as a query returns.

    Not all: the graph that is searched loses some where many vectors are the same.
    """
    async with asyncio.timeout(20):
        while len(await brain.near("feline") or ()) < min(count, 100) * 0.7 or brain.index.health().lag:
            await asyncio.sleep(0.02)
    await brain.state("ready")


async def test_another_embedder_is_noticed_and_all_is_indexed_anew(
    brain: Brain, embedder: HashEmbedder
) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"), document("b", "car"))
        await brain.until("feline", ["a"])
    embedder.id, before = "hash-2", embedder.embedded
    async with brain.running():
        await brain.until("feline", ["a"])
        await brain.state("ready")
    assert embedder.embedded >= before + 3
    assert brain.make_chroma().state()["model"] == "hash-2"  # type: ignore[index]


async def test_without_a_model_queries_get_no_answer_and_the_reason_is_told_once(
    brain: Brain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(choice: object) -> HashEmbedder:
        raise NoEmbedder("no embedding model is installed")

    monkeypatch.setattr("store.meaning.meanings.make_embedder", missing)
    async with brain.running():
        await brain.put(document("a", "cat"))
        assert await brain.near("feline") is None
        assert await brain.near("feline") is None
        assert (brain.index.health().state, brain.index.health().is_degraded) == ("off", True)
        with pytest.raises(IndexAway, match="no embedding model"):
            await brain.index.reindex(None)
    assert caplog.text.count("no embedding model is installed") == 1


async def test_an_embedder_that_fails_is_waited_out_and_nothing_is_lost(
    brain: Brain, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PAUSE_SECONDS", (0.02, 0.1))
    monkeypatch.setattr(indexing, "_REST_SECONDS", 0.02)
    async with brain.running():
        embedder.is_away = True
        await brain.put(document("a", "cat"))
        await brain.state("failing")
        assert await brain.near("feline") is None
        assert brain.index.health().is_degraded
        embedder.is_away = False
        await brain.until("feline", ["a"])
        await brain.state("ready")


async def test_a_reindex_of_one_project_leaves_the_others_and_stale_entries_go(brain: Brain) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.put(document("q", "cat", project="q"))
        await brain.until("feline", ["a"])
        await brain.state("ready")
        (held,) = (await brain.store.find(type(document("x", "x")), {"project": "p"})).records
        await brain.store.commit(Changes(deletes=(held,), puts=(document("b", "kitten"),)))
        before = brain.embedder.embedded
        assert await brain.index.reindex("p") == 1
        await brain.until("feline", ["b"])
        assert await brain.near("feline", "p", "q") in (["b", "q"], ["q", "b"])
        assert brain.embedder.embedded == before + 1
        assert await brain.index.reindex(None) == 2
        await brain.state("ready")
        assert set(await brain.near("feline", "p", "q") or ()) == {"b", "q"}


async def test_a_long_text_is_one_hit_with_the_place_of_the_passage(brain: Brain) -> None:
    lines = [f"filler{n} words of no matter at all." for n in range(2000)]
    lines[1000:1010] = ["kitten kitten kitten kitten"] * 10
    async with brain.running():
        await brain.put(document("long", "title", "\n".join(lines)[:50_000]))
        await brain.until_lag_is_gone()
        async with asyncio.timeout(10):
            while not (found := await brain.index.nearest(type(document("x", "x")), ("p",), "feline")):
                await asyncio.sleep(0.02)
        assert [one.record_id for one in found] == ["long"]
        text = "title\n" + "\n".join(lines)[:50_000]
        assert 0 < found[0].end - found[0].start < 2000
        assert "kitten" in text[found[0].start : found[0].end]


async def test_a_log_cut_off_while_the_index_was_down_leads_to_a_rebuild(brain: Brain) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
    async with brain.running(has_index=False):
        await brain.put(document("b", "kitten"))
        assert await brain.store.drop_events((await brain.store.now()).replace(year=9999)) == 2
    async with brain.running():
        async with asyncio.timeout(10):
            while set(await brain.near("feline") or ()) != {"a", "b"}:
                await asyncio.sleep(0.02)


async def test_the_event_loop_does_none_of_the_work(brain: Brain, embedder: HashEmbedder) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
    assert embedder.threads and threading.get_ident() not in embedder.threads


async def test_the_index_in_a_broken_place_is_said_and_does_not_stop_the_rest(
    tmp_path: Path, brain: Brain
) -> None:
    brain.data.mkdir()
    brain.folder.write_text("a file where a directory should be")
    async with brain.running():
        await brain.put(document("a", "cat"))
        assert await brain.near("feline") is None
        await brain.state("failing")
