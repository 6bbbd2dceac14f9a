"""Storing knowledge: where it goes, what is refused, what is told of, and what races leave behind."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.knowledge import documents as knowledge
from resolvers.knowledge.duplicates import bands, shingles, similarity, text_hash
from store.knowledge import DocumentBand, DocumentDigest, DocumentTag
from store.records import Document
from tests.areas.knowledge_cases import LEARN, ONE, SEARCH, STATUS, STORE, dump, refused, send, session, store
from tests.areas.session_cases import make_key
from tests.conftest import Clock, Run

WORDS = (
    "the deploy script waits for the queue to drain before it restarts a worker so that no job is lost "
    "and every job that was taken is put back when the worker does not answer within thirty seconds of it"
)


async def test_a_document_is_stored_with_its_author_tags_and_files(engine: Engine, run: Run) -> None:
    ann = await session(run)
    made = await store(run, sessionId=ann, tags=["deploy", "ops"], filesRelated=["./src//a.py"])
    assert made["document"] == {
        "status": "ACTIVE",
        "type": "LEARNING",
        "title": "a title",
        "content": "the text",
        "tags": ["deploy", "ops"],
        "files": ["src/a.py"],
        "author": "ann",
    }
    (event,) = [one for one in await engine.store.events_after("p", 0) if one.kind == "document.stored"]
    assert event.subject == made["id"]
    assert "content" not in event.data and event.data["title"] == "a title"


async def test_the_id_returned_is_whole_and_opens_the_document_a3(run: Run) -> None:
    made = await store(run)
    learnt = await send(run, LEARN, input={"title": "t", "details": "d", "project": "p"})
    for one in (made["id"], learnt["id"]):
        assert (await send(run, ONE, id=one))["id"] == one


async def test_a_project_left_out_is_the_sessions_and_never_the_shared_one_d8(
    engine: Engine, run: Run
) -> None:
    caller, _ = await make_key(engine, "k", projects=("p",))
    answer = await run(
        'mutation { startSession(input: {project: "p", agent: "ann"}) { sessionId } }', caller=caller
    )
    ann = answer["data"]["startSession"]["sessionId"]
    for kind in ("PATTERN", "CODE_SNIPPET", "SOLUTION", "INTERFACE", "ADR"):
        made = await store(run, kind, sessionId=ann, type=kind, caller=caller)
        assert made["project"] == "p"
    error = await refused(
        run, STORE, input={"title": "t", "content": "c", "type": "ADR", "project": "shared"}, caller=caller
    )
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert (await engine.store.find(Document, {"project": "shared"})).records == ()


async def test_shared_documents_are_read_by_every_key_and_written_by_those_that_include_them(
    engine: Engine, run: Run
) -> None:
    writer, _ = await make_key(engine, "writer", projects=("p", "shared"))
    reader, _ = await make_key(engine, "reader", projects=("p",))
    made = await store(run, "all teams deploy on mondays", project="shared", caller=writer)
    found = await send(run, SEARCH, query="deploy mondays", project="p", caller=reader)
    assert [(one["id"], one["source"]) for one in found["results"]] == [(made["id"], "shared")]
    only = await send(run, SEARCH, query="deploy mondays", project="shared", caller=reader)
    assert only["resultCount"] == 1
    without = await send(run, SEARCH, query="deploy mondays", project="p", shared=False, caller=reader)
    assert without["resultCount"] == 0
    assert (await send(run, ONE, id=made["id"], caller=reader))["content"] == "all teams deploy on mondays"
    given = {"documentId": made["id"], "status": "ARCHIVED"}
    error = await refused(run, STATUS, input=given, caller=reader)
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", "x" * 51_201),
        ("content", "é" * 25_601),
        ("content", ""),
        ("content", "  \n "),
        ("content", "a\0b"),
        ("content", "a\x01b"),
        ("title", ""),
        ("title", "x" * 301),
        ("title", "a\0b"),
        ("tags", [f"t{n}" for n in range(10_000)]),
        ("tags", [""]),
        ("tags", ["x" * 201]),
        ("filesRelated", ["../../etc/passwd"]),
        ("filesRelated", [f"f{n}" for n in range(51)]),
        ("expiresInDays", 36_501),
        ("interfaceVersion", "1.0"),
        ("interfaceSchema", {"a": "x" * 51_200}),
        ("interfaceSchema", [1]),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_what_cannot_be_kept_is_refused_by_name_and_leaves_nothing_a13(
    engine: Engine, run: Run, field: str, value: Any
) -> None:
    before = await dump(engine)
    given = {"title": "t", "content": "c", "type": "ADR", "project": "p", field: value}
    error = await refused(run, STORE, input=given)
    named = "interfaceName" if field == "interfaceVersion" else field
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_INPUT", named)
    assert await dump(engine) == before
    assert await engine.store.events_after("p", 0) == []


async def test_a_learning_has_the_limits_of_every_document_a13(engine: Engine, run: Run) -> None:
    error = await refused(run, LEARN, input={"title": "t", "details": "x" * 300_000, "project": "p"})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_INPUT", "details")
    assert (await engine.store.find(Document, {})).records == ()


async def test_a_text_of_fifty_kilobytes_is_stored_and_found_by_its_last_word_a13(run: Run) -> None:
    made = await store(run, "padding " * 6_390 + "needle")
    found = await send(run, SEARCH, query="needle", project="p")
    assert [one["id"] for one in found["results"]] == [made["id"]]
    assert "needle" in found["results"][0]["content"]
    assert found["results"][0]["truncated"] is True


async def test_the_same_text_is_refused_with_the_id_of_the_first(engine: Engine, run: Run) -> None:
    first = await store(run, "Restart  the Queue\nfirst")
    before = await dump(engine)
    given = {"title": "A  TITLE", "content": "restart the queue first", "type": "ADR", "project": "p"}
    error = await refused(run, STORE, input=given)
    assert error["extensions"]["code"] == "CONFLICT"
    assert first["id"] in error["message"] and "a title" in error["message"]
    assert "force_store" in error["extensions"]["hint"]
    learnt = await refused(
        run, LEARN, input={"title": "a title", "details": given["content"], "project": "p"}
    )
    assert (learnt["extensions"]["code"], learnt["extensions"]["field"]) == ("CONFLICT", "details")
    assert await dump(engine) == before
    forced = await send(run, STORE, input={**given, "forceStore": True})
    assert forced["id"] != first["id"]
    elsewhere = await send(run, STORE, input={**given, "project": "other"})
    assert elsewhere["id"] not in (first["id"], forced["id"])


async def test_a_text_whose_first_document_no_longer_holds_may_be_stored_again(
    run: Run, clock: Clock
) -> None:
    first = await store(run, "the text", expiresInDays=1)
    await send(run, STATUS, input={"documentId": first["id"], "status": "DEPRECATED"})
    second = await store(run, "the text", expiresInDays=1)
    clock.forward(days=2)
    third = await store(run, "the text")
    assert len({first["id"], second["id"], third["id"]}) == 3
    again = {"title": "a title", "content": "the text", "type": "LEARNING", "project": "p"}
    assert third["id"] in (await refused(run, STORE, input=again))["message"]


@pytest.mark.parametrize("callers", [2, 8, 64])
async def test_of_the_same_text_stored_at_one_moment_one_is_kept(
    engine: Engine, run: Run, callers: int
) -> None:
    given = {"title": "t", "content": "c", "type": "LEARNING", "project": "p"}
    answers = await asyncio.gather(*(run(STORE, {"input": given}) for _ in range(callers)))
    kept = [one["data"]["storeDocument"]["id"] for one in answers if not one["errors"]]
    assert len(kept) == 1
    codes = {error["extensions"]["code"] for one in answers for error in one["errors"]}
    assert codes == {"CONFLICT"}
    assert all(kept[0] in error["message"] for one in answers for error in one["errors"])
    assert [one.id for one in (await engine.store.find(Document, {})).records] == kept
    assert len((await engine.store.find(DocumentDigest, {})).records) == 1


async def test_the_same_text_through_two_servers_at_once_is_kept_once(engine: Engine, run: Run) -> None:
    from resolvers.acts import Act
    from resolvers.callers import LOCAL_OWNER
    from resolvers.errors import Clash
    from resolvers.knowledge.fields import DocumentType

    engines = [engine, Engine(engine.store, engine.feed)]

    async def kept(through: Engine, text: str) -> bool:
        try:
            await knowledge.store_document(
                Act(through, LOCAL_OWNER), title="t", content=text, type=DocumentType.ADR, project="p"
            )
        except Clash:
            return False
        return True

    done = await asyncio.gather(*(kept(one, f"text {n}") for n in range(10) for one in engines))
    assert [done[n] + done[n + 1] for n in range(0, 20, 2)] == [1] * 10


async def test_a_repeat_with_its_key_returns_the_first_answer(engine: Engine, run: Run) -> None:
    given = {"title": "t", "content": "c", "type": "LEARNING", "project": "p"}
    first = await send(run, STORE, input=given, key="k")
    assert await send(run, STORE, input=given, key="k") == first
    assert len((await engine.store.find(Document, {})).records) == 1


async def test_a_near_duplicate_is_stored_and_told_of(run: Run) -> None:
    first = await store(run, WORDS)
    assert first["duplicateWarning"] is None
    second = await store(run, WORDS.replace("thirty", "forty"))
    assert second["duplicateWarning"]["id"] == first["id"]
    assert second["duplicateWarning"]["title"] == "a title"
    assert 0.8 <= second["duplicateWarning"]["similarity"] < 1
    other = await store(run, "quite another thing about the colour of buttons on the page of settings")
    assert other["duplicateWarning"] is None
    elsewhere = await store(run, WORDS.replace("thirty", "fifty"), project="elsewhere")
    assert elsewhere["duplicateWarning"] is None


async def test_a_near_duplicate_that_no_longer_holds_is_not_told_of(run: Run) -> None:
    first = await store(run, WORDS)
    await send(run, STATUS, input={"documentId": first["id"], "status": "ARCHIVED"})
    assert (await store(run, WORDS.replace("thirty", "forty")))["duplicateWarning"] is None


def test_texts_of_like_words_meet_in_a_band_and_others_do_not() -> None:
    words = [f"word{n}" for n in range(400)]
    whole = shingles("t", " ".join(words))
    for changed in range(20):
        other = [*words]
        other[changed * 17] = "changed"
        like = shingles("t", " ".join(other))
        assert similarity(whole, like) > 0.9
        assert set(bands(whole)) & set(bands(like))
    strange = shingles("t", " ".join(f"other{n}" for n in range(400)))
    assert similarity(whole, strange) < 0.1
    assert not set(bands(whole)) & set(bands(strange))
    assert bands(shingles("", "?!")) == ()


def test_the_hash_of_a_text_is_the_same_in_every_process_and_spelling() -> None:
    assert text_hash("A  b", "C\n\nd") == text_hash("a B", " c D ")
    assert text_hash("a", "b") != text_hash("a", "c")
    assert text_hash("a b", "c") == "0e9f64031fcb2bc708b531c2a20441580425d151"
    assert (
        bands(shingles("one two", "three four five"))[0] == bands(shingles("One Two", "three, four five"))[0]
    )


def test_the_sketch_of_two_kilobytes_takes_less_than_some_milliseconds() -> None:
    text = " ".join(f"w{n * 7919 % 997}" for n in range(420))[:2_048]
    best = 1.0
    for _ in range(20):
        began = time.perf_counter()
        bands(shingles("title", text))
        best = min(best, time.perf_counter() - began)
    assert best < 0.005


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        ("LEARNING", 180),
        ("GOTCHA", 180),
        ("TASK_CONTEXT", 60),
        ("HANDOFF", 28),
        ("WORK_ITEM", 14),
        ("ADR", None),
    ],
)
async def test_a_document_expires_by_its_type(run: Run, kind: str, days: int | None) -> None:
    made = await store(run, type=kind)
    if days is None:
        assert made["expiresAt"] is None
    else:
        left = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
        assert days - 1 <= left.days <= days
    for_ever = await store(run, "other", type=kind, expiresInDays=0)
    assert for_ever["expiresAt"] is None
    assert (await store(run, "third", type=kind, expiresInDays=-5))["expiresAt"] is None
    assert (await store(run, "fourth", type=kind, expiresInDays=3))["expiresAt"] is not None


async def test_a_named_interface_is_replaced_in_place_by_its_owner(engine: Engine, run: Run) -> None:
    ann, ben = await session(run, "ann"), await session(run, "ben")
    given = {"type": "INTERFACE", "interfaceName": "orders-api", "sessionId": ann}
    first = await store(run, "GET /orders", tags=["api", "v1"], interfaceVersion="1", **given)
    second = await store(run, "GET /orders\nPOST /orders", tags=["api", "v2"], interfaceVersion="2", **given)
    assert (second["id"], second["updated"], first["updated"]) == (first["id"], True, None)
    assert second["interfaceOwner"] == "ann"
    (kept,) = (await engine.store.find(Document, {})).records
    assert (kept.content, kept.interface_version) == ("GET /orders\nPOST /orders", "2")
    tags = await engine.store.find(DocumentTag, {})
    assert sorted(one.tag for one in tags.records) == ["api", "v2"]
    kinds = [one.kind for one in await engine.store.events_after("p", 0) if one.kind.startswith("document")]
    assert kinds == ["document.stored", "document.updated"]
    theirs = {"title": "t", "content": "mine now", **given, "sessionId": ben, "interfaceOwner": "ben"}
    error = await refused(run, STORE, input=theirs)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("FORBIDDEN", "interfaceName")
    assert "ann" in error["message"]


async def test_naming_oneself_the_owner_opens_no_interface_d5(engine: Engine, run: Run) -> None:
    key, _ = await make_key(engine, "k", projects=("p",))
    sessions = []
    for agent in ("ann", "ben"):
        begin = f'mutation {{ startSession(input: {{project: "p", agent: "{agent}"}}) {{ sessionId }} }}'
        sessions.append((await run(begin, caller=key))["data"]["startSession"]["sessionId"])
    given = {"type": "INTERFACE", "interfaceName": "x", "title": "t"}
    await send(run, STORE, input={**given, "content": "a", "sessionId": sessions[0]}, caller=key)
    for owner in ("ann", "ben"):
        tried = {
            **given,
            "content": "b",
            "sessionId": sessions[1],
            "interfaceOwner": owner,
            "forceStore": True,
        }
        error = await refused(run, STORE, input=tried, caller=key)
        assert error["extensions"]["code"] == "FORBIDDEN"
    admin, _ = await make_key(engine, "admin", role="admin", projects=("p",))
    forced = {**given, "content": "c", "project": "p", "forceStore": True}
    assert (await send(run, STORE, input=forced, caller=admin))["updated"] is True


async def test_an_interface_put_at_one_moment_by_many_is_one_document(engine: Engine, run: Run) -> None:
    ann = await session(run)
    given = {"type": "INTERFACE", "interfaceName": "x", "sessionId": ann, "title": "t"}
    answers = await asyncio.gather(
        *(run(STORE, {"input": {**given, "content": f"text {n}"}}) for n in range(8))
    )
    assert not any(one["errors"] for one in answers)
    (kept,) = (await engine.store.find(Document, {})).records
    assert kept.version == 8
    sketch = await engine.store.find(DocumentBand, {"document_id": kept.id})
    expected = bands(shingles("t", kept.content))
    assert sorted(one.band for one in sketch.records) == sorted(expected)


async def test_a_document_about_files_under_work_says_who_works_on_them(run: Run) -> None:
    ann, ben = await session(run, "ann"), await session(run, "ben")
    work = {"sessionId": ben, "title": "w", "status": "IN_PROGRESS", "filesTouched": ["src/a.py"]}
    await send(run, "mutation($i: UpdateWorkInput!) { updateWork(input: $i) { __typename } }", i=work)
    made = await store(run, sessionId=ann, filesRelated=["src/"])
    assert "src/a.py (ben)" in made["overlapWarning"]
    assert (await store(run, "b", sessionId=ben, filesRelated=["src/a.py"]))["overlapWarning"] is None
