"""Several processes with one Chroma server: one indexes, all find, and another goes on when it dies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store.feed.feed import Feed
from store.meaning import indexer, meanings
from store.meaning import turn as index_turn
from store.meaning.embedder import EmbedderChoice, NoEmbedder
from store.meaning.indexer import Indexer
from store.meaning.turn import NotOurTurn
from store.port import Changes, Store
from store.records import Document, IndexState, Lease, NewEvent
from tests.conftest import Clock
from tests.engines.chroma import ChromaServer
from tests.engines.databases import mongo_databases
from tests.store.index_cases import HashEmbedder, document

PATIENCE_SECONDS = 40.0

# Chroma's client leaves the socket of a call that was cut off to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Process:
    """What one server process has of it all."""

    def __init__(self, store: Store, feed: Feed, index: Indexer, embedder: HashEmbedder) -> None:
        self.store = store
        self.feed = feed
        self.index = index
        self.embedder = embedder
        self.is_stopped = False
        self.task = asyncio.create_task(index.run())

    @property
    def indexes(self) -> bool:
        return self.index._writer is not None

    async def near(self, text: str) -> set[str] | None:
        found = await self.index.nearest(Document, ("p",), text)
        return None if found is None else {one.record_id for one in found if one.cosine > 0.3}

    async def put(self, *records: Document) -> None:
        event = NewEvent(
            project="p",
            kind="document.stored",
            subject=records[0].id,
            data={"ids": [one.id for one in records]},
        )
        self.feed.announce(await self.store.commit(Changes(puts=records, events=(event,))))

    async def change(self, record_id: str, **fields: Any) -> None:
        held = await self.store.get(Document, record_id)
        assert held is not None
        await self.put(replace(held, **fields))

    async def die(self) -> None:
        """Stop as a killed process does: nothing is given back."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    async def stop(self) -> None:
        await self.die()
        if not self.is_stopped:
            self.is_stopped = True
            await self.index.close()


class Team:
    def __init__(self, processes: list[Process], clock: Clock) -> None:
        self.processes = processes
        self.clock = clock

    async def holder(self, *of: Process) -> tuple[Process, Process]:
        """Wait until one process indexes; return it and the other."""
        one, other = self.processes
        candidates = of or (one, other)
        await until(lambda: asyncio.sleep(0, any(each.indexes for each in candidates)))
        first = next(each for each in candidates if each.indexes)
        return first, other if first is one else one

    async def all_find(self, text: str, wanted: set[str], *of: Process) -> None:
        for each in of or self.processes:
            await until(lambda each=each: _equals(each, text, wanted))


async def _equals(process: Process, text: str, wanted: set[str]) -> bool:
    return await process.near(text) == wanted


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma") / "data")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, HashEmbedder]:
    made = {name: HashEmbedder() for name in ("0", "1")}

    def make(choice: EmbedderChoice) -> HashEmbedder:
        if choice.name not in made:
            raise NoEmbedder("no embedding model is installed")
        return made[choice.name]

    monkeypatch.setattr(meanings, "make_embedder", make)
    monkeypatch.setattr(indexer, "_REST_SECONDS", 0.05)
    monkeypatch.setattr("store.meaning.writer.PAUSE_SECONDS", (0.05, 0.2))
    return made


@pytest.fixture
async def team(
    tmp_path: Path, clock: Clock, chroma: ChromaServer, models: dict[str, HashEmbedder]
) -> AsyncIterator[Team]:
    async with AsyncExitStack() as stack:
        processes = []
        for n in range(2):
            store = await mongo_databases().open(tmp_path / "data", clock=clock)
            stack.push_async_callback(store.close)
            feed = await stack.enter_async_context(Feed(store, poll_seconds=0.05))
            index = Indexer(
                store,
                feed,
                EmbedderChoice(str(n)),
                chroma.client(tmp_path.name),
                settle_seconds=0,
                renew_seconds=0.05,
            )
            processes.append(Process(store, feed, index, models[str(n)]))
            stack.push_async_callback(processes[-1].stop)
        yield Team(processes, clock)


async def test_one_process_indexes_what_each_stores_and_each_finds_it(team: Team) -> None:
    holder, other = await team.holder()
    await holder.put(document("a", "cat"))
    await other.put(document("b", "kitten"))
    await team.all_find("feline", {"a", "b"})
    assert (holder.embedder.embedded, other.embedder.embedded) == (3, 1), "the other embeds but the question"
    told = [await each.index.look() for each in (holder, other)]
    assert {one.indexer for one in told} == {holder.index.name}
    assert [one.process for one in told] == [holder.index.name, other.index.name]
    assert [one.is_reachable for one in told] == [True, True]
    assert [one.state for one in told] == ["ready", "ready"]


async def test_a_process_that_stops_gives_the_lease_back_and_the_next_goes_on_where_it_was(
    team: Team,
) -> None:
    holder, other = await team.holder()
    await holder.put(document("a", "cat"))
    await team.all_find("feline", {"a"})
    await holder.stop()
    await team.holder(other)
    before = other.embedder.embedded
    await other.put(document("b", "kitten"))
    await team.all_find("feline", {"a", "b"}, other)
    assert other.embedder.embedded == before + 1, "a is not embedded again"


async def test_the_lease_of_a_dead_process_is_taken_when_its_time_is_over(team: Team) -> None:
    holder, other = await team.holder()
    await holder.put(document("a", "cat"))
    await team.all_find("feline", {"a"})
    await holder.die()
    await other.put(document("b", "kitten"))
    lease = await other.store.get(Lease, index_turn.NAME)
    assert lease is not None and lease.holder == holder.index.name
    assert not other.indexes
    team.clock.forward(seconds=index_turn.LEASE_SECONDS + 1)
    await team.all_find("feline", {"a", "b"}, other)
    assert other.indexes


