"""Librarians end to end: a real server, a real queue, source in a directory, and a model that is told what to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from librarian.asking import Busy, Rejected
from librarian.budget import Spent
from librarian.settings import Settings
from tests.api.conftest import Running, settings_for
from tests.librarian.conftest import Librarian, Pauses
from tests.librarian.model import Model, called, failed

PATIENCE_SECONDS = 40.0
REGISTER = """mutation ($functions: [FunctionInput!]!) {
  registerFunctions(input: {project: "p", functions: $functions}) { registered updated unchanged }
}"""
FUNCTIONS = """query { functions(project: "p", first: 100) { nodes {
  id name file queue attempts failure enrichedAt isOutOfDate signature parameters returns calls sideEffects
  complexity additionalGotchas searchSummary code sourceHash
} } }"""
LEASE = """mutation { leaseFunctions(input: {project: "p", limit: 20}) { functions { name } } }"""


def function(name: str, file: str = "a.py", **more: Any) -> dict[str, Any]:
    return {"name": name, "file": file, "purpose": f"{name} does it", **more}


class House:
    """A server, and librarians that work for it."""

    def __init__(self, server: Running, settings: Callable[..., Settings], pauses: Pauses) -> None:
        self.server = server
        self._settings = settings
        self._pauses = pauses
        self._made: list[Librarian] = []

    def librarian(self, **given: Any) -> Librarian:
        chosen = self._settings(**{"poll_seconds": 60.0, "concurrency": 2, **given})
        self._made.append(Librarian(chosen, self.server, self._pauses))
        return self._made[-1]

    async def register(self, *functions: dict[str, Any]) -> None:
        await self.server.data(REGISTER, functions=list(functions))

    async def functions(self) -> dict[str, dict[str, Any]]:
        nodes = (await self.server.data(FUNCTIONS))["functions"]["nodes"]
        return {node["name"]: node for node in nodes}

    async def until(self, holds: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
        """Return the functions once something holds of them."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds(found := await self.functions()):
                await asyncio.sleep(0.02)
            return found

    async def close(self) -> None:
        for one in self._made:
            if one._task is not None:
                await one.stop()


@pytest.fixture
async def house(tmp_path: Path, settings: Callable[..., Settings], pauses: Pauses) -> AsyncIterator[House]:
    with ExitStack() as stack:
        server = await asyncio.to_thread(Running(settings_for(tmp_path / "data")).start)
        made = House(server, settings, pauses)
        # The test may have put another in its place by then.
        stack.callback(lambda: made.server.stop())  # noqa: PLW0108
        (tmp_path / "code" / "a.py").write_text(
            "".join(f"def f{n}(a):\n    '''Says {n}.'''\n    return {n}\n\n" for n in range(20))
        )
        yield made
        await made.close()


def done(count: int) -> Callable[[dict[str, dict[str, Any]]], bool]:
    return lambda found: sum(one["queue"] == "DONE" for one in found.values()) == count


async def test_a_registered_function_is_read_asked_about_and_enriched_e1(house: House, model: Model) -> None:
    await house.register(function("f1", line=99), function("f2", code="old"))
    librarian = house.librarian()
    await librarian.drain()
    found = await house.functions()
    assert librarian.number("enriched") == 2
    one = found["f1"]
    assert (one["queue"], one["isOutOfDate"]) == ("DONE", False)
    assert one["signature"] == "def f(a: int) -> int"
    assert one["parameters"] == [{"name": "a", "type": "int", "description": "how many"}]
    assert (one["returns"], one["calls"], one["sideEffects"]) == ("twice the number", ["double"], [])
    assert one["additionalGotchas"].startswith("Negative") and "twice" in one["searchSummary"]
    assert one["code"] == "def f1(a):\n    '''Says 1.'''\n    return 1"
    assert found["f2"]["code"].startswith("def f2") and not found["f2"]["isOutOfDate"]
    assert sum("def f1(a)" in text for text in model.texts()) == 1
    assert not any("def f3(a)" in text for text in model.texts())


async def test_it_is_woken_when_a_function_is_registered(house: House, model: Model) -> None:
    librarian = house.librarian(poll_seconds=3_600.0)
    librarian.start()
    await house.register(function("f1"))
    await house.until(done(1))
    for n in range(2, 5):
        await house.register(function(f"f{n}"))
        await house.until(done(n))


