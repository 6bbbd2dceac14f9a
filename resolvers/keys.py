"""The rules of API keys: who may make them, that a secret is shown once, that one owner remains."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from resolvers.acts import Act, Decision, secret_hash
from resolvers.audit import entry
from resolvers.callers import Role
from resolvers.errors import BadInput, Clash, Forbidden, NotFound
from resolvers.inputs import line, project_name
from resolvers.listing import Listing, listing
from resolvers.oversight import explained
from resolvers.rules import MAX_NAME
from resolvers.sessions import closing_of_key, sweep
from store.port import By, Changes, Where
from store.records import Key, KeyName, NewEvent, Session, Usage, new_id

PREFIX = "ilk_"
MAX_PROJECTS = 100
_TURN = "keys"


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret, which is kept nowhere: this is the only time it is shown."""

    key: Key
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuthStatus:
    """Whether keys are asked for, and what the caller's own lets it do (`projects` None: all)."""

    is_enabled: bool
    key_name: str
    role: Role
    projects: tuple[str, ...] | None


async def create_key(
    act: Act, *, name: str, role: Role = Role.AGENT, projects: Sequence[str] | None = None
) -> CreatedKey:
    """Create an API key; without projects it includes all of them.

    Raises:
        Clash: a valid key has this name.
        Forbidden: the role is above the caller's, or the caller's key is scoped to projects.
        BadInput: a value cannot be taken; or there is an idempotency key, as no answer is kept.
    """
    _require_unscoped(act)
    if act.repeat is not None:
        raise BadInput(
            "idempotency_key",
            "is not taken here: the secret is never kept, so no repeat could show it",
            hint="Leave it out; names are unique, so a repeat makes no second key.",
        )
    if not act.caller.role.includes(role):
        raise Forbidden(f"a key of role {role} can only be made by one", field="role")
    called = _name(name)
    scope = _projects(projects)
    return await _create(act, called, role, scope)


async def revoke_key(act: Act, *, name: str) -> Key:
    """Revoke the valid key of this name, or the key of this id, and end the sessions begun with it.

    The first 100 of its sessions end in the same commit, the others right after it, even if the caller
    goes away: their locks are free.

    Raises:
        NotFound: there is no such key.
        Clash: it is revoked already, or the last by which keys can be managed.
        Forbidden: the caller's key is scoped to projects.
    """
    _require_unscoped(act)
    return await act.engine.finished(_revoked(act, _name(name)))


async def _revoked(act: Act, called: str) -> Key:
    async def decision(now: datetime) -> Decision[Key]:
        key = await _found(act, called)
        if key.revoked_at is not None:
            raise Clash("this key was revoked before", field="name")
        checks = await _successor(act, key)
        revoked = replace(key, revoked_at=now, updated_at=now)
        holder = await act.store.get(KeyName, key.name)
        deletes = (holder,) if holder is not None and holder.key_id == key.id else ()
        closing = await closing_of_key(act, key.id, _lost(act, key), now)
        ended[:] = closing.result
        why = f"{key.role}: {act.reason}" if act.reason else key.role
        told = entry(act, now, "key.revoked", "", key.name, why)
        more = closing.changes
        changes = Changes(
            (revoked, told, *more.puts),
            (*deletes, *more.deletes),
            (*checks, *more.checks),
            (explained(act, _event(revoked, "revoked")), *more.events),
        )
        return Decision(revoked, changes)

    async def rest(now: datetime) -> Decision[Sequence[Session]]:
        return await closing_of_key(act, gone.id, _lost(act, gone), now)

    ended: list[Session] = []
    gone = await act.decide(decision, turn=_TURN)
    # A repeat may be sent because the server stopped before all of them had ended.
    is_all = not ended and act.repeat is None
    while not is_all:
        await sweep(act, ended)
        ended = [*await act.decide(rest, is_final=False)]
        is_all = not ended
    return gone


def _lost(act: Act, key: Key) -> str:
    return f"its key {key.name} was revoked" + (f": {act.reason}" if act.reason else "")


