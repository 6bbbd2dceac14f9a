"""The rules of the registry: which projects are known, and who manages the agents of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from resolvers.acts import Act, Decision
from resolvers.agents import AgentEntry, Tier, agent_event, is_named, is_unowned, registry
from resolvers.callers import PERSON, Role
from resolvers.errors import BadInput, Clash, Forbidden, NotFound
from resolvers.inputs import agent_name, line, page_size, project_name
from resolvers.listing import Listing
from resolvers.oversight import explained
from resolvers.path_patterns import path_patterns
from resolvers.rules import MAX_TITLE
from store.keyset import keyset_of, keyset_values
from store.port import By, Changes, Count, Span
from store.records import Agent, Audit, Lock, NewEvent, Project, Session, new_id

COORDINATOR = "coordinator"
_BY_NAME = (By("id"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectEntry(Project):
    """A project in a list; one that is used without having been registered is not `is_registered`."""

    is_registered: bool
    active_sessions: int
    locks: int


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered project and up to 100 of its agents, admins first."""

    project: Project
    agents: tuple[AgentEntry, ...]


async def create_project(act: Act, *, name: str, display_name: str | None = None) -> Project:
    """Register a project; its creator and `coordinator` become its admins.

    `coordinator` belongs to the creator's key, unless another key already holds the name: that
    one's tier stays as it is.

    Raises:
        Clash: it is registered.
        Forbidden: it is not within the key's projects.
    """
    where = act.project(_required("name", name), field="name")
    shown = line("display_name", display_name, max_bytes=MAX_TITLE)

    async def decision(now: datetime) -> Decision[Project]:
        if await act.store.get(Project, where) is not None:
            raise Clash(f"project {where!r} is registered", field="name")
        made = Project(
            id=where, project=where, display_name=shown, created_by=act.actor, created_at=now, updated_at=now
        )
        first = [COORDINATOR]
        if act.session is not None and is_named(act.actor) and act.actor != COORDINATOR:
            first.append(act.actor)
        admins = [await _first_admin(act, where, one, now) for one in first]
        puts = [agent for agent in admins if agent is not None]
        events = [_project_event(made, "created"), *(agent_event(agent, "updated") for agent in puts)]
        audit = _audit(act, where, "project.created", where, now)
        return Decision(made, Changes(puts=(made, *puts, audit), events=tuple(events)))

    return await act.decide(decision, turn=f"project:{where}")


async def delete_project(act: Act, *, name: str) -> Project:
    """Take a project out of the registry, with its admins' tiers; its data stays.

    Raises:
        NotFound: it is not registered.
        Forbidden: the caller does not manage it.
    """
    where = act.project(_required("name", name), field="name")

    async def decision(now: datetime) -> Decision[Project]:
        found = await _registered(act, where)
        authority = await _authority(act, where)
        page = await act.store.find(Agent, {"project": where, "tier": Tier.ADMIN.value}, limit=1_000)
        lowered = [replace(agent, tier=Tier.NAMED.value, updated_at=now) for agent in page.records]
        held = {agent.id for agent in lowered}
        return Decision(
            found,
            Changes(
                puts=(*lowered, _audit(act, where, "project.deleted", where, now)),
                deletes=(found,),
                checks=tuple(agent for agent in authority if agent.id not in held),
                events=(explained(act, _project_event(found, "deleted")),),
            ),
        )

    return await act.decide(decision, turn=f"project:{where}")


async def add_project_agent(
    act: Act,
    *,
    agent: str,
    name: str | None = None,
    role_description: str | None = None,
    tier: Tier | None = None,
    patterns: Sequence[str] | None = None,
) -> Agent:
    """Name an agent in a project's registry, be it known already or not yet; default tier `named`.

    Raises:
        NotFound: the project is not registered.
        Forbidden: the caller does not manage it.
    """
    where, called = act.project(name, field="name"), _agent("agent", agent)
    role, fitting = _role(role_description), _patterns(patterns)
    wanted = _assignable(called, tier)

    async def decision(now: datetime) -> Decision[Agent]:
        project, authority = await _registered(act, where), await _authority(act, where)
        found = await act.store.get(Agent, f"{where}/{called}")
        if found is None:
            blank = Agent(id=f"{where}/{called}", project=where, name=called, created_at=now)
        else:
            blank = found
        stays = blank.tier if blank.tier != Tier.PENDING else Tier.NAMED
        made = _changed(blank, wanted or Tier(stays), role, fitting, now)
        verb = "registered" if found is None else "updated"
        return _decided(act, made, verb, project, authority, now)

    return await act.decide(decision, turn=f"agent:{where}/{called}")


