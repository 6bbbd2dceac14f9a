"""What the tests of locks share: sessions, documents, and a model that replays the log of events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from resolvers.acts import Engine
from store.port import Changes
from store.records import Event, Session, new_id
from tests.conftest import Run

LOCK = """mutation($session: ID!, $files: [String!]!, $wait: Int! = 0, $reason: String! = "editing", $key: String) {
  lockFiles(input: {sessionId: $session, files: $files, reason: $reason, waitSeconds: $wait}, idempotencyKey: $key) {
    isGranted paths fence message
    granted { path holder fence reason stale }
    conflicts { path holder sessionId reason since stale isQueued }
    displaced { path holder }
  }
}"""
UNLOCK = """mutation($session: ID!, $files: [String!]) {
  unlockFiles(input: {sessionId: $session, files: $files}) { released stillHeld notHeld }
}"""
END = 'mutation($session: ID!) { endSession(input: {sessionId: $session, summary: "done"}) { __typename } }'


@dataclass(frozen=True)
class Agent:
    """A session under test and what it may do, through GraphQL."""

    run: Run
    name: str
    session: str

    async def lock(self, *files: str, wait: int = 0, reason: str = "editing", **more: Any) -> dict[str, Any]:
        """Lock and return the outcome."""
        asked = {"session": self.session, "files": list(files), "wait": wait, "reason": reason, **more}
        answer = await self.run(LOCK, asked)
        assert not answer["errors"], answer["errors"]
        return dict(answer["data"]["lockFiles"])

    async def unlock(self, *files: str) -> dict[str, Any]:
        """Release the files, or all, and return the outcome."""
        answer = await self.run(UNLOCK, {"session": self.session, "files": list(files) or None})
        assert not answer["errors"], answer["errors"]
        return dict(answer["data"]["unlockFiles"])

    async def end(self) -> None:
        """End the session."""
        answer = await self.run(END, {"session": self.session})
        assert not answer["errors"], answer["errors"]


async def begin(engine: Engine, run: Run, name: str, *, project: str = "p", **more: Any) -> Agent:
    """Return an agent with an active session, put straight into the store."""
    now = await engine.store.now()
    session = Session(
        id=new_id("ses"),
        project=project,
        agent=name,
        key_id=more.pop("key_id", "local"),
        active_at=now,
        created_at=now,
        updated_at=now,
        **more,
    )
    await engine.store.commit(Changes(puts=(session,)))
    return Agent(run, name, session.id)


async def log_of(engine: Engine, project: str = "p") -> list[Event]:
    """Return the project's whole log."""
    events: list[Event] = []
    while page := await engine.store.events_after(project, events[-1].sequence if events else 0, 500):
        events += page
    return events


def replayed(events: Iterable[Event]) -> dict[str, dict[str, Any]]:
    """Replay a log and return the locks held at its end, by path.

    Fails where two sessions hold overlapping paths at one moment, or where fences do not grow.
    """
    held: dict[str, dict[str, Any]] = {}
    fence = 0
    for event in events:
        if event.kind in ("lock.released", "lock.forced", "session.ended", "session.lapsed"):
            for gone in event.data["locks"]:
                assert held.pop(gone["path"])["session_id"] == gone["session_id"]
        elif event.kind in ("lock.granted", "lock.taken_over"):
            for lost in event.data.get("displaced", ()):
                assert held.pop(lost["path"])["session_id"] == lost["session_id"]
            for new in event.data["locks"]:
                assert new["fence"] > fence, "a fence did not grow"
                fence = new["fence"]
                for other in held.values():
                    is_apart = other["session_id"] == new["session_id"] or _apart(other["path"], new["path"])
                    assert is_apart, f"{new} was granted while {other} was held"
                assert new["path"] not in held
                held[new["path"]] = new
    return held


def _apart(one: str, other: str) -> bool:
    first = [part for part in one.split("/") if part not in ("", ".")]
    second = [part for part in other.split("/") if part not in ("", ".")]
    return any(a != b for a, b in zip(first, second, strict=False))


async def until(
    condition: Callable[[], Awaitable[bool]], engine: Engine, project: str = "p", seconds: float = 10
) -> None:
    """Wait, looking after each turn of the loop, until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0)
