"""Records are found by words and by meaning together; the caller's scope and the filter hold for both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resolvers import search as searching
from resolvers.acts import Act, Engine
from resolvers.callers import LOCAL_OWNER, Caller, Role
from resolvers.errors import OutsideScope
from resolvers.search import SNIPPET, Results, search
from resolvers.snippets import snippet
from store.index import Near
from store.records import Document
from tests.store.index_cases import Brain, HashEmbedder, document, embedder

__all__ = ["embedder"]

ACTIVE = {"status": "active"}


class Searching(Brain):
    """A brain with an engine, to search as the rules do."""

    async def put(self, *records: Any, kind: str = "document.stored") -> None:
        await super().put(*records, kind=kind)
        if not self.embedder.is_away and self.folder.exists():
            await self.until_lag_is_gone()

    async def search(
        self,
        text: str,
        *,
        where: Any = ACTIVE,
        projects: tuple[str, ...] = ("p",),
        limit: int = 10,
        caller: Caller = LOCAL_OWNER,
    ) -> Results[Document]:
        engine = Engine(self.store, self.feed, index=self.index)
        return await search(Act(engine, caller), Document, text, where, projects=projects, limit=limit)

    async def ids(self, text: str, **how: Any) -> list[str]:
        return [found.record.id for found in (await self.search(text, **how)).found]


@pytest.fixture
async def brain(tmp_path: Path, embedder: HashEmbedder) -> AsyncIterator[Searching]:
    made = Searching(tmp_path / "data", embedder)
    async with made.running():
        await Brain.put(made, document("warm", "warm", project="other"))
        await made.until("warm", ["warm"], "other")
        yield made


async def test_what_is_meant_is_found_beside_what_is_said(brain: Searching) -> None:
    await brain.put(
        document("meant", "the cat sleeps"), document("said", "feline"), document("no", "engine oil")
    )
    results = await brain.search("feline")
    assert [found.record.id for found in results.found] == ["said", "meant"]
    assert not results.is_degraded
    assert 1.0 >= results.found[0].relevance > results.found[1].relevance > 0.2


async def test_a_perfect_match_is_not_pushed_down_by_newer_ones(brain: Searching) -> None:
    """A12: the reference put newer results of a band first."""
    now = await brain.store.now()
    older = document("old", "rotate the cat", created_at=now - timedelta(days=300))
    await brain.put(
        older, *(document(f"n{n}", f"rotate the cat in box {n}", created_at=now) for n in range(20))
    )
    assert (await brain.ids("rotate the cat", limit=3))[0] == "old"


async def test_records_that_cannot_come_among_the_first_are_not_read_and_nothing_else_changes(
    brain: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    await brain.put(
        *(document(f"s{n}", f"feline {'engine ' * n}") for n in range(6)),
        *(document(f"m{n}", f"cat {'oil ' * n}") for n in range(20)),
    )
    read: list[int] = []
    joined = searching._with_near

    async def counted(*given: Any) -> Any:
        together = await joined(*given)
        read.append(len(together))
        return together

    monkeypatch.setattr(searching, "_with_near", counted)
    quick = [await brain.search("feline", limit=limit) for limit in range(1, 12)]
    few = sum(read)
    monkeypatch.setattr(searching, "_in_reach", lambda found, near, text, limit: near)
    read.clear()
    whole = [await brain.search("feline", limit=limit) for limit in range(1, 12)]
    assert quick == whole
    assert few < sum(read)


async def test_only_near_ties_go_by_age(brain: Searching) -> None:
    now = await brain.store.now()
    await brain.put(*(document(f"d{n}", "cat", created_at=now + timedelta(days=n)) for n in range(3)))
    assert await brain.ids("cat") == ["d2", "d1", "d0"]


async def test_nearer_documents_that_are_filtered_out_leave_room_for_those_that_are_not(
    brain: Searching,
) -> None:
    """A11: the reference filtered after the cut, so that expired documents filled the top."""
    await brain.put(
        *(document(f"x{n:03}", f"cat number{n}", status="expired") for n in range(130)),
        document("valid", "cat and dog and bird"),
    )
    assert await brain.ids("feline", limit=3) == ["valid"]


async def test_a_needle_far_down_a_long_text_is_found_and_shown(brain: Searching) -> None:
    """A13: the reference saw the first 256 tokens of a text."""
    filler = "\n".join(f"zz{n} qq{n}." for n in range(1500))
    needle = "the kitten kitten kitten sat kitten kitten.\n" * 12
    await brain.put(document("long", "notes", f"{filler}\n{needle}{filler}"[:50_000]))
    (found,) = (await brain.search("feline")).found
    assert found.record.id == "long"
    assert "kitten" in found.snippet and len(found.snippet) <= SNIPPET


async def test_scope_holds_for_what_is_found_by_meaning(brain: Searching) -> None:
    await brain.put(document("mine", "the cat sleeps"))
    await brain.put(document("secret", "the cat sleeps", project="q"))
    await brain.put(document("shared", "the cat sleeps", project="shared"))
    agent = Caller("k", "k", Role.AGENT, frozenset({"p"}))
    assert await brain.ids("feline", projects=("p",), caller=agent) == ["mine"]
    assert set(await brain.ids("feline", projects=("p", "shared"), caller=agent)) == {"mine", "shared"}
    with pytest.raises(OutsideScope):
        await brain.search("feline", projects=("p", "q"), caller=agent)


async def test_a_chance_neighbour_is_not_a_result(brain: Searching) -> None:
    await brain.put(document("a", "engine oil pressure"))
    assert await brain.ids("feline") == []


async def test_a_stray_common_word_does_not_push_down_what_is_meant(brain: Searching) -> None:
    await brain.put(document("meant", "cat"), document("stray", "after dog bird fish"))
    found = (await brain.search("feline lamp river stone after")).found
    assert [one.record.id for one in found] == ["meant", "stray"]


async def test_a_right_answer_in_quite_other_words_is_found(brain: Searching) -> None:
    """Half of the right answers to paraphrases have a cosine between 0.2 and 0.3."""
    words = "lamp river stone door wheel cloud paper glass road chair fence kite spoon window"
    await brain.put(document("right", f"{words} cat"))
    (found,) = (await brain.search("feline")).found
    assert 0.2 <= found.relevance < 0.3


async def test_without_the_index_a_stray_word_is_no_full_match(brain: Searching) -> None:
    await brain.put(document("a", "the cat sleeps after lunch"))
    brain.embedder.is_away = True
    (found,) = (await brain.search("deploy invoices after stock moves")).found
    assert found.relevance < 0.3


@pytest.mark.parametrize("text", ["", "  \n", "?!", "\u200b"])
async def test_a_text_without_a_word_is_answered(brain: Searching, text: str) -> None:
    await brain.put(document("a", "cat"))
    assert isinstance(await brain.search(text), Results)


async def test_while_the_index_is_away_words_answer_and_say_so(brain: Searching) -> None:
    await brain.put(document("a", "the cat sleeps"), document("b", "kitten"))
    brain.embedder.is_away = True
    assert await brain.search("another question")
    results = await brain.search("cats here")
    assert ([found.record.id for found in results.found], results.is_degraded) == (["a"], True)


async def test_a_search_in_a_project_that_is_still_being_read_says_so_a2(
    brain: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed, may_go_on = brain.embedder.embed, threading.Event()
    async with asyncio.timeout(10):
        while brain.index.is_behind(("other",)):
            await asyncio.sleep(0.01)

    def held_up(texts: Sequence[str], *, is_patient: bool = True) -> Any:
        assert not is_patient or may_go_on.wait(10)
        return embed(texts, is_patient=is_patient)

    monkeypatch.setattr(brain.embedder, "embed", held_up)
    try:
        await Brain.put(brain, document("new", "cat"))
        async with asyncio.timeout(10):
            while not brain.index.health().lag:
                await asyncio.sleep(0.01)
        assert (await brain.search("feline")).is_degraded
        assert not (await brain.search("warm", projects=("other",))).is_degraded
    finally:
        may_go_on.set()
    await brain.until_lag_is_gone()
    assert not (await brain.search("feline")).is_degraded


async def test_with_the_index_switched_off_words_are_all_there_is_to_ask_for(brain: Searching) -> None:
    await brain.put(document("a", "the cat sleeps"))
    engine = Engine(brain.store, brain.feed)
    results = await search(Act(engine, LOCAL_OWNER), Document, "cat", {}, projects=("p",), limit=5)
    assert ([found.record.id for found in results.found], results.is_degraded) == (["a"], False)


async def test_searches_and_stores_go_on_while_the_directory_is_taken_away(brain: Searching) -> None:
    await brain.put(document("a", "the cat sleeps"))
    assert await brain.ids("feline") == ["a"]
    brain.take_away_folder()
    await brain.put(document("b", "a cat"))
    assert set(await brain.ids("cat")) == {"a", "b"}
    async with asyncio.timeout(10):
        while set(await brain.ids("feline")) != {"a", "b"}:
            await asyncio.sleep(0.02)


def test_a_snippet_shows_where_most_words_meet_and_keeps_words_whole() -> None:
    text = (
        "Title\n" + "filler words " * 100 + "the lock of the fence was retried here " + "more filler " * 100
    )
    shown = snippet(text, "retry a fenced lock", None, 120)
    assert "lock of the fence was retried" in shown
    assert len(shown) <= 120
    assert shown.startswith("…") and shown.endswith("…")


@pytest.mark.parametrize(
    ("text", "near", "shown"),
    [
        ("only a title", None, "only a title"),
        ("title\nbody", None, "body"),
        ("title\nbody", Near("x", 0.5, 0, 0), "body"),
        ("title\nbody", Near("x", 0.5, 900, 950), "body"),
        ("title\none two", Near("x", 0.5, 10, 13), "two"),
        ("", None, ""),
    ],
)
def test_a_snippet_is_the_passage_without_the_title(text: str, near: Near | None, shown: str) -> None:
    assert snippet(text, "word", near, 100) == shown


async def test_a_search_embeds_its_question_once_and_a_store_its_text_once_c4(brain: Searching) -> None:
    before = brain.embedder.embedded
    await brain.put(document("a", "the cat sleeps"))
    assert brain.embedder.embedded == before + 1
    for _ in range(3):
        assert await brain.ids("feline dreams", limit=1) == ["a"]
    assert brain.embedder.embedded == before + 2
