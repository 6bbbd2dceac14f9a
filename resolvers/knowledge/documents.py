"""The rules of storing knowledge: once each text, no secrets, a named interface in its one place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.callers import Role
from resolvers.errors import BadInput, Clash, Forbidden
from resolvers.inputs import agent_name, line, names, text
from resolvers.knowledge.duplicates import NEAR, bands, shingles, similarity, text_hash
from resolvers.knowledge.fields import DocumentType, event_of, expiry, is_current, json_object
from resolvers.knowledge.secrets import refuse_secrets
from resolvers.paths import canonical_paths, overlapping
from resolvers.rules import MAX_NAME, MAX_TITLE
from store.knowledge import DocumentBand, DocumentDigest, DocumentTag
from store.port import Changes, Condition, Find, Get, In, Not
from store.records import Document, Record, WorkFile, new_id

MAX_FILES = 50
_CANDIDATES = 32
_COMPARED = 6
_OVERLAPS = 20
_OVERLAP_WINDOW = timedelta(hours=24)


@answer
@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """An active document that says almost the same; `similarity` is 0.8 to 1."""

    id: str
    title: str
    similarity: float


@answer
@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it was stored, what it nearly repeats, and who works on its files now."""

    document: Document
    is_update: bool = False
    duplicate: NearDuplicate | None = None
    working: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.document, name)


@dataclass(frozen=True, slots=True)
class Text:
    """A document to be stored, with all that is computed of its text beforehand."""

    document: Document
    digest_id: str
    hashed: frozenset[int]
    bands: tuple[str, ...]


async def store_document(
    act: Act,
    *,
    title: str,
    content: str,
    type: DocumentType,
    project: str | None = None,
    tags: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
    interface_name: str | None = None,
    interface_version: str | None = None,
    interface_owner: str | None = None,
    interface_schema: Any = None,
    expires_in_days: int | None = None,
    force_store: bool = False,
    allow_secrets: bool = False,
) -> StoredDocument:
    """Keep something worth knowing; with `interface_name` in the one place of that interface.

    Raises:
        BadInput: a value cannot be taken, or a text likely holds a secret.
        Clash: an active document of the project has the same text.
        Forbidden: the interface belongs to another agent, or the project is out of scope.
    """
    where = act.project(project)
    schema = json_object("interface_schema", interface_schema)
    owner = agent_name("interface_owner", interface_owner) if interface_owner else ""
    draft = Document(
        id=new_id(Document.PREFIX),
        project=where,
        type=type.value,
        title=line("title", title, required=True, max_bytes=MAX_TITLE),
        content=text("content", content, required=True),
        tags=names("tags", tags),
        files=_files(act, files),
        author=act.actor,
        session_id=act.session.id if act.session else "",
        interface_name=line("interface_name", interface_name, max_bytes=MAX_NAME * 2),
        interface_version=line("interface_version", interface_version, max_bytes=MAX_NAME),
        interface_owner=owner,
        interface_schema=schema,
    )
    if not draft.interface_name and (draft.interface_version or owner or schema):
        raise BadInput("interface_name", "is needed with the other interface fields")
    if not allow_secrets:
        _refuse_secrets(draft, schema)
    if draft.interface_name:
        return await _store_interface(act, prepared(draft), expires_in_days, is_forced=force_store)
    return await _store(act, prepared(draft), "content", expires_in_days, is_forced=force_store)


async def record_learning(
    act: Act,
    *,
    title: str,
    details: str,
    project: str | None = None,
    tags: Sequence[str] | None = None,
    force_store: bool = False,
    allow_secrets: bool = False,
) -> StoredDocument:
    """Keep something that was learnt; it holds for 180 days.

    Raises:
        BadInput: a value cannot be taken, or a text likely holds a secret.
        Clash: an active document of the project has the same text.
        Forbidden: the project is out of scope.
    """
    draft = Document(
        id=new_id(Document.PREFIX),
        project=act.project(project),
        type=DocumentType.LEARNING.value,
        title=line("title", title, required=True, max_bytes=MAX_TITLE),
        content=text("details", details, required=True),
        tags=names("tags", tags),
        author=act.actor,
        session_id=act.session.id if act.session else "",
    )
    if not allow_secrets:
        refuse_secrets(title=draft.title, details=draft.content)
    return await _store(act, prepared(draft), "details", None, is_forced=force_store)


