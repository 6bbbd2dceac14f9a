"""What backlog items, functions and specs of mcp-shared-memory become."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from api.legacy.values import Mapped, Row, Unusable, cleaned, id_of, mapping_of, shortened
from resolvers.backlog.fields import CLOSED, RANKS, Priority, Status, tags_of
from resolvers.errors import BadInput
from resolvers.functions.fields import MAX_LIST, MAX_NOTE, QueueState, code_hash, event_of, identity
from resolvers.paths import canonical_path
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_TEXT_BYTES, MAX_TITLE
from resolvers.specs.json_schemas import json_schema
from resolvers.specs.specs import INTERFACE, KEPT_NAMES, spec_id, version_id
from resolvers.specs.versions import FIRST, MAX_VERSION, next_patch, semver
from store.records import BacklogItem, Function, NewEvent, Spec, SpecVersion

_PLACE = re.compile(r"(?::(\d{1,7})(?:[:-]\d{1,7})?|#L(\d{1,7})(?:-L?\d{1,7})?)$")
_CODE = re.compile(r"\*\*Code:\*\*\n```\w*\n(.*?)\n```", re.DOTALL)
_ANALYSED = re.compile(
    r"^\*\*(Signature|Parameters|Returns|Complexity):\*\*\s*(.*?)(?=\n\n\*\*|\n\n## |\Z)",
    re.MULTILINE | re.DOTALL,
)


def backlog_item_of(row: Row) -> Mapped:
    """Return an item of the backlog with its tags, under the id that it had."""
    title = row.line("title", most=MAX_TITLE) or "untitled"
    status = row.one_of("backlog_status", Status, Status.OPEN.value)
    priority = row.one_of("priority", Priority, Priority.MEDIUM.value)
    is_closed = status in CLOSED
    resolution = shortened(cleaned(row.data.get("resolution")), MAX_TEXT_BYTES)
    text = row.text.strip().removeprefix(f"# {cleaned(row.data.get('title'))}").strip()
    if resolution:
        text = text.removesuffix(f"## Resolution\n{resolution}").strip()
    item = BacklogItem(
        id=id_of(row.id, "backlog"),
        project=row.project,
        title=title,
        description=shortened(text, MAX_TEXT_BYTES),
        status=status,
        is_closed=is_closed,
        priority=priority,
        priority_rank=RANKS[Priority(priority)],
        assignee="" if row.agent("assigned_to") == "unknown" else row.agent("assigned_to"),
        tags=row.texts("tags"),
        target_version=row.line("target_version", most=MAX_NAME),
        deferred_reason=row.line("deferred_reason"),
        created_by=row.agent("created_by", "claude_instance"),
        edit_count=row.number("edit_count", 0, 0, 1_000_000),
        resolution=resolution if is_closed else "",
        completed_by=row.agent("completed_by") if is_closed else "",
        completed_at=(row.moment("completed_at") or row.updated) if is_closed else None,
        **row.times,
    )
    return Mapped(row.id, (item, *tags_of(item)))


def function_of(row: Row) -> Mapped:
    """Return a function under the id that its next registration will have, whatever its line.

    Raises:
        Unusable: it has no name or no file.
    """
    name = row.line("func_name", most=MAX_TITLE)
    file, line = _place(row)
    if not name or not file:
        raise Unusable("has no name or no file")
    text = row.text
    found = _CODE.search(text)
    code = cleaned(found[1]) if found and len(found[1].encode()) <= MAX_TEXT_BYTES else ""
    analysed = {label: value.strip() for label, value in _ANALYSED.findall(text)}
    is_enriched = str(row.data.get("enriched")).lower() == "true"
    source_hash = code_hash(code) if code else ""
    made = Function(
        id=identity(row.project, file, name),
        project=row.project,
        name=name,
        file=file,
        line=line,
        purpose=shortened(cleaned(row.data.get("func_purpose")).strip(), MAX_NOTE) or name,
        gotchas=shortened(cleaned(row.data.get("gotchas")).strip(), MAX_NOTE),
        prefer_over=shortened(cleaned(row.data.get("prefer_over")).strip(), MAX_NOTE),
        requires=_lines(row, "requires"),
        code=code,
        source_hash=source_hash,
        registered_by=row.agent("claude_instance"),
        queue=(QueueState.DONE if is_enriched else QueueState.PENDING).value,
        queued_at=None if is_enriched else row.updated,
        enriched_at=(row.moment("enriched_at") or row.updated) if is_enriched else None,
        enriched_by="mcp-shared-memory" if is_enriched else "",
        enriched_hash=source_hash if is_enriched else "",
        signature=row.line("signature", most=MAX_NOTE) or analysed.get("Signature", "").strip("`")[:MAX_LINE],
        returns=shortened(cleaned(row.data.get("returns") or analysed.get("Returns")), MAX_NOTE),
        calls=_lines(row, "calls"),
        called_by=_lines(row, "called_by"),
        side_effects=_lines(row, "side_effects"),
        complexity=shortened(cleaned(row.data.get("complexity") or analysed.get("Complexity")), MAX_NOTE),
        search_summary=shortened(cleaned(row.data.get("search_summary")).strip(), MAX_NOTE),
        **row.times,
    )
    return Mapped(row.id, (made,), (event_of(made, "registered"),))


def _lines(row: Row, name: str) -> tuple[str, ...]:
    return row.texts(name, most=MAX_LIST, size=MAX_LINE)


def _place(row: Row) -> tuple[str, int | None]:
    text = cleaned(row.data.get("func_file")).strip()
    found = _PLACE.search(text)
    line = int(found[1] or found[2]) if found else None
    path = text[: found.start()] if found else text
    try:
        path = canonical_path("file", path)
    except BadInput:
        # Absolute on a machine that may be another one: kept as it was written.
        path = shortened(path.replace("\\", "/"), MAX_LINE)
    return ("" if path.endswith("/") else path), line or None


def spec_of(current: Row, history: Sequence[Row]) -> Mapped:
    """Return a spec with all versions that are known of it, in the order in which they were archived.

    A version that is none, or not above the one before, becomes the next patch; a tag says what it was.

    Raises:
        Unusable: it has no name or no content.
    """
    name = shortened(current.line("spec_name", most=MAX_NAME), MAX_NAME)
    if not name or not current.text.strip():
        raise Unusable("has no name or no content")
    older = [row for row in history if row.text.strip()]
    rows = [*sorted(older, key=lambda row: row.moment("archived_at") or row.created), current]
    identity_ = spec_id(current.project, name)
    versions = list(_versions(current, name, identity_, rows))
    last = versions[-1]
    made = Spec(
        id=identity_,
        project=current.project,
        name=name,
        spec_version=last.spec_version,
        number=len(versions),
        versions=tuple(one.spec_version for one in reversed(versions))[:KEPT_NAMES],
        spec_type=last.spec_type,
        owner=current.agent("spec_owner", "created_by"),
        content_hash=_content_hash(last),
        content_length=len(last.content),
        tags=last.tags,
        author=last.author,
        **current.times,
    )
    data = {"id": made.id, "name": made.name, "spec_version": made.spec_version, "owner": made.owner}
    told = NewEvent(
        project=made.project, kind="spec.defined", subject=made.id, data=data | {"status": "created"}
    )
    return Mapped(current.id, (made, *versions), (told,))


def _versions(current: Row, name: str, identity_: str, rows: Sequence[Row]) -> Iterator[SpecVersion]:
    before = ""
    for number, row in enumerate(rows, 1):
        wanted = row.line("spec_version", most=MAX_VERSION)
        version = _following(before, wanted)
        was = () if version == wanted or not wanted else (f"was:{wanted}",)
        written = row.moment("archived_at") or row.updated
        before = version
        yield SpecVersion(
            id=version_id(current.project, name, version),
            project=current.project,
            spec_id=identity_,
            number=number,
            content=shortened(cleaned(row.text), MAX_TEXT_BYTES),
            spec_version=version,
            spec_type=row.line("spec_type", most=MAX_NAME).lower() or INTERFACE,
            json_schema=_schema(row.data.get("json_schema")),
            tags=(*row.texts("tags", most=49), *was),
            author=row.agent("updated_by", "spec_owner", "created_by"),
            created_at=written,
            updated_at=written,
        )


def _following(before: str, wanted: str) -> str:
    asked, last = semver(wanted), semver(before)
    if asked is not None and (last is None or asked > last):
        return wanted
    return next_patch(before) if before else FIRST


def _schema(value: Any) -> dict[str, Any]:
    try:
        return dict(json_schema("json_schema", mapping_of(value)))
    except BadInput:
        return {}


def _content_hash(version: SpecVersion) -> str:
    # As `resolvers.specs` has it: the same content again changes nothing.
    told = json.dumps([version.content, version.json_schema], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()
