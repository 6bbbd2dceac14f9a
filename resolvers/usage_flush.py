"""How counts of use are written: in batches, beside the requests, and never into what was used."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from resolvers.acts import Act, Decision, Engine
from resolvers.flushing import flush
from store.port import Changes
from store.records import Usage


async def flush_usage(engine: Engine) -> int:
    """Write what was counted, 500 records a commit; return how many. What fails is kept for the next time.

    Raises:
        Clash, Unready: it could not be written.
    """
    return await flush(engine, engine.usage, _write)


async def _write(act: Act, counts: dict[str, tuple[str, int]]) -> None:
    async def decision(now: datetime) -> Decision[None]:
        found = await act.store.get_many(Usage, list(counts))
        puts = []
        for record_id, (project, count) in counts.items():
            known = found.get(record_id) or Usage(id=record_id, project=project, created_at=now)
            puts.append(replace(known, count=known.count + count, updated_at=now))
        return Decision(None, Changes(puts=tuple(puts)))

    await act.decide(decision)
