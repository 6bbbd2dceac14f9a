"""The records of what a team knows: documents, functions of the code base, specs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from store.record import Record

SHARED = "shared"
"""The project whose documents, functions and specs every key may read."""

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a document expires that does not: a time, so that one comparison finds what still holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Record):
    """Something worth knowing. `status` says whether it still holds; only `active` ones are found by default.

    `previous_status` is what an archive by tag put aside. `content_hash` is that of the normalised
    text. `status_at` is when the status last changed.
    """

    PREFIX = "doc"
    INDEXES = (
        ("project", "status", "type", "created_at"),
        ("project", "type", "created_at"),
        ("project", "created_at"),
        ("project", "status", "created_at"),
        ("project", "status", "updated_at"),
        ("status", "expires_at"),
    )
    SEARCHED = ("title", "content", "tags", "files")

    type: str
    title: str
    content: str
    status: str = "active"
    status_reason: str = ""
    status_at: datetime | None = None
    previous_status: str = ""
    superseded_by: str = ""
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    author: str = ""
    session_id: str = ""
    content_hash: str = ""
    expires_at: datetime = NEVER
    interface_name: str = ""
    interface_version: str = ""
    interface_owner: str = ""
    interface_schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTag(Record):
    """A tag of a document; its id is `document:tag`, `created_at` the document's."""

    INDEXES = (("project", "tag", "created_at"), ("tag", "created_at"), ("document_id",))

    document_id: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDigest(Record):
    """The first active document of a text; its id is `project:hash of the normalised text`."""

    document_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentBand(Record):
    """A band of a document's word sketch, by which near duplicates meet; its id is `document:number`."""

    INDEXES = (("project", "band"), ("document_id",))

    document_id: str
    band: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage(Record):
    """How often a document or function was handed out; its id is that record's. Never part of it."""

    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Record):
    """A function of the code base; its id is `fn_<hash of project, file and name>`: lines may move.

    `name` is the qualified one. `is_purpose_told` is false for a purpose that came from a batch, thus
    from documentation. `queue` is pending (to be enriched, from `queued_at` on), leased to `lease_holder`
    until `lease_until`, done, or failed. `source_hash` is that of the code last seen, `enriched_hash` of
    the code that the enrichment was made from: where they differ, the enrichment is out of date.
    """

    PREFIX = "fn"
    INDEXES = (
        ("project", "queue", "queued_at"),
        ("project", "queue", "lease_until"),
        ("queue", "queued_at"),
        ("queue", "lease_until"),
        ("lease_id",),
        ("project", "file", "name"),
    )
    SEARCHED = ("name", "purpose", "search_summary", "gotchas", "signature", "code", "file")

    name: str
    file: str
    line: int | None = None
    purpose: str = ""
    is_purpose_told: bool = False
    gotchas: str = ""
    prefer_over: str = ""
    requires: tuple[str, ...] = ()
    code: str = ""
    language: str = ""
    source_hash: str = ""
    registered_by: str = ""
    queue: str = "pending"
    queued_at: datetime | None = None
    lease_id: str = ""
    lease_holder: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    failure: str = ""
    enriched_at: datetime | None = None
    enriched_by: str = ""
    enriched_hash: str = ""
    signature: str = ""
    parameters: tuple[Mapping[str, Any], ...] = ()
    returns: str = ""
    calls: tuple[str, ...] = ()
    called_by: tuple[str, ...] = ()
    side_effects: tuple[str, ...] = ()
    complexity: str = ""
    additional_gotchas: str = ""
    search_summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec(Record):
    """A spec without its content, which its versions hold; its id is `project/name`.

    `spec_version` is the current one, the `number`-th; `versions` are the newest 50, newest first.
    `content_hash` and `content_length` (characters) are those of the current one. It belongs to the
    agent `owner` under the key `owner_key_id`.
    """

    INDEXES = (
        ("project", "name"),
        ("project", "spec_type", "name"),
        ("project", "spec_type", "updated_at"),
    )
    SEARCHED = ("name", "tags")

    name: str
    spec_version: str
    number: int = 1
    versions: tuple[str, ...] = ()
    spec_type: str = "interface"
    owner: str
    owner_key_id: str = ""
    content_hash: str = ""
    content_length: int = 0
    tags: tuple[str, ...] = ()
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecVersion(Record):
    """A version of a spec as it was written; its id is `project/name@version`. `number` counts from 1."""

    INDEXES = (("spec_id", "number"),)

    spec_id: str
    number: int
    content: str
    spec_version: str
    spec_type: str
    json_schema: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState(Record):
    """How far the search index on a Chroma server is; there is one, and its id is `search`.

    `holder` wrote it last and is the process that indexes. `stamp` stands also beside the vectors: where
    they differ, the vectors are lost or another store's. `positions` are of the feed, `todo` is what a
    rebuild has left, `orders` what other processes ask of the holder: they alone may write these.
    """

    holder: str = ""
    stamp: str = ""
    model: str = ""
    positions: Mapping[str, Any] = field(default_factory=dict)
    todo: tuple[Mapping[str, Any], ...] = ()
    orders: tuple[Mapping[str, Any], ...] = ()
    indexed: int = 0
    total: int = 0
    lag: int = 0
    failure: str = ""
