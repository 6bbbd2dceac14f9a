"""What memories, hand-offs and work of mcp-shared-memory become: documents, and sessions that have ended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from api.legacy.values import Mapped, Row, Unusable, id_of, mapping_of, parts_of, shortened
from resolvers.knowledge.documents import Text, digest_of, prepared, records_of
from resolvers.knowledge.fields import DocumentStatus, DocumentType, event_of
from resolvers.rules import MAX_NAME, MAX_TEXT_BYTES, MAX_TITLE
from resolvers.work import WorkStatus
from store.knowledge import NEVER
from store.records import Document, Record, Session, Work

_PART_BYTES = MAX_TEXT_BYTES - 200
_ENDED = {WorkStatus.COMPLETED.value, WorkStatus.ABANDONED.value}


def documents_of(row: Row, record_id: str) -> Iterator[Mapped]:
    """Yield the document of a memory; of a text that is too long for one, several.

    Raises:
        Unusable: it has neither a title nor a text.
    """
    title = row.line("title", most=MAX_TITLE - 20)
    content = _content(row, title)
    if not content and not title:
        raise Unusable("has neither title nor text")
    parts = list(parts_of(content or title, _PART_BYTES))
    for number, part in enumerate(parts, 1):
        name = title or shortened(" ".join(part.split()), 80)
        if len(parts) > 1:
            name = f"{name} ({number}/{len(parts)})"
        draft = _draft(row, record_id if number == 1 else f"{record_id}.{number}", name, part)
        text = prepared(draft)
        yield Mapped(row.id, _records(row, text), (event_of(text.document, "stored"),))


def _records(row: Row, text: Text) -> tuple[Record, ...]:
    made = records_of(text.document, text.bands, row.updated)
    if text.document.status != DocumentStatus.ACTIVE:
        return made
    return (*made, digest_of(text, None, row.updated))


def _content(row: Row, title: str) -> str:
    content = row.text.strip()
    heading = f"# {title}"
    return content[len(heading) :].strip() if title and content.startswith(heading + "\n") else content


def _draft(row: Row, record_id: str, title: str, content: str) -> Document:
    kind = row.one_of("type", DocumentType, "")
    status = row.one_of("status", DocumentStatus, DocumentStatus.ACTIVE.value)
    tags = row.texts("tags")
    if not kind:
        # A type that neither knows is kept in a tag.
        told = row.line("type", most=MAX_NAME)
        tags = (
            (*tags[:-1], f"type:{told}") if len(tags) >= 50 else (*tags, *([f"type:{told}"] if told else ()))
        )
        kind = DocumentType.LEARNING.value
    interface = row.line("interface_name", most=MAX_NAME * 2)
    # Theirs was overwritten by the archiving itself.
    previous = row.one_of("previous_status", DocumentStatus, "")
    is_archived = status == DocumentStatus.ARCHIVED
    return Document(
        id=record_id,
        project=row.project,
        type=kind,
        title=title,
        content=content or title,
        status=status,
        status_at=row.updated,
        status_reason=row.line("status_reason", "archive_reason"),
        previous_status=(previous if previous not in ("", "archived") else "active") if is_archived else "",
        superseded_by=row.line("superseded_by", most=MAX_NAME) if status == "superseded" else "",
        tags=tags,
        files=row.files("files_related", "files_modified"),
        author=row.agent("claude_instance", "created_by"),
        expires_at=row.moment("expires_at") or NEVER,
        interface_name=interface,
        interface_version=row.line("interface_version", most=MAX_NAME) if interface else "",
        interface_owner=row.agent("interface_owner", "claude_instance") if interface else "",
        interface_schema=mapping_of(row.data.get("interface_schema")) if interface else {},
        **row.times,
    )


def interface_id(project: str, name: str) -> str:
    """Return the id of the one place of a named interface, where the next to store it will look."""
    return f"{Document.PREFIX}_{hashlib.sha256(f'{project}/{name}'.encode()).hexdigest()[:24]}"


def session_of(row: Row) -> Mapped:
    """Return the session that wrote a hand-off, as one that has ended; the hand-off is found at the next start."""
    session = _session(row, row.line("title", most=300).removeprefix("Handoff: "))
    sections = _sections(row.text)
    made = replace(
        session,
        summary=shortened(sections.get("Session Summary", ""), MAX_TEXT_BYTES),
        handoff=shortened(sections.get("Handoff Notes", ""), MAX_TEXT_BYTES),
        files_modified=row.files("files_modified"),
    )
    return Mapped(row.id, (made,))


def work_of(row: Row) -> Mapped:
    """Return the work of a session, which is over: sessions did not outlive their server."""
    title = row.line("title", most=300) or "work"
    session = _session(row, title)
    status = row.one_of("status", WorkStatus, WorkStatus.ABANDONED.value)
    work = Work(
        id=session.id,
        project=session.project,
        agent=session.agent,
        title=title,
        status=status if status in _ENDED else WorkStatus.ABANDONED.value,
        files=row.files("files_touched"),
        notes=shortened(row.text.removeprefix(title).strip(), MAX_TEXT_BYTES),
        blocked_by=row.line("blocked_by", most=MAX_NAME),
        blocked_reason=row.line("blocked_reason"),
        waiting_for_signal=row.line("waiting_for_signal", most=MAX_NAME),
        **row.times,
    )
    return Mapped(row.id, (work, session))


def _session(row: Row, task: str) -> Session:
    session_id = id_of(row.data.get("session_id") or row.id.partition("_")[2], "session_id")
    times = row.times
    ended = times["updated_at"]
    return Session(
        id=session_id,
        project=row.project,
        agent=row.agent("claude_instance"),
        status="ended",
        task=task,
        active_at=ended,
        ended_at=ended,
        **times,
    )


def _sections(text: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:].strip()
        elif heading:
            found.setdefault(heading, []).append(line)
    return {name: "\n".join(lines).strip().removesuffix("None").strip() for name, lines in found.items()}
