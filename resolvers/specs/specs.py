"""The rules of specs: who may write one, which version comes next, and that none is ever lost."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.audit import entry
from resolvers.callers import LOCAL_OWNER, Role
from resolvers.errors import BadInput, Clash, Forbidden
from resolvers.inputs import agent_name, line, names, text
from resolvers.listing import snapshot
from resolvers.rules import MAX_NAME
from resolvers.specs.json_schemas import json_schema
from resolvers.specs.versions import FIRST, MAX_VERSION, next_patch, semver
from store.port import Changes
from store.records import Agent, NewEvent, Spec, SpecVersion

INTERFACE = "interface"
STATE = "state:"
KEPT_NAMES = 50
_GUARDED_LENGTH = 200
_NO_KEY = ("", LOCAL_OWNER.key_id)


@answer
class SpecChange(StrEnum):
    """What became of a definition."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@answer
@dataclass(frozen=True, slots=True)
class SpecDefined:
    """A spec as it stands after it was defined; all of its fields are read through this."""

    change: SpecChange
    spec: Spec

    def __getattr__(self, name: str) -> Any:
        return getattr(self.spec, name)


@answer
@dataclass(frozen=True, slots=True)
class SpecOwned:
    """A spec that is another's to write. `may_force` tells whether the caller can do it all the same."""

    spec: Spec
    may_force: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wants a spec to be, each value checked; None leaves it as it is."""

    project: str
    name: str
    content: str
    owner: str
    version: str
    spec_type: str
    schema: dict[str, Any] | None
    tags: tuple[str, ...] | None
    force: bool

    @property
    def spec_id(self) -> str:
        return spec_id(self.project, self.name)


async def define_spec(
    act: Act,
    *,
    name: str,
    content: str,
    owner: str | None = None,
    version: str | None = None,
    spec_type: str | None = None,
    project: str | None = None,
    json_schema: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    force: bool = False,
) -> SpecDefined | SpecOwned:
    """Create a spec, or give it a new version; the same content again changes nothing.

    The first to define it owns it. Later its owner writes, under the owner's key, and whoever has
    the role admin: without a session, or with `force` in one. A version must be greater than the
    current one; by default its patch grows by one. What is left out of an update stays.

    Raises:
        BadInput: a value cannot be taken, or the version is not greater.
        Forbidden: `owner` names another agent, and the caller is no admin.
        Clash: a state of over 200 characters would shrink below half, without `force`.
    """
    draft = _draft(act, name, content, owner, version, spec_type, project, json_schema, tags, force=force)

    async def decision(now: datetime) -> Decision[SpecDefined | SpecOwned]:
        found = await act.store.get(Spec, draft.spec_id)
        if found is None:
            return await _created(act, draft, now)
        if not await _may_write(act, found, force=draft.force):
            return Decision(SpecOwned(found, act.caller.role.includes(Role.ADMIN)))
        return await _updated(act, draft, found, now)

    return await act.decide(decision, turn=f"spec:{draft.spec_id}")


def spec_id(project: str, name: str) -> str:
    """Return the id of a spec. No project's name holds a `/`, so no two specs have the same."""
    return f"{project}/{name}"


def version_id(project: str, name: str, version: str) -> str:
    """Return the id of a version. No version holds an `@`, so no two have the same."""
    return f"{project}/{name}@{version}"


def spec_name(name: str) -> str:
    """Return a spec's name: one line of up to 100 characters, of any kind.

    Raises:
        BadInput: it is empty or longer.
    """
    called = unicodedata.normalize("NFC", line("name", name, required=True, max_bytes=4 * MAX_NAME))
    if len(called) > MAX_NAME:
        raise BadInput("name", f"is longer than {MAX_NAME} characters")
    return called


def spec_kind(spec_type: str | None) -> str:
    """Return a spec's type, a free word in lower case; empty for none."""
    return line("spec_type", spec_type, max_bytes=MAX_NAME).lower()


def _draft(
    act: Act,
    name: str,
    content: str,
    owner: str | None,
    version: str | None,
    spec_type: str | None,
    project: str | None,
    schema: Mapping[str, Any] | None,
    tags: Sequence[str] | None,
    *,
    force: bool,
) -> Draft:
    asked = line("version", version, max_bytes=MAX_VERSION)
    if asked and semver(asked) is None:
        raise BadInput("version", "is not a semantic version such as 1.4.0")
    return Draft(
        project=act.project(project),
        name=spec_name(name),
        content=text("content", content, required=True),
        owner=agent_name("owner", owner) if owner else "",
        version=asked,
        spec_type=spec_kind(spec_type),
        schema=None if schema is None else json_schema("json_schema", schema),
        tags=None if tags is None else names("tags", tags),
        force=force,
    )


async def _may_write(act: Act, found: Spec, *, force: bool) -> bool:
    caller = act.caller
    if caller.role.includes(Role.ADMIN) and (force or act.session is None):
        return True
    if found.owner != act.actor:
        return False
    if found.owner_key_id == caller.key_id:
        return True
    # A name whose key is gone passes to its next holder in the project, and its specs with it.
    if act.session is None or act.session.project != found.project:
        return False
    return found.owner_key_id in _NO_KEY or not await act.engine.is_in_force(found.owner_key_id)


