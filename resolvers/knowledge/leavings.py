"""What a session leaves to be found when it ends: its learnings and its hand-off, as documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from resolvers.acts import Act
from resolvers.knowledge.documents import Text, digest_of, prepared, records_of
from resolvers.knowledge.fields import DocumentType, event_of, expiry, is_current
from resolvers.knowledge.secrets import kind_of_secret
from store.knowledge import DocumentDigest
from store.port import Changes, GetMany
from store.records import Document, Record, Session, new_id

_TITLE = 120


def leavings(session: Session, *, learnings: str, handoff: str, files: Sequence[str]) -> tuple[Text, ...]:
    """Return the documents that a session leaves, not yet decided on.

    A text that likely holds a secret makes none: it stays with the session.
    """
    made = []
    for kind, content in ((DocumentType.LEARNING, learnings), (DocumentType.HANDOFF, handoff)):
        if content.strip() and kind_of_secret(content) is None:
            draft = Document(
                id=new_id(Document.PREFIX),
                project=session.project,
                type=kind.value,
                title=_title(session, kind, content),
                content=content,
                files=tuple(files)[:50],
                author=session.agent,
                session_id=session.id,
            )
            made.append(prepared(draft))
    return tuple(made)


def withheld(*, learnings: str, handoff: str) -> str:
    """Say which texts make no document because of a likely secret, and of what kind; or return the empty text."""
    texts = (("learnings", learnings), ("handoff_notes", handoff))
    kinds = [(field, kind) for field, content in texts if (kind := kind_of_secret(content)) is not None]
    told = " and ".join(f"{field} (looks like it holds {kind})" for field, kind in kinds)
    return f"not kept as knowledge: {told}; store it again without" if told else ""


def _title(session: Session, kind: DocumentType, content: str) -> str:
    first = " ".join(content.strip().splitlines()[0].strip("#-* ").split())
    about = session.task if kind is DocumentType.HANDOFF and session.task else first
    title = about if len(about) <= _TITLE else f"{about[: _TITLE - 1].rstrip()}…"
    return f"Hand-off: {title}" if kind is DocumentType.HANDOFF else title or "Learning"


async def left(act: Act, given: Sequence[Text], now: datetime) -> Changes:
    """Return what storing the documents changes; what an active document says already is left out."""
    if not given:
        return Changes()
    digests, known = await _first_ones(act, given)
    puts: list[Record] = []
    events = []
    for one in given:
        digest = digests.get(one.digest_id)
        first = known.get(digest.document_id) if digest else None
        if first is not None and is_current(first, now):
            continue
        expires = expiry(one.document.type, None, now)
        made = replace(one.document, expires_at=expires, status_at=now, created_at=now, updated_at=now)
        puts += [*records_of(made, one.bands, now), digest_of(one, digest, now)]
        events.append(event_of(made, "stored"))
    return Changes(puts=tuple(puts), events=tuple(events))


async def _first_ones(
    act: Act, given: Sequence[Text]
) -> tuple[dict[str, DocumentDigest], dict[str, Document]]:
    (digests,) = await act.store.read(GetMany(DocumentDigest, tuple(one.digest_id for one in given)))
    if not digests:
        return {}, {}
    known = await act.store.get_many(Document, [digest.document_id for digest in digests.values()])
    return digests, known