async def test_who_lost_the_lease_unawares_writes_no_more(team: Team) -> None:
    holder, other = await team.holder()
    await holder.put(document("a", "cat"))
    await team.all_find("feline", {"a"})
    writer = holder.index._writer
    assert writer is not None
    await holder.die()
    team.clock.forward(seconds=index_turn.LEASE_SECONDS + 1)
    await team.holder(other)
    await until(lambda: _is_held_by(other))
    await writer.begin_anew(None)
    with pytest.raises(NotOurTurn):
        await writer.save()
    assert holder.index._turn is not None
    await holder.index._turn.take()
    with pytest.raises(NotOurTurn):
        await asyncio.to_thread(holder.index._access.meanings.chroma.drop, "p", ("document",))


async def _is_held_by(process: Process) -> bool:
    state = await process.store.get(IndexState, "search")
    return state is not None and state.holder == process.index.name


async def test_what_is_written_late_with_an_old_text_is_looked_at_again(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, other = await team.holder()
    await holder.put(document("a", "cat"))
    await team.all_find("feline", {"a"})
    late = _Gate()
    monkeypatch.setattr(holder.embedder, "embed", late.after(holder.embedder.embed))
    await holder.change("a", title="car")
    assert await asyncio.to_thread(late.reached.wait, PATIENCE_SECONDS)
    # As if it stood still between asking whether it may write and writing.
    frozen = _Frozen(holder)
    team.clock.forward(seconds=index_turn.LEASE_SECONDS + 1)
    await other.change("a", title="door")
    await team.all_find("door", {"a"}, other)
    assert other.indexes
    late.opened.set()
    await until(lambda: _equals(other, "automobile", {"a"}))
    frozen.thawed.set()
    await team.all_find("door", {"a"}, other)
    await team.all_find("automobile", set(), other)


class _Gate:
    """Holds up the thread that embeds."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def after(self, embed: Callable[..., Any]) -> Callable[..., Any]:
        def held(texts: Any, *, is_patient: bool = True) -> Any:
            found = embed(texts, is_patient=is_patient)
            if is_patient:
                self.reached.set()
                assert self.opened.wait(PATIENCE_SECONDS)
            return found

        return held


class _Frozen:
    """Lets a process not notice that its lease is over, until it is thawed."""

    def __init__(self, process: Process) -> None:
        self.thawed = asyncio.Event()
        turn = process.index._turn
        assert turn is not None
        self._take = turn.take
        turn.take = self.take  # type: ignore[method-assign]
        process.index._access.meanings.chroma.may_write = lambda: True

    async def take(self) -> bool:
        await self.thawed.wait()
        return await self._take()


async def test_a_reindex_asked_of_any_process_is_done_by_the_one_that_indexes(team: Team) -> None:
    holder, other = await team.holder()
    await holder.put(*(document(f"d{n}", f"cat number{n}") for n in range(50)))
    await until(lambda: _has(other, 50))
    held = (await holder.store.find(Document, {})).records
    await holder.store.commit(Changes(deletes=held[1:]))
    before = holder.embedder.embedded
    assert await other.index.reindex(None) == 1
    assert (await other.index.look()).state == "catching up"
    await until(lambda: _is_done(other))
    told = await other.index.look()
    assert (told.indexed, told.total, told.lag) == (1, 1, 0)
    await team.all_find("feline", {held[0].id})
    assert holder.embedder.embedded > before


async def _has(process: Process, count: int) -> bool:
    return len(await process.near("cat") or ()) >= count * 0.7


async def _is_done(process: Process) -> bool:
    return (await process.index.look()).state == "ready"


async def test_a_process_with_another_embedder_says_so_and_takes_nothing_away(
    team: Team, models: dict[str, HashEmbedder]
) -> None:
    holder, other = await team.holder()
    other.embedder.id = "hash-2"
    await holder.put(document("a", "cat"))
    await team.all_find("feline", {"a"}, holder)
    await until(lambda: _says(other, "made with the embedder hash-1, this process has hash-2"))
    assert other.index.health().is_degraded
    await holder.change("a", tags=("x",))
    await team.all_find("feline", {"a"}, holder)
    await holder.stop()
    await team.all_find("feline", {"a"}, other)
    state = await other.store.get(IndexState, "search")
    assert state is not None and state.model == "hash-2"


async def _says(process: Process, text: str) -> bool:
    assert await process.near("feline") is None
    return text in process.index.health().detail


async def test_a_chroma_server_that_loses_all_is_filled_anew_and_each_process_finds_again(
    team: Team, chroma: ChromaServer
) -> None:
    holder, other = await team.holder()
    await holder.put(document("a", "cat"))
    await team.all_find("feline", {"a"})
    chroma.kill()
    assert await holder.near("feline") is None
    assert await other.near("feline") is None
    await other.put(document("b", "kitten"))
    assert other.index.health().is_degraded and other.index.health().is_reachable is False
    chroma.lose_all()
    chroma.start()
    await team.all_find("feline", {"a", "b"})
    await until(lambda: _is_done(other))
    assert (other.index.health().is_degraded, other.index.health().is_reachable) == (False, True)


async def test_a_process_without_a_model_leaves_the_index_to_others(
    team: Team, models: dict[str, HashEmbedder]
) -> None:
    holder, other = await team.holder()
    for name in [name for name, one in models.items() if one is holder.embedder]:
        del models[name]
    await holder.put(document("a", "cat"))
    await team.all_find("feline", {"a"}, other)
    assert other.indexes and not holder.indexes
    assert (holder.index.health().state, holder.index.health().indexer) == ("off", other.index.name)
