"""What an export holds, and in which order: records by kind and id, then the logs with their events."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from store.moving.portable import EVENT, FORMAT, FORMAT_VERSION, LOG, Begun, kinds, line_of, told
from store.moving.snapshot import Snapshot

Advance = Callable[[int, int], None]
"""Is told how many lines are written, and of how many."""


async def holds(snapshot: Snapshot, project: str) -> bool:
    """Tell whether there is anything of a project."""
    if project in await snapshot.logged():
        return True
    for _, kind in kinds():
        if await snapshot.count(kind, project):
            return True
    return False


async def export(
    snapshot: Snapshot, *, product: str, project: str | None, advance: Advance
) -> AsyncIterator[bytes]:
    """Yield the lines of an export of all there is, or of one project, a few hundred at a time.

    The header says what is announced, the footer what was written and the SHA-256 of all between them.
    """
    announced = {name: await snapshot.count(kind, project) for name, kind in kinds()}
    logs = {name: head for name, head in (await snapshot.logs()).items() if project in (None, name)}
    announced[LOG] = len(logs)
    announced[EVENT] = sum(head.last - head.first + 1 for head in logs.values())
    total = sum(announced.values())
    yield told(
        {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "product": product,
            "at": datetime.now(UTC).isoformat(),
            "project": project,
            "counts": _present(announced),
        }
    )
    written: Counter[str] = Counter()
    digest = hashlib.sha256()

    def taken(name: str, lines: list[bytes]) -> bytes:
        chunk = b"".join(lines)
        digest.update(chunk)
        written[name] += len(lines)
        advance(written.total(), total)
        return chunk

    for name, kind in kinds():
        async for page in snapshot.pages(kind, project):
            yield taken(name, [line_of(record) for record in page])
    for name, head in logs.items():
        yield taken(LOG, [line_of(Begun(name, head))])
        async for events in snapshot.events(name):
            yield taken(EVENT, [line_of(event) for event in events])
    yield told({"end": True, "counts": _present(written), "sha256": digest.hexdigest()})


def _present(counts: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}