async def update_project_agent(
    act: Act,
    *,
    agent: str,
    name: str | None = None,
    role_description: str | None = None,
    tier: Tier | None = None,
    patterns: Sequence[str] | None = None,
) -> Agent:
    """Change what the registry says of an agent; what is not given stays as it is.

    Raises:
        NotFound: the project is not registered, or has no such agent.
        Forbidden: the caller does not manage it.
        Clash: the coordinator would lose its tier.
    """
    where, called = act.project(name, field="name"), _agent("agent", agent)
    role, fitting = _role(role_description), _patterns(patterns)
    wanted = _assignable(called, tier)

    async def decision(now: datetime) -> Decision[Agent]:
        project, authority = await _registered(act, where), await _authority(act, where)
        found = await _known(act, where, called)
        made = _changed(found, wanted or Tier(found.tier), role, fitting, now)
        return _decided(act, made, "updated", project, authority, now)

    return await act.decide(decision, turn=f"agent:{where}/{called}")


async def remove_project_agent(act: Act, *, agent: str, name: str | None = None) -> Agent:
    """Take an agent out of the registry; its name is free again.

    Raises:
        NotFound: the project is not registered, or has no such agent.
        Forbidden: the caller does not manage it.
        Clash: it is the coordinator.
    """
    where, called = act.project(name, field="name"), _agent("agent", agent)
    if called == COORDINATOR:
        raise Clash("the coordinator cannot be removed", field="agent")

    async def decision(now: datetime) -> Decision[Agent]:
        project, authority = await _registered(act, where), await _authority(act, where)
        found = await _known(act, where, called)
        return Decision(
            found,
            Changes(
                puts=(_audit(act, where, "agent.removed", called, now),),
                deletes=(found,),
                checks=(project, *(one for one in authority if one.id != found.id)),
                events=(explained(act, agent_event(found, "removed")),),
            ),
        )

    return await act.decide(decision, turn=f"agent:{where}/{called}")


async def project(act: Act, *, name: str | None = None) -> Registration:
    """Return a registered project and its agents.

    Raises:
        NotFound: it is not registered.
    """
    where = act.project(name, field="name")
    found, agents = await asyncio.gather(_registered(act, where), registry(act, where))
    return Registration(found, agents)


async def projects(act: Act, *, first: int = 50, after: str | None = None) -> Listing[ProjectEntry]:
    """Return the projects that the caller sees, by name: those that are registered or have ever been written to."""
    size = page_size("first", first)
    behind = _name_behind(after)
    registered, used = await asyncio.gather(
        _registered_after(act, behind, size + 1), act.store.logged_projects(after=behind, limit=size + 1)
    )
    names = sorted({*registered, *used})
    shown = names[:size]
    cursor = (await act.feed.cursor(tuple(shown))).encode()
    entries = await _entries(act, shown, registered)
    more = keyset_of(entries[-1], _BY_NAME) if len(names) > size else None
    return Listing(entries, _BY_NAME, more, cursor)


def _name_behind(after: str | None) -> str:
    if after is None:
        return ""
    try:
        return str(keyset_values(after, _BY_NAME)[-1])
    except ValueError as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error


async def _registered_after(act: Act, name: str, limit: int) -> dict[str, Project]:
    page = await act.store.find(Project, {"id": Span(after=name)}, order=_BY_NAME, limit=limit)
    return {found.id: found for found in page.records}


async def _entries(act: Act, names: list[str], registered: Mapping[str, Project]) -> tuple[ProjectEntry, ...]:
    sessions = (Count(Session, {"project": name, "status": "active"}) for name in names)
    locks = (Count(Lock, {"project": name}) for name in names)
    counts = await act.store.read(*sessions, *locks)
    return tuple(
        _entry(name, registered.get(name), *both)
        for name, *both in zip(names, counts[: len(names)], counts[len(names) :], strict=True)
    )


