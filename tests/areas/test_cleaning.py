"""Documents worth cleaning up: near duplicates in pairs, what nobody wrote for long, and what replaced what."""

from __future__ import annotations

from threading import get_ident
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.knowledge import cleaning
from tests.areas.session_cases import make_key
from tests.conftest import Clock, Run, failure

STORE = """mutation($title: String!, $content: String!, $project: String! = "p") {
  storeDocument(input: {project: $project, title: $title, content: $content, type: ARCHITECTURE}) { id }
}"""
PAIRS = """query($first: Int! = 20, $after: String) {
  duplicateDocuments(project: "p", first: $first, after: $after) {
    nodes { similarity older { id title } newer { id title } } next
  }
}"""
STALE = """query($days: Int! = 30, $first: Int! = 50, $after: String) {
  staleDocuments(project: "p", days: $days, first: $first, after: $after) {
    nodes { id title age warning accessCount } pageInfo { endCursor hasNextPage }
  }
}"""
STATUS = """mutation($id: ID!, $status: DocumentStatus!, $by: ID, $reason: String) {
  changeDocumentStatus(input: {documentId: $id, status: $status, supersededBy: $by, reason: $reason}) { id }
}"""
WORDS = (
    "every request passes the gate that checks its host and its origin before any key of it is read at all"
)


async def store(run: Run, title: str, content: str, **more: Any) -> str:
    """Store a document and return its id."""
    answer = await run(STORE, {"title": title, "content": content, **more})
    assert not answer["errors"], answer["errors"]
    return str(answer["data"]["storeDocument"]["id"])


async def set_status(run: Run, document: str, status: str, **more: Any) -> None:
    answer = await run(STATUS, {"id": document, "status": status, **more})
    assert not answer["errors"], answer["errors"]


async def pairs(run: Run, first: int = 20) -> list[dict[str, Any]]:
    """Return all pairs of all pages."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        answer = await run(PAIRS, {"first": first, "after": after})
        assert not answer["errors"], answer["errors"]
        page = answer["data"]["duplicateDocuments"]
        found += page["nodes"]
        after = page["next"]
        if after is None:
            return found


@pytest.mark.parametrize("first", [1, 100])
async def test_each_pair_of_near_duplicates_is_listed_once_the_older_first(run: Run, first: int) -> None:
    one = await store(run, "gate", WORDS)
    two = await store(run, "gate", f"{WORDS} indeed")
    await store(run, "other", "quite another thing: how messages reach their readers after a restart")
    a = await store(
        run, "locks", "a lock lives with its session and is stale after half an hour of silence there"
    )
    b = await store(
        run, "locks", "a lock lives with its session and is stale after half an hour of silence there ok"
    )
    found = await pairs(run, first)
    assert {(pair["older"]["id"], pair["newer"]["id"]) for pair in found} == {(one, two), (a, b)}
    assert len(found) == 2
    assert all(0.8 <= pair["similarity"] <= 1 for pair in found)


async def test_documents_that_are_alike_but_no_duplicates_do_not_keep_other_requests_waiting(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a project full of one template each page compares a few documents, each once, and beside the loop."""
    told = [f"{n} {name}" for n, name in enumerate(WORDS.split() * 3)]
    for number in range(12):
        words = [f"{word}x{number}" if not n % 9 else word for n, word in enumerate(told)]
        await store(run, "template", " ".join(words))
    monkeypatch.setattr(cleaning, "_COMPARED", 5)
    threads: list[int] = []
    sketched = cleaning.shingles

    def watched(title: str, content: str) -> frozenset[int]:
        threads.append(get_ident())
        return sketched(title, content)

    monkeypatch.setattr(cleaning, "shingles", watched)
    after, pages = None, 0
    while pages == 0 or after is not None:
        threads.clear()
        page = (await run(PAIRS, {"after": after}))["data"]["duplicateDocuments"]
        assert page["nodes"] == []
        assert len(threads) <= 12
        assert get_ident() not in threads
        after, pages = page["next"], pages + 1
    assert pages > 1


async def test_a_pair_is_gone_as_soon_as_one_of_it_is_put_aside(run: Run) -> None:
    one, two = await store(run, "gate", WORDS), await store(run, "gate", f"{WORDS} indeed")
    assert len(await pairs(run)) == 1
    await set_status(run, one, "SUPERSEDED", by=two)
    assert await pairs(run) == []


async def test_documents_of_another_project_are_no_duplicates(run: Run) -> None:
    await store(run, "gate", WORDS)
    await store(run, "gate", f"{WORDS} indeed", project="q")
    assert await pairs(run) == []


async def test_stale_documents_are_listed_oldest_first_with_age_and_warning(run: Run, clock: Clock) -> None:
    first = await store(run, "first", "one thing")
    clock.forward(days=10)
    second = await store(run, "second", "another thing")
    aside = await store(run, "aside", "a third thing")
    await set_status(run, aside, "ARCHIVED")
    clock.forward(days=35)
    await store(run, "new", "something new")
    nodes = (await run(STALE))["data"]["staleDocuments"]["nodes"]
    assert [one["id"] for one in nodes] == [first, second]
    assert nodes[0]["age"] == "1 month ago" and "older than 30 days" in nodes[0]["warning"]
    nodes = (await run(STALE, {"days": 40}))["data"]["staleDocuments"]["nodes"]
    assert [one["id"] for one in nodes] == [first]
    page = (await run(STALE, {"first": 1}))["data"]["staleDocuments"]
    assert page["pageInfo"]["hasNextPage"]
    rest = await run(STALE, {"first": 1, "after": page["pageInfo"]["endCursor"]})
    assert [one["id"] for one in rest["data"]["staleDocuments"]["nodes"]] == [second]


async def test_a_superseded_document_names_what_replaces_it(run: Run) -> None:
    old, new = await store(run, "old", "what was"), await store(run, "new", "what is now")
    await set_status(run, old, "SUPERSEDED", by=new, reason="moved on")
    document = '{ documents(project: "p") { nodes { title successor { id title status } } } }'
    nodes = (await run(document))["data"]["documents"]["nodes"]
    assert {one["title"]: one["successor"] for one in nodes} == {
        "new": None,
        "old": {"id": new, "title": "new", "status": "ACTIVE"},
    }


async def test_what_is_to_be_cleaned_up_is_shown_within_the_keys_projects_only(
    engine: Engine, run: Run
) -> None:
    scoped, _ = await make_key(engine, "one", "readonly", ("q",))
    for document in (PAIRS, STALE):
        assert failure(await run(document, caller=scoped)) == ("FORBIDDEN", "project")
    for after in ("\u00e9", "!"):
        assert failure(await run(PAIRS, {"after": after})) == ("BAD_INPUT", "after")
    assert failure(await run(STALE, {"days": 0})) == ("BAD_INPUT", "days")
