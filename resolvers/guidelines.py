"""The rules of guidelines: what agents are told to obey, and who may tell them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from resolvers.acts import Act, Decision, require_as_read
from resolvers.audit import entry
from resolvers.callers import Role
from resolvers.errors import Forbidden, NotFound
from resolvers.inputs import line, text
from resolvers.listing import Listing, listing
from resolvers.rules import MAX_NAME
from store.port import By, Changes, Where
from store.records import Agent, Guideline, NewEvent

GLOBAL = "global"
MAX_RULE = 4_000
MIN_PRIORITY, MAX_PRIORITY = 1, 100


async def set_guideline(
    act: Act,
    *,
    name: str,
    rule: str,
    scope: str = GLOBAL,
    priority: int = 50,
    updated_at: datetime | None = None,
) -> Guideline:
    """Create or replace the guideline of that name in its scope: `global` or a project.

    `rule` takes up to 4,000 bytes. `priority` is brought within 1 (told first) to 100.

    Raises:
        Forbidden: a global one needs an admin key for all projects; a project's one an admin key
            or the session of an agent of tier admin there.
        BadInput: a value cannot be taken.
        Clash: it was changed or deleted since `updated_at`.
    """
    called, told = _name(name), text("rule", rule, required=True, max_bytes=MAX_RULE)
    project = _project(act, scope)
    rank = min(max(priority, MIN_PRIORITY), MAX_PRIORITY)

    async def decision(now: datetime) -> Decision[Guideline]:
        await _require_writer(act, project)
        found = await act.store.get(Guideline, f"{project}/{called}")
        require_as_read(found, updated_at)
        kept = found or Guideline(
            id=f"{project}/{called}",
            project=project,
            name=called,
            rule=told,
            created_by=act.actor,
            created_at=now,
        )
        made = replace(kept, rule=told, priority=rank, updated_by=act.actor, updated_at=now)
        verb = "updated" if found else "created"
        audit = entry(act, now, "guideline.set", project, _target(made), f"{verb}, priority {rank}")
        return Decision(made, Changes(puts=(made, audit), events=(_event(made, "set"),)))

    return await act.decide(decision)


async def delete_guideline(
    act: Act, *, name: str, scope: str = GLOBAL, updated_at: datetime | None = None
) -> Guideline:
    """Delete the guideline of that name in its scope and return it as it was.

    Raises:
        NotFound: there is none.
        Forbidden: as for `set_guideline`.
        Clash: it was changed since `updated_at`.
    """
    called, project = _name(name), _project(act, scope)

    async def decision(now: datetime) -> Decision[Guideline]:
        await _require_writer(act, project)
        found = await _found(act, project, called)
        require_as_read(found, updated_at)
        audit = entry(act, now, "guideline.deleted", project, _target(found))
        return Decision(found, Changes(puts=(audit,), deletes=(found,), events=(_event(found, "deleted"),)))

    return await act.decide(decision)


async def guideline(act: Act, *, name: str, scope: str = GLOBAL) -> Guideline:
    """Return the guideline of that name in its scope.

    Raises:
        NotFound: there is none.
    """
    return await _found(act, _project(act, scope), _name(name))


async def guidelines(
    act: Act, *, scope: str | None = None, first: int = 100, after: str | None = None
) -> Listing[Guideline]:
    """Return guidelines by priority: a project's own, or without a project all that the caller sees."""
    project = _project(act, scope or GLOBAL)
    where: Where = {"project": project} if project else {}
    return await listing(
        act, Guideline, where, (By("priority"),), first=first, after=after, projects=(project,)
    )


def _project(act: Act, scope: str) -> str:
    """Return the project of a scope; empty for the global one."""
    named = line("scope", scope, required=True, max_bytes=2 * MAX_NAME)
    return "" if named.lower() == GLOBAL else act.project(named, field="scope")


async def _require_writer(act: Act, project: str) -> None:
    caller = act.caller
    if caller.role.includes(Role.ADMIN):
        if project or caller.projects is None:
            return
        raise Forbidden("a global guideline needs an admin key for all projects", field="scope")
    if project and act.session is not None and act.session.project == project:
        agent = await act.store.get(Agent, f"{project}/{act.session.agent}")
        if agent is not None and agent.tier == "admin" and agent.key_id == caller.key_id:
            return
    raise Forbidden(
        "setting guidelines needs the role admin",
        field="scope",
        hint="In its own project, an agent of tier admin may too." if project else "",
    )


async def _found(act: Act, project: str, name: str) -> Guideline:
    found = await act.store.get(Guideline, f"{project}/{name}")
    if found is None:
        raise NotFound(f"there is no guideline {name!r} in scope {project or GLOBAL!r}", field="name")
    return found


def _name(name: str) -> str:
    return line("name", name, required=True, max_bytes=MAX_NAME)


def _target(found: Guideline) -> str:
    return f"{found.project or GLOBAL}/{found.name}"


def _event(found: Guideline, verb: str) -> NewEvent:
    data = {"name": found.name, "scope": found.project or GLOBAL, "priority": found.priority}
    return NewEvent(project=found.project, kind=f"guideline.{verb}", subject=found.name, data=data)
