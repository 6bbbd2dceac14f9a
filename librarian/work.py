"""What is done with one function that was lent: read, cut out, ask, and write back or give back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from librarian.answers import Analysis, cleaned
from librarian.asking import Asker, Unanswered
from librarian.cutting import Cut, bounded, cut, source_hash
from librarian.metrics import Metrics
from librarian.roots import Refused, Roots
from librarian.server import ENRICH, EXTEND, RELEASE, Away, Refusal, Server

LEASE_SECONDS = 300
STOP_SECONDS = 5.0

log = logging.getLogger("librarian")


class Unfit(Exception):
    """There is no source of a function to ask about, now or later."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A function and the lease that it is held by."""

    lease_id: str
    function: Mapping[str, Any]


class Work:
    """The way of a function through the librarian."""

    def __init__(self, server: Server, roots: Roots, asker: Asker, metrics: Metrics) -> None:
        self._server = server
        self._roots = roots
        self._asker = asker
        self._metrics = metrics

    async def do(self, lent: Lent) -> None:
        """Enrich a function or give it back; whatever ends this early, the lease is returned.

        Raises:
            Busy, Rejected, Spent: the model cannot be asked at all now.
            Refusal: the server takes nothing from us.
        """
        is_done = False
        extending = asyncio.create_task(self._extended(lent))
        try:
            with self._metrics.working.track_inprogress():
                await self._enriched(lent)
            is_done = True
        finally:
            extending.cancel()
            if not is_done:
                await asyncio.shield(self.give_back(lent))

    async def _enriched(self, lent: Lent) -> None:
        name, project = lent.function["name"], lent.function["project"]
        try:
            source = await asyncio.to_thread(self.source, lent.function)
            analysis = await self._asker.analyse({**lent.function, "language": source.language}, source.text)
        except Unfit as unfit:
            log.info("%s of %s is set aside: %s", name, project, unfit)
            await self._failed(lent, str(unfit), is_permanent=True)
        except Unanswered as error:
            log.info("%s of %s failed: %s", name, project, error)
            await self._failed(lent, str(error), is_permanent=False)
        else:
            await self._written(lent, source, analysis)

    def source(self, function: Mapping[str, Any]) -> Cut:
        """Return the source of a function: that under the roots, else the code it was registered with.

        Raises:
            Unfit: there is neither; the message says why.
        """
        try:
            read = self._roots.read(str(function["project"]), str(function["file"]))
            found = cut(read.content, read.path, str(function["name"]), function.get("line"))
            why = f"{function['name']} is not defined in {function['file']}"
        except Refused as refusal:
            found, why = None, str(refusal)
        if found is not None:
            return found
        code = str(function.get("code") or "")
        if not code.strip():
            raise Unfit(why)
        known = str(function.get("sourceHash") or "") or source_hash(code)
        return Cut(bounded(code), known, str(function.get("language") or ""), function.get("line") or 0)

    async def _written(self, lent: Lent, source: Cut, analysis: Analysis) -> None:
        told = {
            "id": lent.function["id"],
            "leaseId": lent.lease_id,
            "signature": analysis.signature,
            "parameters": [
                one.model_dump(exclude_none=True, exclude_defaults=True) for one in analysis.parameters
            ],
            "returns": analysis.returns,
            "calls": analysis.calls,
            "sideEffects": analysis.side_effects,
            "complexity": analysis.complexity,
            "additionalGotchas": analysis.gotchas,
            "searchSummary": analysis.search_summary,
            "sourceHash": source.source_hash,
            "code": source.text,
        }
        try:
            await self._server.patiently(ENRICH, {"input": told})
        except Refusal as refusal:
            if refusal.code in ("CONFLICT", "NOT_FOUND"):
                # Another has it now, it is gone, or an answer that never came had done it.
                self._metrics.ended("lost")
            elif refusal.code == "BAD_INPUT":
                await self._failed(lent, f"the server refuses the analysis: {refusal}", is_permanent=False)
            else:
                raise
        else:
            self._metrics.ended("enriched")
            log.info("%s of %s is enriched", lent.function["name"], lent.function["project"])

    async def _failed(self, lent: Lent, why: str, *, is_permanent: bool) -> None:
        self._metrics.ended("set_aside" if is_permanent else "failed")
        given = {"leaseId": lent.lease_id, "ids": [lent.function["id"]]}
        failure = cleaned(why)[:1_000]
        await self._server.patiently(RELEASE, {**given, "failure": failure, "permanent": is_permanent})

    async def give_back(self, lent: Lent) -> None:
        """Give a function back as it was. Where the server is away, the lease runs out by itself."""
        given = {"leaseId": lent.lease_id, "ids": [lent.function["id"]], "failure": None, "permanent": False}
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._server.execute(RELEASE, given)
            self._metrics.ended("returned")
        except (Away, Refusal, TimeoutError) as error:
            log.warning("a lease could not be returned and runs out by itself: %s", error)

    async def _extended(self, lent: Lent) -> None:
        """Keep the lease while the work goes on."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                await self._server.execute(EXTEND, {"leaseId": lent.lease_id, "seconds": LEASE_SECONDS})
            except Away:
                continue
            except Refusal:
                return