async def _owner(act: Act, draft: Draft) -> tuple[str, str]:
    """Return the owner stated, else the caller, and the key that holds the name, where one does.

    Raises:
        Forbidden: another is stated, and the caller is no admin.
    """
    if not draft.owner or draft.owner == act.actor:
        return act.actor, act.caller.key_id
    if not act.caller.role.includes(Role.ADMIN):
        raise Forbidden("only an admin may name another agent as the owner", field="owner")
    projects = (draft.project, *((act.session.project,) if act.session else ()))
    ids = tuple(f"{project}/{draft.owner}" for project in projects)
    agents = await act.store.get_many(Agent, ids)
    return draft.owner, next((agents[one].key_id for one in ids if one in agents), "")


async def _created(act: Act, draft: Draft, now: datetime) -> Decision[SpecDefined | SpecOwned]:
    owner, key_id = await _owner(act, draft)
    version = draft.version or FIRST
    made = Spec(
        id=draft.spec_id,
        project=draft.project,
        name=draft.name,
        spec_version=version,
        versions=(version,),
        spec_type=draft.spec_type or INTERFACE,
        owner=owner,
        owner_key_id=key_id,
        content_hash=_hash(draft.content, draft.schema or {}),
        content_length=len(draft.content),
        tags=draft.tags or (),
        author=act.actor,
        created_at=now,
        updated_at=now,
    )
    return _written(act, SpecChange.CREATED, made, draft.content, draft.schema or {}, "")


async def _updated(act: Act, draft: Draft, found: Spec, now: datetime) -> Decision[SpecDefined | SpecOwned]:
    owner, key_id = found.owner, found.owner_key_id
    if draft.owner and draft.owner != found.owner:
        owner, key_id = await _owner(act, draft)
    elif owner == act.actor and key_id in _NO_KEY:
        key_id = act.caller.key_id
    schema = draft.schema
    if schema is None:
        current = await act.store.get(SpecVersion, version_id(found.project, found.name, found.spec_version))
        schema = dict(current.json_schema) if current else {}
    made = replace(
        found,
        owner=owner,
        owner_key_id=key_id,
        spec_type=draft.spec_type or found.spec_type,
        content_hash=_hash(draft.content, schema),
        content_length=len(draft.content),
        tags=found.tags if draft.tags is None else draft.tags,
    )
    if made == found and draft.version in ("", found.spec_version):
        return Decision(SpecDefined(SpecChange.UNCHANGED, found))
    _guard_state(draft, found)
    version = _next(draft, found)
    made = replace(
        made,
        spec_version=version,
        number=found.number + 1,
        versions=(version, *found.versions)[:KEPT_NAMES],
        author=act.actor,
        updated_at=now,
    )
    detail = "" if found.owner == act.actor else f"forced on {found.owner}"
    return _written(act, SpecChange.UPDATED, made, draft.content, schema, detail)


def _next(draft: Draft, found: Spec) -> str:
    current = semver(found.spec_version)
    asked = semver(draft.version)
    if asked is None or current is None:
        return next_patch(found.spec_version)
    if asked <= current:
        raise BadInput(
            "version",
            f"must be greater than the current {found.spec_version}",
            hint=f"Leave it out to get {next_patch(found.spec_version)}.",
        )
    return draft.version


def _guard_state(draft: Draft, found: Spec) -> None:
    old, new = found.content_length, len(draft.content)
    if not found.name.lower().startswith(STATE) or draft.force or old <= _GUARDED_LENGTH or 2 * new >= old:
        return
    raise Clash(
        f"the state would shrink from {old:,} to {new:,} characters",
        field="content",
        hint="Read the current one and keep what holds, or pass force=true if this is meant.",
    )


def _written(
    act: Act, change: SpecChange, made: Spec, content: str, schema: Mapping[str, Any], detail: str
) -> Decision[SpecDefined | SpecOwned]:
    """Return what puts a spec, its version, its trace in the audit log, and its event."""
    version = SpecVersion(
        id=version_id(made.project, made.name, made.spec_version),
        project=made.project,
        spec_id=made.id,
        number=made.number,
        content=content,
        spec_version=made.spec_version,
        spec_type=made.spec_type,
        json_schema=schema,
        tags=made.tags,
        author=made.author,
        created_at=made.updated_at,
        updated_at=made.updated_at,
    )
    told = f"{made.spec_version}, {detail}" if detail else made.spec_version
    audit = entry(act, made.updated_at, f"spec.{change}", made.project, made.id, told)
    data = snapshot(made, "id", "name", "spec_version", "owner", "spec_type", "tags", "author")
    event = NewEvent(
        project=made.project, kind="spec.defined", subject=made.id, data={**data, "status": change.value}
    )
    return Decision(SpecDefined(change, made), Changes(puts=(made, version, audit), events=(event,)))


def _hash(content: str, schema: Mapping[str, Any]) -> str:
    told = json.dumps([content, schema], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()