async def test_code_sent_at_registration_stands_in_for_source_that_is_not_there(
    house: House, model: Model
) -> None:
    await house.register(function("g", "gone.rb", code="def g\n  42\nend", language="ruby"))
    await house.librarian().drain()
    assert (await house.functions())["g"]["queue"] == "DONE"
    assert "def g\n  42\nend" in model.texts()[0]


async def test_what_cannot_be_read_is_set_aside_with_the_reason_and_nothing_is_sent_d11(
    house: House, model: Model, tmp_path: Path
) -> None:
    (tmp_path / "secret.py").write_text("def stolen(): pass\n")
    (tmp_path / "code" / "link.py").symlink_to(tmp_path / "secret.py")
    (tmp_path / "code" / ".env.py").write_text("def stolen(): pass\n")
    await house.register(
        function("stolen", "link.py"),
        function("hidden", ".env.py"),
        function("nowhere", "b.py"),
        function("absent"),
    )
    librarian = house.librarian()
    await librarian.drain()
    found = await house.functions()
    assert {one["queue"] for one in found.values()} == {"FAILED"}
    assert found["stolen"]["failure"] == "link.py leads out of the project's roots"
    assert "hidden" in found["hidden"]["failure"]
    assert found["nowhere"]["failure"] == "b.py is not under the project's roots"
    assert found["absent"]["failure"] == "absent is not defined in a.py"
    assert not model.asked
    assert librarian.number("set_aside") == 4


async def test_a_bad_answer_gives_the_function_back_to_be_tried_later(house: House, model: Model) -> None:
    model.replies = [called(signature=3), called(signature=4)]
    await house.register(function("f1"))
    librarian = house.librarian(concurrency=1)
    await librarian.drain()
    one = (await house.functions())["f1"]
    assert (one["queue"], one["attempts"]) == ("PENDING", 1)
    assert "does not hold: signature" in one["failure"]
    assert librarian.number("failed") == 1


