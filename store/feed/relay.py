"""How processes wake each other: broadcaster's backends behind a supervised listener and a bounded outbox."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

from broadcaster import Broadcast

from store.records import Event

logger = logging.getLogger(__name__)

CHANNEL = "interlock.feed.1"
_WAKES_KEPT = 4096
_LIVE_KEPT = 256
_MESSAGE_BYTES = 64 * 1024
_SEND_SECONDS = 5.0
_BACKOFF_SECONDS = (0.1, 30.0)


class Wire(Broadcast):
    """Broadcaster's connection to its backend, without its queues, which have no bound.

    Its listener task, which dies unseen when the backend raises, is replaced by `listen`.
    """

    async def connect(self) -> None:
        await self._backend.connect()

    async def disconnect(self) -> None:
        await self._backend.disconnect()

    async def join(self, channel: str) -> None:
        """Start to receive what is published in `channel`."""
        await self._backend.subscribe(channel)
        # Broadcaster's Redis backend wakes its reader before the subscription stands, and with
        # redis-py 8 the reader then falls asleep for good. Asking again wakes it; it is idempotent.
        await self._backend.subscribe(channel)

    async def listen(self) -> AsyncGenerator[str, None]:
        """Yield what is published in the joined channels, until the backend raises."""
        while True:
            yield (await self._backend.next_published()).message


class Relay:
    """Tells other processes of commits, and this one of theirs.

    Wake-ups that wait to be sent are one per project, so that the outbox has a bound and a
    backend that was away is told the latest. A ping that does not come back ends the connection:
    a backend may die without raising. `on_change` is called when `is_up` changes.
    """

    def __init__(
        self,
        make_wire: Callable[[], Wire],
        *,
        channel: str,
        on_wake: Callable[[str, int], None],
        on_live: Callable[[Event], None],
        on_change: Callable[[], None],
        ping_seconds: float,
    ) -> None:
        self.is_up = False
        self.detail = "not connected yet"
        self.restarts = 0
        self.dropped = 0
        self._make_wire = make_wire
        self._channel = channel
        self._on_wake = on_wake
        self._on_live = on_live
        self._on_change = on_change
        self._ping_seconds = ping_seconds
        self._origin = secrets.token_hex(6)
        self._wakes: dict[str, int] = {}
        self._live: deque[Event] = deque(maxlen=_LIVE_KEPT)
        self._is_ping_due = False
        self._is_told = False
        self._outgoing = asyncio.Event()
        self._sent = asyncio.Event()
        self._echoed = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Note an event to be told to the others; never blocks."""
        if event.sequence == 0:
            self._live.append(event)
        elif event.project in self._wakes or len(self._wakes) < _WAKES_KEPT:
            self._wakes[event.project] = max(event.sequence, self._wakes.get(event.project, 0))
        else:
            # The others find these events when they next compare themselves with the log.
            self.dropped += 1
        self._sent.clear()
        self._outgoing.set()

    async def flush(self, seconds: float) -> None:
        """Wait until all was sent, at most so long; not at all while the broadcast is down."""
        if self.is_up and (self._wakes or self._live):
            try:
                async with asyncio.timeout(seconds):
                    await self._sent.wait()
            except TimeoutError:
                logger.warning("closed before all wake-ups were sent; the others will poll the log")

    async def run(self) -> None:
        """Stay connected until cancelled: after a failure, again with growing, jittered pauses."""
        pause, longest = _BACKOFF_SECONDS
        while True:
            try:
                await self._connection()
            except Exception as exc:  # noqa: BLE001  (whatever a driver raises, the feed goes on)
                if self.is_up:
                    pause = _BACKOFF_SECONDS[0]
                # The setting is named, for most often it is wrong where this never was up.
                self._set_state(False, f"BROADCAST_URL: {type(exc).__name__}: {exc}"[:300])
            self.restarts += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, longest)

    async def _connection(self) -> None:
        wire = self._make_wire()
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await wire.connect()
                await wire.join(self._channel)
            # What was live while nobody listened is news no more.
            self._live.clear()
            await self._until_one_ends(wire)
        finally:
            await self._hang_up(wire)

    async def _until_one_ends(self, wire: Wire) -> None:
        parts = [asyncio.create_task(part) for part in (self._listen(wire), self._send(wire), self._watch())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        for part in done:
            if part.cancelled():
                raise ConnectionError("the listener was cancelled by its backend")
            part.result()
        raise ConnectionError("the backend stopped listening")

    async def _hang_up(self, wire: Wire) -> None:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await wire.disconnect()
        except Exception as exc:  # noqa: BLE001  (a broken connection may not even close)
            logger.debug("disconnecting from the broadcast failed: %s", exc)

    async def _listen(self, wire: Wire) -> None:
        count = 0
        async with aclosing(wire.listen()) as messages:
            async for message in messages:
                self._receive(message)
                count += 1
                if count % 256 == 0:
                    await asyncio.sleep(0)

    async def _send(self, wire: Wire) -> None:
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            if self._is_ping_due:
                self._is_ping_due = False
                await self._publish(wire, {})
            while self._live:
                await self._publish(wire, {"e": _event_to_json(self._live.popleft())})
            while self._wakes:
                project, sequence = next(iter(self._wakes.items()))
                await self._publish(wire, {"p": project, "s": sequence})
                # Kept until sent: a failure sends it again on the next connection.
                if self._wakes.get(project) == sequence:
                    del self._wakes[project]
            self._sent.set()

    async def _publish(self, wire: Wire, body: dict[str, Any]) -> None:
        message = json.dumps({"f": self._origin, **body}, separators=(",", ":"), default=str)
        if len(message) > _MESSAGE_BYTES:
            self.dropped += 1
            return
        async with asyncio.timeout(_SEND_SECONDS):
            await wire.publish(self._channel, message)

    async def _watch(self) -> None:
        while True:
            self._echoed.clear()
            self._is_ping_due = True
            self._outgoing.set()
            try:
                async with asyncio.timeout(max(self._ping_seconds, 0.2)):
                    await self._echoed.wait()
            except TimeoutError:
                raise ConnectionError("the broadcast no longer delivers") from None
            self._set_state(True, "")
            await asyncio.sleep(self._ping_seconds)

    def _receive(self, message: str) -> None:
        try:
            body = json.loads(message)
            if body["f"] == self._origin:
                self._echoed.set()
            elif "e" in body:
                self._on_live(_event_from_json(body["e"]))
            elif "p" in body:
                self._on_wake(str(body["p"]), int(body["s"]))
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            logger.warning("ignored a message on the broadcast that is not ours: %s", type(exc).__name__)

    def _set_state(self, is_up: bool, detail: str) -> None:
        self.detail = detail
        if is_up == self.is_up and self._is_told:
            return
        self.is_up, self._is_told = is_up, True
        if is_up:
            logger.info("the broadcast is up")
        else:
            logger.warning("the broadcast is down, polling the log: %s", detail)
        self._on_change()


def _event_to_json(event: Event) -> dict[str, Any]:
    return {
        "project": event.project,
        "kind": event.kind,
        "subject": event.subject,
        "actor": event.actor,
        "data": dict(event.data),
        "audience": event.audience,
        "at": event.at.isoformat(),
    }


def _event_from_json(body: dict[str, Any]) -> Event:
    return Event(
        project=str(body["project"]),
        kind=str(body["kind"]),
        subject=str(body["subject"]),
        actor=str(body["actor"]),
        data=dict(body["data"]),
        audience=tuple(map(str, body["audience"])),
        at=datetime.fromisoformat(body["at"]),
        sequence=0,
    )