def prepared(draft: Document) -> Text:
    """Return the draft with its hash and sketch; the work of it is done before the decision."""
    hashed = shingles(draft.title, draft.content)
    content_hash = text_hash(draft.title, draft.content)
    draft = replace(draft, content_hash=content_hash)
    return Text(draft, f"{draft.project}:{content_hash}", hashed, bands(hashed))


def records_of(made: Document, sketch: Sequence[str], now: datetime) -> tuple[Record, ...]:
    """Return a new document with the records by which its tags and its near duplicates find it."""
    common: dict[str, Any] = {
        "project": made.project, "document_id": made.id, "created_at": made.created_at, "updated_at": now
    }  # fmt: skip
    labels = (DocumentTag(id=f"{made.id}:{tag}", tag=tag, **common) for tag in made.tags)
    runs = (DocumentBand(id=f"{made.id}:{n}", band=band, **common) for n, band in enumerate(sketch))
    return (made, *labels, *runs)


def digest_of(given: Text, found: DocumentDigest | None, now: datetime) -> DocumentDigest:
    """Return the record that makes the text of `given` the first of its kind."""
    digest = found or DocumentDigest(
        id=given.digest_id, project=given.document.project, document_id="", created_at=now
    )
    return replace(digest, document_id=given.document.id, updated_at=now)


async def _store(
    act: Act, given: Text, field: str, expires_in_days: int | None, *, is_forced: bool
) -> StoredDocument:
    async def decision(now: datetime) -> Decision[StoredDocument]:
        draft = given.document
        digest, near, working = await _surroundings(act, given, now)
        ids = {digest.document_id} if digest else set()
        known = await act.store.get_many(Document, [*ids, *near]) if ids or near else {}
        first = known.get(digest.document_id) if digest else None
        is_taken = first is not None and is_current(first, now) and first.content_hash == draft.content_hash
        if first is not None and is_taken and not is_forced:
            raise Clash(
                f"{first.id} ({first.title!r}) says the same",
                field=field,
                hint="Use that one; pass force_store=true to store it all the same.",
            )
        expires = expiry(draft.type, expires_in_days, now)
        made = replace(draft, expires_at=expires, status_at=now, created_at=now, updated_at=now)
        puts = records_of(made, given.bands, now)
        if not is_taken:
            puts = (*puts, digest_of(given, digest, now))
        near_one = _nearest(given, [known[one] for one in near if one in known], now)
        changes = Changes(puts=puts, events=(event_of(made, "stored"),))
        return Decision(StoredDocument(made, duplicate=near_one, working=working), changes)

    return await act.decide(decision, turn=f"document:{given.digest_id}")


async def _store_interface(
    act: Act, given: Text, expires_in_days: int | None, *, is_forced: bool
) -> StoredDocument:
    """Put an interface in its one place: the first to store it owns it, or whom it names."""
    place = f"{given.document.project}/{given.document.interface_name}"
    record_id = f"{Document.PREFIX}_{hashlib.sha256(place.encode()).hexdigest()[:24]}"

    async def decision(now: datetime) -> Decision[StoredDocument]:
        found = await act.store.get(Document, record_id)
        draft = replace(given.document, id=record_id)
        expires = expiry(draft.type, expires_in_days, now)
        if found is None:
            owner = draft.interface_owner or act.actor
            made = replace(
                draft,
                interface_owner=owner,
                expires_at=expires,
                status_at=now,
                created_at=now,
                updated_at=now,
            )
            changes = Changes(puts=records_of(made, given.bands, now), events=(event_of(made, "stored"),))
            return Decision(StoredDocument(made), changes)
        _require_owner(act, found, is_forced=is_forced)
        made = replace(
            draft,
            interface_owner=draft.interface_owner or found.interface_owner,
            expires_at=expires,
            status_at=now if found.status != draft.status else found.status_at,
            version=found.version,
            created_at=found.created_at,
            updated_at=now,
        )
        puts, deletes = await _resketched(act, found, made, given.bands, now)
        changes = Changes(puts=puts, deletes=deletes, events=(event_of(made, "updated"),))
        return Decision(StoredDocument(made, is_update=True), changes)

    return await act.decide(decision, turn=f"document:{record_id}")


