"""What a reader of a document is warned of: that it is old, no longer holds, or is about files changed since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from resolvers.acts import Act
from resolvers.knowledge.fields import DocumentStatus
from resolvers.paths import Places
from store.port import By, Find, Span, Where
from store.records import Document, Session, Work

OLD = timedelta(days=30)
_LOOKED_AT = 50
_NAMED = 3

_NOTES = {
    DocumentStatus.DEPRECATED: "deprecated: no longer recommended",
    DocumentStatus.SUPERSEDED: "superseded: there is a newer one",
    DocumentStatus.ARCHIVED: "archived: put aside, may not hold",
    DocumentStatus.CONFLICTED: "conflicted: another document says otherwise",
    DocumentStatus.REVIEW_PENDING: "review pending: not confirmed yet",
    DocumentStatus.EXPIRED: "expired: past its time",
}


def age_of(then: datetime, now: datetime) -> str:
    """Return in words how long ago `then` was, such as `3 days ago`."""
    minutes = max(int((now - then) / timedelta(minutes=1)), 0)
    for size, unit in ((60 * 24 * 365, "year"), (60 * 24 * 30, "month"), (60 * 24, "day"), (60, "hour")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{minutes} min ago" if minutes else "just now"


def warning_of(document: Document, now: datetime, changed: Sequence[str] = ()) -> str:
    """Return what a reader must know before relying on a document, or the empty text."""
    notes = []
    status = DocumentStatus(document.status)
    if status is DocumentStatus.SUPERSEDED and document.superseded_by:
        notes.append(f"superseded by {document.superseded_by}")
    elif status in _NOTES:
        notes.append(_NOTES[status])
    if status is not DocumentStatus.EXPIRED and document.expires_at <= now:
        notes.append(_NOTES[DocumentStatus.EXPIRED])
    if notes and document.status_reason:
        notes[0] += f" ({document.status_reason[:120]})"
    if changed:
        notes.append(f"files changed since: {', '.join(changed[:_NAMED])}")
    if now - document.updated_at > OLD:
        notes.append("older than 30 days: check that it still holds")
    return "; ".join(notes)


def questions(act: Act, documents: Sequence[Document]) -> list[Find]:
    """Return what to ask the store about changes to the documents' files: two indexed questions a project."""
    since: dict[str, datetime] = {}
    for one in documents:
        if one.files and act.caller.sees(one.project):
            since[one.project] = min(one.updated_at, since.get(one.project, one.updated_at))
    asks = []
    for project, oldest in since.items():
        after = Span(after=oldest)
        ended: Where = {"project": project, "status": "ended", "ended_at": after}
        asks += [
            Find(Work, {"project": project, "updated_at": after}, (By("updated_at", "desc"),), _LOOKED_AT),
            Find(Session, ended, (By("ended_at", "desc"),), _LOOKED_AT),
        ]
    return asks


def changed_files(document: Document, seen: Iterable[Work | Session]) -> tuple[str, ...]:
    """Return the document's files that other sessions touched after it was written, each with who did."""
    if not document.files:
        return ()
    found: dict[str, str] = {}
    for one in seen:
        if one.project != document.project or one.id == document.session_id:
            continue
        at = one.updated_at if isinstance(one, Work) else one.ended_at
        if at is None or at <= document.updated_at:
            continue
        touched = Places(one.files if isinstance(one, Work) else one.files_modified)
        for path in document.files:
            if touched.touch(path):
                found.setdefault(path, one.agent)
    return tuple(f"{path} ({agent})" for path, agent in found.items())