def _entry(name: str, found: Project | None, active_sessions: int, locks: int) -> ProjectEntry:
    record = found or Project(id=name, project=name)
    return ProjectEntry(
        **{f.name: getattr(record, f.name) for f in fields(record)},
        is_registered=found is not None,
        active_sessions=active_sessions,
        locks=locks,
    )


async def _first_admin(act: Act, where: str, name: str, now: datetime) -> Agent | None:
    """Return the agent as an admin of a project just registered, or None if the name is another key's."""
    found = await act.store.get(Agent, f"{where}/{name}")
    if found is None:
        found = Agent(id=f"{where}/{name}", project=where, name=name, created_at=now)
    elif found.key_id != act.caller.key_id and not await is_unowned(act, found):
        return None
    return replace(found, tier=Tier.ADMIN.value, key_id=act.caller.key_id, updated_at=now)


async def _authority(act: Act, where: str) -> tuple[Agent, ...]:
    """Return the record by which the caller manages the project, if it is not by the key's role.

    Raises:
        Forbidden: the caller does not manage it: a name alone gives no power, the key that holds it does.
    """
    if act.caller.role.includes(Role.ADMIN):
        return ()
    mine = await act.store.get(Agent, f"{where}/{act.actor}") if act.session is not None else None
    if mine is None or mine.tier != Tier.ADMIN or mine.key_id != act.caller.key_id:
        raise Forbidden(
            f"this needs an admin of project {where!r}",
            hint="An agent of tier admin there, or a key of role admin, can do it.",
        )
    return (mine,)


async def _registered(act: Act, where: str) -> Project:
    found = await act.store.get(Project, where)
    if found is None:
        raise NotFound(
            f"project {where!r} is not registered", field="name", hint="memory_project create registers it."
        )
    return found


async def _known(act: Act, where: str, called: str) -> Agent:
    found = await act.store.get(Agent, f"{where}/{called}")
    if found is None:
        raise NotFound(f"there is no agent {called!r} in {where!r}", field="agent")
    return found


def _changed(
    found: Agent, tier: Tier, role: str | None, patterns: tuple[str, ...] | None, now: datetime
) -> Agent:
    return replace(
        found,
        tier=tier.value,
        role_description=found.role_description if role is None else role,
        path_patterns=found.path_patterns if patterns is None else patterns,
        updated_at=now,
    )


def _decided(
    act: Act, made: Agent, verb: str, found: Project, authority: tuple[Agent, ...], now: datetime
) -> Decision[Agent]:
    changes = Changes(
        puts=(made, _audit(act, made.project, f"agent.{verb}", f"{made.name}: {made.tier}", now)),
        checks=(found, *(one for one in authority if one.id != made.id)),
        events=(explained(act, agent_event(made, verb)),),
    )
    return Decision(made, changes)


def _assignable(called: str, tier: Tier | None) -> Tier | None:
    if tier not in (None, Tier.ADMIN, Tier.NAMED):
        raise BadInput("tier", "must be admin or named")
    if called == COORDINATOR:
        if tier is Tier.NAMED:
            raise Clash("the coordinator stays admin", field="tier")
        return Tier.ADMIN
    return tier


def _agent(field: str, value: str) -> str:
    name = agent_name(field, value)
    if not is_named(name) or name.startswith(PERSON):
        raise BadInput(field, f"has {name!r}, which cannot stand in the registry")
    return name


def _role(value: str | None) -> str | None:
    return None if value is None else line("role_description", value)


def _patterns(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else path_patterns("path_patterns", values)


def _required(field: str, value: str) -> str:
    return project_name(field, value)


def _project_event(found: Project, verb: str) -> NewEvent:
    return NewEvent(project=found.id, kind=f"project.{verb}", subject=found.id, data={"name": found.id})


def _audit(act: Act, where: str, what: str, target: str, now: datetime) -> Audit:
    return Audit(
        id=new_id(Audit.PREFIX),
        project=where,
        act=what,
        actor=act.actor,
        key_id=act.caller.key_id,
        key_name=act.caller.key_name,
        target=target,
        detail=act.reason or "",
        created_at=now,
        updated_at=now,
    )
