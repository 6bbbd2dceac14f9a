"""What each operation costs in calls of the store: what the tables below say, however many rows there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER
from schema.context import RequestContext
from schema.root import build_schema
from store.feed.feed import Feed
from store.sqlite.store import SqliteStore
from tests.databases.still import StillDatabases
from tests.operations import Operation, operations

SCHEMA = build_schema()
OPERATIONS = {(one.root, one.name): one for one in operations(SCHEMA._schema)}
FEW, MANY = 1, 50
# A list that is cut at its bound may ask what was left out.
ONE_MORE = 1


class Calls:
    """Counts trips to a store, questions in them, and commits. The clock and the log are free.

    What a decision asks inside its transaction is a question, but no trip: the commit is.
    """

    def __init__(self, store: SqliteStore) -> None:
        self.counted: Counter[str] = Counter()
        self._is_deciding = False
        for name in ("read", "search"):
            setattr(store, name, self._counting(name, getattr(store, name)))
        store.settle = self._settling(store.settle)  # type: ignore[method-assign]

    def _counting(self, name: str, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counting(*asked: Any, **more: Any) -> Any:
            self.counted["trips"] += not self._is_deciding
            self.counted["questions"] += len(asked) if name == "read" else name == "search"
            return await real(*asked, **more)

        return counting

    def _settling(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def settling(decide: Callable[[], Awaitable[Any]]) -> Any:
            async def deciding() -> Any:
                self._is_deciding = True
                try:
                    return await decide()
                finally:
                    self._is_deciding = False

            self.counted["commits"] += 1
            return await real(deciding)

        return settling


@dataclass(frozen=True)
class Cost:
    """What one operation cost."""

    trips: int
    questions: int
    commits: int


@dataclass
class World:
    """A project that holds `rows` of everything, and the session of an agent in it."""

    engine: Engine
    calls: Calls
    rows: int
    session: str = ""
    sessions: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    lease: str = ""

    async def ask(self, operation: Operation, /, **values: Any) -> Any:
        context = RequestContext(self.engine, LOCAL_OWNER)
        result = await SCHEMA.execute(
            operation.document, variable_values=operation.variables(values), context_value=context
        )
        assert not result.errors, (operation.name, result.errors)
        assert result.data is not None
        return result.data[operation.name]

    async def do(self, name: str, /, **values: Any) -> Any:
        """Carry out a mutation in the session."""
        return await self.ask(OPERATIONS["mutation", name], **{"sessionId": self.session, **values})

    async def cost(self, root: str, name: str, /, **values: Any) -> tuple[Cost, Any]:
        """Return what an operation cost, and its answer."""
        self.calls.counted.clear()
        answer = await self.ask(OPERATIONS[root, name], **{"sessionId": self.session, **values})
        counted = self.calls.counted
        return Cost(counted["trips"], counted["questions"], counted["commits"]), answer

    async def start(self, agent: str, project: str = "p") -> str:
        start = OPERATIONS["mutation", "startSession"]
        return str((await self.ask(start, project=project, agent=agent))["sessionId"])


@asynccontextmanager
async def world(folder: Path, rows: int) -> AsyncIterator[World]:
    store = await SqliteStore.open(folder / f"data{rows}")
    async with Feed(store) as feed:
        made = World(Engine(store, feed), Calls(store), rows)
        made.engine.databases = StillDatabases()
        await furnish(made)
        yield made
    await store.close()


async def furnish(world: World) -> None:
    """Fill the project through the same mutations that agents use."""
    world.session = await world.start("ann")
    await world.do("createProject", name="p")
    numbers = range(world.rows)
    world.sessions = [await world.start(f"agent{n}") for n in numbers]
    for n, session in enumerate(world.sessions):
        await world.do("lockFiles", sessionId=session, files=[f"src/{n}.py"], reason="r")
        await world.do(
            "updateWork", sessionId=session, title=f"w{n}", status="IN_PROGRESS", filesTouched=[f"w/{n}.py"],
            signals=[f"s{n}"],
        )  # fmt: skip
        await world.do("heartbeat", sessionId=session, status="BUSY")
        await world.do("createChecklist", name=f"c{n}", items=["one", "two"])
        await world.do("setGuideline", name=f"g{n}", scope="p", rule="r", priority=50)
        await world.do("createProject", name=f"q{n}")
        await world.do("defineSpec", name=f"s{n}", content="text")
        kept = await world.do(
            "storeDocument", title=f"d{n}", content=f"word {n}", tags=["t"], filesRelated=["w/"]
        )
        world.documents.append(kept["id"])
        registered = await world.do("registerFunction", name=f"f{n}", file="f.py", purpose="word")
        world.functions.append(registered["id"])
        await world.do("createKey", name=f"k{n}", role="AGENT")
        blockers = world.items[:1]
        added = await world.do("addBacklogItem", title=f"word {n}", tags=["t"], blockedBy=blockers)
        world.items.append(added["id"])
        sent = await world.do("sendMessage", sessionId=session, to=["ann"], message=f"m{n}")
        world.messages.append(sent["id"])
    lent = [{"name": f"lent{n}", "file": "f.py"} for n in numbers]
    await world.do("registerFunctions", project="q0", functions=lent)
    world.lease = (await world.do("leaseFunctions", project="q0", limit=20))["leaseId"]


Values = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Bound:
    """An operation at work on all rows, and the most it may cost: trips to the store, and commits."""

    field: str
    trips: int
    commits: int = 0
    values: Values = lambda world: {}
    shows: str = ""
    label: str = ""

    def __str__(self) -> str:
        return self.label or self.field


def of(**values: Any) -> Values:
    return lambda world: values


def names(pattern: str) -> Callable[[World], list[str]]:
    return lambda world: [pattern.format(n) for n in range(world.rows)]


# A session named costs one trip: to read it. Agents and sessions show their presence, work and locks, one trip
# for each of these however many there are, and where one holds the other, so for both. A listing's `shows` holds one entry a row, or more.
QUERIES = [
    Bound("activity", 2, values=of(last=24)),
    Bound("eventLog", 1, shows="nodes"),
    Bound("lockContention", 2, values=of(days=7)),
    Bound("lockWaiters", 2),
    Bound("overview", 3),
    Bound("duplicateDocuments", 3),
    Bound("health", 1),
    Bound("operationFigures", 1),
    Bound("specVersions", 3, values=of(name="s0")),
    Bound("staleDocuments", 2, values=of(days=1)),
    Bound("storage", 2),
    Bound("threads", 5, values=of(overdueMinutes=1), shows="nodes"),
    Bound("activeWork", 3, shows="recentWorkItems"),
    Bound("agentStatuses", 2, shows="nodes"),
    Bound("agents", 10, shows="nodes"),
    Bound("auditLog", 2, shows="nodes"),
    Bound("authStatus", 1),
    Bound("backlog", 3, shows="nodes"),
    Bound("backlog", 4, values=of(tag="t"), shows="nodes", label="backlog by tag"),
    Bound("backlog", 2, values=of(text="word"), shows="nodes", label="backlog by words"),
    Bound(
        "backlog",
        2,
        values=of(text="word", projects=["p", "q0"]),
        shows="nodes",
        label="backlog of projects by words",
    ),
    Bound("backlogItem", 2, values=lambda world: {"itemId": world.items[-1]}),
    Bound("checklist", 2, values=of(name="c0")),
    Bound("checklists", 2, shows="nodes"),
    Bound("enrichmentQueue", 2, shows="nodes"),
    Bound("databases", 1),
    Bound("databaseSchema", 1, values=of(database="shop"), shows="tables"),
    Bound("queryDatabase", 1, 1, of(database="shop", query="select id from t"), shows="rows"),
    Bound("feedCursor", 1),
    Bound("findFunctions", 3, values=of(query="word", limit=50, maxTokens=20_000), shows="results"),
    Bound("function", 2, values=lambda world: {"id": world.functions[0]}),
    Bound("functions", 2, shows="nodes"),
    Bound("functions", 2, values=of(file="./"), shows="nodes", label="functions of a directory"),
    Bound("guideline", 2, values=of(name="g0", scope="p")),
    Bound("guidelines", 2, shows="nodes"),
    Bound("searchIndex", 1),
    Bound("keys", 2, shows="nodes"),
    Bound("lockOverview", 3, shows="others"),
    Bound("locks", 4, shows="nodes"),
    Bound("locks", 4, values=of(pathPattern="src/*"), shows="nodes", label="locks by pattern"),
    Bound("message", 3, values=lambda world: {"id": world.messages[0]}),
    Bound("messages", 3, shows="nodes"),
    Bound("messages", 4, values=of(agent="ann"), shows="nodes", label="messages of an agent"),
    Bound("project", 12, values=of(name="p")),
    Bound("projects", 4, shows="nodes"),
    Bound("session", 6, values=lambda world: {"id": world.session}),
    Bound("sessions", 8, shows="nodes"),
    Bound("document", 3, values=lambda world: {"id": world.documents[0]}),
    Bound("documents", 2, shows="nodes"),
    Bound("documents", 4, values=of(tag="t"), shows="nodes", label="documents by tag"),
    Bound("searchDocuments", 3, values=of(query="word", limit=20)),
    Bound("searchEverywhere", 3, values=of(query="word", limit=50), shows="results"),
    Bound("spec", 3, values=of(name="s0")),
    Bound("specs", 2, shows="nodes"),
    Bound("specs", 2, values=of(specType="interface"), shows="nodes", label="specs of a type"),
]

# In the order in which they are carried out.
MUTATIONS = [
    Bound("reindex", 1),
    Bound("startSession", 4, 1, of(project="p", agent="zoe", task="src/0.py")),
    Bound("lockFiles", 2, 1, lambda world: {"files": names("new/{}.py")(world)}),
    Bound(
        "lockFiles",
        1,
        1,
        lambda world: {"files": names("src/{}.py")(world)},
        label="lockFiles held by others",
    ),
    Bound("unlockFiles", 0, 1),
    Bound("forceUnlock", 0, 1, lambda world: {"files": names("src/{}.py")(world)}),
    Bound("updateWork", 0, 1, lambda world: {"filesTouched": names("w/{}.py")(world), "title": "t"}),
    Bound("heartbeat", 0, 1),
    Bound("sendMessage", 0, 1, of(to=["*"], message="all")),
    Bound(
        "sendMessage",
        0,
        1,
        lambda world: {"to": names("agent{}")(world), "message": "you"},
        label="sendMessage to many",
    ),
    Bound("acknowledgeMessage", 0, 1, lambda world: {"messageId": world.messages[0]}),
    Bound("updateMessageStatus", 0, 1, lambda world: {"messageId": world.messages[0], "status": "COMPLETED"}),
    Bound("receiveMessages", 0, 1, of(limit=100), shows="messages"),
    Bound("addBacklogItem", 0, 1, lambda world: {"title": "x", "blockedBy": world.items}),
    Bound("updateBacklogItem", 1, 1, lambda world: {"itemId": world.items[0], "tags": ["a", "b"]}),
    Bound("claimBacklogItem", 1, 1, lambda world: {"itemId": world.items[0]}),
    Bound("completeBacklogItem", 1, 1, lambda world: {"itemId": world.items[0]}),
    Bound("createChecklist", 0, 1, lambda world: {"name": "new", "items": names("{}")(world)}),
    Bound("addChecklistItems", 0, 1, lambda world: {"name": "new", "items": names("{}")(world)}),
    Bound("checkChecklistItem", 0, 1, of(name="new", itemIndex=0)),
    Bound("updateChecklist", 0, 1, of(name="new", items=[{"index": 0}, {"text": "x"}])),
    Bound("deleteChecklist", 0, 1, of(name="new")),
    Bound("setGuideline", 0, 1, of(name="g0", scope="p", rule="r")),
    Bound("deleteGuideline", 0, 1, of(name="g0", scope="p")),
    Bound("storeDocument", 0, 1, of(title="d", content="word", filesRelated=["w/"])),
    Bound("storeDocument", 0, 1, of(content="a", interfaceName="i"), label="storeDocument of an interface"),
    Bound(
        "storeDocument", 0, 1, of(content="b", interfaceName="i"), label="storeDocument of an interface again"
    ),
    Bound("recordLearning", 0, 1, of(title="d", details="word and more")),
    Bound("changeDocumentStatus", 0, 1, lambda world: {"documentId": world.documents[0]}),
    Bound("archiveDocumentsByTag", 1, 2, of(tag="t")),
    Bound("restoreDocumentsByTag", 1, 2, of(tag="t")),
    Bound("defineSpec", 0, 1, of(name="new", content="x")),
    Bound("defineSpec", 0, 1, of(name="new", content="y"), label="defineSpec again"),
    Bound("registerFunction", 0, 1, of(name="new", file="new.py", purpose="x")),
    Bound(
        "registerFunctions",
        0,
        1,
        lambda world: {"functions": [{"name": f"g{n}", "file": "g.py"} for n in range(world.rows)]},
    ),
    Bound("leaseFunctions", 0, 1, of(limit=20)),
    Bound("becomeLibrarian", 1, 1, of(limit=20)),
    Bound("extendLease", 0, 1, lambda world: {"leaseId": world.lease}),
    Bound("enrichFunction", 0, 1, lambda world: {"id": world.functions[0], "searchSummary": "s"}),
    Bound(
        "releaseFunctions",
        0,
        1,
        lambda world: {"leaseId": world.lease, "failure": "no source", "permanent": True},
    ),
    Bound("requeueFunctions", 0, 1, lambda world: {"ids": world.functions}),
    Bound("requeueFunctions", 0, 1, of(project="q0"), label="requeueFunctions of a project"),
    Bound("removeFunctions", 0, 1, lambda world: {"ids": world.functions}),
    Bound("createProject", 0, 1, of(name="new")),
    Bound("deleteProject", 0, 1, of(name="new")),
    Bound("addProjectAgent", 0, 1, of(agent="new", name="p")),
    Bound("updateProjectAgent", 0, 1, of(agent="new", name="p")),
    Bound("removeProjectAgent", 0, 1, of(agent="new", name="p")),
    Bound("createKey", 1, 1, of(name="new", role="AGENT")),
    Bound("revokeKey", 1, 1, of(name="new")),
    Bound(
        "lockFiles",
        2,
        1,
        lambda world: {"files": names("end/{}.py")(world)},
        label="lockFiles before the end",
    ),
    Bound("forceEndSession", 6, 1, lambda world: {"id": world.sessions[0]}),
    Bound("endSession", 5, 1, of(summary="done")),
]
MANY_QUESTIONS = {"projects": "counts the sessions and the locks of each project, in one trip"}


def asked(bound: Bound, world: World) -> dict[str, Any]:
    """Return the arguments of an operation that is to reach all rows."""
    return {"project": "p", "first": 100, "limit": 100, **bound.values(world)}


@dataclass(frozen=True)
class Measured:
    cost: Cost
    shown: int


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Measured]]:
    """What each operation cost, by the number of rows."""
    folder = tmp_path_factory.mktemp("calls")

    async def measure(rows: int) -> dict[str, Measured]:
        found = {}
        async with world(folder, rows) as made:
            for kind, bounds in (("query", QUERIES), ("mutation", MUTATIONS)):
                for bound in bounds:
                    cost, answer = await made.cost(kind, bound.field, **asked(bound, made))
                    found[str(bound)] = Measured(cost, len(answer[bound.shows]) if bound.shows else 0)
        return found

    return {rows: asyncio.run(measure(rows)) for rows in (FEW, MANY)}


@pytest.mark.parametrize("bound", [*QUERIES, *MUTATIONS], ids=str)
def test_an_operation_costs_no_more_calls_of_the_store_with_many_rows(
    measured: dict[int, dict[str, Measured]], bound: Bound
) -> None:
    few, many = (measured[rows][str(bound)] for rows in (FEW, MANY))
    assert many.cost.trips <= bound.trips, many
    assert many.cost.commits <= bound.commits, many
    assert many.cost.trips <= few.cost.trips + ONE_MORE, (few, many)
    if bound.field not in MANY_QUESTIONS:
        assert many.cost.questions <= few.cost.questions + ONE_MORE, (few, many)
    if bound.shows:
        assert many.shown >= MANY, "the rows that are asked for must be there"


def test_every_operation_has_its_bound() -> None:
    listed = {("query", bound.field) for bound in QUERIES} | {
        ("mutation", bound.field) for bound in MUTATIONS
    }
    assert listed == {key for key in OPERATIONS if key[0] != "subscription"}
    assert len({str(bound) for bound in [*QUERIES, *MUTATIONS]}) == len(QUERIES) + len(MUTATIONS)
