"""Locks through GraphQL on the real store: what conflicts, what is released, what is told."""

from __future__ import annotations

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from store.records import Audit, Lock, Notice
from tests.areas.lock_cases import LOCK, UNLOCK, begin, log_of, replayed
from tests.conftest import Clock, Run, failure

FORCE = """mutation($files: [String!]!, $reason: String! = "stuck") {
  forceUnlock(input: {project: "p", files: $files, reason: $reason}) { released notHeld }
}"""
LIST = """query($project: String, $session: ID, $pattern: String, $mine: Boolean, $first: Int! = 100, $after: String) {
  locks(project: $project, sessionId: $session, pathPattern: $pattern, mine: $mine, first: $first, after: $after) {
    nodes { path holder stale } pageInfo { hasNextPage endCursor } cursor
  }
}"""


async def test_a_lock_held_by_another_session_names_its_holder(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    assert (await ada.lock("src/x.py", reason="refactoring"))["isGranted"]
    refused = await bob.lock("src/y.py", "src/x.py")
    (conflict,) = refused["conflicts"]
    assert not refused["isGranted"]
    assert refused["paths"] == []
    assert (conflict["path"], conflict["holder"], conflict["reason"]) == ("src/x.py", "ada", "refactoring")
    assert (conflict["stale"], conflict["isQueued"]) == (False, False)
    assert "ada" in refused["message"]
    assert await engine.store.get(Lock, "p:src/y.py") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("src/", "src/x.py"),
        ("src/x.py", "src/"),
        ("src/", "src/a/b/c.py"),
        ("src/a/b/c.py", "src/"),
        ("./", "x"),
        ("x", "./"),
        ("src", "src/"),
        ("src", "src/x.py"),
        ("./src/x.py", "src/../src/x.py"),
        ("src\\x.py", "src/x.py"),
        ("src//x.py", "src/x.py"),
        ("caf\u00e9.py", "cafe\u0301.py"),
    ],
)
async def test_a6_a_directory_and_what_is_under_it_are_never_held_by_two(
    engine: Engine, run: Run, first: str, second: str
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    assert (await ada.lock(first))["isGranted"]
    assert not (await bob.lock(second))["isGranted"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("src/", "srcs/x.py"), ("src/x", "src/xy"), ("a", "A"), ("src/%", "src/a"), ("a_b", "axb")],
)
async def test_paths_that_only_look_alike_are_apart(
    engine: Engine, run: Run, first: str, second: str
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    assert (await ada.lock(first))["isGranted"]
    assert (await bob.lock(second))["isGranted"]


async def test_a6_the_same_path_in_two_projects_does_not_collide(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob", project="q")
    assert (await ada.lock("src/x.py"))["isGranted"]
    assert (await bob.lock("src/x.py"))["isGranted"]


async def test_locking_an_own_path_again_keeps_its_fence_and_takes_the_new_reason(
    engine: Engine, run: Run
) -> None:
    ada = await begin(engine, run, "ada")
    first = await ada.lock("a.py")
    again = await ada.lock("b.py", "./a.py", reason="more")
    assert [lock["path"] for lock in again["granted"]] == ["b.py", "a.py"]
    assert again["granted"][1] == {**first["granted"][0], "reason": "more"}
    assert again["fence"] == again["granted"][0]["fence"] > first["fence"]
    assert set(replayed(await log_of(engine))) == {"a.py", "b.py"}


async def test_a_file_and_a_directory_of_one_name_are_one_lock_of_its_holder(
    engine: Engine, run: Run
) -> None:
    ada = await begin(engine, run, "ada")
    await ada.lock("src")
    assert (await ada.lock("src/"))["isGranted"]
    assert (await ada.unlock("src/"))["released"] == ["src"]
    assert not replayed(await log_of(engine))


async def test_b1_locks_are_in_the_store_and_not_in_memory(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py")
    other_process = Engine(engine.store, engine.feed)
    engine._turns.clear()
    assert await other_process.store.get(Lock, "p:a.py") is not None
    assert not (await bob.lock("a.py"))["isGranted"]


async def test_releasing_says_what_went_what_stays_and_what_was_not_held(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py", "b.py", "c.py")
    await bob.lock("d.py")
    assert await ada.unlock("./a.py", "d.py", "nothing") == {
        "released": ["a.py"],
        "stillHeld": ["b.py", "c.py"],
        "notHeld": ["d.py", "nothing"],
    }
    assert await ada.unlock() == {"released": ["b.py", "c.py"], "stillHeld": [], "notHeld": []}
    assert set(replayed(await log_of(engine))) == {"d.py"}


async def test_a_stale_lock_is_taken_over_and_both_sides_are_told(
    engine: Engine, run: Run, clock: Clock
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("src/a.py", "src/b.py", "other.py")
    clock.forward(minutes=31)
    shown = await run(LIST, {"session": bob.session})
    assert {node["stale"] for node in shown["data"]["locks"]["nodes"]} == {True}
    taken = await bob.lock("src/")
    assert taken["isGranted"]
    assert taken["displaced"] == [
        {"path": "src/a.py", "holder": "ada"},
        {"path": "src/b.py", "holder": "ada"},
    ]
    (notice,) = (await engine.store.find(Notice, {"session_id": ada.session})).records
    assert notice.text.startswith("Your lock on src/a.py (and 1 more) was taken over by bob")
    assert (await log_of(engine))[-1].kind == "lock.taken_over"
    assert set(replayed(await log_of(engine))) == {"src/", "other.py"}


async def test_a_stale_lock_on_the_very_path_is_replaced_with_a_higher_fence(
    engine: Engine, run: Run, clock: Clock
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    before = await ada.lock("a.py")
    clock.forward(minutes=31)
    after = await bob.lock("a.py")
    assert after["fence"] > before["fence"]
    assert replayed(await log_of(engine))["a.py"]["agent"] == "bob"


async def test_a20_any_call_of_the_holder_keeps_its_lock_from_going_stale(
    engine: Engine, run: Run, clock: Clock
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py")
    clock.forward(minutes=20)
    await run("query($s: ID) { checklists(sessionId: $s) { nodes { name } } }", {"s": ada.session})
    clock.forward(minutes=20)
    assert not (await bob.lock("a.py"))["isGranted"]


async def test_a_stale_lock_is_left_alone_when_a_live_one_refuses_the_request(
    engine: Engine, run: Run, clock: Clock
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py")
    clock.forward(minutes=31)
    carl = await begin(engine, run, "carl")
    await carl.lock("b.py")
    refused = await bob.lock("a.py", "b.py")
    assert {(c["path"], c["stale"]) for c in refused["conflicts"]} == {("a.py", True), ("b.py", False)}
    assert set(replayed(await log_of(engine))) == {"a.py", "b.py"}


async def test_an_ended_session_leaves_no_lock_and_gets_none(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("a.py")
    await ada.end()
    assert (await bob.lock("a.py"))["isGranted"]
    refused = await run(LOCK, {"session": ada.session, "files": ["b.py"]})
    assert failure(refused) == ("CONFLICT", "sessionId")
    assert set(replayed(await log_of(engine))) == {"a.py"}


async def test_an_admin_frees_a_lock_and_the_holder_and_the_audit_are_told(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await ada.lock("src/", "b.py")
    answer = await run(FORCE, {"files": ["src", "c.py"], "reason": "on holiday"})
    assert answer["data"]["forceUnlock"] == {"released": ["src/"], "notHeld": ["c.py"]}
    (audit,) = (await engine.store.find(Audit, {"act": "lock.forced"})).records
    assert (audit.target, audit.detail, audit.key_name) == ("src/ (ada)", "on holiday", "local")
    (notice,) = (await engine.store.find(Notice, {"session_id": ada.session})).records
    assert "on holiday" in notice.text
    assert set(replayed(await log_of(engine))) == {"b.py"}


async def test_d1_a_readonly_key_neither_locks_nor_an_agent_frees_anothers_lock(
    engine: Engine, run: Run
) -> None:
    reader = Caller("k1", "reader", Role.READONLY)
    worker = Caller("k2", "worker", Role.AGENT)
    ada = await begin(engine, run, "ada", key_id="k1")
    assert failure(await run(LOCK, {"session": ada.session, "files": ["a"]}, caller=reader))[0] == "FORBIDDEN"
    assert failure(await run(FORCE, {"files": ["a"]}, caller=worker))[0] == "FORBIDDEN"
    assert not await log_of(engine)


async def test_d2_a_key_of_another_project_neither_sees_nor_takes_locks(engine: Engine, run: Run) -> None:
    foreign = Caller("k9", "foreign", Role.OWNER, frozenset({"q"}))
    ada = await begin(engine, run, "ada")
    await ada.lock("a.py")
    assert failure(await run(LIST, {"project": "p"}, caller=foreign))[0] == "FORBIDDEN"
    assert failure(await run(FORCE, {"files": ["a.py"]}, caller=foreign))[0] == "FORBIDDEN"
    for document in (LOCK, UNLOCK):
        answer = await run(document, {"session": ada.session, "files": ["b.py"]}, caller=foreign)
        assert failure(answer) == ("NOT_FOUND", "sessionId")
    assert set(replayed(await log_of(engine))) == {"a.py"}


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"files": []}, "files"),
        ({"files": [""]}, "files"),
        ({"files": ["a", "../x"]}, "files"),
        ({"files": ["C:\\x"]}, "files"),
        ({"files": ["/etc/passwd"]}, "files"),
        ({"files": ["a", "src/*.py"]}, "files"),
        ({"files": ["src/**/"]}, "files"),
        ({"files": ["a\x00"]}, "files"),
        ({"files": ["x" * 1_000_000]}, "files"),
        ({"files": [f"f{n}" for n in range(10_000)]}, "files"),
        ({"files": ["a"], "reason": ""}, "reason"),
        ({"files": ["a"], "reason": "x" * 1_000_000}, "reason"),
        ({"files": ["a"], "wait": 56}, "waitSeconds"),
        ({"files": ["a"], "wait": -1}, "waitSeconds"),
    ],
)
async def test_bad_input_names_its_field_and_locks_nothing(
    engine: Engine, run: Run, variables: dict[str, object], field: str
) -> None:
    ada = await begin(engine, run, "ada", working_directory="/repo")
    assert failure(await run(LOCK, {"session": ada.session, **variables})) == ("BAD_INPUT", field)
    assert not (await engine.store.find(Lock, {})).records
    assert not await log_of(engine)


async def test_an_absolute_path_inside_the_working_directory_is_the_projects_path(
    engine: Engine, run: Run
) -> None:
    ada = await begin(engine, run, "ada", working_directory="C:\\repo")
    assert (await ada.lock("c:\\repo\\src\\x.py"))["paths"] == ["src/x.py"]


async def test_a_session_may_hold_a_thousand_locks_and_no_more(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    for block in range(5):
        await ada.lock(*(f"d{block}/f{n}" for n in range(200)))
    answer = await run(LOCK, {"session": ada.session, "files": ["one_more"]})
    assert failure(answer) == ("LIMIT_EXCEEDED", "files")
    bob = await begin(engine, run, "bob")
    assert len((await bob.lock("./"))["conflicts"]) == 100
    assert len((await ada.unlock())["released"]) == 1_000


async def test_locks_are_listed_by_glob_by_path_and_by_owner(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("src/", "docs/a.md", "x.py")
    await bob.lock("tests/t.py")

    async def listed(**variables: object) -> list[str]:
        answer = await run(LIST, {"session": ada.session, **variables})
        assert not answer["errors"], answer["errors"]
        return [node["path"] for node in answer["data"]["locks"]["nodes"]]

    assert await listed() == ["docs/a.md", "src/", "tests/t.py", "x.py"]
    assert await listed(pattern="*.py") == ["tests/t.py", "x.py"]
    assert await listed(pattern="src/**") == ["src/"]
    assert await listed(pattern="src/deep/file.py") == ["src/"]
    assert await listed(pattern="docs/") == ["docs/a.md"]
    assert await listed(mine=True) == ["docs/a.md", "src/", "x.py"]
    assert await listed(mine=False) == ["tests/t.py"]
    assert failure(await run(LIST, {"session": ada.session, "pattern": "../*"})) == (
        "BAD_INPUT",
        "pathPattern",
    )


async def test_pages_of_a_filtered_listing_repeat_and_skip_nothing(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await ada.lock(*(f"f{n:03}.{'py' if n % 3 else 'md'}" for n in range(90)))
    for pattern, expected in (("*.py", 60), (None, 90)):
        seen: list[str] = []
        after = None
        while True:
            variables = {"project": "p", "pattern": pattern, "first": 7, "after": after}
            page = (await run(LIST, variables))["data"]["locks"]
            seen += [node["path"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert len(seen) == len(set(seen)) == expected
    assert failure(await run(LIST, {"project": "p", "after": "nonsense"})) == ("BAD_INPUT", "after")
    assert failure(await run(LIST, {"project": "p", "first": 101})) == ("BAD_INPUT", "first")


async def test_a_repeat_with_the_same_idempotency_key_gets_the_first_grant(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    first = await ada.lock("a.py", key="k", wait=5)
    await ada.unlock()
    assert await ada.lock("a.py", key="k", wait=5) == first
    assert not replayed(await log_of(engine))
