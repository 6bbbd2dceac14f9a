"""What a session is told unasked with its next result: urgent messages unread, locks it lost."""

from __future__ import annotations

from datetime import datetime

from resolvers.acts import Act, Decision
from store.port import By, Changes, Find, Where
from store.records import Delivery, Notice

MAX_LINES = 3
_COUNTED = 10


async def owed(act: Act) -> list[str]:
    """Return at most 3 lines owed to the session acted in; a notice is told once.

    At most one trip to the store, and nothing written when nothing is owed.
    """
    session = act.session
    known = act.engine.known
    if session is None or known.is_owed_nothing(session):
        return []
    since = known.writes
    urgent: Where = {
        "project": session.project,
        "recipient": session.agent,
        "status": "pending",
        "priority_rank": 0,
    }
    unread, notices = await act.store.read(
        Find(Delivery, urgent, limit=_COUNTED), Find(Notice, {"session_id": session.id}, limit=1)
    )
    lines: list[str] = []
    if not unread.records and not notices.records:
        known.owed_nothing(session, since)
        return lines
    if unread.records:
        count = f"{len(unread.records)}{'+' if unread.after else ''}"
        plural = "" if count == "1" else "s"
        lines.append(f"{count} urgent message{plural} unread: call memory_get_messages.")
    if notices.records:
        lines = [*await _told(act, session.id, MAX_LINES - len(lines)), *lines]
    return lines


async def _told(act: Act, session_id: str, limit: int) -> tuple[str, ...]:
    """Forget the oldest notices in the same commit that decides to tell them: no two results do."""

    async def decision(now: datetime) -> Decision[tuple[str, ...]]:
        page = await act.store.find(
            Notice, {"session_id": session_id}, order=(By("created_at"),), limit=limit
        )
        return Decision(tuple(notice.text for notice in page.records), Changes(deletes=page.records))

    return await act.decide(decision, turn=f"notices:{session_id}", is_final=False)
