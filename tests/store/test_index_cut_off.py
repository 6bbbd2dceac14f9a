"""The search index cut off at bad moments: whatever is left of it, in the end it holds every record."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from store.meaning import indexer as indexing
from store.meaning import writer as writing
from store.meaning.embedder import TextRefused
from store.meaning.queue import IndexQueue, Waiting
from tests.store.index_cases import Brain, HashEmbedder, brain, document, embedder

__all__ = ["brain", "embedder"]


async def test_a_process_killed_right_after_a_reindex_began_goes_on_with_it_after_its_start(
    brain: Brain, embedder: HashEmbedder, tmp_path: Path
) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        await brain.until_lag_is_gone()
        embedder.is_away = True
        await brain.index.reindex("p")
        shutil.copytree(brain.data, tmp_path / "killed")
    embedder.is_away = False
    async with Brain(tmp_path / "killed", embedder).running() as restarted:
        await restarted.until("feline", ["a"])


@pytest.mark.parametrize("left", [None, b""])
async def test_vectors_that_are_lost_alone_while_down_are_made_anew(brain: Brain, left: bytes | None) -> None:
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        await brain.until_lag_is_gone()
    for path in brain.folder.iterdir():
        if path.name == "chroma.sqlite3" and left is not None:
            path.write_bytes(left)
        elif path.name != "interlock.json":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert (brain.folder / "interlock.json").exists()
    async with brain.running():
        await brain.until("feline", ["a"])


async def test_an_endpoint_that_refuses_every_text_is_away_and_nothing_is_lost(
    brain: Brain, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PAUSE_SECONDS", (0.02, 0.1))
    monkeypatch.setattr(indexing, "_REST_SECONDS", 0.02)
    embed, is_refusing = embedder.embed, True

    def refusing(texts: Sequence[str], *, is_patient: bool = True) -> Any:
        if is_refusing:
            raise TextRefused("no model is loaded")
        return embed(texts, is_patient=is_patient)

    monkeypatch.setattr(embedder, "embed", refusing)
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.state("failing")
        is_refusing = False
        await brain.until("feline", ["a"])


def test_an_event_that_waits_does_not_put_back_how_far_a_log_was_read() -> None:
    queue = IndexQueue()
    queue.start({"p": 3})
    queue.see("p", 900)
    queue.add(Waiting("p", 901, "document", ("a",)))
    # An older place may be one that the log no longer holds: all would be read anew.
    assert queue.cursor().positions["p"] == 900
    queue.done(queue.take(1))
    assert queue.cursor().positions["p"] == 901
