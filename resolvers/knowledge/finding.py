"""How knowledge is found again: by a question, by id, or listed; each with what its reader is warned of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import page_size, text
from resolvers.knowledge.excerpts import KEYS, Candidate, json_size, shared_out
from resolvers.knowledge.fields import DocumentStatus, DocumentType, readable
from resolvers.knowledge.statuses import found_document
from resolvers.knowledge.warnings import age_of, changed_files, questions, warning_of
from resolvers.rules import MAX_LINE
from resolvers.search import search
from store.knowledge import SHARED
from store.port import Condition, GetMany, In, Span
from store.records import Document, Usage

MAX_FOUND = 20
MAX_FOUND_EVERYWHERE = 50
MIN_TOKENS = 50
MAX_TOKENS = 20_000
_MOST_PROJECTS = 1_000


@dataclass(frozen=True, slots=True)
class Handed:
    """A document as it is handed out. `content` is the whole text, or the passage that matched."""

    document: Document
    content: str
    is_truncated: bool
    age: str
    warning: str
    access_count: int
    relevance: float = 1.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.document, name)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a question found, best first; `omitted` is how many more did not fit the budget."""

    query: str
    hits: tuple[Handed, ...]
    is_degraded: bool
    omitted: int = 0


async def search_documents(
    act: Act,
    *,
    query: str,
    project: str | None = None,
    types: Sequence[DocumentType] | None = None,
    include_inactive: bool = False,
    include_shared: bool = True,
    limit: int = 3,
    max_tokens: int | None = None,
    counts_as_use: bool = True,
) -> Findings:
    """Return what a project and the shared documents say about a question; `limit` is 1 to 20.

    Only what is active and not past its time, unless `include_inactive`. `max_tokens`, 50 to
    20,000 of four characters, bounds the answer; the first is always in it.

    Raises:
        BadInput: a value cannot be taken.
        Forbidden: the key does not include the project.
    """
    where = readable(act, project)
    projects = tuple(dict.fromkeys((where, SHARED))) if include_shared else (where,)
    size = page_size("limit", limit, limit=MAX_FOUND)
    return await _found(act, query, projects, types, include_inactive, size, max_tokens, counts_as_use)


async def search_everywhere(
    act: Act,
    *,
    query: str,
    types: Sequence[DocumentType] | None = None,
    limit: int = 10,
    max_tokens: int | None = None,
    counts_as_use: bool = True,
) -> Findings:
    """Return what any project of the key, and the shared documents, say about a question.

    `limit` is 1 to 50. Of a key for all projects the first 1,000 by name are searched.

    Raises:
        BadInput: a value cannot be taken.
    """
    size = page_size("limit", limit, limit=MAX_FOUND_EVERYWHERE)
    scope = act.caller.projects
    names = await act.store.logged_projects(limit=_MOST_PROJECTS - 1) if scope is None else sorted(scope)
    projects = tuple(dict.fromkeys((*names[: _MOST_PROJECTS - 1], SHARED)))
    return await _found(act, query, projects, types, False, size, max_tokens, counts_as_use)


async def document(act: Act, *, id: str, project: str | None = None, counts_as_use: bool = True) -> Handed:
    """Return a document whole, whatever its status; `counts_as_use` as in the searches: it raises `access_count`.

    Raises:
        NotFound: there is none of that id where the caller may look.
    """
    found = await found_document(act, id, project, field="id")
    (handed,) = await _handed(act, [(found, 1.0)])
    if counts_as_use:
        act.engine.usage.add([found])
    return handed


async def _found(
    act: Act,
    query: str,
    projects: tuple[str, ...],
    types: Sequence[DocumentType] | None,
    include_inactive: bool,
    limit: int,
    max_tokens: int | None,
    counts_as_use: bool,
) -> Findings:
    asked = text("query", query, required=True, max_bytes=MAX_LINE)
    if max_tokens is not None and not MIN_TOKENS <= max_tokens <= MAX_TOKENS:
        raise BadInput("max_tokens", f"must be between {MIN_TOKENS} and {MAX_TOKENS:,}")
    where: dict[str, Condition] = {}
    if types is not None and types:
        where["type"] = In(tuple(sorted({one.value for one in types})))
    if not include_inactive:
        # Judged before the cut: what no longer holds never takes the place of what does.
        where["status"] = DocumentStatus.ACTIVE.value
        where["expires_at"] = Span(after=await act.store.now())
    results = await search(act, Document, asked, where, projects=projects, limit=limit)
    handed = await _handed(act, [(one.record, one.relevance) for one in results.found])
    candidates = [_candidate(one, found.snippet) for one, found in zip(handed, results.found, strict=True)]
    excerpts = shared_out(candidates, asked, max_tokens)
    hits = tuple(
        replace(one, content=content, is_truncated=is_cut)
        for one, (content, is_cut) in zip(handed, excerpts, strict=False)
    )
    if counts_as_use:
        act.engine.usage.add(one.document for one in hits)
    return Findings(asked, hits, results.is_degraded, len(handed) - len(hits))


def _candidate(handed: Handed, snippet: str) -> Candidate:
    record = handed.document
    others = (record.id, record.title, record.type, record.status, record.author, handed.warning)
    return Candidate(record.content, snippet, KEYS + sum(json_size(one) for one in others))


async def titles_of(act: Act, ids: Sequence[str]) -> list[Document | None]:
    """Return the documents of these ids, as far as the caller may see them."""
    found = await act.store.get_many(Document, ids)
    return [found.get(one) for one in ids]


async def handed_out(act: Act, documents: Sequence[Document]) -> list[Handed]:
    """Return documents as a list shows them: whole, each with its age and what its reader is warned of."""
    return await _handed(act, [(one, 1.0) for one in documents])


async def _handed(act: Act, chosen: Sequence[tuple[Document, float]]) -> list[Handed]:
    """Return the documents, each with its relevance, whole as they are handed out: one trip for all of them."""
    if not chosen:
        return []
    documents = [document for document, _ in chosen]
    used = GetMany(Usage, tuple(one.id for one in documents))
    counts, *pages = await act.store.read(used, *questions(act, documents))
    seen = [record for page in pages for record in page.records]
    now = await act.store.now()
    made = []
    for record, relevance in chosen:
        kept = counts.get(record.id)
        made.append(
            Handed(
                document=record,
                content=record.content,
                is_truncated=False,
                age=age_of(record.updated_at, now),
                warning=warning_of(record, now, changed_files(record, seen)),
                access_count=(kept.count if kept else 0) + act.engine.usage.pending(record.id),
                relevance=relevance,
            )
        )
    return made
