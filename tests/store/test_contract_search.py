"""What the port promises about search: words, identifiers, rank, and that it never lags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from store.port import Changes, In, Store
from store.records import BacklogItem, Lock

Make = Callable[..., Any]


async def found(store: Store, text: str, **where: Any) -> list[str]:
    return [hit.record.id for hit in await store.search(BacklogItem, text, where)]


@pytest.mark.parametrize(
    "text",
    ["parseHTTPRequest", "parsehttprequest", "http", "REQUEST", "requests", "parsing", "max_open_files", "open",
     "file", "café", "cafe", "CAFÉ", "cafe\u0301", "naïve", "where is the http request?", '"http', "http OR", "NEAR(http)",
     "title:http", "http*", "-http", "sha256"],
)  # fmt: skip
async def test_a_text_is_found_by_its_words_their_stems_and_the_parts_of_identifiers(
    store: Store, item: Make, text: str
) -> None:
    description = "parseHTTPRequest reads max_open_files at the Café, naive, sha256"
    await store.commit(
        Changes(puts=(item("a", title="x", description=description), item("b", title="other")))
    )
    assert await found(store, text) == ["a"]


@pytest.mark.parametrize("text", ["", "   ", "?!", "\0", '"', "unrelated", "the"])
async def test_a_text_without_a_known_word_finds_nothing(store: Store, item: Make, text: str) -> None:
    await store.commit(Changes(puts=(item("a", title="lock files"),)))
    assert await found(store, text) == []


async def test_stop_words_count_only_when_there_is_nothing_else(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=(item("a", title="to be or not to be"), item("b", title="lock"))))
    assert await found(store, "to be or not to be") == ["a"]
    assert await found(store, "the lock to be") == ["b"]


async def test_the_title_weighs_more_than_the_rest(store: Store, item: Make) -> None:
    await store.commit(
        Changes(
            puts=(
                item("a", title="plain words here", description="fence counter value"),
                item("b", title="fence counter value", description="plain words here"),
                *(item(f"n{n}", title="noise", description="noise") for n in range(10)),
            )
        )
    )
    hits = await store.search(BacklogItem, "fence", {})
    assert [hit.record.id for hit in hits] == ["b", "a"]
    assert hits[0].score > hits[1].score


async def test_more_and_rarer_words_rank_higher(store: Store, item: Make) -> None:
    await store.commit(
        Changes(
            puts=(
                *(item(f"n{n}", title="lock the file") for n in range(20)),
                item("rare", title="lock the zebra"),
                item("both", title="zebra file"),
            )
        )
    )
    assert set((await found(store, "zebra file"))[:2]) == {"both", "rare"}
    assert (await found(store, "zebra file"))[0] == "both"


async def test_a_filter_applies_before_the_limit(store: Store, item: Make) -> None:
    await store.commit(
        Changes(
            puts=(
                *(item(f"n{n}", title="lock lock", project="q") for n in range(50)),
                item("mine", title="about a lock among many more other words"),
            )
        )
    )
    hits = await store.search(BacklogItem, "lock", {"project": "p"}, limit=1)
    assert [hit.record.id for hit in hits] == ["mine"]
    assert len(await store.search(BacklogItem, "lock", {}, limit=7)) == 7


async def test_an_edited_text_is_found_by_its_new_words_only(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=(item("a", title="zebra"),)))
    await store.commit(Changes(puts=(item("a", title="giraffe", version=1),)))
    assert (await found(store, "zebra"), await found(store, "giraffe")) == ([], ["a"])
    await store.commit(Changes(puts=(item("a", title="giraffe", version=2, status="done"),)))
    assert await found(store, "giraffe", status="done") == ["a"]
    await store.commit(Changes(deletes=(item("a", version=3),)))
    assert await found(store, "giraffe") == []


async def test_a_commit_that_fails_leaves_no_words(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=(item("a", title="kept"),)))
    with pytest.raises(Exception, match="changed"):
        await store.commit(Changes(puts=(item("b", title="lost"), item("a", title="clash"))))
    assert (await found(store, "lost"), await found(store, "clash"), await found(store, "kept")) == (
        [],
        [],
        ["a"],
    )


async def test_a_kind_without_searched_fields_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="Lock"):
        await store.search(Lock, "x", {})


async def test_a_search_in_projects_finds_theirs_alone_and_ranks_them_as_among_all(
    store: Store, item: Make
) -> None:
    records = [item(f"{name}{n}", title="lock " * (n + 1), project=name) for name in "pqr" for n in range(3)]
    await store.commit(Changes(puts=tuple(records)))
    everywhere = [(hit.record.id, round(hit.score, 9)) for hit in await store.search(BacklogItem, "lock", {})]
    for asked in ("p", In(("p", "r")), In(()), In(tuple(f"x{n}" for n in range(200)) + ("q",))):
        hits = await store.search(BacklogItem, "lock", {"project": asked})
        names = asked.values if isinstance(asked, In) else (asked,)
        wanted = [one for one in everywhere if one[0][0] in names]
        assert [(hit.record.id, round(hit.score, 9)) for hit in hits] == wanted, asked


async def test_a_record_that_moves_is_found_where_it_went(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=(item("a", title="zebra"),)))
    await store.commit(Changes(puts=(item("a", title="zebra", project="q", version=1),)))
    assert (await found(store, "zebra", project="p"), await found(store, "zebra", project="q")) == ([], ["a"])


async def test_what_passes_the_filter_is_found_behind_many_better_matches_that_do_not(
    store: Store, item: Callable[..., BacklogItem]
) -> None:
    better = tuple(item(f"b{n:03}", title="needle", status="done") for n in range(900))
    worse = item("w", title="a needle in a large stack of hay", status="open")
    await store.commit(Changes(puts=(*better, worse)))
    hits = await store.search(BacklogItem, "needle", {"project": "p", "status": "open"}, limit=10)
    assert [hit.record.id for hit in hits] == ["w"]