def _require_owner(act: Act, found: Document, *, is_forced: bool) -> None:
    owner = found.interface_owner or found.author
    if act.actor == owner or (is_forced and act.caller.role.includes(Role.ADMIN)):
        return
    raise Forbidden(
        f"the interface {found.interface_name!r} belongs to {owner}",
        field="interface_name",
        hint=f"Ask {owner} to change it; an admin may with force_store=true.",
    )


async def _resketched(
    act: Act, found: Document, made: Document, sketch: Sequence[str], now: datetime
) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Return what an update puts and deletes: tags and bands that stay are not written again."""
    of = {"document_id": found.id}
    tags, old_bands = await act.store.read(
        Find(DocumentTag, of, limit=1_000), Find(DocumentBand, of, limit=1_000)
    )
    old: dict[str, Any] = {record.id: record for record in (*tags.records, *old_bands.records)}
    puts: list[Record] = [made]
    for record in records_of(made, sketch, now)[1:]:
        before = old.pop(record.id, None)
        if before is None:
            puts.append(record)
        elif isinstance(record, DocumentBand) and record.band != before.band:
            puts.append(replace(before, band=record.band, updated_at=now))
    return tuple(puts), tuple(old.values())


async def _surroundings(
    act: Act, given: Text, now: datetime
) -> tuple[DocumentDigest | None, tuple[str, ...], tuple[str, ...]]:
    """Return the text's digest, the documents that share a band, and who works on its files: one trip."""
    made = given.document
    asks: list[Get | Find] = [Get(DocumentDigest, given.digest_id)]
    if given.bands:
        where: dict[str, Condition] = {"project": made.project, "band": In(given.bands)}
        asks.append(Find(DocumentBand, where, limit=_CANDIDATES * len(given.bands)))
    if made.files:
        touched = {"project": made.project, **overlapping(made.files), "session_id": Not(made.session_id)}
        asks.append(Find(WorkFile, touched, limit=_OVERLAPS))
    digest, *pages = await act.store.read(*asks)
    met: dict[str, int] = {}
    if given.bands:
        for record in pages[0].records:
            met[record.document_id] = met.get(record.document_id, 0) + 1
    nearest = sorted(met, key=lambda one: -met[one])[:_COMPARED]
    files = pages[-1].records if made.files else ()
    working = {
        f"{file.path} ({file.agent})": None for file in files if now - file.updated_at <= _OVERLAP_WINDOW
    }
    return digest, tuple(nearest), tuple(working)


def _nearest(given: Text, known: Sequence[Document], now: datetime) -> NearDuplicate | None:
    best: NearDuplicate | None = None
    for document in known:
        if not is_current(document, now):
            continue
        alike = round(similarity(given.hashed, shingles(document.title, document.content)), 3)
        if alike >= NEAR and (best is None or alike > best.similarity):
            best = NearDuplicate(document.id, document.title, alike)
    return best


def _files(act: Act, values: Sequence[str] | None) -> tuple[str, ...]:
    directory = act.session.working_directory if act.session else ""
    return canonical_paths("files_related", values, working_directory=directory, limit=MAX_FILES)


def _refuse_secrets(draft: Document, schema: Mapping[str, Any]) -> None:
    refuse_secrets(
        title=draft.title,
        content=draft.content,
        interface_schema=json.dumps(schema) if schema else "",
        tags=" ".join(draft.tags),
    )