async def test_a_refusal_in_words_that_cannot_be_kept_ends_nobodys_work(
    house: House, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    model.replies = [failed(400, "\x1b[31mtoo \ud800 long\x00")]
    await house.register(function("f1"), function("f2"))
    await house.librarian(concurrency=1).drain()
    found = (await house.functions()).values()
    assert {one["queue"] for one in found} == {"PENDING", "DONE"}
    assert any(one["failure"].endswith("[31mtoo long") for one in found)
    assert "too long" in caplog.text
    assert caplog.text.encode().isascii()
    assert "\x1b" not in caplog.text


async def test_two_librarians_never_enrich_the_same_function_twice(house: House, model: Model) -> None:
    await house.register(*(function(f"f{n}") for n in range(20)))
    pair = [house.librarian(concurrency=4) for _ in range(2)]
    await asyncio.gather(*(one.drain() for one in pair))
    assert done(20)(await house.functions())
    assert [one.number("lost") for one in pair] == [0, 0]
    assert sum(one.number("enriched") for one in pair) == 20 == len(model.asked)
    for n in range(20):
        assert sum(f"def f{n}(a)" in text for text in model.texts()) == 1


async def test_no_more_than_the_concurrency_is_asked_at_once(house: House, model: Model) -> None:
    await house.register(*(function(f"f{n}") for n in range(8)))
    model.hold.clear()
    librarian = house.librarian(concurrency=3)
    librarian.start()
    for _ in range(3):
        assert await asyncio.to_thread(model.waiting.acquire, timeout=PATIENCE_SECONDS)
    assert not await asyncio.to_thread(model.waiting.acquire, timeout=0.2)
    model.hold.set()
    await house.until(done(8))


async def test_a_stop_returns_what_is_under_way_at_once(house: House, model: Model) -> None:
    await house.register(*(function(f"f{n}") for n in range(3)))
    model.hold.clear()
    librarian = house.librarian(concurrency=2)
    librarian.start()
    for _ in range(2):
        assert await asyncio.to_thread(model.waiting.acquire, timeout=PATIENCE_SECONDS)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await librarian.stop()
    assert librarian.number("returned") == 2
    lent = (await house.server.data(LEASE))["leaseFunctions"]["functions"]
    assert {one["name"] for one in lent} == {"f0", "f1", "f2"}
    assert {one["attempts"] for one in (await house.functions()).values()} == {0}


async def test_it_goes_on_with_a_server_that_restarts(house: House, tmp_path: Path, model: Model) -> None:
    librarian = house.librarian(poll_seconds=3_600.0)
    librarian.start()
    await house.register(function("f1"))
    await house.until(done(1))
    await asyncio.to_thread(house.server.stop)
    house.server = await asyncio.to_thread(Running(settings_for(tmp_path / "data")).start)
    librarian.running = house.server
    await house.register(function("f2"))
    await house.until(done(2))


async def test_an_answer_that_comes_while_the_server_is_away_is_written_when_it_is_back(
    house: House, tmp_path: Path, model: Model
) -> None:
    await house.register(function("f1"))
    model.hold.clear()
    librarian = house.librarian(concurrency=1)
    librarian.start()
    assert await asyncio.to_thread(model.waiting.acquire, timeout=PATIENCE_SECONDS)
    await asyncio.to_thread(house.server.stop)
    model.hold.set()
    house.server = await asyncio.to_thread(Running(settings_for(tmp_path / "data")).start)
    librarian.running = house.server
    await house.until(done(1))
    assert len(model.asked) == 1


async def test_an_overloaded_model_costs_the_functions_no_attempt(house: House, model: Model) -> None:
    model.otherwise = failed(529)
    await house.register(function("f1"))
    with pytest.raises(BaseExceptionGroup) as ended:
        await house.librarian(concurrency=1, attempts=2).drain()
    assert ended.group_contains(Busy)
    one = (await house.functions())["f1"]
    assert (one["queue"], one["attempts"]) == ("PENDING", 0)


async def test_a_wrong_key_stops_it_and_the_functions_stay_in_the_queue(house: House, model: Model) -> None:
    model.otherwise = failed(401, "invalid x-api-key")
    await house.register(function("f1"), function("f2"))
    librarian = house.librarian()
    with pytest.raises(BaseExceptionGroup) as ended:
        await librarian.drain()
    assert ended.group_contains(Rejected, match="invalid x-api-key")
    assert {one["queue"] for one in (await house.functions()).values()} == {"PENDING"}


async def test_a_spent_budget_leaves_the_rest_in_the_queue(house: House, model: Model) -> None:
    await house.register(*(function(f"f{n}") for n in range(20)))
    librarian = house.librarian(concurrency=1, daily_tokens=3_500)
    with pytest.raises(BaseExceptionGroup) as ended:
        await librarian.drain()
    assert ended.group_contains(Spent)
    states = [one["queue"] for one in (await house.functions()).values()]
    assert 1 <= states.count("DONE") == librarian.number("enriched") < 20
    assert states.count("PENDING") == 20 - states.count("DONE")


async def test_a_function_taken_from_it_meanwhile_is_left_alone(house: House, model: Model) -> None:
    await house.register(function("f1"))
    model.hold.clear()
    librarian = house.librarian(concurrency=1)
    librarian.start()
    assert await asyncio.to_thread(model.waiting.acquire, timeout=PATIENCE_SECONDS)
    (one,) = (await house.functions()).values()
    enrich = (
        'mutation ($id: ID!) { enrichFunction(input: {id: $id, searchSummary: "an agent did it"}) { id } }'
    )
    await house.server.data(enrich, id=one["id"])
    model.hold.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not librarian.number("lost"):
            await asyncio.sleep(0.02)
    assert (await house.functions())["f1"]["searchSummary"] == "an agent did it"


async def test_only_projects_with_roots_are_worked_on(house: House, model: Model, tmp_path: Path) -> None:
    await house.register(function("f1"))
    librarian = house.librarian(roots={"other": [tmp_path / "code"]})
    await librarian.drain()
    assert (await house.functions())["f1"]["queue"] == "PENDING"
    await house.librarian(roots={"P": [tmp_path / "code"]}).drain()
    assert (await house.functions())["f1"]["queue"] == "DONE"