async def keys(
    act: Act, *, include_revoked: bool = False, first: int = 50, after: str | None = None
) -> Listing[Key]:
    """Return the keys, the latest first, never with a secret.

    Raises:
        Forbidden: the caller's key is scoped to projects.
    """
    _require_unscoped(act)
    where: Where = {} if include_revoked else {"revoked_at": None}
    order = (By("created_at", "desc"),)
    return await listing(act, Key, where, order, first=first, after=after, projects=("",), limit=200)


async def uses_of(act: Act, key_ids: Sequence[str]) -> list[Usage | None]:
    """Return how often and when last each key was used, to some seconds."""
    found = await act.store.get_many(Usage, key_ids)
    return [found.get(one) for one in key_ids]


async def auth_status(act: Act) -> AuthStatus:
    """Return what the caller may do."""
    caller = act.caller
    scope = None if caller.projects is None else tuple(sorted(caller.projects))
    return AuthStatus(act.engine.is_auth_enabled, caller.key_name, caller.role, scope)


async def _create(act: Act, name: str, role: Role, projects: tuple[str, ...]) -> CreatedKey:
    secret = PREFIX + secrets.token_urlsafe(32)

    async def decision(now: datetime) -> Decision[CreatedKey]:
        if await act.store.get(KeyName, name) is not None:
            raise Clash(f"a valid key is called {name!r}", field="name", hint="Revoke it or choose another.")
        made = Key(
            id=new_id(Key.PREFIX),
            project="",
            name=name,
            role=role.value,
            projects=projects,
            hash=secret_hash(secret),
            hint=secret[-4:],
            created_by=act.actor,
            created_at=now,
            updated_at=now,
        )
        taken = KeyName(id=name, project="", key_id=made.id, created_at=now, updated_at=now)
        told = entry(act, now, "key.created", "", name, _scope_text(role, projects))
        changes = Changes(puts=(made, taken, told), events=(_event(made, "created"),))
        return Decision(CreatedKey(made, secret), changes)

    return await act.decide(decision, turn=_TURN, is_final=False)


async def _found(act: Act, named: str) -> Key:
    holder = await act.store.get(KeyName, named)
    key = await act.store.get(Key, holder.key_id if holder is not None else named)
    if key is None:
        raise NotFound(f"there is no valid key {named!r}", field="name")
    return key


async def _usable_owner(act: Act, besides: str = "") -> Key | None:
    """Return a key by which keys can be managed, other than the one of id `besides`."""
    after = None
    while True:
        where: Where = {"role": Role.OWNER.value, "revoked_at": None}
        page = await act.store.find(Key, where, after=after)
        for key in page.records:
            if key.id != besides and _is_usable(key):
                return key
        after = page.after
        if after is None:
            return None


async def _successor(act: Act, key: Key) -> tuple[Key, ...]:
    """Return another usable owner key, which must still stand when `key` goes, if one is needed."""
    if not act.engine.is_auth_enabled or not _is_usable(key):
        return ()
    other = await _usable_owner(act, besides=key.id)
    if other is None:
        raise Clash(
            "this is the last owner key",
            field="name",
            hint="Create another owner key first: without one nobody could manage keys.",
        )
    return (other,)


def _is_usable(key: Key) -> bool:
    return key.role == Role.OWNER and not key.projects


def _require_unscoped(act: Act) -> None:
    if act.caller.projects is not None:
        raise Forbidden(
            "keys belong to the server, and this key is limited to projects",
            hint="Use an owner key without a list of projects.",
        )


def _name(name: str) -> str:
    return line("name", name, required=True, max_bytes=MAX_NAME)


def _projects(projects: Sequence[str] | None) -> tuple[str, ...]:
    if projects is not None and len(projects) > MAX_PROJECTS:
        raise BadInput("projects", f"has {len(projects):,} entries, at most {MAX_PROJECTS} are taken")
    return tuple(dict.fromkeys(project_name("projects", one) for one in projects or ()))


def _scope_text(role: Role, projects: tuple[str, ...]) -> str:
    return f"{role.value}: {', '.join(projects) or 'all projects'}"[:500]


def _event(key: Key, verb: str) -> NewEvent:
    data = {"id": key.id, "name": key.name, "role": key.role}
    return NewEvent(project="", kind=f"key.{verb}", subject=key.id, data=data)
