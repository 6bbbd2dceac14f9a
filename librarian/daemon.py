"""When work is taken: as it is announced, now and then, and never more than the concurrency and the budget allow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from librarian.asking import Busy
from librarian.budget import Spent
from librarian.metrics import Metrics
from librarian.server import LEASE, Server
from librarian.settings import Settings
from librarian.work import LEASE_SECONDS, STOP_SECONDS, Lent, Work

log = logging.getLogger("librarian")


class Daemon:
    """Workers that take functions from the queue until they are cancelled, or until it is empty."""

    def __init__(
        self, settings: Settings, server: Server, work: Work, metrics: Metrics, projects: Sequence[str] | None
    ) -> None:
        self._settings = settings
        self._server = server
        self._work = work
        self._metrics = metrics
        self._projects = projects
        self._wake = asyncio.Condition()
        self._news = 0

    async def drain(self) -> None:
        """Work until nothing is left to take now.

        Raises:
            Busy, Rejected, Spent: the model cannot be asked.
            Refusal: the server refuses this key.
        """
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.concurrency):
                group.create_task(self._worker(is_draining=True))

    async def run(self) -> None:
        """Work until cancelled; what is under way then is given back.

        Raises:
            Rejected: the key or the model is wrong.
            Refusal: the server refuses this key.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            for _ in range(self._settings.concurrency):
                group.create_task(self._worker(is_draining=False))

    async def _worker(self, *, is_draining: bool) -> None:
        while True:
            seen = self._news
            lent = await self._kept()
            if lent is None:
                if is_draining:
                    return
                await self._until_news(seen)
                continue
            try:
                await self._work.do(lent)
            except (Busy, Spent) as pause:
                if is_draining:
                    raise
                log.warning("%s; going on in %d s", pause, pause.seconds)
                await asyncio.sleep(pause.seconds)

    async def _kept(self) -> Lent | None:
        """Borrow one function; a stop meanwhile does not lose it, but gives it back."""
        leasing = asyncio.create_task(self._leased())
        try:
            return await asyncio.shield(leasing)
        except asyncio.CancelledError:
            done, _ = await asyncio.wait((leasing,), timeout=STOP_SECONDS)
            leasing.cancel()
            if done and leasing.exception() is None and (lent := leasing.result()) is not None:
                await self._work.give_back(lent)
            raise

    async def _leased(self) -> Lent | None:
        """Borrow one function of the projects in turn; each worker holds one, so that a stop returns few."""
        for project in self._projects if self._projects is not None else (None,):
            variables = {"project": project, "limit": 1, "seconds": LEASE_SECONDS}
            lease = (await self._server.patiently(LEASE, variables))["leaseFunctions"]
            if lease["functions"]:
                return Lent(lease["leaseId"], lease["functions"][0])
        return None

    async def _until_news(self, seen: int) -> None:
        """Wait until something was registered after `seen`, at most until the next poll."""
        try:
            async with asyncio.timeout(self._settings.poll_seconds), self._wake:
                await self._wake.wait_for(lambda: self._news != seen)
        except TimeoutError:
            return

    async def _listen(self) -> None:
        async for _ in self._server.registrations(self._projects):
            async with self._wake:
                self._news += 1
                self._wake.notify_all()
