"""What a document consists of: its types, statuses and lifetimes, and what each field may hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from resolvers.acts import Act
from resolvers.answers import answer
from resolvers.errors import BadInput
from resolvers.inputs import project_name
from resolvers.listing import snapshot
from resolvers.rules import MAX_TEXT_BYTES
from store.knowledge import NEVER, SHARED
from store.records import Document, NewEvent

MAX_EXPIRY_DAYS = 36_500


@answer
class DocumentType(StrEnum):
    """What kind of knowledge a document is."""

    API_SPEC = "api_spec"
    ARCHITECTURE = "architecture"
    COMPONENT = "component"
    CONFIG = "config"
    ADR = "adr"
    LEARNING = "learning"
    PATTERN = "pattern"
    GOTCHA = "gotcha"
    CODE_SNIPPET = "code_snippet"
    SOLUTION = "solution"
    TASK_CONTEXT = "task_context"
    HANDOFF = "handoff"
    WORK_ITEM = "work_item"
    INTERFACE = "interface"
    FUNCTION_REF = "function_ref"
    SPEC = "spec"


@answer
class DocumentStatus(StrEnum):
    """Whether a document still holds."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    SUPERSEDED = "superseded"
    ARCHIVED = "archived"
    CONFLICTED = "conflicted"
    REVIEW_PENDING = "review_pending"
    EXPIRED = "expired"


LIFETIMES: Mapping[str, timedelta] = {
    DocumentType.LEARNING: timedelta(days=180),
    DocumentType.GOTCHA: timedelta(days=180),
    DocumentType.TASK_CONTEXT: timedelta(days=60),
    DocumentType.HANDOFF: timedelta(days=28),
    DocumentType.WORK_ITEM: timedelta(days=14),
}
"""How long documents of a type hold; those of other types do not expire."""


def expiry(kind: str, days: int | None, now: datetime) -> datetime:
    """Return when a document of type `kind` expires; `days` below 1 is never, None as its type has it.

    Raises:
        BadInput: it is more than 36,500 days away.
    """
    if days is None:
        lifetime = LIFETIMES.get(kind)
        return now + lifetime if lifetime else NEVER
    if days > MAX_EXPIRY_DAYS:
        raise BadInput("expires_in_days", f"must be at most {MAX_EXPIRY_DAYS:,}", hint="0 is never.")
    return now + timedelta(days=days) if days > 0 else NEVER


def is_current(document: Document, now: datetime) -> bool:
    """Tell whether a document is active and not past its time."""
    return document.status == DocumentStatus.ACTIVE and document.expires_at > now


def readable(act: Act, project: str | None, *, field: str = "project") -> str:
    """Return the canonical project to read from: the one named, else the session's; all may read `shared`.

    Raises:
        BadInput: neither is there, or it is no project name.
        Forbidden: the key does not include it.
    """
    if project and project_name(field, project) == SHARED:
        return SHARED
    return act.project(project, field=field)


def json_object(field: str, value: Any) -> Mapping[str, Any]:
    """Return a JSON object of at most 51,200 bytes; None becomes the empty one.

    Raises:
        BadInput: it is something else, or larger.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadInput(field, "must be a JSON object")
    try:
        size = len(json.dumps(value).encode("utf-8", "replace"))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(field, "is no plain JSON") from error
    if size > MAX_TEXT_BYTES:
        raise BadInput(field, f"is larger than {MAX_TEXT_BYTES:,} bytes of JSON")
    return value


def event_of(document: Document, verb: str, **more: object) -> NewEvent:
    """Return the event of what happened to a document; it never carries the content."""
    data = snapshot(document, "id", "title", "type", "status", "author", "tags")
    return NewEvent(
        project=document.project, kind=f"document.{verb}", subject=document.id, data={**data, **more}
    )
