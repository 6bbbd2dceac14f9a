"""Words in a large table: those that nearly every row holds find nothing, and still order what is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.port import Changes
from store.records import Document
from store.sqlite import words
from store.sqlite.store import SqliteStore

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def document(number: int, content: str, project: str = "p") -> Document:
    return Document(
        id=f"doc_{number:03}",
        project=project,
        type="pattern",
        title=f"entry {number}",
        content=content,
        created_at=NOON,
    )


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteStore]:
    monkeypatch.setattr(words, "_LARGE", 50)
    monkeypatch.setattr(words, "_COMMON_ROWS", 20)
    monkeypatch.setattr(words, "_ENOUGH", 2)
    opened = await SqliteStore.open(tmp_path)
    often = [document(number, "the value is returned" if number % 3 else "nothing") for number in range(100)]
    rare = [
        document(101, "a quokka hops"),
        document(102, "a quokka returns a value"),
        document(103, "one quokka"),
    ]
    await opened.commit(Changes(puts=(*often, *rare)))
    yield opened
    await opened.close()


async def found(store: SqliteStore, text: str, limit: int = 100) -> list[str]:
    return [hit.record.id for hit in await store.search(Document, text, {"project": "p"}, limit=limit)]


async def test_rare_words_find_and_common_ones_order_what_they_found(store: SqliteStore) -> None:
    assert (await found(store, "quokka nothing"))[0].startswith("doc_10")
    ids = await found(store, "nothing of a quokka value")
    assert set(ids) == {"doc_101", "doc_102", "doc_103"}
    # In more than half of the rows a word tells nothing.
    assert await found(store, "value quokka") == await found(store, "quokka")


async def test_common_words_find_where_there_are_no_others(store: SqliteStore) -> None:
    assert len(await found(store, "nothing")) == 34
    assert len(await found(store, "nothing unheard")) == 34
    assert len(await found(store, "value", limit=10)) == 10


async def test_a_common_word_of_the_text_lifts_it_among_the_rare(store: SqliteStore) -> None:
    await store.commit(Changes(puts=(document(104, "one quokka nothing"),)))
    assert (await found(store, "quokka nothing"))[0] == "doc_104"


async def test_a_filter_that_nothing_passes_finds_nothing(store: SqliteStore) -> None:
    assert await store.search(Document, "quokka nothing", {"project": "p", "type": "adr"}, limit=100) == []
