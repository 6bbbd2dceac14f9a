"""API keys and the audit log in GraphQL."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from resolvers import audit
from resolvers import keys as rules
from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.listing import Listing
from schema.arguments import SessionArgument, kept_reason_field, session_field
from schema.connections import After, Connection
from schema.context import RequestContext
from schema.enums import shown
from schema.fields import mutation, query
from schema.loaders import loader
from store import records

shown(
    Role,
    "What a key may do; each role includes those before it.",
    name="Role",
    readonly="Reads.",
    agent="Writes in its projects.",
    user="As agent, under a person's name.",
    admin="Manages projects and agents, forces unlocks, reads the audit log.",
    owner="Manages keys.",
)


async def _use(root: Any, info: Info[RequestContext, None]) -> Any:
    act = info.context.acts[-1]
    return await loader(info.context, "key_uses", partial(rules.uses_of, act)).load(root.id)


async def _last_used_at(root: Any, info: Info[RequestContext, None]) -> datetime | None:
    use = await _use(root, info)
    return use.updated_at if use is not None else None


async def _use_count(root: Any, info: Info[RequestContext, None]) -> int:
    use = await _use(root, info)
    return use.count if use is not None else 0


@strawberry.type(description="An API key; its secret is shown only when it is created.")
class ApiKey:
    id: strawberry.ID = strawberry.field(description="Names it for good.")
    name: str = strawberry.field(description="Unique among valid keys.")
    role: Role = strawberry.field(description="What it may do.", resolver=lambda root: Role(root.role))
    projects: list[str] = strawberry.field(description="What it includes; empty means all projects.")
    hint: str = strawberry.field(description="The last 4 characters of its secret.")
    created_by: str = strawberry.field(description="Who made it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to some seconds; null: never.", resolver=_last_used_at
    )
    use_count: int = strawberry.field(description="How many requests it was used for.", resolver=_use_count)


@strawberry.type(description="A new key.")
class CreatedApiKey:
    secret: str = strawberry.field(description="Kept nowhere and shown only now: store it safely.")
    key: ApiKey = strawberry.field(description="The key.")
    name: str = strawberry.field(description="Its name.", resolver=lambda root: root.key.name)
    role: Role = strawberry.field(description="What it may do.", resolver=lambda root: Role(root.key.role))
    projects: list[str] = strawberry.field(
        description="What it includes; empty means all projects.", resolver=lambda root: root.key.projects
    )


@strawberry.type(description="What the caller may do.")
class AuthStatus:
    is_enabled: bool = strawberry.field(description="Whether requests need a key.")
    key_name: str = strawberry.field(description="The caller's key.")
    role: Role = strawberry.field(description="Its role.")
    projects: list[str] | None = strawberry.field(description="What it includes; null means all projects.")


@strawberry.type(description="A security-relevant act.")
class AuditEntry:
    id: strawberry.ID = strawberry.field(description="Sorts by time.")
    act: str = strawberry.field(description="What was done, as `area.verb`.")
    project: str = strawberry.field(description="Where; empty means the server.")
    actor: str = strawberry.field(description="The agent that did it, or `user-<key>`.")
    key_name: str = strawberry.field(description="The key by which it was done.")
    target: str = strawberry.field(description="What it was done to.")
    detail: str = strawberry.field(description="More on it.")
    created_at: datetime = strawberry.field(description="When.")


def _next(root: Any) -> Any:
    return root.after


@strawberry.type(description="A page of keys.")
class ApiKeyConnection(Connection[ApiKey]):
    next: str | None = strawberry.field(description="`after` of the next page.", resolver=_next)


@strawberry.type(description="A page of the audit log.")
class AuditConnection(Connection[AuditEntry]):
    next: str | None = strawberry.field(description="`after` of the next page.", resolver=_next)


@strawberry.input(description="A new key.")
class CreateKeyInput:
    name: str = strawberry.field(description="Unique among valid keys, up to 100 bytes.")
    role: Role = strawberry.field(default=Role.AGENT, description="What it may do.")
    projects: list[str] | None = strawberry.field(
        default=None, description="Up to 100 projects to limit it to; none: all."
    )
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="A key to revoke.")
class RevokeKeyInput:
    name: str = strawberry.field(description="Its name, or its id.")
    reason: str | None = kept_reason_field()
    session_id: strawberry.ID | None = session_field()


_First = Annotated[int, strawberry.argument(description="How many to return, 1 to 200.")]
_Revoked = Annotated[bool, strawberry.argument(description="Revoked ones too.")]
_Act = Annotated[str | None, strawberry.argument(description="Only this act, such as `key.created`.")]
_Actor = Annotated[str | None, strawberry.argument(description="Only this agent, or `user-<key>`.")]
_Since = Annotated[datetime | None, strawberry.argument(description="Only what came after this time.")]
_Until = Annotated[datetime | None, strawberry.argument(description="Only what came before this time.")]
_Project = Annotated[
    str | None, strawberry.argument(description="Only this project; default: all that the key includes.")
]


@strawberry.type
class AdminQuery:
    @query(needs=Role.OWNER, description="API keys, the latest first.", returns=ApiKeyConnection)
    async def keys(
        act: Act,
        session_id: SessionArgument = None,
        include_revoked: _Revoked = False,
        first: _First = 50,
        after: After = None,
    ) -> Listing[records.Key]:
        return await rules.keys(act, include_revoked=include_revoked, first=first, after=after)

    @query(needs=Role.ADMIN, description="The audit log, newest first.", returns=AuditConnection)
    async def audit_log(
        act: Act,
        session_id: SessionArgument = None,
        project: _Project = None,
        act_type: _Act = None,
        actor: _Actor = None,
        since: _Since = None,
        until: _Until = None,
        first: _First = 50,
        after: After = None,
    ) -> Listing[records.Audit]:
        return await audit.audit_log(
            act,
            project=project,
            act_type=act_type,
            actor=actor,
            since=since,
            until=until,
            first=first,
            after=after,
        )

    @query(needs=Role.READONLY, description="What the caller may do.", returns=AuthStatus)
    async def auth_status(act: Act, session_id: SessionArgument = None) -> rules.AuthStatus:
        return await rules.auth_status(act)


@strawberry.type
class AdminMutation:
    @mutation(needs=Role.OWNER, description="Create an API key.", returns=CreatedApiKey)
    async def create_key(act: Act, input: CreateKeyInput) -> rules.CreatedKey:
        return await rules.create_key(act, name=input.name, role=input.role, projects=input.projects)

    @mutation(needs=Role.OWNER, description="Revoke an API key and end its sessions.", returns=ApiKey)
    async def revoke_key(act: Act, input: RevokeKeyInput) -> records.Key:
        return await rules.revoke_key(act, name=input.name)
