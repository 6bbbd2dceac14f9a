"""MongoDB fails in every way it can: what was acknowledged is there once, the rest is whole or absent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.errors import Conflict, Unavailable
from store.mongo.address import MongoAddress
from store.port import Changes, Store
from store.records import BacklogItem, Event, Fence, NewEvent
from tests.engines.mongod import Member, ReplicaSet, mongod_path
from tests.faults.conftest import Serve
from tests.faults.processes import ask

WRITERS = 6
LIMIT_SECONDS = 60
IN_TIME_SECONDS = 7.0
"""A call waits for MongoDB for some 4 s; the rest is for a slow machine. Whoever waits twice is too late."""


@pytest.fixture
def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReplicaSet]:
    """A replica set of its own for a test to break, of three members where the test asks for them."""
    mongod_path()
    made = ReplicaSet(tmp_path / "set", getattr(request, "param", 1))
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
async def store(replicas: ReplicaSet) -> AsyncIterator[Store]:
    from store.mongo.store import MongoStore

    opened = await MongoStore.open(MongoAddress(replicas.hosts))
    yield opened
    await opened.close()


def pair(name: str) -> Changes:
    """Return a commit of two records and an event that must be there together, once, or not at all."""
    left, right = (BacklogItem(id=f"{side}{name}", project="p", title="pair") for side in "ab")
    return Changes((left, right), events=(NewEvent(project="p", kind="a.b", subject=name),))


@dataclass
class Ledger:
    """What the writers were told."""

    acknowledged: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    is_over: bool = False

    async def write(self, store: Store, writer: int) -> None:
        n = 0
        while not self.is_over:
            n += 1
            name = f"{writer}-{n}"
            try:
                await store.commit(pair(name))
            except Unavailable:
                self.unsure.add(name)
            else:
                self.acknowledged.add(name)

    async def grow(self, by: int) -> None:
        """Wait until so many more commits were acknowledged."""
        wanted = len(self.acknowledged) + by
        while len(self.acknowledged) < wanted:
            await asyncio.sleep(0.01)

    async def check(self, store: Store) -> None:
        """Compare with what is there."""
        events = await log_of(store)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        subjects = [event.subject for event in events]
        assert len(set(subjects)) == len(subjects), "a commit happened twice"
        assert self.acknowledged <= set(subjects), "an acknowledged commit is lost"
        assert set(subjects) <= self.acknowledged | self.unsure
        records = await everything(store)
        assert records == {f"{side}{name}" for side in "ab" for name in subjects}, "a commit is there in part"


@asynccontextmanager
async def writing(store: Store) -> AsyncIterator[Ledger]:
    """Let writers commit meanwhile, then stop them and compare."""
    ledger = Ledger()
    async with asyncio.timeout(LIMIT_SECONDS):
        tasks = [asyncio.create_task(ledger.write(store, n)) for n in range(WRITERS)]
        try:
            await ledger.grow(20)
            yield ledger
        finally:
            ledger.is_over = True
            await asyncio.gather(*tasks)
        await ledger.check(store)


async def log_of(store: Store) -> list[Event]:
    events: list[Event] = []
    while page := await store.events_after("p", len(events), 500):
        events += page
    return events


async def everything(store: Store) -> set[str]:
    found: set[str] = set()
    after = None
    while True:
        page = await store.find(BacklogItem, {}, limit=1000, after=after)
        found |= {record.id for record in page.records}
        after = page.after
        if after is None:
            return found


@pytest.mark.parametrize("replicas", [3], indirect=True)
async def test_every_commit_happens_once_while_primaries_step_down_and_die(
    store: Store, replicas: ReplicaSet
) -> None:
    async with writing(store) as ledger:
        for _ in range(2):
            await asyncio.to_thread(replicas.step_down)
            await asyncio.to_thread(replicas.primary)
            await ledger.grow(30)
        dead = await asyncio.to_thread(replicas.primary)
        await asyncio.to_thread(dead.kill)
        await ledger.grow(30)
        await asyncio.to_thread(dead.start)
        await ledger.grow(30)
    assert len(ledger.unsure) < len(ledger.acknowledged)


async def test_a_mongod_killed_and_restarted_has_all_it_acknowledged_and_is_taken_up_again(
    store: Store, replicas: ReplicaSet
) -> None:
    (member,) = replicas.members
    async with writing(store) as ledger:
        for _ in range(2):
            await asyncio.to_thread(member.kill)
            await asyncio.to_thread(member.start)
            await ledger.grow(20)


LOST_ANSWERS: dict[str, dict[str, Any]] = {
    "committed, and the answer says shutting down": {
        "failCommands": ["commitTransaction"],
        "writeConcernError": {"code": 91, "errmsg": "shutting down"},
    },
    "committed, and not known to be durable": {
        "failCommands": ["commitTransaction"],
        "writeConcernError": {"code": 64, "errmsg": "timed out", "errInfo": {"wtimeout": True}},
    },
    "the connection breaks at the commit": {"failCommands": ["commitTransaction"], "closeConnection": True},
    "the primary is none any more at the commit": {"failCommands": ["commitTransaction"], "errorCode": 10107},
    "the connection breaks at a write": {"failCommands": ["update"], "closeConnection": True},
    "the primary is none any more at a write": {"failCommands": ["insert"], "errorCode": 10107},
    "somebody else writes the same": {
        "failCommands": ["findAndModify"],
        "errorCode": 112,
        "errorLabels": ["TransientTransactionError"],
    },
}


@pytest.mark.parametrize("times", [1, 3])
async def test_a_commit_whose_answer_is_lost_happens_once(
    store: Store, replicas: ReplicaSet, times: int
) -> None:
    await store.commit(Changes(puts=(Fence(id="p", project="p"),)))
    for number, (what, how) in enumerate(LOST_ANSWERS.items(), 1):
        fence = await store.get(Fence, "p")
        assert fence is not None
        await asyncio.to_thread(replicas.fail, times, **how)
        events = await store.commit(
            Changes(
                puts=(replace(fence, value=number), BacklogItem(id=f"i{number}", project="p", title="x")),
                events=(NewEvent(project="p", kind="a.b", subject=what),),
            )
        )
        assert [event.sequence for event in events] == [number], what
        fence = await store.get(Fence, "p")
        assert fence is not None
        assert (fence.value, fence.version) == (number, number + 1), what
    assert [event.subject for event in await log_of(store)] == list(LOST_ANSWERS)


async def test_a_commit_that_never_gets_through_is_given_up_in_time_and_is_not_there(
    store: Store, replicas: ReplicaSet
) -> None:
    await asyncio.to_thread(replicas.fail, "alwaysOn", failCommands=["update"], closeConnection=True)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await store.commit(pair("lost"))
    assert time.monotonic() - started < IN_TIME_SECONDS
    await asyncio.to_thread(replicas.fail, "off")
    assert await everything(store) == set()
    await asyncio.to_thread(
        replicas.fail, "alwaysOn", failCommands=["commitTransaction"], closeConnection=True
    )
    with pytest.raises(Unavailable, match="whether this was written") as caught:
        await store.commit(pair("unsure"))
    assert "idempotency" in caught.value.hint
    await asyncio.to_thread(replicas.fail, "off")
    await store.commit(pair("kept"))
    assert [event.subject for event in await log_of(store)] == ["kept"]


async def test_others_who_write_the_same_are_not_taken_for_a_failure_of_the_server(
    store: Store, replicas: ReplicaSet
) -> None:
    from store.mongo.store import MongoStore

    other = await MongoStore.open(MongoAddress(replicas.hosts))
    await store.commit(Changes(puts=(Fence(id="p", project="p"),)))

    async def rise(one: Store) -> None:
        while True:
            fence = await one.get(Fence, "p")
            assert fence is not None
            try:
                event = NewEvent(project="p", kind="a.b", subject=str(fence.value + 1))
                await one.commit(Changes(puts=(replace(fence, value=fence.value + 1),), events=(event,)))
            except Conflict:
                continue
            return

    await asyncio.gather(*(rise(one) for one in (store, other) for _ in range(20)))
    assert [event.subject for event in await log_of(store)] == [str(n) for n in range(1, 41)]
    await other.close()


async def test_a_process_that_dies_within_a_commit_holds_up_nobody_for_long(
    store: Store, replicas: ReplicaSet
) -> None:
    from pymongo import MongoClient

    await store.commit(pair("before"))
    with MongoClient[dict[str, Any]](replicas.hosts, appname="interlock") as dying:
        session = dying.start_session()
        session.start_transaction()
        dying["interlock"]["logs"].update_one({"_id": "p"}, {"$inc": {"last": 1}}, session=session)
        started = time.monotonic()
        await asyncio.gather(*(store.commit(pair(f"{n}")) for n in range(3)))
        assert time.monotonic() - started < IN_TIME_SECONDS
    assert [event.sequence for event in await log_of(store)] == [1, 2, 3, 4]


CALLS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "get": lambda store: store.get(BacklogItem, "a"),
    "find": lambda store: store.find(BacklogItem, {}),
    "search": lambda store: store.search(BacklogItem, "a", {}),
    "commit": lambda store: store.commit(pair("away")),
    "events_after": lambda store: store.events_after("p", 0),
    "drop_events": lambda store: store.drop_events(BacklogItem(id="", project="", title="").created_at),
}


@pytest.mark.parametrize("how", ["dead", "frozen"])
async def test_while_mongo_is_away_calls_fail_in_time_with_a_hint_and_the_loop_runs_on(
    store: Store, replicas: ReplicaSet, how: str
) -> None:
    (member,) = replicas.members
    await store.commit(pair("before"))
    (member.kill if how == "dead" else member.freeze)()
    longest = [0.0]
    beating = asyncio.create_task(_beat(longest))

    async def timed(call: Callable[[Store], Awaitable[Any]]) -> float:
        started = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await call(store)
        assert caught.value.hint
        return time.monotonic() - started

    took = await asyncio.gather(*(timed(call) for call in CALLS.values() for _ in range(20)))
    assert max(took) < IN_TIME_SECONDS
    health = await store.health()
    assert not health.can_read
    assert not health.can_write
    assert health.detail
    # The clock goes on: what is alive can still be told from what is stale.
    assert (await store.now()) <= (await store.now())
    beating.cancel()
    # The driver's shortest wait is 2 s.
    assert longest[0] < 1.9
    (member.start if how == "dead" else member.thaw)()
    async with asyncio.timeout(30):
        while True:
            with suppress(Unavailable):
                await store.commit(pair("after"))
                break
            assert {event.subject for event in await _read_when_back(store)} >= {"before"}
    health = await store.health()
    assert (health.can_read, health.can_write) == (True, True)


async def _read_when_back(store: Store) -> list[Event]:
    while True:
        with suppress(Unavailable):
            return await log_of(store)


async def _beat(longest: list[float]) -> None:
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest[0] = max(longest[0], time.monotonic() - before - 0.01)


async def test_c2_a_server_whose_mongo_goes_away_says_so_answers_on_and_recovers_without_a_restart(
    serve: Serve, replicas: ReplicaSet
) -> None:
    (member,) = replicas.members
    server = serve(MONGO_HOST=replicas.hosts, INTERLOCK_EMBEDDER="off")
    await server.start()
    add = 'mutation { addBacklogItem(input: {project: "p", title: "t", description: "d"}) { id } }'
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:

        async def is_well() -> bool:
            return (await client.get("/health")).status_code == 200

        await ask(client, server.url, add)
        assert await is_well()
        member.kill()
        started = time.monotonic()
        refused, page, health = await asyncio.gather(
            client.post("/graphql", json={"query": add}),
            client.post("/graphql", json={"query": "{ __typename }"}),
            client.get("/health"),
        )
        assert time.monotonic() - started < IN_TIME_SECONDS
        (error,) = refused.json()["errors"]
        assert (error["extensions"]["code"], page.json()["data"]) == ("UNAVAILABLE", {"__typename": "Query"})
        assert "MONGO_HOST" in error["extensions"]["hint"]
        assert health.status_code == 503
        assert not health.json()["parts"]["store_write"]["ok"]
        member.start()
        async with asyncio.timeout(30):
            while not await is_well():
                await asyncio.sleep(0.05)
        await ask(client, server.url, add)


async def test_a_server_without_its_mongo_does_not_start_and_says_why_in_a_line(serve: Serve) -> None:
    server = serve(MONGO_HOST="127.0.0.1", MONGO_PORT="9")
    server.spawn()
    code, said = await server.finish()
    assert code == 1
    assert "MongoDB at 127.0.0.1:9 does not answer" in said
    assert "Traceback" not in said


async def test_a_missing_mongo_stops_the_opening_in_time(tmp_path: Path) -> None:
    from store.mongo.store import MongoStore

    started = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer") as caught:
        await MongoStore.open(MongoAddress("127.0.0.1", 9))
    assert "MONGO_HOST" in caught.value.hint
    assert time.monotonic() - started < IN_TIME_SECONDS


@pytest.mark.parametrize(("replica_set", "said"), [("", "standalone"), ("rs0", "never initiated")])
async def test_a_server_without_transactions_is_refused_and_the_way_out_named(
    tmp_path: Path, replica_set: str, said: str
) -> None:
    from store.mongo.store import MongoStore

    member = Member(tmp_path / "alone", replica_set=replica_set)
    member.start()
    try:
        with pytest.raises(Unavailable, match=said) as caught:
            await MongoStore.open(MongoAddress(member.name))
        assert "rs.initiate()" in caught.value.hint
    finally:
        member.kill()


async def test_a_password_with_any_characters_logs_in_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    """E3, E4: the user is looked for in `admin`, and nothing of the password is taken for an address."""
    from pymongo import MongoClient

    from store.mongo.store import MongoStore

    key = tmp_path / "key"
    key.write_text("a" * 64)
    key.chmod(0o600)
    replicas = ReplicaSet(tmp_path / "set", key=key)
    password = "p@ss/w:%40?#[é "
    try:
        replicas.start()
        first = {"host": "127.0.0.1", "port": replicas.members[0].port, "directConnection": True}
        # Who is first, and near, may make one user: the one who makes the others.
        with MongoClient[dict[str, Any]](**first) as client:
            client.admin.command("createUser", "root", pwd="x", roles=["root"])
        with MongoClient[dict[str, Any]](**first, username="root", password="x") as client:
            roles = [{"role": "readWrite", "db": "interlock"}]
            client.admin.command("createUser", "agent", pwd=password, roles=roles)
        address = MongoAddress(replicas.hosts, user="agent", password=password)
        assert password not in repr(address)
        store = await MongoStore.open(address)
        await store.commit(pair("in"))
        assert (await store.health()).can_write
        with MongoClient[dict[str, Any]](
            **first, username="agent", password=password, appname="interlock"
        ) as dying:
            session = dying.start_session()
            session.start_transaction()
            dying["interlock"]["logs"].update_one({"_id": "p"}, {"$inc": {"last": 1}}, session=session)
            # To end it takes no more rights than to write.
            await store.commit(pair("after"))
        await store.close()
        for wrong in (replace(address, password="no"), replace(address, auth_database="interlock")):
            with pytest.raises(Unavailable, match="credentials") as caught:
                await MongoStore.open(wrong)
            assert "MONGO_PASSWORD" in caught.value.hint
        with pytest.raises(Unavailable) as caught:
            await MongoStore.open(replace(address, password=""))
        assert "MONGO_USER" in caught.value.hint
    finally:
        replicas.kill()
