"""What a person in charge leaves behind: an entry of the audit log in the same commit, a line for whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from resolvers.callers import Role
from resolvers.errors import Clash
from store.port import Changes, In, Where
from store.records import Audit, NewEvent, Notice, Record, Session, new_id

if TYPE_CHECKING:
    from resolvers.acts import Act

MOST_TOLD = 1_000
_CHORES = frozenset({"function", "presence"})
"""Areas in which programs act for nobody in particular, thousands of times."""
_QUOTED = 200


def audited(act: Act, changes: Changes, now: datetime) -> Changes:
    """Add an audit entry to what a person changes outside any session, unless it has one.

    It is called as the first event is, and tells the reason given with the request.
    """
    if act.reason is None or not is_person(act):
        return changes
    if any(isinstance(record, Audit) for record in changes.puts):
        return replace(changes, puts=tuple(_explained(record, act.reason) for record in changes.puts))
    if not changes.events:
        return changes
    first = changes.events[0]
    if first.kind.partition(".")[0] in _CHORES:
        return changes
    made = Audit(
        id=new_id(Audit.PREFIX),
        project=first.project,
        act=first.kind,
        actor=act.actor,
        key_id=act.caller.key_id,
        key_name=act.caller.key_name,
        target=first.subject,
        detail=act.reason,
        created_at=now,
        updated_at=now,
    )
    return replace(changes, puts=(*changes.puts, made))


def explained(act: Act, event: NewEvent) -> NewEvent:
    """Return the event with the reason given with the request, if there is one."""
    return replace(event, data={**event.data, "reason": act.reason}) if act.reason else event


def _explained(record: Record, reason: str) -> Record:
    """Return the entry of a rule with the reason in it, if it does not tell it; any other record as it is."""
    if not isinstance(record, Audit) or reason in record.detail:
        return record
    return replace(record, detail=f"{record.detail}: {reason}" if record.detail else reason)


async def told(
    act: Act, project: str, agents: Iterable[str], kind: str, text: str, now: datetime
) -> tuple[Notice, ...]:
    """Return a line for each running session of `agents`, where a person acts outside any session."""
    names = tuple(sorted({name for name in agents if name}))
    if not names or not is_person(act):
        return ()
    found: list[Session] = []
    for start in range(0, len(names), MOST_TOLD):
        where: Where = {"project": project, "agent": In(names[start : start + MOST_TOLD]), "status": "active"}
        found += (await act.store.find(Session, where, limit=MOST_TOLD)).records
    return tuple(
        Notice(
            id=new_id(Notice.PREFIX),
            project=project,
            session_id=session.id,
            kind=kind,
            text=text,
            created_at=now,
            updated_at=now,
        )
        for session in found
    )


def is_person(act: Act) -> bool:
    """Tell whether the caller acts in no session, by a key that stands for a person."""
    return act.session is None and act.caller.role.includes(Role.USER)


def because(act: Act) -> str:
    """Return the reason given with the request as the end of a sentence: `: reason`, or the full stop."""
    return f": {act.reason[:_QUOTED]}" if act.reason else "."


def is_over(session: Session | None) -> Clash:
    """Return the failure of a call in a session that has ended or lapsed: by whom and why, where an admin did it."""
    state = "lapsed" if session is not None and session.status != "ended" else "ended"
    said = f"this session has {state}"
    if session is not None and session.ended_by:
        said = f"this session was ended by {session.ended_by}: {session.end_reason[:_QUOTED]}"
    return Clash(said, field="session_id", hint="Start a new one with memory_start_session.")
